#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace server {

/// Lines of a file that fit a budget. Lines end with `\n`; one at the end of the file begins no further line.
class FileWindow {
public:
    std::size_t start_line = 0; ///< from 1; 0 when the window is empty
    std::size_t end_line = 0;
    std::size_t total_lines = 0;
    std::size_t begin = 0; ///< bytes of the text
    std::size_t end = 0;
    bool budget_reached = false; ///< what was asked for goes on behind the window
    /// Where it goes on in the last line, which is too long for the budget; 0 = with the next line.
    std::size_t next_byte = 0;
};

class WindowRequest {
public:
    std::size_t start_line = 1;
    std::size_t start_byte = 0; ///< of that line
    std::size_t end_line = 0;   ///< inclusive; 0 = to the end
    std::size_t text_bytes = 0; ///< budget of the text as it is
    std::size_t json_bytes = 0; ///< budget of the text as a JSON string
};

/// Never empty when the file has the first line asked for and the budget holds a character: a line that is
/// too long alone is cut between two characters.
FileWindow choose_window(std::string_view text, WindowRequest const& request);

} // namespace server
