#pragma once

#include "core/result.hpp"
#include "server/store/database.hpp"

#include <cstdint>
#include <memory>
#include <string>

/// SQLite below the index. Only the sources of this folder include this.
namespace server {

/// The file for the one that writes: made when absent, emptied when it is damaged or its tables are of
/// another version.
core::Result<std::unique_ptr<SQLite::Database>> open_index_file(std::string const& path);
/// A second connection, for reading.
core::Result<std::unique_ptr<SQLite::Database>> open_index_reader(std::string const& path);

/// One lock for each number, held by one process at a time and given back by its end, whatever that is. One
/// thread.
class NumberLocks {
public:
    NumberLocks() = default;
    ~NumberLocks();
    NumberLocks(NumberLocks const&) = delete;
    NumberLocks& operator=(NumberLocks const&) = delete;

    /// The file (0600) is made when absent.
    core::Result<void> open(std::string const& path);
    bool take(std::int64_t number);
    void give_back(std::int64_t number);
    /// Whether another process holds it.
    bool is_taken(std::int64_t number) const;

private:
    int file_ = -1;
};

} // namespace server
