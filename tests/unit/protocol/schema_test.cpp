#include "protocol/schema.hpp"

#include <nlohmann/json.hpp>

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace {

using protocol::check_schema_supported;
using protocol::Json;
using protocol::nearest_name;
using protocol::validate;

Json search_schema() {
    return Json::parse(R"({"type":"object","additionalProperties":false,"required":["query"],"properties":{
        "query":{"type":"string","minLength":1,"maxLength":5,"description":"What to look for."},
        "top":{"type":"integer","minimum":1,"maximum":50},
        "ratio":{"type":"number","minimum":0.5},
        "mode":{"enum":["fast","deep"]},
        "flag":{"type":"boolean"},
        "either":{"type":["string","null"]},
        "fixed":{"const":7},
        "files":{"type":"array","minItems":1,"maxItems":2,"items":{"type":"object","required":["path"],
                 "additionalProperties":false,"properties":{"path":{"type":"string"}}}},
        "labels":{"type":"object","additionalProperties":{"type":"string"}}}})");
}

std::vector<std::string> problems(char const* value) {
    std::vector<std::string> texts;
    for (auto const& problem : validate(search_schema(), Json::parse(value))) {
        texts.push_back(protocol::to_string(problem));
    }
    return texts;
}

struct Row {
    char const* value;
    std::string problem; ///< empty = valid
};

TEST(Schema, SaysWhereWhatWasFoundAndWhatIsExpected) {
    std::vector<Row> const rows{
        {R"({"query":"x"})", ""},
        {R"({"query":"x","top":50,"ratio":0.5,"mode":"deep","flag":true,"either":null,"fixed":7,
             "files":[{"path":"a"}],"labels":{"k":"v"}})",
         ""},
        {R"({})",
         "`/query`: found nothing, expected a string of 1 to 5 characters (required); What to look for."},
        {R"({"query":7})", "`/query`: found 7, expected a string of 1 to 5 characters"},
        {R"({"query":""})", "`/query`: found the string \"\", expected a string of 1 to 5 characters"},
        {R"({"query":"sechsx"})",
         "`/query`: found the string \"sechsx\", expected a string of 1 to 5 characters"},
        {R"({"query":"äöü漢😀"})", ""},
        {R"({"query":"x","top":0})", "`/top`: found 0, expected an integer from 1 to 50"},
        {R"({"query":"x","top":51})", "`/top`: found 51, expected an integer from 1 to 50"},
        {R"({"query":"x","top":1.5})", "`/top`: found 1.5, expected an integer from 1 to 50"},
        {R"({"query":"x","top":"5"})", "`/top`: found the string \"5\", expected an integer from 1 to 50"},
        {R"({"query":"x","top":5.0})", ""},
        {R"({"query":"x","ratio":0.25})", "`/ratio`: found 0.25, expected a number of at least 0.5"},
        {R"({"query":"x","mode":"slow"})",
         "`/mode`: found the string \"slow\", expected one of \"fast\", \"deep\""},
        {R"({"query":"x","flag":"true"})", "`/flag`: found the string \"true\", expected true or false"},
        {R"({"query":"x","either":1})", "`/either`: found 1, expected a string or null"},
        {R"({"query":"x","fixed":8})", "`/fixed`: found 8, expected 7"},
        {R"({"query":"x","files":[]})", "`/files`: found an array of 0, expected an array of 1 to 2 items"},
        {R"({"query":"x","files":{}})", "`/files`: found an object, expected an array of 1 to 2 items"},
        {R"({"query":"x","files":[{"path":"a"},{"path":null}]})",
         "`/files/1/path`: found null, expected a string"},
        {R"({"query":"x","labels":{"a/b~c":1}})", "`/labels/a~1b~0c`: found 1, expected a string"},
        {R"({"qurey":"x","query":"x"})",
         "`/qurey`: found an unknown property, expected no such property; did you mean `query`?"},
        {R"({"query":"x","files":[{"path":"a","branch":"b"}]})",
         "`/files/0/branch`: found an unknown property, expected no such property; known: `path`"},
        {R"([])", "the value: found an array of 0, expected an object"},
        {R"(null)", "the value: found null, expected an object"},
    };
    for (Row const& row : rows) {
        SCOPED_TRACE(row.value);
        auto const found = problems(row.value);
        ASSERT_EQ(found.size(), row.problem.empty() ? 0U : 1U);
        if (!found.empty()) {
            EXPECT_EQ(found.front(), row.problem);
        }
    }
}

TEST(Schema, NamesEveryProblemUpToALimit) {
    EXPECT_EQ(problems(R"({"top":0,"mode":"x","extra":1})").size(), 4U);
    Json many = Json::object();
    for (int i = 0; i < 100; ++i) {
        many["k" + std::to_string(i)] = 1;
    }
    EXPECT_EQ(validate(search_schema(), many).size(), protocol::kMaxSchemaProblems);
    EXPECT_EQ(validate(search_schema(), many, 3).size(), 3U);
}

TEST(Schema, LongInputIsCutInWhatItEchoes) {
    std::string const name(5000, 'n');
    std::string const value(5000, 'v');
    Json json = Json::object();
    json[name] = 1;
    json["query"] = value;
    for (auto const& problem : validate(search_schema(), json)) {
        EXPECT_LT(protocol::to_string(problem).size(), 500U);
    }
}

TEST(Schema, ComparesIntegersExactly) {
    Json const schema = Json::parse(R"({"type":"integer","maximum":9007199254740992})");
    EXPECT_TRUE(validate(schema, Json::parse("9007199254740992")).empty());
    EXPECT_EQ(validate(schema, Json::parse("9007199254740993")).size(), 1U);
    EXPECT_EQ(validate(schema, Json::parse("18446744073709551615")).size(), 1U);
    EXPECT_TRUE(validate(schema, Json::parse("-9223372036854775808")).empty());
}

TEST(SchemaSupport, ReportsEveryKeywordItWouldNotHonour) {
    EXPECT_TRUE(check_schema_supported(search_schema()).empty());
    EXPECT_TRUE(
        check_schema_supported(
            Json::parse(R"({"type":"string","title":"t","default":"x","x-note":[1],"description":"d"})"))
            .empty());
    EXPECT_EQ(check_schema_supported(Json::parse(R"({"$ref":"#"})")),
              std::vector<std::string>{"/$ref: unsupported keyword"});
    EXPECT_EQ(check_schema_supported(Json::parse(R"({"properties":{"a":{"items":{"pattern":"x"}}}})")),
              std::vector<std::string>{"/properties/a/items/pattern: unsupported keyword"});
    for (char const* schema : {R"({"type":"text"})",
                               R"({"type":[]})",
                               R"({"type":["string",1]})",
                               R"({"properties":[]})",
                               R"({"properties":{"a":true}})",
                               R"({"items":[{}]})",
                               R"({"required":"a"})",
                               R"({"required":[1]})",
                               R"({"enum":[]})",
                               R"({"minimum":"1"})",
                               R"({"minLength":-1})",
                               R"({"maxItems":1.5})",
                               R"({"description":1})",
                               R"({"additionalProperties":{"oneOf":[]}})",
                               R"({"format":"uri"})",
                               R"([])"}) {
        EXPECT_EQ(check_schema_supported(Json::parse(schema)).size(), 1U) << schema;
    }
}

TEST(NormalizeIntegers, TurnsWholeFloatsIntoIntegersWhereTheSchemaAsksForOne) {
    Json value = Json::parse(R"({"query":"x","top":5.0,"ratio":5.0,"files":[],"labels":{}})");
    protocol::normalize_integers(search_schema(), value);
    EXPECT_TRUE(value["top"].is_number_integer());
    EXPECT_EQ(value["top"], 5);
    EXPECT_TRUE(value["ratio"].is_number_float());
    Json const nested = Json::parse(
        R"({"type":"object","additionalProperties":{"type":"array","items":{"type":["integer","null"]}}})");
    Json deep = Json::parse(R"({"a":[1.0,null,2]})");
    protocol::normalize_integers(nested, deep);
    EXPECT_EQ(deep.dump(), R"({"a":[1,null,2]})");
}

TEST(NormalizeIntegers, LeavesWhatADoubleDoesNotNameExactly) {
    Json value = 1e300;
    protocol::normalize_integers(Json::parse(R"({"type":"integer"})"), value);
    EXPECT_TRUE(value.is_number_float());
}

TEST(NearestName, IgnoresCaseAndSeparatorsAndStopsAtUnlikelyNames) {
    std::vector<std::string_view> const names{"query", "start_line", "end_line", "top"};
    EXPECT_EQ(nearest_name("Query", names), "query");
    EXPECT_EQ(nearest_name("startLine", names), "start_line");
    EXPECT_EQ(nearest_name("endline", names), "end_line");
    EXPECT_EQ(nearest_name("tpo", names), "top");
    EXPECT_EQ(nearest_name("tab", names), "");
    EXPECT_EQ(nearest_name("query_text", names), "query");
    EXPECT_EQ(nearest_name("end", names), "end_line");
    EXPECT_EQ(nearest_name("to", names), "top");
    EXPECT_EQ(nearest_name("t", names), "");
    EXPECT_EQ(nearest_name("tops", names), "top");
    EXPECT_EQ(nearest_name("organization", names), "");
    EXPECT_EQ(nearest_name("", names), "");
    EXPECT_EQ(nearest_name(std::string(10'000, 'q'), names), "");
}

} // namespace
