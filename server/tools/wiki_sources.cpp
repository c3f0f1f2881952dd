#include "server/tools/wiki_sources.hpp"

#include "ado/wiki.hpp"
#include "core/http/http_message.hpp"
#include "core/text/percent_encoding.hpp"
#include "server/tools/clean_text.hpp"
#include "server/tools/list_answer.hpp"

#include <algorithm>
#include <set>
#include <utility>

namespace server {

namespace {

bool is_named(WikiSource const& source, std::string_view wanted) {
    return core::iequals(source.name, wanted) || core::iequals(source.target, wanted);
}

std::string names_of(std::vector<WikiSource> const& sources) {
    constexpr std::size_t kMostNames = 12;
    std::string names;
    for (std::size_t i = 0; i < std::min(sources.size(), kMostNames); ++i) {
        names += (i > 0 ? ", " : "") + sources[i].name + " (" +
                 clean_line(std::string_view(sources[i].target)) + ")";
    }
    return names + (sources.size() > kMostNames ? ", \xE2\x80\xA6" : "");
}

core::Error
no_source(std::vector<WikiSource> const& others, CallScope const& scope, std::string_view wanted) {
    std::string const named =
        wanted.empty() ? std::string() : " '" + shorten_text(clean_line(wanted), 120) + "'";
    std::string message = wanted.empty()
                              ? "No wiki of " + scope.organization + " is a knowledge source."
                              : "Wiki" + named + " is no knowledge source of " + scope.organization + ".";
    if (!others.empty()) {
        message += " Those there are: " + names_of(others) + ".";
    }
    return core::Error(core::ErrorKind::not_found, std::move(message))
        .with_code("wiki_not_a_source")
        .with_fix("Wiki tools read knowledge sources only. An administrator adds one by its URL: PUT "
                  "/api/v2/repos/NAME {\"url\": \"https://dev.azure.com/ORG/PROJECT/_wiki/wikis/WIKI\"} (or "
                  "\u2026/_git/REPOSITORY), or under knowledge_sources in the configuration.")
        .with_not_sent();
}

} // namespace

core::Result<std::vector<WikiSource>>
usable_sources(KnowledgeBase const& base, CallScope const& scope, std::string_view wanted) {
    std::vector<WikiSource> all = base.sources(scope.client.organization().key());
    std::erase_if(
        all, [&scope](WikiSource const& source) { return !scope.policy.allows_project(source.project); });
    std::vector<WikiSource> named;
    std::copy_if(all.begin(), all.end(), std::back_inserter(named), [wanted](WikiSource const& source) {
        return wanted.empty() || is_named(source, wanted);
    });
    if (named.empty()) {
        return core::fail(no_source(all, scope, wanted));
    }
    return named;
}

std::string shown_name(WikiSource const& source, std::vector<WikiSource> const& all) {
    bool const unique = std::none_of(all.begin(), all.end(), [&source](WikiSource const& other) {
        return core::iequals(other.target, source.target) &&
               (!core::iequals(other.project, source.project) || other.is_wiki != source.is_wiki);
    });
    return unique ? source.target : source.name;
}

std::optional<std::string> implied_organization_of(KnowledgeBase const& base, std::string_view wanted) {
    std::set<std::string> organizations;
    for (WikiSource const& source : base.sources(std::string())) {
        if (wanted.empty() || is_named(source, wanted)) {
            organizations.insert(source.organization);
        }
    }
    return organizations.size() == 1 ? std::optional(*organizations.begin()) : std::nullopt;
}

core::Task<core::Result<void>> settle_root(KnowledgeBase& base, WikiSource& source, CallScope const& scope) {
    if (!source.is_wiki || !source.root_path.empty() || !source.page_id) {
        co_return core::Result<void>();
    }
    CO_TRY(ado::WikiPage const page,
           co_await scope.client.get_wiki_page(
               source.project, source.target, *source.page_id, false, scope.ctx));
    source.root_path = page.path;
    base.learn_root(source.key, page.path);
    co_return core::Result<void>();
}

std::string wiki_page_url(ado::Organization const& organization,
                          WikiSource const& source,
                          std::string_view path,
                          std::string_view anchor) {
    std::string url = organization.web_url() + "/" + core::percent_encode(source.project) + "/_wiki/wikis/" +
                      core::percent_encode(source.target) + "?pagePath=";
    core::append_percent_encoded(url, path, true);
    if (!anchor.empty()) {
        url += "&anchor=";
        core::append_percent_encoded(url, anchor);
    }
    return url;
}

} // namespace server
