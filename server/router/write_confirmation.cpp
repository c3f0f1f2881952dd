#include "server/router/write_confirmation.hpp"

#include "core/crypto/digest.hpp"
#include "core/log.hpp"

#include <utility>
#include <vector>

namespace server {
namespace {

using core::Error;
using core::ErrorKind;
using core::Json;
using protocol::ElicitAnswer;

constexpr char kKey[] = "confirm";
constexpr char kDigest[] = "plan";

/// What was shown stands for what is written: a yes to one plan is none to another.
std::string digest_of(WritePlan const& plan) {
    return core::hex_encode(core::sha256(core::dump_json(plan.arguments) + "\n" + plan.summary));
}

Error cannot_ask(Connector const& connector) {
    return Error(
               ErrorKind::forbidden,
               "Connector '" + connector.settings().name +
                   "' has a person confirm each write, and this client cannot ask one. Nothing was written.")
        .with_code("confirmation_required")
        .with_fix(
            "Use a client with form elicitation, or have an administrator set confirm_writes: false for "
            "this connector.")
        .with_not_sent();
}

Error not_confirmed(ElicitAnswer const& answer) {
    std::string const how = answer.action == ElicitAnswer::Action::cancel
                                ? "The person closed the question without confirming this write."
                                : "The person did not confirm this write.";
    return Error(ErrorKind::forbidden, how + " Nothing was written.")
        .with_code("not_confirmed")
        .with_fix("Call again only if the person asks for it.")
        .with_not_sent();
}

/// `as ada@contoso.com (oauth)`.
core::Task<core::Result<std::string>> acting_as(Connector& connector, core::CallContext const& ctx) {
    ConnectorStatus const status = connector.status();
    std::string identity = status.identity;
    std::string method = status.method;
    if (identity.empty()) {
        auto const who = co_await connector.client().connection_data(ctx);
        if (!who && who.error().kind() == ErrorKind::unauthorized) {
            co_return core::fail(who.error());
        }
        if (who) {
            identity = who->name;
            method = ctx.trace->method;
        }
    }
    if (identity.empty()) {
        co_return "as the identity of connector '" + connector.settings().name + "'";
    }
    co_return "as " + identity + (method.empty() ? "" : " (" + method + ")");
}

protocol::InputNeeded question(WritePlan const& plan, std::string message) {
    Json field = Json::object();
    field["type"] = "boolean";
    field["title"] = "Write this";
    field["default"] = false;
    Json schema = Json::object();
    schema["type"] = "object";
    schema["properties"] = Json::object();
    schema["properties"][kKey] = std::move(field);
    schema["required"] = Json::array();
    schema["required"].push_back(kKey);

    std::vector<protocol::InputRequest> requests;
    requests.push_back(protocol::ask_form(kKey, std::move(message), std::move(schema)));
    Json state = plan.settled;
    state["step"] = kKey;
    state[kDigest] = digest_of(plan);
    return protocol::InputNeeded(std::move(requests), std::move(state));
}

} // namespace

core::Task<core::Result<std::optional<protocol::InputNeeded>>>
confirm_write(WritePlan const& plan, std::string tool, Connector& connector, protocol::ToolCall const& call) {
    std::optional<protocol::InputNeeded> needed;
    if (!call.client.features().form_elicitation) {
        co_return core::fail(cannot_ask(connector));
    }
    bool const asked_for_this = core::find_string(call.state, kDigest) == digest_of(plan);
    if (asked_for_this) {
        // It counts in the round after the question and in no later one: after a sign-in in between it may be
        // somebody else who writes.
        auto const answer = core::find_string(call.state, "step") == kKey
                                ? ElicitAnswer::of(call.inputs, kKey)
                                : std::nullopt;
        if (answer && answer->action == ElicitAnswer::Action::accept && answer->flag(kKey)) {
            co_return needed;
        }
        if (answer) {
            co_return core::fail(not_confirmed(*answer));
        }
    }
    CO_TRY(std::string const who, co_await acting_as(connector, call.ctx));
    std::string message = plan.summary;
    if (!message.empty() && message.back() != '\n') {
        message += "\n";
    }
    message += "Organization " + connector.organization().name() + ", " + who + ", asked for by " +
               call.caller.name + " with " + tool + ".";
    needed.emplace(question(plan, std::move(message)));
    co_return needed;
}

} // namespace server
