#include "simulator/text_index.hpp"

#include "simulator/text.hpp"

#include <array>
#include <utility>

namespace simulator {
namespace {

constexpr std::array<std::pair<std::string_view, std::uint32_t>, 15> kElements = {{
    {"comment", element_comment},
    {"strlit", element_strlit},
    {"class", element_class},
    {"namespace", element_namespace},
    {"enum", element_enum},
    {"interface", element_interface},
    {"method", element_method},
    {"def", element_def},
    {"ref", element_ref},
    {"macro", element_macro},
    {"basetype", element_basetype},
    {"type", element_type},
    {"field", element_field},
    {"decl", element_decl},
    {"prop", element_prop},
}};

bool is_code(std::string_view extension) {
    static constexpr std::array<std::string_view, 11> kCode = {
        "c", "cc", "cpp", "cxx", "h", "hpp", "cs", "java", "vb", "ts", "py"};
    for (auto const known : kCode) {
        if (extension == known) {
            return true;
        }
    }
    return false;
}

/// Walks through a file once, keeping in mind whether it is inside a comment or a string.
class Scanner {
public:
    Scanner(std::u16string const& text, bool code, bool hash_comments)
        : text_(text), code_(code), hash_comments_(hash_comments) {}

    /// Moves to the next word; false at the end.
    bool next(std::size_t& start, std::size_t& end, std::uint32_t& elements) {
        while (at_ < text_.size() && !is_word(text_[at_])) {
            step_over_punctuation();
        }
        if (at_ >= text_.size()) {
            return false;
        }
        start = at_;
        while (at_ < text_.size() && is_word(text_[at_])) {
            ++at_;
        }
        end = at_;
        elements = code_ ? classify(start, end) : 0U;
        return true;
    }

private:
    char16_t peek(std::size_t i) const { return i < text_.size() ? text_[i] : u'\0'; }

    void step_over_punctuation() {
        char16_t const c = text_[at_];
        char16_t const after = peek(at_ + 1);
        if (c == u'\n') {
            line_comment_ = false;
            string_ = u'\0';
            directive_ = false;
        } else if (block_comment_) {
            block_comment_ = !(c == u'*' && after == u'/');
        } else if (!line_comment_ && string_ != u'\0') {
            if (c == u'\\') {
                ++at_;
            } else if (c == string_) {
                string_ = u'\0';
            }
        } else if (!line_comment_) {
            open_something(c, after);
        }
        ++at_;
    }

    void open_something(char16_t c, char16_t after) {
        if ((c == u'/' && after == u'/') || (hash_comments_ && c == u'#')) {
            line_comment_ = true;
        } else if (c == u'/' && after == u'*') {
            block_comment_ = true;
            ++at_;
        } else if (c == u'"' || c == u'\'') {
            string_ = c;
        } else if (c == u'#') {
            directive_ = true;
        } else if (c == u';' || c == u'{' || c == u'}' || c == u'(' || c == u')') {
            previous_.clear();
            after_colon_ = false;
        } else if (c == u':' && after != u':' && in_type_head_) {
            after_colon_ = true;
        }
        if (c == u'{' || c == u';') {
            in_type_head_ = false;
        }
    }

    std::uint32_t classify(std::size_t start, std::size_t end) {
        if (line_comment_ || block_comment_) {
            return element_comment;
        }
        if (string_ != u'\0') {
            return element_strlit;
        }
        std::u16string const word = text_.substr(start, end - start);
        std::uint32_t bits = 0;
        if (previous_ == u"class" || previous_ == u"struct") {
            bits = element_class | element_type | element_def;
            in_type_head_ = true;
        } else if (previous_ == u"enum") {
            bits = element_enum | element_type | element_def;
        } else if (previous_ == u"interface") {
            bits = element_interface | element_type | element_def;
            in_type_head_ = true;
        } else if (previous_ == u"namespace") {
            bits = element_namespace;
        } else if (directive_ && previous_ == u"define") {
            bits = element_macro | element_def;
        } else if (after_colon_) {
            bits = element_basetype | element_ref;
        } else if (peek(end) == u'(') {
            bool const definition =
                !previous_.empty() && previous_ != u"return" && previous_ != u"if" && previous_ != u"await";
            bits = element_method | (definition ? element_def | element_decl : element_ref);
        } else if (peek(end) == u';' && !previous_.empty()) {
            bits = element_field | element_decl;
        } else {
            bits = element_ref;
        }
        previous_ = word;
        return bits;
    }

    std::u16string const& text_;
    bool code_;
    bool hash_comments_;
    std::size_t at_ = 0;
    bool line_comment_ = false;
    bool block_comment_ = false;
    bool directive_ = false;
    bool in_type_head_ = false;
    bool after_colon_ = false;
    char16_t string_ = u'\0';
    std::u16string previous_;
};

} // namespace

std::uint32_t element_bit(std::string_view name) {
    for (auto const& [known, bit] : kElements) {
        if (iequals(known, name)) {
            return bit;
        }
    }
    return 0;
}

TextIndex::TextIndex(std::string_view bytes, std::string_view extension) : file_(decode_file(bytes)) {
    folded_text_ = folded(file_.text);
    Scanner scanner(file_.text, is_code(extension), extension == "py");
    std::size_t start = 0;
    std::size_t end = 0;
    std::uint32_t elements = 0;
    for (std::uint32_t ordinal = 0; scanner.next(start, end, elements); ++ordinal) {
        words_[folded_text_.substr(start, end - start)].push_back(
            {static_cast<std::uint32_t>(start), static_cast<std::uint32_t>(end - start), ordinal, elements});
    }
}

std::vector<Occurrence> const* TextIndex::find(std::u16string const& folded_word) const {
    auto const found = words_.find(folded_word);
    return found == words_.end() ? nullptr : &found->second;
}

} // namespace simulator
