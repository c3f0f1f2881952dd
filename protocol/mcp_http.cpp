#include "protocol/mcp_http.hpp"

#include "protocol/dispatcher.hpp"
#include "protocol/http_binding.hpp"
#include "protocol/jsonrpc.hpp"
#include "protocol/param_headers.hpp"

#include <algorithm>
#include <limits>
#include <optional>

namespace protocol {
namespace {

// One POST must not stand for unbounded work; no client is known to send more than a handful.
constexpr std::size_t kLargestBatch = 50;

core::HttpHeaders headers_of(ReplyForm form) {
    core::HttpHeaders headers;
    if (form == ReplyForm::json) {
        headers.add("Content-Type", "application/json");
    } else {
        headers.add("Content-Type", "text/event-stream");
        headers.add("Cache-Control", "no-cache, no-transform");
        headers.add("X-Accel-Buffering", "no");
    }
    return headers;
}

class AdmittedMessage final : public McpHttpEndpoint::Admitted {
public:
    /// Needs no handler: refused, or a message that is only taken note of.
    AdmittedMessage(McpHttpReply reply_, bool modern) : reply(std::move(reply_)), modern_(modern) {}
    AdmittedMessage(std::vector<RpcMessage> requests_, bool batch_, Revision revision_, ReplyForm form_)
        : requests(std::move(requests_)), batch(batch_), revision(revision_), form(form_),
          modern_(is_modern(revision_)) {}

    bool cancel_on_disconnect() const noexcept override { return modern_; }

    std::optional<McpHttpReply> reply;
    std::vector<RpcMessage> requests;
    bool batch = false;
    Revision revision = kRevisionWithoutHeader;
    ReplyForm form = ReplyForm::json;

private:
    bool modern_;
};

using AdmittedPtr = std::unique_ptr<McpHttpEndpoint::Admitted>;

AdmittedPtr refused(HttpRefusal const& refusal, std::string_view method = {}, bool modern = false) {
    McpHttpReply reply;
    reply.status = refusal.status;
    reply.headers = headers_of(ReplyForm::json);
    if (refusal.status == 405) {
        reply.headers.add("Allow", "POST");
    }
    reply.body = error_response(refusal.fault.id, refusal.fault.error);
    reply.rpc_method = std::string(Dispatcher::known_method(method));
    reply.failed = true;
    return std::make_unique<AdmittedMessage>(std::move(reply), modern);
}

AdmittedPtr bad_request(RpcFault fault, std::string_view method = {}, bool modern = false) {
    return refused(HttpRefusal(400, std::move(fault)), method, modern);
}

AdmittedPtr invalid_request(std::string message, bool modern = false) {
    return bad_request(
        RpcFault(RequestId(), RpcError(rpc_code::invalid_request, "Invalid request: " + std::move(message))),
        {},
        modern);
}

AdmittedPtr accepted(std::string_view method, bool modern) {
    McpHttpReply reply;
    reply.status = 202;
    reply.rpc_method = std::string(Dispatcher::known_method(method));
    return std::make_unique<AdmittedMessage>(std::move(reply), modern);
}

/// One `data:` line each: JSON text here never holds a raw line break.
std::string as_events(std::vector<std::string> const& bodies) {
    std::string text;
    for (std::string const& body : bodies) {
        text += "event: message\ndata: ";
        text += body;
        text += "\n\n";
    }
    return text;
}

std::string as_json(std::vector<std::string> bodies, bool batch) {
    if (!batch) {
        return std::move(bodies.front());
    }
    std::string text;
    for (std::string const& body : bodies) {
        text += text.empty() ? '[' : ',';
        text += body;
    }
    text += ']';
    return text;
}

class McpHttp final : public McpHttpEndpoint {
public:
    McpHttp(ServerIdentity const& identity, std::vector<ToolHandler*> const& tools)
        : dispatcher_(identity, tools) {}

    AdmittedPtr
    admit(std::string const& method, core::HttpHeaders const& headers, std::string body) override {
        auto const form = bind_head(method, headers);
        if (!form) {
            return refused(form.error());
        }
        core::JsonLimits limits;
        limits.max_bytes = std::numeric_limits<std::size_t>::max(); // the listener capped the body
        auto json = core::parse_json(body, limits);
        if (!json) {
            return bad_request(RpcFault(
                RequestId(), RpcError(rpc_code::parse_error, "Parse error: " + json.error().message())));
        }
        if (json->is_array()) {
            return admit_batch(headers, std::move(*json), *form);
        }
        auto message = read_message(std::move(*json));
        if (!message) {
            return bad_request(std::move(message).error());
        }
        return belongs_to_modern_era(headers, *message) ? admit_modern(headers, std::move(*message), *form)
                                                        : admit_legacy(headers, std::move(*message), *form);
    }

    core::Task<McpHttpReply>
    run(Admitted& message, core::Principal const& caller, core::CallContext const& ctx) override {
        auto& admitted = static_cast<AdmittedMessage&>(message); // this class makes all of them
        if (admitted.reply) {
            co_return std::move(*admitted.reply);
        }
        McpHttpReply reply;
        reply.headers = headers_of(admitted.form);
        std::vector<std::string> bodies;
        for (RpcMessage& request : admitted.requests) {
            describe(request, reply);
            RpcReply answer = co_await dispatcher_.handle(request, admitted.revision, caller, ctx);
            reply.failed = reply.failed || answer.failed;
            if (!admitted.batch && answer.error_code != 0) {
                reply.status = status_of_error(answer.error_code, admitted.revision);
            }
            bodies.push_back(std::move(answer.body));
        }
        if (reply.status != 200) {
            reply.headers = headers_of(ReplyForm::json);
        }
        bool const events = reply.status == 200 && admitted.form == ReplyForm::event_stream;
        reply.body = events ? as_events(bodies) : as_json(std::move(bodies), admitted.batch);
        co_return reply;
    }

private:
    AdmittedPtr admit_modern(core::HttpHeaders const& headers, RpcMessage message, ReplyForm form) const {
        if (message.kind == MessageKind::notification) {
            return accepted(message.method, true);
        }
        if (message.kind == MessageKind::response) {
            return invalid_request("clients send no responses in 2026-07-28", true);
        }
        if (auto const refusal = check_modern_request(headers, message)) {
            return refused(*refusal, message.method, true);
        }
        if (message.method == "tools/call") {
            auto const name = core::find_string(message.params, "name");
            RegisteredTool const* tool = name ? dispatcher_.tools().find(*name) : nullptr;
            Json const* arguments = core::find(message.params, "arguments");
            if (tool != nullptr && arguments != nullptr) {
                if (auto error = check_param_headers(tool->param_headers, *arguments, headers)) {
                    return bad_request(RpcFault(message.id, std::move(*error)), message.method, true);
                }
            }
        }
        return runnable(std::move(message), kModernRevision, form);
    }

    static AdmittedPtr admit_legacy(core::HttpHeaders const& headers, RpcMessage message, ReplyForm form) {
        auto const revision = legacy_revision(headers, message);
        if (!revision) {
            return refused(revision.error(), message.method);
        }
        if (message.kind != MessageKind::request) {
            return accepted(message.method, false);
        }
        return runnable(std::move(message), *revision, form);
    }

    /// Refused as a whole when one message is malformed, so that nothing of it was done.
    static AdmittedPtr admit_batch(core::HttpHeaders const& headers, Json batch, ReplyForm form) {
        if (batch.empty() || batch.size() > kLargestBatch) {
            return invalid_request("a batch holds 1 to " + std::to_string(kLargestBatch) + " messages");
        }
        auto const revision = batch_revision(headers);
        if (!revision) {
            return refused(revision.error());
        }
        std::vector<RpcMessage> requests;
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
            if (message->kind == MessageKind::request) {
                requests.push_back(std::move(*message));
            }
        }
        if (requests.empty()) {
            return accepted({}, false);
        }
        return std::make_unique<AdmittedMessage>(std::move(requests), true, *revision, form);
    }

    static AdmittedPtr runnable(RpcMessage message, Revision revision, ReplyForm form) {
        std::vector<RpcMessage> requests;
        requests.push_back(std::move(message));
        return std::make_unique<AdmittedMessage>(std::move(requests), false, revision, form);
    }

    /// For logs and metrics: only names this server knows, so that callers cannot invent labels.
    void describe(RpcMessage const& request, McpHttpReply& reply) const {
        reply.rpc_method = std::string(Dispatcher::known_method(request.method));
        if (request.method == "tools/call") {
            RegisteredTool const* tool =
                dispatcher_.tools().find(core::find_string(request.params, "name").value_or(""));
            reply.tool = tool != nullptr ? tool->handler->descriptor().name : std::string();
        }
    }

    Dispatcher dispatcher_;
};

} // namespace

std::unique_ptr<McpHttpEndpoint> make_mcp_http_endpoint(ServerIdentity identity,
                                                        std::vector<ToolHandler*> tools) {
    return std::make_unique<McpHttp>(identity, tools);
}

} // namespace protocol
