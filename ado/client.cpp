#include "ado/client.hpp"

#include "ado/classification.hpp"
#include "ado/fetch.hpp"
#include "ado/projects.hpp"
#include "ado/readers.hpp"
#include "ado/routes.hpp"
#include "ado/work_items.hpp"
#include "core/text/percent_encoding.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <iterator>
#include <utility>

namespace ado {
namespace {

constexpr std::size_t kMaxSearchTop = 1000;
constexpr std::size_t kMaxSearchSkip = 1000;
constexpr std::size_t kMaxBatch = 200;
constexpr std::size_t kProjectPage = 200;
constexpr std::size_t kMaxProjects = 10'000;
/// The deepest tree the service allows.
constexpr std::size_t kAreaDepth = 14;

core::Error bad_argument(std::string message) {
    return core::Error(core::ErrorKind::invalid_argument, std::move(message)).with_not_sent();
}

core::Json filters_of(CodeSearchRequest const& request) {
    core::Json filters = core::Json::object();
    auto const put = [&filters](char const* name, std::vector<std::string> const& values) {
        if (!values.empty()) {
            filters[name] = values;
        }
    };
    put("Project", request.projects);
    put("Repository", request.repositories);
    put("Branch", request.branches);
    put("Path", request.paths);
    put("CodeElement", request.code_elements);
    return filters;
}

std::string body_of(CodeSearchRequest const& request) {
    core::Json body = core::Json::object();
    body["searchText"] = request.text;
    body["$skip"] = request.skip;
    body["$top"] = std::clamp<std::size_t>(request.top, 1, kMaxSearchTop);
    body["filters"] = filters_of(request);
    body["includeFacets"] = false;
    body["includeSnippet"] = true;
    return core::dump_json(body);
}

/// A hit may name several branches with the same content: the one that was asked for is the one to show.
void prefer_branches(CodeSearchPage& page, std::vector<std::string> const& branches) {
    for (CodeSearchHit& hit : page.hits) {
        auto const wanted =
            std::find_if(hit.versions.begin(), hit.versions.end(), [&branches](CodeVersion const& version) {
                return std::find(branches.begin(), branches.end(), version.branch) != branches.end();
            });
        if (wanted != hit.versions.end()) {
            hit.branch = wanted->branch;
            hit.commit = wanted->commit;
        }
    }
}

/// One file or folder; `options` are further parameters.
ApiRequest item_request(std::string target,
                        std::string const& path,
                        std::string_view options,
                        VersionDescriptor const& version) {
    target += "/items?path=";
    core::append_percent_encoded(target, path);
    target += options;
    append_version(target, "versionDescriptor.", version);
    return ApiRequest("GET", Service::core, std::move(target), Scope::code_read);
}

} // namespace

std::string quote_wiql(std::string_view text) {
    std::string quoted = "'";
    for (char const c : text) {
        quoted += c;
        if (c == '\'') {
            quoted += c;
        }
    }
    quoted += '\'';
    return quoted;
}

void ClientLimits::use_version(std::string const& version) {
    constexpr std::string_view kNewest = "7.1";
    api_version = version;
    connection_data_version = version + "-preview.1";
    comments_version = version + (version == kNewest ? "-preview.4"
                                  : version == "5.0" ? "-preview.2"
                                                     : "-preview.3");
    // Before 2022.1 a Server's search is a preview throughout.
    search_version = version == kNewest ? std::string() : version + "-preview.1";
}

Client::Client(Organization organization,
               core::HttpClient& http,
               core::TokenSource& tokens,
               Throttle& throttle,
               core::Clock& clock,
               ClientLimits limits,
               core::BlockingPool* pool)
    : transport_(std::move(organization), http, tokens, throttle, clock, std::move(limits), pool) {}

core::Task<core::Result<ConnectionData>> Client::connection_data(core::CallContext const& ctx) const {
    ApiRequest request("GET", Service::core, "/_apis/connectionData", Scope::none);
    request.api_version = transport_.limits().connection_data_version;
    CO_TRY(ConnectionData data, co_await transport_.fetch(request, &read_connection_data, ctx));
    if (!data.authenticated) {
        co_return core::fail(
            core::Error(core::ErrorKind::unauthorized,
                        "Azure DevOps does not recognise the credential for the organization " +
                            organization().name() + " and treats the caller as anonymous")
                .with_code("anonymous")
                .with_fix("Sign in again or store a new personal access token.")
                .with_not_sent());
    }
    co_return data;
}

core::Task<core::Result<std::vector<Project>>> Client::list_projects(core::CallContext const& ctx) const {
    std::vector<Project> projects;
    std::string continuation;
    do {
        std::string path = "/_apis/projects?stateFilter=wellFormed&$top=" + std::to_string(kProjectPage);
        if (!continuation.empty()) {
            path += "&continuationToken=" + core::percent_encode(continuation);
        }
        ApiRequest const request("GET", Service::core, std::move(path), Scope::project_read);
        CO_TRY(core::HttpResponse const response, co_await transport_.send(request, ctx));
        CO_TRY(std::vector<Project> page,
               parse_and_read(response.body, transport_.limits().response_bytes, &read_projects));
        continuation = std::string(response.headers.get("X-MS-ContinuationToken").value_or(""));
        if (page.empty()) {
            break;
        }
        projects.insert(
            projects.end(), std::make_move_iterator(page.begin()), std::make_move_iterator(page.end()));
    } while (!continuation.empty() && projects.size() < kMaxProjects);
    co_return projects;
}

core::Task<core::Result<CodeSearchPage>> Client::search_code(CodeSearchRequest const& search,
                                                             core::CallContext const& ctx) const {
    if (!search.repositories.empty() && search.projects.empty()) {
        core::Error error = bad_argument("a repository filter needs its project as well");
        co_return core::fail(std::move(error).with_fix("Name the project the repository is in."));
    }
    if (search.skip > kMaxSearchSkip) {
        core::Error error = bad_argument("code search reaches the first 2000 files only");
        co_return core::fail(std::move(error).with_fix("Narrow the query instead of paging further."));
    }
    std::string const route =
        search.projects.size() == 1 ? project_route(search.projects.front()) : std::string();
    ApiRequest request("POST", Service::search, route + "/_apis/search/codesearchresults", Scope::code_read);
    request.body = body_of(search);
    request.code_search = true;
    request.api_version = transport_.limits().search_version;
    CO_TRY(CodeSearchPage page, co_await transport_.fetch(request, &read_code_search_page, ctx));
    prefer_branches(page, search.branches);
    co_return page;
}

core::Task<core::Result<RepositoryIndexStatus>> Client::get_repository_index_status(
    std::string const& project, std::string const& repository, core::CallContext const& ctx) const {
    std::string path =
        project_route(project) + "/_apis/search/status/repositories/" + core::percent_encode(repository);
    ApiRequest request("GET", Service::search, std::move(path), Scope::code_read);
    request.api_version = transport_.limits().search_version;
    co_return co_await transport_.fetch(request, &read_index_status, ctx);
}

core::Task<core::Result<FileItem>> Client::get_item(std::string const& project,
                                                    std::string const& repository,
                                                    std::string const& path,
                                                    VersionDescriptor const& version,
                                                    core::CallContext const& ctx) const {
    ApiRequest const request =
        item_request(repository_route(project, repository),
                     path,
                     "&includeContent=true&includeContentMetadata=true&resolveLfs=false",
                     version);
    co_return co_await transport_.fetch_text(request, &read_file_item, ctx);
}

core::Task<core::Result<FileItem>> Client::get_item_info(std::string const& project,
                                                         std::string const& repository,
                                                         std::string const& path,
                                                         VersionDescriptor const& version,
                                                         core::CallContext const& ctx) const {
    ApiRequest const request =
        item_request(repository_route(project, repository), path, "&includeContentMetadata=true", version);
    co_return co_await transport_.fetch_text(request, &read_file_item, ctx);
}

core::Task<core::Result<std::string>> Client::get_blob(std::string const& project,
                                                       std::string const& repository,
                                                       std::string const& object_id,
                                                       core::CallContext const& ctx) const {
    ApiRequest request("GET",
                       Service::core,
                       repository_route(project, repository) + "/blobs/" + core::percent_encode(object_id) +
                           "?$format=octetStream",
                       Scope::code_read);
    request.bytes = true;
    CO_TRY(core::HttpResponse response, co_await transport_.send(request, ctx));
    co_return std::move(response.body);
}

core::Task<core::Result<Repository>> Client::get_repository(std::string const& project,
                                                            std::string const& repository,
                                                            core::CallContext const& ctx) const {
    ApiRequest const request("GET", Service::core, repository_route(project, repository), Scope::code_read);
    co_return co_await transport_.fetch(request, &read_repository, ctx);
}

core::Task<core::Result<std::vector<Repository>>>
Client::list_repositories(std::string const& project, core::CallContext const& ctx) const {
    ApiRequest const request(
        "GET", Service::core, project_route(project) + "/_apis/git/repositories", Scope::code_read);
    co_return co_await transport_.fetch(request, &read_repositories, ctx);
}

core::Task<core::Result<WorkItem>> Client::get_work_item(std::int64_t id,
                                                         core::CallContext const& ctx) const {
    ApiRequest const request("GET",
                             Service::core,
                             "/_apis/wit/workitems/" + std::to_string(id) + "?$expand=all",
                             Scope::work_read);
    co_return co_await transport_.fetch(request, &read_work_item, ctx);
}

core::Task<core::Result<std::vector<WorkItem>>> Client::get_work_items(std::vector<std::int64_t> const& ids,
                                                                       std::vector<std::string> const& fields,
                                                                       core::CallContext const& ctx) const {
    if (ids.empty()) {
        co_return std::vector<WorkItem>();
    }
    if (ids.size() > kMaxBatch) {
        co_return core::fail(bad_argument("at most 200 work items can be read at once"));
    }
    core::Json body = core::Json::object();
    body["ids"] = ids;
    body["errorPolicy"] = "omit";
    if (!fields.empty()) {
        body["fields"] = fields;
    }
    ApiRequest request("POST", Service::core, "/_apis/wit/workitemsbatch", Scope::work_read);
    request.body = core::dump_json(body);
    co_return co_await transport_.fetch(request, &read_work_items, ctx);
}

core::Task<core::Result<std::vector<std::int64_t>>> Client::query_wiql(WiqlQuery const& query,
                                                                       core::CallContext const& ctx) const {
    std::string path = project_route(query.project) + "/_apis/wit/wiql?$top=" + std::to_string(query.top);
    if (query.time_precision) {
        path += "&timePrecision=true";
    }
    core::Json body = core::Json::object();
    body["query"] = query.query;
    ApiRequest request("POST", Service::core, std::move(path), Scope::work_read);
    request.body = core::dump_json(body);
    co_return co_await transport_.fetch(request, &read_wiql_ids, ctx);
}

core::Task<core::Result<std::vector<WorkItemType>>>
Client::list_work_item_types(std::string const& project, core::CallContext const& ctx) const {
    ApiRequest const request(
        "GET", Service::core, project_route(project) + "/_apis/wit/workitemtypes", Scope::work_read);
    co_return co_await transport_.fetch(request, &read_work_item_types, ctx);
}

core::Task<core::Result<std::vector<std::string>>>
Client::list_area_paths(std::string const& project, core::CallContext const& ctx) const {
    ApiRequest const request("GET",
                             Service::core,
                             project_route(project) +
                                 "/_apis/wit/classificationnodes/areas?$depth=" + std::to_string(kAreaDepth),
                             Scope::work_read);
    co_return co_await transport_.fetch(request, &read_classification_paths, ctx);
}

} // namespace ado
