#include "core/crypto/digest.hpp"
#include "core/crypto/random.hpp"
#include "core/http/http_message.hpp"
#include "server/tools/answer.hpp"
#include "server/tools/assignee.hpp"
#include "server/tools/clean_text.hpp"
#include "server/tools/name_hints.hpp"
#include "server/tools/project_question.hpp"
#include "server/tools/schema_pieces.hpp"
#include "server/tools/tools.hpp"
#include "server/tools/work_item_checks.hpp"
#include "server/tools/work_item_request.hpp"
#include "server/tools/write_effects.hpp"

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
                       {"description", "Further fields, by either name"}}},
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
    Creation(WorkItemRequest request_, CallScope const& scope_, WorkItemMetadata& metadata_)
        : request(std::move(request_)),
          key(request.idempotency_key ? request.idempotency_key : implied_key(scope_.call)), scope(scope_),
          metadata(metadata_), began(metadata_.now()) {
        if (scope.policy.mark_writes) {
            marker = new_marker(scope.caller.id, scope.organization, key);
        }
        probe = probe_of(request, marker);
    }

    ado::WorkItemPatch patch() const {
        return build_patch(request, resolved, form, marker, scope.client.organization());
    }
    bool is_bug() const { return core::iequals(request.type, "Bug"); }

    WorkItemRequest request;
    std::optional<std::string> key; ///< under which it is journalled
    CallScope const& scope;
    WorkItemMetadata& metadata;
    core::SteadyTime began;
    std::string marker;
    CreationProbe probe;
    ResolvedArguments resolved;
    TextForm form;

private:
    /// The same for every call with the same key.
    static std::string new_marker(std::string const& caller,
                                  std::string const& organization,
                                  std::optional<std::string> const& key) {
        constexpr std::size_t kBytes = 8;
        std::string const digest =
            key ? core::hex_encode(core::sha256(caller + "\n" + organization + "\n" + *key))
                : core::hex_encode(core::random_public_bytes(kBytes));
        return "ado-mcpd-" + digest.substr(0, 2 * kBytes);
    }
};

WriteOutcome outcome_of(Creation const& creation, ado::WorkItem const& item) {
    WriteOutcome outcome;
    outcome.resource_id = std::to_string(item.id);
    outcome.result = describe_created(creation.scope.client.organization(), creation.probe, item);
    outcome.result["notes"] = creation.resolved.notes;
    return outcome;
}

/// Looks up what has to be, and holds the rest against the rules as far as they are known already: the
/// service judges them in any case, in the one request that a create costs.
Task<Result<void>> prepare(Creation& creation) {
    WorkItemRequest const& request = creation.request;
    CallScope const& scope = creation.scope;
    WorkItemMetadata& metadata = creation.metadata;
    CO_TRY(creation.resolved,
           co_await resolve_arguments(request.arguments, request.project, request.type, metadata, scope));
    KnownFacts facts = metadata.known(scope, request.project, request.type);
    creation.form = text_form(facts.get(), request.type, metadata.knows_only_html(scope.organization));
    if (!facts || !check_patch(*facts, creation.patch(), true)) {
        co_return Result<void>();
    }
    // Somebody may have changed the process meanwhile.
    if (facts->fetched_at < creation.began) {
        CO_TRY(facts, co_await metadata.facts(scope, request.project, request.type, creation.began));
        creation.form = text_form(facts.get(), request.type, creation.form.html);
    }
    if (std::optional<core::Error> problem = check_patch(*facts, creation.patch(), true)) {
        co_return core::fail(std::move(*problem));
    }
    co_return Result<void>();
}

/// A refusal that the same item in another form would not meet is answered by changing the form: then
/// nullopt. Else the refusal with what would be right.
Task<std::optional<core::Error>> adapt(Creation& creation, core::Error error) {
    using Refusal = std::optional<core::Error>;
    WorkItemRequest const& request = creation.request;
    CallScope const& scope = creation.scope;
    if (refuses_markdown(error) && !creation.form.html) {
        creation.metadata.note_only_html(scope.organization);
        creation.form.html = true;
        co_return Refusal();
    }
    if (is_unknown_identity(error) && request.arguments.assigned_to) {
        core::Error named = co_await with_people(std::move(error), *request.arguments.assigned_to, scope);
        co_return Refusal(std::move(named));
    }
    if (is_about_rules(error)) {
        auto const facts =
            co_await creation.metadata.facts(scope, request.project, request.type, creation.began);
        if (!facts) {
            co_return Refusal(std::move(error));
        }
        TextForm const form = text_form(facts->get(), request.type, creation.form.html);
        if (form.description_field != creation.form.description_field) {
            creation.form = form;
            co_return Refusal();
        }
        co_return Refusal(explain_refusal(std::move(error), **facts, creation.patch(), true));
    }
    UsedNames used(request.project, {});
    used.type = request.type;
    core::Error named = co_await with_names_there(error, used, scope);
    if (named.code() == "VS402323" && creation.is_bug() && named.fix().find("Issue") != std::string::npos) {
        std::string fix =
            "This project's process has no Bug, as Basic has none: file an Issue. " + named.fix();
        named = std::move(named).with_fix(std::move(fix));
    }
    co_return Refusal(std::move(named));
}

/// Sends it until it is accepted or refused for good. Only what was certainly without effect is sent again.
Task<Result<ado::WorkItem>> send(Creation& creation) {
    constexpr int kForms = 3;
    ado::WriteOptions const options(creation.request.validate_only);
    for (int i = 0;; ++i) {
        ado::WorkItemPatch const patch = creation.patch();
        Result<ado::WorkItem> sent = co_await creation.scope.client.create_work_item(
            creation.request.project, creation.request.type, patch, options, creation.scope.ctx);
        bool const refused =
            !sent && sent.error().not_sent() && sent.error().status() >= 400 && sent.error().status() < 500;
        if (!refused || i == kForms) {
            co_return sent;
        }
        core::Error error = sent.error();
        std::optional<core::Error> refusal = co_await adapt(creation, std::move(error));
        if (refusal) {
            co_return core::fail(std::move(*refusal));
        }
    }
}

Task<Result<WriteOutcome>> send_write(Creation& creation) {
    CO_TRY(ado::WorkItem const item, co_await send(creation));
    if (item.id <= 0) {
        co_return core::fail(core::ErrorKind::protocol,
                             "Azure DevOps answered without the id of the new work item.");
    }
    co_return outcome_of(creation, item);
}

Task<Result<std::optional<WriteOutcome>>>
look_up(Creation const& creation, core::SystemTime since, std::vector<std::string> known) {
    CO_TRY(
        std::optional<ado::WorkItem> const found,
        co_await find_created_item(creation.scope.client, creation.probe, since, known, creation.scope.ctx));
    std::optional<WriteOutcome> outcome;
    if (found) {
        outcome = outcome_of(creation, *found);
        outcome->result["notes"].push_back(kFoundAfterwards);
    }
    co_return outcome;
}

GuardedWrite guarded(Creation const& creation) {
    GuardedWrite write;
    write.organization = creation.scope.organization;
    write.tool = "create_work_item";
    write.idempotency_key = creation.key;
    write.arguments = creation.request.canonical;
    write.probe = creation.probe.to_json();
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
    Json result = outcome_of(creation, item).result;
    for (char const* const name : {"id", "rev", "url"}) {
        result.erase(name);
    }
    result["created"] = false;
    result["notes"].push_back("Validated only; nothing was created.");
    std::string text = "A " + clean_line(creation.request.type) + " " + quoted_title(result) +
                       " would be accepted in project " + clean_line(creation.request.project) + ".\n" +
                       note_lines(result["notes"].get<std::vector<std::string>>());
    return protocol::ToolResult(std::move(text), std::move(result));
}

class CreateWorkItemTool final : public OrganizationTool {
public:
    explicit CreateWorkItemTool(std::shared_ptr<WorkItemMetadata> metadata)
        : metadata_(std::move(metadata)) {}

    protocol::ToolDescriptor const& descriptor() const noexcept override { return descriptor_; }

    Task<Result<protocol::ToolResult>> run(Json const& args, CallScope const& scope) override {
        CO_TRY(WorkItemRequest request, read_work_item_request(args, scope.policy));
        Creation creation(std::move(request), scope, *metadata_);
        CO_TRY_VOID(co_await prepare(creation));
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
        CO_TRY(WorkItemRequest const request, read_work_item_request(plan.arguments, scope.policy));
        plan.writes = !request.validate_only;
        if (has_project) {
            plan.summary = summary_of(args, request.type, request.project);
            co_return plan;
        }
        std::string question = "In which project of " + scope.organization + " shall the " +
                               clean_line(request.type) + " \"" + clean_line(request.title()) +
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

    std::shared_ptr<WorkItemMetadata> metadata_;
    protocol::ToolDescriptor descriptor_ = make_descriptor();
};

} // namespace

std::unique_ptr<OrganizationTool> make_create_work_item_tool(std::shared_ptr<WorkItemMetadata> metadata) {
    return std::make_unique<CreateWorkItemTool>(std::move(metadata));
}

} // namespace server
