#pragma once

#include "core/json.hpp"
#include "protocol/tool.hpp"
#include "server/tools/cursor.hpp"

#include <nlohmann/json.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace server {

/// One entry of a list. Its line of text is written from its JSON, so that both forms say the same.
class ListEntry {
public:
    ListEntry(core::Json json_, CursorPosition after_) : json(std::move(json_)), after(std::move(after_)) {}
    core::Json json;      ///< cleaned
    CursorPosition after; ///< where a list goes on that ends with this entry
};

/// Everything an answer is made of, before it is cut to its budget.
class ListPage {
public:
    /// `line` writes an entry's line, with its line end.
    ListPage(char const* member_,
             char const* one_,
             char const* many_,
             std::string (*line_)(core::Json const&))
        : member(member_), one(one_), many(many_), line(line_) {}

    char const* member; ///< of the structured form
    char const* one;    ///< what the entries are, for the headline
    char const* many;
    std::string (*line)(core::Json const&);
    std::vector<ListEntry> entries;
    std::optional<std::size_t> total;   ///< all there are, those of other pages included; nullopt = not known
    std::optional<CursorPosition> next; ///< where it goes on when all entries fit; nullopt = that is all
    std::string heading; ///< a line of ours after the headline, with its line end; may be empty
    core::Json extra = core::Json::object(); ///< further members of the structured form
    std::vector<std::string> notes;
    std::string subject; ///< what a cursor belongs to
    std::size_t max_bytes = 0;
};

/// The text and its structured twin, each within `max_bytes` to the byte, cursor and notes included: entries
/// that do not fit are left to the cursor. An entry that does not fit alone is shortened, so that following
/// the cursor always ends.
protocol::ToolResult make_list_answer(ListPage page);

/// Where a list in ascending order of distinct `keys` goes on when it ends with the one at `index`.
CursorPosition position_after(std::vector<std::string> const& keys, std::size_t index);
/// The index to go on with: of the first key behind the position, whichever keys came or went meanwhile.
std::size_t index_after(std::vector<std::string> const& keys, CursorPosition const& position);

/// A string member, empty when absent.
std::string_view member_text(core::Json const& object, std::string_view key) noexcept;

/// Puts the cleaned text under `key` unless it is empty; of a text longer than `max_bytes` the beginning.
void put_text(core::Json& object, char const* key, std::string_view text, std::size_t max_bytes = 2000);

/// The text cut between two characters, with an ellipsis where something is missing.
std::string shorten_text(std::string_view text, std::size_t max_bytes);

/// True when `name` holds `part`, without regard to case; an empty part is in every name.
bool contains_folded(std::string_view name, std::string_view part);

/// `3 files`, `1 file`.
std::string count_of(std::size_t count, std::string_view one, std::string_view many);

} // namespace server
