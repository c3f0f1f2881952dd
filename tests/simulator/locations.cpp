#include "simulator/locations.hpp"

#include "simulator/access.hpp"
#include "simulator/api_version.hpp"

#include <array>

namespace simulator {
namespace {

class Location {
public:
    std::string_view id;
    std::string_view area;
    std::string_view resource;
    std::string_view route_template;
    int resource_version = 1;
    std::string_view released = "7.1";
};

constexpr std::array kCore = {
    Location{"603fe2ac-9723-48b9-88ad-09305aa6c6e1", "core", "projects", "_apis/{resource}/{*projectId}", 4},
    Location{"7b28e929-2c99-405d-9c5c-6167a06e6816",
             "git",
             "blobs",
             "{project}/_apis/{area}/repositories/{repositoryId}/{resource}/{sha1}"},
    Location{"d5b216de-d8d5-4d32-ae76-51df755b16d3",
             "git",
             "branchStats",
             "{project}/_apis/{area}/repositories/{repositoryId}/stats/branches",
             2},
    Location{"5bf884f5-3e07-42e9-afb8-1b872267bf16",
             "git",
             "changes",
             "{project}/_apis/{area}/repositories/{repositoryId}/commits/{commitId}/{resource}"},
    Location{"615588d5-c0c7-4b88-88f8-e625306446e8",
             "git",
             "commitDiffs",
             "{project}/_apis/{area}/repositories/{repositoryId}/diffs/commits"},
    Location{"c2570c3b-5b3f-41b8-98bf-5407bfde8d58",
             "git",
             "commits",
             "{project}/_apis/{area}/repositories/{repositoryId}/{resource}/{commitId}",
             2},
    Location{"fb93c0db-47ed-4a31-8c20-47552878fb44",
             "git",
             "items",
             "{project}/_apis/{area}/repositories/{repositoryId}/{resource}/{*path}"},
    Location{"630fd2e4-fb88-4f85-ad21-13f3fd1fbca9",
             "git",
             "itemsBatch",
             "{project}/_apis/{area}/repositories/{repositoryId}/{resource}"},
    Location{"2d874a60-a811-4f62-9c9f-963a6ea0a55b",
             "git",
             "refs",
             "{project}/_apis/{area}/repositories/{repositoryId}/{resource}/{*filter}",
             2},
    Location{"225f7195-f9c7-4d14-ab28-a83f7ff77e1f",
             "git",
             "repositories",
             "{project}/_apis/{area}/{resource}/{repositoryId}"},
    Location{"729f6437-6f92-44ec-8bee-273a7111063c",
             "git",
             "trees",
             "{project}/_apis/{area}/repositories/{repositoryId}/{resource}/{sha1}"},
    Location{
        "00d9565f-ed9c-4a06-9a50-00e7896ccab4", "Location", "ConnectionData", "_apis/{resource}", 1, "0.0"},
    Location{"e81700f7-3be2-46de-8624-2eb35882fcaa",
             "Location",
             "ResourceAreas",
             "_apis/{resource}/{areaId}",
             1,
             "0.0"},
    Location{"25d3fbc7-fe3d-46cb-b5a5-0b6f79caf27b",
             "wiki",
             "pages",
             "{project}/_apis/{area}/wikis/{wikiIdentifier}/{resource}/{*path}"},
    Location{"ceddcf75-1068-452d-8b13-2d4d76e1f970",
             "wiki",
             "pages",
             "{project}/_apis/{area}/wikis/{wikiIdentifier}/{resource}/{id}"},
    Location{"71323c46-2592-4398-8771-ced73dd87207",
             "wiki",
             "pagesBatch",
             "{project}/_apis/{area}/wikis/{wikiIdentifier}/{resource}"},
    Location{"288d122c-dbd4-451d-aa5f-7dbbba070728",
             "wiki",
             "wikis",
             "{project}/_apis/{area}/{resource}/{wikiIdentifier}",
             2},
    Location{"5a172953-1b41-49d3-840a-33f79c3ce89f",
             "wit",
             "classificationNodes",
             "{project}/_apis/{area}/{resource}/{structureGroup}/{*path}",
             2},
    Location{"a70579d1-f53a-48ee-a5be-7be8659023b9",
             "wit",
             "classificationNodes",
             "{project}/_apis/{area}/{resource}",
             2},
    Location{"608aac0a-32e1-4493-a863-b9cf4566d257",
             "wit",
             "comments",
             "{project}/_apis/wit/workItems/{workItemId}/comments/{commentId}",
             4,
             "0.0"},
    Location{"b51fd764-e5c2-4b9b-aaf7-3395cf4bdd94",
             "wit",
             "fields",
             "{project}/_apis/{area}/{resource}/{fieldNameOrRefName}",
             3},
    Location{"a00c85a5-80fa-4565-99c3-bcd2181434bb",
             "wit",
             "revisions",
             "{project}/_apis/{area}/workItems/{id}/revisions/{revisionNumber}",
             3},
    Location{
        "1a9c53f7-f243-4447-b110-35ef023636e4", "wit", "wiql", "{project}/{team}/_apis/{area}/{resource}", 2},
    Location{"f5d33bc9-5b49-4a3c-a9bd-f3cd46dd2165",
             "wit",
             "workItemRelationTypes",
             "_apis/{area}/{resource}/{relation}",
             2},
    Location{"62d3d110-0047-428c-ad3c-4fe872c91c74",
             "wit",
             "workItems",
             "{project}/_apis/{area}/{resource}/${type}",
             3},
    Location{"72c7ddf8-2cdc-4f60-90cd-ab71c14a399b",
             "wit",
             "workItems",
             "{project}/_apis/{area}/{resource}/{id}",
             3},
    Location{
        "908509b6-4248-4475-a1cd-829139ba419f", "wit", "workItemsBatch", "{project}/_apis/{area}/{resource}"},
    Location{"7c8d7a76-4a09-43e8-b5df-bd792f4ac6aa",
             "wit",
             "workItemTypes",
             "{project}/_apis/{area}/{resource}/{type}",
             2},
    Location{"bd293ce5-3d25-4192-8e67-e8092e879efb",
             "wit",
             "workItemTypesField",
             "{project}/_apis/{area}/workitemtypes/{type}/fields/{field}",
             3},
    Location{"7c9d7a76-4a09-43e8-b5df-bd792f4ac6aa",
             "wit",
             "workItemTypeStates",
             "{project}/_apis/{area}/workitemtypes/{type}/states"},
};

constexpr std::array kSearch = {
    Location{"e7f29993-5b82-4fca-9386-f5cfe683d524",
             "search",
             "codeSearchResults",
             "{project}/_apis/{area}/{resource}"},
    Location{"e90e7664-7049-4100-9a86-66b161d81080",
             "search",
             "wikiSearchResults",
             "{project}/_apis/{area}/{resource}"},
    Location{"73b2c9e2-ff9e-4447-8cda-5f5b21ff7cae",
             "search",
             "workItemSearchResults",
             "{project}/_apis/{area}/{resource}"},
    Location{"1f60303c-7261-4387-80f1-742a2ecf2964",
             "search",
             "repositories",
             "{project}/_apis/{area}/status/{resource}/{repository}"},
};

constexpr std::array kIdentity = {
    Location{"28010c54-d0c0-4c89-a5b0-1c9e188b9fb7", "IMS", "Identities", "_apis/{resource}/{identityId}"},
    Location{
        "00d9565f-ed9c-4a06-9a50-00e7896ccab4", "Location", "ConnectionData", "_apis/{resource}", 1, "0.0"},
    Location{"e81700f7-3be2-46de-8624-2eb35882fcaa",
             "Location",
             "ResourceAreas",
             "_apis/{resource}/{areaId}",
             1,
             "0.0"},
};

class Area {
public:
    std::string_view id;
    std::string_view name;
    Service service;
};

constexpr std::array kAreas = {
    Area{"79134c72-4a58-4b42-976c-04e7115f32bf", "core", Service::core},
    Area{"5264459e-e5e0-4bd8-b118-0985e68a4ec5", "wit", Service::core},
    Area{"4e080c62-fa21-4fbc-8fef-2a10a2b38049", "git", Service::core},
    Area{"bf7d82a0-8aa5-4613-94ef-6172a5ea01f3", "wiki", Service::core},
    Area{"ea48a0a1-269c-42d8-b8ad-ddc8fcdcf578", "search", Service::search},
    Area{"8a3d49b8-91f0-46ef-b33d-dda338c25db3", "IMS", Service::identity},
    Area{"fc3682be-3d6c-427a-87c8-e527b16a1d05", "Identity", Service::identity},
    Area{"0d55247a-1c47-4462-9b1f-5e2125590ee6", "Account", Service::identity},
};

Json location_json(Location const& location) {
    return {{"id", location.id},
            {"area", location.area},
            {"resourceName", location.resource},
            {"routeTemplate", location.route_template},
            {"resourceVersion", location.resource_version},
            {"minVersion", "1.0"},
            {"maxVersion", "7.2"},
            {"releasedVersion", location.released}};
}

/// Where the caller finds a service: the real names when it came by them, else this same address.
std::string location_url(Call const& call, Service service) {
    bool const cloud = call.base_url.starts_with("https://dev.azure.com/");
    std::string const name = call.organization->name;
    if (cloud && service != Service::core) {
        return (service == Service::search ? "https://almsearch.dev.azure.com/"
                                           : "https://vssps.dev.azure.com/") +
               name + "/";
    }
    return call.base_url + "/";
}

Json area_json(Call const& call, Area const& area) {
    return {{"id", area.id}, {"name", area.name}, {"locationUrl", location_url(call, area.service)}};
}

} // namespace

Reply locations(Call const& call, Service service, std::size_t api_at) {
    bool const one_address = !call.base_url.starts_with("https://dev.azure.com/");
    bool const one_area = call.request.segments.size() > api_at + 1;
    std::string const area = one_area ? call.request.segments[api_at + 1] : "";
    Json list = Json::array();
    auto const add = [&](auto const& table) {
        for (auto const& location : table) {
            if (!one_area || iequals(location.area, area)) {
                list.push_back(location_json(location));
            }
        }
    };
    // Behind one address all services answer together.
    if (one_address || service == Service::core) {
        add(kCore);
    }
    if (one_address || service == Service::search) {
        add(kSearch);
    }
    if (one_address || service == Service::identity) {
        add(kIdentity);
    }
    return list_reply(list, true);
}

Reply resource_areas(Call& call) {
    std::string const wanted = call.param("area").empty() ? "" : call.param("area").substr(1);
    Json list = Json::array();
    for (auto const& area : kAreas) {
        if (wanted.empty()) {
            list.push_back(area_json(call, area));
        } else if (iequals(area.id, wanted)) {
            return json_reply(area_json(call, area));
        }
    }
    return wanted.empty() ? list_reply(list) : json_reply(nullptr);
}

Reply account_request(Call& call, RouteKey& key) {
    auto const& request = call.request;
    auto const is = [&](std::vector<std::string> const& path) {
        if (request.segments.size() != path.size()) {
            return false;
        }
        for (std::size_t i = 0; i < path.size(); ++i) {
            if (!iequals(request.segments[i], path[i])) {
                return false;
            }
        }
        return true;
    };
    bool const profile = is({"_apis", "profile", "profiles", "me"});
    bool const accounts = is({"_apis", "accounts"});
    key.route = profile ? "profile" : accounts ? "accounts" : "unknown";
    if (!profile && !accounts) {
        return no_controller("/" + join(request.segments, "/"));
    }
    // Not a matter of one organization: any that knows the caller will do.
    Route const route(Service::identity, "GET", "", key.route, "vso.profile", nullptr);
    Json list = Json::array();
    std::optional<Reply> refusal;
    for (auto& organization : call.state.world->organizations) {
        Call attempt(call.state, request);
        attempt.organization = &organization;
        auto refused = authenticate(attempt, route);
        if (refused.has_value() || attempt.caller.anonymous() || !attempt.caller.has_scope(route.scope)) {
            refusal = refused.has_value() ? refused : std::optional<Reply>(missing_scope());
            continue;
        }
        call.caller = attempt.caller;
        list.push_back({{"accountId", organization.id},
                        {"accountUri", "https://vssps.dev.azure.com:443/" + organization.name + "/"},
                        {"accountName", organization.name},
                        {"properties", Json::object()}});
    }
    if (list.empty()) {
        return *refusal;
    }
    Reply reply = accounts ? list_reply(list)
                           : json_reply({{"displayName", call.caller.identity->display_name},
                                         {"publicAlias", call.caller.identity->vss_id},
                                         {"emailAddress", call.caller.identity->unique_name},
                                         {"coreRevision", 1},
                                         {"timeStamp", iso_time(call.state.now())},
                                         {"id", call.caller.identity->vss_id},
                                         {"revision", 1}});
    return reply;
}

} // namespace simulator
