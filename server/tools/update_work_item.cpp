#include "ado/web_links.hpp"
#include "core/async.hpp"
#include "core/http/http_message.hpp"
#include "server/tools/answer.hpp"
#include "server/tools/assignee.hpp"
#include "server/tools/clean_text.hpp"
#include "server/tools/item_access.hpp"
#include "server/tools/schema_pieces.hpp"
#include "server/tools/tools.hpp"
#include "server/tools/work_item_change.hpp"
#include "server/tools/work_item_checks.hpp"
#include "server/tools/work_item_conflict.hpp"
#include "server/tools/write_effects.hpp"

#include <optional>
#include <utility>

namespace server {

namespace {

using core::Json;
using core::Result;
using core::Task;

/// A change that holds only for the revision it was computed on is computed anew this often.
constexpr int kAttempts = 4;

protocol::ToolDescriptor make_descriptor() {
    auto const bounded = [](std::size_t length, char const* description) {
        Json schema = schema_string(description);
        schema["maxLength"] = length;
        return schema;
    };
    Json tags = schema_array(schema_string());
    tags["maxItems"] = 100U;
    tags["description"] = "Added; -tag takes one away";
    Json links =
        schema_array(schema_arguments({{"url", schema_string()}, {"comment", schema_string()}}, {"url"}));
    links["maxItems"] = 100U;
    Json const input{
        {"organization", schema_organization()},
        {"id", schema_integer(1, 2147483647)},
        {"title", bounded(255, nullptr)},
        {"description", bounded(200000, "Markdown; replaces the whole text")},
        {"state", schema_string()},
        {"area_path", schema_string()},
        {"iteration_path", schema_string()},
        {"priority", schema_integer(1, 4)},
        {"severity", schema_string()},
        {"assigned_to", schema_string("Empty: nobody")},
        {"tags", std::move(tags)},
        {"parent_id", schema_integer(0, 2147483647, "0: none")},
        {"links", std::move(links)},
        {"fields",
         {{"type", "object"},
          {"additionalProperties", true},
          {"description", "As create_work_item; null empties"}}},
        {"expected_rev", schema_integer(1, 2147483647, "Refused if the item is at another revision")},
        {"validate_only", {{"type", "boolean"}}}};
    Json output = Json::object();
    for (char const* const name : {"url", "organization", "project", "type", "title", "state"}) {
        output[name] = schema_string();
    }
    output["id"] = schema_integer();
    output["rev"] = schema_integer();
    output["updated"] = {{"type", "boolean"}};
    output["changed"] = schema_array(schema_string());
    output["notes"] = schema_array(schema_string());
    protocol::ToolHints hints;
    hints.destructive = true;
    hints.idempotent = true;
    return protocol::ToolDescriptor(
        "update_work_item",
        "Update work item",
        "Changes the given fields of a work item, no others.",
        schema_arguments(input, {"id"}),
        schema_object(output, {"id", "url", "rev", "updated", "changed", "notes"}),
        hints);
}

/// One update on its way.
class Update {
public:
    Update(WorkItemArguments arguments_,
           Json const& args,
           CallScope const& scope_,
           WorkItemMetadata& metadata_)
        : arguments(std::move(arguments_)), expected_rev(core::find_int(args, "expected_rev")),
          validate_only(core::find_bool(args, "validate_only").value_or(false)), scope(scope_),
          metadata(metadata_), began(metadata_.now()) {}

    WorkItemChange change() const {
        return work_item_change(item, arguments, resolved, form, scope.client.organization());
    }

    WorkItemArguments arguments;
    std::optional<std::int64_t> expected_rev;
    bool validate_only;
    CallScope const& scope;
    WorkItemMetadata& metadata;
    core::SteadyTime began;
    ado::WorkItem item; ///< as last read
    ResolvedArguments resolved;
    TextForm form;
    std::vector<std::string> notes;
};

/// Reads the item and looks up what has to be.
Task<Result<void>> prepare(Update& update, Json const& args) {
    CallScope const& scope = update.scope;
    CO_TRY(update.item, co_await read_item_to_write(args, scope, true));
    ado::WorkItem const& item = update.item;
    if (update.expected_rev && *update.expected_rev != item.rev) {
        co_return core::fail(co_await revision_conflict(item, *update.expected_rev, scope));
    }
    CO_TRY(update.resolved,
           co_await resolve_arguments(update.arguments, item.project, item.type, update.metadata, scope));
    update.notes = update.resolved.notes;
    KnownFacts facts = update.metadata.known(scope, item.project, item.type);
    update.form = text_form(facts.get(), item.type, update.metadata.knows_only_html(scope.organization));
    if (!facts || !check_patch(*facts, update.change().patch, false)) {
        co_return Result<void>();
    }
    if (facts->fetched_at < update.began) {
        CO_TRY(facts, co_await update.metadata.facts(scope, item.project, item.type, update.began));
    }
    if (std::optional<core::Error> problem = check_patch(*facts, update.change().patch, false)) {
        co_return core::fail(std::move(*problem));
    }
    co_return Result<void>();
}

/// As in create_work_item: nullopt when the same is to be sent in another form.
Task<std::optional<core::Error>> adapt(Update& update, WorkItemChange const& change, core::Error error) {
    using Refusal = std::optional<core::Error>;
    CallScope const& scope = update.scope;
    ado::WorkItem const& item = update.item;
    if (refuses_markdown(error) && !update.form.html) {
        update.metadata.note_only_html(scope.organization);
        update.form.html = true;
        co_return Refusal();
    }
    if (is_unknown_identity(error) && update.arguments.assigned_to) {
        core::Error named = co_await with_people(std::move(error), *update.arguments.assigned_to, scope);
        co_return Refusal(std::move(named));
    }
    if (!is_about_rules(error)) {
        co_return Refusal(std::move(error));
    }
    auto const facts = co_await update.metadata.facts(scope, item.project, item.type, update.began);
    if (facts) {
        TextForm const form = text_form(facts->get(), item.type, update.form.html);
        if (form.description_field != update.form.description_field) {
            update.form = form;
            co_return Refusal();
        }
        error = explain_refusal(std::move(error), **facts, change.patch, false);
    }
    bool const about_state =
        update.arguments.state && (error.message().find("System.State") != std::string::npos ||
                                   error.message().find("field State") != std::string::npos);
    if (about_state) {
        core::Error named = co_await with_transitions(std::move(error), item, *update.arguments.state, scope);
        co_return Refusal(std::move(named));
    }
    co_return Refusal(std::move(error));
}

Task<Result<void>> read_again(Update& update) {
    CO_TRY(update.item,
           co_await update.scope.client.get_work_item_values(update.item.id, true, update.scope.ctx));
    co_return Result<void>();
}

core::Error outcome_unknown(Update const& update, core::Error const& cause) {
    return core::Error(cause.kind() == core::ErrorKind::cancelled ? core::ErrorKind::timeout : cause.kind(),
                       "The request was sent but its answer was lost (" + cause.message() + "); work item " +
                           std::to_string(update.item.id) + " does not show the change so far.")
        .with_code("outcome_unknown")
        .with_activity_id(cause.activity_id())
        .with_status(cause.status())
        .with_fix("Repeat the call: what was changed already stays as it is.");
}

/// What came of it: the item as it is afterwards, and what was changed.
class Updated {
public:
    Updated() = default;
    ado::WorkItem item;
    std::vector<std::string> changed;
};

/// Sends the change until it is there, refused, or nobody knows. A change computed from the item holds only
/// for the revision it was read at, and after a lost answer it is computed anew: what is there already is not
/// sent twice.
Task<Result<Updated>> write(Update& update) {
    CallScope const& scope = update.scope;
    Updated done;
    std::optional<core::Error> lost;
    ado::WriteOptions const options(update.validate_only);
    for (int attempt = 0;; ++attempt) {
        WorkItemChange change = update.change();
        if (change.patch.empty()) {
            if (lost) {
                update.notes.emplace_back(kFoundAfterwards);
            }
            done.item = std::move(update.item);
            co_return done;
        }
        done.changed = change.changed;
        std::optional<std::int64_t> const rev = update.expected_rev          ? update.expected_rev
                                                : change.needs_same_revision ? std::optional(update.item.rev)
                                                                             : std::nullopt;
        if (rev) {
            change.patch.test_revision(*rev);
        }
        Result<ado::WorkItem> sent = co_await scope.client.update_work_item(
            update.item.project, update.item.id, change.patch, options, scope.ctx);
        if (sent) {
            if (change.only_links && !update.validate_only) {
                update.notes.emplace_back("Links do not raise the revision.");
            }
            done.item = std::move(*sent);
            if (change.removes_links && !update.validate_only) {
                for (std::string const& url : lost_links(update.item, done.item)) {
                    update.notes.push_back("The link to " + url +
                                           " is gone too: somebody changed the links in the same moment.");
                }
            }
            co_return done;
        }
        core::Error error = sent.error();
        bool const last = attempt + 1 >= kAttempts;
        bool const moved = error.status() == 412 || error.code() == "VS403351";
        if (moved) {
            CO_TRY_VOID(co_await read_again(update));
            // Our own request may be what moved it.
            bool const ours = lost && update.change().patch.empty();
            if (update.expected_rev && !ours) {
                co_return core::fail(co_await revision_conflict(update.item, *update.expected_rev, scope));
            }
            if (last) {
                co_return core::fail(std::move(error));
            }
            continue;
        }
        if (error.not_sent()) {
            bool const refused = error.status() >= 400 && error.status() < 500 && error.status() != 429;
            if (!refused || last) {
                co_return core::fail(std::move(error));
            }
            if (lost) {
                // What was thought lost may have arrived meanwhile: a link cannot be made twice.
                CO_TRY_VOID(co_await read_again(update));
                if (update.change().patch.empty()) {
                    continue;
                }
            }
            std::optional<core::Error> refusal = co_await adapt(update, change, std::move(error));
            if (refusal) {
                co_return core::fail(std::move(*refusal));
            }
            continue;
        }
        if (update.validate_only) {
            co_return core::fail(std::move(error)); // nothing was to be written
        }
        if (last) {
            co_return core::fail(outcome_unknown(update, error));
        }
        lost.emplace(error);
        Result<void> const read = co_await read_again(update);
        bool const too_risky = change.removes_links && !update.change().patch.empty();
        if (!read || too_risky) {
            co_return core::fail(outcome_unknown(update, error));
        }
    }
}

protocol::ToolResult answer(Update const& update, Updated const& done) {
    ado::WorkItem const& item = done.item;
    std::string const project = item.project.empty() ? update.item.project : item.project;
    bool const written = !done.changed.empty() && !update.validate_only;
    Json result = Json::object();
    result["id"] = item.id > 0 ? item.id : update.item.id;
    result["rev"] = item.rev;
    result["url"] =
        ado::work_item_url(update.scope.client.organization(), project, result["id"].get<std::int64_t>());
    result["organization"] = update.scope.organization;
    result["project"] = clean_line(project);
    result["type"] = clean_line(item.type);
    result["title"] = clean_line(item.title);
    result["state"] = clean_line(item.state);
    result["updated"] = written;
    result["changed"] = done.changed;
    std::vector<std::string> notes = update.notes;
    std::string names;
    for (std::string const& name : done.changed) {
        names += (names.empty() ? "" : ", ") + clean_line(name);
    }
    std::string text = clean_line(item.type) + " " + std::to_string(result["id"].get<std::int64_t>()) +
                       " \"" + clean_line(item.title) + "\" in project " + clean_line(project);
    if (done.changed.empty()) {
        notes.emplace_back("It is so already; nothing was sent.");
        text = "Unchanged " + text;
    } else if (update.validate_only) {
        notes.emplace_back("Validated only; nothing was changed.");
        text = "Would be accepted: " + names + " of " + text;
        result["rev"] = update.item.rev;
    } else {
        text = "Updated " + names + " of " + text;
    }
    text += ", state " + clean_line(item.state) + ", revision " +
            std::to_string(result["rev"].get<std::int64_t>()) + ": " + result["url"].get<std::string>() +
            "\n" + note_lines(notes);
    result["notes"] = std::move(notes);
    return protocol::ToolResult(std::move(text), std::move(result));
}

class UpdateWorkItemTool final : public OrganizationTool {
public:
    explicit UpdateWorkItemTool(std::shared_ptr<WorkItemMetadata> metadata)
        : metadata_(std::move(metadata)) {}

    protocol::ToolDescriptor const& descriptor() const noexcept override { return descriptor_; }

    Task<Result<protocol::ToolResult>> run(Json const& args, CallScope const& scope) override {
        CO_TRY(WorkItemArguments arguments, read_work_item_arguments(args));
        Update update(std::move(arguments), args, scope, *metadata_);
        CO_TRY_VOID(co_await prepare(update, args));
        CO_TRY(Updated const done, co_await write(update));
        co_return answer(update, done);
    }

    Task<Result<WritePlan>> plan(Json const& args, CallScope const& scope) override {
        WritePlan plan(args);
        plan.writes = !core::find_bool(args, "validate_only").value_or(false);
        CO_TRY(WorkItemArguments arguments, read_work_item_arguments(args));
        if (!plan.writes || !scope.policy.confirm_writes) {
            co_return plan;
        }
        Update update(std::move(arguments), args, scope, *metadata_);
        CO_TRY_VOID(co_await prepare(update, args));
        plan.summary = "Update " + name_of(update.item) + "\n";
        for (std::string const& line : update.change().described) {
            if (plan.summary.size() + line.size() > kSummaryBytes) {
                plan.summary += "and more\n";
                break;
            }
            plan.summary += line + "\n";
        }
        co_return plan;
    }

private:
    std::shared_ptr<WorkItemMetadata> metadata_;
    protocol::ToolDescriptor descriptor_ = make_descriptor();
};

} // namespace

std::unique_ptr<OrganizationTool> make_update_work_item_tool(std::shared_ptr<WorkItemMetadata> metadata) {
    return std::make_unique<UpdateWorkItemTool>(std::move(metadata));
}

} // namespace server
