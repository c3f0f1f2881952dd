#include "simulator/search_index.hpp"

#include <algorithm>

namespace simulator {
namespace {

constexpr std::size_t kMaxPreparedAnswers = 2000;

} // namespace

SearchIndex::SearchIndex(World& world, TimePoint now) {
    for (auto& organization : world.organizations) {
        for (auto& project : organization.projects) {
            for (auto& repository : project.repositories) {
                for (auto const& [branch, commit] : repository.git.branches()) {
                    if (is_searchable(repository, branch)) {
                        set(repository, branch, commit, now);
                    }
                }
            }
        }
    }
}

bool SearchIndex::is_searchable(Repository const& repository, std::string const& branch) {
    return branch == repository.default_branch ||
           (repository.indexes_all_branches && !repository.unindexed_branches.contains(branch));
}

void SearchIndex::set(Repository& repository,
                      std::string const& branch,
                      CommitPtr const& commit,
                      TimePoint when) {
    prepared_.clear();
    for (auto& entry : indexed_) {
        if (entry.repository == &repository && entry.branch == branch) {
            entry.commit = commit;
            entry.processed = when;
            return;
        }
    }
    indexed_.push_back({&repository, branch, commit, when});
}

void SearchIndex::note_push(Repository& repository, std::string const& branch, TimePoint due) {
    if (is_searchable(repository, branch)) {
        pending_.push_back({&repository, branch, repository.git.branch(branch), due});
    }
}

void SearchIndex::catch_up(TimePoint now) {
    if (pending_.empty()) {
        return;
    }
    for (auto const& push : pending_) {
        if (push.due <= now) {
            set(*push.repository, push.branch, push.commit, std::min(push.due, now));
        }
    }
    std::erase_if(pending_, [&](Pending const& push) { return push.due <= now; });
}

std::vector<IndexedBranch const*> SearchIndex::branches(Repository const& repository) const {
    std::vector<IndexedBranch const*> out;
    for (auto const& entry : indexed_) {
        if (entry.repository == &repository) {
            bool const first = entry.branch == repository.default_branch;
            out.insert(first ? out.begin() : out.end(), &entry);
        }
    }
    return out;
}

std::string const* SearchIndex::prepared_answer(std::string const& key) const {
    auto const found = prepared_.find(key);
    return found == prepared_.end() ? nullptr : &found->second;
}

void SearchIndex::keep_answer(std::string key, std::string body) {
    if (prepared_.size() >= kMaxPreparedAnswers) {
        prepared_.clear();
    }
    prepared_.emplace(std::move(key), std::move(body));
}

TextIndex const& SearchIndex::text_of(BlobPtr const& blob, std::string_view path) {
    auto const dot = path.rfind('.');
    std::string const extension = dot == std::string_view::npos ? "" : lower(path.substr(dot + 1));
    auto& slot = texts_[blob->id + "." + extension];
    if (slot == nullptr) {
        slot = std::make_unique<TextIndex const>(blob->content, extension);
    }
    return *slot;
}

} // namespace simulator
