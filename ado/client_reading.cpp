#include "ado/classification.hpp"
#include "ado/client.hpp"
#include "ado/comments.hpp"
#include "ado/fetch.hpp"
#include "ado/git_lists.hpp"
#include "ado/readers.hpp"
#include "ado/routes.hpp"
#include "ado/type_rules.hpp"
#include "ado/work_items.hpp"
#include "core/text/percent_encoding.hpp"

#include <nlohmann/json.hpp>

#include <utility>

namespace ado {
namespace {

/// The deepest tree the service allows.
constexpr std::size_t kTreeDepth = 14;
/// The service gives no more references at once.
constexpr std::size_t kMaxBranches = 1000;

void append_criterion(std::string& target, std::string_view name, std::string const& value) {
    if (!value.empty()) {
        target.append("&searchCriteria.").append(name).append("=");
        core::append_percent_encoded(target, value);
    }
}

} // namespace

core::Task<core::Result<std::vector<TreeItem>>> Client::list_items(std::string const& project,
                                                                   std::string const& repository,
                                                                   std::string const& path,
                                                                   VersionDescriptor const& version,
                                                                   bool whole,
                                                                   core::CallContext const& ctx) const {
    std::string target = repository_route(project, repository);
    target += "/items?scopePath=";
    core::append_percent_encoded(target, path);
    target += whole ? "&recursionLevel=full" : "&recursionLevel=oneLevel";
    append_version(target, "versionDescriptor.", version);
    ApiRequest const request("GET", Service::core, std::move(target), Scope::code_read);
    co_return co_await transport_.fetch(request, &read_items, ctx);
}

core::Task<core::Result<std::vector<TreeItem>>> Client::list_tree(std::string const& project,
                                                                  std::string const& repository,
                                                                  std::string const& tree_id,
                                                                  bool whole,
                                                                  core::CallContext const& ctx) const {
    std::string target = repository_route(project, repository) + "/trees/" + core::percent_encode(tree_id);
    if (whole) {
        target += "?recursive=true";
    }
    ApiRequest const request("GET", Service::core, std::move(target), Scope::code_read);
    co_return co_await transport_.fetch(request, &read_tree, ctx);
}

core::Task<core::Result<std::vector<CommitInfo>>> Client::list_commits(std::string const& project,
                                                                       std::string const& repository,
                                                                       CommitQuery const& query,
                                                                       core::CallContext const& ctx) const {
    std::string target =
        repository_route(project, repository) + "/commits?searchCriteria.$top=" + std::to_string(query.top);
    if (query.skip > 0) {
        target += "&searchCriteria.$skip=" + std::to_string(query.skip);
    }
    append_criterion(target, "itemPath", query.path);
    append_criterion(target, "author", query.author);
    append_criterion(target, "fromDate", query.since);
    append_criterion(target, "toDate", query.until);
    append_version(target, "searchCriteria.itemVersion.", query.version);
    ApiRequest const request("GET", Service::core, std::move(target), Scope::code_read);
    co_return co_await transport_.fetch(request, &read_commits, ctx);
}

core::Task<core::Result<std::vector<std::string>>> Client::list_branches(std::string const& project,
                                                                         std::string const& repository,
                                                                         core::CallContext const& ctx) const {
    ApiRequest const request("GET",
                             Service::core,
                             repository_route(project, repository) +
                                 "/refs?filter=heads/&$top=" + std::to_string(kMaxBranches),
                             Scope::code_read);
    co_return co_await transport_.fetch(request, &read_branches, ctx);
}

core::Task<core::Result<WorkItem>>
Client::get_work_item_values(std::int64_t id, bool relations, core::CallContext const& ctx) const {
    std::string path = "/_apis/wit/workitems/" + std::to_string(id);
    if (relations) {
        path += "?$expand=relations";
    }
    ApiRequest const request("GET", Service::core, std::move(path), Scope::work_read);
    co_return co_await transport_.fetch(request, &read_work_item, ctx);
}

core::Task<core::Result<CommentPage>> Client::list_comments(std::string const& project,
                                                            std::int64_t id,
                                                            std::size_t top,
                                                            core::CallContext const& ctx) const {
    ApiRequest request("GET",
                       Service::core,
                       project_route(project) + "/_apis/wit/workItems/" + std::to_string(id) +
                           "/comments?order=desc&$top=" + std::to_string(top),
                       Scope::work_read);
    request.api_version = transport_.limits().comments_version;
    co_return co_await transport_.fetch(request, &read_comments, ctx);
}

core::Task<core::Result<std::vector<FieldRule>>> Client::list_field_rules(
    std::string const& project, std::string const& type, core::CallContext const& ctx) const {
    ApiRequest const request("GET",
                             Service::core,
                             project_route(project) + "/_apis/wit/workitemtypes/" +
                                 core::percent_encode(type) + "/fields?$expand=allowedValues",
                             Scope::work_read);
    co_return co_await transport_.fetch(request, &read_field_rules, ctx);
}

core::Task<core::Result<ClassificationPaths>>
Client::list_classification(std::string const& project, core::CallContext const& ctx) const {
    ApiRequest const request("GET",
                             Service::core,
                             project_route(project) +
                                 "/_apis/wit/classificationnodes?$depth=" + std::to_string(kTreeDepth),
                             Scope::work_read);
    co_return co_await transport_.fetch(request, &read_classification_roots, ctx);
}

} // namespace ado
