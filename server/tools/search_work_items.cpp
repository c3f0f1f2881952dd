#include "ado/web_links.hpp"
#include "ado/work_items.hpp"
#include "core/http/http_message.hpp"
#include "server/tools/answer.hpp"
#include "server/tools/clean_text.hpp"
#include "server/tools/list_answer.hpp"
#include "server/tools/name_hints.hpp"
#include "server/tools/schema_pieces.hpp"
#include "server/tools/tools.hpp"
#include "server/tools/work_item_query.hpp"
#include "server/tools/work_item_tags.hpp"
#include "server/tools/work_item_view.hpp"

#include <algorithm>
#include <map>
#include <utility>

namespace server {

namespace {

using core::Json;
using core::Result;
using core::Task;

constexpr std::size_t kMostTop = 200; ///< of one batch

protocol::ToolDescriptor make_descriptor() {
    Json const input{
        {"organization", schema_organization()},
        {"text", schema_string("Words that all occur in title, description or tags; \"phrase\"; id")},
        {"wiql", schema_string("A whole query instead")},
        {"project", schema_string()},
        {"type", schema_string()},
        {"state", schema_string()},
        {"assigned_to", schema_string("E-mail, me or nobody")},
        {"top", schema_integer(1, kMostTop, "20")},
        {"max_bytes", schema_max_bytes()},
        {"cursor", schema_cursor()}};
    Json item{{"id", schema_integer()}, {"tags", schema_array(schema_string())}};
    for (char const* const name : {"url",
                                   "project",
                                   "type",
                                   "title",
                                   "state",
                                   "assigned_to",
                                   "area_path",
                                   "iteration_path",
                                   "changed"}) {
        item[name] = schema_string();
    }
    Json const output{
        {"organization", schema_string()},
        {"work_items", schema_array(schema_object(item, {"id", "url", "project", "type", "title", "state"}))},
        {"total", schema_integer()},
        {"cursor", schema_string()},
        {"notes", schema_array(schema_string())}};
    return protocol::ToolDescriptor("search_work_items",
                                    "Search work items",
                                    "Finds work items by words, filters or WIQL, newest first.",
                                    schema_arguments(input, {}),
                                    schema_object(output, {"work_items", "notes"}),
                                    reading_hints());
}

std::string line_of(Json const& item) {
    std::string line = std::string(member_text(item, "type")) + " " +
                       std::to_string(core::find_int(item, "id").value_or(0)) + " \"" +
                       std::string(member_text(item, "title")) + "\" " +
                       std::string(member_text(item, "state"));
    if (std::string_view const person = member_text(item, "assigned_to"); !person.empty()) {
        line += ", assigned to " + std::string(person);
    }
    line += ", project " + std::string(member_text(item, "project"));
    for (auto const& [key, words] : {std::pair("area_path", ", area "),
                                     std::pair("iteration_path", ", iteration "),
                                     std::pair("changed", ", changed ")}) {
        if (std::string_view const value = member_text(item, key); !value.empty()) {
            line += words + std::string(value);
        }
    }
    if (Json const* const tags = core::find_array(item, "tags")) {
        line += ", tags ";
        for (std::size_t i = 0; i < tags->size(); ++i) {
            line += (i > 0 ? "; " : "") + (*tags)[i].get<std::string>();
        }
    }
    return line + " " + std::string(member_text(item, "url")) + "\n";
}

/// One search under way.
class Finding {
public:
    Finding(WorkItemSearch search_, CallScope const& scope_) : search(std::move(search_)), scope(scope_) {}
    WorkItemSearch search;
    CallScope const& scope;
    std::vector<std::int64_t> ids; ///< of this page
    std::size_t first = 0;         ///< place of the first of them in the query's result
    std::size_t known = 0;         ///< ids from the first on, as far as the service was asked
    bool all_known = false;        ///< there are no more than the known ones
    std::map<std::int64_t, ado::WorkItem> items;
    std::vector<std::string> notes;
};

/// Chooses the ids of this page. A query of the caller's own has its own order: it goes on behind the item
/// that was listed last, or at the same place where that is gone.
void choose_page(Finding& finding, std::vector<std::int64_t> ids, std::size_t asked) {
    bool const own_order = !finding.search.wiql.empty();
    finding.all_known = ids.size() < asked;
    if (own_order && finding.search.resumed) {
        auto const last = static_cast<std::int64_t>(finding.search.position.part);
        auto const found = std::find(ids.begin(), ids.end(), last);
        std::size_t const place = found != ids.end() ? static_cast<std::size_t>(found - ids.begin()) + 1
                                                     : finding.search.position.item;
        finding.first = std::min(place, ids.size());
        ids.erase(ids.begin(), ids.begin() + static_cast<std::ptrdiff_t>(finding.first));
    }
    finding.known = ids.size();
    ids.resize(std::min(ids.size(), finding.search.top));
    finding.ids = std::move(ids);
}

Task<Result<void>> read_items(Finding& finding) {
    std::vector<std::string> const fields{"System.TeamProject",
                                          "System.WorkItemType",
                                          "System.Title",
                                          "System.State",
                                          "System.AssignedTo",
                                          "System.AreaPath",
                                          "System.IterationPath",
                                          "System.Tags",
                                          "System.ChangedDate"};
    CO_TRY(std::vector<ado::WorkItem> items,
           co_await finding.scope.client.get_work_items(finding.ids, fields, finding.scope.ctx));
    for (ado::WorkItem& item : items) {
        std::int64_t const id = item.id;
        finding.items.emplace(id, std::move(item));
    }
    co_return Result<void>();
}

/// Why nothing was found, as far as the project's types can tell.
Task<void> explain_nothing(Finding& finding) {
    WorkItemSearch const& search = finding.search;
    if (!search.wiql.empty()) {
        finding.notes.push_back("The query matches no work item that this identity may read.");
        co_return;
    }
    if (!search.text.empty()) {
        finding.notes.push_back(
            "All words must occur; words in descriptions match whole, titles also in part.");
    }
    bool const names = !search.type.empty() || !search.state.empty();
    if (!names || search.project.empty()) {
        finding.notes.push_back(
            "No work item matches" +
            std::string(names ? "; `type` and `state` go by the names of the project's process." : "."));
        co_return;
    }
    auto const types = co_await finding.scope.client.list_work_item_types(search.project, finding.scope.ctx);
    if (!types) {
        co_return;
    }
    std::vector<std::string> type_names;
    std::vector<std::string> states;
    bool type_known = search.type.empty();
    bool state_known = search.state.empty();
    for (ado::WorkItemType const& type : *types) {
        bool const meant = core::iequals(type.name, search.type);
        type_known = type_known || meant;
        if (!type.is_disabled) {
            type_names.push_back(type.name);
        }
        for (ado::WorkItemState const& state : type.states) {
            if (search.type.empty() || meant) {
                state_known = state_known || core::iequals(state.name, search.state);
                if (std::find(states.begin(), states.end(), state.name) == states.end()) {
                    states.push_back(state.name);
                }
            }
        }
    }
    if (!type_known) {
        finding.notes.push_back("'" + shorten_text(clean_line(search.type), 80) +
                                "' is not a work item type of this project. " +
                                describe_names(search.type, std::move(type_names), "Types"));
    } else if (!state_known) {
        finding.notes.push_back("'" + shorten_text(clean_line(search.state), 80) +
                                "' is not a state there. " +
                                describe_names(search.state, std::move(states), "States"));
    } else {
        finding.notes.push_back("No work item matches.");
    }
}

Json entry_of(ado::WorkItem const& item, CallScope const& scope) {
    constexpr std::size_t kTitleBytes = 1100; // of 255 characters
    Json json = Json::object();
    json["id"] = item.id;
    json["url"] = ado::work_item_url(scope.client.organization(), item.project, item.id);
    json["project"] = clean_line(item.project);
    json["type"] = clean_line(item.type);
    json["title"] = shorten_text(clean_line(item.title), kTitleBytes);
    json["state"] = clean_line(item.state);
    auto const put_field = [&](char const* key, char const* field) {
        if (Json const* const value = core::find(item.fields, field)) {
            put_text(json, key, field_line(*value), 400);
        }
    };
    put_field("assigned_to", "System.AssignedTo");
    put_field("area_path", "System.AreaPath");
    put_field("iteration_path", "System.IterationPath");
    put_field("changed", "System.ChangedDate");
    if (Json tags = tags_of(item); !tags.empty()) {
        json["tags"] = std::move(tags);
    }
    return json;
}

ListPage page_of(Finding finding) {
    WorkItemSearch const& search = finding.search;
    ListPage page("work_items", "work item", "work items", &line_of);
    page.subject = search.subject;
    page.max_bytes = search.max_bytes;
    bool const more = finding.known > finding.ids.size() || !finding.all_known;
    std::size_t not_allowed = 0;
    std::size_t gone = 0;
    for (std::size_t i = 0; i < finding.ids.size(); ++i) {
        std::int64_t const id = finding.ids[i];
        CursorPosition after;
        if (search.wiql.empty()) {
            after.item = static_cast<std::uint64_t>(id);
        } else {
            after.item = finding.first + i + 1;
            after.part = static_cast<std::uint64_t>(id);
        }
        auto const item = finding.items.find(id);
        if (more) {
            page.next = after;
        }
        bool const allowed =
            item != finding.items.end() && finding.scope.policy.allows_project(item->second.project);
        if (allowed) {
            page.entries.emplace_back(entry_of(item->second, finding.scope), std::move(after));
            continue;
        }
        ++(item == finding.items.end() ? gone : not_allowed);
    }
    if (finding.all_known && !search.resumed && not_allowed + gone == 0) {
        page.total = finding.known;
    }
    page.notes = std::move(finding.notes);
    if (not_allowed > 0) {
        page.notes.push_back(count_of(not_allowed, "item", "items") +
                             " left out: in projects this connector does not allow.");
    }
    if (gone > 0) {
        page.notes.push_back(count_of(gone, "item", "items") +
                             " left out: deleted meanwhile, or not visible to this identity.");
    }
    page.extra["organization"] = finding.scope.organization;
    return page;
}

class SearchWorkItemsTool final : public OrganizationTool {
public:
    protocol::ToolDescriptor const& descriptor() const noexcept override { return descriptor_; }

    Task<Result<protocol::ToolResult>> run(Json const& args, CallScope const& scope) override {
        CO_TRY(WorkItemSearch search, read_work_item_search(args, scope));
        Finding finding(std::move(search), scope);
        ado::WiqlQuery const query = make_work_item_query(finding.search, scope.policy);
        auto ids = co_await scope.client.query_wiql(query, scope.ctx);
        if (!ids) {
            UsedNames const used(finding.search.project, {});
            core::Error error = co_await with_names_there(ids.error(), used, scope);
            co_return core::fail(std::move(error));
        }
        choose_page(finding, std::move(*ids), query.top);
        if (finding.ids.empty() && !finding.search.resumed) {
            co_await explain_nothing(finding);
        } else if (!finding.ids.empty()) {
            CO_TRY_VOID(co_await read_items(finding));
        }
        ListPage page = page_of(std::move(finding));
        co_return make_list_answer(std::move(page));
    }

private:
    protocol::ToolDescriptor descriptor_ = make_descriptor();
};

} // namespace

std::unique_ptr<OrganizationTool> make_search_work_items_tool() {
    return std::make_unique<SearchWorkItemsTool>();
}

} // namespace server
