#include "ado/git_lists.hpp"

#include "ado/fetch.hpp"
#include "ado/readers.hpp"
#include "core/http/http_message.hpp"

#include <nlohmann/json.hpp>

#include <utility>

namespace ado {
namespace {

TreeItemKind kind_of(core::Json& json) {
    std::string const type = core::to_lower_ascii(take_string(json, "gitObjectType"));
    if (type == "tree" || core::find_bool(json, "isFolder").value_or(false)) {
        return TreeItemKind::folder;
    }
    // What a submodule points at is a commit of another repository.
    if (type == "commit") {
        return TreeItemKind::submodule;
    }
    constexpr std::string_view kLinkMode = "120000";
    bool const is_link =
        core::find_bool(json, "isSymLink").value_or(false) || core::find_string(json, "mode") == kLinkMode;
    return is_link ? TreeItemKind::symlink : TreeItemKind::file;
}

} // namespace

core::Result<std::vector<TreeItem>> read_items(core::Json& json) {
    core::Json* const list = member_array(json, "value");
    if (list == nullptr) {
        return core::fail(unreadable_answer("items without a list"));
    }
    std::vector<TreeItem> out;
    out.reserve(list->size());
    for (core::Json& entry : *list) {
        TreeItem item;
        item.path = take_string(entry, "path");
        if (item.path.empty()) {
            continue;
        }
        item.object_id = take_string(entry, "objectId");
        item.commit_id = take_string(entry, "commitId");
        item.kind = kind_of(entry);
        out.push_back(std::move(item));
    }
    return out;
}

core::Result<std::vector<TreeItem>> read_tree(core::Json& json) {
    core::Json* const list = member_array(json, "treeEntries");
    if (list == nullptr) {
        return core::fail(unreadable_answer("a tree without entries"));
    }
    std::vector<TreeItem> out;
    out.reserve(list->size());
    for (core::Json& entry : *list) {
        TreeItem item;
        item.path = take_string(entry, "relativePath");
        if (item.path.empty()) {
            continue;
        }
        item.object_id = take_string(entry, "objectId");
        item.kind = kind_of(entry);
        if (item.kind == TreeItemKind::file) {
            item.size = core::find_int(entry, "size");
        }
        out.push_back(std::move(item));
    }
    return out;
}

core::Result<std::vector<CommitInfo>> read_commits(core::Json& json) {
    core::Json* const list = member_array(json, "value");
    if (list == nullptr) {
        return core::fail(unreadable_answer("commits without a list"));
    }
    std::vector<CommitInfo> out;
    out.reserve(list->size());
    for (core::Json& entry : *list) {
        CommitInfo commit;
        commit.id = take_string(entry, "commitId");
        if (commit.id.empty()) {
            continue;
        }
        if (core::Json* const author = member_object(entry, "author")) {
            commit.author = take_string(*author, "name");
            commit.email = take_string(*author, "email");
            commit.date = take_string(*author, "date");
        }
        commit.comment = take_string(entry, "comment");
        commit.comment_cut = core::find_bool(entry, "commentTruncated").value_or(false);
        if (core::Json const* const counts = core::find_object(entry, "changeCounts")) {
            commit.added = core::find_int(*counts, "Add").value_or(0);
            commit.edited = core::find_int(*counts, "Edit").value_or(0);
            commit.deleted = core::find_int(*counts, "Delete").value_or(0);
        }
        out.push_back(std::move(commit));
    }
    return out;
}

core::Result<std::vector<std::string>> read_branches(core::Json& json) {
    core::Json* const list = member_array(json, "value");
    if (list == nullptr) {
        return core::fail(unreadable_answer("branches without a list"));
    }
    std::vector<std::string> out;
    out.reserve(list->size());
    for (core::Json& entry : *list) {
        std::string name = bare_branch(take_string(entry, "name"));
        if (!name.empty()) {
            out.push_back(std::move(name));
        }
    }
    return out;
}

} // namespace ado
