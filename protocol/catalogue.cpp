#include "protocol/catalogue.hpp"

#include "protocol/render.hpp"

#include <algorithm>
#include <stdexcept>

namespace protocol {
namespace {

constexpr std::chrono::milliseconds kCatalogueTtl{300'000};

} // namespace

Catalogue::Catalogue(ServerFeatures const& features, std::size_t page_size)
    : tools(features.tools), prompts(features.prompts) {
    for (auto it = prompts.begin(); it != prompts.end(); ++it) {
        std::string const& name = (*it)->descriptor().name;
        if (std::any_of(prompts.begin(), it, [&name](PromptHandler const* other) {
                return other->descriptor().name == name;
            })) {
            throw std::logic_error("prompt " + name + " is there twice");
        }
    }
    std::string const info = render_server_info(features.identity, kModernRevision);
    for (Revision const revision : kRevisions) {
        auto const i = index_of(revision);
        tool_items[i] = render_tools(features.tools, revision);
        prompt_items[i] = render_prompts(features.prompts, revision);
        if (tool_items[i].size() <= page_size) {
            ListPage page;
            page.end = tool_items[i].size();
            ResultTail tail(revision, info);
            tail.ttl = kCatalogueTtl;
            tool_lists[i] = "{";
            append_page(tool_lists[i], "tools", tool_items[i], page);
            end_result(tool_lists[i], tail, Json(), false);
        }
    }
}

PromptHandler* Catalogue::find_prompt(std::string_view name) const noexcept {
    auto const it = std::find_if(prompts.begin(), prompts.end(), [name](PromptHandler const* prompt) {
        return prompt->descriptor().name == name;
    });
    return it == prompts.end() ? nullptr : *it;
}

} // namespace protocol
