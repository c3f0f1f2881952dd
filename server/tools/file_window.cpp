#include "server/tools/file_window.hpp"

#include "core/text/byte_scan.hpp"
#include "core/text/utf8.hpp"
#include "server/tools/answer.hpp"

#include <algorithm>
#include <array>

namespace server {

namespace {

std::size_t count_lines(std::string_view text) {
    std::size_t const ends =
        core::count_bytes(text, [](auto c) { return c == static_cast<unsigned char>('\n'); });
    return ends + (text.empty() || text.back() == '\n' ? 0 : 1);
}

/// Byte where the line after `lines` more lines begins.
std::size_t skip_lines(std::string_view text, std::size_t at, std::size_t lines) {
    for (; lines > 0 && at < text.size(); --lines) {
        at = std::min(text.find('\n', at), text.size() - 1) + 1;
    }
    return at;
}

bool fits(std::string_view text, WindowRequest const& request) {
    if (text.size() > request.text_bytes) {
        return false;
    }
    // No character of a text takes more than twice its size in JSON once it is clean.
    return 2 * text.size() <= request.json_bytes || json_text_bytes(text) <= request.json_bytes;
}

/// Whether the two parts of `line` mean the same as the whole: characters that change the one before them
/// stay with it, and a line's end stays in one piece.
bool parts_at(std::string_view line, std::size_t at) {
    constexpr std::array<std::string_view, 4> kJoined{
        "\xE2\x80\x8C", "\xE2\x80\x8D", "\xEF\xB8\x8E", "\xEF\xB8\x8F"};
    std::string_view const before = line.substr(0, at);
    std::string_view const after = line.substr(at);
    bool const joined = std::any_of(kJoined.begin(), kJoined.end(), [&](std::string_view mark) {
        return after.starts_with(mark) || before.ends_with(mark);
    });
    return !joined && !(before.ends_with('\r') && after.starts_with('\n'));
}

/// A prefix of one line that fits, at least one character long when anything does.
std::size_t cut_line(std::string_view line, WindowRequest const& request) {
    std::string_view cut = core::utf8_prefix(line, std::min(request.text_bytes, request.json_bytes));
    while (!cut.empty() && json_text_bytes(cut) > request.json_bytes) {
        std::size_t const over = json_text_bytes(cut) - request.json_bytes;
        cut = core::utf8_prefix(cut, cut.size() - std::min(cut.size(), (over + 1) / 2));
    }
    std::string_view better = cut;
    while (better.size() > 1 && !parts_at(line, better.size())) {
        better = core::utf8_prefix(better, better.size() - 1);
    }
    return better.empty() || !parts_at(line, better.size()) ? cut.size() : better.size();
}

/// Where the byte of the line lies, moved to the beginning of its character.
std::size_t place_in_line(std::string_view text, std::size_t begin, std::size_t byte) {
    std::size_t const line_end = std::min(text.find('\n', begin), text.size());
    std::size_t at = std::min(begin + byte, line_end);
    while (at > begin && at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0U) == 0x80U) {
        --at;
    }
    return at;
}

} // namespace

FileWindow choose_window(std::string_view text, WindowRequest const& request) {
    FileWindow window;
    window.total_lines = count_lines(text);
    std::size_t const first = std::max<std::size_t>(request.start_line, 1);
    std::size_t const last =
        request.end_line == 0 ? window.total_lines : std::min(request.end_line, window.total_lines);
    if (first > last) {
        return window;
    }
    window.start_line = first;
    std::size_t const line_begin = skip_lines(text, 0, first - 1);
    window.begin = place_in_line(text, line_begin, request.start_byte);
    window.end = last == window.total_lines ? text.size() : skip_lines(text, line_begin, last - first + 1);
    window.end_line = last;
    if (fits(text.substr(window.begin, window.end - window.begin), request)) {
        return window;
    }
    window.budget_reached = true;
    std::size_t end = window.begin;
    std::size_t json_bytes = 0;
    std::size_t line = first;
    for (; line <= last; ++line) {
        std::size_t const next = skip_lines(text, end, 1);
        std::size_t const line_json_bytes = json_text_bytes(text.substr(end, next - end));
        if (next - window.begin > request.text_bytes || json_bytes + line_json_bytes > request.json_bytes) {
            break;
        }
        end = next;
        json_bytes += line_json_bytes;
    }
    if (line == first) {
        std::size_t const next = skip_lines(text, end, 1);
        end += cut_line(text.substr(end, next - end), request);
        window.next_byte = end - line_begin;
        ++line;
        if (end == window.begin) {
            window.start_line = 0;
            window.end_line = 0;
            window.end = end;
            return window;
        }
    }
    window.end_line = line - 1;
    window.end = end;
    return window;
}

} // namespace server
