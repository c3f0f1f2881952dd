#include "auth/claims_request.hpp"

#include "core/text/base64.hpp"

#include <gtest/gtest.h>

#include <string>

namespace auth {
namespace {

constexpr std::string_view kWanted = R"({"access_token":{"nbf":{"essential":true,"value":"1795500000"}}})";

std::string challenge(std::string const& encoded, std::string const& error = "insufficient_claims") {
    return "Bearer realm=\"\", "
           "authorization_uri=\"https://login.microsoftonline.com/common/oauth2/authorize\", "
           "error=\"" +
           error + "\", claims=\"" + encoded + "\"";
}

TEST(ClaimsOfChallenge, ReadsEitherAlphabetWithAndWithoutPadding) {
    std::string const padded = core::base64_encode(kWanted);
    std::string unpadded = padded;
    while (unpadded.ends_with('=')) {
        unpadded.pop_back();
    }
    for (std::string const& encoded : {padded, unpadded, core::base64url_encode(kWanted)}) {
        EXPECT_EQ(claims_of_challenge(challenge(encoded)), kWanted) << encoded;
    }
}

TEST(ClaimsOfChallenge, FindsItBesideOtherChallenges) {
    std::string const all =
        "Basic realm=\"tfs\", " + challenge(core::base64_encode(kWanted)) + ", TFS-Federated";
    EXPECT_EQ(claims_of_challenge(all), kWanted);
}

TEST(ClaimsOfChallenge, IgnoresWhatAsksForNothing) {
    std::string const good = core::base64_encode(kWanted);
    for (std::string const& value :
         {std::string(),
          std::string("Bearer realm=\"x\""),
          std::string("Bearer error=\"insufficient_claims\""),
          challenge(good, "invalid_token"),
          challenge("no base64!"),
          challenge(core::base64_encode("[1]")),
          challenge(core::base64_encode("not json")),
          challenge(core::base64_encode("{\"a\":\"" + std::string(8000, 'x') + "\"}"))}) {
        EXPECT_EQ(claims_of_challenge(value), std::nullopt) << value.substr(0, 200);
    }
}

TEST(MergeClaims, KeepsBothRequests) {
    EXPECT_EQ(
        merge_claims(R"({"access_token":{"a":1}})", R"({"access_token":{"b":2},"id_token":{"c":null}})"),
        R"({"access_token":{"a":1,"b":2},"id_token":{"c":null}})");
}

TEST(MergeClaims, LetsTheLaterOneWin) {
    EXPECT_EQ(
        merge_claims(R"({"access_token":{"a":{"value":"1"}}})", R"({"access_token":{"a":{"value":"2"}}})"),
        R"({"access_token":{"a":{"value":"2"}}})");
}

TEST(MergeClaims, TakesWhatIsNoObjectForNothing) {
    EXPECT_EQ(merge_claims("", ""), "");
    EXPECT_EQ(merge_claims("nonsense", "[]"), "");
    EXPECT_EQ(merge_claims("nonsense", R"({"a":1})"), R"({"a":1})");
}

TEST(WithCapabilities, SaysThatAClaimsChallengeIsUnderstood) {
    EXPECT_EQ(with_capabilities(""), R"({"access_token":{"xms_cc":{"values":["cp1"]}}})");
    EXPECT_EQ(with_capabilities(R"({"access_token":{"nbf":{"value":"1"}}})"),
              R"({"access_token":{"nbf":{"value":"1"},"xms_cc":{"values":["cp1"]}}})");
}

} // namespace
} // namespace auth
