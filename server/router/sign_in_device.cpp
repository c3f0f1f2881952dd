#include "core/crypto/random.hpp"
#include "core/log.hpp"
#include "server/router/sign_in_errors.hpp"
#include "server/router/sign_in_service.hpp"
#include "server/router/sign_in_settlement.hpp"

#include <chrono>
#include <utility>

/// Sign-ins by device code: one at a time for each organization.
namespace server {
namespace {

using core::ErrorKind;
using sign_in_errors::make_error;

/// After the code was entered: for the requests that prove the grant.
constexpr std::chrono::minutes kProofTime{2};
/// Less than this is no time to find another device and sign in there.
constexpr std::chrono::seconds kWorthShowing{60};

core::Error superseded() {
    return make_error(ErrorKind::cancelled,
                      "sign_in_superseded",
                      "Another sign-in to this organization was started, and its code took this one's place.",
                      "Use the code that was shown last.");
}

/// The polled code is nobody's any more, however the polling ends.
class Polled {
public:
    Polled(std::shared_ptr<DeviceSignIns> devices, std::shared_ptr<DeviceJob> job)
        : devices_(std::move(devices)), job_(std::move(job)) {}
    ~Polled() { devices_->drop(job_->organization.key(), *job_); }
    Polled(Polled const&) = delete;
    Polled& operator=(Polled const&) = delete;

private:
    std::shared_ptr<DeviceSignIns> devices_;
    std::shared_ptr<DeviceJob> job_;
};

} // namespace

core::Task<core::Result<DeviceSignIn>> SignInService::start_device(SignInRequest request,
                                                                   core::CallContext const& ctx) {
    CO_TRY(SignInTarget target, co_await aim(request, ctx));
    std::string const key = target.organization.key();
    std::unique_ptr<DeviceSignIns::Turn> const turn =
        co_await DeviceSignIns::take_turn(devices_, key, ctx.deadline);
    if (!turn) {
        co_return core::fail(make_error(ErrorKind::timeout,
                                        "device_code_pending",
                                        "Somebody else is asking for a device code of this organization.",
                                        "Try again in a moment."));
    }
    if (std::shared_ptr<DeviceJob> const before = devices_->find(key)) {
        bool const lasts = before->prompt.expires.remaining(clock_.now()) > kWorthShowing;
        if (!before->has_grant && lasts && before->shown.tenant == target.tenant) {
            core::log::info("sign_in.shown_again",
                            {{"organization", before->shown.organization},
                             {"principal", request.principal},
                             {"request_id", ctx.request_id}});
            DeviceSignIn shown = before->shown;
            shown.pending_before = true;
            co_return shown;
        }
        if (before->has_grant) {
            if (std::shared_ptr<core::Event> const ended = flows_->ended(before->shown.flow_id)) {
                static_cast<void>(co_await ended->wait(ctx.deadline));
            }
        } else {
            end_device(*before, superseded(), request.principal, ctx.request_id);
        }
    }
    core::Result<DeviceSignIn> shown =
        co_await begin_device(std::move(target), std::move(request.principal), ctx);
    co_return shown;
}

core::Task<core::Result<DeviceSignIn>>
SignInService::begin_device(SignInTarget target, std::string principal, core::CallContext const& ctx) {
    Config const& config = environment_.config;
    auth::ProviderEnvironment& provider = environment_.provider_environment;
    auth::DeviceCodeConfig device(provider.authority, target.tenant, config.entra.client_id);
    device.client_secret = config.entra.client_secret.clone();
    auth::DeviceCodeFlow flow(provider.http, clock_, std::move(device));
    CO_TRY(auth::DeviceCodePrompt prompt, co_await flow.start(ctx));

    DeviceSignIn shown(new_flow_id(target, prompt.expires_at));
    shown.organization = target.organization.name();
    shown.tenant = target.tenant;
    shown.user_code = prompt.user_code;
    shown.verification_uri = prompt.verification_uri;
    shown.message = prompt.message;
    shown.expires_at = prompt.expires_at;

    SignInStatus status(shown.flow_id);
    status.organization = shown.organization;
    status.tenant = shown.tenant;
    status.expires_at = shown.expires_at;
    CO_TRY_VOID(flows_->add(std::move(status), true));
    audit_.started(shown.organization, principal, "device code", ctx.request_id);
    core::log::info("sign_in.started",
                    {{"organization", shown.organization},
                     {"method", "device_code"},
                     {"tenant", shown.tenant},
                     {"principal", principal},
                     {"request_id", ctx.request_id}});
    std::string const key = target.organization.key();
    auto job = std::make_shared<DeviceJob>(
        shown, std::move(target.organization), std::move(flow), std::move(prompt));
    job->principal = std::move(principal);
    job->request_id = core::random_uuid();
    devices_->put(key, job);
    job->polling = environment_.tasks.spawn("device_sign_in", poll_device(this, job));
    co_return shown;
}

core::Task<void> SignInService::poll_device(SignInService* self, std::shared_ptr<DeviceJob> job) {
    Polled const polled(self->devices_, job);
    SignInSettlement settlement(
        self->flows_, job->shown.flow_id, job->principal, job->request_id, self->audit_);
    std::string const name = job->organization.name();
    core::Deadline const end = core::Deadline::at(job->prompt.expires.time() + kProofTime);
    core::CallContext const ctx(job->request_id, end);
    core::Result<auth::OAuthGrant> grant = co_await job->flow.poll(job->prompt, ctx);
    core::Result<std::string> identity = std::string();
    if (grant) {
        job->has_grant = true;
        identity = co_await self->keep(job->organization, std::move(*grant), job->principal, ctx);
    } else {
        identity = core::fail(std::move(grant).error());
    }
    if (!identity) {
        self->forget_tenant(name, identity.error());
    }
    settlement.settle(identity, name);
}

/// Its polling ends with the next turn of the loop, and finds the flow at its end.
void SignInService::end_device(DeviceJob const& job,
                               core::Error const& error,
                               std::string const& principal,
                               std::string const& request_id) {
    SignInSettlement settlement(flows_, job.shown.flow_id, principal, request_id, audit_);
    settlement.settle(core::fail(error), job.shown.organization);
    core::TaskGroup::Handle const polling = job.polling;
    devices_->drop(job.organization.key(), job);
    polling.cancel();
}

} // namespace server
