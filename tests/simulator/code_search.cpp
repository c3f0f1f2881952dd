#include "simulator/code_search.hpp"

#include "simulator/search_query.hpp"

#include <algorithm>

namespace simulator {
namespace {

constexpr std::size_t kMaxHitsAFile = 100;
constexpr long long kMaxTop = 1000;
constexpr long long kMaxSkip = 1000;

class CodeSearchRequest {
public:
    std::string text;
    long long skip = 0;
    long long top = 0;
    std::vector<std::string> projects;
    std::vector<std::string> repositories;
    std::vector<std::string> branches;
    std::vector<std::string> paths;
    std::uint32_t elements = 0;
    std::string order_field;
    bool descending = false;
    bool facets = false;
};

class Hit {
public:
    Repository const* repository = nullptr;
    std::string path;
    BlobPtr blob;
    TextIndex const* text = nullptr;
    DocumentHits hits;
    std::vector<std::pair<std::string, std::string>> versions; ///< branch, commit
};

Reply invalid_query(std::string_view message) {
    return ado_error(400, "InvalidQueryException", message);
}

std::vector<std::string> names(Json const& filters, std::string_view key) {
    std::vector<std::string> out;
    if (!filters.is_object()) {
        return out;
    }
    for (auto const& [name, values] : filters.items()) {
        if (iequals(name, key) && values.is_array()) {
            for (auto const& value : values) {
                if (value.is_string()) {
                    out.push_back(value.get<std::string>());
                }
            }
        }
    }
    return out;
}

std::optional<Reply> read_request(Call const& call, Json const& body, CodeSearchRequest& out) {
    out.text = string_member(body, "searchText");
    out.top = int_member(body, "$top", 0);
    out.skip = int_member(body, "$skip", 0);
    auto const filters = body.contains("filters") ? body["filters"] : Json();
    out.projects = names(filters, "Project");
    out.repositories = names(filters, "Repository");
    out.branches = names(filters, "Branch");
    out.paths = names(filters, "Path");
    for (auto const& element : names(filters, "CodeElement")) {
        out.elements |= element_bit(element);
    }
    out.facets = body.value("includeFacets", false);
    if (body.contains("$orderBy") && body["$orderBy"].is_array() && !body["$orderBy"].empty()) {
        auto const& order = body["$orderBy"][0];
        out.order_field = lower(string_member(order, "field"));
        out.descending = iequals(string_member(order, "sortOrder"), "DESC");
    }
    if (trim(out.text).empty()) {
        return invalid_query("The search text is empty. Specify a non-empty value for searchText.");
    }
    if (out.top < 1) {
        return invalid_query("The value of $top must be greater than zero.");
    }
    if (out.skip < 0 || out.skip > kMaxSkip) {
        return invalid_query("The value of $skip must be between 0 and 1000.");
    }
    if (!out.repositories.empty() && out.projects.empty() && call.project == nullptr) {
        return invalid_query("The Repository filter cannot be used without exactly one Project filter.");
    }
    return std::nullopt;
}

bool listed(std::vector<std::string> const& wanted, std::string_view name) {
    return wanted.empty() ||
           std::any_of(wanted.begin(), wanted.end(), [&](auto const& w) { return iequals(w, name); });
}

bool under(std::vector<std::string> const& paths, std::string_view file) {
    return paths.empty() || std::any_of(paths.begin(), paths.end(), [&](std::string path) {
               if (!path.starts_with('/')) {
                   path.insert(0, "/");
               }
               return path == "/" || istarts_with(file, path.ends_with('/') ? path : path + "/") ||
                      iequals(file, path);
           });
}

void search_branch(Call& call,
                   CodeSearchRequest const& request,
                   ParsedQuery const& query,
                   Project const& project,
                   IndexedBranch const& branch,
                   std::vector<Hit>& hits) {
    for (auto const& [path, blob] : branch.commit->snapshot->files) {
        if (!under(request.paths, path)) {
            continue;
        }
        // The same content at the same place on another branch is one result with several versions.
        auto const twin = std::find_if(hits.begin(), hits.end(), [&](Hit const& hit) {
            return hit.repository == branch.repository && hit.blob == blob && hit.path == path;
        });
        if (twin != hits.end()) {
            twin->versions.emplace_back(branch.branch, branch.commit->id);
            continue;
        }
        auto const& text = call.state.search->text_of(blob, path);
        SearchDocument const document(project.name, branch.repository->name, path, text);
        auto found = evaluate(query, document, request.elements);
        if (found.matched) {
            hits.push_back({branch.repository,
                            path,
                            blob,
                            &text,
                            std::move(found),
                            {{branch.branch, branch.commit->id}}});
        }
    }
}

std::vector<Hit> find_hits(Call& call, CodeSearchRequest const& request, ParsedQuery const& query) {
    std::vector<Hit> hits;
    for (auto& project : call.organization->projects) {
        bool const in_scope = call.project == nullptr || call.project == &project;
        if (!in_scope || !call.may_see(project) || !listed(request.projects, project.name) ||
            (call.caller.stakeholder() && !project.is_public)) {
            continue;
        }
        for (auto& repository : project.repositories) {
            if (repository.disabled || repository.is_wiki || !listed(request.repositories, repository.name)) {
                continue;
            }
            for (auto const* branch : call.state.search->branches(repository)) {
                // Without a Branch filter only the default branch answers, even when others are indexed.
                bool const wanted = request.branches.empty() ? branch->branch == repository.default_branch
                                                             : listed(request.branches, branch->branch);
                if (wanted) {
                    search_branch(call, request, query, project, *branch, hits);
                }
            }
        }
    }
    return hits;
}

void sort_hits(std::vector<Hit>& hits, CodeSearchRequest const& request) {
    auto const name = [](Hit const& hit) { return hit.path.substr(hit.path.rfind('/') + 1); };
    std::stable_sort(hits.begin(), hits.end(), [&](Hit const& a, Hit const& b) {
        if (request.order_field.empty()) {
            return a.hits.content.size() > b.hits.content.size();
        }
        auto const left = request.order_field == "path" ? a.path : name(a);
        auto const right = request.order_field == "path" ? b.path : name(b);
        return request.descending ? right < left : left < right;
    });
}

std::uint32_t counted_offset(OffsetMode mode, Hit const& hit, std::uint32_t offset) {
    if (mode == OffsetMode::bom_counted) {
        return offset + (hit.text->file().has_bom ? 1U : 0U);
    }
    if (mode == OffsetMode::crlf_as_one) {
        auto const& text = hit.text->file().text;
        return offset - static_cast<std::uint32_t>(std::count(text.begin(), text.begin() + offset, u'\r'));
    }
    return offset;
}

std::string_view element_name(std::uint32_t elements) {
    for (auto const name :
         {"comment", "strlit", "class", "interface", "enum", "namespace", "macro", "method"}) {
        if ((elements & element_bit(name)) != 0) {
            return name;
        }
    }
    return "content";
}

Json result_json(Call const& call, Hit const& hit) {
    Json content = Json::array();
    for (auto const& match : hit.hits.content) {
        if (content.size() == kMaxHitsAFile) {
            break;
        }
        content.push_back({{"charOffset", counted_offset(call.state.search->offset_mode, hit, match.offset)},
                           {"length", match.length},
                           {"line", 0},
                           {"column", 0},
                           {"codeSnippet", nullptr},
                           {"type", element_name(match.elements)}});
    }
    Json file_name = Json::array();
    if (hit.hits.file_name) {
        file_name.push_back({{"charOffset", 0},
                             {"length", -1},
                             {"line", 0},
                             {"column", 0},
                             {"codeSnippet", nullptr},
                             {"type", nullptr}});
    }
    Json versions = Json::array();
    for (auto const& [branch, commit] : hit.versions) {
        versions.push_back({{"branchName", branch}, {"changeId", commit}});
    }
    auto const& repository = *hit.repository;
    return {{"fileName", hit.path.substr(hit.path.rfind('/') + 1)},
            {"path", hit.path},
            {"matches", {{"content", content}, {"fileName", file_name}}},
            {"collection", {{"name", call.organization->name}}},
            {"project", {{"name", repository.project->name}, {"id", repository.project->id}}},
            {"repository", {{"name", repository.name}, {"id", repository.id}, {"type", "git"}}},
            {"versions", versions},
            {"contentId", hit.blob->id}};
}

Json facets_json(std::vector<Hit> const& hits) {
    std::map<std::string, int> projects;
    std::map<std::string, int> repositories;
    for (auto const& hit : hits) {
        ++projects[hit.repository->project->name];
        ++repositories[hit.repository->name];
    }
    auto const list = [](std::map<std::string, int> const& counts) {
        Json out = Json::array();
        for (auto const& [name, count] : counts) {
            out.push_back({{"name", name}, {"id", name}, {"resultCount", count}});
        }
        return out;
    };
    return {{"Project", list(projects)}, {"Repository", list(repositories)}};
}

Reply run(Call& call, CodeSearchRequest const& request) {
    auto const query = parse_query(request.text);
    if (!query.error.empty()) {
        return invalid_query(query.error);
    }
    int info_code = query.info_code != 0 ? query.info_code : call.state.search->info_code;
    bool const silent = query.info_code != 0 || (info_code == 1 || info_code == 2 || info_code == 6);
    std::vector<Hit> hits;
    if (!silent) {
        hits = find_hits(call, request, query);
        sort_hits(hits, request);
    }
    if (request.top > kMaxTop && info_code == 0) {
        info_code = 8;
    }
    auto const top = static_cast<std::size_t>(std::min(request.top, kMaxTop));
    Json results = Json::array();
    for (auto i = static_cast<std::size_t>(request.skip); i < hits.size() && results.size() < top; ++i) {
        results.push_back(result_json(call, hits[i]));
    }
    return json_reply({{"count", hits.size()},
                       {"results", results},
                       {"infoCode", info_code},
                       {"facets", request.facets ? facets_json(hits) : Json::object()}});
}

} // namespace

Reply code_search(Call& call) {
    if (!call.organization->code_search_installed) {
        return ado_error(
            call.organization->code_search_missing_status,
            "ExtensionNotInstalledException",
            "The Code Search extension (ms.vss-code-search) is not installed in the organization " +
                call.organization->name + ".");
    }
    auto& search = *call.state.search;
    search.catch_up(call.state.now());
    std::string key = call.organization->name + "\n" + (call.project == nullptr ? "" : call.project->id) +
                      "\n" + call.caller.identity->vss_id + "\n" + call.request.body;
    if (auto const* answer = search.prepared_answer(key)) {
        return {200, "application/json; charset=utf-8", *answer};
    }
    auto const body = parse_json(call.request.body);
    if (!body.has_value() || !body->is_object()) {
        return binding_error("The request body could not be read as a search request.");
    }
    CodeSearchRequest request;
    if (auto refusal = read_request(call, *body, request)) {
        return *refusal;
    }
    Reply reply = run(call, request);
    if (reply.status == 200) {
        search.keep_answer(std::move(key), reply.body);
    }
    return reply;
}

} // namespace simulator
