#include "store_test_support.hpp"

#include "support/log_capture.hpp"

#include <SQLiteCpp/SQLiteCpp.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include <sys/stat.h>

namespace {

class DatabaseTest : public test::StoreFixture {
protected:
    static mode_t mode_of(std::string const& path) {
        struct stat status {};
        EXPECT_EQ(::stat(path.c_str(), &status), 0) << path;
        return status.st_mode & 07777U;
    }
    std::string database_path() const { return options().path; }
    /// The file as the first version left it: without what the second one brought.
    void take_back_to_version_1() {
        run_sql("DROP TABLE session_revoked; DROP TABLE session_seen; DROP TABLE session_state; "
                "DROP TABLE session_letter; DROP TABLE task; DROP TABLE connector; "
                "DROP TABLE knowledge_source; DROP TABLE managed_identity; DROP TABLE pat_reach; "
                "DROP INDEX agent_token_by_name; ALTER TABLE agent_token DROP COLUMN last_used_at; "
                "DROP INDEX journal_by_resource; DROP INDEX journal_pending_by_lane; "
                "ALTER TABLE journal DROP COLUMN lane; ALTER TABLE journal DROP COLUMN sent_at; "
                "ALTER TABLE journal DROP COLUMN busy_until; "
                "DROP TABLE meta; DROP TABLE audit_key; DROP TABLE audit; DROP TABLE audit_head; "
                "PRAGMA user_version = 1");
    }
};

TEST_F(DatabaseTest, IsMadeForItsOwnerAloneWhateverTheUmask) {
    mode_t const before = ::umask(0);
    auto store = open();
    auto record = pat("canary");
    get(store->save_pat("contoso", record));
    ::umask(before);
    EXPECT_EQ(mode_of(folder_.path("state")), 0700U);
    for (char const* suffix : {"", "-wal", "-shm"}) {
        EXPECT_EQ(mode_of(database_path() + suffix), 0600U) << suffix;
    }
    EXPECT_EQ(mode_of(folder_.path("store.key")), 0600U);
}

TEST_F(DatabaseTest, SyncsEveryCommit) {
    auto const store = open();
    SQLite::Database database(database_path(), SQLite::OPEN_READWRITE);
    EXPECT_EQ(database.execAndGet("PRAGMA journal_mode").getString(), "wal");
    EXPECT_EQ(database.execAndGet("PRAGMA user_version").getInt(), 6);
}

TEST_F(DatabaseTest, RefusesAFileOthersCanRead) {
    open().reset();
    ::chmod(database_path().c_str(), 0640);
    auto const store = try_open();
    ASSERT_FALSE(store);
    EXPECT_EQ(store.error().code(), "mode_too_open");
    EXPECT_EQ(store.error().fix(), "chmod 0600 " + std::filesystem::canonical(database_path()).string());
}

TEST_F(DatabaseTest, RefusesSideFilesOthersCanReadOrThatLeadElsewhere) {
    for (char const* const suffix : {"-wal", "-shm", "-journal"}) {
        SCOPED_TRACE(suffix);
        open().reset();
        std::string const side = database_path() + suffix;
        std::filesystem::remove(side);
        folder_.write("state/state.db" + std::string(suffix), "", 0644);
        auto const open_to_all = try_open();
        ASSERT_FALSE(open_to_all);
        EXPECT_EQ(open_to_all.error().code(), "mode_too_open");
        EXPECT_TRUE(open_to_all.error().fix().starts_with("chmod 0600 ")) << open_to_all.error().fix();
        std::filesystem::remove(side);
        std::filesystem::create_symlink(folder_.path("elsewhere"), side);
        auto const linked = try_open();
        ASSERT_FALSE(linked);
        EXPECT_EQ(linked.error().code(), "symbolic_link");
        std::filesystem::remove(side);
        EXPECT_TRUE(try_open());
    }
}

TEST_F(DatabaseTest, RefusesAFolderOthersCanWriteTo) {
    open().reset();
    ::chmod(folder_.path("state").c_str(), 0770);
    auto const store = try_open();
    ASSERT_FALSE(store);
    EXPECT_EQ(store.error().code(), "mode_too_open");
    EXPECT_TRUE(store.error().fix().starts_with("chmod 0700 ")) << store.error().fix();
}

TEST_F(DatabaseTest, RefusesASymbolicLinkInPlaceOfTheFileButNotOfTheFolder) {
    open().reset();
    std::filesystem::rename(database_path(), folder_.path("elsewhere.db"));
    std::filesystem::create_symlink(folder_.path("elsewhere.db"), database_path());
    auto const linked = try_open();
    ASSERT_FALSE(linked);
    EXPECT_NE(linked.error().message().find("symbolic link"), std::string::npos);

    std::filesystem::remove(database_path());
    std::filesystem::rename(folder_.path("elsewhere.db"), database_path());
    std::filesystem::rename(folder_.path("state"), folder_.path("private"));
    std::filesystem::create_directory_symlink(folder_.path("private"), folder_.path("state"));
    EXPECT_TRUE(try_open());
}

TEST_F(DatabaseTest, RefusesADatabaseOfAnotherProgram) {
    std::filesystem::create_directory(folder_.path("state"));
    ::chmod(folder_.path("state").c_str(), 0700);
    {
        SQLite::Database other(database_path(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
        other.exec("CREATE TABLE t (x)");
    }
    ::chmod(database_path().c_str(), 0600);
    folder_.write("store.key", "YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWE=\n");
    auto const store = try_open();
    ASSERT_FALSE(store);
    EXPECT_NE(store.error().message().find("another program"), std::string::npos) << store.error().message();
}

TEST_F(DatabaseTest, RefusesAStoreOfANewerVersion) {
    open().reset();
    run_sql("PRAGMA user_version = 99");
    auto const store = try_open();
    ASSERT_FALSE(store);
    EXPECT_NE(store.error().message().find("newer version"), std::string::npos);
    EXPECT_EQ(store.error().code(), "store_unusable");
}

TEST_F(DatabaseTest, StoreOfTheFirstVersionGetsSessionsTasksAndAuditAndKeepsWhatItHas) {
    {
        auto const store = open();
        auto record = pat("kept");
        get(store->save_pat("contoso", record));
    }
    take_back_to_version_1();
    EXPECT_EQ(ask_sql("SELECT count(*) FROM sqlite_schema WHERE name GLOB 'session_*' OR name GLOB 'task*'"),
              0);
    auto const store = open();
    EXPECT_EQ(ask_sql("PRAGMA user_version"), 6);
    ASSERT_TRUE(get(store->load_pat("contoso")));
    get(store->tasks().insert(test::sample_task("t", clock_.system_now())));
    get(store->sessions().revoke("s", clock_.system_now() + std::chrono::hours(1)));
    EXPECT_TRUE(get(store->tasks().load("t")));
    EXPECT_TRUE(store->sessions().is_revoked("s"));
    get(store->audit().append(server::AuditEvent("tool.write", server::AuditOutcome::done)));
    EXPECT_TRUE(get(store->audit().verify()).intact());
}

TEST_F(DatabaseTest, ProcessOfTheFirstVersionKeepsWorkingBesideTheMigratedStore) {
    open().reset();
    take_back_to_version_1();
    SQLite::Database first(database_path(), SQLite::OPEN_READWRITE, 1000);
    ASSERT_EQ(first.execAndGet("SELECT count(*) FROM pat").getInt(), 0); // it has read the old schema
    auto const store = open();
    auto record = pat("new");
    get(store->save_pat("contoso", record));
    EXPECT_EQ(first.execAndGet("SELECT count(*) FROM pat").getInt(), 1);
    first.exec("UPDATE sequence SET value = value + 1");
}

TEST_F(DatabaseTest, RefusesGarbage) {
    std::filesystem::create_directory(folder_.path("state"));
    ::chmod(folder_.path("state").c_str(), 0700);
    folder_.write("state/state.db", std::string(8192, 'x'));
    folder_.write("store.key", "YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWE=\n");
    auto const store = try_open();
    ASSERT_FALSE(store);
    EXPECT_EQ(store.error().code(), "store_failed");
}

TEST_F(DatabaseTest, StartsAgainAfterACrashBetweenFileAndTables) {
    std::filesystem::create_directory(folder_.path("state"));
    ::chmod(folder_.path("state").c_str(), 0700);
    folder_.write("state/state.db", "");
    EXPECT_TRUE(try_open());
}

TEST_F(DatabaseTest, MissingKeyOfAnExistingStoreIsNotReplaced) {
    open().reset();
    std::filesystem::remove(folder_.path("store.key"));
    auto const store = try_open();
    ASSERT_FALSE(store);
    EXPECT_EQ(store.error().code(), "key_file_missing");
    EXPECT_FALSE(std::filesystem::exists(folder_.path("store.key")));
}

TEST_F(DatabaseTest, RecordsUnderAnUnknownKeyAreNamedAtTheStartAndStopNothingElse) {
    {
        auto const store = open();
        auto one = pat("one");
        get(store->save_pat("contoso", one));
        auth::OAuthGrant grant("tenant", "client", core::Secret("refresh"));
        get(store->save_grant("fabrikam", grant));
    }
    folder_.write("store.key", "YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWE=\n");
    test::LogCapture log;
    auto const store = open();
    for (std::string const what : {"\"store.record_unreadable\"",
                                   "\"record\":\"the grant of fabrikam (key ",
                                   "\"organization\":\"contoso\",\"method\":\"pat\",\"key_id\":\""}) {
        EXPECT_TRUE(log.contains(what)) << log.text();
    }
    // They fail when they are used; everything else serves.
    EXPECT_EQ(error_of(store->load_pat("contoso")).code(), "envelope_unknown_key");
    auto two = pat("two");
    get(store->save_pat("northwind", two));
    EXPECT_TRUE(get(store->load_pat("northwind"))->pat.equals("two"));
    get(store->save_pat("contoso", two));
    EXPECT_TRUE(get(store->load_pat("contoso"))->pat.equals("two"));
}

} // namespace
