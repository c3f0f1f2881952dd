#include "server/front/http_target.hpp"

#include "server/front/host_policy.hpp"

#include <string_view>

namespace server {
namespace {

constexpr std::size_t kLargestLength = 1024UL * 1024 * 1024;

} // namespace

std::optional<RequestTarget> split_target(core::HttpRequestHead const& head) {
    std::string_view text = head.target;
    std::optional<core::Url> url;
    if (!text.starts_with('/') && text != "*") {
        url = core::Url::parse(text);
        auto const host = Authority::parse(head.headers.get("Host").value_or(""));
        if (!url || !host || host->host != url->origin.host) {
            return std::nullopt;
        }
        text = url->target;
    }
    RequestTarget target;
    std::size_t const mark = text.find('?');
    target.path = text.substr(0, mark);
    target.query = mark == std::string_view::npos ? "" : text.substr(mark + 1);
    return target;
}

std::optional<std::size_t> declared_length(core::HttpHeaders const& headers) {
    if (headers.count("Transfer-Encoding") != 0) {
        return std::nullopt;
    }
    std::string_view const text = headers.get("Content-Length").value_or("0");
    std::size_t value = 0;
    for (char const c : text) {
        if (c < '0' || c > '9' || value > kLargestLength) {
            return std::nullopt;
        }
        value = value * 10 + static_cast<std::size_t>(c - '0');
    }
    return value;
}

} // namespace server
