#include "ado/wiki_search.hpp"

#include "ado/client.hpp"
#include "ado/fetch.hpp"
#include "ado/readers.hpp"
#include "ado/routes.hpp"
#include "core/http/http_message.hpp"
#include "core/text/utf8.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <charconv>
#include <limits>

namespace ado {
namespace {

constexpr std::size_t kMaxTop = 1000;

/// `&amp;` and its like at the front of `text`: appends what it stands for and says how long it is; 0 = none.
std::size_t decode_entity(std::string_view text, std::string& out) {
    constexpr std::size_t kLongest = 10;
    std::size_t const end = text.substr(0, kLongest).find(';');
    if (end == std::string_view::npos) {
        return 0;
    }
    std::string_view const name = text.substr(1, end - 1);
    for (auto const& [known, character] : {std::pair("amp", '&'),
                                           std::pair("lt", '<'),
                                           std::pair("gt", '>'),
                                           std::pair("quot", '"'),
                                           std::pair("apos", '\''),
                                           std::pair("nbsp", ' ')}) {
        if (name == known) {
            out += character;
            return end + 1;
        }
    }
    if (name.size() < 2 || name[0] != '#') {
        return 0;
    }
    bool const hex = name[1] == 'x' || name[1] == 'X';
    std::string_view const digits = name.substr(hex ? 2 : 1);
    std::uint32_t code = 0;
    auto const [stop, problem] =
        std::from_chars(digits.data(), digits.data() + digits.size(), code, hex ? 16 : 10);
    bool const valid = problem == std::errc() && stop == digits.data() + digits.size() && code != 0 &&
                       code <= 0x10FFFF && (code < 0xD800 || code > 0xDFFF);
    if (!valid) {
        return 0;
    }
    core::append_utf8(out, code);
    return end + 1;
}

WikiSearchHit read_hit(core::Json& json) {
    WikiSearchHit hit;
    hit.path = take_string(json, "path");
    hit.content_id = take_string(json, "contentId");
    if (core::Json* const project = member_object(json, "project")) {
        hit.project = take_string(*project, "name");
        hit.project_id = take_string(*project, "id");
    }
    if (core::Json* const wiki = member_object(json, "wiki")) {
        hit.wiki = take_string(*wiki, "name");
        hit.wiki_id = take_string(*wiki, "id");
        hit.mapped_path = take_string(*wiki, "mappedPath");
        hit.version = take_string(*wiki, "version");
    }
    if (core::Json* const hits = member_array(json, "hits")) {
        for (core::Json& one : *hits) {
            core::Json* const highlights = member_array(one, "highlights");
            if (highlights == nullptr || core::find_string(one, "fieldReferenceName") != "content") {
                continue;
            }
            for (core::Json const& highlight : *highlights) {
                if (highlight.is_string()) {
                    hit.excerpts.push_back(plain_highlight(highlight.get_ref<std::string const&>()));
                }
            }
        }
    }
    return hit;
}

} // namespace

std::string plain_highlight(std::string_view highlight) {
    std::string out;
    out.reserve(highlight.size());
    std::size_t at = 0;
    while (at < highlight.size()) {
        std::string_view const rest = highlight.substr(at);
        if (rest.front() == '<') {
            bool skipped = false;
            for (std::string_view const tag : {"<highlighthit>", "</highlighthit>"}) {
                if (core::iequals(rest.substr(0, tag.size()), tag)) {
                    at += tag.size();
                    skipped = true;
                    break;
                }
            }
            if (skipped) {
                continue;
            }
        }
        std::size_t const entity = rest.front() == '&' ? decode_entity(rest, out) : 0;
        if (entity == 0) {
            out += rest.front();
        }
        at += std::max<std::size_t>(entity, 1);
    }
    return out;
}

core::Result<WikiSearchPage> read_wiki_search_page(core::Json& json) {
    core::Json* const results = member_array(json, "results");
    if (results == nullptr) {
        return core::fail(unreadable_answer("wiki search results without a list"));
    }
    WikiSearchPage page;
    page.count = core::find_int(json, "count").value_or(0);
    page.info_code = static_cast<int>(std::clamp<std::int64_t>(
        core::find_int(json, "infoCode").value_or(0), 0, std::numeric_limits<int>::max()));
    page.hits.reserve(results->size());
    for (core::Json& result : *results) {
        WikiSearchHit hit = read_hit(result);
        if (!hit.path.empty() && !hit.wiki.empty()) {
            page.hits.push_back(std::move(hit));
        }
    }
    return page;
}

core::Task<core::Result<WikiSearchPage>> Client::search_wiki(WikiSearchRequest const& search,
                                                             core::CallContext const& ctx) const {
    core::Json filters = core::Json::object();
    if (!search.projects.empty()) {
        filters["Project"] = search.projects;
    }
    if (!search.wikis.empty()) {
        filters["Wiki"] = search.wikis;
    }
    core::Json body = core::Json::object();
    body["searchText"] = search.text;
    body["$skip"] = search.skip;
    body["$top"] = std::clamp<std::size_t>(search.top, 1, kMaxTop);
    body["filters"] = std::move(filters);
    body["includeFacets"] = false;
    std::string const route =
        search.projects.size() == 1 ? project_route(search.projects.front()) : std::string();
    ApiRequest request("POST", Service::search, route + "/_apis/search/wikisearchresults", Scope::wiki_read);
    request.body = core::dump_json(body);
    co_return co_await transport_.fetch(request, &read_wiki_search_page, ctx);
}

} // namespace ado
