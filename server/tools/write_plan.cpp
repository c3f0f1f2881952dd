#include "server/tools/write_plan.hpp"

#include "core/text/utf8.hpp"
#include "server/tools/call_scope.hpp"
#include "server/tools/clean_text.hpp"

namespace server {

namespace {

constexpr std::size_t kValueBytes = 400;

std::string shown(core::Json const& value) {
    std::string text = value.is_string() ? value.get<std::string>() : core::dump_json(value);
    text = clean_line(std::move(text));
    if (text.size() > kValueBytes) {
        std::size_t const left_out = text.size();
        text = std::string(core::utf8_prefix(text, kValueBytes));
        text += " ... (" + std::to_string(left_out) + " bytes in all)";
    }
    return text;
}

} // namespace

std::string summarize_arguments(core::Json const& arguments) {
    std::string summary;
    for (auto const& [name, value] : arguments.items()) {
        if (name == "organization" || name == "idempotency_key" || value.is_null()) {
            continue;
        }
        std::string const line = clean_line(name) + ": " + shown(value) + "\n";
        if (summary.size() + line.size() > kSummaryBytes) {
            summary += "and more\n";
            break;
        }
        summary += line;
    }
    return summary;
}

std::optional<std::string> implied_key(protocol::ToolCall const& call) {
    if (!call.task_id.empty()) {
        return "task:" + call.task_id;
    }
    if (auto const round = core::find_string(call.state, kRoundMember)) {
        return "round:" + std::string(*round);
    }
    return std::nullopt;
}

core::Task<core::Result<protocol::ToolResult>>
OrganizationTool::run_over(core::Json const&, std::vector<CallScope> const&, std::vector<std::string>) {
    co_return core::fail(core::ErrorKind::internal, "this tool answers for one organization");
}

core::Task<core::Result<WritePlan>> OrganizationTool::plan(core::Json const& args, CallScope const&) {
    WritePlan plan(args);
    plan.summary = descriptor().title + "\n" + summarize_arguments(args);
    co_return plan;
}

} // namespace server
