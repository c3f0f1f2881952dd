#include "server/knowledge/index_tables.hpp"

#include <chrono>
#include <cstring>
#include <utility>

namespace server {
namespace {

/// What no process asked for in this time is dropped.
constexpr std::chrono::hours kKept{24 * 7};
/// So many written files are worth putting the full-text index in order: one segment is read faster.
constexpr std::size_t kWorthOptimizing = 500;
constexpr std::int64_t kMostVectors = 200'000;

tl::unexpected<core::Error> not_held() {
    return core::fail(core::Error(core::ErrorKind::conflict, "The source was dropped while it was synced.")
                          .with_code("sync_superseded"));
}

} // namespace

core::Result<std::vector<SourceIndexState>> IndexTables::states() {
    std::vector<SourceIndexState> all;
    SQLite::Statement rows(
        database_,
        "SELECT id, key, repository, branch, mapped_path, root_path, commit_id, synced_at, "
        "failed_at, reason, code, fix, files, left_out FROM source");
    while (rows.executeStep()) {
        SourceIndexState state(rows.getColumn(1).getString());
        std::int64_t const id = rows.getColumn(0).getInt64();
        state.mark.repository_id = rows.getColumn(2).getString();
        state.mark.branch = rows.getColumn(3).getString();
        state.mark.mapped_path = rows.getColumn(4).getString();
        state.mark.root_path = rows.getColumn(5).getString();
        state.mark.commit = rows.getColumn(6).getString();
        state.synced_at = optional_time(rows.getColumn(7));
        state.failed_at = optional_time(rows.getColumn(8));
        state.reason = rows.getColumn(9).getString();
        state.code = rows.getColumn(10).getString();
        state.fix = rows.getColumn(11).getString();
        state.files = static_cast<std::size_t>(rows.getColumn(12).getInt64());
        state.left_out = static_cast<std::size_t>(rows.getColumn(13).getInt64());
        state.syncing = held_.contains(id) || locks_.is_taken(id);
        all.push_back(std::move(state));
    }
    return all;
}

std::optional<std::int64_t> IndexTables::id_of(std::string const& source) {
    SQLite::Statement row(database_, "SELECT id FROM source WHERE key = ?");
    row.bind(1, source);
    return row.executeStep() ? std::optional(row.getColumn(0).getInt64()) : std::nullopt;
}

core::Result<std::int64_t> IndexTables::held(std::string const& source) {
    std::optional<std::int64_t> const id = id_of(source);
    if (!id || !held_.contains(*id)) {
        return not_held();
    }
    return *id;
}

core::Result<bool> IndexTables::begin(std::string const& source) {
    SQLite::Statement insert(database_, "INSERT OR IGNORE INTO source (key, wanted_until) VALUES (?, ?)");
    insert.bind(1, source);
    insert.bind(2, to_column(clock_.system_now() + kKept));
    insert.exec();
    std::optional<std::int64_t> const id = id_of(source);
    if (!id || held_.contains(*id) || !locks_.take(*id)) {
        return false;
    }
    held_.insert(*id);
    return true;
}

core::Result<std::map<std::string, std::string>> IndexTables::files(std::string const& source) {
    std::map<std::string, std::string> known;
    SQLite::Statement rows(
        database_, "SELECT path, object_id FROM file WHERE source = (SELECT id FROM source WHERE key = ?)");
    rows.bind(1, source);
    while (rows.executeStep()) {
        known.emplace(rows.getColumn(0).getString(), rows.getColumn(1).getString());
    }
    return known;
}

bool IndexTables::remove_file(std::int64_t source, std::string const& path) {
    SQLite::Statement row(database_, "SELECT id FROM file WHERE source = ? AND path = ?");
    row.bind(1, source);
    row.bind(2, path);
    if (!row.executeStep()) {
        return false;
    }
    std::int64_t const file = row.getColumn(0).getInt64();
    for (char const* const sql :
         {"DELETE FROM section_text WHERE rowid IN (SELECT id FROM section WHERE file = ?)",
          "DELETE FROM section WHERE file = ?",
          "DELETE FROM file WHERE id = ?"}) {
        SQLite::Statement removal(database_, sql);
        removal.bind(1, file);
        removal.exec();
    }
    return true;
}

void IndexTables::write_file(std::int64_t source, IndexedFile const& file) {
    SQLite::Statement row(database_, "INSERT INTO file (source, path, object_id, title) VALUES (?, ?, ?, ?)");
    row.bind(1, source);
    row.bind(2, file.path);
    row.bind(3, file.object_id);
    row.bind(4, file.title);
    row.exec();
    std::int64_t const id = database_.getLastInsertRowid();
    SQLite::Statement place(
        database_, "INSERT INTO section (file, place, anchor, first_line, last_line) VALUES (?, ?, ?, ?, ?)");
    SQLite::Statement text(
        database_, "INSERT INTO section_text (rowid, title, heading, body, source) VALUES (?, ?, ?, ?, ?)");
    std::string const word = "source" + std::to_string(source);
    std::int64_t number = 0;
    for (Section const& section : file.sections) {
        place.reset();
        place.bind(1, id);
        place.bind(2, number++);
        place.bind(3, section.anchor);
        place.bind(4, static_cast<std::int64_t>(section.first_line));
        place.bind(5, static_cast<std::int64_t>(section.last_line));
        place.exec();
        text.reset();
        text.bind(1, database_.getLastInsertRowid());
        text.bindNoCopy(2, file.title);
        text.bindNoCopy(3, section.heading);
        text.bindNoCopy(4, section.text);
        text.bindNoCopy(5, word);
        text.exec();
    }
}

core::Result<void> IndexTables::change(std::string const& source,
                                       std::vector<IndexedFile> const& written,
                                       std::vector<std::string> const& removed) {
    SQLite::Transaction transaction(database_, SQLite::TransactionBehavior::IMMEDIATE);
    ADOMCPD_TRY(std::int64_t const id, held(source));
    std::int64_t more = 0;
    for (std::string const& path : removed) {
        more -= remove_file(id, path) ? 1 : 0;
    }
    for (IndexedFile const& file : written) {
        more += remove_file(id, file.path) ? 0 : 1;
        write_file(id, file);
    }
    SQLite::Statement count(database_, "UPDATE source SET files = files + ? WHERE id = ?");
    count.bind(1, more);
    count.bind(2, id);
    count.exec();
    transaction.commit();
    written_ += written.size() + removed.size();
    return {};
}

void IndexTables::release(std::int64_t source) {
    held_.erase(source);
    locks_.give_back(source);
}

core::Result<void>
IndexTables::finish(std::string const& source, IndexMark const& mark, std::size_t left_out) {
    ADOMCPD_TRY(std::int64_t const id, held(source));
    if (written_ >= kWorthOptimizing) {
        database_.exec("INSERT INTO section_text (section_text) VALUES ('optimize')");
        written_ = 0;
    }
    SQLite::Statement row(
        database_,
        "UPDATE source SET repository = ?, branch = ?, mapped_path = ?, root_path = ?, "
        "commit_id = ?, synced_at = ?, left_out = ?, failed_at = NULL, reason = '', code = '', "
        "fix = '' WHERE id = ?");
    row.bind(1, mark.repository_id);
    row.bind(2, mark.branch);
    row.bind(3, mark.mapped_path);
    row.bind(4, mark.root_path);
    row.bind(5, mark.commit);
    row.bind(6, to_column(clock_.system_now()));
    row.bind(7, static_cast<std::int64_t>(left_out));
    row.bind(8, id);
    row.exec();
    release(id);
    return {};
}

core::Result<void> IndexTables::fail(std::string const& source, core::Error const& error) {
    ADOMCPD_TRY(std::int64_t const id, held(source));
    SQLite::Statement row(database_,
                          "UPDATE source SET failed_at = ?, reason = ?, code = ?, fix = ? WHERE id = ?");
    row.bind(1, to_column(clock_.system_now()));
    row.bind(2, error.message());
    row.bind(3, error.code().empty() ? std::string(core::to_string(error.kind())) : error.code());
    row.bind(4, error.fix());
    row.bind(5, id);
    row.exec();
    release(id);
    return {};
}

core::Result<void> IndexTables::give_back(std::string const& source) {
    ADOMCPD_TRY(std::int64_t const id, held(source));
    release(id);
    return {};
}

void IndexTables::drop_source(std::int64_t source) {
    for (char const* const sql :
         {"DELETE FROM section_text WHERE rowid IN (SELECT s.id FROM section s JOIN file f "
          "ON f.id = s.file WHERE f.source = ?)",
          "DELETE FROM section WHERE file IN (SELECT id FROM file WHERE source = ?)",
          "DELETE FROM file WHERE source = ?",
          "DELETE FROM source WHERE id = ?"}) {
        SQLite::Statement removal(database_, sql);
        removal.bind(1, source);
        removal.exec();
    }
}

core::Result<void> IndexTables::keep(std::vector<std::string> const& sources) {
    SQLite::Transaction transaction(database_, SQLite::TransactionBehavior::IMMEDIATE);
    core::SystemTime const now = clock_.system_now();
    SQLite::Statement wanted(database_, "UPDATE source SET wanted_until = ? WHERE key = ?");
    for (std::string const& source : sources) {
        wanted.reset();
        wanted.bind(1, to_column(now + kKept));
        wanted.bind(2, source);
        wanted.exec();
    }
    std::vector<std::int64_t> unwanted;
    SQLite::Statement rows(database_, "SELECT id FROM source WHERE wanted_until < ?");
    rows.bind(1, to_column(now));
    while (rows.executeStep()) {
        unwanted.push_back(rows.getColumn(0).getInt64());
    }
    for (std::int64_t const id : unwanted) {
        drop_source(id);
    }
    transaction.commit();
    return {};
}

core::Result<void> IndexTables::drop(std::string const& source) {
    SQLite::Transaction transaction(database_, SQLite::TransactionBehavior::IMMEDIATE);
    if (std::optional<std::int64_t> const id = id_of(source)) {
        drop_source(*id);
        transaction.commit();
        release(*id);
    }
    return {};
}

core::Result<std::map<std::string, std::vector<float>>>
IndexTables::vectors(std::string const& model, std::vector<std::string> const& digests) {
    std::map<std::string, std::vector<float>> known;
    SQLite::Statement row(database_, "SELECT numbers FROM vector WHERE model = ? AND digest = ?");
    for (std::string const& digest : digests) {
        row.reset();
        row.bind(1, model);
        row.bind(2, digest);
        if (row.executeStep()) {
            std::string_view const bytes = blob_of(row.getColumn(0));
            std::vector<float> numbers(bytes.size() / sizeof(float));
            std::memcpy(numbers.data(), bytes.data(), numbers.size() * sizeof(float));
            known.emplace(digest, std::move(numbers));
        }
    }
    return known;
}

core::Result<void> IndexTables::save_vectors(std::string const& model,
                                             std::map<std::string, std::vector<float>> const& vectors) {
    SQLite::Transaction transaction(database_, SQLite::TransactionBehavior::IMMEDIATE);
    if (database_.execAndGet("SELECT count(*) FROM vector").getInt64() > kMostVectors) {
        database_.exec("DELETE FROM vector");
    }
    SQLite::Statement row(database_,
                          "INSERT OR REPLACE INTO vector (model, digest, numbers) VALUES (?, ?, ?)");
    for (auto const& [digest, numbers] : vectors) {
        std::string bytes(numbers.size() * sizeof(float), '\0');
        std::memcpy(bytes.data(), numbers.data(), bytes.size());
        row.reset();
        row.bind(1, model);
        row.bind(2, digest);
        bind_blob(row, 3, bytes);
        row.exec();
    }
    transaction.commit();
    return {};
}

} // namespace server
