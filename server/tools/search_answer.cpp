#include "server/tools/search_answer.hpp"

#include "ado/web_links.hpp"
#include "core/text/utf8.hpp"
#include "server/tools/answer.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

namespace server {

namespace {

using core::Json;

/// Both cursors of an answer are shorter; counted before it is known whether there will be one.
constexpr std::size_t kCursorBytes = 96;

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
    PieceMaker(ado::Organization const& organization, std::string const& name)
        : organization_(organization), name_(name) {}

    Piece make(FoundFile const& file, SnippetBlock const* block) const {
        std::size_t const first = block != nullptr ? block->start_line : 0;
        std::size_t const last = block != nullptr ? block->end_line : 0;
        std::string const url = ado::file_url(
            organization_, file.project, file.repository, file.path, version(file), first, last);
        Piece piece;
        piece.json = Json{{"organization", name_},
                          {"project", file.project},
                          {"repository", file.repository},
                          {"path", file.path},
                          {"url", url}};
        piece.text = file.repository + file.path;
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

    ado::Organization const& organization_;
    std::string const& name_;
};

/// The block from its first matched line on, as far as the bytes go; at least that line, cut short if need
/// be.
SnippetBlock shortened(SnippetBlock const& block, std::size_t snippet_bytes) {
    std::vector<std::string_view> lines;
    std::string_view rest = block.text;
    for (std::size_t line = block.start_line; line <= block.end_line; ++line) {
        std::size_t const end = std::min(rest.find('\n'), rest.size());
        lines.push_back(rest.substr(0, end));
        rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    std::size_t const matched = block.matches.empty() ? 0 : block.matches.front().line - block.start_line;
    std::size_t first = std::min(matched, lines.size() - 1);
    std::size_t end = first;
    std::size_t bytes = 0;
    SnippetBlock cut;
    // Every line also costs its number and, as JSON, its escapes.
    auto const cost = [](std::string_view line) { return json_text_bytes(line) + 8; };
    while (end < lines.size() && bytes + cost(lines[end]) <= snippet_bytes) {
        bytes += cost(lines[end]);
        cut.text += (end > first ? "\n" : "");
        cut.text += lines[end];
        ++end;
    }
    if (end == first) {
        cut.text = std::string(core::utf8_prefix(lines[first], snippet_bytes / 2));
        end = first + 1;
    }
    cut.start_line = block.start_line + first;
    cut.end_line = block.start_line + end - 1;
    for (SnippetMatch const& match : block.matches) {
        if (match.line <= cut.end_line && cut.matches.size() < 3) {
            cut.matches.push_back(match);
        }
    }
    return cut;
}

class Assembly {
public:
    Assembly(SearchFindings findings, SearchArguments const& arguments, PieceMaker const& maker)
        : findings_(std::move(findings)), arguments_(arguments), maker_(maker) {}

    protocol::ToolResult build() {
        collect();
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
        bool first_file = true;
        for (FoundFile const& file : findings_.files) {
            std::uint64_t const item = arguments_.position.item + file.index;
            std::size_t const skipped =
                first_file && file.index == 0 ? static_cast<std::size_t>(arguments_.position.part) : 0;
            first_file = false;
            if (file.blocks.empty() && skipped == 0) {
                add(file, nullptr, item, 0);
            }
            for (std::size_t part = skipped; part < file.blocks.size(); ++part) {
                add(file, &file.blocks[part], item, part);
            }
        }
    }

    void add(FoundFile const& file, SnippetBlock const* block, std::uint64_t item, std::size_t part) {
        Piece piece = maker_.make(file, block);
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
               headline(0).size() + kCursorBytes + kNoteBytes;
    }
    std::size_t frame_json_bytes() const {
        std::size_t bytes = 64 + kCursorBytes + kNoteBytes;
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
        constexpr std::size_t kMatchBytes = 160; // of the three matches that stay
        if (taken + kMatchBytes >= arguments_.max_bytes) {
            pieces_.front() = maker_.make(*file, nullptr);
        } else {
            SnippetBlock const cut = shortened(*block, arguments_.max_bytes - taken - kMatchBytes);
            pieces_.front() = maker_.make(*file, &cut);
        }
        pieces_.front().position = position;
        return true;
    }

    std::string cursor_after(std::size_t count) const {
        CursorPosition next;
        if (count > 0 && count < pieces_.size()) {
            next = pieces_[count].position;
        } else if (count == 0 && !pieces_.empty()) {
            // Not even its address fits: go past it, or the cursor would lead here for ever.
            next.item = pieces_.front().position.item + 1;
        } else {
            next.item = arguments_.position.item + findings_.hits;
            bool const more = findings_.hits > 0 && static_cast<std::int64_t>(next.item) < findings_.total;
            if (!more || next.item > kMaxSkip) {
                return {};
            }
        }
        return write_cursor(next, arguments_.subject);
    }

    std::string headline(std::size_t count) const {
        if (count == 0 && pieces_.empty()) {
            return "No results.\n";
        }
        return std::to_string(count) + (count == 1 ? " result" : " results") + "; the search matched " +
               std::to_string(findings_.total) + (findings_.total == 1 ? " file.\n" : " files.\n");
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
        Json structured{
            {"results", std::move(results)}, {"total", findings_.total}, {"notes", findings_.notes}};
        if (!cursor.empty()) {
            text += "cursor: " + cursor + "\n";
            structured["cursor"] = cursor;
        }
        return protocol::ToolResult(std::move(text), std::move(structured));
    }

    static constexpr std::size_t kNoteBytes = 144;

    SearchFindings findings_;
    SearchArguments const& arguments_;
    PieceMaker const& maker_;
    ContentMarker marker_;
    std::vector<Piece> pieces_;
    std::vector<std::pair<FoundFile const*, SnippetBlock const*>> sources_;
};

} // namespace

protocol::ToolResult make_search_answer(SearchFindings findings,
                                        SearchArguments const& arguments,
                                        ado::Organization const& organization,
                                        std::string const& organization_name) {
    PieceMaker const maker(organization, organization_name);
    return Assembly(std::move(findings), arguments, maker).build();
}

} // namespace server
