#include "server/tools/search_answer.hpp"

#include "ado/web_links.hpp"
#include "core/text/utf8.hpp"
#include "server/tools/answer.hpp"
#include "server/tools/search_budget.hpp"

#include <algorithm>
#include <charconv>
#include <string_view>
#include <utility>

namespace server {

namespace {

using core::Json;

/// Both cursors of an answer are shorter; counted before it is known whether there will be one.
constexpr std::size_t kCursorBytes = 96;
/// More of it for each organization, and for a commit.
constexpr std::size_t kPositionBytes = 24;
constexpr std::size_t kCommitBytes = 64;
/// Where five files match, five times a file's budget is what they have together.
constexpr std::int64_t kSharingFiles = 5;

/// One result in both forms.
class Piece {
public:
    std::string text;
    Json json;
    std::size_t json_bytes = 0;
    CursorPosition position;
};

/// The block's lines as search tools print them: `12-` for context, `13:` for a line with a match.
std::string numbered(SnippetBlock const& block) {
    std::string out;
    std::string_view rest = block.text;
    for (std::size_t line = block.start_line; line <= block.end_line; ++line) {
        std::size_t const end = std::min(rest.find('\n'), rest.size());
        bool const matched = std::any_of(block.matches.begin(),
                                         block.matches.end(),
                                         [line](SnippetMatch const& m) { return m.line == line; });
        out += std::to_string(line);
        out.push_back(matched ? ':' : '-');
        out += rest.substr(0, end);
        out.push_back('\n');
        rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    return out;
}

class PieceMaker {
public:
    explicit PieceMaker(std::vector<SearchPart> const& parts) : parts_(parts) {}

    Piece make(FoundFile const& file, SnippetBlock const* block) const {
        SearchPart const& part = parts_[file.part];
        std::size_t const first = block != nullptr ? block->start_line : 0;
        std::size_t const last = block != nullptr ? block->end_line : 0;
        std::string const url = ado::file_url(
            *part.organization, file.project, file.repository, file.path, version(file), first, last);
        Piece piece;
        piece.json = Json{{"organization", *part.name},
                          {"project", file.project},
                          {"repository", file.repository},
                          {"path", file.path},
                          {"url", url}};
        piece.text = (parts_.size() > 1 ? *part.name + ": " : std::string()) + file.repository + file.path;
        if (!file.branch.empty()) {
            piece.json["branch"] = file.branch;
        }
        if (!file.commit.empty()) {
            piece.json["commit"] = file.commit;
        }
        if (block != nullptr) {
            piece.text += ":" + std::to_string(first) + "-" + std::to_string(last);
            piece.json["start_line"] = first;
            piece.json["end_line"] = last;
            piece.json["snippet"] = block->text;
            Json matches = Json::array();
            for (SnippetMatch const& match : block->matches) {
                matches.push_back(
                    Json{{"line", match.line}, {"column", match.column}, {"length", match.length}});
            }
            piece.json["matches"] = std::move(matches);
        }
        piece.text += describe_version(file) + " " + url + "\n";
        if (block != nullptr) {
            piece.text += numbered(*block);
        }
        piece.json_bytes = core::dump_json(piece.json).size() + 1; // and the comma
        return piece;
    }

private:
    static ado::VersionDescriptor version(FoundFile const& file) {
        if (!file.commit.empty()) {
            return ado::VersionDescriptor(ado::VersionType::commit, file.commit);
        }
        return file.branch.empty() ? ado::VersionDescriptor()
                                   : ado::VersionDescriptor(ado::VersionType::branch, file.branch);
    }

    static std::string describe_version(FoundFile const& file) {
        if (file.branch.empty() && file.commit.empty()) {
            return {};
        }
        std::string const commit(short_commit(file.commit));
        return " (" + file.branch + (file.branch.empty() || commit.empty() ? "" : " @ ") + commit + ")";
    }

    std::vector<SearchPart> const& parts_;
};

class Assembly {
public:
    Assembly(SearchFindings findings, SearchArguments const& arguments)
        : findings_(std::move(findings)), arguments_(arguments), maker_(findings_.parts) {
        for (SearchPart const& part : findings_.parts) {
            total_ += part.total;
        }
        cursor_bytes_ = kCursorBytes + (findings_.pinned_commit.empty() ? 0 : kCommitBytes) +
                        (findings_.parts.size() > 1 ? findings_.parts.size() * kPositionBytes : 0);
    }

    protocol::ToolResult build() {
        collect();
        if (findings_.more_places > 0) {
            findings_.notes.push_back(std::to_string(findings_.more_places) +
                                      (findings_.more_places == 1 ? " more place" : " more places") +
                                      " in these files not shown; read_file shows all.");
        }
        trim_notes();
        std::size_t count = pieces_.size();
        bool shortened_one = false;
        while (count > 0 && !fits(count)) {
            if (count == 1) {
                shortened_one = shorten_first();
                count = fits(1) ? 1 : 0;
                break;
            }
            --count;
        }
        if (count < pieces_.size()) {
            std::string const dropped = std::to_string(pieces_.size() - count);
            findings_.notes.push_back(dropped +
                                      " more results did not fit max_bytes; `cursor` goes on with them.");
        }
        if (shortened_one) {
            findings_.notes.push_back("The snippet was shortened to fit max_bytes.");
        }
        return render(count, cursor_after(count));
    }

private:
    void collect() {
        std::size_t const budget =
            findings_.file_bytes * static_cast<std::size_t>(kSharingFiles) /
            static_cast<std::size_t>(std::clamp<std::int64_t>(total_, 1, kSharingFiles));
        for (FoundFile& file : findings_.files) {
            CursorPosition const& begin = findings_.parts[file.part].position;
            std::uint64_t const item = begin.item + file.index;
            std::size_t const skipped = file.index == 0 ? static_cast<std::size_t>(begin.part) : 0;
            if (file.blocks.empty() && skipped == 0) {
                add(file, nullptr, maker_.make(file, nullptr), item, 0);
            }
            collect_blocks(file, item, skipped, budget);
        }
    }

    /// The file's share is counted from its first block on, so that every page leaves out the same.
    void collect_blocks(FoundFile& file, std::uint64_t item, std::size_t skipped, std::size_t budget) {
        std::size_t left = budget;
        for (std::size_t part = 0; part < file.blocks.size(); ++part) {
            SnippetBlock& block = file.blocks[part];
            Piece piece = maker_.make(file, &block);
            if (bytes_of(piece) > left && part > 0) {
                findings_.more_places += file.blocks.size() - part;
                return;
            }
            if (bytes_of(piece) > left) {
                SnippetBlock bare;
                bare.start_line = block.start_line;
                bare.end_line = block.start_line;
                std::size_t const frame = bytes_of(maker_.make(file, &bare));
                std::size_t const listed = block.matches.size();
                block = tighten_block(block, left - std::min(left, frame));
                findings_.more_places += listed - block.matches.size();
                piece = maker_.make(file, &block);
            }
            left -= std::min(left, bytes_of(piece));
            if (part >= skipped) {
                add(file, &block, std::move(piece), item, part);
            }
        }
    }

    static std::size_t bytes_of(Piece const& piece) { return std::max(piece.text.size(), piece.json_bytes); }

    void
    add(FoundFile const& file, SnippetBlock const* block, Piece piece, std::uint64_t item, std::size_t part) {
        piece.position.item = item;
        piece.position.part = part;
        pieces_.push_back(std::move(piece));
        sources_.emplace_back(&file, block);
    }

    /// Notes say what is missing, but never crowd the results out.
    void trim_notes() {
        std::size_t bytes = 0;
        for (std::size_t i = 0; i < findings_.notes.size(); ++i) {
            bytes += json_text_bytes(findings_.notes[i]) + 3;
            if (bytes > arguments_.max_bytes / 3) {
                findings_.notes.resize(std::max<std::size_t>(i, 1));
                std::string& last = findings_.notes.back();
                if (i == 0) {
                    last = std::string(core::utf8_prefix(last, arguments_.max_bytes / 6));
                }
                return;
            }
        }
    }

    /// What an answer costs apart from its results. Notes about dropped and shortened ones are counted in
    /// advance.
    std::size_t frame_text_bytes() const {
        return marker_.begin().size() + marker_.end().size() + note_lines(findings_.notes).size() +
               headline(0).size() + cursor_bytes_ + kNoteBytes;
    }
    std::size_t frame_json_bytes() const {
        std::size_t bytes = 64 + cursor_bytes_ + kNoteBytes;
        for (std::string const& note : findings_.notes) {
            bytes += json_text_bytes(note) + 3;
        }
        return bytes;
    }

    bool fits(std::size_t count) const {
        std::size_t text = frame_text_bytes();
        std::size_t json = frame_json_bytes();
        for (std::size_t i = 0; i < count; ++i) {
            text += pieces_[i].text.size() + 1;
            json += pieces_[i].json_bytes;
        }
        return text <= arguments_.max_bytes && json <= arguments_.max_bytes;
    }

    /// Without its snippet the first result takes what it takes; the rest of the budget is the snippet's.
    bool shorten_first() {
        auto const [file, block] = sources_.front();
        if (block == nullptr) {
            return false;
        }
        CursorPosition const position = pieces_.front().position;
        SnippetBlock bare;
        bare.start_line = block->start_line;
        bare.end_line = block->start_line;
        Piece const frame = maker_.make(*file, &bare);
        std::size_t const taken =
            std::max(frame_text_bytes() + frame.text.size(), frame_json_bytes() + frame.json_bytes);
        constexpr std::size_t kMatches = 3 * kMatchBytes; // that stay
        if (taken + kMatches >= arguments_.max_bytes) {
            pieces_.front() = maker_.make(*file, nullptr);
        } else {
            SnippetBlock const cut = shorten_block(*block, arguments_.max_bytes - taken - kMatches);
            pieces_.front() = maker_.make(*file, &cut);
        }
        pieces_.front().position = position;
        return true;
    }

    /// Where the organization goes on after the first `count` results; nullopt when it has no more.
    std::optional<CursorPosition> next_of(std::size_t number, std::size_t count) const {
        SearchPart const& part = findings_.parts[number];
        // Where not even the first one's address fits: past it, or the cursor would lead here for ever.
        bool const skip_first = count == 0;
        for (std::size_t i = 0; i < pieces_.size(); ++i) {
            bool const own = sources_[i].first->part == number;
            if (own && i == 0 && skip_first) {
                CursorPosition next;
                next.item = pieces_[i].position.item + 1;
                return next;
            }
            if (own && i >= count) {
                return pieces_[i].position;
            }
        }
        CursorPosition next;
        next.item = part.position.item + part.hits;
        bool const more = !part.done && static_cast<std::int64_t>(next.item) < part.total && part.hits > 0 &&
                          next.item < kMaxReach;
        return more ? std::optional(next) : std::nullopt;
    }

    std::string cursor_after(std::size_t count) const {
        std::vector<std::optional<CursorPosition>> next;
        bool more = false;
        for (std::size_t i = 0; i < findings_.parts.size(); ++i) {
            SearchPart const& part = findings_.parts[i];
            next.push_back(part.failed ? std::optional(part.position) : next_of(i, count));
            // One that fails is asked again with the next page, but makes none of its own.
            more = more || (next.back() && !part.failed);
        }
        if (!more) {
            return {};
        }
        CursorPosition position;
        if (next.size() == 1) {
            position = *next.front();
            position.after = findings_.pinned_commit;
        } else {
            position.after = write_positions(next);
        }
        return write_cursor(position, arguments_.subject);
    }

    std::string headline(std::size_t count) const {
        if (count == 0 && pieces_.empty()) {
            return "No results.\n";
        }
        return std::to_string(count) + (count == 1 ? " result" : " results") + "; the search matched " +
               std::to_string(total_) + (total_ == 1 ? " file" : " files") +
               (findings_.parts.size() > 1
                    ? " in " + std::to_string(findings_.parts.size()) + " organizations.\n"
                    : std::string(".\n"));
    }

    protocol::ToolResult render(std::size_t count, std::string const& cursor) {
        std::string text = headline(count);
        Json results = Json::array();
        if (count > 0) {
            text += marker_.begin();
            for (std::size_t i = 0; i < count; ++i) {
                text += (i > 0 ? "\n" : "");
                text += pieces_[i].text;
                results.push_back(std::move(pieces_[i].json));
            }
            text += marker_.end();
        }
        text += note_lines(findings_.notes);
        Json structured{{"results", std::move(results)}, {"total", total_}, {"notes", findings_.notes}};
        if (!cursor.empty()) {
            text += "cursor: " + cursor + "\n";
            structured["cursor"] = cursor;
        }
        return protocol::ToolResult(std::move(text), std::move(structured));
    }

    static constexpr std::size_t kNoteBytes = 144;

    SearchFindings findings_;
    SearchArguments const& arguments_;
    PieceMaker maker_;
    std::int64_t total_ = 0;
    std::size_t cursor_bytes_ = 0;
    ContentMarker marker_;
    std::vector<Piece> pieces_;
    std::vector<std::pair<FoundFile const*, SnippetBlock const*>> sources_;
};

} // namespace

protocol::ToolResult make_search_answer(SearchFindings findings, SearchArguments const& arguments) {
    return Assembly(std::move(findings), arguments).build();
}

std::string write_positions(std::vector<std::optional<CursorPosition>> const& positions) {
    std::string text;
    for (std::optional<CursorPosition> const& position : positions) {
        text += text.empty() ? "" : ",";
        text += position ? std::to_string(position->item) + "." + std::to_string(position->part)
                         : std::string("-");
    }
    return text;
}

std::vector<std::optional<CursorPosition>> read_positions(std::string_view text, std::size_t count) {
    std::vector<std::optional<CursorPosition>> positions;
    while (!text.empty() && positions.size() <= count) {
        std::string_view const one = text.substr(0, text.find(','));
        text.remove_prefix(std::min(one.size() + 1, text.size()));
        if (one == "-") {
            positions.emplace_back(std::nullopt);
            continue;
        }
        CursorPosition position;
        char const* const end = one.data() + one.size();
        auto const item = std::from_chars(one.data(), end, position.item);
        if (item.ec != std::errc() || item.ptr == end || *item.ptr != '.' || position.item > kMaxReach) {
            return {};
        }
        auto const part = std::from_chars(item.ptr + 1, end, position.part);
        if (part.ec != std::errc() || part.ptr != end) {
            return {};
        }
        positions.emplace_back(position);
    }
    return positions.size() == count ? positions : std::vector<std::optional<CursorPosition>>();
}

} // namespace server
