#include "auth/entra_token_client.hpp"

#include "core/crypto/random.hpp"
#include "core/json.hpp"
#include "core/log.hpp"
#include "core/text/base64.hpp"
#include "core/text/percent_encoding.hpp"

#include <nlohmann/json.hpp>

#include <charconv>

namespace auth {
namespace {

using core::ErrorKind;
using core::Secret;
using core::Task;
using std::chrono::seconds;

constexpr std::size_t kAnswerBytes = 256U * 1024;
constexpr seconds kPauseBeforeSecondAttempt{1};
/// Longer lives than a year are a broken answer, not a token.
constexpr seconds kLongestLife{366LL * 24 * 3600};

EntraError broken_answer(std::string_view what, int status) {
    core::Error error =
        core::Error(ErrorKind::protocol,
                    "The answer of Microsoft Entra's token endpoint " + std::string(what) + ".")
            .with_status(status)
            .with_fix("Check entra.authority, and what stands between this machine and it.");
    return EntraError(FetchFailure::transient(std::move(error)));
}

std::optional<seconds> to_seconds(std::string_view text) noexcept {
    std::int64_t value = 0;
    auto const [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (failure != std::errc() || end != text.data() + text.size()) {
        return std::nullopt;
    }
    return seconds(value);
}

void read_client_info(std::string_view encoded, EntraTokens& tokens) {
    std::optional<std::string> const text = core::base64url_decode(encoded);
    if (!text) {
        return;
    }
    core::Result<core::Json> const info = core::parse_json(*text, core::JsonLimits());
    if (!info) {
        return;
    }
    std::optional<std::string_view> const uid = core::find_string(*info, "uid");
    std::optional<std::string_view> const utid = core::find_string(*info, "utid");
    if (uid && utid) {
        tokens.home_account_id = std::string(*uid) + "." + std::string(*utid);
    }
}

EntraResult read_tokens(core::Json& json, core::SystemTime requested_at, int status) {
    Secret access_token = take_secret(json, "access_token");
    Secret refresh_token = take_secret(json, "refresh_token");
    Secret id_token = take_secret(json, "id_token");
    if (access_token.empty()) {
        return tl::unexpected<EntraError>(broken_answer("holds no access token", status));
    }
    std::optional<std::string_view> const type = core::find_string(json, "token_type");
    if (type && !core::iequals(*type, "Bearer")) {
        return tl::unexpected<EntraError>(broken_answer("holds a token of an unknown type", status));
    }
    std::optional<seconds> const expires_in = seconds_member(json, "expires_in");
    if (!expires_in || *expires_in <= seconds(0) || *expires_in > kLongestLife) {
        return tl::unexpected<EntraError>(broken_answer("does not say how long its token lives", status));
    }
    EntraTokens tokens(std::move(access_token), requested_at, requested_at + *expires_in);
    tokens.refresh_in = seconds_member(json, "refresh_in");
    tokens.refresh_token = std::move(refresh_token);
    if (std::optional<JwtClaims> claims = read_jwt_claims(id_token.expose())) {
        tokens.preferred_username = claims->preferred_username;
        tokens.object_id = claims->object_id;
        tokens.tenant_id = claims->tenant_id;
        tokens.id_token = std::move(claims);
    }
    read_client_info(core::find_string(json, "client_info").value_or(std::string_view()), tokens);
    return tokens;
}

} // namespace

std::optional<seconds> seconds_member(core::Json const& object, std::string_view name) {
    core::Json const* member = core::find(object, name);
    if (member == nullptr) {
        return std::nullopt;
    }
    if (member->is_string()) {
        return to_seconds(member->get_ref<std::string const&>());
    }
    std::optional<std::int64_t> const number = core::find_int(object, name);
    return number ? std::optional<seconds>(*number) : std::nullopt;
}

Secret take_secret(core::Json& object, std::string_view name) {
    if (!object.is_object()) {
        return Secret();
    }
    auto const it = object.find(name);
    if (it == object.end() || !it->is_string()) {
        return Secret();
    }
    auto& text = it->get_ref<std::string&>();
    Secret secret(text);
    core::wipe(text.data(), text.size());
    object.erase(it);
    return secret;
}

/// One token request: where, with what, and the words for when it fails.
class EntraTokenClient::Call {
public:
    Call(core::HttpRequest request_, EntraErrorContext context_)
        : request(std::move(request_)), context(std::move(context_)) {}
    core::HttpRequest request;
    EntraErrorContext context;
};

EntraTokenClient::EntraTokenClient(core::HttpClient& http, core::Clock& clock, std::string authority)
    : http_(http), clock_(clock), authority_(std::move(authority)) {
    while (authority_.ends_with('/')) {
        authority_.pop_back();
    }
}

namespace {

std::optional<core::HttpRequest>
token_request(std::string const& authority, std::string const& tenant, FormBody const& form) {
    std::optional<core::Url> url =
        core::Url::parse(authority + "/" + core::percent_encode(tenant) + "/oauth2/v2.0/token");
    if (!url) {
        return std::nullopt;
    }
    core::HttpRequest request("POST", std::move(*url));
    request.headers.add("Content-Type", "application/x-www-form-urlencoded");
    request.headers.add("Accept", "application/json");
    request.headers.add("client-request-id", core::random_uuid());
    request.headers.add("return-client-request-id", "true");
    request.headers.add("x-client-SKU", "ado-mcpd");
    request.secret_body = form.encode();
    request.max_response_bytes = kAnswerBytes;
    return request;
}

void add_optional(FormBody& form, Secret const& client_secret, std::string claims) {
    if (!client_secret.empty()) {
        form.add("client_secret", client_secret);
    }
    if (!claims.empty()) {
        form.add("claims", std::move(claims));
    }
}

EntraError bad_authority(std::string const& authority) {
    core::Error error =
        core::Error(ErrorKind::invalid_argument, "`" + authority + "` is not a URL of an authority.")
            .with_fix("Set entra.authority to https://login.microsoftonline.com or your cloud's host.");
    return EntraError(FetchFailure(std::move(error), FailureClass::configuration));
}

} // namespace

Task<EntraResult> EntraTokenClient::send_once(Call const& call, core::CallContext const& ctx) {
    core::SystemTime const requested_at = clock_.system_now();
    core::Result<core::HttpResponse> response = co_await http_.send(call.request, ctx);
    std::string_view const request_id =
        call.request.headers.get("client-request-id").value_or(std::string_view());
    if (!response) {
        core::Error error = std::move(response).error();
        std::string message = "Microsoft Entra could not be reached: " + error.message();
        error = std::move(error).with_message(std::move(message)).with_activity_id(std::string(request_id));
        co_return tl::unexpected<EntraError>(EntraError(FetchFailure::transient(std::move(error))));
    }
    core::log::debug(
        "entra.token_request",
        {{"tenant", call.context.tenant}, {"status", response->status}, {"client_request_id", request_id}});
    if (response->status != 200) {
        EntraError refusal = parse_entra_error(*response, call.context, requested_at);
        if (refusal.failure.error.activity_id().empty()) {
            refusal.failure.error =
                std::move(refusal.failure.error).with_activity_id(std::string(request_id));
        }
        co_return tl::unexpected<EntraError>(std::move(refusal));
    }
    core::JsonLimits limits;
    limits.max_bytes = kAnswerBytes;
    core::Result<core::Json> json = core::parse_json(response->body, limits);
    core::wipe(response->body.data(), response->body.size());
    if (!json) {
        co_return tl::unexpected<EntraError>(broken_answer("is not JSON", response->status));
    }
    co_return read_tokens(*json, requested_at, response->status);
}

Task<EntraResult> EntraTokenClient::send(Call const& call, core::CallContext const& ctx) {
    EntraResult first = co_await send_once(call, ctx);
    if (first) {
        co_return first;
    }
    FetchFailure const& failure = first.error().failure;
    int const status = failure.error.status();
    // 429 asks for patience, a Retry-After names it, and an answer that cannot be read will not improve in a
    // second.
    bool const worth_another = !failure.permanent() && !failure.error.retry_after() &&
                               (status == 0 || status >= 500) && failure.error.kind() != ErrorKind::cancelled;
    if (!worth_another || ctx.deadline.remaining(clock_.now()) <= 2 * kPauseBeforeSecondAttempt) {
        co_return first;
    }
    co_await clock_.sleep_for(kPauseBeforeSecondAttempt);
    EntraResult second = co_await send_once(call, ctx);
    co_return second;
}

Task<EntraResult> EntraTokenClient::redeem_refresh_token(EntraErrorContext context,
                                                         std::string scope,
                                                         Secret const& refresh_token,
                                                         Secret const& client_secret,
                                                         std::string claims,
                                                         core::CallContext const& ctx) {
    FormBody form;
    form.add("grant_type", std::string("refresh_token"));
    form.add("client_id", context.client_id);
    form.add("scope", std::move(scope));
    form.add("client_info", std::string("1"));
    form.add("refresh_token", refresh_token);
    add_optional(form, client_secret, std::move(claims));
    std::optional<core::HttpRequest> request = token_request(authority_, context.tenant, form);
    if (!request) {
        co_return tl::unexpected<EntraError>(bad_authority(authority_));
    }
    // When an answer is lost, the old refresh token either still works (Entra), or is spent and the grant
    // lost whether or not we ask again: repeating can only help.
    request->idempotent = true;
    context.authority = authority_;
    Call const call(std::move(*request), std::move(context));
    EntraResult result = co_await send(call, ctx);
    co_return result;
}

Task<EntraResult> EntraTokenClient::exchange_assertion(EntraErrorContext context,
                                                       std::string scope,
                                                       Secret const& assertion,
                                                       std::string claims,
                                                       core::CallContext const& ctx) {
    FormBody form;
    form.add("grant_type", std::string("client_credentials"));
    form.add("client_id", context.client_id);
    form.add("scope", std::move(scope));
    form.add("client_assertion_type", std::string("urn:ietf:params:oauth:client-assertion-type:jwt-bearer"));
    form.add("client_assertion", assertion);
    add_optional(form, Secret(), std::move(claims));
    std::optional<core::HttpRequest> request = token_request(authority_, context.tenant, form);
    if (!request) {
        co_return tl::unexpected<EntraError>(bad_authority(authority_));
    }
    request->idempotent = true;
    context.authority = authority_;
    Call const call(std::move(*request), std::move(context));
    EntraResult result = co_await send(call, ctx);
    co_return result;
}

Task<EntraResult> EntraTokenClient::redeem_device_code(EntraErrorContext context,
                                                       Secret const& device_code,
                                                       Secret const& client_secret,
                                                       core::CallContext const& ctx) {
    FormBody form;
    form.add("grant_type", std::string("urn:ietf:params:oauth:grant-type:device_code"));
    form.add("client_id", context.client_id);
    form.add("client_info", std::string("1"));
    form.add("device_code", device_code);
    add_optional(form, client_secret, std::string());
    std::optional<core::HttpRequest> request = token_request(authority_, context.tenant, form);
    if (!request) {
        co_return tl::unexpected<EntraError>(bad_authority(authority_));
    }
    context.authority = authority_;
    Call const call(std::move(*request), std::move(context));
    EntraResult result = co_await send_once(call, ctx);
    co_return result;
}

Task<EntraResult> EntraTokenClient::redeem_code(EntraErrorContext context,
                                                std::string redirect_uri,
                                                std::string scope,
                                                Secret const& code,
                                                Secret const& verifier,
                                                Secret const& client_secret,
                                                std::string claims,
                                                core::CallContext const& ctx) {
    FormBody form;
    form.add("grant_type", std::string("authorization_code"));
    form.add("client_id", context.client_id);
    form.add("scope", std::move(scope));
    form.add("client_info", std::string("1"));
    form.add("redirect_uri", std::move(redirect_uri));
    form.add("code", code);
    form.add("code_verifier", verifier);
    add_optional(form, client_secret, std::move(claims));
    std::optional<core::HttpRequest> request = token_request(authority_, context.tenant, form);
    if (!request) {
        co_return tl::unexpected<EntraError>(bad_authority(authority_));
    }
    context.authority = authority_;
    Call const call(std::move(*request), std::move(context));
    EntraResult result = co_await send_once(call, ctx);
    co_return result;
}

} // namespace auth
