#include "server/tools/item_access.hpp"

#include "server/tools/answer.hpp"
#include "server/tools/clean_text.hpp"

#include <utility>

namespace server {

core::Error item_not_allowed(std::int64_t id) {
    return core::Error(core::ErrorKind::forbidden,
                       "Work item " + std::to_string(id) +
                           " is in a project that this connector's `projects` allow-list does not hold.")
        .with_code("project_not_allowed")
        .with_fix("Use items of a listed project (list_organizations shows them), or have an administrator "
                  "add it.")
        .with_not_sent();
}

core::Task<core::Result<ado::WorkItem>>
read_item_to_write(core::Json const& args, CallScope const& scope, bool relations) {
    std::int64_t const id = core::find_int(args, "id").value_or(0);
    core::Result<ado::WorkItem> item = co_await scope.client.get_work_item_values(id, relations, scope.ctx);
    if (!item) {
        core::Error error = item.error();
        co_return core::fail(std::move(error).with_not_sent());
    }
    if (!scope.policy.allows_project(item->project)) {
        co_return core::fail(item_not_allowed(id));
    }
    if (!is_usable_name(item->project)) {
        co_return core::fail(
            core::Error(core::ErrorKind::upstream,
                        "Azure DevOps did not say which project work item " + std::to_string(id) + " is in.")
                .with_not_sent());
    }
    co_return item;
}

std::string name_of(ado::WorkItem const& item) {
    return clean_line(item.type) + " " + std::to_string(item.id) + " \"" + clean_line(item.title) +
           "\" in project " + clean_line(item.project);
}

} // namespace server
