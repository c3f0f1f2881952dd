#include "protocol/session_methods.hpp"

#include "protocol/json_writer.hpp"

#include <utility>

namespace protocol {
namespace {

constexpr std::size_t kMostSubscriptions = 1'000;

} // namespace

bool is_session_method(McpCore const& core, std::string_view method) {
    return method == "logging/setLevel"
               ? core.features().logging
               : core.features().subscriptions &&
                     (method == "resources/subscribe" || method == "resources/unsubscribe");
}

RpcReply apply_session_method(McpCore const& core, RpcMessage const& request, SessionState& state) {
    RpcReply done(result_response(request.id, "{}"), 0, false);
    if (request.method == "logging/setLevel") {
        auto const level = parse_log_level(core::find_string(request.params, "level").value_or(""));
        if (!level) {
            return invalid_params(request.id,
                                  "params.level must be one of debug, info, notice, warning, error, "
                                  "critical, alert, emergency");
        }
        state.log_level = *level;
        return done;
    }
    auto const uri = core::find_string(request.params, "uri");
    if (!uri) {
        return invalid_params(request.id, "params.uri must be a string");
    }
    if (request.method == "resources/unsubscribe") {
        state.subscriptions.erase(std::string(*uri));
        return done;
    }
    if (!core.can_subscribe(*uri)) {
        return failure(request.id,
                       RpcError(rpc_code::resource_not_found,
                                "This resource does not tell of changes: " + json_quoted(*uri, 256)));
    }
    if (state.subscriptions.size() >= kMostSubscriptions) {
        return failure(request.id, RpcError(rpc_code::overloaded, "Too many subscriptions"));
    }
    state.subscriptions.insert(std::string(*uri));
    return done;
}

bool is_told(McpCore const& core, SessionState const* state, ChangeEvent const& event) {
    ServerFeatures const& features = core.features();
    switch (event.kind) {
    case ChangeEvent::Kind::tools:
        return features.tools_change;
    case ChangeEvent::Kind::prompts:
        return features.prompts_change;
    case ChangeEvent::Kind::resources:
        return features.resources_change;
    case ChangeEvent::Kind::resource:
        return state != nullptr && state->subscriptions.contains(event.key);
    case ChangeEvent::Kind::task:
        break; // the extension is of 2026-07-28
    }
    return false;
}

std::string client_request(std::string_view id, std::string_view method, Json const& params) {
    std::string text = R"({"jsonrpc":"2.0","id":)";
    text += id;
    text += R"(,"method":)";
    append_json_string(text, method);
    text += R"(,"params":)";
    append_json(text, params);
    text += '}';
    return text;
}

core::Result<Json> client_outcome(Json outcome) {
    if (Json const* error = core::find(outcome, "error")) {
        core::Error refused(
            core::ErrorKind::invalid_argument,
            "The client refused the question: " +
                std::string(core::find_string(*error, "message").value_or("no reason given")) + ".");
        return core::fail(std::move(refused).with_code("client_refused"));
    }
    return std::move(outcome["result"]);
}

core::Error client_silent() {
    return core::Error(core::ErrorKind::timeout, "The client did not answer the question in time.")
        .with_code("client_silent");
}

} // namespace protocol
