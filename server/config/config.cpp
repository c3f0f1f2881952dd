#include "server/config/config.hpp"

#include "server/config/listen_address.hpp"

#include <array>
#include <charconv>

#include <arpa/inet.h>

namespace server {
namespace {

bool is_ip_address(std::string const& host, int family) {
    std::array<unsigned char, sizeof(in6_addr)> bytes{};
    return ::inet_pton(family, host.c_str(), bytes.data()) == 1;
}

} // namespace

std::string_view to_string(AuthMethod method) noexcept {
    switch (method) {
    case AuthMethod::managed_identity:
        return "managed_identity";
    case AuthMethod::oauth:
        return "oauth";
    case AuthMethod::pat:
        break;
    }
    return "pat";
}

bool ListenAddress::is_loopback() const noexcept {
    return host == "::1" || host.starts_with("127.") || host.starts_with("::ffff:127.");
}

std::string ListenAddress::to_string() const {
    return (host.find(':') != std::string::npos ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

std::optional<ListenAddress> parse_listen_address(std::string_view text) {
    auto const colon = text.rfind(':');
    if (colon == std::string_view::npos) {
        return std::nullopt;
    }
    ListenAddress address;
    std::string_view host = text.substr(0, colon);
    int family = AF_INET;
    if (host.starts_with('[') && host.ends_with(']')) {
        host = host.substr(1, host.size() - 2);
        family = AF_INET6;
    }
    address.host = host == "localhost" ? "127.0.0.1" : std::string(host);
    std::string_view const port = text.substr(colon + 1);
    auto const [stop, ec] = std::from_chars(port.data(), port.data() + port.size(), address.port);
    if (port.empty() || ec != std::errc() || stop != port.data() + port.size() ||
        !is_ip_address(address.host, family)) {
        return std::nullopt;
    }
    return address;
}

} // namespace server
