#include "ado/client.hpp"
#include "ado/comments.hpp"
#include "ado/fetch.hpp"
#include "ado/identities.hpp"
#include "ado/readers.hpp"
#include "ado/routes.hpp"
#include "ado/work_items.hpp"
#include "core/text/percent_encoding.hpp"

#include <nlohmann/json.hpp>

#include <utility>

namespace ado {
namespace {

constexpr char kJsonPatch[] = "application/json-patch+json";

std::string item_route(std::string const& project, std::int64_t id) {
    return project_route(project) + "/_apis/wit/workItems/" + std::to_string(id);
}

} // namespace

core::Task<core::Result<WorkItem>> Client::create_work_item(std::string const& project,
                                                            std::string const& type,
                                                            WorkItemPatch const& patch,
                                                            WriteOptions const& options,
                                                            core::CallContext const& ctx) const {
    // `$` stands as it is, the type is encoded.
    std::string path = project_route(project) + "/_apis/wit/workitems/$" + core::percent_encode(type);
    if (options.validate_only) {
        path += "?validateOnly=true";
    }
    ApiRequest request("POST", Service::core, std::move(path), Scope::work_write);
    request.body = patch.to_string();
    request.content_type = kJsonPatch;
    request.idempotent = options.validate_only;
    co_return co_await transport_.fetch(request, &read_work_item, ctx);
}

core::Task<core::Result<WorkItem>> Client::update_work_item(std::string const& project,
                                                            std::int64_t id,
                                                            WorkItemPatch const& patch,
                                                            WriteOptions const& options,
                                                            core::CallContext const& ctx) const {
    std::string path = item_route(project, id) + "?$expand=relations";
    if (options.validate_only) {
        path += "&validateOnly=true";
    }
    ApiRequest request("PATCH", Service::core, std::move(path), Scope::work_write);
    request.body = patch.to_string();
    request.content_type = kJsonPatch;
    request.idempotent = options.validate_only;
    co_return co_await transport_.fetch(request, &read_work_item, ctx);
}

core::Task<core::Result<Comment>> Client::add_comment(std::string const& project,
                                                      std::int64_t id,
                                                      std::string const& text,
                                                      TextFormat format,
                                                      core::CallContext const& ctx) const {
    std::string path = item_route(project, id) + "/comments";
    if (format == TextFormat::markdown) {
        path += "?format=markdown";
    }
    core::Json body = core::Json::object();
    body["text"] = text;
    ApiRequest request("POST", Service::core, std::move(path), Scope::work_write);
    request.api_version = transport_.limits().comments_version;
    request.body = core::dump_json(body);
    request.idempotent = false;
    co_return co_await transport_.fetch(request, &read_comment, ctx);
}

core::Task<core::Result<WorkItem>> Client::get_work_item_revision(std::string const& project,
                                                                  std::int64_t id,
                                                                  std::int64_t rev,
                                                                  core::CallContext const& ctx) const {
    ApiRequest const request("GET",
                             Service::core,
                             item_route(project, id) + "/revisions/" + std::to_string(rev),
                             Scope::work_read);
    co_return co_await transport_.fetch(request, &read_work_item, ctx);
}

core::Task<core::Result<std::vector<Identity>>> Client::find_identities(std::string const& text,
                                                                        core::CallContext const& ctx) const {
    ApiRequest const request("GET",
                             Service::identity,
                             "/_apis/identities?searchFilter=General&filterValue=" +
                                 core::percent_encode(text),
                             Scope::identity_read);
    co_return co_await transport_.fetch(request, &read_identities, ctx);
}

core::Task<core::Result<WorkItemType>> Client::get_work_item_type(std::string const& project,
                                                                  std::string const& type,
                                                                  core::CallContext const& ctx) const {
    ApiRequest const request("GET",
                             Service::core,
                             project_route(project) + "/_apis/wit/workitemtypes/" +
                                 core::percent_encode(type),
                             Scope::work_read);
    co_return co_await transport_.fetch(request, &read_work_item_type, ctx);
}

} // namespace ado
