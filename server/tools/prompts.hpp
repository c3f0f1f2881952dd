#pragma once

#include "protocol/prompt.hpp"

#include <memory>
#include <vector>

namespace server {

/// The daemon's prompts: incident_to_bug, explain_error, find_runbook. Texts only; what they tell the model
/// to do it does with the tools.
std::vector<std::unique_ptr<protocol::PromptHandler>> make_prompts();

} // namespace server
