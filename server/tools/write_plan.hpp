#pragma once

#include "core/json.hpp"
#include "protocol/input_request.hpp"
#include "protocol/tool.hpp"

#include <nlohmann/json.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <utility>

namespace server {

/// What a writing call comes to before anything is written.
class WritePlan {
public:
    explicit WritePlan(core::Json arguments_) : arguments(std::move(arguments_)) {}

    core::Json arguments; ///< of the call, with what a person was asked for filled in
    std::string summary;  ///< what will be written and where, for the person who confirms it
    bool writes = true;   ///< false: nothing will be changed
    core::Json settled = core::Json::object();   ///< what was asked and answered: stays in ToolCall::state
    std::optional<protocol::InputNeeded> needed; ///< set: to be asked first, and nothing else counts
};

/// Longest summary of a plan, in bytes: a person reads it in a dialog.
inline constexpr std::size_t kSummaryBytes = 2000;

/// `project: Web` and so on, one argument a line; cleaned, long texts cut.
std::string summarize_arguments(core::Json const& arguments);

/// Member of ToolCall::state that stays the same over all rounds of a writing call; the router puts it there
/// with the first question.
inline constexpr char kRoundMember[] = "round";

/// The key under which a write without an `idempotency_key` is journalled: that of its task, so that one
/// resumed after a restart does not write twice; else that of the questions asked for it, so that a repeated
/// answer does not; else none.
std::optional<std::string> implied_key(protocol::ToolCall const& call);

} // namespace server
