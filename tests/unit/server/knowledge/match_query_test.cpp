#include "server/knowledge/match_query.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace {

using server::MatchQuery;
using Terms = std::vector<std::string>;

TEST(MatchQuery, WordsAndPhrasesAreTerms) {
    EXPECT_EQ(MatchQuery("rollback \"payment service\" db*").terms(),
              (Terms{"rollback", "payment service", "db*"}));
    EXPECT_EQ(MatchQuery("rollback \"payment service\" db*").all(),
              "\"rollback\" AND \"payment service\" AND \"db\"*");
}

TEST(MatchQuery, WordsThatSayNothingAreLeftOutUnlessThereAreNoOthers) {
    EXPECT_EQ(MatchQuery("How do I restart the queue?").terms(), (Terms{"restart", "queue?"}));
    EXPECT_EQ(MatchQuery("what is it").terms(), (Terms{"what", "is", "it"}));
    EXPECT_EQ(MatchQuery("\"to be\" x").terms(), (Terms{"to be", "x"}));
}

TEST(MatchQuery, NothingTypedIsTakenForTheIndexsOwnLanguage) {
    EXPECT_EQ(MatchQuery("a-b NEAR( OR body:x \"un\"closed").all(),
              "\"a-b\" AND \"NEAR(\" AND \"body:x\" AND \"un\" AND \"closed\"");
    EXPECT_TRUE(MatchQuery("  ** - \"\" ").empty());
}

TEST(MatchQuery, ManyWordsAreCutAndRepeatedOnesCountOnce) {
    std::string text;
    for (int i = 0; i < 100; ++i) {
        text += "word" + std::to_string(i % 50) + " ";
    }
    EXPECT_EQ(MatchQuery(text).terms().size(), MatchQuery::kMostTerms);
    EXPECT_EQ(MatchQuery("x x x").terms(), (Terms{"x"}));
}

} // namespace
