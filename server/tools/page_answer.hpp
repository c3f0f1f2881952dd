#pragma once

#include "core/json.hpp"
#include "core/result.hpp"
#include "protocol/tool.hpp"
#include "server/tools/call_scope.hpp"

#include <cstddef>
#include <string>

namespace server {

/// A page as it was read, before it is cleaned and cut.
class PageContent {
public:
    std::string organization;
    std::string project;
    std::string wiki;
    std::string path;
    std::string url;
    std::string text;
};

/// Which part of a page a call wants.
class PageWindow {
public:
    std::size_t start_line = 1;
    std::size_t end_line = 0; ///< 0 = to the end
    std::size_t skipped = 0;  ///< bytes of the first line that were given before
    std::string digest;       ///< of the page those were of; empty at the first call
    std::size_t max_bytes = 0;
    std::string subject; ///< of the cursor
};

core::Result<PageWindow> read_page_window(core::Json const& args, CallScope const& scope);

/// Text and structured twin, each within the budget to the byte. Where it ends early, also within a long
/// line, the cursor goes on with the very next character.
core::Result<protocol::ToolResult> make_page_answer(PageContent page, PageWindow const& window);

} // namespace server
