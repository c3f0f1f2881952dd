#include "support/endpoint_fixture.hpp"

#include <gtest/gtest.h>

#include <string>

namespace {

using protocol::Revision;
using test::Json;

class Rendering : public testing::TestWithParam<Revision> {
protected:
    Json request(std::string const& method, Json params = Json::object(), std::string const& name = {}) {
        auto const reply = protocol::is_modern(GetParam())
                               ? fixture.exchange(test::modern_headers(method, name),
                                                  test::modern_request(method, std::move(params)))
                               : fixture.exchange(test::legacy_headers(GetParam()),
                                                  test::legacy_request(method, std::move(params)));
        EXPECT_EQ(reply.status, 200) << reply.body;
        return test::result_of(reply);
    }
    Json call(std::string const& tool, char const* arguments) {
        Json params = Json::object();
        params["name"] = tool;
        params["arguments"] = Json::parse(arguments);
        return request("tools/call", std::move(params), tool);
    }
    static bool modern() { return protocol::is_modern(GetParam()); }
    static bool since(Revision revision) { return GetParam() >= revision; }

    test::EndpointFixture fixture;
};

TEST_P(Rendering, ToolListHoldsWhatTheRevisionKnows) {
    Json const result = request("tools/list");
    ASSERT_EQ(result["tools"].size(), 4U);
    Json const& echo = result["tools"][0];
    EXPECT_EQ(echo["name"], "echo");
    EXPECT_EQ(echo["inputSchema"], fixture.echo.descriptor().input_schema);
    EXPECT_EQ(echo.contains("annotations"), since(Revision::v2025_03_26));
    EXPECT_EQ(echo.contains("title"), since(Revision::v2025_06_18));
    EXPECT_EQ(echo.contains("outputSchema"), since(Revision::v2025_06_18));
    if (since(Revision::v2025_03_26)) {
        EXPECT_EQ(echo["annotations"]["readOnlyHint"], true);
        EXPECT_EQ(echo["annotations"]["destructiveHint"], false);
        EXPECT_EQ(echo["annotations"]["idempotentHint"], true);
        EXPECT_EQ(echo["annotations"]["openWorldHint"], true);
        EXPECT_EQ(echo["annotations"].contains("title"), !since(Revision::v2025_06_18));
    }
    EXPECT_FALSE(result.contains("nextCursor"));
    EXPECT_EQ(result.contains("resultType"), modern());
    EXPECT_EQ(result.contains("ttlMs"), modern());
    EXPECT_EQ(result.contains("cacheScope"), modern());
    EXPECT_EQ(result.contains("_meta"), modern());
}

TEST_P(Rendering, CallResultHoldsWhatTheRevisionKnows) {
    Json const result = call("echo", R"({"query":"x"})");
    ASSERT_EQ(result["content"].size(), 1U);
    EXPECT_EQ(result["content"][0]["type"], "text");
    EXPECT_EQ(result["content"][0]["text"], "echo: {\"query\":\"x\"}");
    EXPECT_EQ(result.contains("structuredContent"), since(Revision::v2025_06_18));
    EXPECT_EQ(result.value("structuredContent", Json::parse(R"({"echo":{"query":"x"}})")),
              Json::parse(R"({"echo":{"query":"x"}})"));
    EXPECT_FALSE(result.contains("isError"));
    EXPECT_EQ(result.contains("resultType"), modern());
    EXPECT_EQ(result["_meta"]["ado-mcpd/identity"], "someone");
    EXPECT_EQ(result["_meta"].contains("io.modelcontextprotocol/serverInfo"), modern());
}

TEST_P(Rendering, ErrorResultsNeverHoldStructuredContent) {
    Json const result = call("fail", "{}");
    EXPECT_EQ(result["isError"], true);
    EXPECT_EQ(result["content"][0]["text"], "It failed. Do this.");
    EXPECT_FALSE(result.contains("structuredContent"));
    EXPECT_EQ(result.contains("_meta"), modern());
}

INSTANTIATE_TEST_SUITE_P(Revisions,
                         Rendering,
                         testing::ValuesIn(protocol::kRevisions),
                         [](auto const& param_info) {
                             std::string name(protocol::to_string(param_info.param));
                             for (char& c : name) {
                                 c = c == '-' ? '_' : c;
                             }
                             return name;
                         });

Json initialize(test::EndpointFixture& fixture, std::string const& version) {
    Json params = Json::parse(R"({"capabilities":{},"clientInfo":{"name":"t","version":"1"}})");
    params["protocolVersion"] = version;
    return test::result_of(
        fixture.exchange(test::legacy_headers(std::nullopt), test::legacy_request("initialize", params)));
}

TEST(Initialize, AnswersWithTheNegotiatedVersionAndWhatItKnows) {
    test::EndpointFixture fixture;
    Json const old = initialize(fixture, "2024-11-05");
    EXPECT_EQ(old["protocolVersion"], "2024-11-05");
    EXPECT_EQ(old["serverInfo"], Json::parse(R"({"name":"ado-mcpd","version":"9.8.7"})"));
    Json const latest = initialize(fixture, "2025-11-25");
    EXPECT_EQ(latest["protocolVersion"], "2025-11-25");
    EXPECT_EQ(latest["serverInfo"]["title"], "Azure DevOps connector");
    EXPECT_EQ(latest["instructions"], "Search before you read.");
    EXPECT_EQ(latest["capabilities"], Json::parse(R"({"tools":{}})"));
    EXPECT_FALSE(latest.contains("resultType"));
    EXPECT_FALSE(latest.contains("_meta"));
    EXPECT_EQ(initialize(fixture, "2026-07-28")["protocolVersion"], "2025-11-25");
    EXPECT_EQ(initialize(fixture, "1999-01-01")["protocolVersion"], "2025-11-25");
}

TEST(Discover, SaysWhatIsServedWithModernSemantics) {
    test::EndpointFixture fixture;
    Json const result = test::result_of(
        fixture.exchange(test::modern_headers("server/discover"), test::modern_request("server/discover")));
    EXPECT_EQ(result["supportedVersions"], Json::parse(R"(["2026-07-28"])"));
    EXPECT_EQ(result["capabilities"], Json::parse(R"({"tools":{}})"));
    EXPECT_EQ(result["instructions"], "Search before you read.");
    EXPECT_EQ(result["_meta"]["io.modelcontextprotocol/serverInfo"],
              Json::parse(R"({"name":"ado-mcpd","title":"Azure DevOps connector","version":"9.8.7"})"));
}

TEST(VersionHeader, ASessionIsAnsweredInItsRevisionWithoutOneAndWithAnother) {
    test::EndpointFixture fixture;
    Json const call = test::legacy_call("echo", Json::parse(R"({"query":"x"})"));
    for (Revision const revision : {Revision::v2025_03_26, Revision::v2025_11_25}) {
        std::string const session = fixture.open_session(revision);
        for (auto const named : {std::optional<Revision>(), std::optional(Revision::v2025_06_18)}) {
            auto const reply =
                fixture.exchange(test::with(test::legacy_headers(named), "Mcp-Session-Id", session), call);
            EXPECT_EQ(test::result_of(reply).contains("structuredContent"),
                      revision == Revision::v2025_11_25);
        }
    }
}

} // namespace
