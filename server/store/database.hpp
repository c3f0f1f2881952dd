#pragma once

#include "core/clock.hpp"
#include "core/result.hpp"

#include <SQLiteCpp/SQLiteCpp.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

/// SQLite below the tables. Only the store's own sources include this.
namespace server {

/// The database file as it is before it is opened.
class DatabaseFile {
public:
    std::string path; ///< with its folder resolved
    bool is_new = true;
};

/// Makes the folder (0700) and the file (0600) when absent; refuses symbolic links, foreign owners and modes
/// that let others in.
core::Result<DatabaseFile> prepare_database_file(std::string const& path);

/// Opens the file, sets the pragmas and brings the tables up to date. Each process may do so at any time.
core::Result<std::unique_ptr<SQLite::Database>> open_database(std::string const& path);

/// What SQLite threw, as an error of the store.
core::Error store_error(SQLite::Exception const& exception);

/// Runs `work`, which returns a Result; what SQLite throws in it becomes an error.
template <class Work>
auto with_store_errors(Work&& work) -> decltype(work()) {
    try {
        return work();
    } catch (SQLite::Exception const& exception) {
        return core::fail(store_error(exception));
    }
}

/// Rises with every write to a credential or connector, also across removals: an old envelope never fits a
/// new record. Inside the transaction that writes it.
std::int64_t next_generation(SQLite::Database& database);

/// Times are kept as nanoseconds since 1970, so that they come back exactly as they were.
std::int64_t to_column(core::SystemTime time) noexcept;
core::SystemTime time_from_column(std::int64_t value) noexcept;
std::string_view blob_of(SQLite::Column const& column);
void bind_blob(SQLite::Statement& statement, int index, std::string_view bytes);
void bind_time(SQLite::Statement& statement, int index, std::optional<core::SystemTime> time);
std::optional<core::SystemTime> optional_time(SQLite::Column const& column);

} // namespace server
