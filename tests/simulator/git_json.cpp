#include "simulator/git_json.hpp"

#include <algorithm>

namespace simulator {
namespace {

bool is_commit_id(std::string_view text) {
    return text.size() == 40 && text.find_first_not_of("0123456789abcdefABCDEF") == std::string_view::npos;
}

std::string kind_name(std::string_view type) {
    if (iequals(type, "commit") || type == "2") {
        return "Commit";
    }
    return iequals(type, "tag") || type == "1" ? "Tag" : "Branch";
}

Json signature_json(Author const& author, TimePoint date) {
    return {{"name", author.name}, {"email", author.email}, {"date", iso_time(date)}};
}

std::string content_type_of(std::string_view path, bool binary) {
    if (path.ends_with(".png")) {
        return "image/png";
    }
    return binary ? "application/octet-stream" : "text/plain";
}

} // namespace

Reply version_not_found(Repository const& repository, std::string_view label) {
    return ado_error(404,
                     "GitUnresolvableToCommitException",
                     "TF401175: The version descriptor <" + std::string(label) +
                         "> could not be resolved to a version in the repository " + repository.name);
}

std::optional<Reply>
resolve_version(Request const& request, Repository const& repository, std::string_view prefix, Version& out) {
    std::string const name(prefix);
    std::string version(request.param(name + "version"));
    std::string type(request.param(name + "versiontype"));
    if (version.empty() && prefix == "versiondescriptor.") {
        version = request.param("version");
        type = request.param("versiontype");
    }
    std::string const kind = version.empty() ? "Branch" : kind_name(type);
    if (version.empty()) {
        version = repository.default_branch;
    }
    out.label = kind + ": " + version;
    if (kind == "Commit") {
        out.commit = is_commit_id(version) ? repository.git.find_commit(lower(version)) : nullptr;
    } else {
        out.commit = kind == "Tag" ? repository.git.tag(version) : repository.git.branch(version);
    }
    if (out.commit == nullptr) {
        return version_not_found(repository, out.label);
    }
    return std::nullopt;
}

Repository* visible_repository(Call& call) {
    auto* found = call.organization->find_repository(call.param("repository"), call.project);
    return found != nullptr && call.may_see(*found->project) ? found : nullptr;
}

std::string repository_url(Call const& call, Repository const& repository) {
    return call.base_url + "/" + repository.project->id + "/_apis/git/repositories/" + repository.id;
}

Json project_json(Call const& call, Project const& project) {
    Json json = {{"id", project.id}, {"name", project.name}};
    if (!project.description.empty()) {
        json["description"] = project.description;
    }
    json["url"] = call.base_url + "/_apis/projects/" + project.id;
    json["state"] = "wellFormed";
    json["revision"] = project.revision;
    json["visibility"] = project.is_public ? "public" : "private";
    json["lastUpdateTime"] = iso_time(project.last_update);
    return json;
}

Json repository_json(Call const& call, Repository const& repository) {
    std::string const web = call.base_url + "/" + percent_encode(repository.project->name) + "/_git/" +
                            percent_encode(repository.name);
    Json json = {{"id", repository.id},
                 {"name", repository.name},
                 {"url", repository_url(call, repository)},
                 {"project", project_json(call, *repository.project)}};
    if (!repository.git.empty()) {
        json["defaultBranch"] = "refs/heads/" + repository.default_branch;
    }
    json["size"] = repository.git.size();
    json["remoteUrl"] = web;
    json["sshUrl"] = "git@ssh.dev.azure.com:v3/" + call.organization->name + "/" +
                     percent_encode(repository.project->name) + "/" + percent_encode(repository.name);
    json["webUrl"] = web;
    json["isDisabled"] = repository.disabled;
    json["isInMaintenance"] = false;
    return json;
}

Json item_json(Call const& call,
               Repository const& repository,
               Version const& version,
               TreeEntry const& entry,
               bool latest_change) {
    auto const commit =
        latest_change ? repository.git.last_change(version.commit, entry.path) : version.commit;
    Json json = {{"objectId", entry.object_id},
                 {"gitObjectType", entry.is_folder ? "tree" : "blob"},
                 {"commitId", commit->id},
                 {"path", entry.path}};
    if (entry.is_folder) {
        json["isFolder"] = true;
    }
    if (latest_change) {
        json["latestProcessedChange"] = commit_json(call, repository, *commit, false);
    }
    json["url"] = repository_url(call, repository) + "/items" + percent_encode(entry.path, "/") +
                  "?versionType=Commit&version=" + version.commit->id + "&versionOptions=None";
    return json;
}

void add_item_content(Request const& request, std::string const& path, Blob const& blob, Json& item) {
    bool const metadata = request.flag("includecontentmetadata");
    bool const content = request.flag("includecontent");
    if (!metadata && !content) {
        return;
    }
    auto const file = decode_file(blob.content);
    if (content) {
        item["content"] = file.is_binary ? base64_encode(blob.content) : utf16_to_utf8(file.text);
    }
    std::string const name = path.substr(path.rfind('/') + 1);
    auto const dot = name.rfind('.');
    Json details = {{"encoding", file.is_binary ? -1 : file.code_page},
                    {"contentType", content_type_of(path, file.is_binary)},
                    {"fileName", name},
                    {"extension", dot == std::string::npos ? "" : name.substr(dot + 1)}};
    if (file.is_binary) {
        details["isBinary"] = true;
    }
    item["contentMetadata"] = std::move(details);
}

Json tree_json(Call const& call,
               Repository const& repository,
               Snapshot const& snapshot,
               std::string const& folder,
               std::string const& id,
               bool recursive) {
    Json entries = Json::array();
    std::size_t size = 0;
    std::size_t const cut = folder == "/" ? 1 : folder.size() + 1;
    for (auto const& entry : list_folder(snapshot, folder, recursive)) {
        std::size_t const bytes = entry.is_folder ? 0 : entry.blob->content.size();
        size += bytes;
        entries.push_back(
            {{"objectId", entry.object_id},
             {"relativePath", entry.path.substr(cut)},
             {"mode", entry.is_folder ? "40000" : "100644"},
             {"gitObjectType", entry.is_folder ? "tree" : "blob"},
             {"url",
              repository_url(call, repository) + (entry.is_folder ? "/trees/" : "/blobs/") + entry.object_id},
             {"size", bytes}});
    }
    return {{"objectId", id},
            {"url", repository_url(call, repository) + "/trees/" + id},
            {"treeEntries", entries},
            {"size", size},
            {"_links", {{"self", {{"href", repository_url(call, repository) + "/trees/" + id}}}}}};
}

Json commit_json(Call const& call, Repository const& repository, Commit const& commit, bool details) {
    constexpr std::size_t kListedComment = 100; // lists have the beginning of a long one
    int adds = 0;
    int edits = 0;
    int deletes = 0;
    for (auto const& [path, change] : commit.changes) {
        ++(change == ChangeType::add ? adds : change == ChangeType::edit ? edits : deletes);
    }
    std::string const url = repository_url(call, repository) + "/commits/" + commit.id;
    Json json = {{"commitId", commit.id},
                 {"author", signature_json(commit.author, commit.date)},
                 {"committer", signature_json(commit.author, commit.date)},
                 {"comment", commit.message},
                 {"changeCounts", {{"Add", adds}, {"Edit", edits}, {"Delete", deletes}}},
                 {"url", url},
                 {"remoteUrl",
                  call.base_url + "/" + percent_encode(repository.project->name) + "/_git/" +
                      percent_encode(repository.name) + "/commit/" + commit.id}};
    if (!details && commit.message.size() > kListedComment) {
        json["comment"] = utf16_to_utf8(utf8_to_utf16(commit.message).substr(0, kListedComment));
        json["commentTruncated"] = true;
    }
    if (details) {
        json["treeId"] = commit.tree_id;
        json["parents"] = commit.parents;
        json["_links"] = {{"self", {{"href", url}}}};
    }
    return json;
}

} // namespace simulator
