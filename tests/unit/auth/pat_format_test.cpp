#include "auth/pat_format.hpp"

#include "core/text/base64.hpp"

#include <gtest/gtest.h>

namespace auth {
namespace {

std::string const kOld = "abcdefghijklmnopqrstuvwxyz234567abcdefghijklmnopqrst";
std::string const kNew = std::string(76, 'A') + "AZDO" + "b1c2";
std::string const kNewOneEarlier = std::string(75, 'A') + "AZDO" + "b1c2d";

struct Row {
    char const* name;
    std::string given;
    std::string raw;
    bool known;
};

class PatFormat : public testing::TestWithParam<Row> {};

TEST_P(PatFormat, IsNormalisedToTheRawToken) {
    Row const& row = GetParam();
    core::Result<NormalizedPat> const pat = normalize_pat(row.given);
    ASSERT_TRUE(pat) << pat.error().message();
    EXPECT_EQ(pat->pat.expose(), row.raw);
    EXPECT_EQ(pat->known_format, row.known);
    EXPECT_EQ(pat->warning().empty(), row.known);
}

INSTANTIATE_TEST_SUITE_P(
    Forms,
    PatFormat,
    testing::Values(Row{"RawOld", kOld, kOld, true},
                    Row{"RawNew", kNew, kNew, true},
                    Row{"SignatureOneEarlier", kNewOneEarlier, kNewOneEarlier, true},
                    Row{"Trimmed", " \t" + kNew + "\r\n", kNew, true},
                    Row{"EmptyUser", ":" + kOld, kOld, true},
                    Row{"NamedUser", "ada:" + kNew, kNew, true},
                    Row{"Base64EmptyUser", core::base64_encode(":" + kOld), kOld, true},
                    Row{"Base64EmptyUserNew", core::base64_encode(":" + kNew), kNew, true},
                    Row{"Base64NamedUser", core::base64_encode("ada:" + kNew), kNew, true},
                    Row{"ServerToken", "a-server-token-of-its-own", "a-server-token-of-its-own", false},
                    Row{"Base64ButNoPair",
                        core::base64_encode("no colon here"),
                        core::base64_encode("no colon here"),
                        false},
                    Row{"WrongAlphabet", std::string(52, '1'), std::string(52, '1'), false}),
    [](testing::TestParamInfo<Row> const& row) { return row.param.name; });

TEST(PatFormatRefusal, NamesTheFaultAndHoldsNothingOfTheToken) {
    struct Bad {
        std::string given;
        char const* words;
    };
    std::vector<Bad> const rows{{"", "empty"},
                                {"  \n", "empty"},
                                {":", "empty"},
                                {core::base64_encode("user:"), "empty"},
                                {"${ADO_PAT}", "${...}"},
                                {"canary canary", "white space"},
                                {std::string("canary\x01") + "x", "control"},
                                {"canary\xc3\xa9", "non-ASCII"},
                                {std::string(5000, 'c'), "4096"}};
    for (Bad const& row : rows) {
        SCOPED_TRACE(row.words);
        core::Result<NormalizedPat> const pat = normalize_pat(row.given);
        ASSERT_FALSE(pat);
        EXPECT_EQ(pat.error().kind(), core::ErrorKind::invalid_argument);
        EXPECT_NE(pat.error().message().find(row.words), std::string::npos) << pat.error().message();
        EXPECT_EQ(pat.error().message().find("canary"), std::string::npos);
    }
}

} // namespace
} // namespace auth
