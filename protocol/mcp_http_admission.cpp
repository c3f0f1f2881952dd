#include "protocol/mcp_http_host.hpp"
#include "protocol/param_headers.hpp"

#include <limits>

/// What is let in over HTTP: era, headers, sessions. Nothing here waits.
namespace protocol {
namespace {

constexpr std::string_view kSessionHeader = "Mcp-Session-Id";

AdmittedPtr settled(McpHttpReply reply, Revision revision) {
    auto message = std::make_unique<AdmittedMessage>(AdmittedMessage::Kind::settled, revision);
    message->reply = std::move(reply);
    return message;
}

AdmittedPtr
refused(HttpRefusal const& refusal, std::string_view method = {}, Revision revision = kLatestLegacyRevision) {
    return settled(refusal_reply(refusal, method), revision);
}

AdmittedPtr
bad_request(RpcFault fault, std::string_view method = {}, Revision revision = kLatestLegacyRevision) {
    return refused(HttpRefusal(400, std::move(fault)), method, revision);
}

AdmittedPtr invalid_request(std::string message, Revision revision = kLatestLegacyRevision) {
    return bad_request(
        RpcFault(RequestId(), RpcError(rpc_code::invalid_request, "Invalid request: " + std::move(message))),
        {},
        revision);
}
} // namespace

AdmittedPtr McpHttp::admit(std::string const& method,
                           core::HttpHeaders const& headers,
                           std::string body,
                           core::Principal const& caller) {
    if (method == "GET" || method == "DELETE") {
        return admit_bodyless(method, headers, caller);
    }
    auto const form = bind_head(method, headers);
    if (!form) {
        return refused(form.error());
    }
    core::JsonLimits limits;
    limits.max_bytes = std::numeric_limits<std::size_t>::max(); // the listener capped the body
    limits.max_depth = core_.parts().limits.json_depth;
    limits.max_string_bytes = core_.parts().limits.string_bytes;
    auto json = core::parse_json(body, limits);
    if (!json) {
        return bad_request(
            RpcFault(RequestId(), RpcError(rpc_code::parse_error, "Parse error: " + json.error().message())));
    }
    if (json->is_array()) {
        return admit_batch(headers, std::move(*json), *form, caller);
    }
    auto message = read_message(std::move(*json));
    if (!message) {
        return bad_request(std::move(message).error());
    }
    return belongs_to_modern_era(headers, *message)
               ? admit_modern(headers, std::move(*message), *form)
               : admit_legacy(headers, std::move(*message), *form, caller);
}

AdmittedPtr
McpHttp::admit_modern(core::HttpHeaders const& headers, RpcMessage message, ReplyForm form) const {
    if (message.kind == MessageKind::notification) {
        McpHttpReply accepted;
        accepted.status = 202;
        accepted.rpc_method = std::string(McpCore::known_method(message.method));
        return settled(std::move(accepted), kModernRevision);
    }
    if (message.kind == MessageKind::response) {
        return invalid_request("clients send no responses in 2026-07-28", kModernRevision);
    }
    auto envelope = check_modern_request(headers, message);
    if (!envelope) {
        return refused(envelope.error(), message.method, kModernRevision);
    }
    if (message.method == "tools/call") {
        auto const name = core::find_string(message.params, "name");
        auto const catalogue = core_.catalogue();
        RegisteredTool const* tool = name ? catalogue->tools.find(*name) : nullptr;
        Json const* arguments = core::find(message.params, "arguments");
        if (tool != nullptr) {
            Json const& required = tool->handler->descriptor().required_capabilities;
            if (auto missing = undeclared_capabilities(required, message.params)) {
                return bad_request(
                    RpcFault(message.id, std::move(*missing)), message.method, kModernRevision);
            }
        }
        if (tool != nullptr && arguments != nullptr) {
            if (auto error = check_param_headers(tool->param_headers, *arguments, headers)) {
                return bad_request(RpcFault(message.id, std::move(*error)), message.method, kModernRevision);
            }
        }
    }
    bool const listen = message.method == "subscriptions/listen" && core_.announces();
    auto admitted = std::make_unique<AdmittedMessage>(
        listen ? AdmittedMessage::Kind::listen : AdmittedMessage::Kind::requests, kModernRevision);
    admitted->form = form;
    admitted->takes_events = accepts_events(headers);
    admitted->features = envelope->features;
    admitted->log_level = envelope->log_level;
    admitted->messages.push_back(std::move(message));
    return admitted;
}

tl::expected<Session, HttpRefusal> McpHttp::session_of(core::HttpHeaders const& headers,
                                                       RequestId const& id,
                                                       core::Principal const& caller) const {
    SingleHeader const header(headers, kSessionHeader);
    if (!header.value || header.repeated) {
        return tl::unexpected<HttpRefusal>(HttpRefusal(
            400,
            RpcFault(id,
                     RpcError(rpc_code::transport,
                              header.repeated
                                  ? "Bad Request: Mcp-Session-Id came more than once"
                                  : "Bad Request: Mcp-Session-Id is missing; initialize hands one out"))));
    }
    auto session = core_.sessions().read(*header.value, caller);
    if (!session) {
        return tl::unexpected<HttpRefusal>(HttpRefusal(
            404, RpcFault(id, RpcError(rpc_code::session_not_found, "Session not found: initialize anew"))));
    }
    return std::move(*session);
}

AdmittedPtr McpHttp::admit_bodyless(std::string const& method,
                                    core::HttpHeaders const& headers,
                                    core::Principal const& caller) {
    if (auto const refusal = check_bodyless(method, headers)) {
        return refused(*refusal, method);
    }
    auto session = session_of(headers, RequestId(), caller);
    if (!session) {
        return refused(session.error(), method);
    }
    bool const get = method == "GET";
    auto admitted = std::make_unique<AdmittedMessage>(
        get ? AdmittedMessage::Kind::stream : AdmittedMessage::Kind::remove, session->revision);
    admitted->session = std::move(*session);
    admitted->last_event_id = std::string(headers.get("Last-Event-ID").value_or(std::string_view()));
    return admitted;
}

AdmittedPtr McpHttp::admit_initialize(core::HttpHeaders const& headers,
                                      RpcMessage message,
                                      ReplyForm form,
                                      core::Principal const& caller) {
    auto const asked = core::find_string(message.params, "protocolVersion");
    if (!asked) {
        return settled(refusal_reply(HttpRefusal(200,
                                                 RpcFault(message.id,
                                                          RpcError(rpc_code::invalid_params,
                                                                   "Invalid params: params.protocolVersion "
                                                                   "must be a string"))),
                                     message.method),
                       kLatestLegacyRevision);
    }
    // An id that is no longer good is what clients send after a restart of something else: they start anew.
    auto const live = core_.sessions().read(headers.get(kSessionHeader).value_or(std::string_view()), caller);
    if (live && core_.sessions().touch_at_once(*live)) {
        return bad_request(RpcFault(message.id,
                                    RpcError(rpc_code::invalid_request,
                                             "Invalid request: this session is initialized already")),
                           message.method);
    }
    Revision const revision = negotiate_legacy(*asked);
    Json const* capabilities = core::find_object(message.params, "capabilities");
    ClientFeatures const features =
        ClientFeatures::of(capabilities != nullptr ? *capabilities : Json::object(), revision);
    auto id = core_.sessions().open(caller, revision, features);
    if (!id) {
        HttpRefusal const full(
            429,
            RpcFault(message.id,
                     RpcError(rpc_code::overloaded,
                              "Too many sessions of this caller; end some with DELETE, or raise "
                              "limits.mcp_sessions_per_principal")));
        McpHttpReply reply = refusal_reply(full, message.method);
        reply.headers.add("Retry-After", "60");
        return settled(std::move(reply), revision);
    }
    auto admitted = std::make_unique<AdmittedMessage>(AdmittedMessage::Kind::requests, revision);
    admitted->form = form;
    admitted->new_session = std::move(*id);
    admitted->messages.push_back(std::move(message));
    return admitted;
}

AdmittedPtr McpHttp::admit_legacy(core::HttpHeaders const& headers,
                                  RpcMessage message,
                                  ReplyForm form,
                                  core::Principal const& caller) {
    if (message.kind == MessageKind::request && message.method == "initialize") {
        return admit_initialize(headers, std::move(message), form, caller);
    }
    if (auto const refusal = check_legacy_version(headers, message.id)) {
        return refused(*refusal, message.method);
    }
    auto session = session_of(headers, message.id, caller);
    if (!session) {
        return refused(session.error(), message.method);
    }
    bool const request = message.kind == MessageKind::request;
    auto admitted = std::make_unique<AdmittedMessage>(
        request ? AdmittedMessage::Kind::requests : AdmittedMessage::Kind::told, session->revision);
    admitted->form = form;
    admitted->takes_events = accepts_events(headers);
    admitted->features = session->features;
    admitted->session = std::move(*session);
    admitted->messages.push_back(std::move(message));
    return admitted;
}

/// Refused as a whole when one message is malformed, so that nothing of it was done.
AdmittedPtr McpHttp::admit_batch(core::HttpHeaders const& headers,
                                 Json batch,
                                 ReplyForm form,
                                 core::Principal const& caller) {
    std::size_t const most = core_.parts().limits.batch;
    if (batch.empty() || batch.size() > most) {
        return invalid_request("a batch holds 1 to " + std::to_string(most) + " messages");
    }
    std::vector<RpcMessage> messages;
    bool requests = false;
    for (Json& item : batch) {
        auto message = read_message(std::move(item));
        if (!message) {
            return bad_request(RpcFault(RequestId(), std::move(message).error().error));
        }
        if (belongs_to_modern_era(headers, *message)) {
            return invalid_request("2026-07-28 knows no batches");
        }
        if (message->method == "initialize") {
            return invalid_request("initialize must not be part of a batch");
        }
        requests = requests || message->kind == MessageKind::request;
        messages.push_back(std::move(*message));
    }
    if (auto const refusal = check_legacy_version(headers, RequestId())) {
        return refused(*refusal);
    }
    auto session = session_of(headers, RequestId(), caller);
    if (!session) {
        return refused(session.error());
    }
    if (session->revision != Revision::v2025_03_26) {
        return invalid_request("an array of messages is part of revision 2025-03-26 only");
    }
    auto admitted = std::make_unique<AdmittedMessage>(
        requests ? AdmittedMessage::Kind::requests : AdmittedMessage::Kind::told, session->revision);
    admitted->form = form;
    admitted->takes_events = accepts_events(headers);
    admitted->batch = true;
    admitted->features = session->features;
    admitted->session = std::move(*session);
    admitted->messages = std::move(messages);
    return admitted;
}
} // namespace protocol
