#include "auth/tenant_lookup.hpp"

#include "auth_fixtures.hpp"
#include "support/run_coro.hpp"
#include "support/scripted_http_client.hpp"

#include <gtest/gtest.h>

namespace auth {
namespace {

using Headers = std::vector<std::pair<std::string, std::string>>;

std::string const kTenant = "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee";
std::string const kOther = "bbbbbbbb-bbbb-cccc-dddd-eeeeeeeeeeee";
std::string const kZeros = "00000000-0000-0000-0000-000000000000";

struct Row {
    char const* name;
    int status;
    Headers headers;
    std::optional<std::string> tenant;
};

class TenantOfResponse : public testing::TestWithParam<Row> {};

TEST_P(TenantOfResponse, IsRead) {
    Row const& row = GetParam();
    EXPECT_EQ(tenant_of_response(test::make_response(row.status, "", row.headers)), row.tenant);
}

INSTANTIATE_TEST_SUITE_P(
    Answers,
    TenantOfResponse,
    testing::Values(
        Row{"Header", 404, {{"X-VSS-ResourceTenant", kTenant}}, kTenant},
        Row{"UpperCaseHeader",
            200,
            {{"x-vss-resourcetenant", "AAAAAAAA-BBBB-CCCC-DDDD-EEEEEEEEEEEE"}},
            kTenant},
        Row{"ChallengeFirst",
            401,
            {{"X-VSS-ResourceTenant", kOther},
             {"WWW-Authenticate", "Bearer authorization_uri=https://login.microsoftonline.com/" + kTenant},
             {"WWW-Authenticate", "Basic realm=\"x\""}},
            kTenant},
        Row{"QuotedChallenge",
            302,
            {{"WWW-Authenticate",
              "Basic, Bearer authorization_uri=\"https://login.windows.net/" + kTenant + "/\""}},
            kTenant},
        Row{"ZerosAreOrganizations", 404, {{"X-VSS-ResourceTenant", kZeros}}, std::string("organizations")},
        Row{"FirstThatIsNotZeros",
            404,
            {{"X-VSS-ResourceTenant", kZeros}, {"X-VSS-ResourceTenant", kTenant}},
            kTenant},
        Row{"Nothing", 404, {}, std::nullopt},
        Row{"NoGuid", 404, {{"X-VSS-ResourceTenant", "../../evil"}}, std::nullopt},
        Row{"NoGuidInChallenge",
            401,
            {{"WWW-Authenticate", "Bearer authorization_uri=https://login.microsoftonline.com/common"}},
            std::nullopt}),
    [](testing::TestParamInfo<Row> const& row) { return row.param.name; });

TEST(TenantLookup, AsksTheIdentityServiceWithoutACredential) {
    test::ScriptedHttpClient http;
    http.respond(404, "", {{"X-VSS-ResourceTenant", kTenant}});
    core::CallContext const context = test::any_context();
    auto const tenant =
        test::run_coro(lookup_tenant(http, "https://vssps.dev.azure.com/", "con toso", context));
    ASSERT_TRUE(tenant);
    EXPECT_EQ(*tenant, kTenant);
    ASSERT_EQ(http.requests().size(), 1U);
    EXPECT_EQ(http.requests().front().method, "HEAD");
    EXPECT_EQ(http.requests().front().url, "https://vssps.dev.azure.com/con%20toso");
    EXPECT_TRUE(http.requests().front().credential.empty());
}

TEST(TenantLookup, SaysSoWhenTheAnswerNamesNone) {
    test::ScriptedHttpClient http;
    http.respond(404);
    core::CallContext const context = test::any_context();
    auto const tenant =
        test::run_coro(lookup_tenant(http, "https://vssps.dev.azure.com", "contoso", context));
    ASSERT_FALSE(tenant);
    EXPECT_EQ(tenant.error().kind(), core::ErrorKind::not_found);
    EXPECT_NE(tenant.error().message().find("contoso"), std::string::npos);
}

} // namespace
} // namespace auth
