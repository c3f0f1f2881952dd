#include "server/router/sign_in_question.hpp"

#include "core/log.hpp"

#include <chrono>
#include <utility>
#include <vector>

namespace server {
namespace {

using core::Error;
using core::ErrorKind;
using core::Json;
using protocol::ElicitAnswer;
using Progress = SignInProgress::State;

constexpr char kKey[] = "sign_in";
/// Accepting means that the page was opened: most people are done there within this time, and then need not
/// be asked again.
constexpr std::chrono::milliseconds kPatience{15'000};

std::string member(Json const& state, std::string_view name) {
    return std::string(core::find_string(state, name).value_or(std::string_view()));
}

std::string hint_of(OfferedSignIn const& offered) {
    std::string hint;
    if (!offered.user_code.empty()) {
        hint += " Enter the code " + offered.user_code + " there.";
    }
    if (offered.expires_at != core::SystemTime()) {
        hint += " The page can be used until " + core::format_utc(offered.expires_at) + ".";
    }
    return hint;
}

} // namespace

bool SignInQuestion::may_ask() const noexcept {
    return links_ != nullptr && call_.client.features().url_elicitation &&
           call_.caller.may(connector_.settings().policy.sign_in_role);
}

bool SignInQuestion::would_help(Error const& error) const {
    return error.kind() == ErrorKind::unauthorized && may_ask() &&
           connector_.status().state == "sign_in_required";
}

bool SignInQuestion::was_asked() const {
    return links_ != nullptr && core::find_string(call_.state, "step") == kKey;
}

core::Task<core::Result<void>> SignInQuestion::take_answer() const {
    if (!was_asked()) {
        co_return core::Result<void>();
    }
    auto const answer = ElicitAnswer::of(call_.inputs, kKey);
    if (answer && answer->action != ElicitAnswer::Action::accept) {
        bool const declined = answer->action == ElicitAnswer::Action::decline;
        Error error(ErrorKind::unauthorized,
                    "Organization '" + connector_.organization().name() +
                        "' needs a sign-in, and the person " +
                        (declined ? "declined it." : "closed the question."));
        co_return core::fail(std::move(error)
                                 .with_code(declined ? "sign_in_declined" : "sign_in_cancelled")
                                 .with_fix(connector_.status().fix)
                                 .with_not_sent());
    }
    if (answer) {
        auto const progress = co_await links_->wait(member(call_.state, "flow"), kPatience, call_.ctx);
        if (progress && progress->state == Progress::failed) {
            Error error(ErrorKind::unauthorized, "The sign-in did not work out: " + progress->reason);
            co_return core::fail(
                std::move(error)
                    .with_code("sign_in_failed")
                    .with_fix("Call the tool again for a new sign-in page. " + connector_.status().fix)
                    .with_not_sent());
        }
    }
    co_return core::Result<void>();
}

core::Task<core::Result<protocol::InputNeeded>> SignInQuestion::ask(Error cause) const {
    if (was_asked()) {
        std::string const flow = member(call_.state, "flow");
        auto const progress = co_await links_->status(flow, call_.ctx);
        if (progress && progress->state == Progress::pending) {
            co_return question(flow, member(call_.state, "url"), member(call_.state, "hint"));
        }
    }
    auto const offered = co_await links_->start(connector_.organization().name(), call_.caller, call_.ctx);
    if (!offered) {
        core::log::info("sign_in.not_offered",
                        {{"organization", connector_.organization().name()},
                         {"request_id", call_.ctx.request_id},
                         {"reason", core::describe(offered.error())}});
        co_return core::fail(std::move(cause));
    }
    core::log::info("sign_in.offered",
                    {{"organization", connector_.organization().name()},
                     {"tool", tool_},
                     {"principal", call_.caller.id},
                     {"request_id", call_.ctx.request_id}});
    co_return question(offered->flow_id, offered->url, hint_of(*offered));
}

protocol::InputNeeded
SignInQuestion::question(std::string const& flow_id, std::string const& url, std::string const& hint) const {
    std::string message = tool_ + " needs somebody to sign in to the Azure DevOps organization " +
                          connector_.organization().name() +
                          ". Open the page and sign in there with an account that may use it; this daemon "
                          "then works as that account." +
                          hint;
    std::vector<protocol::InputRequest> requests;
    requests.push_back(protocol::ask_url(kKey, std::move(message), url));
    Json state = Json::object();
    state["step"] = kKey;
    state["flow"] = flow_id;
    state["url"] = url;
    state["hint"] = hint;
    return protocol::InputNeeded(std::move(requests), std::move(state));
}

} // namespace server
