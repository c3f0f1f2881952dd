#pragma once

#include "simulator/text_index.hpp"
#include "simulator/world.hpp"

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

/// What code search has seen of the repositories: it follows pushes with a lag.
namespace simulator {

/// How charOffset is counted where the real service is not documented.
enum class OffsetMode { plain, bom_counted, crlf_as_one };

class IndexedBranch {
public:
    Repository* repository = nullptr;
    std::string branch;
    CommitPtr commit;
    TimePoint processed;
};

class SearchIndex {
public:
    SearchIndex(World& world, TimePoint now);

    /// A branch got a new commit; it becomes searchable at `due`.
    void note_push(Repository& repository, std::string const& branch, TimePoint due);
    /// Takes in what is due.
    void catch_up(TimePoint now);
    void flush() { catch_up(TimePoint::max()); }
    /// Indexed branches of a repository, the default branch first.
    std::vector<IndexedBranch const*> branches(Repository const& repository) const;
    /// The searchable form of a file. The reference lives as long as the index.
    TextIndex const& text_of(BlobPtr const& blob, std::string_view path);

    /// Answers of searches that were asked before, forgotten when the index moves. The simulator is the
    /// upstream in benchmarks, so a repeated search must cost next to nothing.
    std::string const* prepared_answer(std::string const& key) const;
    void keep_answer(std::string key, std::string body);
    /// A setting changed that answers depend on.
    void forget_answers() { prepared_.clear(); }

    OffsetMode offset_mode = OffsetMode::plain;
    int info_code = 0; ///< put into every answer when not 0, e.g. 2 = indexing not started

private:
    class Pending {
    public:
        Repository* repository = nullptr;
        std::string branch;
        CommitPtr commit;
        TimePoint due;
    };
    static bool is_searchable(Repository const& repository, std::string const& branch);
    void set(Repository& repository, std::string const& branch, CommitPtr const& commit, TimePoint when);

    std::deque<IndexedBranch> indexed_;
    std::vector<Pending> pending_;
    std::unordered_map<std::string, std::unique_ptr<TextIndex const>>
        texts_; ///< by blob id and file extension
    std::unordered_map<std::string, std::string> prepared_;
};

} // namespace simulator
