#include "auth/device_code.hpp"

#include "auth/entra_error.hpp"
#include "auth/entra_token_client.hpp"
#include "auth/form_body.hpp"
#include "auth/oauth_grant.hpp"
#include "core/http/retry.hpp"
#include "core/json.hpp"
#include "core/log.hpp"
#include "core/text/percent_encoding.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <string>

namespace auth {
namespace {

using core::ErrorKind;
using core::Task;
using std::chrono::seconds;

constexpr seconds kRequestDeadline{30};
constexpr seconds kDefaultInterval{5};
constexpr seconds kSlowDown{5}; ///< RFC 8628 §3.5, for good
constexpr seconds kLongestInterval{60};
constexpr seconds kDefaultLife{900};
constexpr seconds kLongestLife{3600};
constexpr std::string_view kStartAgain = "Start the sign-in again.";
constexpr std::string_view kBrowserFlow =
    "The tenant may block device codes as such: sign in through a browser instead.";

EntraErrorContext context_of(DeviceCodeConfig const& config) {
    EntraErrorContext context;
    context.authority = config.authority;
    context.tenant = config.tenant;
    context.client_id = config.client_id;
    return context;
}

core::Error expired() {
    return core::Error(ErrorKind::timeout, "The device code expired before the sign-in was completed.")
        .with_code("expired_token")
        .with_fix(std::string(kStartAgain));
}

/// A poll that ended the flow, in the flow's own words where Entra's say less.
core::Error end_of_flow(EntraError const& refusal) {
    std::string const& word = refusal.oauth_error;
    if (word == "expired_token") {
        return expired();
    }
    if (word == "authorization_declined" || word == "access_denied") {
        if (refusal.codes.empty() || refusal.has_code(70020)) {
            return core::Error(ErrorKind::unauthorized, "The sign-in was declined.")
                .with_code(word)
                .with_fix(std::string(kStartAgain));
        }
    }
    core::Error error = refusal.failure.error;
    if (refusal.failure.failure_class == FailureClass::admin) {
        std::string fix = error.fix() + " " + std::string(kBrowserFlow);
        error = std::move(error).with_fix(std::move(fix));
    }
    return error;
}

} // namespace

DeviceCodeFlow::DeviceCodeFlow(core::HttpClient& http, core::Clock& clock, DeviceCodeConfig config)
    : http_(http), clock_(clock), config_(std::move(config)) {
    while (config_.authority.ends_with('/')) {
        config_.authority.pop_back();
    }
}

Task<core::Result<DeviceCodePrompt>> DeviceCodeFlow::start(core::CallContext const& ctx) {
    std::optional<core::Url> url = core::Url::parse(
        config_.authority + "/" + core::percent_encode(config_.tenant) + "/oauth2/v2.0/devicecode");
    if (!url) {
        co_return core::fail(ErrorKind::invalid_argument, "entra.authority is not a URL");
    }
    core::HttpRequest request("POST", std::move(*url));
    request.headers.add("Content-Type", "application/x-www-form-urlencoded");
    request.headers.add("Accept", "application/json");
    FormBody form;
    form.add("client_id", config_.client_id);
    form.add("scope", std::string(kDelegatedScope));
    if (!config_.client_secret.empty()) {
        form.add("client_secret", config_.client_secret);
    }
    request.secret_body = form.encode();
    request.idempotent = true;
    core::SteadyTime const asked_at = clock_.now();
    core::SystemTime const asked_at_system = clock_.system_now();
    core::CallContext const limited = ctx.shortened(core::Deadline::in(clock_, kRequestDeadline));
    core::Result<core::HttpResponse> response = co_await http_.send(request, limited);
    if (!response) {
        co_return core::fail(std::move(response).error());
    }
    if (response->status != 200) {
        co_return core::fail(
            parse_entra_error(*response, context_of(config_), asked_at_system).failure.error);
    }
    core::Result<core::Json> json = core::parse_json(response->body, core::JsonLimits());
    core::wipe(response->body.data(), response->body.size());
    if (!json) {
        co_return core::fail(ErrorKind::protocol, "The device code endpoint did not answer with JSON.");
    }
    core::Secret device_code = take_secret(*json, "device_code");
    std::optional<std::string_view> const user_code = core::find_string(*json, "user_code");
    std::optional<std::string_view> uri = core::find_string(*json, "verification_uri");
    if (!uri) {
        uri = core::find_string(*json, "verification_url"); // the name before RFC 8628
    }
    if (device_code.empty() || !user_code || !uri) {
        co_return core::fail(ErrorKind::protocol, "The answer of the device code endpoint is incomplete.");
    }
    DeviceCodePrompt prompt(std::move(device_code), std::string(*user_code), std::string(*uri));
    prompt.message = std::string(core::find_string(*json, "message").value_or(std::string_view()));
    prompt.interval = std::clamp(
        seconds_member(*json, "interval").value_or(kDefaultInterval), seconds(1), kLongestInterval);
    seconds const life =
        std::clamp(seconds_member(*json, "expires_in").value_or(kDefaultLife), seconds(1), kLongestLife);
    prompt.expires = core::Deadline::at(asked_at + life);
    prompt.expires_at = asked_at_system + life;
    co_return prompt;
}

Task<core::Result<OAuthGrant>> DeviceCodeFlow::poll(DeviceCodePrompt const& prompt,
                                                    core::CallContext const& ctx) {
    EntraTokenClient client(http_, clock_, config_.authority);
    core::Deadline const end = prompt.expires.earlier(ctx.deadline);
    seconds interval = prompt.interval;
    while (true) {
        core::SteadyTime const next = clock_.now() + interval;
        if (end.passed(next)) {
            co_return core::fail(expired());
        }
        co_await clock_.sleep_until(next);
        core::CallContext const limited =
            ctx.shortened(end).shortened(core::Deadline::in(clock_, kRequestDeadline));
        EntraErrorContext context = context_of(config_);
        EntraResult polled = co_await client.redeem_device_code(
            std::move(context), prompt.device_code, config_.client_secret, limited);
        if (!polled) {
            EntraError const& refusal = polled.error();
            if (refusal.oauth_error == "authorization_pending") {
                continue;
            }
            if (refusal.oauth_error == "slow_down") {
                interval += kSlowDown;
                continue;
            }
            if (refusal.failure.error.kind() == ErrorKind::cancelled) {
                co_return core::fail(refusal.failure.error);
            }
            if (!refusal.failure.permanent()) {
                // RFC 8628 §3.5 asks for an exponential back-off when the server cannot be reached.
                interval = std::min(interval * 2, kLongestInterval);
                continue;
            }
            co_return core::fail(end_of_flow(refusal));
        }
        EntraTokens tokens = std::move(*polled);
        co_return make_grant(config_.tenant, config_.client_id, std::move(tokens), clock_.system_now());
    }
}

} // namespace auth
