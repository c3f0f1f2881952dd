#include "simulator/content_search.hpp"

#include "simulator/search_query.hpp"
#include "simulator/work_item_json.hpp"

#include <algorithm>

namespace simulator {
namespace {

std::vector<std::string> names(Json const& body, std::string_view key) {
    std::vector<std::string> out;
    auto const filters = body.find("filters");
    if (filters != body.end() && filters->is_object()) {
        for (auto const& [name, values] : filters->items()) {
            if (iequals(name, key) && values.is_array()) {
                for (auto const& value : values) {
                    out.push_back(value.is_string() ? value.get<std::string>() : value.dump());
                }
            }
        }
    }
    return out;
}

bool listed(std::vector<std::string> const& wanted, std::string_view name) {
    return wanted.empty() ||
           std::any_of(wanted.begin(), wanted.end(), [&](auto const& w) { return iequals(w, name); });
}

class Page {
public:
    std::string text;
    std::size_t skip = 0;
    std::size_t top = 0;
};

std::optional<Reply> read_page(Json const& body, Page& out) {
    long long const top = int_member(body, "$top", 0);
    long long const skip = int_member(body, "$skip", 0);
    out.text = string_member(body, "searchText");
    if (trim(out.text).empty() || top < 1 || skip < 0) {
        return ado_error(400,
                         "InvalidQueryException",
                         "The search text must not be empty and $top must be greater than zero.");
    }
    out.top = static_cast<std::size_t>(std::min(top, 200LL));
    out.skip = static_cast<std::size_t>(skip);
    return std::nullopt;
}

/// The text around the first hit of every place, with the hit marked as the service marks it.
Json highlights(TextIndex const& index, DocumentHits const& hits) {
    Json out = Json::array();
    auto const& text = index.file().text;
    std::size_t last_end = 0;
    for (auto const& match : hits.content) {
        if (out.size() == 3 || match.offset < last_end) {
            continue;
        }
        std::size_t const begin = match.offset > 40 ? match.offset - 40 : 0;
        std::size_t const end = std::min<std::size_t>(text.size(), match.offset + match.length + 60);
        out.push_back("..." + html_escape(utf16_to_utf8(text.substr(begin, match.offset - begin))) +
                      "<highlighthit>" + html_escape(utf16_to_utf8(text.substr(match.offset, match.length))) +
                      "</highlighthit>" +
                      html_escape(utf16_to_utf8(
                          text.substr(match.offset + match.length, end - match.offset - match.length))) +
                      "...");
        last_end = end;
    }
    return out;
}

Json wiki_result(Call const& call, Wiki const& wiki, std::string const& path, Blob const& blob, Json hits) {
    return {
        {"fileName", path.substr(path.rfind('/') + 1)},
        {"path", path},
        {"collection", {{"name", call.organization->name}}},
        {"project", {{"name", wiki.project->name}, {"id", wiki.project->id}, {"visibility", nullptr}}},
        {"wiki",
         {{"id", wiki.id}, {"name", wiki.name}, {"mappedPath", wiki.mapped_path}, {"version", wiki.version}}},
        {"contentId", blob.id},
        {"hits", std::move(hits)}};
}

void search_wiki(Call& call, Wiki const& wiki, ParsedQuery const& query, Json& results) {
    auto const tip = wiki.repository->git.branch(wiki.version);
    if (tip == nullptr) {
        return;
    }
    std::string const prefix = wiki.mapped_path == "/" ? "/" : wiki.mapped_path + "/";
    for (auto const& [path, blob] : tip->snapshot->files) {
        if (!path.starts_with(prefix) || !path.ends_with(".md")) {
            continue;
        }
        auto const& text = call.state.search->text_of(blob, path);
        auto const found =
            evaluate(query, SearchDocument(wiki.project->name, wiki.repository->name, path, text));
        if (!found.matched) {
            continue;
        }
        Json hits = Json::array();
        if (found.file_name) {
            hits.push_back({{"fieldReferenceName", "fileNames"},
                            {"highlights",
                             Json::array({"<highlighthit>" + html_escape(path.substr(path.rfind('/') + 1)) +
                                          "</highlighthit>"})}});
        }
        if (!found.content.empty()) {
            hits.push_back({{"fieldReferenceName", "content"}, {"highlights", highlights(text, found)}});
        }
        results.push_back(wiki_result(call, wiki, path, *blob, std::move(hits)));
    }
}

Reply paged(Json const& all, Page const& page) {
    Json results = Json::array();
    for (std::size_t i = page.skip; i < all.size() && results.size() < page.top; ++i) {
        results.push_back(all[i]);
    }
    return json_reply(
        {{"count", all.size()}, {"results", results}, {"infoCode", 0}, {"facets", Json::object()}});
}

/// Lower-case keys, all values strings: how work item search hands out fields.
Json search_fields(Call const& call, WorkItem const& item) {
    Json fields = Json::object();
    fields["system.id"] = std::to_string(item.id);
    for (auto const* name :
         {"System.WorkItemType", "System.Title", "System.AssignedTo", "System.State", "System.Tags"}) {
        auto const value = item.text(name);
        auto const* identity =
            std::string_view(name) == "System.AssignedTo" ? call.organization->find_identity(value) : nullptr;
        fields[lower(name)] =
            identity == nullptr ? value : identity->display_name + " <" + identity->unique_name + ">";
    }
    fields["system.rev"] = std::to_string(item.rev);
    fields["system.createddate"] = item.text("System.CreatedDate");
    fields["system.changeddate"] = item.text("System.ChangedDate");
    return fields;
}

bool passes_filters(Json const& body, WorkItem const& item) {
    return listed(names(body, "System.TeamProject"), item.project->name) &&
           listed(names(body, "System.WorkItemType"), item.type) &&
           listed(names(body, "System.State"), item.text("System.State")) &&
           listed(names(body, "System.AreaPath"), item.text("System.AreaPath"));
}

} // namespace

Reply wiki_search(Call& call) {
    auto const body = parse_json(call.request.body);
    if (!body.has_value() || !body->is_object()) {
        return binding_error("The request body could not be read as a search request.");
    }
    Page page;
    if (auto refusal = read_page(*body, page)) {
        return *refusal;
    }
    auto const query = parse_query(page.text);
    Json results = Json::array();
    for (auto& project : call.organization->projects) {
        bool const in_scope = call.project == nullptr || call.project == &project;
        if (!in_scope || !call.may_see(project) || !listed(names(*body, "Project"), project.name)) {
            continue;
        }
        for (auto const& wiki : project.wikis) {
            if (listed(names(*body, "Wiki"), wiki.name)) {
                search_wiki(call, wiki, query, results);
            }
        }
    }
    return paged(results, page);
}

Reply work_item_search(Call& call) {
    auto const body = parse_json(call.request.body);
    if (!body.has_value() || !body->is_object()) {
        return binding_error("The request body could not be read as a search request.");
    }
    Page page;
    if (auto refusal = read_page(*body, page)) {
        return *refusal;
    }
    auto const query = parse_query(page.text);
    Json results = Json::array();
    for (auto const& [id, item] : call.organization->work_items.all()) {
        bool const in_scope = call.project == nullptr || call.project == item.project;
        // Search lags: what was written a moment ago is not there yet.
        if (item.deleted || item.indexed_at > call.state.now() || !in_scope || !call.may_see(*item.project) ||
            !passes_filters(*body, item)) {
            continue;
        }
        TextIndex const text(std::to_string(id) + "\n" + item.text("System.Title") + "\n" +
                                 item.text("System.Description") + "\n" + item.text("System.Tags"),
                             "txt");
        auto const found = evaluate(query, SearchDocument(item.project->name, "", "", text));
        if (!found.matched) {
            continue;
        }
        results.push_back({{"project", {{"id", item.project->id}, {"name", item.project->name}}},
                           {"fields", search_fields(call, item)},
                           {"hits",
                            Json::array({{{"fieldReferenceName", "system.title"},
                                          {"highlights", highlights(text, found)}}})},
                           {"url", work_item_url(call, item)}});
    }
    return paged(results, page);
}

} // namespace simulator
