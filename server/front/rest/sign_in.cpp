#include "server/front/rest/sign_in.hpp"

#include "core/json.hpp"
#include "core/text/percent_encoding.hpp"
#include "server/front/problem.hpp"
#include "server/front/rest/sign_in_page.hpp"

#include <nlohmann/json.hpp>

#include <optional>
#include <string>

namespace server {
namespace {

constexpr std::string_view kForm = "application/x-www-form-urlencoded";

core::Error invalid(std::string code, std::string message) {
    return core::Error(core::ErrorKind::invalid_argument, std::move(message))
        .with_code(std::move(code))
        .with_fix("Send JSON {\"organization\": …, \"tenant\": …}; tenant may be left out.");
}

core::Error nothing_came_back() {
    return core::Error(core::ErrorKind::invalid_argument, "This is not the answer to a sign-in.")
        .with_code("sign_in_unknown")
        .with_fix("Start the sign-in again.");
}

/// The member a name stands for; nullptr for one that is not ours.
std::string* member_of(SignInRequest& asked, std::string_view name) {
    if (name == "organization") {
        return &asked.organization;
    }
    if (name == "tenant") {
        return &asked.tenant;
    }
    if (name == "prompt") {
        return &asked.prompt;
    }
    return name == "login_hint" ? &asked.login_hint : nullptr;
}

core::Result<void> take_pairs(SignInRequest& asked, std::string_view encoded) {
    std::optional<core::QueryPairs> const pairs = core::parse_query(encoded);
    if (!pairs) {
        return core::fail(invalid("invalid_body", "The form or the query is not well-formed."));
    }
    for (auto const& [name, value] : *pairs) {
        if (std::string* const member = member_of(asked, name)) {
            *member = core::trim_ows(value);
        }
    }
    return {};
}

core::Result<void> take_json(SignInRequest& asked, std::string_view body) {
    core::JsonLimits limits;
    limits.max_depth = 4;
    core::Result<core::Json> const object = core::parse_json(body, limits);
    if (!object || !object->is_object()) {
        return core::fail(invalid("invalid_body", "The body is not a JSON object."));
    }
    for (auto const& [name, value] : object->items()) {
        std::string* const member = member_of(asked, name);
        if (member == nullptr || value.is_null()) {
            continue;
        }
        auto const* const text = value.get_ptr<std::string const*>();
        if (text == nullptr) {
            return core::fail(invalid("invalid_body", "'" + name + "' must be a string."));
        }
        *member = core::trim_ows(*text);
    }
    return {};
}

/// JSON or a form; the query may name them too.
core::Result<SignInRequest> read_request(InboundRequest const& request) {
    SignInRequest asked{std::string()};
    ADOMCPD_TRY_VOID(take_pairs(asked, request.query));
    std::string const type = request.media_type();
    if (type == kForm) {
        ADOMCPD_TRY_VOID(take_pairs(asked, request.body));
    } else if (type == "application/json" || type.ends_with("+json")) {
        ADOMCPD_TRY_VOID(take_json(asked, request.body));
    } else if (!request.body.empty()) {
        return core::fail(
            invalid("unsupported_media_type", "The body must be JSON or a form, said so by Content-Type.")
                .with_status(415));
    }
    if (asked.organization.empty()) {
        return core::fail(invalid("missing_organization", "The request names no organization."));
    }
    asked.principal = request.principal.id;
    return asked;
}

HttpReply refuse_request(core::Error const& error) {
    Problem problem = problem_of(error);
    if (error.status() == 415) {
        problem.status = 415;
    }
    return problem_reply(problem);
}

void put(core::Json& object, char const* name, std::string const& value) {
    if (!value.empty()) {
        object[name] = value;
    }
}

core::Json describe(SignInStatus const& status) {
    core::Json object = {{"flow_id", status.flow_id},
                         {"organization", status.organization},
                         {"state", to_string(status.state)},
                         {"expires_at", core::format_utc(status.expires_at)}};
    put(object, "tenant", status.tenant);
    if (status.state == SignInState::connected) {
        object["identity"] = status.identity;
        object["message"] = "Connected to Azure DevOps";
    }
    if (status.failure) {
        object["message"] = "Authentication Failed";
        object["reason"] = status.failure->message();
        put(object, "code", status.failure->code());
        put(object, "fix", status.failure->fix());
        put(object, "activity_id", status.failure->activity_id());
    }
    return object;
}

std::string& carrier_of(InboundRequest& request) {
    return request.method == "POST" ? request.body : request.query;
}

/// The answer as the browser brought it: in the query, or in a form (response_mode form_post).
std::optional<auth::AuthorizationAnswer> read_answer(InboundRequest& request) {
    if (request.method == "POST" && request.media_type() != kForm) {
        return std::nullopt;
    }
    return auth::read_authorization_answer(carrier_of(request));
}

void wipe_answer(InboundRequest& request) {
    std::string& carrier = carrier_of(request);
    core::wipe(carrier.data(), carrier.size());
    carrier.clear();
}

HttpReply nothing_here() {
    return problem_reply(Problem(404, "not_found", "There is nothing at this path."));
}

} // namespace

void SignInRoutes::add_to(RouteTable& routes) {
    static std::string const base = "/api/v1/azuredevops/auth";
    routes.add(Route(
        "POST", base + "/oauth/start", core::Role::administrator, [this](auto& request, auto const& ctx) {
            return start(request, ctx);
        }));
    routes.add(Route("GET",
                     base + "/oauth/flows/{flow_id}",
                     core::Role::administrator,
                     [this](auto& request, auto const& ctx) { return status(request, ctx); }));
    routes.add(Route("DELETE",
                     base + "/oauth/flows/{flow_id}",
                     core::Role::administrator,
                     [this](auto& request, auto const& ctx) { return cancel(request, ctx); }));
    routes.add(
        Route("POST", base + "/device", core::Role::administrator, [this](auto& request, auto const& ctx) {
            return start_device(request, ctx);
        }));
    add_callbacks_to(routes);
}

void SignInRoutes::add_callbacks_to(RouteTable& routes) {
    static std::string const path = "/api/v1/azuredevops/auth/oauth/callback";
    for (char const* const method : {"GET", "POST"}) {
        Route route(method, path, std::nullopt, [this](auto& request, auto const& ctx) {
            return callback(request, ctx);
        });
        // Anybody's page may send a browser here; without a state that we sealed it gets nowhere.
        route.any_origin = true;
        route.head = false; // a look must not use up what works once
        routes.add(std::move(route));
        Route root(method, "/", std::nullopt, [this](auto& request, auto const& ctx) {
            return at_root(request, ctx);
        });
        // Only the form_post response mode brings an Origin along: a GET that has one is no navigation.
        root.any_origin = root.method == "POST";
        root.head = false;
        routes.add(std::move(root));
    }
}

core::Task<HttpReply> SignInRoutes::start(InboundRequest& request, core::CallContext const& ctx) {
    core::Result<SignInRequest> asked = read_request(request);
    if (!asked) {
        co_return refuse_request(asked.error());
    }
    core::Result<SignInLink> const link = co_await sign_in_.start(std::move(*asked), ctx);
    if (!link) {
        co_return problem_reply(problem_of(link.error()));
    }
    core::Json const body = {{"flow_id", link->flow_id},
                             {"organization", link->organization},
                             {"tenant", link->tenant},
                             {"authorize_url", link->authorize_url},
                             {"redirect_uri", link->redirect_uri},
                             {"expires_at", core::format_utc(link->expires_at)}};
    co_return json_reply(200, body);
}

core::Task<HttpReply> SignInRoutes::start_device(InboundRequest& request, core::CallContext const& ctx) {
    core::Result<SignInRequest> asked = read_request(request);
    if (!asked) {
        co_return refuse_request(asked.error());
    }
    core::Result<DeviceSignIn> const shown = co_await sign_in_.start_device(std::move(*asked), ctx);
    if (!shown) {
        co_return problem_reply(problem_of(shown.error()));
    }
    core::Json body = {{"flow_id", shown->flow_id},
                       {"organization", shown->organization},
                       {"tenant", shown->tenant},
                       {"user_code", shown->user_code},
                       {"verification_uri", shown->verification_uri},
                       {"expires_at", core::format_utc(shown->expires_at)}};
    put(body, "message", shown->message);
    if (shown->pending_before) {
        body["already_pending"] = true;
    }
    co_return json_reply(200, body);
}

core::Task<HttpReply> SignInRoutes::status(InboundRequest& request, core::CallContext const& ctx) {
    std::string flow_id(request.parameter("flow_id"));
    core::Result<SignInStatus> const status = co_await sign_in_.status(std::move(flow_id), ctx);
    if (!status) {
        co_return problem_reply(problem_of(status.error()));
    }
    co_return json_reply(200, describe(*status));
}

core::Task<HttpReply> SignInRoutes::cancel(InboundRequest& request, core::CallContext const& ctx) {
    std::string flow_id(request.parameter("flow_id"));
    core::Result<SignInStatus> const status =
        co_await sign_in_.cancel(std::move(flow_id), request.principal.id, ctx);
    if (!status) {
        co_return problem_reply(problem_of(status.error()));
    }
    co_return json_reply(200, describe(*status));
}

core::Task<HttpReply> SignInRoutes::callback(InboundRequest& request, core::CallContext const& ctx) {
    std::optional<auth::AuthorizationAnswer> answer = read_answer(request);
    wipe_answer(request);
    if (!answer) {
        co_return failed_page(nothing_came_back());
    }
    HttpReply reply = co_await finish(std::move(*answer), ctx);
    co_return reply;
}

core::Task<HttpReply> SignInRoutes::at_root(InboundRequest& request, core::CallContext const& ctx) {
    std::optional<auth::AuthorizationAnswer> answer = read_answer(request);
    if (answer && sign_in_.knows(answer->state)) {
        wipe_answer(request);
        HttpReply reply = co_await finish(std::move(*answer), ctx);
        co_return reply;
    }
    if (root_ && request.method == "GET") {
        HttpReply reply = co_await root_(request, ctx);
        co_return reply;
    }
    co_return nothing_here();
}

core::Task<HttpReply> SignInRoutes::finish(auth::AuthorizationAnswer answer, core::CallContext const& ctx) {
    core::Result<SignInStatus> const outcome = co_await sign_in_.finish(std::move(answer), ctx);
    if (!outcome) {
        co_return failed_page(outcome.error());
    }
    if (outcome->failure) {
        co_return failed_page(*outcome->failure);
    }
    co_return connected_page(*outcome);
}

} // namespace server
