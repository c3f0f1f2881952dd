#include "protocol/jsonrpc.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace {

using protocol::Json;
using protocol::MessageKind;
using protocol::RequestId;

std::string id_text(Json const& json) {
    auto const id = RequestId::from_json(json);
    std::string text;
    if (id) {
        id->append_to(text);
    }
    return text;
}

TEST(RequestId, IsRepeatedAsItCame) {
    for (std::string const text : {"0",
                                   "-1",
                                   "9007199254740993",
                                   "9223372036854775807",
                                   "-9223372036854775808",
                                   "\"\"",
                                   "\"7\"",
                                   "\"a\\\"\\n\\u0000\"",
                                   "\"ü漢\""}) {
        EXPECT_EQ(id_text(Json::parse(text)), text);
    }
}

TEST(RequestId, RefusesWhatIsNoIdInMcp) {
    for (char const* text : {"null", "1.5", "1.0", "1e3", "true", "{}", "[]", "9223372036854775808"}) {
        EXPECT_FALSE(RequestId::from_json(Json::parse(text))) << text;
    }
}

TEST(RequestId, IsNullWhenNoneWasReadable) {
    std::string text;
    RequestId().append_to(text);
    EXPECT_EQ(text, "null");
}

TEST(JsonRpc, TellsTheKindsOfMessagesApart) {
    auto const kind = [](char const* text) { return protocol::read_message(Json::parse(text))->kind; };
    EXPECT_EQ(kind(R"({"jsonrpc":"2.0","id":1,"method":"m"})"), MessageKind::request);
    EXPECT_EQ(kind(R"({"jsonrpc":"2.0","method":"m"})"), MessageKind::notification);
    EXPECT_EQ(kind(R"({"jsonrpc":"2.0","id":1,"result":{}})"), MessageKind::response);
    EXPECT_EQ(kind(R"({"jsonrpc":"2.0","error":{"code":1,"message":"m"}})"), MessageKind::response);
}

TEST(JsonRpc, ReadsARequest) {
    auto const message =
        protocol::read_message(Json::parse(R"({"jsonrpc":"2.0","id":"a","method":"m","params":{"x":1}})"));
    ASSERT_TRUE(message);
    EXPECT_EQ(message->id, RequestId(std::string("a")));
    EXPECT_EQ(message->method, "m");
    EXPECT_EQ(message->params["x"], 1);
}

TEST(JsonRpc, FaultsCarryTheIdWhenItWasReadable) {
    auto const wrong_version = protocol::read_message(Json::parse(R"({"jsonrpc":"1","id":7,"method":"m"})"));
    ASSERT_FALSE(wrong_version);
    EXPECT_EQ(wrong_version.error().id, RequestId(7));
    EXPECT_EQ(wrong_version.error().error.code, -32600);
    auto const null_id = protocol::read_message(Json::parse(R"({"jsonrpc":"2.0","id":null,"method":"m"})"));
    ASSERT_FALSE(null_id);
    EXPECT_TRUE(null_id.error().id.empty());
}

TEST(JsonRpc, WritesResultsAndErrors) {
    EXPECT_EQ(protocol::result_response(RequestId(3), R"({"a":1})"),
              R"({"jsonrpc":"2.0","id":3,"result":{"a":1}})");
    EXPECT_EQ(protocol::error_response(RequestId(std::string("x")), protocol::RpcError(-1, "say \"no\"")),
              R"({"jsonrpc":"2.0","id":"x","error":{"code":-1,"message":"say \"no\""}})");
    Json data = Json::object();
    data["k"] = true;
    EXPECT_EQ(protocol::error_response({}, protocol::RpcError(-1, "m", data)),
              R"({"jsonrpc":"2.0","id":null,"error":{"code":-1,"message":"m","data":{"k":true}}})");
}

} // namespace
