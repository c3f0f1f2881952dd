#include "auth/expires_on.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace auth {
namespace {

using std::chrono::seconds;

core::SystemTime const kAsked{seconds(1'795'392'000)}; // 2026-11-23T00:00:00Z
core::SystemTime const kFive{seconds(1'795'410'000)};  // 2026-11-23T05:00:00Z

struct Row {
    char const* json;
    std::optional<core::SystemTime> expected;
};

class ExpiresOn : public testing::TestWithParam<Row> {};

TEST_P(ExpiresOn, IsUnderstood) {
    SCOPED_TRACE(GetParam().json);
    EXPECT_EQ(parse_expires_on(core::Json::parse(GetParam().json), kAsked), GetParam().expected);
}

INSTANTIATE_TEST_SUITE_P(Shapes,
                         ExpiresOn,
                         testing::Values(Row{"1795410000", kFive},
                                         Row{"\"1795410000\"", kFive},
                                         Row{"1795410000.5", kFive},
                                         Row{"\"1795410000.25\"", kFive},
                                         Row{"18000", kFive},
                                         Row{"\"18000\"", kFive},
                                         Row{"\"2026-11-23T05:00:00Z\"", kFive},
                                         Row{"\"2026-11-23T05:00:00.0000000+00:00\"", kFive},
                                         Row{"\"2026-11-23T07:00:00+02:00\"", kFive},
                                         Row{"\"2026-11-22 22:30:00 -0630\"", kFive},
                                         Row{"\"Mon, 23 Nov 2026 05:00:00 GMT\"", kFive},
                                         Row{"\"11/23/2026 5:00:00 AM +00:00\"", kFive},
                                         Row{"\"11/23/2026 05:00:00 +00:00\"", kFive},
                                         Row{"\"11/23/2026 12:00:00 AM +00:00\"", kAsked},
                                         Row{"\"11/22/2026 11:00:00 PM -06:00\"", kFive}));

INSTANTIATE_TEST_SUITE_P(Refused,
                         ExpiresOn,
                         testing::Values(Row{"0", std::nullopt},
                                         Row{"-5", std::nullopt},
                                         Row{"\"\"", std::nullopt},
                                         Row{"\"soon\"", std::nullopt},
                                         Row{"null", std::nullopt},
                                         Row{"{}", std::nullopt},
                                         Row{"1e300", std::nullopt},
                                         Row{"18446744073709551615", std::nullopt},
                                         Row{"\"99999999999999999999999\"", std::nullopt},
                                         Row{"\"2026-13-23T05:00:00Z\"", std::nullopt},
                                         Row{"\"2026-02-30T05:00:00Z\"", std::nullopt},
                                         Row{"\"2026-11-23T25:00:00Z\"", std::nullopt},
                                         Row{"\"2026-11-23T05:00:00Zulu\"", std::nullopt},
                                         Row{"\"11/23/2026 13:00:00 PM +00:00\"", std::nullopt},
                                         Row{"\"Mon, 23 Foo 2026 05:00:00 GMT\"", std::nullopt}));

} // namespace
} // namespace auth
