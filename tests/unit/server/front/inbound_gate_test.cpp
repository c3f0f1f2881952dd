#include "server/front/inbound_gate.hpp"

#include "support/log_capture.hpp"
#include "support/run_coro.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace {

using core::Role;
using server::GateDecision;

/// Knows `good` as a user; fails with what it was told otherwise.
class FakeVerifier final : public auth::TokenVerifier {
public:
    core::Task<core::Result<core::Principal>> verify(std::string_view bearer,
                                                     core::CallContext const&) override {
        if (bearer == "good") {
            co_return core::Principal("token-1", "ci", Role::user);
        }
        co_return core::fail(core::Error(kind, "The access token is not known.")
                                 .with_code("invalid_token")
                                 .with_detail(detail));
    }
    core::ErrorKind kind = core::ErrorKind::unauthorized;
    std::string detail;
};

class InboundGate : public testing::Test {
protected:
    GateDecision
    check(std::vector<std::string> const& authorization, Role needed, char const* peer = "192.0.2.7:5000") {
        core::HttpHeaders headers;
        for (std::string const& value : authorization) {
            headers.add("Authorization", value);
        }
        core::CallContext const ctx("r-1", core::Deadline::never());
        return test::run_coro(gate.check(headers, needed, peer, ctx));
    }
    FakeVerifier verifier;
    std::unique_ptr<server::Authenticator> authenticator =
        server::make_token_authenticator(verifier, "Make one with 'ado-mcpd token create'.");
    server::InboundGate gate{*authenticator};
};

TEST_F(InboundGate, LetsAKnownTokenInWithItsRole) {
    for (char const* const value : {"Bearer good", "bearer good", "BEARER   good"}) {
        GateDecision const decision = check({value}, Role::user);
        ASSERT_TRUE(decision.principal) << value;
        EXPECT_EQ(decision.principal->id, "token-1");
    }
}

TEST_F(InboundGate, ChallengesWithoutAToken) {
    for (std::vector<std::string> const& fields : {std::vector<std::string>{}, {"Basic Z29vZA=="}}) {
        GateDecision const decision = check(fields, Role::reader);
        ASSERT_TRUE(decision.refusal);
        EXPECT_EQ(decision.refusal->status, 401);
        EXPECT_EQ(decision.refusal->headers.get("WWW-Authenticate"), R"(Bearer realm="ado-mcpd")");
        EXPECT_NE(decision.refusal->fix.find("ado-mcpd token create"), std::string::npos);
    }
}

TEST_F(InboundGate, SaysInvalidTokenForARefusedOne) {
    GateDecision const decision = check({"Bearer bad"}, Role::reader);
    ASSERT_TRUE(decision.refusal);
    EXPECT_EQ(decision.refusal->status, 401);
    EXPECT_NE(decision.refusal->headers.get("WWW-Authenticate")->find("error=\"invalid_token\""),
              std::string_view::npos);
}

TEST_F(InboundGate, RefusesMalformedAuthorization) {
    std::vector<std::vector<std::string>> const rows{{"Bearer"},
                                                     {"Bearer "},
                                                     {"Bearer a b"},
                                                     {"Bearer " + std::string(20'000, 'a')},
                                                     {"Bearer good", "Bearer good"}};
    for (std::vector<std::string> const& fields : rows) {
        GateDecision const decision = check(fields, Role::reader);
        ASSERT_TRUE(decision.refusal) << fields[0].substr(0, 40);
        EXPECT_EQ(decision.refusal->status, 400);
    }
}

TEST_F(InboundGate, RefusesARoleThatIsNotEnough) {
    GateDecision const decision = check({"Bearer good"}, Role::administrator);
    ASSERT_TRUE(decision.refusal);
    EXPECT_EQ(decision.refusal->status, 403);
    EXPECT_EQ(decision.refusal->code, "insufficient_role");
    EXPECT_NE(decision.refusal->headers.get("WWW-Authenticate")->find("insufficient_scope"),
              std::string_view::npos);
}

TEST_F(InboundGate, DoesNotBlameTheCallerWhenItsOwnStoreFails) {
    verifier.kind = core::ErrorKind::internal;
    GateDecision const decision = check({"Bearer bad"}, Role::reader);
    ASSERT_TRUE(decision.refusal);
    EXPECT_EQ(decision.refusal->status, 500);
    EXPECT_EQ(decision.refusal->headers.count("WWW-Authenticate"), 0U);
}

TEST_F(InboundGate, TellsATokenThatIsGoodAndGrantsNothingFromABadOne) {
    verifier.kind = core::ErrorKind::forbidden;
    GateDecision const decision = check({"Bearer bad"}, Role::reader);
    ASSERT_TRUE(decision.refusal);
    EXPECT_EQ(decision.refusal->status, 403);
    EXPECT_NE(decision.refusal->headers.get("WWW-Authenticate")->find("error=\"insufficient_scope\""),
              std::string_view::npos);
}

TEST_F(InboundGate, KeepsWhichCheckFailedForTheLog) {
    test::LogCapture const log;
    verifier.detail = "exp is 2026-11-27T00:00:00Z";
    GateDecision const decision = check({"Bearer bad"}, Role::reader);
    ASSERT_TRUE(decision.refusal);
    EXPECT_TRUE(log.contains("exp is 2026-11-27"));
    EXPECT_EQ(server::problem_reply(*decision.refusal).body.find("exp is"), std::string::npos);
    EXPECT_EQ(decision.refusal->headers.get("WWW-Authenticate")->find("exp is"), std::string_view::npos);
}

TEST_F(InboundGate, SaysWhenToTryAgainWhenItCannotTell) {
    verifier.kind = core::ErrorKind::overloaded;
    GateDecision const decision = check({"Bearer bad"}, Role::reader);
    ASSERT_TRUE(decision.refusal);
    EXPECT_EQ(decision.refusal->status, 503);
    EXPECT_TRUE(decision.refusal->headers.get("Retry-After"));
    EXPECT_EQ(decision.refusal->headers.count("WWW-Authenticate"), 0U);
}

TEST(AnonymousAuthenticator, LetsOnlyLoopbackIn) {
    std::unique_ptr<server::Authenticator> const anonymous = server::make_anonymous_authenticator(Role::user);
    server::InboundGate const gate(*anonymous);
    core::CallContext const ctx("r-1", core::Deadline::never());
    core::HttpHeaders const none;
    for (char const* const peer : {"127.0.0.1:5000", "[::1]:5000"}) {
        GateDecision const decision = test::run_coro(gate.check(none, Role::user, peer, ctx));
        ASSERT_TRUE(decision.principal) << peer;
        EXPECT_EQ(decision.principal->role, Role::user);
    }
    for (char const* const peer : {"10.0.0.1:5000", "[2001:db8::1]:5000", ""}) {
        GateDecision const decision = test::run_coro(gate.check(none, Role::user, peer, ctx));
        ASSERT_TRUE(decision.refusal) << peer;
        EXPECT_EQ(decision.refusal->status, 401);
    }
}

} // namespace
