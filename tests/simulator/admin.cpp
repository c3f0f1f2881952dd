#include "simulator/admin.hpp"

#include "simulator/admin_wiki.hpp"
#include "simulator/admin_world.hpp"
#include "simulator/digest.hpp"
#include "simulator/entra_authority.hpp"

#include <algorithm>

namespace simulator {
namespace {

Reply admin_reply(Json const& value, int status = 200) {
    Reply reply = json_reply(value, status);
    reply.service_headers = false;
    return reply;
}

Reply refused(std::string_view message) {
    return admin_reply({{"error", message}}, 400);
}

/// Body and query as one object; numbers and truth values of the query are read as such.
std::optional<Json> arguments(Request const& request) {
    Json out = Json::object();
    if (!trim(request.body).empty()) {
        auto body = parse_json(request.body);
        if (!body.has_value() || !body->is_object()) {
            return std::nullopt;
        }
        out = std::move(*body);
    }
    for (auto const& [name, value] : request.query) {
        long long number = 0;
        if (to_int(value, number)) {
            out[name] = number;
        } else if (value == "true" || value == "false") {
            out[name] = value == "true";
        } else {
            out[name] = value;
        }
    }
    return out;
}

bool is_set(Json const& args, std::string_view name) {
    auto const found = args.find(std::string(name));
    return found != args.end() &&
           ((found->is_boolean() && found->get<bool>()) || (found->is_number() && *found != 0) ||
            (found->is_string() && found->get_ref<std::string const&>().empty()));
}

Json counter_map(std::map<std::string, long long> const& counts) {
    Json out = Json::object();
    for (auto const& [name, count] : counts) {
        out[name] = count;
    }
    return out;
}

Reply counts(State& state) {
    auto const& counters = state.counters;
    return admin_reply({{"total", counters.total},
                        {"requests", counter_map(counters.requests)},
                        {"statuses", counter_map(counters.statuses)},
                        {"tokens", counter_map(counters.tokens)},
                        {"organizations", counter_map(counters.organizations)},
                        {"connections", counters.connections},
                        {"tls_resumed", counters.tls_resumed},
                        {"in_flight", counters.in_flight},
                        {"peak_in_flight", counters.peak_in_flight}});
}

Reply faults(State& state, Request const& request, Json const& args) {
    if (request.method == "DELETE" || is_set(args, "clear")) {
        if (args.contains("id")) {
            return state.faults.remove(int_member(args, "id", 0)) ? admin_reply({{"removed", 1}})
                                                                  : refused("no such fault");
        }
        state.faults.clear();
        return admin_reply({{"removed", "all"}});
    }
    if (request.method == "GET" && !args.contains("action")) {
        return admin_reply({{"faults", state.faults.list()}, {"actions", FaultList::actions()}});
    }
    auto const id = state.faults.add(args);
    return id.has_value() ? admin_reply({{"id", *id}})
                          : refused("action must be one of " + join(FaultList::actions(), ", "));
}

Reply tokens(State& state, Json const& args) {
    auto& settings = state.settings;
    settings.access_token_lifetime_s = int_member(args, "lifetime_s", settings.access_token_lifetime_s);
    settings.managed_identity_lifetime_s =
        std::max(1LL, int_member(args, "managed_identity_lifetime_s", settings.managed_identity_lifetime_s));
    settings.refresh_in_s = int_member(args, "refresh_in_s", settings.refresh_in_s);
    settings.rotation = string_member(args, "rotation", settings.rotation);
    if (args.contains("cache_managed_identity_tokens")) {
        settings.cache_managed_identity_tokens = is_set(args, "cache_managed_identity_tokens");
    }
    if (is_set(args, "expire_all_access_tokens")) {
        state.tokens.expire_access_tokens(state.now());
    }
    state.tokens.revoked_with = static_cast<int>(int_member(args, "code", 50173));
    if (is_set(args, "revoke_grant") || is_set(args, "revoke_grants")) {
        for (auto const& [token, grant] : state.tokens.grants) {
            state.tokens.refused_grants[token] = state.tokens.revoked_with;
        }
        state.tokens.grants.clear();
    }
    if (is_set(args, "expire_grant") || is_set(args, "expire_grants")) {
        for (auto& [token, grant] : state.tokens.grants) {
            grant.expires = state.now() - std::chrono::seconds(1);
        }
    }
    return admin_reply({{"lifetime_s", settings.access_token_lifetime_s},
                        {"managed_identity_lifetime_s", settings.managed_identity_lifetime_s},
                        {"refresh_in_s", settings.refresh_in_s},
                        {"rotation", settings.rotation},
                        {"access_tokens", state.tokens.access_tokens.size()},
                        {"grants", state.tokens.grants.size()}});
}

/// Puts a new grant into the registry, for tests that start with a signed-in user.
Reply grant(State& state, Json const& args) {
    std::string const user = string_member(args, "user", state.settings.sign_in_user);
    auto const* identity = state.world->find_user_anywhere(user);
    if (identity == nullptr) {
        return refused("no such user");
    }
    Grant made;
    made.family = next_guid();
    made.client_id = string_member(args, "client_id", state.world->applications[1].client_id);
    made.person = identity->person;
    made.tenant_id = identity->tenant_id;
    made.scope = std::string(kAzureDevOpsResource) + "/user_impersonation openid profile offline_access";
    made.expires = state.now() + std::chrono::hours(24 * 90);
    std::string const token = "1.A" + random_token(120);
    state.tokens.grants[token] = made;
    return admin_reply({{"refresh_token", token},
                        {"client_id", made.client_id},
                        {"tenant_id", made.tenant_id},
                        {"object_id", identity->object_id},
                        {"unique_name", identity->unique_name}});
}

Reply device(State& state, std::string_view what, Json const& args) {
    if (what == "auto") {
        state.settings.device_auto_approve_after =
            int_member(args, "polls", state.settings.device_auto_approve_after);
        state.settings.device_interval_s = int_member(args, "interval_s", state.settings.device_interval_s);
        state.settings.device_expires_s = int_member(args, "expires_s", state.settings.device_expires_s);
        state.settings.sign_in_user = string_member(args, "user", state.settings.sign_in_user);
        if (args.contains("slow_down")) {
            state.settings.device_slow_down = is_set(args, "slow_down");
        }
        return admin_reply({{"polls", state.settings.device_auto_approve_after}});
    }
    std::string const code = string_member(args, "user_code");
    std::string const user = string_member(args, "user", state.settings.sign_in_user);
    int changed = 0;
    Json pending = Json::array();
    for (auto& [device_code, flow] : state.tokens.device_flows) {
        bool const wanted =
            flow.state == DeviceState::pending && (code.empty() || iequals(code, flow.user_code));
        if (!wanted) {
            continue;
        }
        pending.push_back(
            {{"user_code", flow.user_code}, {"client_id", flow.client_id}, {"polls", flow.polls}});
        if (what == "approve" || what == "decline") {
            auto const* identity = state.world->find_user_anywhere(user);
            if (identity == nullptr) {
                return refused("no such user");
            }
            flow.person = identity->person;
            flow.state = what == "approve" ? DeviceState::approved : DeviceState::declined;
            ++changed;
        }
    }
    return admin_reply({{"changed", changed}, {"flows", pending}});
}

Reply index(State& state, Json const& args) {
    auto& settings = state.settings;
    settings.index_lag = std::chrono::milliseconds(int_member(args, "lag_ms", settings.index_lag.count()));
    settings.work_item_index_lag =
        std::chrono::milliseconds(int_member(args, "work_item_lag_ms", settings.work_item_index_lag.count()));
    if (is_set(args, "flush")) {
        state.search->flush();
        for (auto& organization : state.world->organizations) {
            for (auto& [id, item] : organization.work_items.all()) {
                item.indexed_at = std::min(item.indexed_at, state.now());
            }
        }
    }
    state.search->info_code = static_cast<int>(int_member(args, "info_code", state.search->info_code));
    std::string const mode = string_member(args, "offset_mode");
    if (!mode.empty()) {
        state.search->offset_mode = mode == "bom_counted"   ? OffsetMode::bom_counted
                                    : mode == "crlf_as_one" ? OffsetMode::crlf_as_one
                                                            : OffsetMode::plain;
    }
    if (auto* organization = state.world->find_organization(string_member(args, "organization"))) {
        if (args.contains("code_search_installed")) {
            organization->code_search_installed = is_set(args, "code_search_installed");
        }
        organization->code_search_missing_status =
            static_cast<int>(int_member(args, "missing_status", organization->code_search_missing_status));
        if (args.contains("stopped")) {
            organization->stopped = is_set(args, "stopped");
        }
    }
    state.search->forget_answers();
    return admin_reply({{"lag_ms", settings.index_lag.count()}, {"info_code", state.search->info_code}});
}

Reply push(State& state, Json const& args) {
    auto* organization = state.world->find_organization(string_member(args, "organization", "contoso"));
    std::string const project_name = string_member(args, "project");
    auto* project =
        organization == nullptr || project_name.empty() ? nullptr : organization->find_project(project_name);
    auto* repository = organization == nullptr
                           ? nullptr
                           : organization->find_repository(string_member(args, "repository"), project);
    std::string path = string_member(args, "path");
    if (repository == nullptr || path.empty()) {
        return refused("push needs organization, repository and path");
    }
    if (!path.starts_with('/')) {
        path.insert(0, "/");
    }
    std::string const branch = string_member(args, "branch", repository->default_branch);
    std::optional<std::string> content;
    if (!is_set(args, "delete")) {
        content = string_member(args, "content");
        if (args.contains("content_base64")) {
            content = base64_decode(string_member(args, "content_base64")).value_or("");
        }
    }
    Author const author{"Bo Nilsson", "bo.nilsson@contoso.example"};
    std::string const message = string_member(args, "message", "Change " + path);
    FileChanges const changes{{path, content}};
    auto const commit = is_set(args, "force")
                            ? repository->git.rewrite(branch, changes, author, message, state.now())
                            : repository->git.commit(
                                  branch, changes, author, message, state.now(), repository->default_branch);
    state.search->note_push(*repository, branch, state.now() + state.settings.index_lag);
    return admin_reply({{"commit", commit->id}, {"branch", branch}});
}

Reply work_items(State& state, Json const& args) {
    std::string const title = string_member(args, "title");
    std::string const tag = string_member(args, "tag");
    std::string const only = string_member(args, "organization");
    Json list = Json::array();
    for (auto const& organization : state.world->organizations) {
        if (!only.empty() && !iequals(only, organization.name)) {
            continue;
        }
        for (auto const& [id, item] : organization.work_items.all()) {
            bool const wanted = (title.empty() || item.text("System.Title") == title) &&
                                (tag.empty() || icontains(item.text("System.Tags"), tag));
            if (!item.deleted && wanted) {
                Json texts = Json::array();
                for (auto const& comment : item.comments) {
                    texts.push_back(comment.text);
                }
                list.push_back({{"organization", organization.name},
                                {"comment_texts", texts},
                                {"project", item.project->name},
                                {"id", id},
                                {"rev", item.rev},
                                {"type", item.type},
                                {"title", item.text("System.Title")},
                                {"state", item.text("System.State")},
                                {"tags", item.text("System.Tags")},
                                {"comments", item.comments.size()},
                                {"relations", item.relations.size()},
                                {"created_by", item.text("System.CreatedBy")}});
            }
        }
    }
    return admin_reply({{"count", list.size()}, {"work_items", list}});
}

/// A client assertion with claims of the caller's choice, signed by the authority (or, forged, by a key it
/// does not know).
Reply assertion(State& state, Json const& args) {
    auto const& identity = state.world->managed_identities[0];
    auto const now = unix_seconds(state.now());
    auto const lifetime = int_member(args, "lifetime_s", 3600);
    Json claims = {
        {"iss",
         string_member(args, "issuer", "https://login.microsoftonline.com/" + identity.tenant_id + "/v2.0")},
        {"sub", string_member(args, "subject", identity.principal_id)},
        {"aud", string_member(args, "audience", kExchangeAudienceId)},
        {"iat", now},
        {"nbf", std::min(now, now + lifetime) - 1},
        {"exp", now + lifetime}};
    if (args.contains("scp")) {
        claims["scp"] = string_member(args, "scp");
    }
    auto const& key = is_set(args, "forged") ? state.keys.foreign() : state.keys.current();
    return admin_reply({{"assertion", key.sign(claims)}});
}

Reply settings(State& state, Json const& args) {
    auto& s = state.settings;
    s.latency = std::chrono::milliseconds(int_member(args, "latency_ms", s.latency.count()));
    s.sign_in_user = string_member(args, "sign_in_user", s.sign_in_user);
    if (args.contains("authorize_error")) {
        s.authorize_error = string_member(args, "authorize_error");
    }
    s.authorize_code = static_cast<int>(int_member(args, "authorize_code", s.authorize_code));
    return admin_reply({{"latency_ms", s.latency.count()},
                        {"sign_in_user", s.sign_in_user},
                        {"authorize_error", s.authorize_error},
                        {"authorize_code", s.authorize_code}});
}

Reply clock(State& state, Json const& args) {
    state.shift_clock(std::chrono::seconds(int_member(args, "advance_s", 0)));
    return admin_reply({{"now", iso_time(state.now())}});
}

Reply reset(State& state, Json const& args) {
    std::string const what = string_member(args, "what", "all");
    bool const all = what == "all";
    if (all || what == "counts") {
        long long const now = state.counters.in_flight; // requests under way end later
        state.counters = Counters();
        state.counters.in_flight = now;
    }
    if (all || what == "faults") {
        state.faults.clear();
    }
    if (all || what == "settings") {
        state.settings = state.initial_settings;
    }
    if (all || what == "world") {
        state.rebuild_world();
    }
    if (what == "grants" || is_set(args, "grants")) {
        state.tokens.clear();
    }
    return admin_reply({{"reset", what}});
}

} // namespace

Reply admin_request(State& state, Request const& request) {
    std::string const path = join({request.segments.begin() + 1, request.segments.end()}, "/");
    auto const args = arguments(request);
    if (!args.has_value()) {
        return refused("the body is not a JSON object");
    }
    if (path == "counts") {
        return counts(state);
    }
    if (path == "faults") {
        return faults(state, request, *args);
    }
    if (path == "faults/clear") {
        state.faults.clear();
        return admin_reply({{"removed", "all"}});
    }
    if (path == "tokens") {
        return tokens(state, *args);
    }
    if (path == "grant") {
        return grant(state, *args);
    }
    if (path == "device" || path.starts_with("device/")) {
        return device(state, path == "device" ? "" : std::string_view(path).substr(7), *args);
    }
    if (path == "index") {
        return index(state, *args);
    }
    if (path == "wiki") {
        return fill_wiki(state, *args);
    }
    if (path == "push") {
        return push(state, *args);
    }
    if (path == "world") {
        return admin_reply(describe_world(state));
    }
    if (path == "work-items") {
        return work_items(state, *args);
    }
    if (path == "assertion") {
        return assertion(state, *args);
    }
    if (path == "settings") {
        return settings(state, *args);
    }
    if (path == "clock") {
        return clock(state, *args);
    }
    if (path == "reset") {
        return reset(state, *args);
    }
    return admin_reply({{"error", "no such admin path"},
                        {"paths",
                         {"counts",
                          "faults",
                          "faults/clear",
                          "tokens",
                          "grant",
                          "device",
                          "device/approve",
                          "device/decline",
                          "device/auto",
                          "index",
                          "push",
                          "wiki",
                          "world",
                          "work-items",
                          "assertion",
                          "settings",
                          "clock",
                          "reset"}}},
                       404);
}

} // namespace simulator
