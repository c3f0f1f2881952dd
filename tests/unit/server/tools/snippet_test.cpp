#include "server/tools/snippet.hpp"

#include "core/text/utf8.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace {

using server::FileSnippets;
using server::IndexedHit;
using server::make_snippets;
using server::QueryTerm;
using server::SnippetMatch;
using server::SnippetOptions;

SnippetOptions with_context(std::size_t lines) {
    SnippetOptions options;
    options.context_lines = lines;
    return options;
}

std::vector<QueryTerm> word(std::string text) {
    return {QueryTerm{std::move(text), false}};
}

std::string numbered_lines(int count) {
    std::string text;
    for (int i = 1; i <= count; ++i) {
        text += "line " + std::to_string(i) + "\n";
    }
    return text;
}

std::string const kFile =
    "#include <x>\n\nint parse(char c) {\n    return parse_one(c);\n}\n\nint main() { parse('x'); }\n";

TEST(Snippet, CutsTheLinesAroundAHit) {
    auto const at = static_cast<std::int64_t>(kFile.find("parse("));
    std::vector<IndexedHit> const hits{{at, 5}};
    FileSnippets const snippets = make_snippets(kFile, hits, word("parse"), with_context(1));
    ASSERT_EQ(snippets.blocks.size(), 1U);
    EXPECT_EQ(snippets.blocks[0].start_line, 2U);
    EXPECT_EQ(snippets.blocks[0].end_line, 4U);
    EXPECT_EQ(snippets.blocks[0].text, "\nint parse(char c) {\n    return parse_one(c);");
    std::vector<SnippetMatch> const expected{{3, 5, 5}};
    EXPECT_EQ(snippets.blocks[0].matches, expected);
    EXPECT_EQ(snippets.found_by_text, 0U);
}

struct OffsetRow {
    std::string name;
    std::string file;
    std::int64_t offset;
    std::int64_t length;
    SnippetMatch match;
    bool by_text;
};

TEST(Snippet, FindsTheHitHoweverTheIndexCounted) {
    std::string const crlf = "one\r\ntwo\r\nfour needle five\r\n";
    std::vector<OffsetRow> const table{
        {"as the file is", crlf, 15, 6, {3, 6, 6}, false},
        {"CR LF counted as one", crlf, 13, 6, {3, 6, 6}, false},
        {"byte order mark counted", "a\nb needle", 5, 6, {2, 3, 6}, false},
        {"byte order mark and CR LF as one", crlf, 14, 6, {3, 6, 6}, false},
        {"byte order mark still in the text",
         "\xEF\xBB\xBF"
         "a needle",
         3,
         6,
         {1, 3, 6},
         false},
        {"UTF-16 units before the hit", "\xF0\x9F\x98\x80\xC3\xBC needle", 4, 6, {1, 4, 6}, false},
        {"stale", "x\ny\nz\nsome needle here", 0, 6, {4, 6, 6}, true},
        {"past the end", "needle", 900, 6, {1, 1, 6}, true},
        {"length unknown", "a needle", 2, 0, {1, 3, 6}, false},
        {"other case", "a NEEDLE", 2, 6, {1, 3, 6}, false},
        {"part of a word, at the index's own offset and length", "a xneedlez", 3, 6, {1, 4, 6}, false},
        {"part of a word only, stale", "a xneedlez", 0, 6, {1, 4, 6}, true},
        {"absurd length", "a needle b", 2, 1'000'000'000'000, {1, 3, 6}, false},
    };
    for (OffsetRow const& row : table) {
        SCOPED_TRACE(row.name);
        std::vector<IndexedHit> const hits{{row.offset, row.length}};
        FileSnippets const snippets = make_snippets(row.file, hits, word("needle"), with_context(0));
        ASSERT_EQ(snippets.blocks.size(), 1U);
        std::vector<SnippetMatch> const expected{row.match};
        EXPECT_EQ(snippets.blocks[0].matches, expected);
        EXPECT_EQ(snippets.found_by_text, row.by_text ? 1U : 0U);
    }
}

TEST(Snippet, MovesStaleHitsToTheNearestPlacesEachOnce) {
    std::string const file = "needle\n\n\n\nneedle\n\n\n\nneedle\n";
    std::vector<IndexedHit> const hits{{7, 6}, {13, 6}};
    FileSnippets const snippets = make_snippets(file, hits, word("needle"), with_context(0));
    ASSERT_EQ(snippets.blocks.size(), 2U);
    EXPECT_EQ(snippets.blocks[0].start_line, 5U);
    EXPECT_EQ(snippets.found_by_text, 2U);
}

TEST(Snippet, SaysNothingAboutHitsTheFileNoLongerHas) {
    std::vector<IndexedHit> const hits{{2, 6}};
    FileSnippets const snippets = make_snippets("nothing of the kind", hits, word("needle"), with_context(3));
    EXPECT_TRUE(snippets.blocks.empty());
    EXPECT_EQ(snippets.located, 0U);
}

TEST(Snippet, TakesPhrasesWholeOrWordByWord) {
    std::string const file = "x\nreturn  new\n  Parser();\n";
    std::vector<QueryTerm> const phrase{QueryTerm{"return new parser", false}};
    std::vector<IndexedHit> const whole{{2, 21}};
    FileSnippets const one = make_snippets(file, whole, phrase, with_context(0));
    ASSERT_EQ(one.blocks.size(), 1U);
    EXPECT_EQ(one.blocks[0].start_line, 2U);
    EXPECT_EQ(one.blocks[0].end_line, 3U);
    std::vector<IndexedHit> const words{{2, 6}, {10, 3}, {16, 6}};
    FileSnippets const three = make_snippets(file, words, phrase, with_context(0));
    ASSERT_EQ(three.blocks.size(), 1U);
    std::vector<SnippetMatch> const expected{{2, 1, 6}, {2, 9, 3}, {3, 3, 6}};
    EXPECT_EQ(three.blocks[0].matches, expected);
}

TEST(Snippet, ExtendsAPrefixToItsWord) {
    std::vector<QueryTerm> const prefix{QueryTerm{"pars", true}};
    std::vector<IndexedHit> const hits{{0, 5}};
    FileSnippets const snippets = make_snippets("x parse_header y", hits, prefix, with_context(0));
    ASSERT_EQ(snippets.blocks.size(), 1U);
    std::vector<SnippetMatch> const expected{{1, 3, 12}};
    EXPECT_EQ(snippets.blocks[0].matches, expected);
}

TEST(Snippet, TrustsAnOffsetOnWholeWordsWhenNoTermCanBeChecked) {
    std::vector<IndexedHit> const good{{2, 5}};
    EXPECT_EQ(make_snippets("a bcdef g", good, {}, with_context(0)).blocks.size(), 1U);
    std::vector<IndexedHit> const inside{{3, 2}};
    EXPECT_TRUE(make_snippets("a bcdef g", inside, {}, with_context(0)).blocks.empty());
}

TEST(Snippet, MergesBlocksThatTouch) {
    std::string const file = numbered_lines(30);
    auto const at = [&](std::string const& text) { return static_cast<std::int64_t>(file.find(text)); };
    std::vector<IndexedHit> const hits{{at("10\n"), 2}, {at("13\n"), 2}, {at("17\n"), 2}};
    std::vector<QueryTerm> const terms{{"10", false}, {"13", false}, {"17", false}};
    FileSnippets const snippets = make_snippets(file, hits, terms, with_context(1));
    ASSERT_EQ(snippets.blocks.size(), 2U);
    EXPECT_EQ(snippets.blocks[0].start_line, 9U);
    EXPECT_EQ(snippets.blocks[0].end_line, 14U);
    EXPECT_EQ(snippets.blocks[0].matches.size(), 2U);
    EXPECT_EQ(snippets.blocks[1].start_line, 16U);
}

TEST(Snippet, LimitsBlocksAndMatches) {
    std::string file;
    std::vector<IndexedHit> hits;
    for (int i = 0; i < 8; ++i) {
        for (int k = 0; k < 3; ++k) {
            hits.push_back(IndexedHit{static_cast<std::int64_t>(file.size()), 1});
            file += "x ";
        }
        file += "\n\n\n\n\n\n\n\n";
    }
    SnippetOptions options = with_context(1);
    options.max_blocks = 3;
    options.max_matches = 2;
    FileSnippets const snippets = make_snippets(file, hits, word("x"), options);
    EXPECT_EQ(snippets.blocks.size(), 3U);
    EXPECT_EQ(snippets.more_blocks, 5U);
    EXPECT_EQ(snippets.blocks[0].matches.size(), 2U);
    EXPECT_EQ(snippets.located, 24U);
}

TEST(Snippet, ShowsALongLineAroundItsMatch) {
    std::string const unit = "\xC3\xBC"; // two bytes, one character
    std::string file;
    for (int i = 0; i < 1000; ++i) {
        file += unit;
    }
    file += " needle ";
    for (int i = 0; i < 1000; ++i) {
        file += unit;
    }
    SnippetOptions options = with_context(0);
    options.max_line_chars = 100;
    std::vector<IndexedHit> const hits{{1001, 6}};
    FileSnippets const snippets = make_snippets(file, hits, word("needle"), options);
    ASSERT_EQ(snippets.blocks.size(), 1U);
    std::string const& text = snippets.blocks[0].text;
    EXPECT_TRUE(core::is_valid_utf8(text));
    EXPECT_NE(text.find("needle"), std::string::npos);
    EXPECT_LE(core::utf16_length(text), 102U); // and an ellipsis at each end
    std::vector<SnippetMatch> const expected{{1, 1002, 6}};
    EXPECT_EQ(snippets.blocks[0].matches, expected);
}

TEST(Snippet, ShowsTheHeadOfAFileFoundByItsName) {
    std::vector<IndexedHit> const hits{{0, -1}};
    FileSnippets const snippets = make_snippets(numbered_lines(20), hits, word("readme"), with_context(2));
    ASSERT_EQ(snippets.blocks.size(), 1U);
    EXPECT_EQ(snippets.blocks[0].start_line, 1U);
    EXPECT_EQ(snippets.blocks[0].end_line, 5U);
    EXPECT_TRUE(snippets.blocks[0].matches.empty());
    EXPECT_TRUE(make_snippets("", hits, word("readme"), with_context(2)).blocks.empty());
}

TEST(Snippet, MatchesAlwaysReadAsTheTermInTheFile) {
    // Whatever the offsets, a match's line and column point at the word, and blocks are in order and apart.
    std::string file;
    for (int i = 0; i < 60; ++i) {
        file += (i % 3 == 0) ? "\xF0\x9F\x98\x80 word\r\n" : "other text \xC3\xA4\r\n";
    }
    std::vector<std::string> lines;
    for (std::size_t at = 0; at < file.size();) {
        std::size_t const end = file.find("\r\n", at);
        lines.push_back(file.substr(at, end - at));
        at = end + 2;
    }
    unsigned state = 3;
    for (int round = 0; round < 500; ++round) {
        std::vector<IndexedHit> hits;
        for (int i = 0; i < 6; ++i) {
            state = state * 1664525U + 1013904223U;
            hits.push_back(IndexedHit{static_cast<std::int64_t>((state >> 12) % 1000), 4});
        }
        FileSnippets const snippets = make_snippets(file, hits, word("word"), with_context(2));
        std::size_t last_end = 0;
        std::size_t matches = 0;
        for (auto const& block : snippets.blocks) {
            EXPECT_TRUE(last_end == 0 || block.start_line > last_end + 1);
            last_end = block.end_line;
            matches += block.matches.size();
            for (SnippetMatch const& match : block.matches) {
                EXPECT_GE(match.line, block.start_line);
                EXPECT_LE(match.line, block.end_line);
                std::string const& line = lines.at(match.line - 1);
                std::size_t const at =
                    core::utf8_offset_of_utf16(line, match.column - 1 + 1); // one emoji before it
                EXPECT_EQ(line.substr(at, 4), "word");
                EXPECT_EQ(match.length, 4U);
            }
        }
        EXPECT_LE(matches, 6U);
        EXPECT_GE(matches, 1U);
    }
}

} // namespace
