#include "server/tools/clean_text.hpp"

#include "core/text/byte_scan.hpp"
#include "core/text/utf8.hpp"

#include <array>
#include <cstdint>
#include <utility>

namespace server {

namespace {

/// First bytes of everything that may have to go: controls, and the lead bytes of the blocks that hold
/// invisible ones.
constexpr std::array<bool, 256> make_suspects() {
    std::array<bool, 256> suspects{};
    for (std::size_t byte = 0; byte < 0x20; ++byte) {
        suspects[byte] = byte != '\t' && byte != '\n';
    }
    for (std::size_t const byte : {0x7FU, 0xC2U, 0xCDU, 0xD8U, 0xE1U, 0xE2U, 0xE3U, 0xEFU, 0xF0U, 0xF3U}) {
        suspects[byte] = true;
    }
    return suspects;
}

constexpr std::array<bool, 256> kSuspects = make_suspects();

struct Character {
    char32_t code;
    std::size_t size;
};

/// `text` is valid UTF-8 and has a character at `at`.
Character character_at(std::string_view text, std::size_t at) noexcept {
    auto const byte = [&](std::size_t i) {
        return static_cast<char32_t>(static_cast<unsigned char>(text[at + i]));
    };
    auto const tail = [&](std::size_t i) { return byte(i) & 0x3F; };
    char32_t const lead = byte(0);
    if (lead < 0x80) {
        return {lead, 1};
    }
    if (lead < 0xE0) {
        return {(lead & 0x1F) << 6 | tail(1), 2};
    }
    if (lead < 0xF0) {
        return {(lead & 0x0F) << 12 | tail(1) << 6 | tail(2), 3};
    }
    return {(lead & 0x07) << 18 | tail(1) << 12 | tail(2) << 6 | tail(3), 4};
}

bool is_pictograph(char32_t code) noexcept {
    return (code >= 0x2190 && code <= 0x2BFF) || (code >= 0x3030 && code <= 0x329F) ||
           (code >= 0x1F000 && code <= 0x1FAFF) || code == 0xA9 || code == 0xAE || code == 0x2122 ||
           code == 0x203C;
}

/// Arabic, Syriac, the scripts of India and their neighbours: a joiner between their letters changes how a
/// word is written.
bool is_joining_script(char32_t code) noexcept {
    return code >= 0x600 && code <= 0x109F;
}

bool is_invisible(char32_t code) noexcept {
    return (code < 0x20 && code != '\t' && code != '\n') || (code >= 0x7F && code <= 0x9F) || code == 0xAD ||
           code == 0x34F || code == 0x61C || code == 0x115F || code == 0x1160 || code == 0x17B4 ||
           code == 0x17B5 || (code >= 0x180B && code <= 0x180F) || (code >= 0x200B && code <= 0x200F) ||
           (code >= 0x202A && code <= 0x202E) || (code >= 0x2060 && code <= 0x206F) || code == 0x3164 ||
           (code >= 0xFE00 && code <= 0xFE0F) || code == 0xFEFF || code == 0xFFA0 ||
           (code >= 0xFFF0 && code <= 0xFFFB) || (code >= 0x1BCA0 && code <= 0x1BCA3) ||
           (code >= 0x1D173 && code <= 0x1D17A) || (code >= 0xE0000 && code <= 0xE0FFF);
}

bool is_needed(char32_t code, char32_t before, std::string_view text, std::size_t next) noexcept {
    bool const joiner = code == 0x200C || code == 0x200D;
    if (joiner && is_joining_script(before)) {
        return next < text.size() && is_joining_script(character_at(text, next).code);
    }
    if (code == 0x200D && (is_pictograph(before) || before == 0xFE0F)) {
        return next < text.size() && is_pictograph(character_at(text, next).code);
    }
    bool const presentation = code == 0xFE0E || code == 0xFE0F;
    bool const keycap = (before >= '0' && before <= '9') || before == '#' || before == '*';
    return presentation && (is_pictograph(before) || keycap);
}

/// Controls, and everything beyond ASCII: what the table must be asked about.
constexpr auto kDoubtful = [](auto c) {
    return ((c < static_cast<unsigned char>(0x20)) & (c != static_cast<unsigned char>('\t')) &
            (c != static_cast<unsigned char>('\n'))) |
           (c >= static_cast<unsigned char>(0x7F));
};

std::size_t first_suspect(std::string_view text, std::size_t from) noexcept {
    while ((from = core::find_byte(text, from, kDoubtful)) < text.size()) {
        do {
            if (kSuspects[static_cast<unsigned char>(text[from])]) {
                return from;
            }
            ++from;
        } while (from < text.size() && static_cast<unsigned char>(text[from]) >= 0x80);
    }
    return from;
}

char32_t character_before(std::string_view text, std::size_t at) noexcept {
    do {
        --at;
    } while (at > 0 && (static_cast<unsigned char>(text[at]) & 0xC0U) == 0x80U);
    return character_at(text, at).code;
}

/// Copies run by run from one suspect to the next.
CleanText rewrite(std::string_view text, std::size_t suspect) {
    CleanText clean;
    clean.text.reserve(text.size());
    char32_t before = 0; // what was kept last: a dropped character does not make the next one needed
    for (std::size_t at = 0;; suspect = first_suspect(text, at)) {
        if (suspect > at) {
            clean.text.append(text, at, suspect - at);
            before = character_before(text, suspect);
        }
        if (suspect == text.size()) {
            return clean;
        }
        Character const character = character_at(text, suspect);
        at = suspect + character.size;
        if (character.code == '\r') {
            if (at >= text.size() || text[at] != '\n') {
                clean.text.push_back('\n');
            }
        } else if (character.code == 0x2028 || character.code == 0x2029) {
            clean.text.push_back(' ');
            ++clean.removed;
        } else if (is_invisible(character.code) && !is_needed(character.code, before, text, at)) {
            ++clean.removed;
        } else {
            clean.text.append(text, suspect, character.size);
            before = character.code;
        }
    }
}

} // namespace

CleanText clean_text(std::string text) {
    std::size_t const suspect = first_suspect(text, 0);
    if (suspect == text.size() && core::is_valid_utf8(text)) {
        CleanText clean;
        clean.text = std::move(text);
        return clean;
    }
    if (!core::is_valid_utf8(text)) {
        std::string const valid = core::to_valid_utf8(text);
        return rewrite(valid, first_suspect(valid, 0));
    }
    return rewrite(text, suspect);
}

std::string clean_line(std::string text) {
    CleanText clean = clean_text(std::move(text));
    auto const is_break = [](auto c) {
        return (c == static_cast<unsigned char>('\n')) | (c == static_cast<unsigned char>('\t'));
    };
    for (std::size_t at = 0; (at = core::find_byte(clean.text, at, is_break)) < clean.text.size(); ++at) {
        clean.text[at] = ' ';
    }
    return std::move(clean.text);
}

std::string clean_line(std::string_view text) {
    return clean_line(std::string(text));
}

} // namespace server
