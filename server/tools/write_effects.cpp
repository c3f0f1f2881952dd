#include "server/tools/write_effects.hpp"

#include "server/tools/created_item.hpp"
#include "server/tools/written_comment.hpp"

#include <utility>

namespace server {

namespace {

using core::Result;
using core::Task;
using Found = std::optional<WriteOutcome>;

constexpr char kCreate[] = "create_work_item";
constexpr char kComment[] = "add_work_item_comment";

tl::unexpected<core::Error> unreadable(std::string const& tool) {
    return core::fail(core::ErrorKind::internal, "the journal's probe of " + tool + " cannot be read");
}

Task<Result<Found>> find_item(core::Json const& json,
                              ado::Client const& client,
                              core::SystemTime since,
                              std::vector<std::string> const& known,
                              core::CallContext const& ctx) {
    std::optional<CreationProbe> const probe = CreationProbe::read(json);
    if (!probe) {
        co_return unreadable(kCreate);
    }
    CO_TRY(std::optional<ado::WorkItem> const item,
           co_await find_created_item(client, *probe, since, known, ctx));
    Found found;
    if (item) {
        found.emplace();
        found->resource_id = std::to_string(item->id);
        found->result = describe_created(client.organization(), *probe, *item);
        found->result["notes"].push_back(kFoundAfterwards);
    }
    co_return found;
}

Task<Result<Found>> find_comment(core::Json const& json,
                                 ado::Client const& client,
                                 core::SystemTime since,
                                 std::vector<std::string> const& known,
                                 core::CallContext const& ctx) {
    std::optional<CommentProbe> const probe = CommentProbe::read(json);
    if (!probe) {
        co_return unreadable(kComment);
    }
    CO_TRY(std::optional<ado::Comment> const comment,
           co_await find_written_comment(client, *probe, since, known, ctx));
    Found found;
    if (comment) {
        found.emplace();
        found->resource_id = comment_resource(*probe, *comment);
        found->result = describe_comment(client.organization(), *probe, *comment);
        found->result["notes"].push_back(kFoundAfterwards);
    }
    co_return found;
}

} // namespace

bool leaves_effects(std::string const& tool) {
    return tool == kCreate || tool == kComment;
}

Task<Result<Found>> find_effect(std::string const& tool,
                                core::Json const& probe,
                                ado::Client const& client,
                                core::SystemTime since,
                                std::vector<std::string> known,
                                core::CallContext const& ctx) {
    Result<Found> found = core::fail(core::ErrorKind::internal, "no such tool: " + tool);
    if (tool == kCreate) {
        found = co_await find_item(probe, client, since, known, ctx);
    } else if (tool == kComment) {
        found = co_await find_comment(probe, client, since, known, ctx);
    }
    co_return found;
}

} // namespace server
