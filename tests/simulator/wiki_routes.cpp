#include "simulator/route.hpp"
#include "simulator/wiki_paths.hpp"

#include <algorithm>

namespace simulator {
namespace {

Json wiki_json(Call const& call, Wiki const& wiki) {
    std::string const project = call.base_url + "/" + wiki.project->id;
    return {{"id", wiki.id},
            {"versions", Json::array({{{"version", wiki.version}}})},
            {"url", project + "/_apis/wiki/wikis/" + wiki.id},
            {"remoteUrl", project + "/_wiki/wikis/" + wiki.id},
            {"type", wiki.is_project_wiki ? "projectWiki" : "codeWiki"},
            {"name", wiki.name},
            {"projectId", wiki.project->id},
            {"repositoryId", wiki.repository->id},
            {"mappedPath", wiki.mapped_path}};
}

Wiki* visible_wiki(Call& call) {
    auto* wiki = call.organization->find_wiki(call.param("wiki"), call.project);
    return wiki != nullptr && call.may_see(*wiki->project) ? wiki : nullptr;
}

Reply wiki_not_found(Call const& call) {
    return ado_error(404,
                     "WikiNotFoundException",
                     "Wiki not found with Wiki Id or Name '" + call.param("wiki") +
                         "'. Ensure that the wiki exists.");
}

Reply page_not_found(std::string const& path) {
    return ado_error(404,
                     "WikiPageNotFoundException",
                     "Wiki page \xE2\x80\x98" + path +
                         "\xE2\x80\x99 could not be found. Ensure that the path of the page is correct and "
                         "the page exists.");
}

Reply wikis(Call& call) {
    Json list = Json::array();
    for (auto& project : call.organization->projects) {
        if ((call.project == nullptr || call.project == &project) && call.may_see(project)) {
            for (auto const& wiki : project.wikis) {
                list.push_back(wiki_json(call, wiki));
            }
        }
    }
    return list_reply(list, true);
}

Reply one_wiki(Call& call) {
    auto const* wiki = visible_wiki(call);
    return wiki == nullptr ? wiki_not_found(call) : json_reply(wiki_json(call, *wiki));
}

std::string page_path(std::string path) {
    if (!path.starts_with('/')) {
        path.insert(0, "/");
    }
    while (path.size() > 1 && path.ends_with('/')) {
        path.pop_back();
    }
    return path;
}

int page_id(Wiki& wiki, std::string const& path) {
    auto const [entry, added] = wiki.page_ids.try_emplace(path, static_cast<int>(wiki.page_ids.size()) + 1);
    return entry->second;
}

std::vector<std::string> children_of(Wiki const& wiki, Snapshot const& snapshot, std::string const& path) {
    std::vector<std::string> out;
    for (auto const& page : wiki_pages(wiki, snapshot)) {
        std::string const prefix = path == "/" ? "/" : path + "/";
        bool const child =
            page != "/" && page.starts_with(prefix) && page.find('/', prefix.size()) == std::string::npos;
        if (child) {
            out.push_back(page);
        }
    }
    return out;
}

Json page_json(Call& call,
               Wiki& wiki,
               Snapshot const& snapshot,
               std::string const& path,
               int order,
               int depth,
               bool content) {
    std::string const base = call.base_url + "/" + wiki.project->id;
    std::string const file = wiki_file(wiki, path);
    Json subpages = Json::array();
    if (depth > 0) {
        int next = 0;
        for (auto const& child : children_of(wiki, snapshot, path)) {
            subpages.push_back(page_json(call, wiki, snapshot, child, next++, depth - 1, false));
        }
    }
    Json json = {{"path", path}, {"order", order}};
    if (path != "/") {
        json["gitItemPath"] = file;
    }
    if (!children_of(wiki, snapshot, path).empty()) {
        json["isParentPage"] = true;
    }
    json["subPages"] = std::move(subpages);
    json["url"] = base + "/_apis/wiki/wikis/" + wiki.id + "/pages/" + percent_encode(path);
    json["remoteUrl"] = base + "/_wiki/wikis/" + wiki.id + "?pagePath=" + percent_encode(path);
    json["id"] = page_id(wiki, path);
    auto const found = snapshot.files.find(file);
    if (content) {
        json["content"] = found == snapshot.files.end() ? "" : found->second->content;
    }
    return json;
}

Reply show_page(Call& call, Wiki& wiki, std::string const& path) {
    auto const tip = wiki.repository->git.branch(wiki.version);
    auto const& snapshot = *tip->snapshot;
    auto const file = snapshot.files.find(wiki_file(wiki, path));
    if (file == snapshot.files.end() && path != "/") {
        return page_not_found(path);
    }
    auto const etag = "\"" + (file == snapshot.files.end() ? tip->tree_id : file->second->id) + "\"";
    auto const accept = call.request.header("accept");
    if (accept.find("text/plain") != std::string_view::npos &&
        accept.find("json") == std::string_view::npos) {
        Reply reply(
            200, "text/plain; charset=utf-8", file == snapshot.files.end() ? "" : file->second->content);
        return reply.with("ETag", etag);
    }
    auto const level = call.request.param("recursionlevel");
    int const depth = iequals(level, "full") ? 64 : iequals(level, "oneLevel") ? 1 : 0;
    Reply reply =
        json_reply(page_json(call, wiki, snapshot, path, 0, depth, call.request.flag("includecontent")));
    return reply.with("ETag", etag);
}

Reply get_page(Call& call) {
    auto* wiki = visible_wiki(call);
    if (wiki == nullptr) {
        return wiki_not_found(call);
    }
    return show_page(call, *wiki, page_path(std::string(call.request.param("path"))));
}

Reply get_page_by_id(Call& call) {
    auto* wiki = visible_wiki(call);
    if (wiki == nullptr) {
        return wiki_not_found(call);
    }
    long long id = 0;
    if (!to_int(call.param("id"), id)) { // the path may stand in the route, too
        return show_page(call, *wiki, page_path(call.param("id")));
    }
    auto const tip = wiki->repository->git.branch(wiki->version);
    for (auto const& path : wiki_pages(*wiki, *tip->snapshot)) {
        page_id(*wiki, path);
    }
    for (auto const& [path, known] : wiki->page_ids) {
        if (known == id) {
            return show_page(call, *wiki, path);
        }
    }
    return page_not_found("id " + call.param("id"));
}

Reply put_page(Call& call) {
    auto* wiki = visible_wiki(call);
    if (wiki == nullptr) {
        return wiki_not_found(call);
    }
    std::string const path = page_path(std::string(call.request.param("path")));
    auto const body = parse_json(call.request.body);
    if (!body.has_value() || !body->is_object() || path == "/") {
        return argument_error("The page needs a path and a body with content.");
    }
    auto const version = call.request.param("versiondescriptor.version");
    if (!version.empty() && version != wiki->version) {
        return ado_error(400,
                         "WikiInvalidVersionException",
                         "The version '" + std::string(version) + "' either is invalid or does not exist.");
    }
    auto const file = wiki_file(*wiki, path);
    auto const before = wiki->repository->git.branch(wiki->version);
    auto const existing = before->snapshot->files.find(file);
    bool const exists = existing != before->snapshot->files.end();
    std::string const match = replace_all(std::string(call.request.header("if-match")), "\"", "");
    if (exists && match.empty()) {
        return ado_error(409,
                         "WikiPageAlreadyExistsException",
                         "The page '" + path +
                             "' specified in the add operation already exists in the wiki.");
    }
    if (exists && match != existing->second->id) {
        return ado_error(412,
                         "WikiPageHasConflictsException",
                         "The version of the page '" + path +
                             "' is stale. Read the page again before editing it.");
    }
    Author const author{call.caller.identity->display_name, call.caller.identity->unique_name};
    wiki->repository->git.commit(wiki->version,
                                 {{file, string_member(*body, "content")}},
                                 author,
                                 (exists ? "Updated " : "Added ") + file,
                                 call.state.now());
    call.state.search->forget_answers();
    auto const after = wiki->repository->git.branch(wiki->version);
    Reply reply = json_reply(page_json(call, *wiki, *after->snapshot, path, 0, 0, true), exists ? 200 : 201);
    return reply.with("ETag", "\"" + after->snapshot->files.find(file)->second->id + "\"");
}

Reply pages_batch(Call& call) {
    auto* wiki = visible_wiki(call);
    if (wiki == nullptr) {
        return wiki_not_found(call);
    }
    auto const body = parse_json(call.request.body);
    auto const top =
        static_cast<std::size_t>(std::clamp(int_member(body.value_or(Json()), "top", 100), 1LL, 100LL));
    auto const skip =
        static_cast<std::size_t>(std::max(0LL, int_member(body.value_or(Json()), "continuationToken", 0)));
    auto const tip = wiki->repository->git.branch(wiki->version);
    auto const pages = wiki_pages(*wiki, *tip->snapshot);
    Json list = Json::array();
    for (std::size_t i = skip; i < pages.size() && list.size() < top; ++i) {
        list.push_back({{"path", pages[i]}, {"id", page_id(*wiki, pages[i])}, {"viewStats", Json::array()}});
    }
    Reply reply = list_reply(list);
    if (skip + list.size() < pages.size()) {
        reply.with("x-ms-continuationtoken", std::to_string(skip + list.size()));
    }
    return reply;
}

} // namespace

std::vector<Route> wiki_routes() {
    using S = Service;
    return {
        {S::core, "GET", "wiki/wikis", "wikis", "vso.wiki", wikis},
        {S::core, "GET", "wiki/wikis/{wiki}", "wiki", "vso.wiki", one_wiki},
        {S::core, "GET", "wiki/wikis/{wiki}/pages", "wikipage", "vso.wiki", get_page},
        {S::core, "PUT", "wiki/wikis/{wiki}/pages", "wikipage.put", "vso.wiki_write", put_page},
        {S::core, "GET", "wiki/wikis/{wiki}/pages/{id}", "wikipage", "vso.wiki", get_page_by_id},
        {S::core, "POST", "wiki/wikis/{wiki}/pagesbatch", "wikipagesbatch", "vso.wiki", pages_batch},
    };
}

} // namespace simulator
