#include "store_test_support.hpp"

#include "core/text/base64.hpp"
#include "server/config/private_file.hpp"
#include "server/store/key_rotation.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

using server::KeyRotationOptions;
using server::KeyRotationReport;

std::string contents(std::string const& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

std::size_t lines(std::string const& text) {
    return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

class KeyRotationTest : public test::StoreFixture {
protected:
    KeyRotationOptions rotation(bool drop_old = false) const {
        KeyRotationOptions out;
        out.store_path = options().path;
        out.key_file = options().key_file;
        out.drop_old = drop_old;
        out.batch = 2;
        return out;
    }
    KeyRotationReport rotate(KeyRotationOptions const& asked) {
        auto report = server::rotate_keys(asked, clock_);
        if (!report) {
            throw std::runtime_error(core::describe(report.error()));
        }
        return std::move(*report);
    }
    void fill(server::StateStore& store, int count) {
        for (int i = 0; i < count; ++i) {
            auto record = pat("pat " + std::to_string(i));
            get(store.save_pat("org" + std::to_string(i), record));
        }
        auth::OAuthGrant grant("tenant", "client", core::Secret("refresh"));
        grant.previous_refresh_token = core::Secret("previous");
        get(store.save_grant("contoso", grant));
    }
    void expect_filled(server::StateStore& store, int count) {
        for (int i = 0; i < count; ++i) {
            auto const loaded = get(store.load_pat("org" + std::to_string(i)));
            ASSERT_TRUE(loaded) << i;
            EXPECT_TRUE(loaded->pat.equals("pat " + std::to_string(i))) << i;
        }
        auto const grant = get(store.load_grant("contoso"));
        ASSERT_TRUE(grant);
        EXPECT_TRUE(grant->refresh_token.equals("refresh"));
        EXPECT_TRUE(grant->previous_refresh_token.equals("previous"));
        auto const report = get(store.audit().verify());
        EXPECT_TRUE(report.intact()) << report.problem;
    }
    std::int64_t under(std::string const& key_id) {
        return ask_sql(
            "SELECT (SELECT count(*) FROM pat WHERE CAST(substr(envelope, 2, 8) AS TEXT) = '" + key_id +
            "') + (SELECT count(*) FROM oauth_grant WHERE CAST(substr(envelope, 2, 8) AS TEXT) = '" + key_id +
            "') + (SELECT count(*) FROM audit_key WHERE CAST(substr(envelope, 2, 8) AS TEXT) = '" + key_id +
            "')");
    }
    std::string key_text() const { return contents(options().key_file); }
};

TEST_F(KeyRotationTest, BringsEverythingUnderANewKeyAndKeepsTheOldOne) {
    {
        auto const store = open();
        fill(*store, 5);
    }
    std::string const before = key_text();
    KeyRotationReport const report = rotate(rotation());
    EXPECT_FALSE(report.resumed);
    EXPECT_EQ(report.resealed, 7U); // five PATs, a grant, the audit's key
    EXPECT_EQ(report.kept.size(), 1U);
    EXPECT_TRUE(report.dropped.empty());
    EXPECT_TRUE(report.unreadable.empty());
    EXPECT_EQ(under(report.key_id), 7);
    EXPECT_EQ(lines(key_text()), 2U);
    EXPECT_TRUE(key_text().ends_with(before));
    auto const store = open();
    expect_filled(*store, 5);
}

TEST_F(KeyRotationTest, DropOldTakesOutWhatNoRecordNeeds) {
    {
        auto const store = open();
        fill(*store, 3);
    }
    std::string const first = key_text();
    rotate(rotation());
    KeyRotationReport const report = rotate(rotation(true));
    EXPECT_EQ(report.dropped.size(), 2U);
    EXPECT_TRUE(report.kept.empty());
    EXPECT_EQ(lines(key_text()), 1U);
    EXPECT_NE(key_text(), first);
    struct stat status {};
    ASSERT_EQ(::stat(options().key_file.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 07777U, 0600U);
    auto const store = open();
    expect_filled(*store, 3);
}

TEST_F(KeyRotationTest, NothingUnderTheOldKeyIsLeftInTheFiles) {
    std::string envelope;
    {
        auto const store = open();
        fill(*store, 3);
        SQLite::Database database(options().path, SQLite::OPEN_READONLY);
        envelope = database.execAndGet("SELECT envelope FROM pat LIMIT 1").getString();
    }
    ASSERT_NE(contents(options().path).find(envelope), std::string::npos);
    rotate(rotation());
    EXPECT_EQ(contents(options().path).find(envelope), std::string::npos);
    EXPECT_EQ(contents(options().path + "-wal").find(envelope), std::string::npos);
}

TEST_F(KeyRotationTest, RunningStoreGoesOverToTheNewKeyByItself) {
    auto const store = open();
    fill(*store, 3);
    std::string const sealed = store->sealer().seal("test", "", "before");
    KeyRotationReport const report = rotate(rotation(true)); // the old key is gone from the file
    expect_filled(*store, 3);                                // a key that is not known: it looks
    auto record = pat("new");
    get(store->save_pat("new", record));
    EXPECT_EQ(under(report.key_id), 6);
    EXPECT_FALSE(store->sealer().open("test", "", sealed));
    EXPECT_EQ(open()->sealer().open("test", "", store->sealer().seal("test", "", "after")), "after");
}

TEST_F(KeyRotationTest, WriteOfAProcessThatHasTheOldRingGoesUnderTheNewKey) {
    auto const store = open(); // reads nothing, and is asked nothing before it writes
    KeyRotationReport const report = rotate(rotation());
    auto record = pat("new");
    get(store->save_pat("new", record));
    EXPECT_EQ(under(report.key_id), 2); // and the audit's key
}

TEST_F(KeyRotationTest, PollAndReloadTakeUpTheRing) {
    auto const store = open();
    auto const other = open();
    rotate(rotation());
    EXPECT_TRUE(get(store->reload_keys()));
    EXPECT_FALSE(get(store->reload_keys()));
    get(other->data_version());
    EXPECT_FALSE(get(other->reload_keys()));
    EXPECT_EQ(store->sealer().open("test", "", other->sealer().seal("test", "", "x")), "x");
}

TEST_F(KeyRotationTest, UnreadableKeyFileLeavesARunningStoreAsItWas) {
    auto const store = open();
    fill(*store, 1);
    folder_.write("store.key", "no key\n");
    EXPECT_EQ(error_of(store->reload_keys()).code(), "key_file_invalid");
    get(store->data_version());
    expect_filled(*store, 1);
    EXPECT_EQ(store->audit().fingerprint(core::Secret("x")).size(), 16U);
}

TEST_F(KeyRotationTest, KilledAtAnyStepItLosesNothingAndIsGoneOnWith) {
    bool ended = false;
    for (int step = 0; !ended; ++step) {
        SCOPED_TRACE(step);
        ASSERT_LT(step, 40);
        std::filesystem::remove_all(folder_.path("state"));
        std::filesystem::remove(options().key_file);
        {
            auto const store = open();
            fill(*store, 5);
        }
        pid_t const child = ::fork();
        if (child == 0) {
            KeyRotationOptions asked = rotation(true);
            int passed = 0;
            asked.on_step = [&](std::string_view) {
                if (passed++ == step) {
                    ::kill(::getpid(), SIGKILL);
                }
            };
            auto const report = server::rotate_keys(asked, clock_);
            ::_exit(report ? 0 : 1);
        }
        int status = 0;
        ASSERT_EQ(::waitpid(child, &status, 0), child);
        ended = WIFEXITED(status) && WEXITSTATUS(status) == 0;
        ASSERT_TRUE(ended || WIFSIGNALED(status)) << status;
        {
            auto const store = open(); // as a daemon would start on what was left
            expect_filled(*store, 5);
        }
        KeyRotationReport const report = rotate(rotation(true));
        EXPECT_EQ(lines(key_text()), 1U);
        EXPECT_EQ(under(report.key_id), 7);
        auto const store = open();
        expect_filled(*store, 5);
    }
}

/// No test: what the next one starts, as a process of its own. A fork of one that has the store open would
/// share its file locks.
TEST(DISABLED_RotatingProcess, Runs) {
    char const* const store = std::getenv("ROTATED_STORE");
    char const* const key_file = std::getenv("ROTATED_KEY_FILE");
    if (store == nullptr || key_file == nullptr) {
        return;
    }
    KeyRotationOptions asked;
    asked.store_path = store;
    asked.key_file = key_file;
    asked.drop_old = std::getenv("ROTATED_DROP_OLD") != nullptr;
    asked.batch = 2;
    test::ManualClock clock;
    auto const report = server::rotate_keys(asked, clock);
    if (!report) {
        std::fprintf(stderr, "%s\n", core::describe(report.error()).c_str());
    }
    ::_exit(report ? 0 : 1);
}

TEST_F(KeyRotationTest, KilledAtAnyMomentBesideAWritingDaemonItLosesNothing) {
    test::ScopedVariable const store_variable("ROTATED_STORE", options().path);
    test::ScopedVariable const key_variable("ROTATED_KEY_FILE", options().key_file);
    auto const daemon = open();
    fill(*daemon, 20);
    auto const start_rotating = [](bool drop_old) {
        pid_t const child = ::fork();
        if (child == 0) {
            if (drop_old) {
                ::setenv("ROTATED_DROP_OLD", "1", 1);
            }
            ::execl("/proc/self/exe",
                    "rotating",
                    "--gtest_also_run_disabled_tests",
                    "--gtest_filter=DISABLED_RotatingProcess.Runs",
                    "--gtest_brief=1",
                    nullptr);
            ::_exit(127);
        }
        return child;
    };
    // The moments are spread over what a whole rotation takes here.
    int whole_status = 0;
    auto const begun = std::chrono::steady_clock::now();
    pid_t const whole = start_rotating(false);
    ASSERT_EQ(::waitpid(whole, &whole_status, 0), whole);
    ASSERT_TRUE(WIFEXITED(whole_status) && WEXITSTATUS(whole_status) == 0) << whole_status;
    auto const duration = std::chrono::steady_clock::now() - begun;
    std::map<std::string, std::string> written;
    int killed = 0;
    for (int round = 0; round < 20; ++round) {
        SCOPED_TRACE(round);
        pid_t const child = start_rotating(round % 3 == 0);
        std::this_thread::sleep_for(duration * round / 20);
        std::string const organization = "daemon" + std::to_string(round % 4);
        written[organization] = "written " + std::to_string(round);
        auto record = pat(written[organization]);
        bool const kill_first = round % 2 == 0; // the write takes time of its own
        if (kill_first) {
            ::kill(child, SIGKILL);
        }
        get(daemon->save_pat(organization, record));
        ::kill(child, SIGKILL); // not reaped yet: still its id
        int status = 0;
        ASSERT_EQ(::waitpid(child, &status, 0), child);
        ASSERT_TRUE(WIFSIGNALED(status) || WEXITSTATUS(status) == 0) << status;
        killed += WIFSIGNALED(status) ? 1 : 0;
        auto const later = open();
        for (server::StateStore* const store : {daemon.get(), later.get()}) {
            expect_filled(*store, 20);
            for (auto const& [name, value] : written) {
                auto const loaded = get(store->load_pat(name));
                ASSERT_TRUE(loaded) << name;
                EXPECT_TRUE(loaded->pat.equals(value)) << name;
            }
        }
    }
    EXPECT_GT(killed, 0);
    KeyRotationReport const report = rotate(rotation(true));
    EXPECT_TRUE(report.kept.empty());
    expect_filled(*daemon, 20);
}

TEST_F(KeyRotationTest, CopiesOfKeysLeftByAKilledRotationAreRemoved) {
    open().reset();
    folder_.write("store.key.0123456789ab.tmp", key_text());
    rotate(rotation());
    EXPECT_FALSE(std::filesystem::exists(folder_.path("store.key.0123456789ab.tmp")));
}

TEST_F(KeyRotationTest, RecordWithoutAKeyIsNamedAndTheOthersAreDone) {
    {
        auto const store = open();
        fill(*store, 2);
    }
    run_sql("UPDATE pat SET envelope = CAST(substr(envelope, 1, 1) || CAST('ffffffff' AS BLOB) || "
            "substr(envelope, 10) "
            "AS BLOB) WHERE organization = 'org1'");
    KeyRotationReport const report = rotate(rotation(true));
    EXPECT_EQ(report.unreadable, std::vector<std::string>{"the pat of org1 (key ffffffff)"});
    EXPECT_EQ(report.resealed, 3U);
    EXPECT_EQ(lines(key_text()), 1U);
    auto const store = open();
    EXPECT_TRUE(get(store->load_pat("org0")));
    EXPECT_EQ(error_of(store->load_pat("org1")).code(), "envelope_unknown_key");
}

TEST_F(KeyRotationTest, OneRotationAtATime) {
    open().reset();
    int const folder = ::open(folder_.path().c_str(), O_RDONLY | O_DIRECTORY);
    ASSERT_EQ(::flock(folder, LOCK_EX), 0);
    auto const refused = server::rotate_keys(rotation(), clock_);
    ::close(folder);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code(), "rotation_under_way");
    rotate(rotation());
}

TEST_F(KeyRotationTest, ServiceManagersCredentialIsOnlyResealedTo) {
    {
        auto const store = open();
        fill(*store, 2);
    }
    std::string const old_key = key_text();
    test::TemporaryFolder const credentials;
    test::ScopedVariable const variable("CREDENTIALS_DIRECTORY", credentials.path());
    credentials.write("store.key", old_key, 0400);
    auto const nothing = server::rotate_keys(rotation(), clock_);
    ASSERT_FALSE(nothing);
    EXPECT_EQ(nothing.error().code(), "key_ring_read_only");
    std::filesystem::remove(credentials.path("store.key"));
    std::string const ring = core::base64_encode(std::string(32, 'n')) + "\n" + old_key;
    credentials.write("store.key", ring, 0400);
    KeyRotationReport const report = rotate(rotation());
    EXPECT_TRUE(report.resumed);
    EXPECT_EQ(report.resealed, 4U);
    EXPECT_EQ(contents(credentials.path("store.key")), ring);
    auto const store = open();
    expect_filled(*store, 2);
}

TEST_F(KeyRotationTest, IsInTheAudit) {
    auto const store = open();
    KeyRotationOptions asked = rotation(true);
    asked.actor = server::AuditActor("local:ada", "ada");
    KeyRotationReport const report = rotate(asked);
    server::AuditQuery query;
    query.event = "key";
    auto const page = get(store->audit().list(query));
    ASSERT_EQ(page.records.size(), 4U);
    EXPECT_EQ(page.records[0].event.event, "key.dropped");
    EXPECT_EQ(page.records[0].event.subject, report.dropped.at(0));
    EXPECT_EQ(page.records[2].event.event, "key.rotated");
    EXPECT_EQ(page.records[2].event.outcome, server::AuditOutcome::done);
    EXPECT_EQ(page.records[2].event.subject, report.key_id);
    EXPECT_EQ(page.records[2].event.actor.id, "local:ada");
}

TEST_F(KeyRotationTest, InitMakesAKeyOnlyForAStoreThatIsNew) {
    auto const made = server::init_key_file(options().path, options().key_file);
    ASSERT_TRUE(made) << core::describe(made.error());
    EXPECT_EQ(made->size(), 8U);
    auto const again = server::init_key_file(options().path, options().key_file);
    ASSERT_FALSE(again);
    EXPECT_EQ(again.error().code(), "key_file_exists");
    open().reset();
    std::filesystem::remove(options().key_file);
    auto const late = server::init_key_file(options().path, options().key_file);
    ASSERT_FALSE(late);
    EXPECT_EQ(late.error().code(), "key_file_missing");
}

} // namespace
