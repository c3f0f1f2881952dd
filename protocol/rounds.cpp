#include "protocol/rounds.hpp"

#include "core/crypto/digest.hpp"
#include "core/crypto/random.hpp"
#include "protocol/envelope.hpp"
#include "protocol/json_writer.hpp"

#include <optional>
#include <utility>

namespace protocol {
namespace {

constexpr std::string_view kPurpose = "mcp-request-state";

RpcError invalid(std::string message) {
    return RpcError(rpc_code::invalid_params, "Invalid params: " + std::move(message));
}

std::int64_t milliseconds_of(core::SystemTime time) {
    return std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count();
}

bool is_url_mode(InputRequest const& request) {
    return core::find_string(request.params, "mode") == "url";
}

/// What the initialize era wants beside: URL mode has an id there, and form mode no name before 2025-11-25.
void fit_to(Revision revision, InputRequest& request, std::string& elicitation_id) {
    if (request.method != "elicitation/create") {
        return;
    }
    if (is_url_mode(request)) {
        elicitation_id = core::random_uuid();
        request.params["elicitationId"] = elicitation_id;
    } else if (revision < Revision::v2025_11_25) {
        request.params.erase("mode");
    }
}

std::string completion_notice(std::string_view elicitation_id) {
    std::string text =
        R"({"jsonrpc":"2.0","method":"notifications/elicitation/complete","params":{"elicitationId":)";
    append_json_string(text, elicitation_id);
    text += "}}";
    return text;
}

RpcError lacking(Json capabilities) {
    Json data = Json::object();
    data["requiredCapabilities"] = std::move(capabilities);
    return RpcError(rpc_code::missing_client_capability,
                    "Missing required client capability: this request needs something of the client that it "
                    "did not declare",
                    std::move(data));
}

} // namespace

RoundBinding::RoundBinding(core::Principal const& caller,
                           std::string_view method,
                           std::string_view target,
                           Json const& arguments) {
    std::string content;
    append_json_string(content, target);
    append_json(content, arguments); // keys are sorted: the same arguments are the same text
    text_ = caller.id;
    text_ += '\n';
    text_ += method;
    text_ += '\n';
    text_ += core::hex_encode(core::sha256(content));
}

bool is_retry(Json const& params) noexcept {
    return core::find(params, "inputResponses") != nullptr || core::find(params, "requestState") != nullptr;
}

tl::expected<Round, RpcError> open_round(Json const& params,
                                         RoundBinding const& binding,
                                         core::Sealer const& sealer,
                                         core::Clock& clock,
                                         std::chrono::milliseconds max_age) {
    Round round;
    if (Json const* inputs = core::find(params, "inputResponses"); inputs != nullptr && !inputs->is_null()) {
        if (!inputs->is_object()) {
            return tl::unexpected<RpcError>(invalid("params.inputResponses must be an object"));
        }
        for (auto it = inputs->begin(); it != inputs->end(); ++it) {
            if (!it->is_object()) {
                return tl::unexpected<RpcError>(invalid("params.inputResponses[" + json_quoted(it.key()) +
                                                        "] must be the result object of what was asked"));
            }
        }
        round.inputs = *inputs;
    }
    Json const* sealed = core::find(params, "requestState");
    if (sealed == nullptr || sealed->is_null()) {
        return round;
    }
    auto const text = sealed->is_string()
                          ? sealer.open(kPurpose, binding.text(), sealed->get_ref<std::string const&>())
                          : std::nullopt;
    auto state = text ? core::parse_json(*text, core::JsonLimits())
                      : core::Result<Json>(core::fail(core::ErrorKind::protocol, "not ours"));
    if (!state) {
        return tl::unexpected<RpcError>(
            invalid("params.requestState was not issued for this request: it was changed, or the method, the "
                    "arguments or the caller are others. Send the request without it to begin again"));
    }
    std::int64_t const age = milliseconds_of(clock.system_now()) - core::find_int(*state, "at").value_or(0);
    if (age > max_age.count()) {
        return tl::unexpected<RpcError>(
            invalid("params.requestState has expired. Send the request without it to begin again"));
    }
    round.state = (*state)["state"];
    return round;
}

std::string
seal_state(Json const& state, RoundBinding const& binding, core::Sealer const& sealer, core::Clock& clock) {
    Json content = Json::object();
    content["at"] = milliseconds_of(clock.system_now());
    content["state"] = state;
    return sealer.seal(kPurpose, binding.text(), core::dump_json(content));
}

std::optional<RpcError> missing_capabilities(std::vector<InputRequest> const& requests,
                                             ClientFeatures const& client) {
    Json missing = Json::object();
    for (InputRequest const& request : requests) {
        if (!can_answer(client, request)) {
            missing.merge_patch(capability_for(request));
        }
    }
    if (missing.empty()) {
        return std::nullopt;
    }
    return lacking(std::move(missing));
}

std::optional<RpcError> undeclared_capabilities(Json const& required, Json const& params) {
    if (!required.is_object()) {
        return std::nullopt;
    }
    Json const* meta = core::find_object(params, "_meta");
    Json const* declared =
        meta != nullptr ? core::find_object(*meta, meta_key::client_capabilities) : nullptr;
    Json missing = Json::object();
    for (auto it = required.begin(); it != required.end(); ++it) {
        if (declared == nullptr || !declared->contains(it.key())) {
            missing[it.key()] = *it;
        }
    }
    if (missing.empty()) {
        return std::nullopt;
    }
    return lacking(std::move(missing));
}

core::Task<core::Result<Json>> ask_client(std::vector<InputRequest> requests, RequestScope const& scope) {
    Json inputs = Json::object();
    for (InputRequest& request : requests) {
        if (!can_answer(scope.features, request)) {
            core::Error unable(core::ErrorKind::invalid_argument,
                               "This needs an answer from the person or the host (" + request.method +
                                   "), and the client did not declare that it can give one.");
            co_return core::fail(std::move(unable).with_code("client_cannot_be_asked"));
        }
        std::string elicitation_id;
        fit_to(scope.revision, request, elicitation_id);
        core::Result<Json> answer =
            co_await scope.outlet.ask(request.method, std::move(request.params), scope.ctx);
        if (!answer) {
            co_return core::fail(std::move(answer).error());
        }
        if (!elicitation_id.empty()) {
            scope.outlet.notify(completion_notice(elicitation_id));
        }
        inputs[request.key] = std::move(*answer);
    }
    co_return inputs;
}

} // namespace protocol
