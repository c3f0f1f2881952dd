#include "ado/comments.hpp"
#include "ado/markdown.hpp"
#include "ado/work_items.hpp"
#include "core/http/http_message.hpp"
#include "server/tools/answer.hpp"
#include "server/tools/clean_text.hpp"
#include "server/tools/item_access.hpp"
#include "server/tools/schema_pieces.hpp"
#include "server/tools/text_essence.hpp"
#include "server/tools/tools.hpp"
#include "server/tools/work_item_draft.hpp"
#include "server/tools/write_effects.hpp"
#include "server/tools/written_comment.hpp"

#include <optional>
#include <utility>

namespace server {

namespace {

using core::Json;
using core::Result;
using core::Task;

constexpr std::size_t kLongestText = 200'000;

protocol::ToolDescriptor make_descriptor() {
    Json text = schema_string("Markdown");
    text["minLength"] = 1U;
    text["maxLength"] = kLongestText;
    Json key = schema_string("The same key never comments twice");
    key["maxLength"] = 200U;
    Json const input{{"organization", schema_organization()},
                     {"id", schema_integer(1, 2147483647)},
                     {"text", std::move(text)},
                     {"idempotency_key", std::move(key)}};
    Json const output{{"id", schema_integer("The comment's")},
                      {"work_item_id", schema_integer()},
                      {"url", schema_string()},
                      {"organization", schema_string()},
                      {"project", schema_string()},
                      {"created", {{"type", "boolean"}}},
                      {"notes", schema_array(schema_string())}};
    return protocol::ToolDescriptor("add_work_item_comment",
                                    "Comment on work item",
                                    "Adds a comment to a work item.",
                                    schema_arguments(input, {"id", "text"}),
                                    schema_object(output, {"id", "work_item_id", "url", "created", "notes"}),
                                    protocol::ToolHints());
}

/// One comment: what send and look-up work on.
class Commenting {
public:
    Commenting(Json const& args, ado::WorkItem const& item, CallScope const& scope_)
        : text(core::find_string(args, "text").value_or(std::string_view())), scope(scope_) {
        std::string_view const own = core::find_string(args, "idempotency_key").value_or(std::string_view());
        has_own_key = !own.empty();
        key = has_own_key ? std::optional(std::string(own)) : implied_key(scope.call);
        probe.project = item.project;
        probe.item = item.id;
        probe.text_sha256 = text_digests(text);
        if (probe.text_sha256.empty()) {
            probe.text_sha256.push_back(stored_text_digest(text));
        }
    }
    std::string text;
    bool has_own_key = false;
    std::optional<std::string> key; ///< under which it is journalled
    CommentProbe probe;
    CallScope const& scope;
};

WriteOutcome outcome_of(Commenting const& commenting, ado::Comment const& comment) {
    WriteOutcome outcome;
    outcome.resource_id = comment_resource(commenting.probe, comment);
    outcome.result = describe_comment(commenting.scope.client.organization(), commenting.probe, comment);
    return outcome;
}

Task<Result<ado::Comment>> post(Commenting const& commenting, ado::TextFormat format) {
    bool const markdown = format == ado::TextFormat::markdown;
    std::string const text =
        markdown ? ado::escape_markdown_field(commenting.text) : ado::markdown_to_html(commenting.text);
    co_return co_await commenting.scope.client.add_comment(
        commenting.probe.project, commenting.probe.item, text, format, commenting.scope.ctx);
}

Task<Result<WriteOutcome>> send_write(Commenting const& commenting, bool only_html) {
    ado::TextFormat const format = only_html ? ado::TextFormat::html : ado::TextFormat::markdown;
    CO_TRY(ado::Comment const comment, co_await post(commenting, format));
    WriteOutcome outcome = outcome_of(commenting, comment);
    if (!only_html && !comment.is_markdown) {
        outcome.result["notes"].push_back("This server keeps comments as HTML: its Markdown shows as it is.");
    }
    co_return outcome;
}

Task<Result<std::optional<WriteOutcome>>>
look_up(Commenting const& commenting, core::SystemTime since, std::vector<std::string> known) {
    CO_TRY(std::optional<ado::Comment> const found,
           co_await find_written_comment(
               commenting.scope.client, commenting.probe, since, known, commenting.scope.ctx));
    std::optional<WriteOutcome> outcome;
    if (found) {
        outcome = outcome_of(commenting, *found);
        outcome->result["notes"].push_back(kFoundAfterwards);
    }
    co_return outcome;
}

GuardedWrite guarded(Commenting const& commenting) {
    GuardedWrite write;
    write.organization = commenting.scope.organization;
    write.tool = "add_work_item_comment";
    write.idempotency_key = commenting.key;
    write.arguments = Json{{"id", commenting.probe.item}, {"text", commenting.text}};
    write.probe = commenting.probe.to_json();
    return write;
}

protocol::ToolResult answer(Json result, bool created, bool own_key) {
    result["created"] = created;
    if (!created) {
        result["notes"].push_back(own_key ? "The idempotency_key had been used before; this is what it wrote."
                                          : "This call had been carried out before; this is what it wrote.");
    }
    std::string text = (created ? "Commented on " : "Already there on ") + std::string("work item ") +
                       std::to_string(core::find_int(result, "work_item_id").value_or(0)) + ": " +
                       std::string(core::find_string(result, "url").value_or(std::string_view())) + "\n" +
                       note_lines(result["notes"].get<std::vector<std::string>>());
    return protocol::ToolResult(std::move(text), std::move(result));
}

class AddWorkItemCommentTool final : public OrganizationTool {
public:
    explicit AddWorkItemCommentTool(std::shared_ptr<WorkItemMetadata> metadata)
        : metadata_(std::move(metadata)) {}

    protocol::ToolDescriptor const& descriptor() const noexcept override { return descriptor_; }

    Task<Result<protocol::ToolResult>> run(Json const& args, CallScope const& scope) override {
        CO_TRY_VOID(check(args));
        CO_TRY(ado::WorkItem const item, co_await read_item_to_write(args, scope, false));
        Commenting const commenting(args, item, scope);
        bool const only_html = metadata_->knows_only_html(scope.organization);
        GuardedWrite const write = guarded(commenting);
        WriteGuard::Send const sender = [&commenting, only_html] {
            return send_write(commenting, only_html);
        };
        WriteGuard::LookUp const finder = [&commenting](core::SystemTime since,
                                                        std::vector<std::string> known) {
            return look_up(commenting, since, std::move(known));
        };
        CO_TRY(WriteOutcome outcome,
               co_await scope.writes.run(write, sender, finder, scope.caller, scope.ctx));
        co_return answer(std::move(outcome.result), outcome.created, commenting.has_own_key);
    }

    Task<Result<WritePlan>> plan(Json const& args, CallScope const& scope) override {
        WritePlan plan(args);
        CO_TRY_VOID(check(args));
        if (scope.policy.confirm_writes) {
            CO_TRY(ado::WorkItem const item, co_await read_item_to_write(args, scope, false));
            Json rest = Json::object();
            rest["text"] = args.at("text");
            plan.summary = "Comment on " + name_of(item) + "\n" + summarize_arguments(rest);
        }
        co_return plan;
    }

private:
    static Result<void> check(Json const& args) {
        std::string_view const text = core::find_string(args, "text").value_or(std::string_view());
        if (text.find_first_not_of(" \t\r\n") == std::string_view::npos) {
            return core::fail(wrong_argument("`text` is empty."));
        }
        return {};
    }

    std::shared_ptr<WorkItemMetadata> metadata_;
    protocol::ToolDescriptor descriptor_ = make_descriptor();
};

} // namespace

std::unique_ptr<OrganizationTool>
make_add_work_item_comment_tool(std::shared_ptr<WorkItemMetadata> metadata) {
    return std::make_unique<AddWorkItemCommentTool>(std::move(metadata));
}

} // namespace server
