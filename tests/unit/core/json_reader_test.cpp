// parse_json() reads sound texts by itself and leaves the rest to the library: both must come to the same.
#include "core/json.hpp"
#include "core/json_reader.hpp"

#include <nlohmann/json.hpp>

#include <gtest/gtest.h>

#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace {

using core::Json;

std::optional<Json> by_library(std::string_view text) {
    try {
        return std::optional<Json>(std::in_place, Json::parse(text));
    } catch (Json::exception const&) {
        return std::nullopt;
    }
}

/// The same value, and the same type of every number in it: == does not tell 1 from 1.0 or unsigned 1.
bool same(Json const& a, Json const& b) {
    if (a.type() != b.type() || a.size() != b.size()) {
        return false;
    }
    if (!a.is_structured()) {
        return a == b;
    }
    for (auto x = a.begin(), y = b.begin(); x != a.end(); ++x, ++y) {
        if ((a.is_object() && x.key() != y.key()) || !same(*x, *y)) {
            return false;
        }
    }
    return true;
}

core::JsonLimits nested(std::size_t depth) {
    core::JsonLimits limits;
    limits.max_depth = depth;
    return limits;
}

void check(std::string const& text) {
    SCOPED_TRACE(text);
    std::optional<Json> const expected = by_library(text);
    core::Result<Json> const parsed = core::parse_json(text, core::JsonLimits());
    ASSERT_EQ(parsed.has_value(), expected.has_value());
    if (expected) {
        EXPECT_TRUE(same(*parsed, *expected));
    }
    if (std::optional<Json> const sound = core::read_sound_json(text, core::JsonLimits())) {
        ASSERT_TRUE(expected.has_value());
        EXPECT_TRUE(same(*sound, *expected));
    }
}

TEST(JsonReader, ReadsSoundTextsByItself) {
    for (std::string const text : {R"({"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"x"}})",
                                   " [ 1 , -2 , 3.5e-3 , true , false , null , \"\" ] ",
                                   "\"plain\"",
                                   "18446744073709551615",
                                   "-9223372036854775808",
                                   R"("\u0041\u00e9\u6f22\ud83d\ude00\"\\\/\b\f\n\r\t\u0000")",
                                   "\"ü 漢 😀 \x7F\"",
                                   "{}",
                                   "[]"}) {
        SCOPED_TRACE(text);
        std::optional<Json> const sound = core::read_sound_json(text, core::JsonLimits());
        ASSERT_TRUE(sound.has_value());
        EXPECT_TRUE(same(*sound, Json::parse(text)));
    }
}

TEST(JsonReader, AgreesWithTheLibraryOnOddTexts) {
    for (std::string const text : {"-0",
                                   "-0.0",
                                   "0",
                                   "01",
                                   "-",
                                   "+1",
                                   "1.",
                                   ".5",
                                   "1e",
                                   "1e+",
                                   "1E+2",
                                   "1e400",
                                   "1e-400",
                                   "5e-324",
                                   "0.1",
                                   "123456789012345678901234567890",
                                   "18446744073709551616",
                                   "-9223372036854775809",
                                   "9007199254740993.0",
                                   "tru",
                                   "truex",
                                   "nulll",
                                   "[1,]",
                                   "[,1]",
                                   "[1 2]",
                                   "{\"a\":1,}",
                                   "{\"a\" 1}",
                                   "{a:1}",
                                   "{\"a\":1,\"b\":2,\"a\":{\"c\":3}}",
                                   "{\"a\":{\"c\":3},\"a\":1}",
                                   "\"\\ud800\"",
                                   "\"\\udc00\"",
                                   "\"\\ud800\\u0041\"",
                                   "\"\\u12\"",
                                   "\"\\u+123\"",
                                   "\"\\x\"",
                                   "\"\\",
                                   "\"a\nb\"",
                                   "\"\xC3\"",
                                   "\"\xC0\x80\"",
                                   "\"\xED\xA0\x80\"",
                                   "\"\xF4\x90\x80\x80\"",
                                   "\"\xE2\x82",
                                   "\v1",
                                   "\xEF\xBB\xBF{}",
                                   "\xEF\xBB\xBF",
                                   "// no\n1",
                                   "[[[]]",
                                   "]",
                                   "",
                                   " "}) {
        check(text);
    }
    check(std::string("{}\0x", 4));
    check(std::string("\"a\0b\"", 5));
    check(std::string("\0", 1));
}

TEST(JsonReader, AgreesWithTheLibraryOnDamagedTexts) {
    std::mt19937 random(11); // the same cases every time
    std::vector<std::string> const sources{
        R"({"jsonrpc":"2.0","id":12,"params":{"a":[1,-2.5e3,{"deep":[[],{}]}],"t":true,"n":null}})",
        R"(["\u00fc\ud83d\ude00","ü漢😀","a long enough text to fill a block or two of it",0.125,-0])",
        R"({"k":"v","k":"w","":"","x":[false,1e10,18446744073709551615,-9223372036854775808]})"};
    constexpr std::string_view kBytes =
        "{}[]\",:\\ue+-.0123456789tfn \n\t\x01\x7F\x80\xBF\xC3\xE2\xED\xF0\xFF/a";
    for (int round = 0; round < 20'000; ++round) {
        std::string text = sources[random() % sources.size()];
        for (auto edits = random() % 4; edits != 0; --edits) {
            std::size_t const at = random() % text.size();
            char const byte = kBytes[random() % kBytes.size()];
            switch (random() % 3) {
            case 0:
                text[at] = byte;
                break;
            case 1:
                text.insert(at, 1, byte);
                break;
            default:
                text.erase(at, 1 + random() % 3);
                break;
            }
            if (text.empty()) {
                break;
            }
        }
        check(text);
    }
}

TEST(JsonReader, NeverRecursesDeeperThanItsLimit) {
    EXPECT_TRUE(core::read_sound_json("[[[]]]", nested(3)).has_value());
    EXPECT_FALSE(core::read_sound_json("[[[]]]", nested(2)).has_value());
    EXPECT_FALSE(core::read_sound_json(R"({"a":{"b":[]}})", nested(2)).has_value());
    EXPECT_TRUE(core::read_sound_json("[[],[],[]]", nested(2)).has_value());
    std::string const deep = std::string(100'000, '[') + std::string(100'000, ']');
    EXPECT_FALSE(core::read_sound_json(deep, nested(deep.size())).has_value());
}

} // namespace
