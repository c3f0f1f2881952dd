#include "core/text/utf8.hpp"
#include "protocol/json_writer.hpp"

#include <nlohmann/json.hpp>

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <cstdio>
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

/// One byte after the other.
std::string naive(std::string const& text) {
    std::string out = "\"";
    for (char const c : core::to_valid_utf8(text)) {
        auto const code = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\') {
            out += '\\';
            out += c;
        } else if (c == '\n' || c == '\r' || c == '\t') {
            out += c == '\n' ? "\\n" : c == '\r' ? "\\r" : "\\t";
        } else if (code < 0x20 || code == 0x7F) {
            std::array<char, 7> escape{};
            std::snprintf(escape.data(), escape.size(), "\\u%04x", static_cast<unsigned>(code));
            out += escape.data();
        } else {
            out += c;
        }
    }
    return out + '"';
}

TEST(JsonWriter, WritesByBlocksWhatItWouldWriteByteByByte) {
    static constexpr std::array<char const*, 14> kPieces{"a",
                                                         "plain text",
                                                         "\n",
                                                         "\"",
                                                         "\\",
                                                         "\x01",
                                                         "\x7F",
                                                         "ü",
                                                         "漢",
                                                         "😀",
                                                         "\xFF",
                                                         "\xE2\x82",
                                                         "\xC0",
                                                         "\xED\xA0\x80"};
    std::mt19937 random(13); // the same cases every time
    for (int round = 0; round < 3000; ++round) {
        std::string text;
        for (auto pieces = random() % 40; pieces != 0; --pieces) {
            text += kPieces[random() % (round % 2 == 0 ? 3 : kPieces.size())];
        }
        std::string out = "before";
        protocol::append_json_string(out, text);
        ASSERT_EQ(out, "before" + naive(text));
        ASSERT_EQ(written(Json{{text, text}}), "{" + naive(text) + ":" + naive(text) + "}");
    }
    std::string const long_text(5000, 'x');
    EXPECT_EQ(written(Json(long_text)), "\"" + long_text + "\"");
}

TEST(JsonWriter, QuotesCutLongInputAtACharacter) {
    EXPECT_EQ(protocol::json_quoted("abc", 3), "\"abc\"");
    EXPECT_EQ(protocol::json_quoted("abcd", 3), "\"abc\"…");
    EXPECT_EQ(protocol::json_quoted("aü", 2), "\"a\"…");
    EXPECT_EQ(protocol::json_quoted("\n", 9), "\"\\n\"");
}

} // namespace
