#include "auth/auth_challenge.hpp"

#include <gtest/gtest.h>

namespace auth {
namespace {

TEST(AuthChallenge, ReadsSeveralChallengesOfOneField) {
    auto const challenges = parse_challenges(
        R"(Bearer authorization_uri=https://login.example/t-1, Basic realm="a \"quoted\" realm", TFS-Federated)");
    ASSERT_EQ(challenges.size(), 3U);
    EXPECT_EQ(challenges[0].scheme, "Bearer");
    EXPECT_EQ(challenges[0].parameter("Authorization_URI"), "https://login.example/t-1");
    EXPECT_EQ(challenges[1].parameter("realm"), R"(a "quoted" realm)");
    EXPECT_EQ(challenges[2].scheme, "TFS-Federated");
    EXPECT_EQ(challenges[2].parameter("realm"), std::nullopt);
}

TEST(AuthChallenge, SurvivesAnyText) {
    for (char const* const text :
         {"", ",", "=", "\"", "Basic =", "Basic realm=\"open", "a=b", "\\\"\\", "  ,, x = \"y\""}) {
        SCOPED_TRACE(text);
        auto const challenges = parse_challenges(text);
        EXPECT_LE(challenges.size(), 2U);
    }
}

TEST(AuthChallenge, WritesTheBearerChallenge) {
    EXPECT_EQ(bearer_challenge(), R"(Bearer realm="ado-mcpd")");
    EXPECT_EQ(
        bearer_challenge(BearerHint("https://d.example/.well-known/oauth-protected-resource", "")),
        R"(Bearer realm="ado-mcpd", resource_metadata="https://d.example/.well-known/oauth-protected-resource")");
}

TEST(AuthChallenge, WritesInvalidTokenWithADescriptionThatCannotBreakOut) {
    EXPECT_EQ(
        refusal_challenge("invalid_token", "The bearer token has expired."),
        R"(Bearer realm="ado-mcpd", error="invalid_token", error_description="The bearer token has expired.")");
    std::string const hostile = refusal_challenge("invalid_token", "a\"b\\c\r\nX: y");
    EXPECT_EQ(hostile, R"(Bearer realm="ado-mcpd", error="invalid_token", error_description="a?b?c??X: y")");
}

} // namespace
} // namespace auth
