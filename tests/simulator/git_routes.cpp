#include "simulator/git_json.hpp"
#include "simulator/route.hpp"
#include "simulator/zip_writer.hpp"

#include <algorithm>
#include <charconv>

namespace simulator {
namespace {

Reply repositories(Call& call) {
    Json list = Json::array();
    for (auto& project : call.organization->projects) {
        if ((call.project != nullptr && call.project != &project) || !call.may_see(project)) {
            continue;
        }
        for (auto const& repository : project.repositories) {
            if (!repository.is_wiki) {
                list.push_back(repository_json(call, repository));
            }
        }
    }
    return list_reply(list, true);
}

Reply one_repository(Call& call) {
    auto* repository = visible_repository(call);
    return repository == nullptr ? repository_not_found(call.param("repository"))
                                 : json_reply(repository_json(call, *repository));
}

enum class Wanted { metadata, bytes, text, zip };

/// What the caller wants of items: `$format` decides, else Accept. JSON wins whenever it is asked for.
Wanted wanted_form(Request const& request) {
    auto const format = request.param("$format");
    if (iequals(format, "octetstream")) {
        return Wanted::bytes;
    }
    if (iequals(format, "text")) {
        return Wanted::text;
    }
    if (iequals(format, "zip")) {
        return Wanted::zip;
    }
    if (iequals(format, "json")) {
        return Wanted::metadata;
    }
    auto const accept = lower(request.header("accept"));
    if (accept.find("application/json") != std::string::npos) {
        return Wanted::metadata;
    }
    if (accept.find("application/octet-stream") != std::string::npos) {
        return Wanted::bytes;
    }
    if (accept.find("text/plain") != std::string::npos) {
        return Wanted::text;
    }
    return accept.find("application/zip") != std::string::npos ? Wanted::zip : Wanted::bytes;
}

Reply file_bytes(Request const& request, std::string const& path, Blob const& blob) {
    Reply reply(200, "application/octet-stream", blob.content);
    std::string const name = path.substr(path.rfind('/') + 1);
    if (request.flag("download")) {
        reply.with("Content-Disposition", "attachment; filename*=UTF-8''" + percent_encode(name));
    }
    return reply.with("ETag", "\"" + blob.id + "\"");
}

Reply file_text(Blob const& blob) {
    auto const file = decode_file(blob.content);
    if (file.is_binary) {
        return {200, "application/octet-stream", blob.content};
    }
    return {200, "text/plain; charset=utf-8", utf16_to_utf8(file.text)};
}

class ItemRequest {
public:
    Repository* repository = nullptr;
    Version version;
    std::string path;
};

std::optional<Reply> read_item_request(Call& call, ItemRequest& out) {
    out.repository = visible_repository(call);
    if (out.repository == nullptr || out.repository->disabled || call.caller.stakeholder()) {
        return repository_not_found(call.param("repository"));
    }
    if (auto refusal = resolve_version(call.request, *out.repository, "versiondescriptor.", out.version)) {
        return refusal;
    }
    std::string path(call.request.param("path"));
    if (path.empty()) {
        path = call.request.param("scopepath");
    }
    if (path.empty() && !call.params.empty() && call.params.back().first == "path") {
        path = call.params.back().second;
    }
    if (!path.starts_with('/')) {
        path.insert(0, "/");
    }
    while (path.size() > 1 && path.ends_with('/')) {
        path.pop_back();
    }
    out.path = std::move(path);
    return std::nullopt;
}

Reply item_not_found(ItemRequest const& item) {
    return ado_error(404,
                     "GitItemNotFoundException",
                     "TF401174: The item '" + item.path + "' could not be found in the repository '" +
                         item.repository->name + "' at the version specified by '<" + item.version.label +
                         ">' (resolved to commit '" + item.version.commit->id + "')");
}

bool asks_for_list(Request const& request) {
    auto const level = request.param("recursionlevel");
    bool const none = level.empty() || iequals(level, "none") || level == "0";
    return request.has_param("scopepath") || !none;
}

Reply folder_list(Call& call, ItemRequest const& item) {
    auto const level = lower(call.request.param("recursionlevel"));
    bool const recursive = level == "full" || level == "120";
    bool const none = level.empty() || level == "none" || level == "0";
    auto const& snapshot = *item.version.commit->snapshot;
    bool const latest = call.request.flag("latestprocessedchange");
    Json list = Json::array();
    TreeEntry const self{item.path, snapshot.trees.find(item.path)->second, true, nullptr};
    list.push_back(item_json(call, *item.repository, item.version, self, latest));
    if (!none) {
        for (auto const& entry : list_folder(snapshot, item.path, recursive)) {
            list.push_back(item_json(call, *item.repository, item.version, entry, latest));
        }
    }
    return list_reply(list);
}

Reply items(Call& call) {
    ItemRequest item;
    if (auto refusal = read_item_request(call, item)) {
        return *refusal;
    }
    auto const& snapshot = *item.version.commit->snapshot;
    auto const file = snapshot.files.find(item.path);
    if (file == snapshot.files.end()) {
        if (!snapshot.has_folder(item.path)) {
            return item_not_found(item);
        }
        if (asks_for_list(call.request)) {
            return folder_list(call, item);
        }
        TreeEntry const self{item.path, snapshot.trees.find(item.path)->second, true, nullptr};
        return json_reply(item_json(call, *item.repository, item.version, self, false));
    }
    auto const form = wanted_form(call.request);
    if (form == Wanted::bytes) {
        return file_bytes(call.request, item.path, *file->second);
    }
    if (form == Wanted::text) {
        return file_text(*file->second);
    }
    if (form == Wanted::zip) {
        return argument_error("A zip archive can be asked for folders only.");
    }
    TreeEntry const self{item.path, file->second->id, false, file->second};
    Json json =
        item_json(call, *item.repository, item.version, self, call.request.flag("latestprocessedchange"));
    add_item_content(call.request, item.path, *file->second, json);
    if (asks_for_list(call.request)) {
        return list_reply(Json::array({json}));
    }
    return json_reply(json);
}

Reply items_batch(Call& call) {
    auto* repository = visible_repository(call);
    if (repository == nullptr || repository->disabled) {
        return repository_not_found(call.param("repository"));
    }
    auto const body = parse_json(call.request.body);
    auto const descriptors =
        body.has_value() && body->is_object() ? body->find("itemDescriptors") : Json::const_iterator();
    if (!body.has_value() || !body->is_object() || descriptors == body->end() || !descriptors->is_array()) {
        return binding_error("The itemDescriptors of the request could not be read.");
    }
    Json answer = Json::array();
    for (auto const& descriptor : *descriptors) {
        ItemRequest item;
        item.repository = repository;
        item.path = string_member(descriptor, "path", "/");
        Request version;
        version.query = {
            {"versiondescriptor.version", string_member(descriptor, "version")},
            {"versiondescriptor.versiontype", string_member(descriptor, "versionType", "branch")}};
        if (auto refusal = resolve_version(version, *repository, "versiondescriptor.", item.version)) {
            return *refusal;
        }
        auto const& snapshot = *item.version.commit->snapshot;
        Json list = Json::array();
        auto const file = snapshot.files.find(item.path);
        if (file != snapshot.files.end()) {
            list.push_back(item_json(
                call, *repository, item.version, {item.path, file->second->id, false, file->second}, false));
        } else if (snapshot.has_folder(item.path)) {
            list.push_back(item_json(call,
                                     *repository,
                                     item.version,
                                     {item.path, snapshot.trees.find(item.path)->second, true, nullptr},
                                     false));
            auto const level = lower(string_member(descriptor, "recursionLevel"));
            if (level == "full" || level == "onelevel") {
                for (auto const& entry : list_folder(snapshot, item.path, level == "full")) {
                    list.push_back(item_json(call, *repository, item.version, entry, false));
                }
            }
        } else {
            return item_not_found(item);
        }
        answer.push_back(std::move(list));
    }
    return list_reply(answer);
}

Reply blob(Call& call) {
    auto* repository = visible_repository(call);
    if (repository == nullptr || repository->disabled) {
        return repository_not_found(call.param("repository"));
    }
    auto const found = repository->git.find_blob(lower(call.param("sha")));
    if (found == nullptr) {
        return ado_error(404,
                         "GitObjectDoesNotExistException",
                         "TF401035: The object '" + call.param("sha") + "' does not exist.");
    }
    auto const form = wanted_form(call.request);
    if (form == Wanted::bytes) {
        return {200, "application/octet-stream", found->content};
    }
    if (form == Wanted::text) {
        return file_text(*found);
    }
    return json_reply({{"objectId", found->id},
                       {"size", found->content.size()},
                       {"url", repository_url(call, *repository) + "/blobs/" + found->id}});
}

/// Several blobs at once: an archive with one file for each, named by its id.
Reply blobs_zip(Call& call) {
    auto* repository = visible_repository(call);
    if (repository == nullptr || repository->disabled || call.caller.stakeholder()) {
        return repository_not_found(call.param("repository"));
    }
    auto const body = parse_json(call.request.body);
    if (!body.has_value() || !body->is_array() || body->empty()) {
        return binding_error("The ids of the blobs could not be read.");
    }
    std::vector<std::pair<std::string, std::string_view>> files;
    for (auto const& id : *body) {
        std::string const wanted = id.is_string() ? lower(id.get<std::string>()) : std::string();
        auto const found = repository->git.find_blob(wanted);
        if (found == nullptr) {
            return ado_error(404,
                             "GitObjectDoesNotExistException",
                             "TF401035: The object '" + wanted + "' does not exist.");
        }
        files.emplace_back(found->id, found->content);
    }
    return {200, "application/zip", write_zip(files)};
}

Reply tree(Call& call) {
    auto* repository = visible_repository(call);
    if (repository == nullptr || repository->disabled) {
        return repository_not_found(call.param("repository"));
    }
    std::string const wanted = lower(call.param("sha"));
    for (auto const& [name, tip] : repository->git.branches()) {
        for (auto const& commit : repository->git.history(tip)) {
            for (auto const& [folder, id] : commit->snapshot->trees) {
                if (id != wanted && commit->id != wanted) {
                    continue;
                }
                return json_reply(tree_json(
                    call, *repository, *commit->snapshot, folder, id, call.request.flag("recursive")));
            }
        }
    }
    return ado_error(404,
                     "GitObjectDoesNotExistException",
                     "TF401035: The object '" + call.param("sha") + "' does not exist.");
}

} // namespace

std::vector<Route> git_routes() {
    using S = Service;
    return {
        {S::core, "GET", "git/repositories", "repositories", "vso.code", repositories},
        {S::core, "GET", "git/repositories/{repository}", "repository", "vso.code", one_repository},
        {S::core, "GET", "git/repositories/{repository}/items/{*path}", "items", "vso.code", items},
        {S::core, "POST", "git/repositories/{repository}/itemsbatch", "itemsbatch", "vso.code", items_batch},
        {S::core, "GET", "git/repositories/{repository}/blobs/{sha}", "blobs", "vso.code", blob},
        {S::core, "POST", "git/repositories/{repository}/blobs", "blobszip", "vso.code", blobs_zip},
        {S::core, "GET", "git/repositories/{repository}/trees/{sha}", "trees", "vso.code", tree},
    };
}

} // namespace simulator
