#include "server/commands/login.hpp"

#include "core/crypto/random.hpp"
#include "core/task_group.hpp"
#include "server/commands/browser_return.hpp"
#include "server/commands/command_run.hpp"
#include "server/commands/exit_codes.hpp"
#include "server/config/load_config.hpp"
#include "server/outbound.hpp"
#include "server/router/sign_in_service.hpp"
#include "server/store/state_store.hpp"

#include <chrono>
#include <cstdio>
#include <memory>
#include <string>
#include <utility>

namespace server {
namespace {

/// A device code lives 15 minutes; the rest is for the requests around it.
constexpr std::chrono::minutes kDeviceTime{17};
/// Beside the life of a link, for the same.
constexpr std::chrono::minutes kRequestsTime{2};

void show(DeviceSignIn const& shown) {
    std::fprintf(stderr,
                 "To sign in, open %s and enter the code %s (valid until %s).\n",
                 shown.verification_uri.c_str(),
                 shown.user_code.c_str(),
                 core::format_utc(shown.expires_at).c_str());
}

void show(SignInLink const& link) {
    std::fprintf(stderr,
                 "To sign in, open this address in a browser on this machine (valid until %s):\n\n  %s\n\n"
                 "No browser here? Interrupt, and run it with --device-code.\n",
                 core::format_utc(link.expires_at).c_str(),
                 link.authorize_url.c_str());
}

core::Task<core::Result<SignInStatus>>
by_device_code(SignInService& service, SignInRequest request, core::CallContext const& ctx) {
    CO_TRY(DeviceSignIn const shown, co_await service.start_device(std::move(request), ctx));
    show(shown);
    core::Result<SignInStatus> outcome = co_await service.wait(shown.flow_id, ctx);
    co_return outcome;
}

core::Task<core::Result<SignInStatus>>
by_link(SignInService& service, SignInRequest request, core::CallContext const& ctx) {
    CO_TRY(SignInLink const link, co_await service.start(std::move(request), ctx));
    show(link);
    core::Result<SignInStatus> outcome = co_await service.wait(link.flow_id, ctx);
    co_return outcome;
}

core::Task<core::Result<SignInStatus>>
by_browser(CommandRun& run, SignInService& service, SignInRequest request, core::CallContext const& ctx) {
    CO_TRY(std::unique_ptr<BrowserReturn> const browser,
           BrowserReturn::open(run.executor(), run.clock(), service));
    SignInReturn where;
    where.port = browser->port();
    service.set_return(std::move(where));
    browser->start();
    core::Result<SignInStatus> outcome = co_await by_link(service, std::move(request), ctx);
    co_await browser->drain();
    co_return outcome;
}

core::Task<core::Result<std::string>> sign_in(CommandRun& run, LoginOptions const& options) {
    Config const& config = run.config();
    core::TaskGroup polling(run.executor());
    auth::ProviderEnvironment provider(run.executor(), run.outbound().once(), run.clock());
    provider.authority = config.entra.authority;
    SignInEnvironment environment(
        config, std::move(provider), run.outbound().retrying(), run.store(), run.store().sealer(), polling);
    environment.audit = &run.store();
    SignInService service(std::move(environment));

    SignInRequest request(options.organization);
    request.tenant = options.tenant;
    request.principal = local_actor().id;
    std::chrono::milliseconds const link_life = config.limits.sign_in_ms + kRequestsTime;
    core::CallContext const ctx(
        core::random_uuid(), core::Deadline::in(run.clock(), options.device_code ? kDeviceTime : link_life));
    core::Result<SignInStatus> outcome = core::fail(core::ErrorKind::internal, "");
    if (options.device_code) {
        outcome = co_await by_device_code(service, std::move(request), ctx);
    } else {
        outcome = co_await by_browser(run, service, std::move(request), ctx);
    }
    polling.cancel_all();
    co_await polling.wait();
    if (!outcome) {
        co_return core::fail(std::move(outcome).error());
    }
    if (outcome->failure) {
        co_return core::fail(*outcome->failure);
    }
    if (outcome->state != SignInState::connected) {
        co_return core::fail(core::Error(core::ErrorKind::timeout, "The sign-in was not completed in time.")
                                 .with_code("sign_in_expired")
                                 .with_fix("Run the login command again."));
    }
    co_return "Connected to Azure DevOps: organization " + outcome->organization + ", tenant " +
        outcome->tenant + ", as " + outcome->identity + ".";
}

} // namespace

int run_login(LoginOptions const& options) {
    auto config = load_config(options.config);
    if (!config) {
        return report_error(config.error());
    }
    auto run = CommandRun::make(std::move(*config));
    if (!run) {
        return report_error(run.error());
    }
    auto connected = (*run)->wait_for(sign_in(**run, options));
    if (!connected) {
        return report_error(connected.error());
    }
    std::printf("%s\n", connected->c_str());
    return kExitDone;
}

} // namespace server
