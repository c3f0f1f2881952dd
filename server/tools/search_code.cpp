#include "ado/git.hpp"
#include "ado/web_links.hpp"
#include "server/tools/answer.hpp"
#include "server/tools/clean_text.hpp"
#include "server/tools/parallel.hpp"
#include "server/tools/schema_pieces.hpp"
#include "server/tools/search_answer.hpp"
#include "server/tools/search_arguments.hpp"
#include "server/tools/search_notes.hpp"
#include "server/tools/snippet.hpp"
#include "server/tools/tools.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

namespace server {

namespace {

using core::Json;
using core::Result;
using core::Task;

constexpr std::size_t kNamedFailures = 3;
/// The service lists no more hits of one file.
constexpr std::size_t kListedHitsAFile = 100;

protocol::ToolDescriptor make_descriptor() {
    Json const input{{"query",
                      {{"type", "string"},
                       {"minLength", 1U},
                       {"maxLength", 2000U},
                       {"description",
                        "Whole words, all must match. AND OR NOT, \"phrase\", word*, class:X def:X ref:X "
                        "comment:X file:X"}}},
                     {"organization", schema_organization()},
                     {"project", schema_string()},
                     {"repository", schema_string()},
                     {"branch", schema_string("An indexed branch; the default branch otherwise")},
                     {"path", schema_string("Folder")},
                     {"extension", schema_string("Such as cpp")},
                     {"top", schema_integer(1, 50, "Files (10)")},
                     {"context_lines", schema_integer(0, 20, "Lines around a match (3)")},
                     {"max_bytes", schema_max_bytes()},
                     {"cursor", schema_cursor()}};
    Json const match = schema_object(
        {{"line", schema_integer()}, {"column", schema_integer()}, {"length", schema_integer()}}, {});
    Json const result = schema_object({{"organization", schema_string()},
                                       {"project", schema_string()},
                                       {"repository", schema_string()},
                                       {"branch", schema_string()},
                                       {"commit", schema_string()},
                                       {"path", schema_string()},
                                       {"start_line", schema_integer()},
                                       {"end_line", schema_integer()},
                                       {"snippet", schema_string()},
                                       {"matches", schema_array(match)},
                                       {"url", schema_string()}},
                                      {"repository", "path", "url"});
    Json const output{{"results", schema_array(result)},
                      {"total", schema_integer("Matching files")},
                      {"cursor", schema_string()},
                      {"notes", schema_array(schema_string())}};
    protocol::ToolHints hints;
    hints.read_only = true;
    hints.idempotent = true;
    return protocol::ToolDescriptor(
        "search_code",
        "Search code",
        "Searches the code of Azure DevOps repositories. Answers with the matching lines and "
        "their surroundings, line numbers, commit and link; an empty answer says why.",
        schema_arguments(input, {"query"}),
        schema_object(output, {"results", "total", "notes"}),
        hints);
}

/// One search under way: its page, and what becomes of each hit's file.
class Search {
public:
    Search(SearchArguments arguments_, CallScope const& scope_)
        : arguments(std::move(arguments_)), scope(scope_) {}

    /// A hit that may be shown.
    class Hit {
    public:
        explicit Hit(ado::CodeSearchHit const& found_) : found(found_) {}
        ado::CodeSearchHit const& found;
        FoundFile file;
        std::string failure;
        std::size_t removed = 0;
        std::size_t more_blocks = 0;
        bool lost = false; ///< the file is there, its hits are not
    };

    SearchArguments arguments;
    CallScope const& scope;
    ado::CodeSearchPage page;
    std::vector<Hit> hits;
    std::size_t not_allowed = 0;
};

void select_hits(Search& search) {
    for (std::size_t i = 0; i < search.page.hits.size(); ++i) {
        ado::CodeSearchHit const& found = search.page.hits[i];
        if (!search.scope.policy.allows_project(found.project)) {
            ++search.not_allowed;
            continue;
        }
        Search::Hit hit(found);
        ado::CodeVersion version(found.branch, found.commit);
        for (ado::CodeVersion const& candidate : found.versions) {
            if (bare_branch(candidate.branch) == search.arguments.branch) {
                version = candidate;
                break;
            }
        }
        hit.file.index = i;
        hit.file.project = clean_line(found.project);
        hit.file.repository = clean_line(found.repository);
        hit.file.path = clean_line(found.path);
        hit.file.branch = clean_line(bare_branch(version.branch));
        hit.file.commit = clean_line(version.commit);
        search.hits.push_back(std::move(hit));
    }
}

void cut_snippets(Search::Hit& hit, SearchArguments const& arguments, std::string_view text) {
    std::vector<IndexedHit> places;
    for (ado::CodeMatch const& match : hit.found.matches) {
        IndexedHit place;
        place.offset = static_cast<std::int64_t>(match.char_offset);
        place.length = match.length;
        places.push_back(place);
    }
    SnippetOptions options;
    options.context_lines = arguments.context_lines;
    FileSnippets snippets = make_snippets(text, places, arguments.parsed.terms, options);
    for (SnippetBlock& block : snippets.blocks) {
        // A lone carriage return inside a line would begin a new one when cleaned.
        std::replace(block.text.begin(), block.text.end(), '\r', ' ');
        CleanText clean = clean_text(std::move(block.text));
        block.text = std::move(clean.text);
        hit.removed += clean.removed;
    }
    hit.more_blocks = snippets.more_blocks;
    hit.lost = snippets.blocks.empty() && !places.empty();
    hit.file.blocks = std::move(snippets.blocks);
}

/// Fills in one hit. Never fails: what could not be read is said in the hit.
Task<void> read_hit(Search& search, std::size_t number) {
    Search::Hit& hit = search.hits[number];
    if (!hit.found.repository_type.empty() && hit.found.repository_type != "git") {
        hit.failure = "it is not in a git repository.";
        co_return;
    }
    ado::VersionDescriptor version;
    if (!hit.file.commit.empty()) {
        version = ado::VersionDescriptor(ado::VersionType::commit, hit.file.commit);
    } else if (!hit.file.branch.empty()) {
        version = ado::VersionDescriptor(ado::VersionType::branch, hit.file.branch);
    }
    Result<ado::FileItem> item = co_await search.scope.client.get_item(
        hit.found.project, hit.found.repository, hit.found.path, version, search.scope.ctx);
    if (!item) {
        hit.failure = item.error().message();
    } else if (item->is_binary || !item->has_content) {
        hit.failure = "it is not a text file.";
    } else {
        cut_snippets(hit, search.arguments, item->content);
    }
}

std::string plural(std::size_t count, char const* one, char const* many) {
    return std::to_string(count) + (count == 1 ? one : many);
}

void note_hits(Search const& search, std::vector<std::string>& notes) {
    std::size_t failed = 0;
    std::size_t removed = 0;
    std::size_t more_blocks = 0;
    std::size_t lost = 0;
    std::size_t crowded = 0;
    for (Search::Hit const& hit : search.hits) {
        crowded += hit.found.matches.size() >= kListedHitsAFile ? 1U : 0U;
        removed += hit.removed;
        more_blocks += hit.more_blocks;
        lost += hit.lost ? 1 : 0;
        if (!hit.failure.empty() && ++failed <= kNamedFailures) {
            notes.push_back("No snippet of " + hit.file.repository + hit.file.path + ": " +
                            clean_line(hit.failure));
        }
    }
    if (failed > kNamedFailures) {
        notes.push_back("No snippets of " +
                        plural(failed - kNamedFailures, " further file.", " further files."));
    }
    if (lost > 0) {
        notes.push_back("In " + plural(lost, " file", " files") +
                        " the match was not found again; listed without snippet.");
    }
    if (crowded > 0) {
        notes.push_back("In " + plural(crowded, " file", " files") +
                        " there may be more matches: the index lists the first " +
                        std::to_string(kListedHitsAFile) + " of a file.");
    }
    if (more_blocks > 0) {
        notes.push_back(plural(more_blocks, " more place", " more places") +
                        " in these files not shown; read_file shows all.");
    }
    if (search.not_allowed > 0) {
        notes.push_back(plural(search.not_allowed, " result", " results") +
                        " left out: in projects this connector does not allow.");
    }
    if (removed > 0) {
        notes.push_back(
            plural(removed, " invisible or control character", " invisible or control characters") +
            " removed from the snippets.");
    }
}

protocol::ToolResult answer(Search& search, std::optional<Result<ado::RepositoryIndexStatus>> const& index) {
    SearchFindings findings;
    findings.hits = search.page.hits.size();
    findings.total = search.page.count;
    findings.notes = std::move(search.arguments.notes);
    for (std::string& note : explain_page(search.arguments, search.page, index)) {
        findings.notes.push_back(std::move(note));
    }
    note_hits(search, findings.notes);
    for (Search::Hit& hit : search.hits) {
        findings.files.push_back(std::move(hit.file));
    }
    return make_search_answer(
        std::move(findings), search.arguments, search.scope.client.organization(), search.scope.organization);
}

class SearchCodeTool final : public OrganizationTool {
public:
    protocol::ToolDescriptor const& descriptor() const noexcept override { return descriptor_; }

    Task<Result<protocol::ToolResult>> run(Json const& args, CallScope const& scope) override {
        CO_TRY(SearchArguments arguments, read_search_arguments(args, scope));
        Search search(std::move(arguments), scope);
        ado::CodeSearchRequest const request = make_search_request(search.arguments, scope.policy);
        CO_TRY(search.page, co_await scope.client.search_code(request, scope.ctx));
        select_hits(search);

        std::optional<Result<ado::RepositoryIndexStatus>> index;
        bool const one_repository = !search.arguments.project.empty() && !search.arguments.repository.empty();
        bool const empty = search.page.hits.empty() && search.arguments.position.item == 0;
        if (empty && one_repository) {
            Result<ado::RepositoryIndexStatus> status = co_await scope.client.get_repository_index_status(
                search.arguments.project, search.arguments.repository, scope.ctx);
            index.emplace(std::move(status));
        }
        NumberedJob const job = [&search](std::size_t number) { return read_hit(search, number); };
        co_await run_parallel(search.hits.size(), scope.limits.search_parallel_files, job);
        co_return answer(search, index);
    }

private:
    protocol::ToolDescriptor descriptor_ = make_descriptor();
};

} // namespace

std::unique_ptr<OrganizationTool> make_search_code_tool() {
    return std::make_unique<SearchCodeTool>();
}

} // namespace server
