#include "support/endpoint_fixture.hpp"

#include <gtest/gtest.h>

#include <string>

namespace {

using protocol::Revision;
using test::Json;
using test::legacy_call;
using test::legacy_headers;
using test::legacy_request;

class Batch : public testing::Test {
protected:
    protocol::McpHttpReply send(Json const& batch, std::optional<Revision> revision = std::nullopt) {
        return fixture.exchange(legacy_headers(revision), batch);
    }
    test::EndpointFixture fixture;
};

Json notification() {
    return test::notification("notifications/initialized");
}

TEST_F(Batch, IsAnsweredAsOneArrayWithoutItsNotifications) {
    Json batch = Json::array();
    batch.push_back(legacy_request("ping", Json::object(), "a"));
    batch.push_back(notification());
    batch.push_back(legacy_request("no/such", Json::object(), 2));
    auto const reply = send(batch, Revision::v2025_03_26);
    EXPECT_EQ(reply.status, 200);
    Json const answers = test::json_of(reply);
    ASSERT_EQ(answers.size(), 2U);
    EXPECT_EQ(answers[0]["id"], "a");
    EXPECT_EQ(answers[0]["result"], Json::object());
    EXPECT_EQ(answers[1]["id"], 2);
    EXPECT_EQ(answers[1]["error"]["code"], -32601);
    EXPECT_TRUE(reply.failed);
}

TEST_F(Batch, IsTakenWithoutAVersionHeaderInASessionThatKnowsIt) {
    Json batch = Json::array();
    batch.push_back(legacy_call("echo", Json::parse(R"({"query":"x"})")));
    EXPECT_EQ(test::json_of(send(batch))[0]["result"]["content"][0]["type"], "text");
    EXPECT_EQ(fixture.echo.calls, 1);
}

TEST_F(Batch, OfNotificationsAndResponsesIsAccepted) {
    Json batch = Json::array();
    batch.push_back(notification());
    batch.push_back(Json::parse(R"({"jsonrpc":"2.0","id":1,"result":{}})"));
    auto const reply = send(batch);
    EXPECT_EQ(reply.status, 202);
    EXPECT_TRUE(reply.body.empty());
}

TEST_F(Batch, IsRefusedAsAWholeAndNothingOfItIsDone) {
    Json const call = legacy_call("echo", Json::parse(R"({"query":"x"})"));
    Json const initialize = legacy_request("initialize", Json::parse(R"({"protocolVersion":"2025-03-26"})"));
    for (Json const& bad : {Json(1), Json::object(), initialize, test::modern_request("tools/list")}) {
        Json batch = Json::array();
        batch.push_back(call);
        batch.push_back(bad);
        auto const reply = send(batch);
        EXPECT_EQ(reply.status, 400) << bad;
        EXPECT_EQ(test::code_of(reply), -32600) << bad;
        EXPECT_TRUE(test::json_of(reply)["id"].is_null());
    }
    EXPECT_EQ(fixture.echo.calls, 0);
}

TEST_F(Batch, IsBounded) {
    Json batch = Json::array();
    EXPECT_EQ(test::code_of(send(batch)), -32600);
    for (int i = 0; i < 50; ++i) {
        batch.push_back(legacy_request("ping", Json::object(), i));
    }
    EXPECT_EQ(test::json_of(send(batch)).size(), 50U);
    batch.push_back(legacy_request("ping"));
    EXPECT_EQ(test::code_of(send(batch)), -32600);
}

TEST_F(Batch, SessionsOfOtherRevisionsKnowNone) {
    Json batch = Json::array();
    batch.push_back(legacy_request("ping"));
    for (Revision const revision :
         {Revision::v2024_11_05, Revision::v2025_06_18, Revision::v2025_11_25, Revision::v2026_07_28}) {
        auto const reply = send(batch, revision);
        EXPECT_EQ(reply.status, 400);
        EXPECT_EQ(test::code_of(reply), -32600);
    }
}

TEST_F(Batch, BecomesOneEventEachForAClientThatTakesOnlyEvents) {
    Json batch = Json::array();
    batch.push_back(legacy_request("ping", Json::object(), 1));
    batch.push_back(legacy_request("ping", Json::object(), 2));
    auto const headers = test::with(legacy_headers(std::nullopt), "Accept", "text/event-stream");
    EXPECT_EQ(fixture.exchange(headers, batch).body,
              "event: message\ndata: {\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}}\n\n"
              "event: message\ndata: {\"jsonrpc\":\"2.0\",\"id\":2,\"result\":{}}\n\n");
}

} // namespace
