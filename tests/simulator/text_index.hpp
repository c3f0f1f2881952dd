#pragma once

#include "simulator/unicode.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace simulator {

/// What kinds of code element a word is, as far as a glance at its neighbours tells.
enum Element : std::uint32_t {
    element_comment = 1U << 0U,
    element_strlit = 1U << 1U,
    element_class = 1U << 2U,
    element_namespace = 1U << 3U,
    element_enum = 1U << 4U,
    element_interface = 1U << 5U,
    element_method = 1U << 6U,
    element_def = 1U << 7U,
    element_ref = 1U << 8U,
    element_macro = 1U << 9U,
    element_basetype = 1U << 10U,
    element_type = 1U << 11U,
    element_field = 1U << 12U,
    element_decl = 1U << 13U,
    element_prop = 1U << 14U,
};
/// 0 for a word that names no element.
std::uint32_t element_bit(std::string_view name);

class Occurrence {
public:
    std::uint32_t offset = 0; ///< UTF-16 units
    std::uint32_t length = 0;
    std::uint32_t ordinal = 0; ///< number of the word in the file
    std::uint32_t elements = 0;
};

/// The words of one file.
class TextIndex {
public:
    TextIndex(std::string_view bytes, std::string_view extension);

    std::vector<Occurrence> const* find(std::u16string const& folded_word) const;
    std::unordered_map<std::u16string, std::vector<Occurrence>> const& words() const { return words_; }
    std::u16string const& folded_text() const { return folded_text_; }
    DecodedFile const& file() const { return file_; }

private:
    DecodedFile file_;
    std::u16string folded_text_;
    std::unordered_map<std::u16string, std::vector<Occurrence>> words_;
};

} // namespace simulator
