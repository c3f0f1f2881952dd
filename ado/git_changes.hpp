#pragma once

#include "core/json.hpp"
#include "core/result.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ado {

/// What became of a file between two commits.
class FileChange {
public:
    FileChange() = default;

    std::string path;
    std::string object_id; ///< as it is now; empty when it is gone
    std::string old_path;  ///< of a renamed file: where it was
    bool removed = false;
};

class DiffQuery {
public:
    DiffQuery(std::string base_, std::string target_) : base(std::move(base_)), target(std::move(target_)) {}

    std::string base; ///< commits
    std::string target;
    std::size_t skip = 0;
    std::size_t top = 1000;
};

class CommitDiff {
public:
    CommitDiff() = default;

    std::vector<FileChange> changes; ///< of files; folders are left out
    std::size_t entries = 0;         ///< of the answer, folders included: what to skip next time
    bool complete = false;           ///< there are no more behind these
    std::string common_commit;       ///< where both histories part; empty when not said
};

core::Result<CommitDiff> read_commit_diff(core::Json& json);

class Blob {
public:
    Blob(std::string object_id_, std::string content_)
        : object_id(std::move(object_id_)), content(std::move(content_)) {}
    std::string object_id;
    std::string content;
};

/// The id git gives a blob.
std::string blob_id(std::string_view content);

/// Takes the archive of Client::get_blobs apart. Blobs are told by what they hold, not by their names in the
/// archive, so that none is mistaken for another. `max_bytes` bounds what is unpacked of the whole.
core::Result<std::vector<Blob>> read_blobs(std::string_view archive, std::size_t max_bytes);

} // namespace ado
