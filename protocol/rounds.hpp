#pragma once

#include "core/crypto/sealer.hpp"
#include "protocol/input_request.hpp"
#include "protocol/jsonrpc.hpp"
#include "protocol/request_run.hpp"

#include <tl/expected.hpp>

#include <chrono>
#include <string>
#include <string_view>

/// A request that takes several rounds because the client has to be asked: `input_required` and retry in
/// 2026-07-28, requests of our own on the call's stream before.
namespace protocol {

/// What ties the rounds together: the same caller, method, target and arguments.
class RoundBinding {
public:
    RoundBinding(core::Principal const& caller,
                 std::string_view method,
                 std::string_view target,
                 Json const& arguments);
    std::string const& text() const noexcept { return text_; }

private:
    std::string text_;
};

/// What the client sent along with a retry.
class Round {
public:
    Json inputs = Json::object();
    Json state; ///< null in the first round
};

/// Reads `inputResponses` and `requestState` of 2026-07-28 params. Unknown keys are the handler's to ignore;
/// a state that was changed, belongs to something else or is too old is -32602.
tl::expected<Round, RpcError> open_round(Json const& params,
                                         RoundBinding const& binding,
                                         core::Sealer const& sealer,
                                         core::Clock& clock,
                                         std::chrono::milliseconds max_age);
/// True when the params are those of a retry.
bool is_retry(Json const& params) noexcept;

std::string
seal_state(Json const& state, RoundBinding const& binding, core::Sealer const& sealer, core::Clock& clock);

/// -32021 with the capabilities that the client did not declare; nullopt when it can answer all of it.
std::optional<RpcError> missing_capabilities(std::vector<InputRequest> const& requests,
                                             ClientFeatures const& client);

/// -32021 when `required` (a capabilities object, or null) names some that the request did not declare.
std::optional<RpcError> undeclared_capabilities(Json const& required, Json const& params);

/// Initialize era: asks the client one after the other and puts its answers under their keys. An error says
/// what came instead of an answer.
core::Task<core::Result<Json>> ask_client(std::vector<InputRequest> requests, RequestScope const& scope);

} // namespace protocol
