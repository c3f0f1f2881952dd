#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace server {

/// The lines of a text around what was searched for.
class Excerpt {
public:
    std::string text;
    std::size_t first_line = 0; ///< within the text, from 0
};

/// The run of whole lines of at most about `max_bytes` with the most of the terms in it; a line that is
/// longer is cut around the first of them. Blank lines at both ends are left out.
Excerpt best_excerpt(std::string_view text, std::vector<std::string> const& terms, std::size_t max_bytes);

} // namespace server
