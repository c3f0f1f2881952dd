#pragma once

#include "core/json.hpp"
#include "protocol/client_features.hpp"

#include <nlohmann/json.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace protocol {

using core::Json;

/// Something only the client can answer: `elicitation/create`, `sampling/createMessage` or `roots/list`.
class InputRequest {
public:
    InputRequest(std::string key_, std::string method_, Json params_)
        : key(std::move(key_)), method(std::move(method_)), params(std::move(params_)) {}

    std::string key; ///< under which the answer comes back; unique within a call
    std::string method;
    Json params;
};

/// `schema`: a flat object of primitives, as MCP elicitation allows.
InputRequest ask_form(std::string key, std::string message, Json schema);
/// `url` holds nothing secret and nothing of the person's; accepting means that it was opened, not that
/// anything was done there.
InputRequest ask_url(std::string key, std::string message, std::string url);

/// True when the client declared what this request needs.
bool can_answer(ClientFeatures const& client, InputRequest const& request) noexcept;
/// The capabilities object that -32021 names for it.
Json capability_for(InputRequest const& request);

/// What a handler needs before it can go on. It is called again, with the answers under their keys and with
/// `state` as it was: in another process perhaps, so that everything it wants to know is in there. On
/// 2026-07-28 this leaves as `input_required` with the state sealed; in the initialize era each request goes
/// to the client on the call's own stream. No answer is a reason to ask again, not an error.
class InputNeeded {
public:
    InputNeeded(std::vector<InputRequest> requests_, Json state_)
        : requests(std::move(requests_)), state(std::move(state_)) {}

    std::vector<InputRequest> requests;
    Json state; ///< null = none
};

/// The answer to an elicitation, as handlers read it.
class ElicitAnswer {
public:
    enum class Action { accept, decline, cancel };

    /// nullopt when there is no answer under `key`, or it is none of the three.
    static std::optional<ElicitAnswer> of(Json const& inputs, std::string_view key);
    std::string text(std::string_view field) const; ///< empty when absent
    bool flag(std::string_view field) const;        ///< false when absent

    Action action = Action::cancel;
    Json content; ///< an object; empty unless accepted
};

} // namespace protocol
