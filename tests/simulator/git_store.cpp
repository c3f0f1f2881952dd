#include "simulator/git_store.hpp"

#include "simulator/digest.hpp"

#include <algorithm>

namespace simulator {
namespace {

std::string parent_folder(std::string_view path) {
    auto const slash = path.rfind('/');
    return slash == 0 ? "/" : std::string(path.substr(0, slash));
}

std::string base_name(std::string_view path) {
    return std::string(path.substr(path.rfind('/') + 1));
}

std::string unhex(std::string_view digits) {
    std::string bytes;
    auto const value = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
    for (std::size_t i = 0; i + 1 < digits.size(); i += 2) {
        bytes += static_cast<char>(value(digits[i]) * 16 + value(digits[i + 1]));
    }
    return bytes;
}

} // namespace

void Snapshot::compute_trees() {
    trees.clear();
    // Folder -> name -> (is folder, id). Deepest folders first, so that a folder's id is known when its
    // parent asks.
    std::map<std::string, std::map<std::string, std::pair<bool, std::string>>> folders;
    folders["/"];
    for (auto const& [path, blob] : files) {
        folders[parent_folder(path)][base_name(path)] = {false, blob->id};
        for (auto folder = parent_folder(path); folder != "/"; folder = parent_folder(folder)) {
            folders[folder];
            folders[parent_folder(folder)][base_name(folder)] = {true, ""};
        }
    }
    std::vector<std::string> order;
    for (auto const& [folder, entries] : folders) {
        order.push_back(folder);
    }
    auto const depth = [](std::string const& f) {
        return f == "/" ? 0 : std::count(f.begin(), f.end(), '/');
    };
    std::stable_sort(
        order.begin(), order.end(), [&](auto const& a, auto const& b) { return depth(a) > depth(b); });
    for (auto const& folder : order) {
        // Git sorts a folder as if its name ended in a slash.
        std::map<std::string, std::string> sorted;
        for (auto const& [name, entry] : folders[folder]) {
            std::string const path = folder == "/" ? "/" + name : folder + "/" + name;
            std::string const id = entry.first ? trees[path] : entry.second;
            sorted[entry.first ? name + "/" : name] =
                std::string(entry.first ? "40000 " : "100644 ") + name + std::string(1, '\0') + unhex(id);
        }
        std::string content;
        for (auto const& [key, record] : sorted) {
            content += record;
        }
        trees[folder] = git_object_id("tree", content);
    }
}

std::vector<TreeEntry> list_folder(Snapshot const& snapshot, std::string_view folder, bool recursive) {
    std::string const prefix = folder == "/" ? "/" : std::string(folder) + "/";
    auto const wanted = [&](std::string const& path) {
        return path.size() > prefix.size() && path.starts_with(prefix) &&
               (recursive || path.find('/', prefix.size()) == std::string::npos);
    };
    std::vector<TreeEntry> out;
    for (auto it = snapshot.trees.lower_bound(prefix);
         it != snapshot.trees.end() && it->first.starts_with(prefix);
         ++it) {
        if (wanted(it->first)) {
            out.push_back({it->first, it->second, true, nullptr});
        }
    }
    for (auto it = snapshot.files.lower_bound(prefix);
         it != snapshot.files.end() && it->first.starts_with(prefix);
         ++it) {
        if (wanted(it->first)) {
            out.push_back({it->first, it->second->id, false, it->second});
        }
    }
    return out;
}

BlobPtr GitRepository::add_blob(std::string const& content) {
    std::string const id = git_object_id("blob", content);
    auto& slot = blobs_[id];
    if (slot == nullptr) {
        slot = std::make_shared<Blob const>(Blob{id, content});
        size_ += content.size();
    }
    return slot;
}

CommitPtr GitRepository::commit(std::string const& branch_name,
                                FileChanges const& changes,
                                Author const& author,
                                std::string const& message,
                                TimePoint date,
                                std::string const& base) {
    CommitPtr parent = branch(branch_name);
    if (parent == nullptr && !base.empty()) {
        parent = branch(base);
    }
    auto snapshot =
        parent == nullptr ? std::make_shared<Snapshot>() : std::make_shared<Snapshot>(*parent->snapshot);
    auto made = std::make_shared<Commit>();
    for (auto const& [path, content] : changes) {
        bool const existed = snapshot->files.contains(path);
        if (content.has_value()) {
            snapshot->files[path] = add_blob(*content);
            made->changes[path] = existed ? ChangeType::edit : ChangeType::add;
        } else if (existed) {
            snapshot->files.erase(path);
            made->changes[path] = ChangeType::remove;
        }
    }
    snapshot->compute_trees();
    made->tree_id = snapshot->trees["/"];
    made->author = author;
    made->date = date;
    made->message = message;
    std::string text = "tree " + made->tree_id + "\n";
    if (parent != nullptr) {
        made->parents.push_back(parent->id);
        text += "parent " + parent->id + "\n";
    }
    std::string const who =
        author.name + " <" + author.email + "> " + std::to_string(unix_seconds(date)) + " +0000\n";
    text += "author " + who + "committer " + who + "\n" + message + "\n";
    made->id = git_object_id("commit", text);
    made->snapshot = std::move(snapshot);
    commits_[made->id] = made;
    branches_[branch_name] = made;
    return made;
}

CommitPtr GitRepository::rewrite(std::string const& branch_name,
                                 FileChanges changes,
                                 Author const& author,
                                 std::string const& message,
                                 TimePoint date) {
    if (auto const tip = branch(branch_name)) {
        for (auto const& [path, blob] : tip->snapshot->files) {
            changes.try_emplace(path, blob->content);
        }
        for (auto const& old : history(tip)) {
            commits_.erase(old->id);
        }
        branches_.erase(branches_.find(branch_name));
    }
    return commit(branch_name, changes, author, message, date);
}

CommitPtr GitRepository::branch(std::string_view name) const {
    auto const found = branches_.find(name);
    return found == branches_.end() ? nullptr : found->second;
}

CommitPtr GitRepository::tag(std::string_view name) const {
    auto const found = tags_.find(name);
    return found == tags_.end() ? nullptr : found->second;
}

CommitPtr GitRepository::find_commit(std::string_view id) const {
    auto const found = commits_.find(std::string(id));
    return found == commits_.end() ? nullptr : found->second;
}

BlobPtr GitRepository::find_blob(std::string_view id) const {
    auto const found = blobs_.find(std::string(id));
    return found == blobs_.end() ? nullptr : found->second;
}

std::vector<CommitPtr> GitRepository::history(CommitPtr const& tip) const {
    std::vector<CommitPtr> out;
    for (CommitPtr at = tip; at != nullptr;) {
        out.push_back(at);
        at = at->parents.empty() ? nullptr : find_commit(at->parents.front());
    }
    return out;
}

CommitPtr GitRepository::last_change(CommitPtr const& tip, std::string_view path) const {
    std::string const prefix = path == "/" ? "/" : std::string(path) + "/";
    for (CommitPtr at = tip; at != nullptr;) {
        auto const below = at->changes.lower_bound(prefix);
        bool const touched = at->changes.contains(std::string(path)) ||
                             (below != at->changes.end() && below->first.starts_with(prefix));
        if (touched || at->parents.empty()) {
            return at;
        }
        at = find_commit(at->parents.front());
    }
    return tip;
}

} // namespace simulator
