#include "protocol/sessions.hpp"

#include "support/endpoint_fixture.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

namespace {

using protocol::ClientFeatures;
using protocol::Revision;
using protocol::Session;
using std::chrono::milliseconds;
using test::caller;
using test::other_caller;

class Sessions : public testing::Test {
protected:
    std::string open(Revision revision = Revision::v2025_06_18) {
        return sessions.open(caller(), revision, features()).value();
    }
    static ClientFeatures features() {
        ClientFeatures some;
        some.form_elicitation = true;
        some.roots = true;
        return some;
    }
    bool touch(protocol::Sessions& where, Session const& session) {
        return world.loop.run(where.touch(session));
    }
    void pass(double of_the_idle_limit) {
        world.clock.advance(milliseconds(static_cast<std::int64_t>(
            static_cast<double>(parts.limits.session_idle.count()) * of_the_idle_limit)));
    }

    test::World world;
    protocol::ChangeHub hub;
    protocol::ServerParts parts{
        world.loop.executor(), world.clock, world.sealer, hub, *world.records, protocol::McpLimits()};
    protocol::Sessions sessions{parts};
    protocol::Sessions restarted{parts}; ///< knows nothing but the key and the records
};

TEST_F(Sessions, AnIdSaysAllThereIsToKnowAfterARestart) {
    std::string const token = open();
    for (protocol::Sessions* where : {&sessions, &restarted}) {
        auto const session = where->read(token, caller());
        ASSERT_TRUE(session);
        EXPECT_EQ(session->revision, Revision::v2025_06_18);
        EXPECT_EQ(session->features, features());
        EXPECT_EQ(session->id.size(), 32U);
        EXPECT_TRUE(touch(*where, *session));
    }
}

TEST_F(Sessions, IdsAreVisibleAsciiAndNeverTheSame) {
    std::set<std::string> tokens;
    for (int i = 0; i < 100; ++i) {
        std::string const token = open();
        EXPECT_EQ(token.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"),
                  std::string::npos);
        tokens.insert(token);
    }
    EXPECT_EQ(tokens.size(), 100U);
}

TEST_F(Sessions, AnIdIsNothingToAnotherCallerOrUnderAnotherKey) {
    std::string const token = open();
    EXPECT_FALSE(sessions.read(token, other_caller()));
    core::Sealer const other_key = core::Sealer::ephemeral();
    protocol::ServerParts const others(
        world.loop.executor(), world.clock, other_key, hub, *world.records, protocol::McpLimits());
    EXPECT_FALSE(protocol::Sessions(others).read(token, caller()));
}

TEST_F(Sessions, AnIdThatWasReadBeforeIsReadForItsCallerAlone) {
    std::vector<std::string> tokens;
    for (int i = 0; i < 300; ++i) {
        tokens.push_back(open());
    }
    for (int round = 0; round < 2; ++round) {
        for (std::string const& token : tokens) {
            ASSERT_TRUE(sessions.read(token, caller()));
            ASSERT_FALSE(sessions.read(token, other_caller()));
        }
    }
    auto const session = sessions.read(tokens.back(), caller());
    world.loop.run(restarted.revoke(*session, caller())); // by another process
    EXPECT_FALSE(sessions.read(tokens.back(), caller()));
}

TEST_F(Sessions, AChangedIdIsNothing) {
    std::string const token = open();
    EXPECT_FALSE(sessions.read("", caller()));
    EXPECT_FALSE(sessions.read(token + "A", caller()));
    for (std::size_t i = 0; i < token.size(); ++i) {
        EXPECT_FALSE(sessions.read(token.substr(0, i), caller()));
        std::string changed = token;
        changed[i] = changed[i] == 'A' ? 'B' : 'A';
        EXPECT_FALSE(sessions.read(changed, caller())) << i;
    }
}

TEST_F(Sessions, WhatWasSealedForSomethingElseIsNoId) {
    std::string const plain(26, '\1');
    EXPECT_TRUE(sessions.read(world.sealer.seal("mcp-session", caller().id, plain), caller()));
    EXPECT_FALSE(sessions.read(world.sealer.seal("mcp-cursor", caller().id, plain), caller()));
    EXPECT_FALSE(sessions.read(world.sealer.seal("mcp-session", caller().id, plain + "x"), caller()));
    for (char const revision : {'\4', '\5', '\x7f'}) { // 2026-07-28 has no sessions; the others are none
        std::string other = plain;
        other[24] = revision;
        EXPECT_FALSE(sessions.read(world.sealer.seal("mcp-session", caller().id, other), caller()));
    }
}

TEST_F(Sessions, ARevokedOneIsGoneForEveryProcess) {
    std::string const token = open();
    auto const session = sessions.read(token, caller());
    ASSERT_TRUE(session);
    EXPECT_TRUE(world.loop.run(sessions.revoke(*session, caller())));
    EXPECT_FALSE(sessions.read(token, caller()));
    EXPECT_FALSE(restarted.read(token, caller()));
    pass(0.9);
    EXPECT_FALSE(sessions.read(token, caller())) << "it stays gone";
}

TEST_F(Sessions, OneThatNobodyUsedForTheIdleLimitIsGone) {
    auto const session = sessions.read(open(), caller());
    pass(1.0);
    EXPECT_TRUE(touch(restarted, *session)) << "the limit itself is still good";
    auto const other = sessions.read(open(), caller());
    pass(1.001);
    EXPECT_FALSE(sessions.touch_at_once(*other));
    EXPECT_FALSE(touch(sessions, *other));
    EXPECT_FALSE(touch(restarted, *other));
}

TEST_F(Sessions, UseKeepsItAlive) {
    auto const session = sessions.read(open(), caller());
    for (int i = 0; i < 10; ++i) {
        pass(0.6);
        EXPECT_TRUE(touch(sessions, *session)) << i;
    }
    EXPECT_EQ(sessions.remembered(), 1U);
    pass(1.1);
    EXPECT_FALSE(touch(sessions, *session));
}

TEST_F(Sessions, UseOfAnotherProcessCountsThroughTheRecords) {
    auto const session = sessions.read(open(), caller());
    pass(0.9);
    EXPECT_TRUE(touch(sessions, *session));
    pass(0.9);
    EXPECT_FALSE(restarted.touch_at_once(*session)) << "the id alone is too old";
    EXPECT_TRUE(touch(restarted, *session));
    EXPECT_TRUE(restarted.touch_at_once(*session)) << "now this process knows";
}

TEST_F(Sessions, OpeningIsBoundedForEachCaller) {
    parts.limits.sessions_per_principal = 2;
    open();
    std::string const second = open();
    EXPECT_FALSE(sessions.open(caller(), Revision::v2025_11_25, {}));
    EXPECT_TRUE(sessions.open(other_caller(), Revision::v2025_11_25, {}));

    auto const session = sessions.read(second, caller());
    EXPECT_TRUE(world.loop.run(sessions.revoke(*session, caller())));
    EXPECT_TRUE(sessions.open(caller(), Revision::v2025_11_25, {})) << "its place is free again";
    EXPECT_FALSE(sessions.open(caller(), Revision::v2025_11_25, {}));

    pass(1.1);
    EXPECT_TRUE(sessions.open(caller(), Revision::v2025_11_25, {}))
        << "the old ones have ended by themselves";
}

TEST_F(Sessions, NothingIsRememberedOfThoseThatWereOnlyOpened) {
    for (int i = 0; i < 1000; ++i) {
        auto const session = sessions.read(open(), caller());
        EXPECT_TRUE(sessions.touch_at_once(*session));
    }
    EXPECT_EQ(sessions.remembered(), 0U);
}

TEST_F(Sessions, WhatTheClientChoseIsKeptInTheRecords) {
    auto const session = sessions.read(open(), caller());
    protocol::SessionState state;
    state.log_level = protocol::LogLevel::warning;
    state.subscriptions = {"x://a", "x://b"};
    EXPECT_EQ(sessions.known_state(*session), nullptr);
    EXPECT_TRUE(world.loop.run(sessions.save_state(*session, state)));
    auto const loaded = world.loop.run(restarted.state(*session));
    EXPECT_EQ(loaded.log_level, protocol::LogLevel::warning);
    EXPECT_EQ(loaded.subscriptions, state.subscriptions);
    ASSERT_NE(restarted.known_state(*session), nullptr);
    EXPECT_EQ(restarted.known_state(*session)->subscriptions, state.subscriptions);

    auto const fresh = world.loop.run(restarted.state(*sessions.read(open(), caller())));
    EXPECT_FALSE(fresh.log_level);
    EXPECT_TRUE(fresh.subscriptions.empty());
}

TEST_F(Sessions, ABrokenStateIsAnEmptyOne) {
    for (char const* text : {"",
                             "{",
                             "[]",
                             "7",
                             R"({"logLevel":7,"subscriptions":{}})",
                             R"({"logLevel":"loud","subscriptions":[1]})"}) {
        auto const state = protocol::SessionState::parse(text);
        EXPECT_FALSE(state.log_level) << text;
        EXPECT_TRUE(state.subscriptions.empty()) << text;
    }
}

TEST_F(Sessions, PruningForgetsWhatIsPastTheLimitOnly) {
    auto const session = sessions.read(open(), caller());
    pass(0.6);
    EXPECT_TRUE(touch(sessions, *session));
    world.loop.run(sessions.state(*session));
    EXPECT_EQ(sessions.remembered(), 2U);
    sessions.prune();
    EXPECT_EQ(sessions.remembered(), 2U);
    pass(1.1);
    sessions.prune();
    EXPECT_EQ(sessions.remembered(), 0U);
}

} // namespace
