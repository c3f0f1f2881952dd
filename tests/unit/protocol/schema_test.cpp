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

std::vector<std::string> problems_under(char const* schema, char const* value) {
    std::vector<std::string> texts;
    for (auto const& problem : validate(Json::parse(schema), Json::parse(value))) {
        texts.push_back(protocol::to_string(problem));
    }
    return texts;
}

class Telling {
public:
    char const* schema;
    char const* value;
    std::string problem; ///< empty = valid
};

TEST(SchemaWords, SayWhatAModelCanActOn) {
    constexpr char const* kKinds = R"({"oneOf":[
        {"type":"object","properties":{"kind":{"const":"a"},"x":{"type":"integer"}},"required":["kind","x"]},
        {"type":"object","properties":{"kind":{"const":"b"},"y":{"type":"string"}},"required":["kind","y"]}]})";
    for (
        Telling const& row : std::vector<Telling>{
            {R"({"allOf":[{"anyOf":[{"required":["phone"]},{"required":["email","name"]}]}]})",
             "{}",
             "the value: found an object that fits none of the alternatives, expected one of: phone; email "
             "and name must be present"},
            {R"({"anyOf":[{"type":"string"},{"type":"integer","minimum":3}]})",
             "null",
             "the value: found null, expected one of: a string; an integer of at least 3"},
            {R"({"anyOf":[{"type":"string"},{"type":"integer","minimum":3}]})",
             "1",
             "the value: found 1, expected an integer of at least 3"},
            {kKinds, R"({"kind":"a"})", "`/x`: found nothing, expected an integer (required)"},
            {kKinds, R"({"kind":"b","y":1})", "`/y`: found 1, expected a string"},
            {kKinds,
             R"({"kind":"c"})",
             "the value: found an object that fits none of the alternatives, expected one of: an object with "
             "kind \"a\" and x; an object with kind \"b\" and y"},
            {R"({"oneOf":[{"required":["a"]},{"required":["b"]}]})",
             R"({"a":1,"b":2})",
             "the value: found an object that fits 2 alternatives at once, expected exactly one of: a; b "
             "must "
             "be present"},
            {R"({"not":{"required":["a"]}})",
             R"({"a":1})",
             "the value: found an object, expected an object without a"},
            {R"({"not":{"type":"string"}})",
             R"("a")",
             "the value: found the string \"a\", expected anything but a string"},
            {R"({"if":{"properties":{"to":{"const":"x"}},"required":["to"]},"then":{"required":["why"]},
                  "properties":{"why":{"type":"string","description":"The reason."}}})",
             R"({"to":"x"})",
             "`/why`: found nothing, expected a string (required); The reason.; because to is \"x\""},
            {R"({"if":{"required":["a"]},"else":{"required":["b"]}})",
             "{}",
             "`/b`: found nothing, expected a value (required); because a is not given"},
            {R"({"dependentRequired":{"a":["b"]}})",
             R"({"a":1})",
             "`/b`: found nothing, expected a value (required); because a is given"},
            {R"({"properties":{"n":{"$ref":"#/$defs/n"}},"required":["n"],
                  "$defs":{"n":{"type":"integer","description":"How many."}}})",
             "{}",
             "`/n`: found nothing, expected an integer (required); How many."},
            {R"({"allOf":[{"properties":{"query":true}}],"unevaluatedProperties":false})",
             R"({"qurey":1})",
             "`/qurey`: found an unknown property, expected no such property; did you mean `query`?"},
            {R"({"properties":{"a":false}})", R"({"a":1})", "`/a`: found 1, expected nothing here"},
            {R"({"propertyNames":{"pattern":"^a"}})",
             R"({"b":1})",
             "`/b`: found this name of a property, expected a name that is a string that matches the pattern "
             "\"^a\""},
            {R"({"prefixItems":[{"type":"string"}],"items":false})",
             R"(["a",1])",
             "the value: found an array of 2, expected an array of at most 1 item"},
            {R"({"type":"array","uniqueItems":true})",
             "[1,2,1.0]",
             "the value: found an array of 3, its items 0 and 2 equal, expected an array, no two of them "
             "equal"},
            {R"({"contains":{"type":"string"},"minContains":2})",
             R"([1,"a"])",
             "the value: found an array of 2 with 1 that fit, expected an array with at least 2 items that "
             "fit: a string"},
            {R"({"type":"number","exclusiveMinimum":0,"maximum":1,"multipleOf":0.25})",
             "0.3",
             "the value: found 0.3, expected a number greater than 0 and at most 1, a multiple of 0.25"},
            {R"({"minLength":5})",
             R"("A")",
             "the value: found the string \"A\", expected a string of at least 5 characters"},
            {R"({"type":"string","pattern":"^[a-z]+$"})",
             R"("A")",
             "the value: found the string \"A\", expected a string that matches the pattern \"^[a-z]+$\""},
        }) {
        SCOPED_TRACE(std::string(row.schema) + " " + row.value);
        EXPECT_EQ(problems_under(row.schema, row.value), std::vector<std::string>{row.problem});
    }
}

TEST(SchemaWords, TellOneProblemOnceHoweverManySchemasFindIt) {
    EXPECT_EQ(
        problems_under(R"({"required":["a"],"allOf":[{"required":["a"]},{"required":["a"]}]})", "{}").size(),
        1U);
}

TEST(SchemaWords, StayShortWhateverTheSchemaHolds) {
    Json branches = Json::array();
    for (int i = 0; i < 300; ++i) {
        branches.push_back({{"type", "object"}, {"required", {std::string(300, 'n') + std::to_string(i)}}});
    }
    Json schema{{"anyOf", branches}};
    schema["$defs"]["again"] = {{"anyOf", branches}};
    schema["anyOf"].push_back({{"$ref", "#/$defs/again"}});
    for (auto const& problem : validate(schema, Json::object())) {
        EXPECT_LT(protocol::to_string(problem).size(), 8000U);
    }
}

/// The schema of the tool with which the protocol's conformance suite tries servers.
Json conformance_schema() {
    return Json::parse(R"({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "$defs": {"address": {"$anchor": "addressDef", "type": "object",
                              "properties": {"street": {"type": "string"}, "city": {"type": "string"}}}},
        "properties": {"name": {"type": "string"},
                       "address": {"$ref": "#/$defs/address"},
                       "contactMethod": {"type": "string", "enum": ["phone", "email"]},
                       "phone": {"type": "string"},
                       "email": {"type": "string"}},
        "allOf": [{"anyOf": [{"required": ["phone"]}, {"required": ["email"]}]}],
        "if": {"properties": {"contactMethod": {"const": "phone"}}, "required": ["contactMethod"]},
        "then": {"required": ["phone"]},
        "else": {"required": ["email"]},
        "additionalProperties": false})");
}

TEST(ConformanceSchema, IsSupportedAndKeptAsItIs) {
    EXPECT_EQ(check_schema_supported(conformance_schema()), std::vector<std::string>());
}

TEST(ConformanceSchema, TellsGoodArgumentsFromBadOnes) {
    auto const compiled = protocol::CompiledSchema::compile(conformance_schema());
    constexpr char const* kNeither = "the value: found an object that fits none of the alternatives, "
                                     "expected one of: phone; email must be present";
    constexpr char const* kPhone =
        "`/phone`: found nothing, expected a string (required); because contactMethod is \"phone\"";
    constexpr char const* kEmail =
        "`/email`: found nothing, expected a string (required); because contactMethod is not \"phone\"";
    using Texts = std::vector<std::string>;
    for (auto const& [value, expected] : std::vector<std::pair<char const*, Texts>>{
             {R"({"name":"a","contactMethod":"phone","phone":"1"})", {}},
             {R"({"contactMethod":"email","email":"a@b","address":{"street":"s","city":"c"}})", {}},
             {R"({"email":"a@b"})", {}},
             {R"({"contactMethod":"phone","phone":"1","email":"a@b"})", {}},
             {"{}", {kNeither, kEmail}},
             {R"({"contactMethod":"phone"})", {kNeither, kPhone}},
             {R"({"contactMethod":"phone","email":"a@b"})", {kPhone}},
             {R"({"contactMethod":"email","phone":"1"})", {kEmail}},
             {R"({"contactMethod":"fax","email":"a@b"})",
              {"`/contactMethod`: found the string \"fax\", expected one of \"phone\", \"email\""}},
             {R"({"email":"a@b","address":{"street":1}})", {"`/address/street`: found 1, expected a string"}},
             {R"({"email":"a@b","adress":{}})",
              {"`/adress`: found an unknown property, expected no such property; did you mean `address`?"}},
         }) {
        SCOPED_TRACE(value);
        Texts texts;
        for (auto const& problem : compiled.validate(Json::parse(value))) {
            texts.push_back(protocol::to_string(problem));
        }
        EXPECT_EQ(texts, expected);
    }
}

TEST(CompiledSchema, MayBeMovedAndUsedAgain) {
    auto first = protocol::CompiledSchema::compile(Json::parse(R"({"properties":{"a":{"pattern":"^x"}}})"));
    auto const second = std::move(first);
    for (int i = 0; i < 3; ++i) {
        EXPECT_TRUE(second.validate(Json::parse(R"({"a":"xy"})")).empty());
        EXPECT_EQ(second.validate(Json::parse(R"({"a":"yx"})")).size(), 1U);
    }
}

TEST(SchemaSupport, ReportsEveryKeywordItWouldNotHonour) {
    EXPECT_TRUE(check_schema_supported(search_schema()).empty());
    EXPECT_TRUE(
        check_schema_supported(
            Json::parse(R"({"type":"string","title":"t","default":"x","x-note":[1],"description":"d"})"))
            .empty());
    EXPECT_EQ(check_schema_supported(Json::parse(R"({"$ref":"#"})")),
              std::vector<std::string>{": refers to itself without end"});
    EXPECT_EQ(check_schema_supported(Json::parse(R"({"properties":{"a":{"items":{"requierd":["x"]}}}})")),
              std::vector<std::string>{"/properties/a/items/requierd: unsupported keyword"});
    EXPECT_TRUE(
        check_schema_supported(Json::parse(R"({"$schema":"https://json-schema.org/draft/2020-12/schema",
        "$id":"https://x.example/s","$comment":"c","$anchor":"a","$dynamicAnchor":"d","$defs":{"a":true},
        "type":["object","array"],"const":1,"multipleOf":0.5,"exclusiveMinimum":1,"exclusiveMaximum":2,"pattern":"^a",
        "format":"date","uniqueItems":true,"contains":{},"minContains":0,"maxContains":1,"prefixItems":[{}],"items":false,
        "minProperties":1,"maxProperties":2,"dependentRequired":{"a":["b"]},"dependentSchemas":{"a":{}},
        "patternProperties":{"^a":{}},"propertyNames":{},"allOf":[{}],"anyOf":[{}],"oneOf":[{}],"not":false,"if":{},
        "then":{},"else":{},"unevaluatedItems":{},"unevaluatedProperties":{},"contentMediaType":"a/b","examples":[],
        "deprecated":true,"properties":{"a":{"$ref":"#a"},"b":{"$dynamicRef":"#d"}}})"))
            .empty());
    for (char const* schema : {R"({"type":"text"})",
                               R"({"type":[]})",
                               R"({"type":["string",1]})",
                               R"({"properties":[]})",
                               R"({"properties":{"a":1}})",
                               R"({"items":[{}]})",
                               R"({"required":"a"})",
                               R"({"required":[1]})",
                               R"({"enum":[]})",
                               R"({"minimum":"1"})",
                               R"({"minLength":-1})",
                               R"({"maxItems":1.5})",
                               R"({"description":1})",
                               R"({"additionalProperties":{"oneOf":[]}})",
                               R"({"multipleOf":0})",
                               R"({"pattern":1})",
                               R"({"uniqueItems":1})",
                               R"({"dependentRequired":{"a":"b"}})",
                               R"({"$anchor":1})",
                               R"({"$id":"x#y"})",
                               R"({"minContains":-1})",
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

TEST(NormalizeIntegers, FollowsReferencesAndCombinations) {
    auto const compiled = protocol::CompiledSchema::compile(Json::parse(R"({
        "properties":{"a":{"$ref":"#/$defs/n"},"b":{"anyOf":[{"type":"null"},{"$ref":"#/$defs/n"}]},"c":{"type":"number"}},
        "allOf":[{"patternProperties":{"^d":{"type":"array","prefixItems":[{"type":"integer"}]}}}],
        "$defs":{"n":{"type":"integer"}}})"));
    Json value = Json::parse(R"({"a":1.0,"b":2.0,"c":3.0,"d1":[4.0,5.0]})");
    EXPECT_TRUE(compiled.validate(value).empty());
    compiled.normalize_integers(value);
    EXPECT_EQ(value.dump(), R"({"a":1,"b":2,"c":3.0,"d1":[4,5.0]})");
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
