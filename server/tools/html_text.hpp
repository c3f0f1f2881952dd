#pragma once

#include <string>
#include <string_view>

namespace server {

/// The text of a work item's HTML as a model reads it with few tokens: paragraphs and lines as lines, list
/// items with `- `, cells parted by ` | `, links as `text (address)`, pictures as `[image: address]`. Not for
/// showing in a browser. Any text is taken, broken markup included.
std::string html_text(std::string_view html);

} // namespace server
