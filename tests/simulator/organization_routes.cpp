#include "simulator/git_json.hpp"
#include "simulator/locations.hpp"
#include "simulator/route.hpp"
#include "simulator/work_item_types.hpp"

#include <algorithm>

namespace simulator {
namespace {

constexpr std::string_view kAnonymousId = "aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa";

Json user_json(Call const& call) {
    auto const* identity = call.caller.identity;
    if (identity == nullptr) {
        return {
            {"id", kAnonymousId},
            {"descriptor", "System:PublicAccess;aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa"},
            {"subjectDescriptor", "sys.UHVibGljQWNjZXNzO2FhYWFhYWFhLWFhYWEtYWFhYS1hYWFhLWFhYWFhYWFhYWFhYQ"},
            {"providerDisplayName", "Anonymous"},
            {"isActive", true},
            {"properties", Json::object()},
            {"resourceVersion", 2},
            {"metaTypeId", 0}};
    }
    std::string const kind = identity->is_application
                                 ? "Microsoft.VisualStudio.Services.Claims.AadServicePrincipal;"
                                 : "Microsoft.IdentityModel.Claims.ClaimsIdentity;";
    std::string const account = identity->is_application ? identity->object_id : identity->unique_name;
    return {{"id", identity->vss_id},
            {"descriptor", kind + identity->tenant_id + "\\" + account},
            {"subjectDescriptor", identity->descriptor()},
            {"providerDisplayName", identity->display_name},
            {"customDisplayName", identity->display_name},
            {"isActive", true},
            {"properties", {{"Account", {{"$type", "System.String"}, {"$value", account}}}}},
            {"resourceVersion", 2},
            {"metaTypeId", 0}};
}

Reply connection_data(Call& call) {
    Json const user = user_json(call);
    Reply reply = json_reply({{"authenticatedUser", user},
                              {"authorizedUser", user},
                              {"instanceId", call.organization->id},
                              {"deploymentId", "ed30ce5c-9d0a-f73c-3580-4315c7f84d83"},
                              {"deploymentType", "hosted"},
                              {"locationServiceData",
                               {{"serviceOwner", "00025394-6065-48ca-87d9-7f5672854ef7"},
                                {"defaultAccessMappingMoniker", "PublicAccessMapping"},
                                {"lastChangeId", 424239147},
                                {"lastChangeId64", 424239147}}}});
    if (call.caller.anonymous()) {
        reply.with("X-VSS-ResourceTenant", call.organization->tenant->id);
    }
    return reply;
}

Reply projects(Call& call) {
    std::vector<Project const*> visible;
    for (auto const& project : call.organization->projects) {
        if (call.may_see(project)) {
            visible.push_back(&project);
        }
    }
    auto const& request = call.request;
    auto const top = static_cast<std::size_t>(std::max(1LL, request.int_param("$top", 100)));
    auto skip = static_cast<std::size_t>(std::max(0LL, request.int_param("$skip", 0)));
    if (request.has_param("continuationtoken")) {
        skip = static_cast<std::size_t>(std::max(0LL, request.int_param("continuationtoken", 0)));
    }
    Json list = Json::array();
    for (std::size_t i = skip; i < visible.size() && list.size() < top; ++i) {
        list.push_back(project_json(call, *visible[i]));
    }
    bool const more = skip + list.size() < visible.size();
    Reply reply = list_reply(list);
    if (more) {
        reply.with("X-MS-ContinuationToken", std::to_string(skip + list.size()));
    }
    return reply;
}

Reply one_project(Call& call) {
    auto const* project = call.organization->find_project(call.param("name"));
    if (project == nullptr || !call.may_see(*project)) {
        return project_not_found(call.param("name"));
    }
    Json json = project_json(call, *project);
    if (call.request.flag("includecapabilities")) {
        json["capabilities"] = {
            {"processTemplate",
             {{"templateName", project->process}, {"templateTypeId", process_template_id(project->process)}}},
            {"versioncontrol",
             {{"sourceControlType", "Git"}, {"gitEnabled", "True"}, {"tfvcEnabled", "False"}}}};
    }
    std::string const self = call.base_url + "/_apis/projects/" + project->id;
    json["_links"] = {
        {"self", {{"href", self}}},
        {"collection", {{"href", call.base_url + "/_apis/projectCollections/" + call.organization->id}}},
        {"web", {{"href", call.base_url + "/" + percent_encode(project->name)}}}};
    json["defaultTeam"] = {{"id", project->areas.identifier},
                           {"name", project->name + " Team"},
                           {"url", self + "/teams/" + project->areas.identifier}};
    return json_reply(json);
}

Json value_of(std::string_view text) {
    return {{"$type", "System.String"}, {"$value", text}};
}

Reply identities(Call& call) {
    auto const filter = call.request.param("filtervalue");
    auto const ids = lower(call.request.param("identityids"));
    auto const descriptors = call.request.param("subjectdescriptors");
    Json list = Json::array();
    for (auto const& member : call.organization->members) {
        auto const& identity = *member.identity;
        bool const by_text = !filter.empty() && (icontains(identity.display_name, filter) ||
                                                 istarts_with(identity.unique_name, filter));
        bool const by_id = !ids.empty() && ids.find(identity.vss_id) != std::string::npos;
        bool const by_descriptor =
            !descriptors.empty() && descriptors.find(identity.descriptor()) != std::string_view::npos;
        if (!by_text && !by_id && !by_descriptor) {
            continue;
        }
        list.push_back(
            {{"id", identity.vss_id},
             {"descriptor",
              "Microsoft.IdentityModel.Claims.ClaimsIdentity;" + identity.tenant_id + "\\" +
                  identity.unique_name},
             {"subjectDescriptor", identity.descriptor()},
             {"providerDisplayName", identity.display_name},
             {"isActive", true},
             {"members", Json::array()},
             {"memberOf", Json::array()},
             {"memberIds", Json::array()},
             {"properties",
              {{"SchemaClassName", value_of(identity.is_application ? "ServicePrincipal" : "User")},
               {"Domain", value_of(identity.tenant_id)},
               {"Account", value_of(identity.unique_name)},
               {"Mail", value_of(identity.is_application ? "" : identity.unique_name)},
               {"http://schemas.microsoft.com/identity/claims/objectidentifier",
                value_of(identity.object_id)}}},
             {"resourceVersion", 2},
             {"metaTypeId", 255}});
    }
    return list_reply(list);
}

} // namespace

std::vector<Route> organization_routes() {
    using S = Service;
    return {
        Route(S::core, "GET", "connectionData", "connectiondata", "", connection_data).preview().open(),
        Route(S::core, "GET", "ResourceAreas/{*area}", "resourceareas", "", resource_areas).preview().open(),
        {S::core, "GET", "projects", "projects", "vso.project", projects},
        {S::core, "GET", "projects/{name}", "project", "vso.project", one_project},
        {S::identity, "GET", "identities", "identities", "vso.identity", identities},
    };
}

} // namespace simulator
