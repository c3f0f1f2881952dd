#pragma once

#include "core/http/http_message.hpp"
#include "server/front/problem.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace server {

/// `host[:port]` of a Host field or of an origin; host in lower case, IPv6 without brackets.
class Authority {
public:
    Authority(std::string host_, std::optional<std::uint16_t> port_) : host(std::move(host_)), port(port_) {}
    /// nullopt unless it is exactly a name, an IPv4 address or a bracketed IPv6 address, with or without a
    /// port.
    static std::optional<Authority> parse(std::string_view text);
    bool is_ip_literal() const;
    bool is_loopback() const; ///< `localhost` or a loopback address
    friend bool operator==(Authority const&, Authority const&) = default;

    std::string host;
    std::optional<std::uint16_t> port;
};

/// Against DNS rebinding and foreign web pages: which Host and Origin values are answered. Loopback names
/// with any port, allowed_hosts (with any port unless they name one), public_url, and the address we listen
/// on.
class HostPolicy {
public:
    HostPolicy(std::vector<std::string> const& allowed_hosts,
               std::vector<std::string> const& allowed_origins,
               std::string const& public_url,
               std::string listen_host);

    /// nullopt = fine. `any_ip`: health probes and scrapers address a pod by its IP; a name is what rebinding
    /// needs, so an IP literal is harmless there. `http_10`: the field may be missing on such a route.
    std::optional<Problem> check_host(core::HttpHeaders const& headers, bool any_ip, bool http_10) const;
    /// nullopt = no Origin, or one that is let in.
    std::optional<Problem> check_origin(core::HttpHeaders const& headers) const;
    /// Listed in allowed_origins: its pages may read the answers (CORS).
    bool answers_cors(std::string_view origin) const;

private:
    bool knows(Authority const& authority) const;

    std::vector<Authority> hosts_;
    std::vector<std::string> origins_; ///< normalised
    std::string public_origin_;        ///< normalised; empty = none
    std::string public_host_;
    std::string listen_host_;
};

} // namespace server
