#include "protocol/envelope.hpp"

#include <gtest/gtest.h>

#include <string>

namespace {

using protocol::Json;

Json params_with(std::string const& traceparent) {
    Json params = Json::object();
    params["_meta"]["traceparent"] = traceparent;
    return params;
}

TEST(Envelope, ErrorsNameTheKey) {
    auto const no_version = protocol::read_envelope(Json::parse(R"({"_meta":{}})"));
    ASSERT_FALSE(no_version);
    EXPECT_NE(no_version.error().message.find("io.modelcontextprotocol/protocolVersion"), std::string::npos);
    auto const no_capabilities = protocol::read_envelope(
        Json::parse(R"({"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}})"));
    ASSERT_FALSE(no_capabilities);
    EXPECT_NE(no_capabilities.error().message.find("io.modelcontextprotocol/clientCapabilities"),
              std::string::npos);
}

TEST(Envelope, TakesAnyVersionForTheCallerToJudge) {
    auto const envelope =
        protocol::read_envelope(Json::parse(R"({"_meta":{"io.modelcontextprotocol/protocolVersion":"x",
            "io.modelcontextprotocol/clientCapabilities":{}}})"));
    ASSERT_TRUE(envelope);
    EXPECT_EQ(envelope->version, "x");
}

TEST(Envelope, AClaimToTheModernEraNeedsTheKeyOnly) {
    EXPECT_TRUE(protocol::claims_modern_era(
        Json::parse(R"({"_meta":{"io.modelcontextprotocol/protocolVersion":null}})")));
    EXPECT_FALSE(protocol::claims_modern_era(Json::parse(R"({"_meta":{"progressToken":1}})")));
    EXPECT_FALSE(protocol::claims_modern_era(Json::parse(R"({"_meta":[]})")));
    EXPECT_FALSE(protocol::claims_modern_era(Json()));
}

TEST(TraceParent, IsTakenWhenItIsAW3cTraceContext) {
    std::string const good = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    EXPECT_EQ(protocol::trace_parent_of(params_with(good)), good);
}

TEST(TraceParent, NothingElseGetsIntoHeadersAndLogs) {
    for (std::string const bad : {"",
                                  "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0",
                                  "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
                                  "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
                                  "00-00000000000000000000000000000000-b7ad6b7169203331-01",
                                  "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
                                  "00_0af7651916cd43dd8448eb211c80319c_b7ad6b7169203331_01",
                                  "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331\r\n01",
                                  "00-0af7651916cd43dd8448eb211c80319c-b7ad6b716920333\r\n-1"}) {
        EXPECT_EQ(protocol::trace_parent_of(params_with(bad)), std::nullopt) << bad;
    }
    EXPECT_EQ(protocol::trace_parent_of(Json()), std::nullopt);
}

} // namespace
