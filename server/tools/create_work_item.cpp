#include "ado/markdown.hpp"
#include "ado/web_links.hpp"
#include "ado/work_items.hpp"
#include "core/crypto/digest.hpp"
#include "server/tools/answer.hpp"
#include "server/tools/clean_text.hpp"
#include "server/tools/project_question.hpp"
#include "server/tools/schema_pieces.hpp"
#include "server/tools/tools.hpp"
#include "server/tools/work_item_request.hpp"
#include "server/tools/work_item_search.hpp"

#include <optional>
#include <utility>

namespace server {

namespace {

using core::Json;
using core::Result;
using core::Task;

protocol::ToolDescriptor make_descriptor() {
    auto const bounded = [](std::size_t length, char const* description) {
        Json schema = schema_string(description);
        schema["maxLength"] = length;
        return schema;
    };
    Json tags = schema_array(schema_string());
    tags["maxItems"] = 100U;
    Json links =
        schema_array(schema_arguments({{"url", schema_string()}, {"comment", schema_string()}}, {"url"}));
    links["maxItems"] = 100U;
    Json title = bounded(255, nullptr);
    title["minLength"] = 1U;
    Json const input{{"organization", schema_organization()},
                     {"project", schema_string("Needed unless the connector has a default")},
                     {"type", bounded(128, "Task, Bug, User Story ... (Task)")},
                     {"title", std::move(title)},
                     {"description", bounded(200000, "Markdown; a bug's repro steps")},
                     {"area_path", schema_string("Contoso\\Web")},
                     {"iteration_path", schema_string()},
                     {"priority", schema_integer(1, 4)},
                     {"severity", schema_string("1 to 4, or critical, high, medium, low")},
                     {"assigned_to", schema_string("E-mail address")},
                     {"tags", std::move(tags)},
                     {"parent_id", schema_integer(1, 2147483647)},
                     {"links", std::move(links)},
                     {"fields",
                      {{"type", "object"},
                       {"additionalProperties", true},
                       {"description", "Further fields by reference name"}}},
                     {"idempotency_key", bounded(200, "The same key never makes a second item")},
                     {"validate_only", {{"type", "boolean"}, {"description", "Check, create nothing"}}}};
    Json const output{
        {"id", schema_integer()},
        {"url", schema_string()},
        {"organization", schema_string()},
        {"project", schema_string()},
        {"type", schema_string()},
        {"title", schema_string()},
        {"state", schema_string()},
        {"rev", schema_integer()},
        {"created", {{"type", "boolean"}, {"description", "false: made before, or only validated"}}},
        {"notes", schema_array(schema_string())}};
    protocol::ToolHints hints;
    return protocol::ToolDescriptor("create_work_item",
                                    "Create work item",
                                    "Creates a work item in Azure DevOps and answers with its link.",
                                    schema_arguments(input, {"title"}),
                                    schema_object(output, {"project", "type", "title", "created", "notes"}),
                                    hints);
}

/// One write: what send and look-up work on.
class Creation {
public:
    Creation(WorkItemRequest request_, CallScope const& scope_)
        : request(std::move(request_)),
          key(request.idempotency_key ? request.idempotency_key : implied_key(scope_.call)), scope(scope_) {}
    WorkItemRequest request;
    std::optional<std::string> key; ///< under which it is journalled
    CallScope const& scope;
};

Json describe(Creation const& creation, ado::WorkItem const& item) {
    WorkItemRequest const& request = creation.request;
    std::string const project = item.project.empty() ? request.project : item.project;
    Json result{{"organization", creation.scope.organization},
                {"project", clean_line(project)},
                {"type", clean_line(item.type.empty() ? request.type : item.type)},
                {"title", clean_line(item.title.empty() ? request.title : item.title)},
                {"notes", Json::array()}};
    if (!item.state.empty()) {
        result["state"] = clean_line(item.state);
    }
    if (item.id > 0) {
        result["id"] = item.id;
        result["rev"] = item.rev;
        result["url"] = ado::work_item_url(creation.scope.client.organization(), project, item.id);
    }
    return result;
}

WriteOutcome outcome_of(Creation const& creation, ado::WorkItem const& item) {
    WriteOutcome outcome;
    outcome.resource_id = std::to_string(item.id);
    outcome.result = describe(creation, item);
    return outcome;
}

Task<Result<ado::WorkItem>> send(Creation const& creation) {
    ado::CreateWorkItemOptions const options(creation.request.validate_only);
    co_return co_await creation.scope.client.create_work_item(
        creation.request.project, creation.request.type, creation.request.patch, options, creation.scope.ctx);
}

Task<Result<WriteOutcome>> send_write(Creation const& creation) {
    CO_TRY(ado::WorkItem const item, co_await send(creation));
    if (item.id <= 0) {
        co_return core::fail(core::ErrorKind::protocol,
                             "Azure DevOps answered without the id of the new work item.");
    }
    co_return outcome_of(creation, item);
}

Task<Result<std::optional<WriteOutcome>>>
look_up(Creation const& creation, core::SystemTime since, std::vector<std::string> known) {
    CO_TRY(std::optional<ado::WorkItem> const found,
           co_await find_created_item(
               creation.scope.client, creation.request, since, known, creation.scope.ctx));
    std::optional<WriteOutcome> outcome;
    if (found) {
        outcome = outcome_of(creation, *found);
        outcome->result["notes"].push_back(
            "The answer to the request was lost; the item was found afterwards.");
    }
    co_return outcome;
}

GuardedWrite guarded(Creation const& creation) {
    WorkItemRequest const& request = creation.request;
    GuardedWrite write;
    write.organization = creation.scope.organization;
    write.tool = "create_work_item";
    write.idempotency_key = creation.key;
    write.arguments = request.canonical;
    write.probe = Json{{"project", request.project},
                       {"type", request.type},
                       {"title", request.title},
                       {"description_sha256", core::hex_encode(core::sha256(request.description))}};
    return write;
}

std::string quoted_title(Json const& result) {
    return "\"" + std::string(core::find_string(result, "title").value_or(std::string_view())) + "\"";
}

protocol::ToolResult answer(Json result, bool created, bool own_key) {
    result["created"] = created;
    if (!created) {
        result["notes"].push_back(own_key
                                      ? "The idempotency_key had been used before; this is the item it made."
                                      : "This call had been carried out before; this is the item it made.");
    }
    auto const text_of = [&result](char const* key) {
        return std::string(core::find_string(result, key).value_or(std::string_view()));
    };
    std::string text = (created ? "Created " : "Already there: ") + text_of("type") + " " +
                       std::to_string(core::find_int(result, "id").value_or(0)) + " " + quoted_title(result) +
                       " in project " + text_of("project");
    if (std::string const state = text_of("state"); !state.empty()) {
        text += ", state " + state;
    }
    text += ": " + text_of("url") + "\n";
    text += note_lines(result["notes"].get<std::vector<std::string>>());
    return protocol::ToolResult(std::move(text), std::move(result));
}

protocol::ToolResult validated(Creation const& creation, ado::WorkItem const& item) {
    Json result = describe(creation, item);
    for (char const* const name : {"id", "rev", "url"}) {
        result.erase(name);
    }
    result["created"] = false;
    result["notes"].push_back("Validated only; nothing was created.");
    std::string text = "A " + creation.request.type + " " + quoted_title(result) +
                       " would be accepted in project " + creation.request.project + ".\n" +
                       note_lines(result["notes"].get<std::vector<std::string>>());
    return protocol::ToolResult(std::move(text), std::move(result));
}

class CreateWorkItemTool final : public OrganizationTool {
public:
    protocol::ToolDescriptor const& descriptor() const noexcept override { return descriptor_; }

    Task<Result<protocol::ToolResult>> run(Json const& args, CallScope const& scope) override {
        CO_TRY(WorkItemRequest request,
               read_work_item_request(args, scope.policy, scope.client.organization()));
        Creation const creation(std::move(request), scope);
        if (creation.request.validate_only) {
            CO_TRY(ado::WorkItem const item, co_await send(creation));
            co_return validated(creation, item);
        }
        GuardedWrite const write = guarded(creation);
        WriteGuard::Send const sender = [&creation] { return send_write(creation); };
        WriteGuard::LookUp const finder = [&creation](core::SystemTime since,
                                                      std::vector<std::string> known) {
            return look_up(creation, since, std::move(known));
        };
        CO_TRY(WriteOutcome outcome,
               co_await scope.writes.run(write, sender, finder, scope.caller, scope.ctx));
        bool const own_key = creation.request.idempotency_key.has_value();
        co_return answer(std::move(outcome.result), outcome.created, own_key);
    }

    Task<Result<WritePlan>> plan(Json const& args, CallScope const& scope) override {
        WritePlan plan(args);
        bool const has_project = !chosen_project(args, scope.policy).empty();
        // Whatever else is wrong is said before a person is asked for the project.
        if (!has_project) {
            plan.arguments["project"] = "to be chosen";
        }
        CO_TRY(WorkItemRequest const request,
               read_work_item_request(plan.arguments, scope.policy, scope.client.organization()));
        plan.writes = !request.validate_only;
        if (has_project) {
            plan.summary = summary_of(args, request.type, request.project);
            co_return plan;
        }
        std::string question = "In which project of " + scope.organization + " shall the " +
                               clean_line(request.type) + " \"" + clean_line(request.title) +
                               "\" be created?";
        CO_TRY(SettledProject settled, co_await settle_project(std::move(question), scope));
        if (settled.needed) {
            plan.needed = std::move(settled.needed);
            co_return plan;
        }
        plan.summary = summary_of(args, request.type, settled.project);
        plan.settled["project"] = settled.project;
        plan.arguments["project"] = std::move(settled.project);
        co_return plan;
    }

private:
    static std::string summary_of(Json const& args, std::string const& type, std::string const& project) {
        Json rest = args;
        for (char const* const name : {"type", "project", "title", "validate_only"}) {
            rest.erase(name);
        }
        std::string const title(core::find_string(args, "title").value_or(std::string_view()));
        return "Create " + clean_line(type) + " \"" + clean_line(title) + "\" in project " +
               clean_line(project) + "\n" + summarize_arguments(rest);
    }

    protocol::ToolDescriptor descriptor_ = make_descriptor();
};

} // namespace

std::unique_ptr<OrganizationTool> make_create_work_item_tool() {
    return std::make_unique<CreateWorkItemTool>();
}

} // namespace server
