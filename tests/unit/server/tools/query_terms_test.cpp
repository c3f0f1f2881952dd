#include "server/tools/query_terms.hpp"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace {

using server::parse_search_query;
using server::QueryFilter;
using server::QueryTerm;
using server::SearchQuery;

std::string show(std::vector<QueryTerm> const& terms) {
    std::string text;
    for (QueryTerm const& term : terms) {
        text += (text.empty() ? "[" : " [") + term.text + (term.prefix ? "*]" : "]");
    }
    return text;
}

TEST(QueryTerms, KeepsWhatAMatchingFileMustContain) {
    std::vector<std::pair<std::string, std::string>> const table{
        {"parseHeader", "[parseheader]"},
        {"parse header", "[parse] [header]"},
        {"parse AND header OR body", "[parse] [header] [body]"},
        {"and or not", "[and] [or] [not]"},
        {"parse NOT header tail", "[parse] [tail]"},
        {"parse NOT (header OR (a b)) tail", "[parse] [tail]"},
        {"NOT class:Foo bar", "[bar]"},
        {"NOT \"a b\" bar", "[bar]"},
        {"(one OR two) three", "[one] [two] [three]"},
        {"\"std::move  (x)\" y", "[std::move (x)] [y]"},
        {R"("say \"hi\" \\ there")", R"([say "hi" \ there])"},
        {"class:Parser method:run* ref:(a OR b)", "[parser] [run*] [a] [b]"},
        {"def:\"operator new\"", "[operator new]"},
        {"CLASS:Parser", "[parser]"},
        {"ext:cpp path:/src file:*x repo:engine proj:\"My Project\" word", "[word]"},
        {"path:(a b) word", "[word]"},
        {"pars* he?der", "[pars*] [he*]"},
        {"*tail ?x ok", "[ok]"},
        {"std::string", "[std::string]"},
        {"http://x", "[http://x]"},
        {"a NEAR b BEFORE c", "[a] [b] [c]"},
        {"twice Twice TWICE", "[twice]"},
        {"\xC3\x84nderung", "[\xC3\xA4nderung]"},
        {"\"unclosed phrase", "[unclosed phrase]"},
        {")) stray ((", "[stray]"},
        {"call(arg)", "[call] [arg]"},
        {"", ""},
        {"   ", ""},
        {"NOT", ""},
        {"ext:", ""},
        {"class:", ""},
    };
    for (auto const& [query, terms] : table) {
        SCOPED_TRACE(query);
        EXPECT_EQ(show(parse_search_query(query).terms), terms);
    }
}

TEST(QueryTerms, NamesTheFiltersThatAreNotNegated) {
    SearchQuery const query = parse_search_query("x Ext:CPP path:\"a b\" NOT repo:engine");
    std::vector<QueryFilter> const expected{{"ext", "CPP"}, {"path", "a b"}};
    EXPECT_EQ(query.filters, expected);
    EXPECT_TRUE(query.has_filter("ext"));
    EXPECT_FALSE(query.has_filter("repo"));
}

TEST(QueryTerms, SeesWhatTheServiceWillNotTake) {
    EXPECT_TRUE(parse_search_query("*parser").leading_wildcard);
    EXPECT_TRUE(parse_search_query("class:?arser").leading_wildcard);
    EXPECT_FALSE(parse_search_query("file:*parser x").leading_wildcard);
    EXPECT_FALSE(parse_search_query("\"*parser\"").leading_wildcard);
    EXPECT_TRUE(parse_search_query("a OR b").alternatives);
    EXPECT_FALSE(parse_search_query("\"a OR b\"").alternatives);
}

TEST(QueryTerms, TakesAnyBytes) {
    std::string const pieces = "(\"\\*?: NOTORab\xC3\x84\xFF\n";
    unsigned state = 1;
    for (int round = 0; round < 2000; ++round) {
        std::string query;
        for (int i = 0; i < 24; ++i) {
            state = state * 1664525U + 1013904223U;
            query.push_back(pieces[(state >> 16) % pieces.size()]);
        }
        for (QueryTerm const& term : parse_search_query(query).terms) {
            EXPECT_FALSE(term.text.empty());
        }
    }
}

} // namespace
