#include "simulator/admin_world.hpp"

#include "simulator/managed_identity.hpp"

namespace simulator {
namespace {

Json identity_names(Identity const& identity) {
    Json json = {{"person", identity.person},
                 {"display_name", identity.display_name},
                 {"unique_name", identity.unique_name},
                 {"tenant_id", identity.tenant_id},
                 {"object_id", identity.object_id},
                 {"vss_id", identity.vss_id}};
    if (identity.is_application) {
        json["client_id"] = identity.client_id;
    }
    return json;
}

Json repository_names(Repository const& repository) {
    Json branches = Json::object();
    for (auto const& [name, commit] : repository.git.branches()) {
        branches[name] = commit->id;
    }
    Json tags = Json::object();
    for (auto const& [name, commit] : repository.git.tags()) {
        tags[name] = commit->id;
    }
    auto const tip = repository.git.branch(repository.default_branch);
    return {{"name", repository.name},
            {"id", repository.id},
            {"default_branch", repository.default_branch},
            {"disabled", repository.disabled},
            {"files", tip == nullptr ? 0 : tip->snapshot->files.size()},
            {"branches", branches},
            {"tags", tags}};
}

Json organization_names(State const& state, Organization const& organization) {
    Json projects = Json::array();
    for (auto const& project : organization.projects) {
        Json repositories = Json::array();
        for (auto const& repository : project.repositories) {
            if (!repository.is_wiki) {
                repositories.push_back(repository_names(repository));
            }
        }
        Json wikis = Json::array();
        for (auto const& wiki : project.wikis) {
            wikis.push_back({{"name", wiki.name}, {"id", wiki.id}, {"project_wiki", wiki.is_project_wiki}});
        }
        projects.push_back({{"name", project.name},
                            {"id", project.id},
                            {"process", project.process},
                            {"repositories", repositories},
                            {"wikis", wikis}});
    }
    Json pats = Json::object();
    for (auto const& pat : state.world->pats) {
        if (pat.organization == organization.name) {
            Json scopes = Json::array();
            for (auto const& scope : pat.scopes) {
                scopes.push_back(scope);
            }
            pats[pat.name] = {{"token", pat.token},
                              {"owner", pat.owner->unique_name},
                              {"scopes", scopes},
                              {"valid_to", iso_time(pat.valid_to)}};
        }
    }
    return {{"name", organization.name},
            {"id", organization.id},
            {"tenant_id", organization.tenant->id},
            {"pats", pats},
            {"projects", projects},
            {"work_items", organization.work_items.all().size()}};
}

/// Every token given out, for tests that look for them where they must not be.
Json issued_names(TokenRegistry const& tokens) {
    Json access_tokens = Json::array();
    for (auto const& [token, issued] : tokens.access_tokens) {
        access_tokens.push_back(token);
    }
    Json refresh_tokens = Json::array();
    for (auto const& [token, grant] : tokens.grants) {
        refresh_tokens.push_back(token);
    }
    for (auto const& [token, code] : tokens.refused_grants) {
        refresh_tokens.push_back(token);
    }
    Json device_codes = Json::array();
    for (auto const& [code, flow] : tokens.device_flows) {
        device_codes.push_back(code);
    }
    return {
        {"access_tokens", access_tokens}, {"refresh_tokens", refresh_tokens}, {"device_codes", device_codes}};
}

} // namespace

Json describe_world(State const& state) {
    auto const& world = *state.world;
    Json tenants = Json::array();
    for (auto const& tenant : world.tenants) {
        tenants.push_back({{"id", tenant.id}, {"name", tenant.name}, {"domain", tenant.domain}});
    }
    Json identities = Json::array();
    for (auto const& identity : world.identities) {
        identities.push_back(identity_names(identity));
    }
    Json applications = Json::array();
    for (auto const& application : world.applications) {
        Json federated = Json::array();
        for (auto const& credential : application.federated) {
            federated.push_back({{"issuer", credential.issuer},
                                 {"subject", credential.subject},
                                 {"audience", credential.audience}});
        }
        applications.push_back({{"name", application.name},
                                {"client_id", application.client_id},
                                {"home_tenant_id", application.home_tenant},
                                {"public", application.is_public},
                                {"secret", application.secret},
                                {"redirect_uris", application.redirect_uris},
                                {"federated_credentials", federated}});
    }
    Json managed = Json::array();
    for (auto const& identity : world.managed_identities) {
        managed.push_back({{"name", identity.name},
                           {"client_id", identity.client_id},
                           {"principal_id", identity.principal_id},
                           {"tenant_id", identity.tenant_id},
                           {"resource_id", identity.resource_id}});
    }
    Json organizations = Json::array();
    for (auto const& organization : world.organizations) {
        organizations.push_back(organization_names(state, organization));
    }
    return {{"seed", state.seed},
            {"home_tenant_id", world.home_tenant().id},
            {"customer_tenant_id", world.customer_tenant().id},
            {"agent_client_id", world.agent_application().client_id},
            {"public_client_id", world.applications[1].client_id},
            {"managed_identity_client_id", world.managed_identities[0].client_id},
            {"managed_identity_principal_id", world.managed_identities[0].principal_id},
            {"managed_identity_resource_id", world.managed_identities[0].resource_id},
            {"identity_header", kIdentityHeader},
            {"tls_thumbprint", state.settings.tls_thumbprint},
            {"tenants", tenants},
            {"identities", identities},
            {"applications", applications},
            {"managed_identities", managed},
            {"organizations", organizations},
            {"issued", issued_names(state.tokens)},
            {"known_queries",
             Json::array({{{"query", "reconnect_backoff"}, {"organization", "contoso"}, {"files", 5}},
                          {{"query", "reconnect_backoff"}, {"organization", "fabrikam"}, {"files", 5}},
                          {{"query", "reconnect_backoff"}, {"organization", "northwind"}, {"files", 5}},
                          {{"query", "oddity_needle"}, {"organization", "contoso"}, {"files", 7}}})}};
}

} // namespace simulator
