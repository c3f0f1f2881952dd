#include "server/tools/list_answer.hpp"

#include "core/text/utf8.hpp"
#include "server/tools/answer.hpp"
#include "server/tools/clean_text.hpp"
#include "server/tools/text_fold.hpp"

#include <algorithm>
#include <utility>

namespace server {

namespace {

using core::Json;

constexpr std::string_view kEllipsis = "\xE2\x80\xA6";
/// A text is not cut shorter than this to make its entry fit.
constexpr std::size_t kShortestText = 24;
constexpr std::size_t kKeyBytes = 160; ///< of a cursor

/// Of a text the beginning, a quarter shorter; false when it is short already.
bool cut_text(Json& value) {
    auto const& text = value.get_ref<std::string const&>();
    if (text.size() <= kShortestText) {
        return false;
    }
    std::string cut = shorten_text(text, std::max(kShortestText, text.size() * 3 / 4));
    value = std::move(cut);
    return true;
}

/// Takes away from the largest text or list of the entry; links and what a next call needs stay whole. False
/// when there is nothing left to take.
bool cut_largest(Json& entry) {
    Json* largest = nullptr;
    std::size_t most = kShortestText;
    for (auto& [key, value] : entry.items()) {
        bool const fixed = key == "url" || key == "id" || key == "commit";
        std::size_t const bytes = fixed               ? 0
                                  : value.is_string() ? value.get_ref<std::string const&>().size()
                                  : value.is_array()  ? core::dump_json(value).size()
                                                      : 0;
        if (bytes > most) {
            most = bytes;
            largest = &value;
        }
    }
    if (largest == nullptr || largest->is_string()) {
        return largest != nullptr && cut_text(*largest);
    }
    if (largest->size() > 1 || !largest->front().is_string()) {
        largest->erase(largest->begin() + static_cast<std::ptrdiff_t>(largest->size() / 2), largest->end());
        return true;
    }
    bool const cut = cut_text(largest->front());
    if (!cut) {
        largest->clear();
    }
    return true;
}

class Assembly {
public:
    explicit Assembly(ListPage page) : page_(std::move(page)) {}

    protocol::ToolResult build() {
        fit_notes();
        for (ListEntry const& entry : page_.entries) {
            measure(entry);
        }
        std::size_t count = page_.entries.size();
        while (count > 0 && !fits(count)) {
            --count;
        }
        if (count == 0 && !page_.entries.empty()) {
            count = shorten_first() ? 1 : 0;
        }
        return render(count);
    }

private:
    class Sizes {
    public:
        std::size_t text = 0; ///< of all entries up to here
        std::size_t json = 0; ///< the same, commas included
    };

    void measure(ListEntry const& entry) {
        Sizes sum = sizes_.empty() ? Sizes() : sizes_.back();
        sum.text += page_.line(entry.json).size();
        sum.json += core::dump_json(entry.json).size() + (sizes_.empty() ? 0 : 1);
        sizes_.push_back(sum);
    }

    /// Notes say what is missing, but never crowd the entries out.
    void fit_notes() {
        std::size_t left = page_.max_bytes / 3;
        std::vector<std::string> kept;
        for (std::string& note : page_.notes) {
            std::size_t const bytes = json_text_bytes(note) + 3;
            if (bytes > left) {
                continue;
            }
            left -= bytes;
            kept.push_back(std::move(note));
        }
        page_.notes = std::move(kept);
    }

    std::vector<std::string> notes_of(std::size_t count) const {
        std::vector<std::string> notes = page_.notes;
        if (count < page_.entries.size() && count > 0) {
            notes.push_back("max_bytes reached; `cursor` goes on.");
        } else if (count < page_.entries.size()) {
            notes.push_back("An entry is larger than max_bytes and was left out.");
        }
        if (shortened_) {
            notes.push_back("An entry was shortened to fit max_bytes.");
        }
        return notes;
    }

    std::string cursor_of(std::size_t count) const {
        // Past an entry that cannot be shown at all, or the cursor would lead here for ever.
        std::size_t const passed = std::max<std::size_t>(count, 1);
        if (passed < page_.entries.size()) {
            return write_cursor(page_.entries[passed - 1].after, page_.subject);
        }
        return page_.next ? write_cursor(*page_.next, page_.subject) : std::string();
    }

    std::string headline(std::size_t count) const {
        std::string text;
        if (count == 0 && page_.entries.empty()) {
            text = "No " + std::string(page_.many) + ".\n";
        } else if (page_.total && *page_.total != count) {
            text = std::to_string(count) + " of " + count_of(*page_.total, page_.one, page_.many) + ".\n";
        } else {
            text = count_of(count, page_.one, page_.many) + ".\n";
        }
        return text + page_.heading;
    }

    /// The structured form without its entries.
    Json frame(std::vector<std::string> const& notes, std::string const& cursor) const {
        Json structured = page_.extra;
        structured[page_.member] = Json::array();
        structured["notes"] = notes;
        if (page_.total) {
            structured["total"] = *page_.total;
        }
        if (!cursor.empty()) {
            structured["cursor"] = cursor;
        }
        return structured;
    }

    bool fits(std::size_t count) const {
        // Most of what does not fit is known without writing a frame.
        if (count > 0 &&
            (sizes_[count - 1].text > page_.max_bytes || sizes_[count - 1].json > page_.max_bytes)) {
            return false;
        }
        std::vector<std::string> const notes = notes_of(count);
        std::string const cursor = cursor_of(count);
        Sizes const entries = count > 0 ? sizes_[count - 1] : Sizes();
        std::size_t text = headline(count).size() + note_lines(notes).size() + entries.text;
        text += count > 0 ? marker_.begin().size() + marker_.end().size() : 0;
        text += cursor.empty() ? 0 : cursor_line(cursor).size();
        std::size_t const json = core::dump_json(frame(notes, cursor)).size() + entries.json;
        return text <= page_.max_bytes && json <= page_.max_bytes;
    }

    bool shorten_first() {
        shortened_ = true;
        while (cut_largest(page_.entries.front().json)) {
            sizes_.clear();
            measure(page_.entries.front());
            if (fits(1)) {
                return true;
            }
        }
        shortened_ = false;
        return false;
    }

    static std::string cursor_line(std::string const& cursor) { return "cursor: " + cursor + "\n"; }

    protocol::ToolResult render(std::size_t count) {
        std::vector<std::string> const notes = notes_of(count);
        std::string const cursor = cursor_of(count);
        Json structured = frame(notes, cursor);
        std::string text = headline(count);
        if (count > 0) {
            Json& list = structured[page_.member];
            text += marker_.begin();
            for (std::size_t i = 0; i < count; ++i) {
                text += page_.line(page_.entries[i].json);
                list.push_back(std::move(page_.entries[i].json));
            }
            text += marker_.end();
        }
        text += note_lines(notes);
        if (!cursor.empty()) {
            text += cursor_line(cursor);
        }
        return protocol::ToolResult(std::move(text), std::move(structured));
    }

    ListPage page_;
    ContentMarker marker_;
    std::vector<Sizes> sizes_;
    bool shortened_ = false;
};

} // namespace

protocol::ToolResult make_list_answer(ListPage page) {
    return Assembly(std::move(page)).build();
}

CursorPosition position_after(std::vector<std::string> const& keys, std::size_t index) {
    std::string const& key = keys[index];
    CursorPosition position;
    if (key.size() <= kKeyBytes) {
        position.after = key;
        return position;
    }
    // A cursor stays short: the beginning of the key, and how many that begin so are behind us.
    std::string_view const begin = core::utf8_prefix(key, kKeyBytes);
    position.after = std::string(begin);
    auto const first = std::lower_bound(keys.begin(), keys.end(), begin);
    position.item = index + 1 - static_cast<std::size_t>(first - keys.begin());
    return position;
}

std::size_t index_after(std::vector<std::string> const& keys, CursorPosition const& position) {
    auto const place = [&keys](auto it) { return static_cast<std::size_t>(it - keys.begin()); };
    if (position.item == 0) {
        return place(std::upper_bound(keys.begin(), keys.end(), position.after));
    }
    auto const first = std::lower_bound(keys.begin(), keys.end(), position.after);
    return std::min(place(first) + static_cast<std::size_t>(position.item), keys.size());
}

std::string_view member_text(Json const& object, std::string_view key) noexcept {
    return core::find_string(object, key).value_or(std::string_view());
}

void put_text(Json& object, char const* key, std::string_view text, std::size_t max_bytes) {
    if (!text.empty()) {
        object[key] = shorten_text(clean_line(text), max_bytes);
    }
}

std::string shorten_text(std::string_view text, std::size_t max_bytes) {
    if (text.size() <= max_bytes) {
        return std::string(text);
    }
    std::size_t const room = max_bytes > kEllipsis.size() ? max_bytes - kEllipsis.size() : 0;
    return std::string(core::utf8_prefix(text, room)) + std::string(kEllipsis);
}

bool contains_folded(std::string_view name, std::string_view part) {
    return part.empty() || fold_case(name).find(fold_case(part)) != std::string::npos;
}

std::string count_of(std::size_t count, std::string_view one, std::string_view many) {
    return std::to_string(count) + " " + std::string(count == 1 ? one : many);
}

} // namespace server
