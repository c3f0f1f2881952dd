#pragma once

#include "core/call_context.hpp"
#include "core/clock.hpp"
#include "core/error.hpp"
#include "protocol/tool.hpp"
#include "server/config/limits.hpp"

#include <string>
#include <string_view>

namespace server {

/// The time one run of a tool has: that of its kind, and not more than its call has left.
class ToolDeadline {
public:
    /// `clock` may be null: then only the call's deadline counts. `ctx` is copied.
    ToolDeadline(protocol::ToolDescriptor const& tool,
                 Limits const& limits,
                 core::Clock const* clock,
                 core::CallContext const& ctx);

    core::CallContext const& ctx() const noexcept { return ctx_; }
    /// An error that came because this time was up says so, names the limit and what was being waited for.
    core::Error explain(core::Error error) const;

private:
    std::string tool_;
    std::string_view limit_; ///< the name under `limits:`
    core::Clock const* clock_;
    core::SteadyTime started_{};
    core::CallContext ctx_;
};

} // namespace server
