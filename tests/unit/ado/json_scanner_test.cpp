#include "ado/json_scanner.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <random>
#include <string>
#include <vector>

namespace {

using ado::JsonScanner;
using nlohmann::json;

/// Top-level members as the scanner sees them: strings decoded, integers and booleans as values, the rest
/// skipped.
bool scan(std::string const& text, json& out) {
    JsonScanner scanner(text);
    out = json::object();
    std::string name;
    if (!scanner.enter_object()) {
        return false;
    }
    while (scanner.next_member(name)) {
        std::string value;
        std::int64_t number = 0;
        bool flag = false;
        switch (scanner.peek()) {
        case JsonScanner::Kind::string:
            if (scanner.read_string(value)) {
                out[name] = value;
            }
            break;
        case JsonScanner::Kind::number:
            if (scanner.read_int(number)) {
                out[name] = number;
            }
            break;
        case JsonScanner::Kind::boolean:
            if (scanner.read_bool(flag)) {
                out[name] = flag;
            }
            break;
        default:
            if (scanner.skip()) {
                out[name] = nullptr;
            }
        }
    }
    return !scanner.failed() && scanner.at_end();
}

TEST(JsonScanner, ReadsMembersAndSkipsTheRest) {
    json out;
    ASSERT_TRUE(
        scan("\xEF\xBB\xBF {\"a\":\"x\\n\\\"\\u00e9\\ud83d\\ude00\", \"b\" : [1,{\"c\":\"]}\"},[]] ,\"d\":-7,"
             "\"e\":true,\"f\":null,\"g\":{},\"h\":\"\"} \n",
             out));
    EXPECT_EQ(out["a"], "x\n\"\xC3\xA9\xF0\x9F\x98\x80");
    EXPECT_EQ(out["d"], -7);
    EXPECT_EQ(out["e"], true);
    EXPECT_EQ(out["h"], "");
    EXPECT_EQ(out.size(), 7U);
}

TEST(JsonScanner, ReplacesHalvesOfSurrogatePairs) {
    json out;
    ASSERT_TRUE(scan(R"({"a":"\ud83dx","b":"\ude00","c":"\ud83d\u0041","d":"\ud83d\ud83d\ude00"})", out));
    EXPECT_EQ(out["a"], "\xEF\xBF\xBDx");
    EXPECT_EQ(out["b"], "\xEF\xBF\xBD");
    EXPECT_EQ(out["c"],
              "\xEF\xBF\xBD"
              "A");
    EXPECT_EQ(out["d"], "\xEF\xBF\xBD\xF0\x9F\x98\x80");
}

TEST(JsonScanner, RefusesMalformedText) {
    std::vector<std::string> const table = {"",
                                            "[]",
                                            "{",
                                            "{\"a\"",
                                            "{\"a\":",
                                            "{\"a\":1",
                                            "{\"a\":1,",
                                            "{\"a\":1}}",
                                            "{\"a\":1 \"b\":2}",
                                            "{,\"a\":1}",
                                            "{\"a\":\"x}",
                                            "{\"a\":\"\\q\"}",
                                            "{\"a\":\"\\u12\"}",
                                            "{\"a\":\"\\u+123\"}",
                                            "{\"a\":\"\n\"}",
                                            "{\"a\":[1}",
                                            "{\"a\":[\"x]}",
                                            "{\"a\":1.5}",
                                            "{\"a\":99999999999999999999}",
                                            "{\"a\":tru}",
                                            "{\"a\":}",
                                            "{a:1}"};
    for (std::string const& text : table) {
        SCOPED_TRACE(text);
        json out;
        EXPECT_FALSE(scan(text, out));
    }
}

TEST(JsonScanner, SkipsDeepNestingWithoutRecursion) {
    std::string const deep = "{\"a\":" + std::string(500'000, '[') + std::string(500'000, ']') + ",\"b\":1}";
    json out;
    ASSERT_TRUE(scan(deep, out));
    EXPECT_EQ(out["b"], 1);
}

std::string random_text(std::mt19937& random) {
    std::string text;
    std::size_t const length = random() % 40;
    for (std::size_t i = 0; i < length; ++i) {
        switch (random() % 6) {
        case 0:
            text += static_cast<char>(random() % 0x20);
            break;
        case 1:
            text += random() % 2 == 0 ? '"' : '\\';
            break;
        case 2:
            text += "\xF0\x9F\x98\x80";
            break;
        default:
            text += static_cast<char>(0x20 + random() % 0x5F);
        }
    }
    return text;
}

json random_value(std::mt19937& random, int depth) {
    switch (random() % (depth > 3 ? 4 : 6)) {
    case 0:
        return random_text(random);
    case 1:
        return static_cast<std::int64_t>(random()) - 2'000'000'000;
    case 2:
        return random() % 2 == 0;
    case 3:
        return nullptr;
    case 4: {
        json list = json::array();
        for (std::size_t i = random() % 4; i > 0; --i) {
            list.push_back(random_value(random, depth + 1));
        }
        return list;
    }
    default: {
        json object = json::object();
        for (std::size_t i = random() % 4; i > 0; --i) {
            object[random_text(random)] = random_value(random, depth + 1);
        }
        return object;
    }
    }
}

TEST(JsonScanner, AgreesWithAParserOnRandomDocuments) {
    std::mt19937 random(7);
    for (int round = 0; round < 2000; ++round) {
        json document = json::object();
        for (std::size_t i = random() % 6; i > 0; --i) {
            document[random_text(random)] = random_value(random, 0);
        }
        std::string const text = document.dump(random() % 2 == 0 ? -1 : 1, ' ', random() % 2 == 0);
        json scanned;
        ASSERT_TRUE(scan(text, scanned)) << text;
        for (auto const& [name, value] : document.items()) {
            json const expected = value.is_structured() ? json() : value;
            ASSERT_EQ(scanned.at(name), expected) << text;
        }
    }
}

TEST(JsonScanner, SurvivesEveryCutAndEveryFlippedByte) {
    std::string const text = R"({"a":"x\n\u00e9\ud83d\ude00","b":[1,{"c":"d"}],"e":-1,"f":false,"g":null})";
    for (std::size_t cut = 0; cut < text.size(); ++cut) {
        json out;
        EXPECT_FALSE(scan(text.substr(0, cut), out)) << cut;
    }
    std::mt19937 random(11);
    int parsed = 0;
    for (int round = 0; round < 20'000; ++round) {
        std::string changed = text;
        changed[random() % changed.size()] = static_cast<char>(random() % 256);
        json out;
        parsed += scan(changed, out) ? 1 : 0;
    }
    EXPECT_GT(parsed, 0);
}

} // namespace
