#include "server/tools/search_fallback.hpp"

#include "ado/git_lists.hpp"
#include "core/http/http_message.hpp"
#include "server/tools/answer.hpp"
#include "server/tools/blob_cache.hpp"
#include "server/tools/clean_text.hpp"
#include "server/tools/hit_locator.hpp"
#include "server/tools/parallel.hpp"
#include "server/tools/search_text.hpp"
#include "server/tools/text_fold.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace server {

namespace {

using core::ErrorKind;
using core::Result;
using core::Task;

/// Not worth a request.
constexpr std::array<std::string_view, 22> kBinaryExtensions{
    "7z",  "bin", "bmp", "class", "dll", "docx", "exe", "gif",  "gz",    "ico",  "jar",
    "jpg", "lib", "pdb", "pdf",   "png", "pptx", "so",  "woff", "woff2", "xlsx", "zip"};

std::string_view extension_of(std::string_view path) {
    std::string_view const name = path.substr(path.rfind('/') + 1);
    std::size_t const dot = name.rfind('.');
    return dot == std::string_view::npos ? std::string_view() : name.substr(dot + 1);
}

/// `*` and `?` as the service knows them, case folded. A star gives way one character at a time.
bool matches_pattern(std::string_view text, std::string_view pattern) {
    std::size_t at = 0;
    std::size_t in = 0;
    std::size_t star = std::string_view::npos;
    std::size_t resume = 0;
    while (at < text.size()) {
        if (in < pattern.size() && pattern[in] == '*') {
            star = in++;
            resume = at;
        } else if (in < pattern.size() && (pattern[in] == '?' || pattern[in] == text[at])) {
            ++in;
            ++at;
        } else if (star != std::string_view::npos) {
            in = star + 1;
            at = ++resume;
        } else {
            return false;
        }
    }
    return pattern.find_first_not_of('*', in) == std::string_view::npos;
}

bool passes(QueryFilter const& filter, std::string_view path) {
    if (filter.name == "ext") {
        return core::iequals(extension_of(path), filter.value);
    }
    if (filter.name == "path") {
        std::string const folded = fold_case(path);
        return folded.find(fold_case(filter.value)) != std::string::npos;
    }
    if (filter.name == "file") {
        return matches_pattern(fold_case(path.substr(path.rfind('/') + 1)), fold_case(filter.value));
    }
    return true;
}

class Candidate {
public:
    explicit Candidate(ado::TreeItem item_) : item(std::move(item_)) {}
    ado::TreeItem item;
    std::vector<SnippetBlock> blocks;
    std::size_t more_blocks = 0;
    bool matches = false;
    bool failed = false;
};

/// One listing under way.
class Scan {
public:
    Scan(SearchArguments const& arguments_, CallScope const& scope_) : arguments(arguments_), scope(scope_) {}

    SearchArguments const& arguments;
    CallScope const& scope;
    std::string commit;
    std::string owner; ///< for the cache
    std::vector<Candidate> candidates;
    std::size_t left_out = 0; ///< files the limits kept from being read
};

bool is_wanted(Scan const& scan, std::string_view path) {
    SearchArguments const& arguments = scan.arguments;
    std::string const extension = fold_case(extension_of(path));
    if (std::find(kBinaryExtensions.begin(), kBinaryExtensions.end(), extension) != kBinaryExtensions.end()) {
        return false;
    }
    if (!arguments.extension.empty() && !core::iequals(extension, arguments.extension)) {
        return false;
    }
    std::vector<QueryFilter> const& filters = arguments.parsed.filters;
    return std::all_of(
        filters.begin(), filters.end(), [path](QueryFilter const& filter) { return passes(filter, path); });
}

/// In the order of their paths, as far as the limits go.
void choose(Scan& scan, std::vector<ado::TreeItem> tree, std::string const& root) {
    Limits const& limits = scan.scope.limits;
    for (ado::TreeItem& item : tree) {
        item.path.insert(0, root);
    }
    std::sort(tree.begin(), tree.end(), [](auto const& a, auto const& b) { return a.path < b.path; });
    std::size_t bytes = 0;
    for (ado::TreeItem& item : tree) {
        if (item.kind != ado::TreeItemKind::file || !is_wanted(scan, item.path)) {
            continue;
        }
        auto const size = static_cast<std::size_t>(std::max<std::int64_t>(item.size.value_or(0), 0));
        if (scan.candidates.size() >= limits.search_fallback_files ||
            size > limits.search_fallback_bytes - bytes || size > limits.blob_cache_file_bytes) {
            ++scan.left_out;
            continue;
        }
        bytes += size;
        scan.candidates.emplace_back(std::move(item));
    }
}

Task<Result<void>> list(Scan& scan) {
    SearchArguments const& wanted = scan.arguments;
    ado::VersionDescriptor version;
    if (!wanted.position.after.empty()) {
        version = ado::VersionDescriptor(ado::VersionType::commit, wanted.position.after);
    } else if (!wanted.branch.empty()) {
        version = ado::VersionDescriptor(ado::VersionType::branch, wanted.branch);
    }
    std::string const folder = wanted.path.empty() ? "/" : wanted.path;
    CO_TRY(std::vector<ado::TreeItem> items,
           co_await scan.scope.client.list_items(
               wanted.project, wanted.repository, folder, version, false, scan.scope.ctx));
    ado::TreeItem self;
    for (ado::TreeItem const& item : items) {
        if (item.path == folder) {
            self = item;
        }
        scan.commit = scan.commit.empty() ? item.commit_id : scan.commit;
    }
    scan.commit = self.commit_id.empty() ? scan.commit : self.commit_id;
    if (self.kind != ado::TreeItemKind::folder) {
        choose(scan, std::move(items), {});
        co_return Result<void>();
    }
    CO_TRY(std::vector<ado::TreeItem> tree,
           co_await scan.scope.client.list_tree(
               wanted.project, wanted.repository, self.object_id, true, scan.scope.ctx));
    choose(scan, std::move(tree), folder.ends_with('/') ? folder : folder + "/");
    co_return Result<void>();
}

void look_through(Scan& scan, Candidate& candidate, std::string_view text) {
    constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
    if (text.starts_with(kByteOrderMark)) {
        text.remove_prefix(kByteOrderMark.size());
    }
    SearchQuery const& query = scan.arguments.parsed;
    std::vector<bool> found;
    std::vector<LocatedHit> const hits = find_terms(text, query.terms, found);
    bool const all = std::all_of(found.begin(), found.end(), [](bool there) { return there; });
    candidate.matches = !hits.empty() && (all || query.alternatives);
    if (candidate.matches) {
        SnippetOptions options;
        options.context_lines = scan.arguments.context_lines;
        FileSnippets snippets = snippets_at(text, hits, options);
        clean_blocks(snippets.blocks);
        candidate.blocks = std::move(snippets.blocks);
        candidate.more_blocks = snippets.more_blocks;
    }
}

Task<void> read(Scan& scan, std::size_t number) {
    Candidate& candidate = scan.candidates[number];
    BlobCache* const blobs = scan.scope.blobs;
    BlobCache::Text const kept =
        blobs != nullptr ? blobs->find(scan.owner, candidate.item.object_id) : BlobCache::Text();
    if (kept) {
        look_through(scan, candidate, *kept);
        co_return;
    }
    ado::VersionDescriptor const version(ado::VersionType::commit, scan.commit);
    TracedRequest const asked(scan.scope);
    Result<ado::FileItem> const item = co_await scan.scope.client.get_item(
        scan.arguments.project, scan.arguments.repository, candidate.item.path, version, asked.ctx());
    candidate.failed = !item;
    if (item && item->has_content && !item->is_binary) {
        look_through(scan, candidate, item->content);
        if (blobs != nullptr) {
            blobs->put(asked.owner(), *item);
        }
    }
}

std::string describe_scan(Scan const& scan, std::string const& reason) {
    std::string note = "The search service did not answer (" + reason + "), so " +
                       std::to_string(scan.candidates.size()) + " files of '" + scan.arguments.repository +
                       "' at commit " + std::string(short_commit(scan.commit)) +
                       " were read through instead: whole words and phrases count, code types and NOT do "
                       "not.";
    if (scan.left_out > 0) {
        note += " " + std::to_string(scan.left_out) +
                " more were not read; name a `path` or an `extension` to reach them.";
    }
    return note;
}

} // namespace

bool can_search_by_listing(core::Error const& error,
                           SearchArguments const& arguments,
                           CallScope const& scope) {
    if (arguments.project.empty() || arguments.repository.empty() || arguments.parsed.terms.empty() ||
        scope.limits.search_fallback_files == 0) {
        return false;
    }
    if (error.code() == "TF24668") {
        return false; // nothing of the organization answers
    }
    switch (error.kind()) {
    case ErrorKind::upstream:
    case ErrorKind::timeout:
    case ErrorKind::network:
        return true;
    case ErrorKind::not_found:
    case ErrorKind::invalid_argument:
        // How a missing extension looks. A mistake in a name shows itself again in the listing.
        return error.fix().find("ms.vss-code-search") != std::string::npos;
    default:
        return false;
    }
}

Task<Result<SearchFindings>>
search_by_listing(std::string reason, SearchArguments const& arguments, CallScope const& scope) {
    Scan scan(arguments, scope);
    CO_TRY_VOID(co_await list(scan));
    scan.owner = blob_owner(scope, *scope.ctx.trace);
    NumberedJob const job = [&scan](std::size_t number) { return read(scan, number); };
    co_await run_parallel(scan.candidates.size(), scope.limits.search_parallel_files, job);

    SearchFindings findings;
    SearchPart part(scope.client.organization(), scope.organization);
    part.position = arguments.position;
    part.position.after.clear();
    findings.pinned_commit = scan.commit;
    findings.notes.push_back(describe_scan(scan, reason));
    std::size_t failed = 0;
    for (Candidate& candidate : scan.candidates) {
        failed += candidate.failed ? 1U : 0U;
        if (!candidate.matches) {
            continue;
        }
        auto const number = static_cast<std::uint64_t>(part.total);
        ++part.total;
        if (number < part.position.item || part.hits >= arguments.top) {
            continue;
        }
        FoundFile file;
        file.index = part.hits;
        file.project = clean_line(arguments.project);
        file.repository = clean_line(arguments.repository);
        file.path = clean_line(candidate.item.path);
        file.branch = clean_line(arguments.branch);
        file.commit = clean_line(scan.commit);
        file.blocks = std::move(candidate.blocks);
        findings.more_places += candidate.more_blocks;
        findings.files.push_back(std::move(file));
        ++part.hits;
    }
    if (failed > 0) {
        findings.notes.push_back(std::to_string(failed) + " of them could not be read.");
    }
    findings.parts.push_back(std::move(part));
    co_return findings;
}

} // namespace server
