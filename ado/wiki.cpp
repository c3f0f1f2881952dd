#include "ado/wiki.hpp"

#include "ado/client.hpp"
#include "ado/fetch.hpp"
#include "ado/readers.hpp"
#include "core/text/percent_encoding.hpp"

#include <nlohmann/json.hpp>

namespace ado {
namespace {

core::Result<Wiki> read_wiki(core::Json& json) {
    Wiki wiki;
    wiki.id = take_string(json, "id");
    if (wiki.id.empty()) {
        return core::fail(unreadable_answer("a wiki without an id"));
    }
    wiki.name = take_string(json, "name");
    wiki.project_id = take_string(json, "projectId");
    wiki.repository_id = take_string(json, "repositoryId");
    wiki.type = take_string(json, "type");
    wiki.mapped_path = take_string(json, "mappedPath");
    core::Json* const versions = member_array(json, "versions");
    if (versions != nullptr && !versions->empty()) {
        wiki.version = take_string(versions->front(), "version");
    }
    return wiki;
}

core::Result<WikiPage> read_wiki_page(core::Json& json) {
    WikiPage page;
    page.path = take_string(json, "path");
    if (page.path.empty()) {
        return core::fail(unreadable_answer("a wiki page without a path"));
    }
    page.id = core::find_int(json, "id").value_or(0);
    page.git_item_path = take_string(json, "gitItemPath");
    page.remote_url = take_string(json, "remoteUrl");
    page.has_content = core::find_string(json, "content").has_value();
    page.content = take_string(json, "content");
    return page;
}

std::string wiki_route(std::string const& project, std::string const& wiki) {
    return "/" + core::percent_encode(project) + "/_apis/wiki/wikis/" + core::percent_encode(wiki);
}

} // namespace

core::Task<core::Result<Wiki>>
Client::get_wiki(std::string const& project, std::string const& wiki, core::CallContext const& ctx) const {
    ApiRequest const request("GET", Service::core, wiki_route(project, wiki), Scope::wiki_read);
    co_return co_await transport_.fetch(request, &read_wiki, ctx);
}

core::Task<core::Result<WikiPage>> Client::get_wiki_page(std::string const& project,
                                                         std::string const& wiki,
                                                         std::int64_t page_id,
                                                         bool content,
                                                         core::CallContext const& ctx) const {
    ApiRequest const request("GET",
                             Service::core,
                             wiki_route(project, wiki) + "/pages/" + std::to_string(page_id) +
                                 (content ? "?includeContent=true" : ""),
                             Scope::wiki_read);
    co_return co_await transport_.fetch(request, &read_wiki_page, ctx);
}

core::Task<core::Result<WikiPage>> Client::get_wiki_page(std::string const& project,
                                                         std::string const& wiki,
                                                         std::string const& path,
                                                         bool content,
                                                         core::CallContext const& ctx) const {
    ApiRequest const request("GET",
                             Service::core,
                             wiki_route(project, wiki) + "/pages?path=" + core::percent_encode(path) +
                                 "&recursionLevel=none" + (content ? "&includeContent=true" : ""),
                             Scope::wiki_read);
    co_return co_await transport_.fetch(request, &read_wiki_page, ctx);
}

} // namespace ado
