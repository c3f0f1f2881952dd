#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

namespace server::secrets {

/// A part of the text that may hold secrets; begins where a word may begin.
class Stretch {
public:
    Stretch(std::size_t begin_, std::size_t end_) : begin(begin_), end(end_) {}
    std::size_t begin;
    std::size_t end;
};

/// Where a closer look is worth it, in order; they may overlap. Most texts have few: this is what a text
/// without secrets costs.
std::vector<Stretch> find_stretches(std::string_view text);

} // namespace server::secrets
