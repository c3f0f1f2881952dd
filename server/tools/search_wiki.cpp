#include "ado/web_links.hpp"
#include "server/knowledge/match_query.hpp"
#include "server/tools/answer.hpp"
#include "server/tools/clean_text.hpp"
#include "server/tools/list_answer.hpp"
#include "server/tools/parallel.hpp"
#include "server/tools/schema_pieces.hpp"
#include "server/tools/tools.hpp"
#include "server/tools/wiki_finding.hpp"
#include "server/tools/wiki_sources.hpp"

#include <algorithm>
#include <utility>

namespace server {

namespace {

using core::Json;
using core::Result;
using core::Task;

constexpr std::int64_t kUsualTop = 8;
constexpr std::int64_t kMostTop = 50;
/// Sources whose freshness is told where none of them has a result.
constexpr std::size_t kMostSources = 8;

protocol::ToolDescriptor make_descriptor() {
    Json const input{{"organization", schema_organization()},
                     {"query", schema_string("Words or \"phrases\"")},
                     {"wiki", schema_string("Only this wiki, repository or source")},
                     {"top", schema_integer(1, kMostTop, "8")},
                     {"max_bytes", schema_max_bytes()},
                     {"cursor", schema_cursor()}};
    Json result = Json::object();
    for (char const* const name : {"wiki", "project", "path", "heading", "snippet", "url"}) {
        result[name] = schema_string();
    }
    result["start_line"] = schema_integer();
    result["end_line"] = schema_integer();
    Json const source{{"name", schema_string()},
                      {"state", schema_string("indexed or live")},
                      {"commit", schema_string()},
                      {"synced_at", schema_string()}};
    Json const output{{"organization", schema_string()},
                      {"results", schema_array(schema_object(result, {"wiki", "path", "url"}))},
                      {"sources", schema_array(schema_object(source, {"name", "state"}))},
                      {"total", schema_integer()},
                      {"cursor", schema_string()},
                      {"notes", schema_array(schema_string())}};
    return protocol::ToolDescriptor("search_wiki",
                                    "Search wikis",
                                    "Ranked search of the wikis and documentation repositories that are "
                                    "knowledge sources (runbooks, how-tos). "
                                    "read_wiki_page takes a result's wiki and path.",
                                    schema_arguments(input, {"query"}),
                                    schema_object(output, {"results", "notes"}),
                                    reading_hints());
}

std::string line_of(Json const& entry) {
    std::string line(member_text(entry, "path"));
    if (std::string_view const heading = member_text(entry, "heading"); !heading.empty()) {
        line += " | " + std::string(heading);
    }
    line += " (" + std::string(member_text(entry, "wiki"));
    if (auto const first = core::find_int(entry, "start_line")) {
        line += ", lines " + std::to_string(*first) + "-" +
                std::to_string(core::find_int(entry, "end_line").value_or(*first));
    }
    line += ") " + std::string(member_text(entry, "url")) + "\n";
    std::string_view snippet = member_text(entry, "snippet");
    while (!snippet.empty()) {
        std::string_view const part = snippet.substr(0, snippet.find('\n'));
        line += "  " + std::string(part) + "\n";
        snippet.remove_prefix(std::min(part.size() + 1, snippet.size()));
    }
    return line;
}

/// One search under way, in several places side by side: the index, the service's wiki search, and its code
/// search for each repository without an index.
class Searching {
public:
    Searching(KnowledgeBase& base_, CallScope const& scope_) : base(base_), scope(scope_) {}

    void divide() {
        for (WikiSource const& source : sources) {
            (source.synced_at ? indexed : source.is_wiki ? live_wikis : live_repositories).push_back(&source);
        }
        places.resize(2 + live_repositories.size());
    }

    KnowledgeBase& base;
    CallScope const& scope;
    WikiQuery query;
    std::vector<WikiSource> sources;
    std::vector<WikiSource const*> indexed;
    std::vector<WikiSource const*> live_wikis;
    std::vector<WikiSource const*> live_repositories;
    std::vector<WikiFindings> places; ///< index, wikis, then each repository
};

Task<void> search_place(Searching& searching, std::size_t number) {
    WikiFindings findings;
    findings.total = 0;
    if (number == 0 && !searching.indexed.empty()) {
        findings =
            co_await search_indexed(searching.base, searching.query, searching.indexed, searching.scope);
    } else if (number == 1 && !searching.live_wikis.empty()) {
        findings = co_await search_live_wikis(searching.query, searching.live_wikis, searching.scope);
    } else if (number > 1) {
        WikiSource const& repository = *searching.live_repositories[number - 2];
        findings = co_await search_live_repository(searching.query, repository, searching.scope);
    }
    searching.places[number] = std::move(findings);
}

/// The best of each place first, then the second of each: their scores do not compare.
std::vector<FoundPage> merge(std::vector<WikiFindings>& places) {
    std::vector<FoundPage> merged;
    for (std::size_t rank = 0, more = 1; more > 0; ++rank) {
        more = 0;
        for (WikiFindings& place : places) {
            if (rank < place.pages.size()) {
                merged.push_back(std::move(place.pages[rank]));
                ++more;
            }
        }
    }
    return merged;
}

Json describe_source(WikiSource const& source, std::vector<WikiSource> const& all) {
    Json json = Json::object();
    put_text(json, "name", shown_name(source, all), 200);
    json["state"] = source.synced_at ? "indexed" : "live";
    if (source.synced_at) {
        json["synced_at"] = core::format_utc(*source.synced_at);
        json["commit"] = source.mark.commit;
    }
    return json;
}

std::string freshness_line(Json const& source) {
    std::string line = std::string(member_text(source, "name"));
    if (member_text(source, "state") == "live") {
        return line + ": no index yet, searched live.\n";
    }
    return line + ": as of " + std::string(member_text(source, "synced_at")) + ", commit " +
           std::string(short_commit(member_text(source, "commit"))) + ".\n";
}

Json entry_of(FoundPage const& page, Searching const& searching) {
    WikiSource const& source = *page.source;
    ado::Organization const& organization = searching.scope.client.organization();
    Json json = Json::object();
    put_text(json, "wiki", shown_name(source, searching.sources), 300);
    put_text(json, "project", source.project, 300);
    json["path"] = clean_line(std::string_view(page.path));
    put_text(json, "heading", page.heading, 300);
    if (!page.snippet.empty()) {
        json["snippet"] = page.snippet;
    }
    if (page.start_line != 0) {
        json["start_line"] = page.start_line;
        json["end_line"] = page.end_line;
    }
    ado::VersionDescriptor const version =
        source.mark.branch.empty() ? ado::VersionDescriptor()
                                   : ado::VersionDescriptor(ado::VersionType::branch, source.mark.branch);
    json["url"] = source.is_wiki ? wiki_page_url(organization, source, page.path, page.anchor)
                                 : ado::file_url(organization,
                                                 source.project,
                                                 source.target,
                                                 page.path,
                                                 version,
                                                 page.start_line,
                                                 page.end_line);
    return json;
}

ListPage page_of(Searching& searching) {
    ListPage page("results", "page", "pages", &line_of);
    page.subject = searching.query.subject;
    page.max_bytes = searching.query.max_bytes;
    std::optional<std::size_t> total = 0;
    for (WikiFindings& place : searching.places) {
        total = total && place.total ? std::optional(*total + *place.total) : std::nullopt;
        if (place.failure) {
            page.notes.push_back("Not searched in part: " + clean_line(place.failure->message()));
        }
        for (std::string& note : place.notes) {
            page.notes.push_back(std::move(note));
        }
    }
    std::vector<FoundPage> const found = merge(searching.places);
    page.total = total;
    std::size_t const first = std::min(searching.query.first, found.size());
    std::size_t const last = std::min(first + searching.query.top, found.size());
    std::vector<WikiSource const*> shown;
    for (std::size_t i = first; i < last; ++i) {
        CursorPosition after;
        after.item = i + 1;
        if (last < found.size()) {
            page.next = after;
        }
        page.entries.emplace_back(entry_of(found[i], searching), after);
        if (std::find(shown.begin(), shown.end(), found[i].source) == shown.end()) {
            shown.push_back(found[i].source);
        }
    }
    if (page.entries.empty()) {
        page.notes.push_back("No page has these words; try fewer or other ones.");
        for (std::size_t i = 0; i < std::min(searching.sources.size(), kMostSources); ++i) {
            shown.push_back(&searching.sources[i]);
        }
    }
    page.extra["organization"] = searching.scope.organization;
    page.extra["sources"] = Json::array();
    for (WikiSource const* const source : shown) {
        Json described = describe_source(*source, searching.sources);
        page.heading += freshness_line(described);
        page.extra["sources"].push_back(std::move(described));
    }
    return page;
}

class SearchWikiTool final : public OrganizationTool {
public:
    explicit SearchWikiTool(KnowledgeBase& base) : base_(base) {}

    protocol::ToolDescriptor const& descriptor() const noexcept override { return descriptor_; }

    std::optional<std::string> implied_organization(Json const& args) const override {
        return implied_organization_of(base_, member_text(args, "wiki"));
    }

    Task<Result<protocol::ToolResult>> run(Json const& args, CallScope const& scope) override {
        Searching searching(base_, scope);
        CO_TRY(searching.query, read_query(args, scope));
        CO_TRY(searching.sources, usable_sources(base_, scope, member_text(args, "wiki")));
        for (WikiSource& source : searching.sources) {
            if (!source.synced_at) {
                CO_TRY_VOID(co_await settle_root(base_, source, scope));
            }
        }
        searching.divide();
        NumberedJob const job = [&searching](std::size_t number) { return search_place(searching, number); };
        co_await run_parallel(searching.places.size(), scope.limits.search_parallel_files, job);
        bool nothing = true;
        std::optional<core::Error> failure;
        for (WikiFindings const& place : searching.places) {
            nothing = nothing && place.pages.empty();
            failure = !failure && place.failure ? place.failure : failure;
        }
        if (nothing && failure) {
            co_return core::fail(std::move(*failure));
        }
        ListPage page = page_of(searching);
        co_return make_list_answer(std::move(page));
    }

private:
    static Result<WikiQuery> read_query(Json const& args, CallScope const& scope) {
        WikiQuery query;
        query.text = std::string(member_text(args, "query"));
        query.terms = MatchQuery(query.text).terms();
        if (query.terms.empty()) {
            return core::fail(wrong_argument("`query` has no word in it."));
        }
        query.top = static_cast<std::size_t>(core::find_int(args, "top").value_or(kUsualTop));
        query.max_bytes = answer_budget(args, scope.limits.search_answer_bytes, scope.limits);
        query.subject = cursor_subject("search_wiki", scope.organization, args);
        if (auto const cursor = core::find_string(args, "cursor")) {
            ADOMCPD_TRY(CursorPosition const position, read_cursor(*cursor, query.subject));
            query.first = static_cast<std::size_t>(position.item);
        }
        return query;
    }

    KnowledgeBase& base_;
    protocol::ToolDescriptor descriptor_ = make_descriptor();
};

} // namespace

std::unique_ptr<OrganizationTool> make_search_wiki_tool(KnowledgeBase& base) {
    return std::make_unique<SearchWikiTool>(base);
}

} // namespace server
