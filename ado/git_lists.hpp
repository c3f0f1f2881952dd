#pragma once

#include "ado/git.hpp"
#include "core/json.hpp"
#include "core/result.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace ado {

enum class TreeItemKind { file, folder, submodule, symlink };

/// An entry of a listing.
class TreeItem {
public:
    TreeItem() = default;

    std::string path;
    std::string object_id;
    std::string commit_id; ///< the version that was listed; empty when the answer does not say
    TreeItemKind kind = TreeItemKind::file;
    std::optional<std::int64_t> size; ///< bytes of a file
};

class CommitInfo {
public:
    CommitInfo() = default;

    std::string id;
    std::string author;
    std::string email;
    std::string date;    ///< of the author's signature, as sent: 2026-03-31T18:36:26Z
    std::string comment; ///< may be cut short by the service
    bool comment_cut = false;
    std::int64_t added = 0; ///< files
    std::int64_t edited = 0;
    std::int64_t deleted = 0;
};

class CommitQuery {
public:
    CommitQuery() = default;

    VersionDescriptor version;
    std::string path;   ///< commits that touch it or something below it; empty = all
    std::string author; ///< name or mail
    std::string since;  ///< RFC 3339, inclusive; empty = open
    std::string until;
    std::size_t skip = 0;
    std::size_t top = 100;
};

core::Result<std::vector<TreeItem>> read_items(core::Json& json);
/// Of a tree object.
core::Result<std::vector<TreeItem>> read_tree(core::Json& json);
core::Result<std::vector<CommitInfo>> read_commits(core::Json& json);
/// Names of branches without `refs/heads/`.
core::Result<std::vector<std::string>> read_branches(core::Json& json);

} // namespace ado
