#include "config_test_support.hpp"

#include "server/config/environment.hpp"

#include <gtest/gtest.h>

namespace {

struct ExpansionRow {
    char const* text;
    char const* expected;
};

TEST(ExpandEnvironment, ReplacesNamesDefaultsAndEscapes) {
    auto const environment = test::environment({{"A", "one"}, {"EMPTY", ""}, {"NESTED", "${A}"}});
    ExpansionRow const rows[] = {
        {"plain", "plain"},
        {"${A}", "one"},
        {"x${A}y${A}z", "xoneyonez"},
        {"${A:-other}", "one"},
        {"${MISSING:-other}", "other"},
        {"${MISSING:-}", ""},
        {"${EMPTY}", ""},
        {"${EMPTY:-other}", "other"},
        {"${MISSING:-a:-b}", "a:-b"},
        {"$${A}", "${A}"},
        {"$$${A}", "$${A}"},
        {"$A and $", "$A and $"},
        {"${NESTED}", "${A}"}, // a value is not expanded again
    };
    for (ExpansionRow const& row : rows) {
        SCOPED_TRACE(row.text);
        server::Expansion const expansion = server::expand_environment(row.text, environment);
        EXPECT_EQ(expansion.problem, "");
        EXPECT_EQ(expansion.text, row.expected);
    }
}

TEST(ExpandEnvironment, SaysWhatIsWrong) {
    auto const environment = test::environment();
    for (char const* text : {"${MISSING}", "${", "${A", "${}", "${1A:-x}", "${A B}", "${:-x}"}) {
        EXPECT_NE(server::expand_environment(text, environment).problem, "") << text;
    }
}

TEST(ExpandEnvironment, SaysWhetherAnythingWasReplaced) {
    auto const environment = test::environment({{"A", "1"}});
    EXPECT_TRUE(server::expand_environment("${A}", environment).expanded);
    EXPECT_FALSE(server::expand_environment("$${A}", environment).expanded);
}

} // namespace
