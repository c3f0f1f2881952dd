#include "server/router/offered_sign_ins.hpp"

#include <utility>

namespace server {
namespace {

core::Result<SignInProgress> progress_of(core::Result<SignInStatus> status) {
    if (!status) {
        return core::fail(std::move(status).error());
    }
    SignInProgress progress(status->state == SignInState::connected ? SignInProgress::State::connected
                            : status->state == SignInState::failed  ? SignInProgress::State::failed
                                                                    : SignInProgress::State::pending);
    if (status->failure) {
        progress.reason = status->failure->message();
    }
    return progress;
}

} // namespace

core::Task<core::Result<OfferedSignIn>>
OfferedSignIns::start(std::string organization, core::Principal const& caller, core::CallContext const& ctx) {
    SignInRequest request(std::move(organization));
    request.principal = caller.id;
    CO_TRY(SignInLink link, co_await sign_in_.start(std::move(request), ctx));
    OfferedSignIn offered(std::move(link.flow_id), std::move(link.authorize_url));
    offered.expires_at = link.expires_at;
    co_return offered;
}

core::Task<core::Result<SignInProgress>> OfferedSignIns::status(std::string flow_id,
                                                                core::CallContext const& ctx) {
    core::Result<SignInStatus> status = co_await sign_in_.status(std::move(flow_id), ctx);
    co_return progress_of(std::move(status));
}

core::Task<core::Result<SignInProgress>>
OfferedSignIns::wait(std::string flow_id, std::chrono::milliseconds at_most, core::CallContext const& ctx) {
    core::CallContext const patient = ctx.shortened(core::Deadline::in(clock_, at_most));
    core::Result<SignInStatus> status = co_await sign_in_.wait(std::move(flow_id), patient);
    co_return progress_of(std::move(status));
}

} // namespace server
