#include "server/front/cors.hpp"

#include <algorithm>
#include <array>

namespace server {
namespace {

/// What MCP clients and the API's callers send beside the fields that never need asking for.
constexpr std::array<std::string_view, 12> kRequestHeaders{"content-type",
                                                           "accept",
                                                           "authorization",
                                                           "mcp-protocol-version",
                                                           "mcp-method",
                                                           "mcp-name",
                                                           "mcp-session-id",
                                                           "last-event-id",
                                                           "if-match",
                                                           "if-none-match",
                                                           "traceparent",
                                                           "x-request-id"};
constexpr std::string_view kParameterHeader = "mcp-param-";

bool is_token(std::string_view text) noexcept {
    return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
    });
}

void append(std::string& list, std::string_view item) {
    list.append(list.empty() ? "" : ", ").append(item);
}

/// The fixed list, and every mcp-param-* that was asked for: those are named by tools, a wildcard does not
/// cover them together with credentials.
std::string allowed_headers(std::string_view requested) {
    std::string list;
    for (std::string_view const name : kRequestHeaders) {
        append(list, name);
    }
    while (!requested.empty()) {
        std::size_t const comma = requested.find(',');
        std::string const name = core::to_lower_ascii(core::trim_ows(requested.substr(0, comma)));
        if (name.starts_with(kParameterHeader) && is_token(name)) {
            append(list, name);
        }
        requested = comma == std::string_view::npos ? std::string_view() : requested.substr(comma + 1);
    }
    return list;
}

std::string join(std::vector<std::string> const& items) {
    std::string list;
    for (std::string const& item : items) {
        append(list, item);
    }
    return list;
}

} // namespace

bool is_preflight(core::HttpHeaders const& request) noexcept {
    return request.get("Origin").has_value() && request.get("Access-Control-Request-Method").has_value();
}

HttpReply options_reply(HostPolicy const& hosts,
                        core::HttpHeaders const& request,
                        std::vector<std::string> const& methods,
                        bool for_every_page) {
    HttpReply reply(204);
    std::vector<std::string> with_options = methods;
    with_options.emplace_back("OPTIONS");
    reply.headers.set("Allow", join(with_options));
    if (is_preflight(request) && (for_every_page || hosts.answers_cors(*request.get("Origin")))) {
        reply.headers.set("Access-Control-Allow-Methods", join(methods));
        reply.headers.set("Access-Control-Allow-Headers",
                          allowed_headers(request.get("Access-Control-Request-Headers").value_or("")));
        reply.headers.set("Access-Control-Max-Age", "600");
    }
    return reply;
}

void add_cors(HostPolicy const& hosts,
              core::HttpHeaders const& request,
              bool for_every_page,
              HttpReply& reply) {
    if (for_every_page) {
        reply.headers.set("Access-Control-Allow-Origin", "*");
        return;
    }
    auto const origin = request.get("Origin");
    if (!origin) {
        return;
    }
    reply.headers.add("Vary", "Origin");
    if (hosts.answers_cors(*origin)) {
        reply.headers.set("Access-Control-Allow-Origin", std::string(*origin));
        reply.headers.set(
            "Access-Control-Expose-Headers",
            "Mcp-Session-Id, MCP-Protocol-Version, WWW-Authenticate, Retry-After, X-Request-Id, "
            "ETag, Location");
    }
}

} // namespace server
