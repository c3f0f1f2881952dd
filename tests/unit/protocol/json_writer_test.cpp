#include "protocol/json_writer.hpp"

#include <nlohmann/json.hpp>

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <string>

namespace {

using core::Json;

std::string written(Json const& value) {
    std::string text;
    protocol::append_json(text, value);
    return text;
}

TEST(JsonWriter, WritesWhatTheLibraryWouldReadBackAsTheSame) {
    Json const value =
        Json::parse(R"({"empty":{},"none":[],"a":[1,-2,3.25,true,false,null,1e300,18446744073709551615],
        "s":"quote \" backslash \\ slash / tab \t line \n nul \u0000 del \u007f ü 漢 😀","nested":{"x":[[[]]]}})");
    EXPECT_EQ(Json::parse(written(value)), value);
}

TEST(JsonWriter, NeverWritesARawLineBreakOrControlCharacter) {
    std::string all;
    for (int c = 0; c < 0x80; ++c) {
        all += static_cast<char>(c);
    }
    std::string const text = written(Json(all));
    for (char const c : text) {
        EXPECT_GE(c, 0x20);
    }
    EXPECT_EQ(Json::parse(text), Json(all));
}

TEST(JsonWriter, ReplacesInvalidUtf8) {
    std::string const text = written(Json(std::string("a\xFF b\xC3")));
    EXPECT_EQ(Json::parse(text).get<std::string>(), "a\xEF\xBF\xBD b\xEF\xBF\xBD");
}

TEST(JsonWriter, WritesNoNumberThatIsNotJson) {
    EXPECT_EQ(written(Json(std::nan(""))), "null");
}

TEST(JsonWriter, AgreesWithTheLibraryOnRandomStrings) {
    std::mt19937 random(7); // the same cases every time
    for (int round = 0; round < 500; ++round) {
        std::string bytes;
        for (auto length = random() % 40; length != 0; --length) {
            bytes += static_cast<char>(random() % 3 == 0 ? random() % 256 : random() % 128);
        }
        Json const again = Json::parse(written(Json(bytes)));
        EXPECT_EQ(again, Json::parse(core::dump_json(Json(bytes))));
    }
}

TEST(JsonWriter, QuotesCutLongInputAtACharacter) {
    EXPECT_EQ(protocol::json_quoted("abc", 3), "\"abc\"");
    EXPECT_EQ(protocol::json_quoted("abcd", 3), "\"abc\"…");
    EXPECT_EQ(protocol::json_quoted("aü", 2), "\"a\"…");
    EXPECT_EQ(protocol::json_quoted("\n", 9), "\"\\n\"");
}

} // namespace
