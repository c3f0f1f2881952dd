#include "server/router/tool_deadline.hpp"

#include <chrono>
#include <cstdio>
#include <utility>

namespace server {
namespace {

struct NamedLimit {
    std::string_view name;
    std::chrono::milliseconds span;
};

NamedLimit limit_of(protocol::ToolDescriptor const& tool, Limits const& limits) {
    if (!tool.hints.read_only) {
        return {"tool_write_ms", limits.tool_write_ms};
    }
    for (std::string_view const prefix : {"search_", "list_", "describe_"}) {
        if (tool.name.starts_with(prefix)) {
            return {"tool_search_ms", limits.tool_search_ms};
        }
    }
    return {"tool_read_ms", limits.tool_read_ms};
}

std::string in_seconds(std::chrono::steady_clock::duration span) {
    char text[32];
    std::snprintf(text, sizeof text, "%.1f s", std::chrono::duration<double>(span).count());
    return text;
}

} // namespace

ToolDeadline::ToolDeadline(protocol::ToolDescriptor const& tool,
                           Limits const& limits,
                           core::Clock const* clock,
                           core::CallContext const& ctx)
    : tool_(tool.name), limit_("call_ms"), clock_(clock), ctx_(ctx) {
    if (clock_ == nullptr) {
        return;
    }
    started_ = clock_->now();
    NamedLimit const own = limit_of(tool, limits);
    core::Deadline const deadline = core::Deadline::in(*clock_, own.span);
    if (deadline.time() < ctx.deadline.time()) {
        limit_ = own.name;
        ctx_.deadline = deadline;
    }
}

core::Error ToolDeadline::explain(core::Error error) const {
    bool const late =
        clock_ != nullptr && error.kind() == core::ErrorKind::timeout && ctx_.deadline.passed(clock_->now());
    if (!late) {
        return error;
    }
    std::string text = tool_ + " ran out of time after " + in_seconds(clock_->now() - started_) +
                       " (limits." + std::string(limit_) + "): " + error.message();
    if (error.fix().empty()) {
        static_cast<void>(std::move(error).with_fix("Ask for less at a time, or try again later."));
    }
    if (error.code().empty()) {
        static_cast<void>(std::move(error).with_code("tool_deadline"));
    }
    return std::move(error).with_message(std::move(text));
}

} // namespace server
