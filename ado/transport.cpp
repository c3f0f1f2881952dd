#include "ado/transport.hpp"

#include "ado/error_body.hpp"
#include "ado/fetch.hpp"
#include "ado/readers.hpp"
#include "ado/throttle.hpp"
#include "ado/upstream.hpp"
#include "core/crypto/random.hpp"
#include "core/log.hpp"

#include <nlohmann/json.hpp>

#include <optional>
#include <utility>

namespace ado {
namespace {

constexpr std::string_view kUserAgent = "ado-mcpd/" ADOMCPD_VERSION;
constexpr std::string_view kJson = "application/json";
constexpr std::string_view kBytes = "application/octet-stream";

/// One id per process: the service echoes it, and its support can follow it.
std::string const& session_id() {
    static std::string const id = core::random_uuid();
    return id;
}

/// X-VSS-UserData is `{guid}:{name}`; the name is what a person recognises.
std::string identity_of(std::string_view user_data) {
    std::size_t const colon = user_data.find(':');
    std::string_view const name =
        colon == std::string_view::npos ? std::string_view() : user_data.substr(colon + 1);
    return std::string(name.empty() ? user_data.substr(0, colon) : name);
}

void note(core::HttpResponse const& response, core::CallTrace& trace) {
    if (auto const user = response.headers.get("X-VSS-UserData"); user && !user->empty()) {
        trace.identity = identity_of(*user);
    }
    for (std::string_view const name : {"ActivityId", "X-VSS-E2EID"}) {
        if (auto const id = response.headers.get(name); id && !id->empty()) {
            trace.activity_id = std::string(*id);
            break;
        }
    }
}

/// A PAT without the needed scope is refused with a bare 401, exactly as a revoked one.
bool may_lack_scope(core::HttpResponse const& response) {
    return response.status == 401 && read_error_body(response.body, {}).message.empty();
}

/// What a refusal asks for, in one field value.
std::string challenges_of(core::HttpResponse const& response) {
    std::string all;
    for (auto const& [name, value] : response.headers.fields()) {
        if (core::iequals(name, "WWW-Authenticate")) {
            all.append(all.empty() ? "" : ", ").append(value);
        }
    }
    return all;
}

} // namespace

core::Error unreadable_answer(std::string_view what) {
    return core::Error(core::ErrorKind::upstream,
                       "Azure DevOps sent an answer that cannot be read: " + std::string(what))
        .with_code("unreadable_answer")
        .with_fix("Try again later.");
}

Transport::Transport(Organization organization,
                     core::HttpClient& http,
                     core::TokenSource& tokens,
                     Throttle& throttle,
                     core::Clock& clock,
                     ClientLimits limits,
                     core::BlockingPool* pool)
    : organization_(std::move(organization)), tokens_(&tokens), clock_(&clock), limits_(std::move(limits)),
      upstream_(std::make_shared<Upstream>(organization_.name(),
                                           http,
                                           throttle,
                                           clock,
                                           core::RetryRule(limits_.retry, clock, limits_.jitter))),
      pool_(pool) {}

core::Url const& Transport::base_of(Service service) const noexcept {
    switch (service) {
    case Service::search:
        return organization_.search_base();
    case Service::identity:
        return organization_.identity_base();
    case Service::core:
        break;
    }
    return organization_.core_base();
}

core::HttpRequest Transport::build(ApiRequest const& request) const {
    core::Url const& base = base_of(request.service);
    std::string const& version = request.api_version.empty() ? limits_.api_version : request.api_version;
    bool const is_get = request.method == "GET";

    std::string target;
    target.reserve(base.target.size() + request.path.size() + 24);
    target += base.target == "/" ? std::string_view() : std::string_view(base.target);
    target += request.path;
    std::string accept(!request.accept.empty() ? std::string_view(request.accept)
                       : request.bytes         ? kBytes
                                               : kJson);
    if (is_get && !request.bytes) {
        accept += ";api-version=" + version;
    } else {
        // Writes without a version in the query are refused by some resources; beside a $format it counts
        // only there.
        target += request.path.find('?') == std::string::npos ? '?' : '&';
        target += "api-version=" + version;
    }
    core::HttpRequest out(request.method, core::Url(base.origin, std::move(target)));
    out.headers.add("Accept", accept);
    out.headers.add("User-Agent", kUserAgent);
    // A refused credential is then a 401 and not a redirect to a sign-in page.
    out.headers.add("X-TFS-FedAuthRedirect", "Suppress");
    out.headers.add("X-TFS-Session", session_id());
    if (!is_get) {
        out.headers.add("Content-Type", request.content_type);
        out.body = request.body;
    }
    out.idempotent = request.idempotent;
    out.max_response_bytes = limits_.response_bytes;
    return out;
}

ErrorContext Transport::error_context(ApiRequest const& request) const {
    ErrorContext context(request.scope, organization_.name());
    context.now = clock_->system_now();
    context.code_search = request.code_search;
    return context;
}

core::Task<core::Result<core::HttpResponse>> Transport::send_once(ApiRequest const& request,
                                                                  core::AccessToken const& token,
                                                                  core::CallContext const& ctx) const {
    core::HttpRequest http_request = build(request);
    http_request.credential = token.value.clone();
    http_request.auth_scheme = token.scheme;
    Lane const lane(request.service, base_of(request.service).origin.host, token.method);
    core::Result<core::HttpResponse> response = core::fail(core::ErrorKind::internal, "not sent");
    if (request.method == "GET") {
        response = co_await upstream_->read(std::move(http_request), lane, ctx);
    } else {
        response = co_await upstream_->send(http_request, lane, ctx);
    }
    if (!request.idempotent) {
        upstream_->wrote();
    }
    if (response) {
        ctx.trace->method = token.method;
        note(*response, *ctx.trace);
    }
    co_return response;
}

core::Task<Transport::Probe> Transport::try_elsewhere(core::AccessToken const& token,
                                                      core::CallContext const& ctx) const {
    ApiRequest probe("GET", Service::core, "/_apis/connectionData", Scope::none);
    probe.api_version = limits_.connection_data_version;
    core::Result<core::HttpResponse> const response = co_await send_once(probe, token, ctx);
    if (!response) {
        co_return Probe::unknown;
    }
    if (!is_success(*response)) {
        co_return is_credential_refusal(*response) ? Probe::refused : Probe::unknown;
    }
    core::Result<ConnectionData> const who =
        parse_and_read(response->body, limits_.response_bytes, &read_connection_data);
    if (!who) {
        co_return Probe::unknown;
    }
    co_return who->authenticated ? Probe::works : Probe::refused;
}

core::Task<core::Result<core::HttpResponse>> Transport::send(ApiRequest const& request,
                                                             core::CallContext const& ctx) const {
    std::optional<core::Error> first_refusal;
    bool first_was_pat = false;
    for (;;) {
        core::Result<core::AccessToken> const token = co_await tokens_->get(limits_.token_ttl, ctx);
        if (!token) {
            // What Azure DevOps says of a PAT explains more than that there is no other one.
            if (first_refusal && first_was_pat && token.error().kind() == core::ErrorKind::unauthorized) {
                co_return core::fail(std::move(*first_refusal).with_detail(token.error().message()));
            }
            core::Error error = token.error();
            co_return core::fail(std::move(error).with_not_sent());
        }
        CO_TRY(core::HttpResponse response, co_await send_once(request, *token, ctx));
        if (is_success(response)) {
            co_return response;
        }
        core::Error error = map_error(response, error_context(request));
        if (!is_credential_refusal(response)) {
            co_return core::fail(std::move(error));
        }
        // A PAT that is given up stays so until a person stores one again. Unless the answer says why, one
        // odd answer (a sign-in page from a host that is being moved) is not reason enough: it must be
        // refused elsewhere too.
        bool const says_why = response.status == 401 && !may_lack_scope(response);
        if (token->scheme == core::AuthScheme::basic && request.scope != Scope::none && !says_why) {
            Probe const probe = co_await try_elsewhere(*token, ctx);
            if (probe == Probe::works && response.status == 401) {
                co_return core::fail(missing_scope(request.scope, response));
            }
            if (probe != Probe::refused) {
                co_return core::fail(std::move(error));
            }
        }
        if (first_refusal) {
            co_return core::fail(std::move(error));
        }
        core::log::warn("ado.credential_refused",
                        {{"organization", organization_.name()},
                         {"method", token->method},
                         {"status", response.status},
                         {"activity_id", error.activity_id()},
                         {"request_id", ctx.request_id}});
        first_refusal.emplace(std::move(error));
        first_was_pat = token->scheme == core::AuthScheme::basic;
        std::string const challenge = challenges_of(response);
        if (challenge.empty()) {
            tokens_->invalidate(*token);
        } else {
            tokens_->challenged(*token, challenge);
        }
    }
}

} // namespace ado
