#include "ado/error_map.hpp"

#include "support/scripted_http_client.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace {

using ado::ErrorContext;
using ado::is_credential_refusal;
using ado::is_success;
using ado::map_error;
using ado::Scope;
using core::ErrorKind;
using test::make_response;

using Headers = std::vector<std::pair<std::string, std::string>>;

Headers json_type() {
    return {{"Content-Type", "application/json; charset=utf-8"}};
}
Headers html_type() {
    return {{"Content-Type", "text/html; charset=utf-8"}};
}

/// The usual shape of a failure.
std::string vss(std::string const& key, std::string const& message) {
    return R"({"$id":"1","innerException":null,"message":")" + message + R"(","typeName":"Microsoft.X.)" +
           key + R"(, Microsoft.X","typeKey":")" + key + R"(","errorCode":0,"eventId":3000})";
}

ErrorContext context(Scope scope = Scope::code_read) {
    ErrorContext out(scope, "contoso");
    out.now = core::SystemTime(std::chrono::seconds(1'795'392'000));
    return out;
}

bool contains(std::string_view text, std::string_view part) {
    return text.find(part) != std::string_view::npos;
}

struct Row {
    std::string name;
    int status;
    std::string body;
    Headers headers;
    ErrorKind kind;
    std::string code;
    std::string message_part;
    bool not_sent;
};

std::vector<Row> rows() {
    std::string const named_user =
        "TF400813: The user '6f0c2a4e-8f0e-4a53-9a51-1f6f7b0f5d21' is not authorized to access "
        "this resource.";
    std::string const anonymous =
        "TF400813: The user 'aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa' is not authorized to access "
        "this resource.";
    return {
        {"unknown project",
         404,
         vss("ProjectDoesNotExistWithNameException", "TF200016: The following project does not exist: Foo."),
         json_type(),
         ErrorKind::not_found,
         "TF200016",
         "does not exist: Foo",
         true},
        {"no code in the message",
         404,
         vss("WikiPageNotFoundException", "Wiki page \xE2\x80\x98/abc\xE2\x80\x99 could not be found."),
         json_type(),
         ErrorKind::not_found,
         "WikiPageNotFoundException",
         "\xE2\x80\x98/abc\xE2\x80\x99",
         true},
        {"model binding",
         400,
         R"({"count":1,"value":{"Message":"The requested resource does not support x."}})",
         json_type(),
         ErrorKind::invalid_argument,
         "",
         "does not support x",
         true},
        {"plain text",
         404,
         "The controller for path '/Proj/_apis/wit/workItems/0' was not found or does not implement "
         "IController.",
         {{"Content-Type", "text/plain; charset=utf-8"}},
         ErrorKind::not_found,
         "",
         "The controller for path",
         true},
        {"empty body with a service error that was cut off",
         404,
         "",
         {{"X-TFS-ServiceError", "The%20controller%20for%20path%2"}},
         ErrorKind::not_found,
         "",
         "404",
         true},
        {"empty 401",
         401,
         "",
         {{"WWW-Authenticate", "Basic realm=\"https://tfsprodcus0.app.visualstudio.com/\""}},
         ErrorKind::unauthorized,
         "",
         "refused the credential",
         true},
        {"401 with an empty list",
         401,
         R"({"count":0,"value":[]})",
         {},
         ErrorKind::unauthorized,
         "",
         "refused the credential",
         true},
        {"expired PAT",
         401,
         vss("AccessCheckException", "Access Denied: The Personal Access Token used has expired."),
         json_type(),
         ErrorKind::unauthorized,
         "AccessCheckException",
         "expired",
         true},
        {"expired PAT as a page",
         401,
         "<!DOCTYPE html><html><head><title>Access Denied: The Personal Access Token used has "
         "expired.</title>",
         html_type(),
         ErrorKind::unauthorized,
         "",
         "expired",
         true},
        {"not a member",
         401,
         vss("UnauthorizedRequestException", named_user),
         json_type(),
         ErrorKind::forbidden,
         "TF400813",
         "6f0c2a4e",
         true},
        {"anonymous",
         401,
         vss("UnauthorizedRequestException", anonymous),
         json_type(),
         ErrorKind::unauthorized,
         "TF400813",
         "refused the credential",
         true},
        {"never signed in",
         401,
         vss("AadUserStateException",
             "VS403283: Identity x has not been materialized, please use interactive login."),
         json_type(),
         ErrorKind::forbidden,
         "VS403283",
         "not been materialized",
         true},
        {"sign-in page instead of an answer",
         203,
         "<html><title>Azure DevOps Services | Sign In</title>",
         html_type(),
         ErrorKind::unauthorized,
         "",
         "sign-in page",
         true},
        {"sign-in page with 200 and a BOM",
         200,
         "\xEF\xBB\xBF\r\n<html>",
         {{"Content-Type", "application/json"}},
         ErrorKind::unauthorized,
         "",
         "sign-in page",
         false},
        {"redirect to sign-in",
         302,
         "",
         {{"Location", "https://spsprodcus1.vssps.visualstudio.com/_signin?realm=dev.azure.com"}},
         ErrorKind::unauthorized,
         "",
         "refused the credential",
         true},
        {"redirect to the authority",
         302,
         "",
         {{"Location", "https://login.microsoftonline.com/common/oauth2/authorize?x"}},
         ErrorKind::unauthorized,
         "",
         "refused the credential",
         true},
        {"redirect elsewhere",
         301,
         "",
         {{"Location", "https://elsewhere.example/"}},
         ErrorKind::protocol,
         "",
         "not followed",
         true},
        {"permission",
         403,
         vss("GitNeedsPermissionException", "TF401027: You need the Git 'GenericRead' permission."),
         json_type(),
         ErrorKind::forbidden,
         "TF401027",
         "GenericRead",
         true},
        {"unknown organization as a page",
         404,
         "<html><title>Azure DevOps - 404</title>",
         html_type(),
         ErrorKind::not_found,
         "",
         "contoso",
         true},
        {"stale revision",
         412,
         vss("TestPatchOperationFailedException", "VS403351: Test Operation for path /rev failed."),
         json_type(),
         ErrorKind::conflict,
         "VS403351",
         "/rev",
         true},
        {"conflict",
         409,
         vss("X", "TF26071: changed"),
         json_type(),
         ErrorKind::conflict,
         "TF26071",
         "changed",
         true},
        {"throttled",
         429,
         vss("RequestBlockedException", "TF400733: The request has been canceled: Request was blocked."),
         json_type(),
         ErrorKind::rate_limited,
         "TF400733",
         "blocked",
         true},
        {"internal error",
         500,
         vss("VssServiceException",
             "TF400898: An Internal Error Occurred. Activity Id: 6f0c2a4e-8f0e-4a53-9a51-1f6f7b0f5d21."),
         json_type(),
         ErrorKind::upstream,
         "TF400898",
         "Internal Error",
         false},
        {"not found as a 500",
         500,
         vss("PipelineNotFoundException", "No pipeline 7."),
         json_type(),
         ErrorKind::not_found,
         "PipelineNotFoundException",
         "No pipeline",
         false},
        {"stopped organization",
         503,
         "\xEF\xBB\xBF" + vss("VssServiceException",
                              "TF24668: The following team project collection is stopped: dormant."),
         {{"Content-Type", "application/json"}, {"Retry-After", "5"}},
         ErrorKind::upstream,
         "TF24668",
         "stopped",
         true},
        {"outage", 503, "", {}, ErrorKind::upstream, "", "503", false},
        {"busy", 503, "", {{"Retry-After", "7"}}, ErrorKind::upstream, "", "503", true},
        {"gateway page",
         502,
         "<html><head><title>502 Bad Gateway</title></head>",
         html_type(),
         ErrorKind::upstream,
         "",
         "Bad Gateway",
         false},
        {"too many queries",
         400,
         vss("WorkItemTrackingQueryException", "VS402490: too many concurrent queries"),
         json_type(),
         ErrorKind::rate_limited,
         "VS402490",
         "concurrent",
         true},
        {"wrong area",
         400,
         vss("X", "TF401347: Invalid tree name given for work item -1, field 'System.AreaPath'."),
         json_type(),
         ErrorKind::invalid_argument,
         "TF401347",
         "System.AreaPath",
         true},
        {"broken JSON",
         400,
         "{\"message\":\"x",
         json_type(),
         ErrorKind::invalid_argument,
         "",
         "{\"message\"",
         true},
        {"JSON without anything", 500, "{}", json_type(), ErrorKind::upstream, "", "500", false},
        {"deeply nested", 500, std::string(5000, '['), json_type(), ErrorKind::upstream, "", "[[[", false},
        {"string", 400, "\"just words\"", json_type(), ErrorKind::invalid_argument, "", "just words", true},
        {"other gateway",
         502,
         R"({"error":{"message":"no backend"}})",
         {},
         ErrorKind::upstream,
         "",
         "no backend",
         false},
        {"request timeout", 408, "", {}, ErrorKind::upstream, "", "408", false},
        {"proxy", 407, "", {}, ErrorKind::network, "", "407", true},
    };
}

TEST(ErrorMap, TurnsEveryShapeIntoOneError) {
    for (Row const& row : rows()) {
        SCOPED_TRACE(row.name);
        core::Error const error = map_error(make_response(row.status, row.body, row.headers), context());
        EXPECT_EQ(core::to_string(error.kind()), core::to_string(row.kind));
        EXPECT_EQ(error.code(), row.code);
        EXPECT_EQ(error.status(), row.status);
        EXPECT_EQ(error.not_sent(), row.not_sent);
        EXPECT_TRUE(contains(error.message(), row.message_part)) << error.message();
    }
}

TEST(ErrorMap, TellsARefusedCredentialFromARefusedIdentity) {
    for (Row const& row : rows()) {
        SCOPED_TRACE(row.name);
        auto const response = make_response(row.status, row.body, row.headers);
        EXPECT_EQ(is_credential_refusal(response), row.kind == ErrorKind::unauthorized);
        EXPECT_FALSE(is_success(response));
    }
    auto const good = make_response(200, " {\"a\":1}", json_type());
    EXPECT_TRUE(is_success(good));
    EXPECT_FALSE(is_credential_refusal(good));
    EXPECT_TRUE(is_success(make_response(204)));
}

TEST(ErrorMap, NamesTheFieldsOfARuleError) {
    std::string const body =
        R"({"$id":"1","customProperties":{"RuleValidationErrors":[)"
        R"({"fieldReferenceName":"Microsoft.VSTS.Common.Severity","fieldStatusFlags":"required, invalidEmpty",)"
        R"("errorMessage":"TF401320: x","fieldStatusCode":524289},)"
        R"({"fieldReferenceName":"Custom.Team","fieldStatusFlags":"hasValues, limitedToValues, InvalidListValue"},)"
        R"({"fieldReferenceName":"Custom.Odd","fieldStatusFlags":"somethingNew"}]},)"
        R"("message":"TF401320: Rule Error for field Severity. Error code: Required.","typeKey":"RuleValidationException"})";
    core::Error const error = map_error(make_response(400, body, json_type()), context(Scope::work_write));
    EXPECT_EQ(error.kind(), ErrorKind::invalid_argument);
    EXPECT_EQ(error.code(), "TF401320");
    EXPECT_EQ(error.message(),
              "TF401320: Microsoft.VSTS.Common.Severity is required; Custom.Team has a value that is not one "
              "of the "
              "allowed ones; Custom.Odd breaks a rule of its type (somethingNew)");
    EXPECT_TRUE(contains(error.fix(), "others may follow"));
}

TEST(ErrorMap, ReadsARuleErrorFromItsOuterProperties) {
    std::string const body =
        R"({"customProperties":{"ErrorMessage":"TF401320: Rule Error for field Severity.",)"
        R"("FieldStatusFlags":"required, hasValues, limitedToValues","FieldReferenceName":"Microsoft.VSTS.Common.Severity"},)"
        R"("message":"TF401320: Rule Error for field Severity.","typeKey":"RuleValidationException"})";
    core::Error const error = map_error(make_response(400, body, json_type()), context());
    EXPECT_EQ(
        error.message(),
        "TF401320: Microsoft.VSTS.Common.Severity is required and takes one of its allowed values only");
}

TEST(ErrorMap, KeepsTheActivityId) {
    std::string const id = "0dafdc50-f9cf-4b55-b970-38fa8c1f0be1";
    EXPECT_EQ(map_error(make_response(500, "", {{"ActivityId", id}}), context()).activity_id(), id);
    EXPECT_EQ(map_error(make_response(500, "", {{"x-vss-e2eid", id}}), context()).activity_id(), id);
    std::string const body = vss("X", "TF400898: An Internal Error Occurred. Activity Id: " + id + ".");
    EXPECT_EQ(map_error(make_response(500, body), context()).activity_id(), id);
    EXPECT_EQ(map_error(make_response(500, "Activity Id: short"), context()).activity_id(), "short");
}

TEST(ErrorMap, CarriesTheWaitAskedForButNotForAStoppedOrganization) {
    auto const wait = [](int status, std::string body, std::string value) {
        return map_error(make_response(status, std::move(body), {{"Retry-After", std::move(value)}}),
                         context())
            .retry_after();
    };
    EXPECT_EQ(wait(429, "", "7"), std::chrono::seconds(7));
    EXPECT_EQ(wait(429, "", "0.5"), std::chrono::seconds(1));
    EXPECT_EQ(wait(503, "", "99999999"), std::chrono::seconds(300));
    EXPECT_EQ(wait(503, vss("V", "TF24668: stopped"), "5"), std::nullopt);
    EXPECT_EQ(wait(429, "", "soon"), std::nullopt);
}

TEST(ErrorMap, SaysWhatToDo) {
    auto const fix = [](int status, std::string const& message) {
        return map_error(make_response(status, vss("X", message), json_type()), context()).fix();
    };
    EXPECT_TRUE(
        contains(fix(401, "Access Denied: The Personal Access Token used has expired."), "create a new one"));
    EXPECT_TRUE(
        contains(fix(404, "TF401175: The version descriptor <Branch: refs/heads/x>"), "not refs/heads/main"));
    EXPECT_TRUE(contains(fix(400, "TF401347: Invalid tree name"), "backslashes"));
    EXPECT_TRUE(contains(fix(503, "TF24668: stopped"), "does not help"));
    EXPECT_TRUE(contains(fix(401, "TF400813: The user 'x' is not authorized"),
                         "not a member of the organization contoso"));
    EXPECT_TRUE(contains(map_error(make_response(401), context()).fix(), "`Code.Read` (vso.code)"));

    ErrorContext search = context();
    search.code_search = true;
    EXPECT_TRUE(contains(map_error(make_response(404), search).fix(), "Code Search extension"));
    EXPECT_TRUE(contains(map_error(make_response(400), search).fix(), "ms.vss-code-search"));
}

TEST(ErrorMap, NamesAMissingScopeInTheWordsOfTheProduct) {
    core::Error const error = ado::missing_scope(Scope::code_read, make_response(401));
    EXPECT_EQ(error.kind(), ErrorKind::forbidden);
    EXPECT_EQ(error.message(), "Token lacks `Code.Read` permission");
    EXPECT_TRUE(contains(error.fix(), "vso.code"));
    EXPECT_TRUE(error.not_sent());
    EXPECT_TRUE(contains(ado::missing_scope(Scope::work_write, make_response(401)).fix(), "vso.work_write"));
}

TEST(ErrorMap, CleansAndBoundsUpstreamText) {
    std::string const body = "line\x01\x1b[31m one\r\n\ttwo \xFF " + std::string(5000, 'x');
    core::Error const error = map_error(make_response(400, body), context());
    EXPECT_TRUE(error.message().starts_with("line [31m one two \xEF\xBF\xBD xxx"))
        << error.message().substr(0, 40);
    EXPECT_LT(error.message().size(), 1100U);

    std::string const pat = std::string(76, 'A') + "AZDO" + "1234";
    EXPECT_FALSE(
        contains(map_error(make_response(400, "token " + pat + " is bad"), context()).message(), pat));
}

TEST(ErrorMap, SurvivesAnyBody) {
    std::mt19937 random(3);
    std::vector<Row> const table = rows();
    for (int round = 0; round < 3000; ++round) {
        Row const& row = table[random() % table.size()];
        std::string body = row.body;
        for (std::size_t i = random() % 8; i > 0 && !body.empty(); --i) {
            body[random() % body.size()] = static_cast<char>(random() % 256);
        }
        body.resize(random() % (body.size() + 1));
        core::Error const error =
            map_error(make_response(static_cast<int>(200 + random() % 400), body, row.headers), context());
        EXPECT_FALSE(error.message().empty());
    }
}

} // namespace
