#include "auth/agent_token.hpp"

#include "auth/token_verifier.hpp"
#include "auth_fixtures.hpp"
#include "core/crypto/digest.hpp"
#include "fake_stores.hpp"
#include "support/manual_clock.hpp"
#include "support/run_coro.hpp"

#include <gtest/gtest.h>

#include <regex>

namespace auth {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;

class AgentToken : public testing::Test {
protected:
    /// Makes and stores one; the text of the token.
    std::string make(core::Role role = core::Role::user,
                     std::optional<core::SystemTime> expires_at = std::nullopt) {
        auto made = loop_.run(make_agent_token(store_, clock_, "ci", role, expires_at));
        EXPECT_TRUE(made);
        last_id_ = made->record.id;
        return std::string(made->token.expose());
    }
    core::Result<core::Principal> verify(std::string_view token) {
        return loop_.run(verifier_->verify(token, context_));
    }
    std::string reason(std::string_view token) {
        core::Result<core::Principal> const result = verify(token);
        return result ? "accepted" : result.error().message();
    }

    test::Loop loop_;
    test::ManualClock clock_;
    test::FakeAgentTokenStore store_;
    core::CallContext context_ = test::any_context();
    std::unique_ptr<TokenVerifier> verifier_ = make_agent_token_verifier(loop_.executor(), clock_, store_);
    std::string last_id_;
};

TEST_F(AgentToken, HasTheDocumentedFormAndIsStoredHashed) {
    auto const made =
        loop_.run(make_agent_token(store_, clock_, "ci", core::Role::administrator, std::nullopt));
    ASSERT_TRUE(made);
    std::string const text(made->token.expose());
    EXPECT_TRUE(std::regex_match(text, std::regex("adoc_[0-9a-f]{12}_[A-Za-z0-9_-]{43}"))) << text;
    AgentTokenRecord const& stored = store_.record(made->record.id);
    EXPECT_EQ(stored.secret_sha256, core::sha256(text.substr(text.size() - 43)));
    EXPECT_EQ(stored.secret_sha256.size(), 32U);
    EXPECT_EQ(stored.role, core::Role::administrator);
    EXPECT_EQ(stored.created_at, clock_.system_now());
    auto const other = loop_.run(make_agent_token(store_, clock_, "ci", core::Role::reader, std::nullopt));
    EXPECT_NE(std::string(other->token.expose()), text);
}

TEST_F(AgentToken, RefusesANamelessOrAlreadyExpiredOne) {
    EXPECT_FALSE(loop_.run(make_agent_token(store_, clock_, "", core::Role::reader, std::nullopt)));
    EXPECT_FALSE(
        loop_.run(make_agent_token(store_, clock_, std::string(65, 'n'), core::Role::reader, std::nullopt)));
    EXPECT_FALSE(loop_.run(make_agent_token(store_, clock_, "ci", core::Role::reader, clock_.system_now())));
}

TEST_F(AgentToken, IsAcceptedAsItsPrincipal) {
    std::string const token = make(core::Role::user);
    core::Result<core::Principal> const principal = verify(token);
    ASSERT_TRUE(principal);
    EXPECT_EQ(principal->id, last_id_);
    EXPECT_EQ(principal->name, "ci");
    EXPECT_EQ(principal->role, core::Role::user);
}

TEST_F(AgentToken, IsRefusedWithoutALookUpWhenMalformed) {
    std::string const token = make();
    std::vector<std::string> const malformed{"",
                                             "adoc_",
                                             token + "x",
                                             token.substr(1),
                                             "ADOC" + token.substr(4),
                                             token.substr(0, token.size() - 1),
                                             token.substr(0, token.size() - 1) + "=",
                                             "adoc_ABCDEFABCDEF_" + std::string(43, 'a'),
                                             "adoc_abcdefabcdef-" + std::string(43, 'a'),
                                             "eyJhbGciOiJub25lIn0.e30."};
    for (std::string const& text : malformed) {
        EXPECT_EQ(reason(text), "The bearer token is not valid.") << text;
    }
    EXPECT_EQ(store_.lookups(), 0);
}

TEST_F(AgentToken, UnknownIdAndWrongSecretGetTheSameAnswer) {
    std::string const token = make();
    std::string wrong = token;
    wrong.back() = wrong.back() == 'A' ? 'B' : 'A';
    EXPECT_EQ(reason(wrong), "The bearer token is not valid.");
    EXPECT_EQ(reason("adoc_000000000000_" + std::string(43, 'A')), "The bearer token is not valid.");
    core::Result<core::Principal> const refused = verify(wrong);
    EXPECT_EQ(refused.error().kind(), core::ErrorKind::unauthorized);
    EXPECT_EQ(refused.error().code(), "invalid_token");
    EXPECT_EQ(test::all_text(refused.error()).find(wrong.substr(18)), std::string::npos);
}

TEST_F(AgentToken, IsRefusedOnceExpired) {
    std::string const token = make(core::Role::user, clock_.system_now() + hours(1));
    EXPECT_EQ(reason(token), "accepted");
    clock_.advance(hours(1));
    EXPECT_EQ(reason(token), "The bearer token has expired.");
}

TEST_F(AgentToken, AnExpiryNeedsNoLookUpToTakeEffect) {
    std::string const token = make(core::Role::user, clock_.system_now() + milliseconds(500));
    EXPECT_EQ(reason(token), "accepted");
    clock_.advance(milliseconds(500));
    EXPECT_EQ(reason(token), "The bearer token has expired.");
    EXPECT_EQ(store_.lookups(), 1);
}

TEST_F(AgentToken, RevocationIsSeenWithinASecondAndOnlyThenLookedUp) {
    std::string const token = make();
    for (int i = 0; i < 100; ++i) {
        EXPECT_EQ(reason(token), "accepted");
    }
    EXPECT_EQ(store_.lookups(), 1);
    loop_.run(store_.revoke_agent_token(last_id_));
    clock_.advance(milliseconds(1000));
    EXPECT_EQ(reason(token), "The bearer token has been revoked.");
    EXPECT_EQ(store_.lookups(), 2);
}

TEST_F(AgentToken, ConcurrentCallersShareOneLookUp) {
    std::string const token = make();
    std::vector<test::Loop::Spawned<core::Result<core::Principal>>> callers;
    for (int i = 0; i < 100; ++i) {
        callers.push_back(loop_.spawn(verifier_->verify(token, context_)));
    }
    loop_.poll();
    for (auto& caller : callers) {
        ASSERT_TRUE(caller.done());
        EXPECT_TRUE(caller.take());
    }
    EXPECT_EQ(store_.lookups(), 1);
}

TEST_F(AgentToken, AStoreFaultIsNoRefusalAndIsNotRemembered) {
    std::string const token = make();
    store_.fail_lookups(true);
    core::Result<core::Principal> const failed = verify(token);
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().kind(), core::ErrorKind::internal);
    store_.fail_lookups(false);
    EXPECT_EQ(reason(token), "accepted");
}

TEST_F(AgentToken, TwoAreValidWhileOneTakesTheOthersPlace) {
    std::string const old = make(core::Role::administrator);
    auto const made = loop_.run(rotate_agent_token(store_, clock_, "ci", hours(24), std::nullopt));
    ASSERT_TRUE(made) << core::describe(made.error());
    std::string const fresh(made->token.expose());
    EXPECT_EQ(made->record.role, core::Role::administrator);
    EXPECT_EQ(made->record.expires_at, std::nullopt);
    clock_.advance(milliseconds(1000));
    EXPECT_EQ(reason(old), "accepted");
    EXPECT_EQ(reason(fresh), "accepted");
    clock_.advance(hours(24));
    EXPECT_EQ(reason(old), "The bearer token has expired.");
    EXPECT_EQ(reason(fresh), "accepted");
}

TEST_F(AgentToken, ASuccessorLastsAsLongAsTheOldOneDidUnlessToldOtherwise) {
    make(core::Role::user, clock_.system_now() + hours(100));
    clock_.advance(hours(60));
    auto const made = loop_.run(rotate_agent_token(store_, clock_, "ci", hours(1), std::nullopt));
    ASSERT_TRUE(made);
    EXPECT_EQ(made->record.expires_at, clock_.system_now() + hours(100));
    auto const told =
        loop_.run(rotate_agent_token(store_, clock_, "ci", hours(1), clock_.system_now() + hours(5)));
    ASSERT_TRUE(told);
    EXPECT_EQ(told->record.expires_at, clock_.system_now() + hours(5));
}

TEST_F(AgentToken, WithoutAnOverlapTheOldOneEndsAtOnce) {
    std::string const old = make();
    ASSERT_TRUE(loop_.run(rotate_agent_token(store_, clock_, "ci", hours(0), std::nullopt)));
    EXPECT_EQ(reason(old), "The bearer token has expired.");
}

TEST_F(AgentToken, OnlyOneThatWorksHasASuccessor) {
    make();
    loop_.run(store_.revoke_agent_token(last_id_));
    make(core::Role::user, clock_.system_now() + hours(1));
    clock_.advance(hours(1));
    for (char const* const name : {"ci", "nobody", ""}) {
        auto const refused = loop_.run(rotate_agent_token(store_, clock_, name, hours(1), std::nullopt));
        ASSERT_FALSE(refused) << name;
        EXPECT_EQ(refused.error().code(), "token_not_found");
    }
}

TEST_F(AgentToken, NotesItsUseOnceAMinuteAndOnlyWhenItWasGood) {
    std::string const token = make();
    std::string wrong = token;
    wrong.back() = wrong.back() == 'A' ? 'B' : 'A';
    EXPECT_EQ(reason(wrong), "The bearer token is not valid.");
    loop_.poll();
    EXPECT_EQ(store_.notes(), 0);
    for (int i = 0; i < 50; ++i) {
        EXPECT_EQ(reason(token), "accepted");
        clock_.advance(milliseconds(1000));
    }
    loop_.poll();
    EXPECT_EQ(store_.notes(), 1);
    clock_.advance(milliseconds(10'000));
    core::SystemTime const now = clock_.system_now();
    EXPECT_EQ(reason(token), "accepted");
    loop_.poll();
    EXPECT_EQ(store_.notes(), 2);
    EXPECT_EQ(store_.record(last_id_).last_used_at, now);
}

TEST_F(AgentToken, AFloodOfInventedIdsStaysBounded) {
    std::string const token = make();
    EXPECT_EQ(reason(token), "accepted");
    for (int i = 0; i < 3000; ++i) {
        std::string id = std::to_string(100000000000 + i);
        EXPECT_EQ(reason("adoc_" + id + "_" + std::string(43, 'A')), "The bearer token is not valid.");
    }
    EXPECT_EQ(reason(token), "accepted");
}

} // namespace
} // namespace auth
