#pragma once

#include "protocol/list_pages.hpp"
#include "protocol/server_features.hpp"
#include "protocol/tool_registry.hpp"
#include "protocol/version.hpp"

#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace protocol {

/// Tools and prompts as they are published: a snapshot that calls under way keep.
class Catalogue {
public:
    /// Throws std::logic_error as ToolRegistry does, and when a prompt's name is used twice.
    Catalogue(ServerFeatures const& features, std::size_t page_size);

    PromptHandler* find_prompt(std::string_view name) const noexcept;

    ToolRegistry tools;
    std::vector<PromptHandler*> prompts;
    // Rendered once per revision: by far the largest answers that hardly ever change.
    std::array<std::vector<ListItem>, kRevisions.size()> tool_items;
    std::array<std::vector<ListItem>, kRevisions.size()> prompt_items;
    std::array<std::string, kRevisions.size()> tool_lists; ///< whole results; empty when there are pages
};

} // namespace protocol
