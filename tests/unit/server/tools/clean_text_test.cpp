#include "server/tools/clean_text.hpp"

#include "core/text/utf8.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace {

using server::clean_line;
using server::clean_text;
using server::CleanText;

struct Row {
    std::string name;
    std::string in;
    std::string out;
    std::size_t removed;
};

TEST(CleanText, DropsWhatAReaderCannotSee) {
    std::vector<Row> const table{
        {"plain", "int x = 1;\n\treturn;\n", "int x = 1;\n\treturn;\n", 0},
        {"letters of the world", "Grüße, мир, 世界, नमस्ते", "Grüße, мир, 世界, नमस्ते", 0},
        {"line ends", "a\r\nb\rc\r\n", "a\nb\nc\n", 0},
        {"escape sequence", "\x1B[31mred\x1B[0m", "[31mred[0m", 2},
        {"nul and delete", std::string("a\0b\x7F", 4), "ab", 2},
        {"C1 control",
         "a\xC2\x9B"
         "31m",
         "a31m",
         1},
        {"no-break space stays", "a\xC2\xA0z", "a\xC2\xA0z", 0},
        {"soft hyphen", "a\xC2\xADz", "az", 1},
        {"zero width space", "a\xE2\x80\x8Bz", "az", 1},
        {"byte order mark",
         "\xEF\xBB\xBF"
         "a",
         "a",
         1},
        {"right-to-left override", "a\xE2\x80\xAEz", "az", 1},
        {"isolate", "a\xE2\x81\xA6z\xE2\x81\xA9", "az", 2},
        {"line separator", "a\xE2\x80\xA8z", "a z", 1},
        {"Hangul filler", "a\xE3\x85\xA4z", "az", 1},
        {"tag characters", "a\xF3\xA0\x81\x81\xF3\xA0\x81\x82z", "az", 2},
        {"variation selectors that carry bytes", "a\xF3\xA0\x84\x80\xEF\xB8\x81z", "az", 2},
        {"emoji family keeps its joiners", "👨‍👩‍👧", "👨‍👩‍👧", 0},
        {"emoji presentation", "❤️ 1️⃣", "❤️ 1️⃣", 0},
        {"a joiner between letters goes",
         "a\xE2\x80\x8D"
         "b",
         "ab",
         1},
        {"a joiner at the end goes", "👨\xE2\x80\x8D", "👨", 1},
        {"only the first selector is needed", "❤\xEF\xB8\x8F\xEF\xB8\x8F", "❤\xEF\xB8\x8F", 1},
        {"Persian non-joiner", "می\xE2\x80\x8Cخواهم", "می\xE2\x80\x8Cخواهم", 0},
        {"invalid UTF-8", "a\xFFz", "a\xEF\xBF\xBDz", 0},
        {"empty", "", "", 0},
    };
    for (Row const& row : table) {
        SCOPED_TRACE(row.name);
        CleanText const clean = clean_text(row.in);
        EXPECT_EQ(clean.text, row.out);
        EXPECT_EQ(clean.removed, row.removed);
    }
}

TEST(CleanText, MovesCleanTextThrough) {
    std::string text(10'000, 'x');
    char const* const bytes = text.data();
    CleanText const clean = clean_text(std::move(text));
    EXPECT_EQ(clean.text.data(), bytes);
}

TEST(CleanText, IsStableAndValidOverAnyBytes) {
    unsigned state = 7;
    std::string const pieces =
        "a\r\n\x1B\xE2\x80\x8B\x8D\xF0\x9F\x91\xA8\xEF\xB8\x8F\xF3\xA0\x81\xC2\xAD\xFF";
    for (int round = 0; round < 3000; ++round) {
        std::string text;
        for (int i = 0; i < 20; ++i) {
            state = state * 1664525U + 1013904223U;
            text.push_back(pieces[(state >> 16) % pieces.size()]);
        }
        CleanText const once = clean_text(text);
        ASSERT_TRUE(core::is_valid_utf8(once.text));
        ASSERT_EQ(once.text.find('\r'), std::string::npos);
        ASSERT_EQ(once.text.find('\x1B'), std::string::npos);
        CleanText const twice = clean_text(once.text);
        ASSERT_EQ(twice.text, once.text);
        ASSERT_EQ(twice.removed, 0U);
    }
}

TEST(CleanText, LinesHaveNoLineEnds) {
    EXPECT_EQ(clean_line(std::string("a\tb\r\nc\x07")), "a b c");
}

} // namespace
