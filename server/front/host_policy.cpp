#include "server/front/host_policy.hpp"

#include <boost/asio/ip/address.hpp>

#include <algorithm>
#include <charconv>

namespace server {
namespace {

namespace asio = boost::asio;

std::optional<std::uint16_t> parse_port(std::string_view text) {
    std::uint16_t port = 0;
    auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
    if (text.empty() || error != std::errc() || end != text.data() + text.size()) {
        return std::nullopt;
    }
    return port;
}

bool is_name(std::string_view text) noexcept {
    return !text.empty() && text.size() <= 253 && std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
    });
}

class ParsedOrigin {
public:
    ParsedOrigin(std::string scheme_, Authority authority_)
        : scheme(std::move(scheme_)), authority(std::move(authority_)) {}
    std::string scheme;
    Authority authority;
};

/// `scheme://authority` and nothing after it, as browsers send it.
std::optional<ParsedOrigin> parse_origin(std::string_view text) {
    std::size_t const mark = text.find("://");
    if (mark == std::string_view::npos) {
        return std::nullopt;
    }
    std::string scheme = core::to_lower_ascii(text.substr(0, mark));
    std::optional<Authority> authority = Authority::parse(text.substr(mark + 3));
    if (!authority) {
        return std::nullopt;
    }
    if ((scheme == "https" && authority->port == 443) || (scheme == "http" && authority->port == 80)) {
        authority->port.reset();
    }
    return ParsedOrigin(std::move(scheme), std::move(*authority));
}

std::string normalise_origin(std::string_view text) {
    while (text.ends_with('/')) {
        text.remove_suffix(1);
    }
    std::optional<ParsedOrigin> const parsed = parse_origin(text);
    if (!parsed) {
        return core::to_lower_ascii(text);
    }
    std::string out = parsed->scheme + "://" + parsed->authority.host;
    if (parsed->authority.port) {
        out += ":" + std::to_string(*parsed->authority.port);
    }
    return out;
}

} // namespace

std::optional<Authority> Authority::parse(std::string_view text) {
    std::string_view host = text;
    std::optional<std::uint16_t> port;
    bool const bracketed = text.starts_with('[');
    std::size_t const host_end = bracketed ? text.find(']') : text.find(':');
    if (bracketed && host_end == std::string_view::npos) {
        return std::nullopt;
    }
    std::size_t const port_mark = bracketed ? host_end + 1 : host_end;
    if (port_mark < text.size()) {
        port = parse_port(text.substr(port_mark + 1));
        if (text[port_mark] != ':' || !port) {
            return std::nullopt;
        }
    }
    host = bracketed ? text.substr(1, host_end - 1) : text.substr(0, host_end);
    std::string lower = core::to_lower_ascii(host);
    boost::system::error_code error;
    if (bracketed) {
        auto const address = asio::ip::make_address_v6(lower, error);
        if (error) {
            return std::nullopt;
        }
        lower = address.to_string();
    } else if (!is_name(lower)) {
        return std::nullopt;
    }
    return Authority(std::move(lower), port);
}

bool Authority::is_ip_literal() const {
    boost::system::error_code error;
    asio::ip::make_address(host, error);
    return !error;
}

bool Authority::is_loopback() const {
    if (host == "localhost") {
        return true;
    }
    boost::system::error_code error;
    auto const address = asio::ip::make_address(host, error);
    return !error && address.is_loopback();
}

HostPolicy::HostPolicy(std::vector<std::string> const& allowed_hosts,
                       std::vector<std::string> const& allowed_origins,
                       std::string const& public_url,
                       std::string listen_host)
    : listen_host_(std::move(listen_host)) {
    // "Every address" is nobody's name.
    boost::system::error_code not_an_address;
    if (asio::ip::make_address(listen_host_, not_an_address).is_unspecified() && !not_an_address) {
        listen_host_.clear();
    }
    for (std::string const& entry : allowed_hosts) {
        // An IPv6 address may be written without brackets.
        std::optional<Authority> parsed = Authority::parse(entry);
        if (!parsed) {
            parsed = Authority::parse("[" + entry + "]");
        }
        if (parsed) {
            hosts_.push_back(std::move(*parsed));
        }
    }
    for (std::string const& entry : allowed_origins) {
        origins_.push_back(normalise_origin(entry));
    }
    if (std::optional<core::Url> const url = core::Url::parse(public_url)) {
        public_origin_ = normalise_origin(url->origin.to_string());
        public_host_ = url->origin.host;
    }
}

bool HostPolicy::knows(Authority const& authority) const {
    if (authority.is_loopback() || authority.host == listen_host_) {
        return true;
    }
    return std::any_of(hosts_.begin(), hosts_.end(), [&](Authority const& allowed) {
        return allowed.host == authority.host && (!allowed.port || allowed.port == authority.port);
    });
}

std::optional<Problem>
HostPolicy::check_host(core::HttpHeaders const& headers, bool any_ip, bool http_10) const {
    std::size_t const count = headers.count("Host");
    if (count == 0 && any_ip && http_10) {
        return std::nullopt;
    }
    std::optional<Authority> const authority = Authority::parse(headers.get("Host").value_or(""));
    if (count != 1 || !authority) {
        return Problem(
            400, "invalid_host", "A request needs exactly one Host header of the form host[:port].");
    }
    // Behind a proxy the port in Host may be the proxy's: only the name of public_url counts.
    if (knows(*authority) || authority->host == public_host_ || (any_ip && authority->is_ip_literal())) {
        return std::nullopt;
    }
    return Problem(
               403, "host_not_allowed", "Host '" + authority->host + "' is not one this server answers to.")
        .with_fix(
            "Add it to allowed_hosts in the configuration, or set public_url to the address clients use.");
}

std::optional<Problem> HostPolicy::check_origin(core::HttpHeaders const& headers) const {
    std::size_t const count = headers.count("Origin");
    if (count == 0) {
        return std::nullopt;
    }
    if (count > 1) {
        return Problem(400, "invalid_origin", "A request may carry one Origin header only.");
    }
    std::string_view const origin = *headers.get("Origin");
    if (answers_cors(origin) || (!public_origin_.empty() && normalise_origin(origin) == public_origin_)) {
        return std::nullopt;
    }
    std::optional<ParsedOrigin> const parsed = parse_origin(origin);
    bool const web = parsed && (parsed->scheme == "http" || parsed->scheme == "https");
    if (web && knows(parsed->authority)) {
        return std::nullopt;
    }
    std::string const shown = parsed ? " '" + parsed->scheme + "://" + parsed->authority.host + "'" : "";
    return Problem(403, "origin_not_allowed", "Origin" + shown + " is not one this server answers to.")
        .with_fix("Add the origin to allowed_origins in the configuration (for a page served by this server "
                  "under another "
                  "name, add that name to allowed_hosts).");
}

bool HostPolicy::answers_cors(std::string_view origin) const {
    // `null` is what sandboxed and local documents of anybody send: never let in by listing it.
    return origin != "null" &&
           std::find(origins_.begin(), origins_.end(), normalise_origin(origin)) != origins_.end();
}

} // namespace server
