#include "server/tools/work_item_search.hpp"

#include "ado/markdown.hpp"
#include "core/http/http_message.hpp"
#include "server/tools/text_fold.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace server {

namespace {
constexpr std::chrono::minutes kClockSkew{2};
/// Twins of one title within minutes; more than the service reads in one request never matters.
constexpr std::size_t kCandidates = 100;
} // namespace

ado::WiqlQuery created_items_query(WorkItemRequest const& request, core::SystemTime since) {
    ado::WiqlQuery query(
        "SELECT [System.Id] FROM WorkItems WHERE [System.TeamProject] = " + ado::quote_wiql(request.project) +
        " AND [System.WorkItemType] = " + ado::quote_wiql(request.type) + " AND [System.Title] = " +
        ado::quote_wiql(request.title) + " AND [System.CreatedBy] = @Me AND [System.CreatedDate] >= " +
        ado::quote_wiql(core::format_utc(since - kClockSkew)) + " ORDER BY [System.Id] DESC");
    query.project = request.project;
    query.top = kCandidates;
    query.time_precision = true;
    return query;
}

bool is_item_of(WorkItemRequest const& request, ado::WorkItem const& item) {
    if (!core::iequals(item.type, request.type) || fold_case(item.title) != fold_case(request.title)) {
        return false;
    }
    std::string const stored = text_essence(item.field(request.description_field));
    return stored == text_essence(ado::escape_markdown_field(request.description));
}

core::Task<core::Result<std::optional<ado::WorkItem>>>
find_created_item(ado::Client const& client,
                  WorkItemRequest const& request,
                  core::SystemTime since,
                  std::vector<std::string> const& known,
                  core::CallContext const& ctx) {
    ado::WiqlQuery const query = created_items_query(request, since);
    CO_TRY(std::vector<std::int64_t> ids, co_await client.query_wiql(query, ctx));
    std::erase_if(ids, [&known](std::int64_t id) {
        return std::find(known.begin(), known.end(), std::to_string(id)) != known.end();
    });
    if (ids.empty()) {
        co_return std::optional<ado::WorkItem>();
    }
    ids.resize(std::min(ids.size(), kCandidates));
    std::vector<std::string> const fields{"System.TeamProject",
                                          "System.WorkItemType",
                                          "System.Title",
                                          "System.State",
                                          request.description_field};
    CO_TRY(std::vector<ado::WorkItem> items, co_await client.get_work_items(ids, fields, ctx));
    std::sort(items.begin(), items.end(), [](ado::WorkItem const& a, ado::WorkItem const& b) {
        return a.id > b.id;
    });
    for (ado::WorkItem& item : items) {
        if (is_item_of(request, item)) {
            co_return std::optional<ado::WorkItem>(std::move(item));
        }
    }
    co_return std::optional<ado::WorkItem>();
}

} // namespace server
