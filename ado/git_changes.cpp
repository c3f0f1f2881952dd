#include "ado/git_changes.hpp"

#include "ado/client.hpp"
#include "ado/fetch.hpp"
#include "ado/readers.hpp"
#include "ado/routes.hpp"
#include "ado/zip_archive.hpp"
#include "core/crypto/digest.hpp"
#include "core/http/http_message.hpp"
#include "core/text/percent_encoding.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace ado {
namespace {

core::Result<std::string> read_heads(core::Json& json) {
    core::Json* const list = member_array(json, "value");
    if (list == nullptr) {
        return core::fail(unreadable_answer("references without a list"));
    }
    // `name commit` of each: the reader is a plain function and knows not which one is wanted.
    std::string lines;
    for (core::Json& entry : *list) {
        std::string const name = bare_branch(take_string(entry, "name"));
        std::string const commit = take_string(entry, "objectId");
        if (!name.empty() && is_commit_id(commit)) {
            lines += commit + " " + name + "\n";
        }
    }
    return lines;
}

} // namespace

core::Result<CommitDiff> read_commit_diff(core::Json& json) {
    core::Json* const list = member_array(json, "changes");
    if (list == nullptr) {
        return core::fail(unreadable_answer("a comparison of commits without changes"));
    }
    CommitDiff diff;
    diff.entries = list->size();
    diff.complete = core::find_bool(json, "allChangesIncluded").value_or(false);
    diff.common_commit = take_string(json, "commonCommit");
    for (core::Json& entry : *list) {
        core::Json* const item = member_object(entry, "item");
        if (item == nullptr) {
            continue;
        }
        bool const folder = core::find_bool(*item, "isFolder").value_or(false);
        std::string const type = core::to_lower_ascii(take_string(*item, "gitObjectType"));
        FileChange change;
        change.path = take_string(*item, "path");
        if (folder || change.path.empty() || (!type.empty() && type != "blob")) {
            continue;
        }
        change.object_id = take_string(*item, "objectId");
        change.old_path = take_string(entry, "sourceServerItem");
        // One word or several: `edit, rename`; the old place of a renamed file says `delete, sourceRename`.
        std::string const kinds = core::to_lower_ascii(take_string(entry, "changeType"));
        change.removed =
            kinds.find("delete") != std::string::npos && kinds.find("undelete") == std::string::npos;
        if (change.removed) {
            change.object_id.clear();
        }
        diff.changes.push_back(std::move(change));
    }
    return diff;
}

std::string blob_id(std::string_view content) {
    std::string object = "blob " + std::to_string(content.size());
    object.push_back('\0');
    object.append(content);
    return core::hex_encode(core::sha1(object));
}

core::Result<std::vector<Blob>> read_blobs(std::string_view archive, std::size_t max_bytes) {
    ADOMCPD_TRY(std::vector<std::string> files, read_zip(archive, max_bytes));
    std::vector<Blob> blobs;
    blobs.reserve(files.size());
    for (std::string& content : files) {
        std::string id = blob_id(content);
        blobs.emplace_back(std::move(id), std::move(content));
    }
    return blobs;
}

core::Task<core::Result<std::string>> Client::get_branch_commit(std::string const& project,
                                                                std::string const& repository,
                                                                std::string const& branch,
                                                                core::CallContext const& ctx) const {
    ApiRequest const request("GET",
                             Service::core,
                             repository_route(project, repository) +
                                 "/refs?filter=" + core::percent_encode("heads/" + branch),
                             Scope::code_read);
    CO_TRY(std::string const heads, co_await transport_.fetch(request, &read_heads, ctx));
    // The filter is a beginning: `main` finds `main-2` as well.
    std::string const ending = " " + branch;
    std::string_view rest = heads;
    while (!rest.empty()) {
        std::string_view const line = rest.substr(0, rest.find('\n'));
        if (line.ends_with(ending) && line.size() == 40 + ending.size()) {
            co_return std::string(line.substr(0, 40));
        }
        rest.remove_prefix(line.size() + 1);
    }
    co_return core::fail(
        core::Error(core::ErrorKind::not_found, "Branch '" + branch + "' does not exist in the repository.")
            .with_code("branch_not_found")
            .with_fix("Name a branch that exists."));
}

core::Task<core::Result<CommitDiff>> Client::diff_commits(std::string const& project,
                                                          std::string const& repository,
                                                          DiffQuery const& query,
                                                          core::CallContext const& ctx) const {
    std::string target = repository_route(project, repository) + "/diffs/commits?diffCommonCommit=false";
    target += "&baseVersionType=commit&baseVersion=" + core::percent_encode(query.base);
    target += "&targetVersionType=commit&targetVersion=" + core::percent_encode(query.target);
    target += "&$top=" + std::to_string(query.top);
    if (query.skip > 0) {
        target += "&$skip=" + std::to_string(query.skip);
    }
    ApiRequest const request("GET", Service::core, std::move(target), Scope::code_read);
    co_return co_await transport_.fetch(request, &read_commit_diff, ctx);
}

core::Task<core::Result<std::string>> Client::get_blobs(std::string const& project,
                                                        std::string const& repository,
                                                        std::vector<std::string> const& object_ids,
                                                        core::CallContext const& ctx) const {
    core::Json const body(object_ids);
    ApiRequest request(
        "POST", Service::core, repository_route(project, repository) + "/blobs", Scope::code_read);
    request.body = core::dump_json(body);
    request.content_type = "application/json";
    request.accept = "application/zip";
    request.bytes = true;
    CO_TRY(core::HttpResponse response, co_await transport_.send(request, ctx));
    co_return std::move(response.body);
}

} // namespace ado
