#include "simulator/search_query.hpp"

#include <gtest/gtest.h>

namespace simulator {
namespace {

constexpr std::string_view kSource = "// reconnect after a while\n"
                                     "class Client : public Base {\n"
                                     "    void parse_header(int limit);\n"
                                     "    const char* text = \"parse error\";\n"
                                     "};\n";

class Given {
public:
    explicit Given(std::string_view text, std::string_view path = "/src/client.cpp")
        : index_(text, path.substr(path.rfind('.') + 1)), document_("Contoso", "engine", path, index_) {}
    bool matches(std::string_view query, std::uint32_t elements = 0) const {
        return evaluate(parse_query(query), document_, elements).matched;
    }
    DocumentHits hits(std::string_view query) const { return evaluate(parse_query(query), document_); }

private:
    TextIndex index_;
    SearchDocument document_;
};

TEST(SearchQuery, FindsWholeWordsInAnyCase) {
    Given const file(kSource);
    EXPECT_TRUE(file.matches("PARSE_HEADER"));
    EXPECT_FALSE(file.matches("parse_head"));
}

TEST(SearchQuery, CombinesWordsWithAndByDefault) {
    Given const file(kSource);
    EXPECT_TRUE(file.matches("reconnect limit"));
    EXPECT_FALSE(file.matches("reconnect nowhere"));
    EXPECT_TRUE(file.matches("nowhere OR limit"));
    EXPECT_FALSE(file.matches("limit NOT reconnect"));
    EXPECT_TRUE(file.matches("limit AND (nowhere OR reconnect)"));
}

TEST(SearchQuery, TreatsLowerCaseOperatorsAsWords) {
    EXPECT_FALSE(Given("alpha beta").matches("alpha or beta"));
}

TEST(SearchQuery, MatchesPhrasesExactly) {
    Given const file(kSource);
    EXPECT_TRUE(file.matches("\"parse error\""));
    EXPECT_FALSE(file.matches("\"error parse\""));
    EXPECT_TRUE(file.matches("\"parse_header(int limit)\""));
}

TEST(SearchQuery, ExpandsWildcardsInsideWords) {
    Given const file(kSource);
    EXPECT_TRUE(file.matches("parse_*"));
    EXPECT_TRUE(file.matches("l?mit"));
    EXPECT_EQ(parse_query("*header").info_code, 4);
}

TEST(SearchQuery, FiltersByExtensionFileAndPath) {
    Given const file(kSource);
    EXPECT_TRUE(file.matches("limit ext:cpp"));
    EXPECT_FALSE(file.matches("limit ext:h"));
    EXPECT_TRUE(file.matches("limit file:client*"));
    EXPECT_TRUE(file.matches("limit path:src"));
    EXPECT_FALSE(file.matches("limit path:tests"));
    EXPECT_TRUE(file.matches("limit repo:engine proj:contoso"));
}

TEST(SearchQuery, FindsWordsNearEachOther) {
    Given const file("one two three four five six seven");
    EXPECT_TRUE(file.matches("one NEAR four"));
    EXPECT_FALSE(file.matches("one NEAR seven"));
    EXPECT_TRUE(file.matches("one BEFORE two"));
    EXPECT_FALSE(file.matches("one AFTER two"));
}

TEST(SearchQuery, KnowsCodeElements) {
    Given const file(kSource);
    EXPECT_TRUE(file.matches("class:Client"));
    EXPECT_FALSE(file.matches("class:limit"));
    EXPECT_TRUE(file.matches("comment:reconnect"));
    EXPECT_TRUE(file.matches("strlit:error"));
    EXPECT_TRUE(file.matches("basetype:Base"));
    EXPECT_TRUE(file.matches("reconnect", element_comment));
    EXPECT_FALSE(file.matches("limit", element_comment));
}

TEST(SearchQuery, TellsMistakesByInfoCode) {
    EXPECT_EQ(parse_query("class:\"two words\"").info_code, 19);
    EXPECT_EQ(parse_query("class:cli*").info_code, 20);
    EXPECT_EQ(parse_query("plain words").info_code, 0);
}

TEST(SearchQuery, CountsOffsetsInUtf16UnitsWithoutTheByteOrderMark) {
    // A byte order mark, then an emoji of two UTF-16 units and a space.
    auto const hits = Given("\xEF\xBB\xBF\xF0\x9F\x98\x80 needle").hits("needle");
    ASSERT_EQ(hits.content.size(), 1U);
    EXPECT_EQ(hits.content[0].offset, 3U);
    EXPECT_EQ(hits.content[0].length, 6U);
}

TEST(SearchQuery, DecodesUtf16Files) {
    std::string bytes = "\xFF\xFE";
    for (char const c : std::string_view("a needle")) {
        bytes += c;
        bytes += '\0';
    }
    EXPECT_TRUE(Given(bytes).matches("needle"));
}

TEST(SearchQuery, ReportsTheFileNameAsAHit) {
    auto const hits = Given("nothing here", "/src/parser.cpp").hits("parser");
    EXPECT_TRUE(hits.matched);
    EXPECT_TRUE(hits.file_name);
    EXPECT_TRUE(hits.content.empty());
}

TEST(SearchQuery, SurvivesUnbalancedInput) {
    EXPECT_FALSE(parse_query("a)").error.empty());
    EXPECT_TRUE(parse_query("\"open phrase").error.empty());
    EXPECT_EQ(parse_query("").root, nullptr);
    EXPECT_EQ(parse_query(" : ").root, nullptr);
}

TEST(WildcardMatch, HandlesStarsAndQuestionMarks) {
    EXPECT_TRUE(wildcard_match(u"a*c", u"abbbc"));
    EXPECT_TRUE(wildcard_match(u"*", u""));
    EXPECT_FALSE(wildcard_match(u"a?c", u"ac"));
}

} // namespace
} // namespace simulator
