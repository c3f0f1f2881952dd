#include "ado/web_links.hpp"
#include "server/tools/answer.hpp"
#include "server/tools/clean_text.hpp"
#include "server/tools/item_access.hpp"
#include "server/tools/list_answer.hpp"
#include "server/tools/name_hints.hpp"
#include "server/tools/schema_pieces.hpp"
#include "server/tools/tools.hpp"
#include "server/tools/work_item_tags.hpp"
#include "server/tools/work_item_view.hpp"

#include <algorithm>
#include <utility>

namespace server {

namespace {

using core::Json;
using core::Result;
using core::Task;

constexpr std::size_t kComments = 50;

protocol::ToolDescriptor make_descriptor() {
    Json fields = schema_array(schema_string());
    fields["maxItems"] = 50U;
    fields["description"] = "Names such as Priority or System.Reason; all otherwise";
    Json include = schema_array(Json{{"type", "string"}, {"enum", {"comments", "relations"}}});
    include["maxItems"] = 2U;
    Json const input{{"organization", schema_organization()},
                     {"id", schema_integer(1, 2147483647)},
                     {"fields", std::move(fields)},
                     {"include", std::move(include)},
                     {"max_bytes", schema_max_bytes()}};
    Json const relation = schema_object({{"rel", schema_string()},
                                         {"name", schema_string()},
                                         {"id", schema_integer()},
                                         {"url", schema_string()},
                                         {"comment", schema_string()}},
                                        {});
    Json const comment = schema_object({{"id", schema_integer()},
                                        {"author", schema_string()},
                                        {"created", schema_string()},
                                        {"text", schema_string()}},
                                       {"id", "text"});
    Json output{{"id", schema_integer()},
                {"rev", schema_integer()},
                {"parent_id", schema_integer()},
                {"tags", schema_array(schema_string())},
                {"fields", {{"type", "object"}}},
                {"relations", schema_array(relation)},
                {"comments", schema_array(comment)},
                {"comments_total", schema_integer()},
                {"notes", schema_array(schema_string())}};
    for (char const* const name : {"url",
                                   "organization",
                                   "project",
                                   "type",
                                   "title",
                                   "state",
                                   "assigned_to",
                                   "area_path",
                                   "iteration_path",
                                   "created",
                                   "created_by",
                                   "changed",
                                   "changed_by"}) {
        output[name] = schema_string();
    }
    return protocol::ToolDescriptor(
        "get_work_item",
        "Get work item",
        "One work item with its fields; comments and relations on demand.",
        schema_arguments(input, {"id"}),
        schema_object(output, {"id", "url", "project", "type", "title", "state", "rev", "fields", "notes"}),
        reading_hints());
}

bool includes(Json const& args, std::string_view part) {
    Json const* const list = core::find_array(args, "include");
    return list != nullptr && std::find(list->begin(), list->end(), Json(part)) != list->end();
}

std::vector<std::string> wanted_fields(Json const& args) {
    std::vector<std::string> wanted;
    if (Json const* const list = core::find_array(args, "fields")) {
        for (Json const& name : *list) {
            wanted.push_back(name.get<std::string>());
        }
    }
    return wanted;
}

Json head_of(ado::WorkItem const& item, bool whole, CallScope const& scope) {
    constexpr std::size_t kTitleBytes = 1100; // of 255 characters
    constexpr std::size_t kNameBytes = 500;
    Json head = Json::object();
    head["id"] = item.id;
    head["rev"] = item.rev;
    head["organization"] = scope.organization;
    head["url"] = ado::work_item_url(scope.client.organization(), item.project, item.id);
    head["title"] = shorten_text(clean_line(item.title), kTitleBytes);
    put_text(head, "project", item.project, kNameBytes);
    put_text(head, "type", item.type, kNameBytes);
    put_text(head, "state", item.state, kNameBytes);
    if (!whole) {
        return head;
    }
    auto const put_field = [&](char const* key, char const* field) {
        if (Json const* const value = core::find(item.fields, field)) {
            put_text(head, key, field_line(*value), kNameBytes);
        }
    };
    put_field("assigned_to", "System.AssignedTo");
    put_field("area_path", "System.AreaPath");
    put_field("iteration_path", "System.IterationPath");
    put_field("created", "System.CreatedDate");
    put_field("created_by", "System.CreatedBy");
    put_field("changed", "System.ChangedDate");
    put_field("changed_by", "System.ChangedBy");
    if (auto const parent = core::find_int(item.fields, "System.Parent")) {
        head["parent_id"] = *parent;
    }
    if (Json tags = tags_of(item); !tags.empty()) {
        head["tags"] = std::move(tags);
    }
    return head;
}

class GetWorkItemTool final : public OrganizationTool {
public:
    protocol::ToolDescriptor const& descriptor() const noexcept override { return descriptor_; }

    Task<Result<protocol::ToolResult>> run(Json const& args, CallScope const& scope) override {
        std::int64_t const id = core::find_int(args, "id").value_or(0);
        bool const relations = includes(args, "relations");
        CO_TRY(ado::WorkItem const item,
               co_await scope.client.get_work_item_values(id, relations, scope.ctx));
        // Whose item it is is only known now.
        if (!scope.policy.allows_project(item.project)) {
            co_return core::fail(item_not_allowed(id));
        }
        std::vector<std::string> const wanted = wanted_fields(args);
        WorkItemView view;
        view.head = head_of(item, wanted.empty(), scope);
        add_fields(view, item, wanted);
        if (relations) {
            add_relations(view, item, scope.client.organization());
        }
        if (includes(args, "comments")) {
            auto const page = co_await scope.client.list_comments(item.project, id, kComments, scope.ctx);
            if (page) {
                add_comments(view, *page);
            } else {
                view.notes.push_back("The comments could not be read: " +
                                     shorten_text(clean_line(page.error().message()), 300));
            }
        }
        std::size_t const budget = answer_budget(args, scope.limits.search_answer_bytes, scope.limits);
        co_return make_work_item_answer(std::move(view), budget);
    }

private:
    protocol::ToolDescriptor descriptor_ = make_descriptor();
};

} // namespace

std::unique_ptr<OrganizationTool> make_get_work_item_tool() {
    return std::make_unique<GetWorkItemTool>();
}

} // namespace server
