#include "protocol/schema.hpp"

#include <nlohmann/json.hpp>

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

// What a schema or a value cannot do to the process, and what happens where a schema is out of reach.
namespace {

using protocol::check_schema_supported;
using protocol::CompiledSchema;
using protocol::Json;
using protocol::validate;

Json nested_arrays(std::size_t depth) {
    Json value = Json::array();
    for (std::size_t i = 1; i < depth; ++i) {
        Json outer = Json::array();
        outer.push_back(std::move(value));
        value = std::move(outer);
    }
    return value;
}

std::string only_problem(Json const& schema, Json const& value) {
    auto const problems = validate(schema, value);
    EXPECT_EQ(problems.size(), 1U);
    return problems.empty() ? std::string() : to_string(problems.front());
}

TEST(SchemaLimits, StopAtValuesThatAreNestedTooDeep) {
    Json const schema = Json::parse(R"({"items":{"$ref":"#"}})");
    EXPECT_TRUE(validate(schema, nested_arrays(protocol::kMaxSchemaDepth / 2)).empty());
    for (std::size_t const depth : {protocol::kMaxSchemaDepth + 1, std::size_t{50'000}}) {
        EXPECT_NE(
            only_problem(schema, nested_arrays(depth)).find("more than 256 subschemas within each other"),
            std::string::npos);
    }
}

TEST(SchemaLimits, ComparesDeepValuesWithoutRecursion) {
    Json const deep = nested_arrays(50'000);
    Json schema = Json::object();
    schema["const"] = nested_arrays(50'000);
    EXPECT_TRUE(validate(schema, deep).empty());
    EXPECT_FALSE(validate(schema, nested_arrays(49'999)).empty());
    Json twins = Json::array();
    twins.push_back(nested_arrays(10'000));
    twins.push_back(nested_arrays(10'000));
    EXPECT_FALSE(validate(Json::parse(R"({"uniqueItems":true})"), twins).empty());
}

TEST(SchemaLimits, TakesSchemasOfAnyDepthWithoutRecursion) {
    Json schema = Json::object();
    for (int i = 0; i < 50'000; ++i) {
        Json outer = Json::object();
        outer["items"] = std::move(schema);
        schema = std::move(outer);
    }
    auto const compiled = CompiledSchema::compile(std::move(schema));
    EXPECT_EQ(compiled.findings(), std::vector<std::string>{": more than 10000 subschemas"});
    EXPECT_EQ(compiled.validate(1).size(), 1U);
    Json value = nested_arrays(5);
    compiled.normalize_integers(value);
}

TEST(SchemaLimits, StopAtReferencesThatMultiplyWork) {
    // Each level asks twice for the next: 2^60 evaluations.
    Json const bomb = Json::parse(R"({"$ref":"#/$defs/a","$defs":{"a":{"type":["array","null"],
        "anyOf":[{"items":{"$ref":"#/$defs/a"},"minItems":1},{"items":{"$ref":"#/$defs/a"},"maxItems":0},
                 {"type":"null"}]}}})");
    Json value = 1;
    for (int i = 0; i < 60; ++i) {
        Json outer = Json::array();
        outer.push_back(std::move(value));
        outer.push_back(nullptr);
        value = std::move(outer);
    }
    Json const laughs = Json::parse(R"({"$ref":"#/$defs/l0","$defs":{
        "l0":{"allOf":[{"$ref":"#/$defs/l1"},{"$ref":"#/$defs/l1"},{"$ref":"#/$defs/l1"},{"$ref":"#/$defs/l1"},
                       {"$ref":"#/$defs/l1"},{"$ref":"#/$defs/l1"},{"$ref":"#/$defs/l1"},{"$ref":"#/$defs/l1"}]},
        "l1":{"allOf":[{"$ref":"#/$defs/l2"},{"$ref":"#/$defs/l2"},{"$ref":"#/$defs/l2"},{"$ref":"#/$defs/l2"},
                       {"$ref":"#/$defs/l2"},{"$ref":"#/$defs/l2"},{"$ref":"#/$defs/l2"},{"$ref":"#/$defs/l2"}]},
        "l2":{"allOf":[{"$ref":"#/$defs/l3"},{"$ref":"#/$defs/l3"},{"$ref":"#/$defs/l3"},{"$ref":"#/$defs/l3"},
                       {"$ref":"#/$defs/l3"},{"$ref":"#/$defs/l3"},{"$ref":"#/$defs/l3"},{"$ref":"#/$defs/l3"}]},
        "l3":{"allOf":[{"$ref":"#/$defs/l4"},{"$ref":"#/$defs/l4"},{"$ref":"#/$defs/l4"},{"$ref":"#/$defs/l4"},
                       {"$ref":"#/$defs/l4"},{"$ref":"#/$defs/l4"},{"$ref":"#/$defs/l4"},{"$ref":"#/$defs/l4"}]},
        "l4":{"items":{"type":"integer"}}}})");
    EXPECT_NE(only_problem(laughs, Json(std::vector<int>(100, 1))).find("more than 250000 steps"),
              std::string::npos);
    // Whatever the first findings are, it ends.
    EXPECT_FALSE(validate(bomb, value).empty());
}

TEST(SchemaLimits, HoldForLongArraysAndObjects) {
    Json long_array = Json::array();
    for (int i = 0; i < 300'000; ++i) {
        long_array.push_back(i);
    }
    EXPECT_NE(only_problem(Json::parse(R"({"items":{"type":"integer"}})"), long_array).find("steps"),
              std::string::npos);
    EXPECT_NE(only_problem(Json::parse(R"({"uniqueItems":true})"), long_array).find("steps"),
              std::string::npos);
    EXPECT_TRUE(validate(Json::parse(R"({"type":"array"})"), long_array).empty());
}

TEST(SchemaLimits, AStopIsNeverTurnedIntoAPassByNot) {
    Json const schema = Json::parse(R"({"not":{"items":{"$ref":"#/$defs/deep"}},
        "$defs":{"deep":{"items":{"$ref":"#/$defs/deep"}}}})");
    EXPECT_NE(only_problem(schema, nested_arrays(1000)).find("subschemas within each other"),
              std::string::npos);
    Json const remote = Json::parse(R"({"not":{"$ref":"https://x.example/y"}})");
    EXPECT_NE(only_problem(remote, 1).find("never fetched"), std::string::npos);
}

TEST(SchemaReferences, ThatLeadOutsideAreReportedAndRefuseOnlyWhatDependsOnThem) {
    Json const schema = Json::parse(
        R"({"$id":"https://x.example/root","properties":{"a":{"$ref":"other.json#/b"},"c":{"type":"null"}}})");
    EXPECT_EQ(check_schema_supported(schema),
              std::vector<std::string>{
                  "/properties/a/$ref: refers to \"https://x.example/other.json\", which is not "
                  "part of this schema and is never fetched"});
    EXPECT_TRUE(validate(schema, Json::parse(R"({"c":null})")).empty());
    EXPECT_EQ(
        only_problem(schema, Json::parse(R"({"a":1})")),
        "`/a`: found a value whose schema cannot be checked here: /properties/a/$ref: refers to "
        "\"https://x.example/other.json\", which is not part of this schema and is never fetched, expected a "
        "schema that this server supports; the fault is the schema's, not the value's");
}

TEST(SchemaReferences, ThatLeadNowhereAreReported) {
    for (
        auto const& [schema, finding] : std::vector<std::pair<char const*, char const*>>{
            {R"({"$ref":"#/$defs/x"})", "/$ref: refers to \"/$defs/x\", which is not there"},
            {R"({"$ref":"#x"})", "/$ref: refers to the anchor \"x\", which is not there"},
            {R"({"$dynamicRef":"#x"})", "/$dynamicRef: refers to the anchor \"x\", which is not there"},
            {R"({"$ref":1})", "/$ref: must be a URI reference"},
            {R"({"$ref":"#/enum/0","enum":[3]})", "/enum/0: a schema must be an object or a boolean"},
            {R"({"$defs":{"a":{"$ref":"#/$defs/b"},"b":{"allOf":[{"$ref":"#/$defs/a"}]}},"items":{"$ref":"#/$defs/a"}})",
             "/$defs/b/allOf/0: refers to itself without end"},
        }) {
        EXPECT_EQ(check_schema_supported(Json::parse(schema)), std::vector<std::string>{finding}) << schema;
        EXPECT_FALSE(validate(Json::parse(schema), Json::parse("[[3]]")).empty()) << schema;
    }
}

TEST(SchemaReferences, MayLeadToThemselvesThroughMembers) {
    Json const list =
        Json::parse(R"({"type":"object","properties":{"next":{"$ref":"#"}},"additionalProperties":false})");
    EXPECT_TRUE(check_schema_supported(list).empty());
    EXPECT_TRUE(validate(list, Json::parse(R"({"next":{"next":{}}})")).empty());
    EXPECT_EQ(validate(list, Json::parse(R"({"next":{"next":{"x":1}}})")).front().pointer, "/next/next/x");
}

TEST(SchemaDialects, OutOfReachAreReportedAndRefuseEverything) {
    for (char const* dialect : {"http://json-schema.org/draft-04/schema#",
                                "https://json-schema.org/draft/2019-09/schema",
                                "https://x.example/my-own"}) {
        Json schema = Json::object();
        schema["$schema"] = dialect;
        ASSERT_EQ(check_schema_supported(schema).size(), 1U) << dialect;
        EXPECT_NE(only_problem(schema, 1).find("an unsupported dialect; supported are 2020-12"),
                  std::string::npos);
    }
    EXPECT_EQ(check_schema_supported(Json::parse(R"({"$schema":7})")).size(), 1U);
}

TEST(SchemaDialects, Draft07IsReadByItsOwnRules) {
    Json const schema = Json::parse(R"({"$schema":"http://json-schema.org/draft-07/schema#",
        "definitions":{"pair":{"items":[{"type":"integer"},{"type":"string"}],"additionalItems":false}},
        "properties":{"p":{"$ref":"#/definitions/pair"},"q":{"type":"array","prefixItems":[false]}},
        "dependencies":{"q":["p"],"r":{"required":["q"]}}})");
    EXPECT_EQ(check_schema_supported(schema),
              std::vector<std::string>{"/properties/q/prefixItems: unsupported keyword"});
    EXPECT_TRUE(validate(schema, Json::parse(R"({"p":[1,"a"],"q":[1]})")).empty());
    EXPECT_FALSE(validate(schema, Json::parse(R"({"p":[1,"a",2]})")).empty());
    EXPECT_FALSE(validate(schema, Json::parse(R"({"q":[1]})")).empty());
    EXPECT_FALSE(validate(schema, Json::parse(R"({"r":1,"p":[]})")).empty());
    // The same text under 2020-12 means less, and is said to.
    EXPECT_EQ(
        check_schema_supported(Json::parse(R"({"dependencies":{"a":["b"]},"additionalItems":false})")).size(),
        2U);
    EXPECT_EQ(
        check_schema_supported(Json::parse(
            R"({"$schema":"http://json-schema.org/draft-07/schema#","items":{"$ref":"#","minItems":1}})")),
        std::vector<std::string>{"/items/minItems: draft-07 ignores it beside $ref"});
}

bool matches(std::string const& pattern, std::string const& text) {
    Json schema = Json::object();
    schema["pattern"] = pattern;
    EXPECT_EQ(check_schema_supported(schema), std::vector<std::string>()) << pattern;
    return validate(schema, text).empty();
}

TEST(SchemaPatterns, AreThoseOfEcma262) {
    EXPECT_TRUE(matches("b+", "abc"));
    EXPECT_FALSE(matches("^b", "abc"));
    EXPECT_FALSE(matches("a$", "a\n"));
    EXPECT_TRUE(matches("^\\u0041\\x42\\u{43}\\cJ\\0$", std::string("ABC\n\0", 5)));
    EXPECT_TRUE(matches("^\\uD83D\\uDE00$", "\xF0\x9F\x98\x80"));
    EXPECT_TRUE(matches("^.$", "\xF0\x9F\x98\x80"));
    EXPECT_FALSE(matches("^.$", "\xE2\x80\xA8")); // a line separator
    EXPECT_TRUE(matches("^\\s[\\s]$", "\xC2\xA0\v"));
    EXPECT_TRUE(matches("^\\S[\\S\\d]$", "a1"));
    EXPECT_FALSE(matches("\\S", "\xE3\x80\x80"));
    EXPECT_FALSE(matches("^\\d$", "\xE0\xA7\xAA")); // a Bengali digit
    EXPECT_TRUE(matches("^\\p{Letter}\\p{Script=Greek}\\p{Lu}$", "\xC3\xA4\xCF\x80Z"));
    EXPECT_TRUE(matches("^[^]$", "\n"));
    EXPECT_FALSE(matches("[]", "a"));
    EXPECT_TRUE(matches("^[[:alpha:]+]$", "[]"));
    EXPECT_TRUE(matches("^(?<year>\\d{4})-(?:\\d\\d)\\/\\-\\_$", "2026-07/-_"));
    EXPECT_TRUE(matches("^[\\b]$", "\b"));
}

TEST(SchemaPatterns, ThatTheEngineCannotRunAreReportedAndRefuseValues) {
    for (char const* pattern : {"(?=a)",
                                "(?<!a)b",
                                "(a)\\1",
                                "(?<n>a)\\k<n>",
                                "a{2000}",
                                "((a{100}){100}){100}",
                                "(",
                                "[a",
                                "a\\",
                                "\\Z",
                                "\\u12",
                                "\\p{Nonsense}",
                                "(?i)a",
                                "a**"}) {
        Json schema = Json::object();
        schema["properties"]["a"]["pattern"] = pattern;
        auto const findings = check_schema_supported(schema);
        ASSERT_EQ(findings.size(), 1U) << pattern;
        EXPECT_TRUE(findings.front().starts_with("/properties/a/pattern: unsupported pattern "))
            << findings.front();
        EXPECT_FALSE(validate(schema, Json::parse(R"({"a":"a"})")).empty()) << pattern;
    }
    Json names = Json::object();
    names["patternProperties"]["(?=a)"] = true;
    EXPECT_EQ(check_schema_supported(names).size(), 1U);
}

TEST(SchemaPatterns, AreBoundedInLengthAndSoIsWhatTheyRead) {
    Json schema = Json::object();
    schema["pattern"] = std::string(protocol::kMaxPatternBytes + 1, 'a');
    EXPECT_EQ(check_schema_supported(schema).size(), 1U);
    schema["pattern"] = "^(a+)+$"; // exponential for engines that backtrack
    std::string text(protocol::kMaxPatternSubjectBytes, 'a');
    EXPECT_TRUE(validate(schema, text).empty());
    text.back() = 'b';
    EXPECT_EQ(validate(schema, text).size(), 1U);
    text += 'b';
    EXPECT_EQ(only_problem(schema, text),
              "the value: found a string of 65537 bytes, expected a string that matches the pattern "
              "\"^(a+)+$\", of at "
              "most 65536 bytes");
}

} // namespace
