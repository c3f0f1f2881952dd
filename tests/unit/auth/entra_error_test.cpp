#include "auth/entra_error.hpp"

#include "auth_fixtures.hpp"
#include "support/scripted_http_client.hpp"

#include <gtest/gtest.h>

namespace auth {
namespace {

using std::chrono::seconds;

core::SystemTime const kNow{seconds(1'795'392'000)};

EntraErrorContext context() {
    EntraErrorContext context;
    context.authority = "https://login.microsoftonline.com";
    context.tenant = std::string(test::kTargetTenant);
    context.client_id = std::string(test::kAppId);
    context.organization = "contoso";
    return context;
}

EntraError
parse(int status, std::string body, std::vector<std::pair<std::string, std::string>> const& headers = {}) {
    return parse_entra_error(test::make_response(status, std::move(body), headers), context(), kNow);
}

struct Row {
    long long code;
    char const* error;
    FailureClass failure_class;
    ProviderState state;
    bool grant_is_dead;
    char const* words; ///< part of message or fix
};

class EntraErrorTable : public testing::TestWithParam<Row> {};

TEST_P(EntraErrorTable, IsClassifiedAndWorded) {
    Row const& row = GetParam();
    EntraError const error = parse(400, test::entra_error(row.error, row.code));
    EXPECT_EQ(to_string(error.failure.failure_class), to_string(row.failure_class));
    EXPECT_EQ(to_string(error.failure.state), to_string(row.state));
    EXPECT_EQ(error.grant_is_dead, row.grant_is_dead);
    EXPECT_EQ(error.failure.error.code(), "AADSTS" + std::to_string(row.code));
    EXPECT_EQ(error.failure.error.activity_id(), "c0ffee");
    std::string const text = test::all_text(error.failure.error);
    EXPECT_NE(text.find(row.words), std::string::npos) << text;
    EXPECT_EQ(text.find('{'), std::string::npos) << "a placeholder was left: " << text;
    EXPECT_EQ(text.find("Trace ID"), std::string::npos) << text;
}

using State = ProviderState;
using Class = FailureClass;

INSTANTIATE_TEST_SUITE_P(
    Codes,
    EntraErrorTable,
    testing::Values(
        Row{50076, "invalid_grant", Class::user, State::sign_in_required, false, "multi-factor"},
        Row{50079, "interaction_required", Class::user, State::sign_in_required, false, "multi-factor"},
        Row{50158, "interaction_required", Class::user, State::sign_in_required, false, "managed device"},
        Row{53003, "access_denied", Class::admin, State::admin_action_required, false, "22222222-2222"},
        Row{530032, "access_denied", Class::admin, State::admin_action_required, false, "Conditional Access"},
        Row{50105,
            "interaction_required",
            Class::admin,
            State::admin_action_required,
            false,
            "administrator"},
        Row{50173, "invalid_grant", Class::user, State::sign_in_required, true, "revoked"},
        Row{700082,
            "invalid_grant",
            Class::user,
            State::sign_in_required,
            true,
            "login --organization contoso"},
        Row{70008, "invalid_grant", Class::user, State::sign_in_required, true, "expired"},
        Row{700084, "invalid_grant", Class::user, State::sign_in_required, true, "web or native"},
        Row{70043, "invalid_grant", Class::user, State::sign_in_required, true, "managed identity"},
        Row{70000, "invalid_grant", Class::user, State::sign_in_required, true, "not valid"},
        Row{50055, "invalid_grant", Class::user, State::sign_in_required, false, "password"},
        Row{50057, "invalid_grant", Class::admin, State::admin_action_required, false, "disabled"},
        Row{65001,
            "invalid_grant",
            Class::user,
            State::consent_required,
            false,
            "https://login.microsoftonline.com/22222222-2222-2222-2222-222222222222/"
            "adminconsent?client_id=33333333"},
        Row{90094, "invalid_grant", Class::admin, State::consent_required, false, "adminconsent"},
        Row{65002,
            "invalid_client",
            Class::configuration,
            State::misconfigured,
            false,
            "Register an application"},
        Row{650057,
            "invalid_resource",
            Class::configuration,
            State::misconfigured,
            false,
            "user_impersonation"},
        Row{50020, "invalid_grant", Class::user, State::sign_in_required, false, "organization contoso"},
        Row{500212, "access_denied", Class::admin, State::admin_action_required, false, "cross-tenant"},
        Row{500011,
            "invalid_resource",
            Class::admin,
            State::admin_action_required,
            false,
            "service principal"},
        Row{700016,
            "unauthorized_client",
            Class::configuration,
            State::misconfigured,
            false,
            "33333333-3333"},
        Row{90002, "invalid_request", Class::configuration, State::misconfigured, false, "does not exist"},
        Row{9001023, "invalid_request", Class::configuration, State::misconfigured, false, "tenant's own id"},
        Row{7000215,
            "invalid_client",
            Class::configuration,
            State::misconfigured,
            false,
            "client_secret_file"},
        Row{7000218,
            "invalid_client",
            Class::configuration,
            State::misconfigured,
            false,
            "public client flows"},
        Row{700025, "invalid_client", Class::configuration, State::misconfigured, false, "public client"},
        Row{700024, "invalid_client", Class::transient, State::failing, false, "clock"},
        Row{70021,
            "invalid_request",
            Class::configuration,
            State::misconfigured,
            false,
            "federated credential"},
        Row{700211, "invalid_client", Class::configuration, State::misconfigured, false, "issuer"},
        Row{700212, "invalid_client", Class::configuration, State::misconfigured, false, "audience"},
        Row{700213, "invalid_client", Class::configuration, State::misconfigured, false, "subject"},
        Row{70025,
            "invalid_client",
            Class::configuration,
            State::misconfigured,
            false,
            "no federated credential"},
        Row{700222, "invalid_client", Class::configuration, State::misconfigured, false, "same cloud"},
        Row{7002206, "invalid_client", Class::configuration, State::misconfigured, false, "same cloud"},
        Row{700238, "invalid_client", Class::admin, State::admin_action_required, false, "tenant policy"},
        Row{54005,
            "invalid_grant",
            Class::permanent,
            State::sign_in_required,
            true,
            "Start the sign-in again"},
        Row{28000, "invalid_scope", Class::configuration, State::misconfigured, false, "scope"},
        Row{90033, "temporarily_unavailable", Class::transient, State::failing, false, "temporarily"},
        Row{50196, "invalid_grant", Class::transient, State::throttled, false, "too often"}),
    [](testing::TestParamInfo<Row> const& row) { return "Aadsts" + std::to_string(row.param.code); });

TEST(EntraError, FamilyOfIssuerCodesIsUnderstoodByItsFront) {
    EntraError const error = parse(401, test::entra_error("invalid_client", 70022206));
    EXPECT_NE(error.failure.error.fix().find("same cloud"), std::string::npos);
    EXPECT_EQ(error.failure.error.code(), "AADSTS70022206");
}

TEST(EntraError, UnknownCodesAreShownWholeWithTheirCorrelationId) {
    EntraError const error = parse(400, test::entra_error("invalid_grant", 7654321));
    EXPECT_EQ(error.failure.error.code(), "AADSTS7654321");
    std::string const& message = error.failure.error.message();
    EXPECT_NE(message.find("AADSTS7654321: Something is wrong."), std::string::npos) << message;
    EXPECT_NE(message.find("c0ffee"), std::string::npos) << message;
    EXPECT_EQ(error.failure.failure_class, FailureClass::user);
    EXPECT_TRUE(error.grant_is_dead) << "a bare invalid_grant ends the grant";
}

TEST(EntraError, StatusOfTheMomentOutweighsTheCode) {
    for (int const status : {429, 500, 503, 504}) {
        EntraError const error = parse(status, test::entra_error("invalid_grant", 700082));
        EXPECT_EQ(error.failure.failure_class, FailureClass::transient) << status;
        EXPECT_FALSE(error.grant_is_dead) << status;
    }
    EXPECT_EQ(parse(429, "").failure.state, ProviderState::throttled);
    EXPECT_EQ(parse(429, "").failure.error.kind(), core::ErrorKind::rate_limited);
    EXPECT_EQ(parse(503, "").failure.error.kind(), core::ErrorKind::upstream);
}

TEST(EntraError, SuberrorsDecideWhereTheCodeSaysNothing) {
    EntraError const consent = parse(400, R"({"error":"invalid_grant","suberror":"consent_required"})");
    EXPECT_EQ(consent.failure.state, ProviderState::consent_required);
    EntraError const dead = parse(400, R"({"error":"interaction_required","suberror":"bad_token"})");
    EXPECT_TRUE(dead.grant_is_dead);
    EntraError const alive =
        parse(400, R"({"error":"interaction_required","suberror":"basic_action","claims":"{}"})");
    EXPECT_FALSE(alive.grant_is_dead);
    EXPECT_EQ(alive.claims, "{}");
}

TEST(EntraError, UnderstandsBodiesThatAreNotJson) {
    for (char const* const body : {"", "<html>Bad Request</html>", "[1,2]", "\xff\xfe", "{\"error\":"}) {
        EntraError const error = parse(400, body);
        EXPECT_TRUE(error.failure.permanent());
        EXPECT_TRUE(error.grant_is_dead);
        EXPECT_NE(error.failure.error.message().find("HTTP 400"), std::string::npos);
    }
    EntraError const text = parse(400, "AADSTS700016: Application with identifier x was not found");
    EXPECT_EQ(text.failure.error.code(), "AADSTS700016");
    EXPECT_TRUE(parse(403, R"({"error":"invalid_code"})").grant_is_dead) << "another server's word";
}

TEST(EntraError, ReadsCodesFromTheDescriptionWhenTheListIsMissing) {
    EntraError const error = parse(
        400, R"({"error":"invalid_grant","error_description":"AADSTS70043: The refresh token has expired"})");
    EXPECT_EQ(error.failure.error.code(), "AADSTS70043");
    EXPECT_TRUE(error.has_code(70043));
}

TEST(EntraError, RetryAfterIsReadAsSecondsOrDateAndClamped) {
    EXPECT_EQ(parse(503, "", {{"Retry-After", "7"}}).failure.error.retry_after(), seconds(7));
    EXPECT_EQ(parse(503, "", {{"Retry-After", "0"}}).failure.error.retry_after(), seconds(1));
    EXPECT_EQ(parse(503, "", {{"Retry-After", "90000"}}).failure.error.retry_after(), seconds(3600));
    EXPECT_EQ(parse(503, "").failure.error.retry_after(), std::nullopt);
    EXPECT_EQ(parse(429, "").failure.error.retry_after(), seconds(60));
    EXPECT_EQ(parse(400, test::entra_error("invalid_grant", 50196)).failure.error.retry_after(),
              seconds(300));
}

TEST(EntraError, ShowsWhatAnAssertionPresented) {
    EntraErrorContext presented = context();
    presented.assertion_issuer = "https://login.microsoftonline.com/home/v2.0";
    presented.assertion_subject = "the-principal";
    presented.assertion_audience = "the-audience";
    EntraError const error = parse_entra_error(
        test::make_response(401, test::entra_error("invalid_client", 700213)), presented, kNow);
    for (char const* const part : {"login.microsoftonline.com/home/v2.0", "the-principal", "the-audience"}) {
        EXPECT_NE(error.failure.error.message().find(part), std::string::npos) << part;
    }
}

TEST(EntraError, NeverRepeatsASecretTheServerEchoed) {
    std::string const jwt = test::make_jwt(R"({"sub":"canary"})");
    std::string const refresh_token = "1." + std::string("A") + std::string(80, 'x');
    EntraError const error = parse(400,
                                   R"({"error":"invalid_grant","error_description":"bad token )" + jwt +
                                       " or " + refresh_token + R"("})");
    std::string const text = test::all_text(error.failure.error);
    EXPECT_EQ(text.find(jwt), std::string::npos);
    EXPECT_EQ(text.find(refresh_token), std::string::npos);
}

} // namespace
} // namespace auth
