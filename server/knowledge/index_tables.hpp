#pragma once

#include "core/clock.hpp"
#include "server/knowledge/index_file.hpp"
#include "server/knowledge/knowledge_index.hpp"

#include <SQLiteCpp/SQLiteCpp.h>

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace server {

/// What is written: sources, files and their sections. On the thread that owns the database.
class IndexTables {
public:
    IndexTables(core::Clock& clock, SQLite::Database& database, NumberLocks& locks)
        : clock_(clock), database_(database), locks_(locks) {}

    core::Result<std::vector<SourceIndexState>> states();
    core::Result<bool> begin(std::string const& source);
    core::Result<std::map<std::string, std::string>> files(std::string const& source);
    core::Result<void> change(std::string const& source,
                              std::vector<IndexedFile> const& written,
                              std::vector<std::string> const& removed);
    core::Result<void> finish(std::string const& source, IndexMark const& mark, std::size_t left_out);
    core::Result<void> fail(std::string const& source, core::Error const& error);
    core::Result<void> give_back(std::string const& source);
    core::Result<void> keep(std::vector<std::string> const& sources);
    core::Result<void> drop(std::string const& source);

    core::Result<std::map<std::string, std::vector<float>>> vectors(std::string const& model,
                                                                    std::vector<std::string> const& digests);
    core::Result<void> save_vectors(std::string const& model,
                                    std::map<std::string, std::vector<float>> const& vectors);

private:
    std::optional<std::int64_t> id_of(std::string const& source);
    core::Result<std::int64_t> held(std::string const& source);
    bool remove_file(std::int64_t source, std::string const& path);
    void write_file(std::int64_t source, IndexedFile const& file);
    void drop_source(std::int64_t source);
    void release(std::int64_t source);

    core::Clock& clock_;
    SQLite::Database& database_;
    NumberLocks& locks_;
    std::set<std::int64_t> held_; ///< sources this process syncs
    std::size_t written_ = 0;     ///< files since the full-text index was put in order
};

} // namespace server
