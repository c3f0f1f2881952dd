#include "server/tools/wiki_finding.hpp"

#include "ado/wiki_paths.hpp"
#include "ado/wiki_search.hpp"
#include "core/http/http_message.hpp"
#include "server/tools/answer.hpp"
#include "server/tools/clean_text.hpp"
#include "server/tools/excerpt.hpp"
#include "server/tools/list_answer.hpp"
#include "server/tools/parallel.hpp"
#include "server/tools/text_fold.hpp"

#include <algorithm>
#include <set>
#include <utility>

namespace server {

namespace {

constexpr std::size_t kSnippetBytes = 420;
/// Of the service's searches no more are asked for.
constexpr std::size_t kMostLive = 100;
/// Files of a live search in a repository are fetched for their sections.
constexpr std::size_t kMostFiles = 10;

std::string snippet_of(std::string_view text, std::vector<std::string> const& terms) {
    std::string snippet = best_excerpt(text, terms, kSnippetBytes).text;
    while (snippet.ends_with('\n')) {
        snippet.pop_back();
    }
    return snippet;
}

/// The path of an indexed file as read_wiki_page takes it.
std::string page_path(WikiSource const& source, std::string const& file) {
    if (!source.is_wiki) {
        return file;
    }
    return ado::page_of_file(source.mark.mapped_path, file).value_or(file);
}

std::string index_note(int info_code) {
    return std::string(ado::explain_info_code(info_code).sentence);
}

/// The section that holds the most of the terms.
Section best_section(Document document, std::vector<std::string> const& terms) {
    Section* best = nullptr;
    std::size_t best_score = 0;
    for (Section& section : document.sections) {
        std::string const heading = fold_case(section.heading);
        std::string const text = fold_case(section.text);
        std::size_t score = 0;
        for (std::string const& term : terms) {
            std::string const folded = fold_case(term);
            score += (text.find(folded) != std::string::npos ? 2U : 0U) +
                     (heading.find(folded) != std::string::npos ? 1U : 0U);
        }
        if (best == nullptr || score > best_score) {
            best = &section;
            best_score = score;
        }
    }
    return best == nullptr ? Section() : std::move(*best);
}

FoundPage
found_in(WikiSource const& source, std::string path, Section const& section, WikiQuery const& query) {
    FoundPage page(source);
    page.path = std::move(path);
    page.heading = clean_line(section.heading);
    page.anchor = section.anchor;
    page.start_line = section.first_line;
    page.end_line = section.last_line;
    page.snippet = snippet_of(section.text, query.terms);
    return page;
}

/// The documents of a repository that a code search found, fetched one beside the other.
class Fetching {
public:
    WikiSource const& repository;
    std::vector<ado::CodeSearchHit> const& hits;
    WikiQuery const& query;
    CallScope const& scope;
    std::vector<std::optional<FoundPage>> pages;
};

core::Task<void> fetch(Fetching& fetching, std::size_t number) {
    ado::CodeSearchHit const& hit = fetching.hits[number];
    ado::VersionDescriptor version;
    if (ado::is_commit_id(hit.commit)) {
        version = ado::VersionDescriptor(ado::VersionType::commit, hit.commit);
    }
    WikiSource const& source = fetching.repository;
    auto item = co_await fetching.scope.client.get_item(
        source.project, source.target, hit.path, version, fetching.scope.ctx);
    if (!item || !item->has_content || item->is_binary) {
        fetching.pages[number].emplace(source).path = hit.path; // found, if not shown
        co_return;
    }
    CleanText const clean = clean_text(std::move(item->content));
    Section const section = best_section(split_document(hit.path, clean.text), fetching.query.terms);
    fetching.pages[number].emplace(found_in(source, hit.path, section, fetching.query));
}

std::string code_query(WikiQuery const& query) {
    std::string text;
    for (std::string const& term : query.terms) {
        text += ado::quote_search_term(term) + " ";
    }
    std::string formats;
    for (char const* const ending : {"md",
                                     "txt",
                                     "rst",
                                     "adoc",
                                     "asciidoc",
                                     "wiki",
                                     "textile",
                                     "org",
                                     "htm",
                                     "html",
                                     "json",
                                     "yaml",
                                     "yml",
                                     "xml",
                                     "csv"}) {
        formats += std::string(formats.empty() ? "ext:" : " OR ext:") + ending;
    }
    return text + "(" + formats + ")";
}

} // namespace

core::Task<WikiFindings> search_indexed(KnowledgeBase& base,
                                        WikiQuery const& query,
                                        std::vector<WikiSource const*> const& sources,
                                        CallScope const& scope) {
    WikiFindings findings;
    IndexQuery asked;
    asked.text = query.text;
    asked.top = query.wanted();
    for (WikiSource const* const source : sources) {
        asked.sources.push_back(source->key);
    }
    core::Result<KnowledgeAnswer> answer = co_await base.search(std::move(asked), scope.ctx);
    if (!answer) {
        findings.failure.emplace(answer.error());
        co_return findings;
    }
    for (IndexHit const& hit : answer->found.hits) {
        auto const source = std::find_if(
            sources.begin(), sources.end(), [&hit](WikiSource const* one) { return one->key == hit.source; });
        if (source != sources.end()) {
            findings.pages.push_back(found_in(**source, page_path(**source, hit.path), hit.section, query));
        }
    }
    if (!answer->found.more) {
        findings.total = answer->found.total;
    }
    if (!answer->note.empty()) {
        findings.notes.push_back(std::move(answer->note));
    }
    co_return findings;
}

core::Task<WikiFindings> search_live_wikis(WikiQuery const& query,
                                           std::vector<WikiSource const*> const& wikis,
                                           CallScope const& scope) {
    WikiFindings findings;
    ado::WikiSearchRequest request(query.text);
    std::set<std::string> projects;
    std::set<std::string> names;
    for (WikiSource const* const wiki : wikis) {
        projects.insert(wiki->project);
        names.insert(wiki->target);
    }
    request.projects.assign(projects.begin(), projects.end());
    request.wikis.assign(names.begin(), names.end());
    request.top = std::min(query.wanted(), kMostLive);
    core::Result<ado::WikiSearchPage> page = co_await scope.client.search_wiki(request, scope.ctx);
    if (!page) {
        findings.failure.emplace(page.error());
        co_return findings;
    }
    std::size_t outside = 0;
    for (ado::WikiSearchHit const& hit : page->hits) {
        // The service knows pages by their files.
        std::optional<std::string> const path = ado::page_of_file(hit.mapped_path, hit.path);
        auto const source = std::find_if(wikis.begin(), wikis.end(), [&](WikiSource const* one) {
            bool const named =
                core::iequals(one->target, hit.wiki) || core::iequals(one->target, hit.wiki_id);
            bool const placed =
                core::iequals(one->project, hit.project) || core::iequals(one->project, hit.project_id);
            return named && placed && path && ado::is_below(one->root_path, *path);
        });
        if (source == wikis.end()) {
            ++outside;
            continue;
        }
        FoundPage found(**source);
        found.path = clean_line(*path);
        std::string text;
        for (std::string const& excerpt : hit.excerpts) {
            text += excerpt + "\n";
        }
        found.snippet = snippet_of(clean_text(std::move(text)).text, query.terms);
        findings.pages.push_back(std::move(found));
    }
    if (page->count >= 0 && static_cast<std::size_t>(page->count) == page->hits.size()) {
        findings.total = page->hits.size() - outside;
    }
    if (std::string note = index_note(page->info_code); !note.empty()) {
        findings.notes.push_back(std::move(note));
    }
    co_return findings;
}

core::Task<WikiFindings>
search_live_repository(WikiQuery const& query, WikiSource const& repository, CallScope const& scope) {
    WikiFindings findings;
    ado::CodeSearchRequest request(code_query(query));
    request.projects = {repository.project};
    request.repositories = {repository.target};
    request.top = std::min(query.wanted(), kMostFiles);
    core::Result<ado::CodeSearchPage> page = co_await scope.client.search_code(request, scope.ctx);
    if (!page) {
        findings.failure.emplace(page.error());
        co_return findings;
    }
    std::erase_if(page->hits, [](ado::CodeSearchHit const& hit) { return !is_indexed_format(hit.path); });
    Fetching fetching{repository, page->hits, query, scope, {}};
    fetching.pages.resize(page->hits.size());
    NumberedJob const job = [&fetching](std::size_t number) { return fetch(fetching, number); };
    co_await run_parallel(fetching.pages.size(), scope.limits.search_parallel_files, job);
    for (std::optional<FoundPage>& found : fetching.pages) {
        findings.pages.push_back(std::move(*found));
    }
    if (page->count >= 0 && static_cast<std::size_t>(page->count) == page->hits.size()) {
        findings.total = page->hits.size();
    }
    if (std::string note = index_note(page->info_code); !note.empty()) {
        findings.notes.push_back(clean_line(std::string_view(repository.target)) + ": " + note);
    }
    co_return findings;
}

} // namespace server
