#pragma once

#include "simulator/time_format.hpp"

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

/// A small git: blobs, trees and commits with the ids git itself would give them.
namespace simulator {

class Blob {
public:
    std::string id;
    std::string content;
};
// Shared between the snapshots of every commit that holds the file.
using BlobPtr = std::shared_ptr<Blob const>;

/// All files of a commit by absolute path (`/src/a.cpp`), and the tree id of every folder (`/` is the root).
class Snapshot {
public:
    std::map<std::string, BlobPtr, std::less<>> files;
    std::map<std::string, std::string, std::less<>> trees;

    bool has_folder(std::string_view path) const { return trees.find(path) != trees.end(); }
    void compute_trees();
};

class TreeEntry {
public:
    std::string path; ///< absolute
    std::string object_id;
    bool is_folder = false;
    BlobPtr blob; ///< of a file
};
/// What lies in a folder, folders and files by name; with `recursive` everything below it.
std::vector<TreeEntry> list_folder(Snapshot const& snapshot, std::string_view folder, bool recursive);

class Author {
public:
    std::string name;
    std::string email;
};

enum class ChangeType { add, edit, remove };

class Commit {
public:
    std::string id;
    std::string tree_id;
    std::vector<std::string> parents;
    Author author;
    TimePoint date;
    std::string message;
    std::shared_ptr<Snapshot const> snapshot; ///< shared with the search index
    std::map<std::string, ChangeType> changes;
};
using CommitPtr = std::shared_ptr<Commit const>;

/// nullopt as content removes the file.
using FileChanges = std::map<std::string, std::optional<std::string>>;

class GitRepository {
public:
    /// Adds a commit on a branch, which is made when it is new (from `base`, or without parent).
    CommitPtr commit(std::string const& branch,
                     FileChanges const& changes,
                     Author const& author,
                     std::string const& message,
                     TimePoint date,
                     std::string const& base = "");
    /// A force push: the branch starts over with one commit of its files and `changes`; the commits it had
    /// exist no longer.
    CommitPtr rewrite(std::string const& branch,
                      FileChanges changes,
                      Author const& author,
                      std::string const& message,
                      TimePoint date);
    void tag(std::string const& name, CommitPtr const& commit) { tags_[name] = commit; }

    CommitPtr branch(std::string_view name) const;
    CommitPtr tag(std::string_view name) const;
    CommitPtr find_commit(std::string_view id) const;
    BlobPtr find_blob(std::string_view id) const;
    std::map<std::string, CommitPtr, std::less<>> const& branches() const { return branches_; }
    std::map<std::string, CommitPtr, std::less<>> const& tags() const { return tags_; }
    bool empty() const { return branches_.empty(); }
    /// First-parent history, newest first.
    std::vector<CommitPtr> history(CommitPtr const& tip) const;
    /// The newest commit in the history of `tip` that touched the path or something below it.
    CommitPtr last_change(CommitPtr const& tip, std::string_view path) const;
    std::size_t size() const { return size_; }

private:
    BlobPtr add_blob(std::string const& content);

    std::map<std::string, CommitPtr, std::less<>> branches_;
    std::map<std::string, CommitPtr, std::less<>> tags_;
    std::unordered_map<std::string, CommitPtr> commits_;
    std::unordered_map<std::string, BlobPtr> blobs_;
    std::size_t size_ = 0;
};

} // namespace simulator
