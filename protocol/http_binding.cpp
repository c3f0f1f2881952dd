#include "protocol/http_binding.hpp"

#include "protocol/envelope.hpp"
#include "protocol/json_writer.hpp"
#include "protocol/param_headers.hpp"

#include <algorithm>
#include <array>

namespace protocol {
namespace {

constexpr std::string_view kVersionHeader = "MCP-Protocol-Version";

tl::unexpected<HttpRefusal> refuse(int status, RequestId id, int code, std::string message) {
    return tl::unexpected<HttpRefusal>(
        HttpRefusal(status, RpcFault(std::move(id), RpcError(code, std::move(message)))));
}

HttpRefusal mismatch(RequestId const& id, std::string message) {
    return HttpRefusal(
        400, RpcFault(id, RpcError(rpc_code::header_mismatch, "Header mismatch: " + std::move(message))));
}

/// Calls `visit` with each element of a comma-separated list, trimmed.
template <class Visit>
void for_each_element(std::string_view list, char separator, Visit visit) {
    while (!list.empty()) {
        std::size_t const end = std::min(list.find(separator), list.size());
        visit(core::trim_ows(list.substr(0, end)));
        list.remove_prefix(std::min(end + 1, list.size()));
    }
}

/// `q=0`, `q=0.0` … excludes; every other weight admits.
bool excludes(std::string_view parameters) {
    bool zero = false;
    for_each_element(parameters, ';', [&](std::string_view parameter) {
        if (parameter.size() > 2 && core::iequals(parameter.substr(0, 2), "q=")) {
            zero = parameter.substr(2).find_first_not_of("0.") == std::string_view::npos;
        }
    });
    return zero;
}

/// Whether Accept lets an answer of this type through: the most specific range that fits decides.
bool accepts(core::HttpHeaders const& headers, std::string_view type) {
    std::string const any_subtype = std::string(type.substr(0, type.find('/'))) + "/*";
    std::size_t best = 0;
    bool accepted = headers.count("Accept") == 0;
    for (auto const& [name, value] : headers.fields()) {
        if (!core::iequals(name, "Accept")) {
            continue;
        }
        for_each_element(value, ',', [&](std::string_view range) {
            std::size_t const end = std::min(range.find(';'), range.size());
            std::string_view const media = core::trim_ows(range.substr(0, end));
            std::size_t const rank = core::iequals(media, type)          ? 3
                                     : core::iequals(media, any_subtype) ? 2
                                     : media == "*/*"                    ? 1
                                                                         : 0;
            if (rank > best) {
                best = rank;
                accepted = !excludes(range.substr(end));
            }
        });
    }
    return accepted;
}

bool is_json(core::HttpHeaders const& headers) {
    SingleHeader const type(headers, "Content-Type");
    if (!type.value || type.repeated) {
        return false;
    }
    std::size_t const end = std::min(type.value->find(';'), type.value->size());
    return core::iequals(core::trim_ows(type.value->substr(0, end)), "application/json");
}

/// The member of `params` that Mcp-Name repeats for this method; empty when the method has none.
std::string_view named_member(std::string_view method) {
    if (method == "tools/call" || method == "prompts/get") {
        return "name";
    }
    if (method == "resources/read") {
        return "uri";
    }
    return method == "tasks/get" || method == "tasks/update" || method == "tasks/cancel" ? "taskId" : "";
}

std::optional<HttpRefusal>
check_version(core::HttpHeaders const& headers, RpcMessage const& request, Envelope const& envelope) {
    SingleHeader const header(headers, kVersionHeader);
    if (!header.value) {
        return mismatch(request.id,
                        "MCP-Protocol-Version is missing; the body says " + json_quoted(envelope.version));
    }
    if (header.repeated || *header.value != envelope.version) {
        return mismatch(request.id,
                        "MCP-Protocol-Version is " + json_quoted(*header.value) +
                            (header.repeated ? " and more than one" : "") + ", the body says " +
                            json_quoted(envelope.version));
    }
    auto const revision = parse_revision(envelope.version);
    if (!revision || !is_modern(*revision)) {
        return HttpRefusal(400, RpcFault(request.id, unsupported_version(envelope.version)));
    }
    return std::nullopt;
}

std::optional<HttpRefusal> check_method(core::HttpHeaders const& headers, RpcMessage const& request) {
    SingleHeader const header(headers, "Mcp-Method");
    if (!header.value) {
        return mismatch(request.id, "Mcp-Method is missing; it must be " + json_quoted(request.method));
    }
    if (header.repeated || *header.value != request.method) {
        return mismatch(request.id,
                        "Mcp-Method is " + json_quoted(*header.value) +
                            (header.repeated ? " and more than one" : "") + ", the body's method is " +
                            json_quoted(request.method));
    }
    return std::nullopt;
}

std::optional<HttpRefusal> check_name(core::HttpHeaders const& headers, RpcMessage const& request) {
    std::string_view const member = named_member(request.method);
    // Without the member there is nothing to repeat: the method answers that its params are wrong.
    auto const named = member.empty() ? std::nullopt : core::find_string(request.params, member);
    if (!named) {
        return std::nullopt;
    }
    SingleHeader const header(headers, "Mcp-Name");
    if (!header.value) {
        return mismatch(request.id, "Mcp-Name is missing; it must repeat params." + std::string(member));
    }
    auto const decoded = header.repeated ? std::nullopt : decode_mirrored_value(*header.value);
    if (decoded != *named) {
        return mismatch(request.id,
                        "Mcp-Name " + json_quoted(*header.value) +
                            (decoded           ? " is not "
                             : header.repeated ? " came more than once for "
                                               : " is broken base64 for ") +
                            "params." + std::string(member) + " " + json_quoted(*named));
    }
    return std::nullopt;
}

} // namespace

tl::expected<ReplyForm, HttpRefusal> bind_head(std::string const& method, core::HttpHeaders const& headers) {
    if (method != "POST") {
        return refuse(
            405, {}, rpc_code::transport, "Method not allowed: this endpoint takes POST, GET and DELETE");
    }
    if (!is_json(headers)) {
        return refuse(
            415, {}, rpc_code::transport, "Unsupported media type: Content-Type must be application/json");
    }
    if (accepts(headers, "application/json")) {
        return ReplyForm::json;
    }
    if (accepts(headers, "text/event-stream")) {
        return ReplyForm::event_stream;
    }
    return refuse(406,
                  {},
                  rpc_code::transport,
                  "Not acceptable: Accept must allow application/json or text/event-stream");
}

bool accepts_events(core::HttpHeaders const& headers) {
    return accepts(headers, "text/event-stream");
}

std::optional<HttpRefusal> check_bodyless(std::string const& method, core::HttpHeaders const& headers) {
    if (names_modern_revision(headers.get(kVersionHeader).value_or(std::string_view()))) {
        return HttpRefusal(
            405,
            RpcFault(RequestId(),
                     RpcError(rpc_code::transport,
                              "Method not allowed: 2026-07-28 has POST only; notifications come "
                              "by subscriptions/listen")));
    }
    if (method == "GET" && !accepts_events(headers)) {
        return HttpRefusal(
            406,
            RpcFault(RequestId(),
                     RpcError(rpc_code::transport, "Not acceptable: Accept must allow text/event-stream")));
    }
    return check_legacy_version(headers, RequestId());
}

bool belongs_to_modern_era(core::HttpHeaders const& headers, RpcMessage const& message) {
    return claims_modern_era(message.params) ||
           names_modern_revision(headers.get(kVersionHeader).value_or(std::string_view()));
}

tl::expected<Envelope, HttpRefusal> check_modern_request(core::HttpHeaders const& headers,
                                                         RpcMessage const& request) {
    auto envelope = read_envelope(request.params);
    if (!envelope) {
        return tl::unexpected<HttpRefusal>(HttpRefusal(400, RpcFault(request.id, envelope.error())));
    }
    auto refusal = check_version(headers, request, *envelope);
    if (!refusal) {
        refusal = check_method(headers, request);
    }
    if (!refusal) {
        refusal = check_name(headers, request);
    }
    if (refusal) {
        return tl::unexpected<HttpRefusal>(std::move(*refusal));
    }
    return std::move(*envelope);
}

std::optional<HttpRefusal> check_legacy_version(core::HttpHeaders const& headers, RequestId const& id) {
    SingleHeader const header(headers, kVersionHeader);
    if (!header.value) {
        return std::nullopt;
    }
    auto const revision = header.repeated ? std::nullopt : parse_revision(*header.value);
    if (revision && !is_modern(*revision)) {
        return std::nullopt;
    }
    return HttpRefusal(
        400,
        RpcFault(id,
                 RpcError(rpc_code::transport,
                          "Bad Request: Unsupported protocol version: MCP-Protocol-Version " +
                              json_quoted(*header.value) + (header.repeated ? " came more than once" : "") +
                              " (supported versions: 2026-07-28, 2025-11-25, 2025-06-18, 2025-03-26, "
                              "2024-11-05)")));
}

int status_of_error(int code, Revision revision) noexcept {
    if (!is_modern(revision)) {
        return 200;
    }
    switch (code) {
    case rpc_code::method_not_found:
        return 404;
    case rpc_code::missing_client_capability:
        return 400;
    case rpc_code::overloaded:
        return 429;
    default:
        return 200;
    }
}

} // namespace protocol
