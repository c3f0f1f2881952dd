#include "protocol/param_headers.hpp"

#include "support/endpoint_fixture.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace {

using protocol::decode_mirrored_value;
using protocol::ParamHeaders;
using test::Json;

TEST(MirroredValue, StandsForItselfUnlessItIsMarkedAsBase64) {
    EXPECT_EQ(decode_mirrored_value("plain"), "plain");
    EXPECT_EQ(decode_mirrored_value(""), "");
    EXPECT_EQ(decode_mirrored_value("=?base64?"), "=?base64?");
    EXPECT_EQ(decode_mirrored_value("=?base64?abc"), "=?base64?abc");
    EXPECT_EQ(decode_mirrored_value("abc?="), "abc?=");
    EXPECT_EQ(decode_mirrored_value("=?base64?="), "=?base64?=");
    EXPECT_EQ(decode_mirrored_value("=?BASE64?YQ==?="), "=?BASE64?YQ==?=");
}

TEST(MirroredValue, DecodesMarkedText) {
    EXPECT_EQ(decode_mirrored_value("=?base64?w7wg5ryi?="), "ü 漢");
    EXPECT_EQ(decode_mirrored_value("=?base64?IGE=?="), " a");
    EXPECT_EQ(decode_mirrored_value("=?base64?"
                                    "?="),
              "");
}

TEST(MirroredValue, RefusesBrokenBase64) {
    EXPECT_EQ(decode_mirrored_value("=?base64?IGE?="), std::nullopt);  // padding
    EXPECT_EQ(decode_mirrored_value("=?base64?I*E=?="), std::nullopt); // alphabet
    EXPECT_EQ(decode_mirrored_value("=?base64?I E=?="), std::nullopt); // white space
    EXPECT_EQ(decode_mirrored_value("=?base64?_-8=?="), std::nullopt); // the URL alphabet
    EXPECT_EQ(decode_mirrored_value("=?base64?/w==?="), std::nullopt); // not UTF-8
}

TEST(ParamHeaders, AreReadFromTheSchemaByPath) {
    auto const params = ParamHeaders::of_schema(Json::parse(R"({"type":"object","properties":{
        "region":{"type":"string","x-mcp-header":"Region"},
        "inner":{"type":"object","properties":{"n":{"type":"integer","x-mcp-header":"N"}}}}})"));
    EXPECT_TRUE(params.findings.empty());
    ASSERT_EQ(params.headers.size(), 2U);
    EXPECT_EQ(params.headers[0].header, "Mcp-Param-N");
    EXPECT_EQ(params.headers[0].path, (std::vector<std::string>{"inner", "n"}));
    EXPECT_EQ(params.headers[1].header, "Mcp-Param-Region");
}

TEST(ParamHeaders, DefinitionsThatClientsDropAreFound) {
    for (char const* properties : {R"({"a":{"type":"string","x-mcp-header":""}})",
                                   R"({"a":{"type":"string","x-mcp-header":"a b"}})",
                                   R"({"a":{"type":"string","x-mcp-header":7}})",
                                   R"({"a":{"type":"number","x-mcp-header":"A"}})",
                                   R"({"a":{"x-mcp-header":"A"}})",
                                   R"({"a":{"type":"array","items":{"type":"string","x-mcp-header":"A"}}})",
                                   R"({"a":{"type":"string","x-mcp-header":"A"},
                                       "b":{"type":"string","x-mcp-header":"a"}})"}) {
        Json schema = Json::object();
        schema["properties"] = Json::parse(properties);
        EXPECT_FALSE(ParamHeaders::of_schema(schema).findings.empty()) << properties;
    }
}

struct ParamRow {
    std::string name;
    std::string arguments;
    test::HeaderList headers;
    int code;
};

TEST(ParamHeaders, MustRepeatTheArguments) {
    std::vector<ParamRow> const rows{
        {"same", R"({"region":"eu"})", {{"Mcp-Param-Region", "eu"}}, 0},
        {"other case of the name", R"({"region":"eu"})", {{"mcp-param-REGION", " eu "}}, 0},
        {"other value", R"({"region":"eu"})", {{"Mcp-Param-Region", "us"}}, -32020},
        {"other case of the value", R"({"region":"eu"})", {{"Mcp-Param-Region", "EU"}}, -32020},
        {"missing", R"({"region":"eu"})", {}, -32020},
        {"twice", R"({"region":"eu"})", {{"Mcp-Param-Region", "eu"}, {"Mcp-Param-Region", "eu"}}, -32020},
        {"base64", R"({"region":"ü"})", {{"Mcp-Param-Region", "=?base64?w7w=?="}}, 0},
        {"broken base64", R"({"region":"ü"})", {{"Mcp-Param-Region", "=?base64?w7w?="}}, -32020},
        {"literal prefix", R"({"region":"=?base64?x"})", {{"Mcp-Param-Region", "=?base64?x"}}, 0},
        {"absent argument", "{}", {}, 0},
        {"unknown header", "{}", {{"Mcp-Param-Other", "x"}}, 0},
        {"integer", R"({"shard":42})", {{"Mcp-Param-Shard", "42"}}, 0},
        {"integer as float", R"({"shard":42.0})", {{"Mcp-Param-Shard", "42"}}, 0},
        {"integer in other digits", R"({"shard":42})", {{"Mcp-Param-Shard", "042"}}, 0},
        {"other integer", R"({"shard":42})", {{"Mcp-Param-Shard", "43"}}, -32020},
        {"no integer", R"({"shard":42})", {{"Mcp-Param-Shard", "42x"}}, -32020},
        {"boolean", R"({"dry":true})", {{"Mcp-Param-Dry", "true"}}, 0},
        {"other boolean", R"({"dry":true})", {{"Mcp-Param-Dry", "1"}}, -32020},
    };
    test::EndpointFixture fixture;
    for (ParamRow const& row : rows) {
        SCOPED_TRACE(row.name);
        auto const reply = fixture.call_modern("route", Json::parse(row.arguments), row.headers);
        EXPECT_EQ(test::code_of(reply), row.code) << reply.body;
        EXPECT_EQ(reply.status, row.code == 0 ? 200 : 400);
    }
}

TEST(ParamHeaders, BelongToTheModernEraOnly) {
    test::EndpointFixture fixture;
    auto const reply = fixture.exchange(test::legacy_headers(protocol::Revision::v2025_11_25),
                                        test::legacy_call("route", Json::parse(R"({"region":"eu"})")));
    EXPECT_EQ(reply.status, 200);
    EXPECT_EQ(fixture.route.calls, 1);
}

} // namespace
