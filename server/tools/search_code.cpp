#include "ado/git.hpp"
#include "server/tools/answer.hpp"
#include "server/tools/blob_cache.hpp"
#include "server/tools/clean_text.hpp"
#include "server/tools/list_answer.hpp"
#include "server/tools/parallel.hpp"
#include "server/tools/schema_pieces.hpp"
#include "server/tools/search_answer.hpp"
#include "server/tools/search_arguments.hpp"
#include "server/tools/search_fallback.hpp"
#include "server/tools/search_notes.hpp"
#include "server/tools/search_text.hpp"
#include "server/tools/snippet.hpp"
#include "server/tools/tools.hpp"

#include <algorithm>
#include <optional>
#include <utility>

namespace server {

namespace {

using core::ErrorKind;
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

/// One search under way in one organization: its page, and what becomes of each hit's file.
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
    std::string owner; ///< for the cache
    std::size_t not_allowed = 0;
};

bool may_show(ConnectorPolicy const& policy, ado::CodeSearchHit const& hit) {
    return policy.allows_project(hit.project) && policy.allows_repository(hit.project, hit.repository);
}

void select_hits(Search& search) {
    for (std::size_t i = 0; i < search.page.hits.size(); ++i) {
        ado::CodeSearchHit const& found = search.page.hits[i];
        if (!may_show(search.scope.policy, found)) {
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
    hit.removed += clean_blocks(snippets.blocks);
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
    BlobCache* const blobs = search.scope.blobs;
    BlobCache::Text const kept =
        blobs != nullptr ? blobs->find(search.owner, hit.found.content_id) : BlobCache::Text();
    if (kept) {
        cut_snippets(hit, search.arguments, *kept);
        co_return;
    }
    ado::VersionDescriptor version;
    if (!hit.file.commit.empty()) {
        version = ado::VersionDescriptor(ado::VersionType::commit, hit.file.commit);
    } else if (!hit.file.branch.empty()) {
        version = ado::VersionDescriptor(ado::VersionType::branch, hit.file.branch);
    }
    TracedRequest const asked(search.scope);
    Result<ado::FileItem> item = co_await search.scope.client.get_item(
        hit.found.project, hit.found.repository, hit.found.path, version, asked.ctx());
    if (!item) {
        hit.failure = item.error().message();
    } else if (item->is_binary || !item->has_content) {
        hit.failure = "it is not a text file.";
    } else {
        cut_snippets(hit, search.arguments, item->content);
        if (blobs != nullptr) {
            blobs->put_name(
                asked.owner(),
                *item,
                blob_name(
                    search.scope, hit.found.project, hit.found.repository, hit.found.path, version.version));
        }
    }
}

/// What is said about the hits of one organization.
void note_hits(Search const& search, std::vector<std::string>& notes) {
    std::size_t failed = 0;
    std::size_t removed = 0;
    std::size_t lost = 0;
    std::size_t crowded = 0;
    for (Search::Hit const& hit : search.hits) {
        crowded += hit.found.matches.size() >= kListedHitsAFile ? 1U : 0U;
        removed += hit.removed;
        lost += hit.lost ? 1 : 0;
        if (!hit.failure.empty() && ++failed <= kNamedFailures) {
            notes.push_back("No snippet of " + hit.file.repository + hit.file.path + ": " +
                            clean_line(hit.failure));
        }
    }
    if (failed > kNamedFailures) {
        notes.push_back("No snippets of " +
                        count_of(failed - kNamedFailures, "further file", "further files") + ".");
    }
    if (lost > 0) {
        notes.push_back("In " + count_of(lost, "file", "files") +
                        " the match was not found again; listed without snippet.");
    }
    if (crowded > 0) {
        notes.push_back("In " + count_of(crowded, "file", "files") +
                        " there may be more matches: the index lists the first " +
                        std::to_string(kListedHitsAFile) + " of a file.");
    }
    if (search.not_allowed > 0) {
        notes.push_back(count_of(search.not_allowed, "result", "results") +
                        " left out: in projects or repositories this connector does not allow.");
    }
    if (removed > 0) {
        notes.push_back(
            count_of(removed, "invisible or control character", "invisible or control characters") +
            " removed from the snippets.");
    }
    bool const first_page = search.arguments.position.item == 0;
    bool const last_page = search.arguments.position.item + search.page.hits.size() >= kMaxReach;
    if (search.page.count > static_cast<std::int64_t>(kMaxReach) && (first_page || last_page)) {
        notes.push_back("Azure DevOps lists only the first 2,000 of these files: narrow the query by a "
                        "project, repository, path or extension to reach the others.");
    }
}

SearchFindings findings_of(Search& search, std::vector<std::string> notes) {
    SearchFindings findings;
    SearchPart part(search.scope.client.organization(), search.scope.organization);
    part.position = search.arguments.position;
    part.hits = search.page.hits.size();
    part.total = search.page.count;
    findings.parts.push_back(std::move(part));
    findings.notes = std::move(notes);
    note_hits(search, findings.notes);
    for (Search::Hit& hit : search.hits) {
        findings.more_places += hit.more_blocks;
        findings.files.push_back(std::move(hit.file));
    }
    return findings;
}

/// Why there is nothing, where a repository was named: costs a request or two.
Task<EmptyReasons> explore(Search const& search) {
    EmptyReasons reasons;
    SearchArguments const& wanted = search.arguments;
    Result<ado::RepositoryIndexStatus> index = co_await search.scope.client.get_repository_index_status(
        wanted.project, wanted.repository, search.scope.ctx);
    bool const unknown = index ? index->branches.empty() : index.error().kind() == ErrorKind::not_found;
    reasons.index.emplace(std::move(index));
    if (unknown) {
        Result<ado::Repository> repository =
            co_await search.scope.client.get_repository(wanted.project, wanted.repository, search.scope.ctx);
        reasons.repository.emplace(std::move(repository));
    }
    co_return reasons;
}

/// The arguments and the scope outlive the task.
Task<Result<SearchFindings>> search_one(SearchArguments const& arguments, CallScope const& scope) {
    if (!arguments.position.after.empty()) {
        CO_TRY(SearchFindings listed, co_await search_by_listing("on the first page", arguments, scope));
        co_return listed;
    }
    Search search(arguments, scope);
    ado::CodeSearchRequest const request = make_search_request(search.arguments, scope.policy);
    Result<ado::CodeSearchPage> page = co_await scope.client.search_code(request, scope.ctx);
    if (!page) {
        core::Error error = page.error();
        if (!can_search_by_listing(error, arguments, scope)) {
            co_return core::fail(std::move(error));
        }
        Result<SearchFindings> listed =
            co_await search_by_listing(clean_line(error.message()), arguments, scope);
        bool const names_wrong = !listed && listed.error().kind() == ErrorKind::not_found;
        if (!listed && !names_wrong) {
            co_return core::fail(std::move(error));
        }
        co_return listed;
    }
    search.page = std::move(*page);
    search.owner = blob_owner(scope, *scope.ctx.trace);
    std::size_t const before = std::min(hits_before(arguments), search.page.hits.size());
    search.page.hits.erase(search.page.hits.begin(),
                           search.page.hits.begin() + static_cast<std::ptrdiff_t>(before));
    select_hits(search);

    bool const one_repository = !arguments.project.empty() && !arguments.repository.empty();
    bool const empty = search.page.hits.empty() && arguments.position.item == 0;
    EmptyReasons reasons;
    if (empty && one_repository) {
        reasons = co_await explore(search);
    }
    NumberedJob const job = [&search](std::size_t number) { return read_hit(search, number); };
    co_await run_parallel(search.hits.size(), scope.limits.search_parallel_files, job);
    co_return findings_of(search, explain_page(search.arguments, search.page, reasons));
}

/// One organization of several.
class Share {
public:
    std::optional<Result<SearchArguments>> arguments;
    std::optional<Result<SearchFindings>> findings;
    bool done = false; ///< an earlier page had the last of it
};

Task<void> search_share(Share& share, CallScope const& scope) {
    Result<SearchFindings> found = co_await search_one(**share.arguments, scope);
    share.findings.emplace(std::move(found));
}

/// Rank by rank, so that no organization crowds the others out: there is no common measure of relevance.
void merge_share(SearchFindings& all, Share& share, CallScope const& scope) {
    std::size_t const number = all.parts.size();
    if (!share.findings || !*share.findings) {
        SearchPart part(scope.client.organization(), scope.organization);
        part.done = share.done;
        part.failed = !share.done;
        if (share.arguments && *share.arguments) {
            part.position = (*share.arguments)->position;
        }
        if (!share.done) {
            core::Error const& error = share.findings ? share.findings->error() : share.arguments->error();
            all.notes.push_back(scope.organization + " did not answer and its results are missing: " +
                                clean_line(error.message()));
        }
        all.parts.push_back(std::move(part));
        return;
    }
    SearchFindings& own = **share.findings;
    all.more_places += own.more_places;
    for (FoundFile& file : own.files) {
        file.part = number;
        all.files.push_back(std::move(file));
    }
    for (std::string& note : own.notes) {
        all.notes.push_back(scope.organization + ": " + note);
    }
    all.parts.push_back(std::move(own.parts.front()));
}

class SearchCodeTool final : public OrganizationTool {
public:
    protocol::ToolDescriptor const& descriptor() const noexcept override { return descriptor_; }
    bool spans_organizations() const noexcept override { return true; }

    Task<Result<protocol::ToolResult>> run(Json const& args, CallScope const& scope) override {
        CO_TRY(SearchArguments arguments, read_search_arguments(args, scope));
        CO_TRY_VOID(read_search_cursor(args, scope.organization, arguments));
        CO_TRY(SearchFindings findings, co_await search_one(arguments, scope));
        findings.file_bytes = scope.limits.search_file_bytes;
        findings.notes.insert(findings.notes.begin(), arguments.notes.begin(), arguments.notes.end());
        co_return make_search_answer(std::move(findings), arguments);
    }

    Task<Result<protocol::ToolResult>> run_over(Json const& args,
                                                std::vector<CallScope> const& scopes,
                                                std::vector<std::string> notes) override {
        std::string names;
        for (CallScope const& scope : scopes) {
            names += scope.client.organization().key() + "\n";
        }
        CO_TRY(SearchArguments common, read_search_arguments(args, scopes.front()));
        CO_TRY_VOID(read_search_cursor(args, names, common));
        std::vector<Share> shares(scopes.size());
        CO_TRY_VOID(begin_shares(args, common, scopes, shares));
        NumberedJob const job = [&shares, &scopes](std::size_t number) {
            return shares[number].arguments && *shares[number].arguments && !shares[number].done
                       ? search_share(shares[number], scopes[number])
                       : nothing();
        };
        co_await run_parallel(shares.size(), scopes.front().limits.search_parallel_organizations, job);

        bool const answered = std::any_of(shares.begin(), shares.end(), [](Share const& share) {
            return share.done || (share.findings && *share.findings);
        });
        if (!answered) {
            core::Error error = shares.front().findings ? shares.front().findings->error()
                                                        : shares.front().arguments->error();
            co_return core::fail(std::move(error));
        }
        SearchFindings all;
        all.file_bytes = scopes.front().limits.search_file_bytes;
        all.notes = std::move(common.notes);
        for (std::size_t i = 0; i < shares.size(); ++i) {
            merge_share(all, shares[i], scopes[i]);
        }
        all.notes.insert(all.notes.end(), notes.begin(), notes.end());
        std::stable_sort(all.files.begin(), all.files.end(), [](FoundFile const& a, FoundFile const& b) {
            return a.index < b.index;
        });
        co_return make_search_answer(std::move(all), common);
    }

private:
    static Task<void> nothing() { co_return; }

    /// The arguments of each organization, with its place in the cursor.
    static Result<void> begin_shares(Json const& args,
                                     SearchArguments const& common,
                                     std::vector<CallScope> const& scopes,
                                     std::vector<Share>& shares) {
        std::vector<std::optional<CursorPosition>> positions(scopes.size(), CursorPosition());
        if (!common.position.after.empty()) {
            positions = read_positions(common.position.after, scopes.size());
            if (positions.empty()) {
                return core::fail(wrong_argument("`cursor` is not one of this search."));
            }
        }
        for (std::size_t i = 0; i < scopes.size(); ++i) {
            shares[i].done = !positions[i].has_value();
            shares[i].arguments = read_search_arguments(args, scopes[i]);
            if (*shares[i].arguments && positions[i]) {
                (*shares[i].arguments)->position = *positions[i];
            }
        }
        return {};
    }

    protocol::ToolDescriptor descriptor_ = make_descriptor();
};

} // namespace

std::unique_ptr<OrganizationTool> make_search_code_tool() {
    return std::make_unique<SearchCodeTool>();
}

} // namespace server
