#include "server/tools/page_answer.hpp"

#include "core/crypto/digest.hpp"
#include "server/tools/answer.hpp"
#include "server/tools/clean_text.hpp"
#include "server/tools/cursor.hpp"
#include "server/tools/file_window.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

namespace server {

namespace {

using core::Json;

constexpr std::size_t kLargeLine = 99'999'999;
constexpr std::size_t kLargePlace = 4'000'000'000;
constexpr std::size_t kDigestBytes = 6;
/// Less room for the text than this leads nowhere.
constexpr std::size_t kLeastText = 64;
constexpr char kMoreNote[] = "max_bytes reached; `cursor` goes on.";

std::size_t line_argument(Json const& args, std::string_view name, std::size_t usual) {
    std::optional<std::int64_t> const line = core::find_int(args, name);
    return line && *line > 0 ? static_cast<std::size_t>(*line) : usual;
}

std::string digest_of(std::string_view text) {
    return core::hex_encode(core::sha256(text).substr(0, kDigestBytes));
}

/// Where line `number` begins; the end of the text when there is no such line.
std::size_t begin_of_line(std::string_view text, std::size_t number) {
    std::size_t at = 0;
    for (; number > 1 && at < text.size(); --number) {
        at = std::min(text.find('\n', at), text.size() - 1) + 1;
    }
    return at;
}

/// What is shown, in lines of the page.
class Part {
public:
    std::size_t start_line = 0;
    std::size_t end_line = 0;
    std::size_t total_lines = 0;
    std::string text;
    std::string cursor;
};

class PageAnswer {
public:
    PageAnswer(PageContent page, PageWindow const& window) : page_(std::move(page)), window_(window) {
        CleanText clean = clean_text(std::move(page_.text));
        text_ = std::move(clean.text);
        digest_ = digest_of(text_);
        for (std::string* const name : {&page_.project, &page_.wiki, &page_.path}) {
            *name = clean_line(std::string_view(*name));
        }
        if (clean.removed > 0) {
            notes_.push_back(std::to_string(clean.removed) +
                             " invisible or control characters were removed.");
        }
        if (!window_.digest.empty() && window_.digest != digest_) {
            notes_.emplace_back("The page was changed since the part before.");
        }
    }

    core::Result<protocol::ToolResult> make() {
        Part widest;
        widest.start_line = widest.end_line = widest.total_lines = kLargeLine;
        CursorPosition far;
        far.item = far.part = kLargePlace;
        far.after = digest_;
        widest.cursor = write_cursor(far, window_.subject);
        notes_.emplace_back(kMoreNote);
        Room room = room_beside(widest);
        if (room.text < kLeastText || room.json < kLeastText) {
            page_.url.clear(); // the longest, and the one that can be done without
            room = room_beside(widest);
        }
        notes_.pop_back();
        if (room.text < kLeastText || room.json < kLeastText) {
            return core::fail(wrong_argument("`max_bytes` is too small for this page.", "Raise it."));
        }
        Part const part = cut(room);
        if (!part.cursor.empty()) {
            notes_.emplace_back(kMoreNote);
        }
        return protocol::ToolResult(text_form(part), structured_form(part));
    }

private:
    class Room {
    public:
        std::size_t text = 0;
        std::size_t json = 0;
    };

    Room room_beside(Part const& frame) const {
        auto const left = [this](std::size_t taken) {
            return window_.max_bytes - std::min(window_.max_bytes, taken);
        };
        Room room;
        room.text = left(text_form(frame).size() + 1); // a line end may have to be added
        room.json = left(core::dump_json(structured_form(frame)).size());
        return room;
    }

    Part cut(Room const& room) {
        std::string_view const text = text_;
        bool const same = window_.digest.empty() || window_.digest == digest_;
        std::size_t const line_begin = begin_of_line(text, window_.start_line);
        std::size_t const begin = std::min(line_begin + (same ? window_.skipped : 0), text.size());
        WindowRequest request;
        request.text_bytes = room.text;
        request.json_bytes = room.json;
        if (window_.end_line != 0) {
            request.end_line = window_.end_line - std::min(window_.end_line, window_.start_line - 1);
        }
        FileWindow const found = choose_window(text.substr(begin), request);
        Part part;
        part.total_lines = choose_window(text, WindowRequest()).total_lines;
        if (found.start_line == 0) {
            if (found.budget_reached) {
                notes_.emplace_back("max_bytes is too small for this page.");
            } else if (part.total_lines > 0) {
                notes_.push_back("The page has only " + std::to_string(part.total_lines) + " lines.");
            }
            return part;
        }
        part.start_line = window_.start_line;
        part.end_line = window_.start_line + found.end_line - 1;
        part.text = text.substr(begin + found.begin, found.end - found.begin);
        CursorPosition next;
        next.after = digest_;
        if (found.next_byte > 0) {
            next.part = part.end_line;
            next.item = begin + found.end - begin_of_line(text, part.end_line);
            part.cursor = write_cursor(next, window_.subject);
        } else if (found.budget_reached) {
            next.part = part.end_line + 1;
            part.cursor = write_cursor(next, window_.subject);
        }
        return part;
    }

    std::string text_form(Part const& part) const {
        std::string text = marker_.begin() + page_.path + " (" + page_.wiki + ")";
        if (part.start_line != 0) {
            text += " lines " + std::to_string(part.start_line) + "-" + std::to_string(part.end_line) +
                    " of " + std::to_string(part.total_lines);
        }
        text += page_.url.empty() ? "\n" : " " + page_.url + "\n";
        text += part.text;
        if (!part.text.empty() && !part.text.ends_with('\n')) {
            text += '\n';
        }
        text += marker_.end() + note_lines(notes_);
        if (!part.cursor.empty()) {
            text += "cursor: " + part.cursor + "\n";
        }
        return text;
    }

    Json structured_form(Part const& part) const {
        Json json = Json::object();
        json["organization"] = page_.organization;
        json["project"] = page_.project;
        json["wiki"] = page_.wiki;
        json["path"] = page_.path;
        if (part.start_line != 0) {
            json["start_line"] = part.start_line;
            json["end_line"] = part.end_line;
        }
        json["total_lines"] = part.total_lines;
        json["text"] = part.text;
        if (!page_.url.empty()) {
            json["url"] = page_.url;
        }
        if (!part.cursor.empty()) {
            json["cursor"] = part.cursor;
        }
        json["notes"] = notes_;
        return json;
    }

    PageContent page_;
    PageWindow const& window_;
    ContentMarker marker_;
    std::string text_;
    std::string digest_;
    std::vector<std::string> notes_;
};

} // namespace

core::Result<PageWindow> read_page_window(Json const& args, CallScope const& scope) {
    PageWindow window;
    window.start_line = line_argument(args, "start_line", 1);
    window.end_line = line_argument(args, "end_line", 0);
    if (window.end_line != 0 && window.end_line < window.start_line) {
        return core::fail(wrong_argument("`end_line` lies before `start_line`."));
    }
    window.max_bytes = answer_budget(args, scope.limits.answer_bytes, scope.limits);
    window.subject = cursor_subject("read_wiki_page", scope.organization, args);
    if (auto const cursor = core::find_string(args, "cursor")) {
        ADOMCPD_TRY(CursorPosition const position, read_cursor(*cursor, window.subject));
        window.start_line = std::max<std::size_t>(position.part, 1);
        window.skipped = static_cast<std::size_t>(position.item);
        window.digest = position.after;
    }
    return window;
}

core::Result<protocol::ToolResult> make_page_answer(PageContent page, PageWindow const& window) {
    return PageAnswer(std::move(page), window).make();
}

} // namespace server
