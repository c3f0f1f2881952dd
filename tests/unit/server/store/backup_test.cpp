#include "store_test_support.hpp"

#include "server/store/backup.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include <sys/stat.h>

namespace {

class BackupTest : public test::StoreFixture {
protected:
    core::Result<void> back_up(std::string const& target) {
        return server::backup_store(
            options().path, options().key_file, target, server::AuditActor("local:ada", "ada"), clock_);
    }
};

TEST_F(BackupTest, CopyOfARunningStoreOpensWithTheSameKeyAndHoldsEverything) {
    auto const store = open();
    auto record = pat("canary");
    get(store->save_pat("contoso", record));
    auth::OAuthGrant grant("tenant", "client", core::Secret("refresh"));
    get(store->save_grant("fabrikam", grant));
    get(store->tasks().insert(test::sample_task("t", clock_.system_now())));
    server::JournalEntry entry;
    entry.caller = "c";
    entry.organization = "o";
    entry.tool = "t";
    entry.idempotency_key = "k";
    get(store->begin(std::move(entry), std::chrono::hours(24)));
    ASSERT_TRUE(back_up(folder_.path("copy.db")));
    auto later = pat("later");
    get(store->save_pat("later", later));

    struct stat status {};
    ASSERT_EQ(::stat(folder_.path("copy.db").c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 07777U, 0600U);
    server::StateStoreOptions restored = options();
    restored.path = folder_.path("copy.db");
    auto const copy = server::open_state_store(loop_.executor(), clock_, restored);
    ASSERT_TRUE(copy) << core::describe(copy.error());
    EXPECT_TRUE(get((*copy)->load_pat("contoso"))->pat.equals("canary"));
    EXPECT_TRUE(get((*copy)->load_grant("fabrikam"))->refresh_token.equals("refresh"));
    EXPECT_TRUE(get((*copy)->tasks().load("t")));
    EXPECT_EQ(get((*copy)->list_open()).size(), 1U);
    EXPECT_FALSE(get((*copy)->load_pat("later")));
    EXPECT_TRUE(get((*copy)->audit().verify()).intact());
    EXPECT_TRUE(get(store->audit().verify()).intact());
}

TEST_F(BackupTest, FileThatExistsIsLeftAloneAndNothingIsLeftBehind) {
    open().reset();
    folder_.write("copy.db", "mine");
    auto const refused = back_up(folder_.path("copy.db"));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind(), core::ErrorKind::conflict);
    EXPECT_EQ(std::filesystem::file_size(folder_.path("copy.db")), 4U);
    EXPECT_FALSE(back_up(folder_.path("nowhere/copy.db")));
    ASSERT_TRUE(back_up(folder_.path("other.db")));
    for (auto const& file : std::filesystem::directory_iterator(folder_.path())) {
        EXPECT_NE(file.path().extension(), ".tmp") << file.path();
    }
}

TEST_F(BackupTest, StoreThatIsNotThereIsNotMade) {
    auto const refused = back_up(folder_.path("copy.db"));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code(), "store_not_found");
    EXPECT_FALSE(std::filesystem::exists(folder_.path("copy.db")));
}

TEST_F(BackupTest, IsInTheAudit) {
    auto const store = open();
    ASSERT_TRUE(back_up(folder_.path("copy.db")));
    auto const records = get(store->audit().list(server::AuditQuery())).records;
    ASSERT_EQ(records.size(), 2U);
    EXPECT_EQ(records[0].event.event, "store.backed_up");
    EXPECT_EQ(records[0].event.outcome, server::AuditOutcome::done);
    EXPECT_EQ(records[1].event.outcome, server::AuditOutcome::attempted);
    EXPECT_EQ(records[0].event.actor.name, "ada");
}

} // namespace
