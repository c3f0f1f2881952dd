#include "store_test_support.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <string>
#include <vector>

#include <sys/wait.h>
#include <unistd.h>

namespace {

class CrashTest : public test::StoreFixture {
protected:
    /// Writes one record after another and acknowledges each by a byte, until killed.
    [[noreturn]] void save_until_killed(int acknowledge) {
        auto const store = open();
        for (int i = 0;; ++i) {
            std::string const number = std::to_string(i);
            auto record = pat("pat " + number);
            get(store->save_pat("org" + number, record));
            auth::OAuthGrant grant("t", "c", core::Secret("refresh " + number));
            get(store->save_grant("one", grant));
            server::JournalEntry entry;
            entry.caller = "c";
            entry.organization = "o";
            entry.tool = "t";
            entry.idempotency_key = number;
            get(store->begin(std::move(entry), std::chrono::hours(24)));
            auto const earlier = get(store->tasks().load("task" + number)); // by the writer killed before
            if (!earlier) {
                get(store->tasks().insert(test::sample_task("task" + number, clock_.system_now())));
            }
            get(store->sessions().revoke("session" + number, clock_.system_now() + std::chrono::hours(1)));
            char const byte = 'x';
            if (::write(acknowledge, &byte, 1) != 1) {
                ::_exit(1);
            }
        }
    }

    /// Kills a writer after it acknowledged `count` rounds; returns how many it had acknowledged by then.
    int run_and_kill(int count) {
        int pipe_ends[2];
        EXPECT_EQ(::pipe(pipe_ends), 0);
        pid_t const child = ::fork();
        if (child == 0) {
            ::close(pipe_ends[0]);
            loop_.context().notify_fork(boost::asio::execution_context::fork_child);
            try {
                save_until_killed(pipe_ends[1]);
            } catch (...) {
                ::_exit(2);
            }
        }
        ::close(pipe_ends[1]);
        int acknowledged = 0;
        char byte = 0;
        while (acknowledged < count && ::read(pipe_ends[0], &byte, 1) == 1) {
            ++acknowledged;
        }
        ::kill(child, SIGKILL);
        while (::read(pipe_ends[0], &byte, 1) == 1) {
            ++acknowledged; // what it had said before it died
        }
        ::close(pipe_ends[0]);
        int status = 0;
        EXPECT_EQ(::waitpid(child, &status, 0), child);
        EXPECT_TRUE(WIFSIGNALED(status)) << "the writer failed by itself: " << status;
        return acknowledged;
    }
};

TEST_F(CrashTest, EveryAcknowledgedWriteIsThereAfterKill9) {
    int most = 0;
    for (int const count : {1, 2, 7, 20}) {
        int const acknowledged = run_and_kill(count);
        EXPECT_GE(acknowledged, count);
        most = std::max(most, acknowledged);
        auto const store = open();
        for (int i = 0; i < most; ++i) {
            auto const loaded = get(store->load_pat("org" + std::to_string(i)));
            ASSERT_TRUE(loaded) << i;
            EXPECT_TRUE(loaded->pat.equals("pat " + std::to_string(i)));
            server::JournalEntry entry;
            entry.caller = "c";
            entry.organization = "o";
            entry.tool = "t";
            entry.idempotency_key = std::to_string(i);
            EXPECT_FALSE(get(store->begin(std::move(entry), std::chrono::hours(24))).fresh) << i;
            EXPECT_TRUE(get(store->tasks().load("task" + std::to_string(i)))) << i;
            EXPECT_TRUE(store->sessions().is_revoked("session" + std::to_string(i))) << i;
        }
        auto const grant = get(store->load_grant("one"));
        ASSERT_TRUE(grant);
        EXPECT_TRUE(grant->refresh_token.size() >= std::string("refresh 0").size());
    }
}

TEST_F(CrashTest, KillDuringTheFirstStartLeavesAStoreThatOpens) {
    for (int delay = 0; delay < 12; ++delay) {
        pid_t const child = ::fork();
        if (child == 0) {
            try {
                open();
                ::_exit(0);
            } catch (...) {
                ::_exit(2);
            }
        }
        ::usleep(static_cast<useconds_t>(delay) * 700);
        ::kill(child, SIGKILL);
        int status = 0;
        ASSERT_EQ(::waitpid(child, &status, 0), child);
        auto const store = try_open();
        ASSERT_TRUE(store) << core::describe(store.error());
        if (delay % 4 == 3) {
            continue; // some starts find what the one before left
        }
        std::filesystem::remove_all(folder_.path("state"));
        std::filesystem::remove(folder_.path("store.key"));
    }
}

} // namespace
