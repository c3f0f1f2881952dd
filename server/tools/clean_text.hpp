#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace server {

class CleanText {
public:
    std::string text;
    std::size_t removed = 0; ///< characters a reader would not have seen; line ends made uniform do not count
};

/// Text of others as it may be shown: valid UTF-8, lines end in `\n`, and nothing in it that a reader cannot
/// see but a model or a terminal would act on: control characters (tab and line end stay), zero-width
/// characters and fillers, bidirectional overrides, tag characters, variation selectors. Joiners stay where
/// scripts and emoji need them. Text with nothing to clean is moved through after one look at each byte.
CleanText clean_text(std::string text);

/// For names, titles and paths: the same, and tabs and line ends become blanks.
std::string clean_line(std::string text);
std::string clean_line(std::string_view text);

} // namespace server
