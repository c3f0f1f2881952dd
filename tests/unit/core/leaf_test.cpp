#include "core/clock.hpp"
#include "core/error.hpp"
#include "core/json.hpp"
#include "core/log.hpp"
#include "core/principal.hpp"
#include "core/secret.hpp"
#include "support/log_capture.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <type_traits>

namespace {

using core::Json;
using core::JsonLimits;
using core::Secret;

TEST(Secret, MovesTheOneBlockAndLeavesNothingBehind) {
    Secret first("s3cret");
    char const* const block = first.expose().data();
    Secret second(std::move(first));
    EXPECT_EQ(second.expose(), "s3cret");
    EXPECT_EQ(second.expose().data(), block);
    EXPECT_TRUE(first.empty()); // NOLINT(bugprone-use-after-move): the state after a move is what is tested
    EXPECT_EQ(first.expose(), "");
    Secret third("other");
    third = std::move(second);
    EXPECT_EQ(third.expose().data(), block);
    EXPECT_TRUE(second.empty()); // NOLINT(bugprone-use-after-move)
    Secret const copy = third.clone();
    EXPECT_EQ(copy.expose(), "s3cret");
    EXPECT_NE(copy.expose().data(), block);
}

TEST(Secret, ComparesWithoutShowing) {
    Secret const secret("abc");
    EXPECT_TRUE(secret.equals("abc"));
    EXPECT_FALSE(secret.equals("abd"));
    EXPECT_FALSE(secret.equals("ab"));
    EXPECT_TRUE(Secret().equals(""));
    EXPECT_EQ(secret.size(), 3U);
}

TEST(Secret, WipeOverwrites) {
    std::string buffer = "Authorization: Bearer x";
    core::wipe(buffer.data(), buffer.size());
    EXPECT_EQ(buffer, std::string(buffer.size(), '\0'));
    core::wipe(nullptr, 0);
}

template <class T>
concept Printable = requires(std::ostream& out, T const& value) {
    out << value;
};

TEST(Secret, CannotBeCopiedPrintedOrMadeJson) {
    static_assert(!std::is_copy_constructible_v<Secret> && !std::is_copy_assignable_v<Secret>);
    static_assert(!std::is_convertible_v<Secret, std::string_view> &&
                  !std::is_convertible_v<Secret, std::string>);
    static_assert(!Printable<Secret> && Printable<std::string>);
    static_assert(!std::is_constructible_v<Json, Secret const&>);
    static_assert(!std::is_constructible_v<core::log::Field, char const*, Secret const&>);
    SUCCEED();
}

TEST(Json, RefusesDepthAndSizeBeforeParsing) {
    JsonLimits limits;
    std::string const bomb(100'000, '[');
    auto const deep = core::parse_json(bomb, limits);
    ASSERT_FALSE(deep.has_value());
    EXPECT_NE(deep.error().message().find("nested"), std::string::npos);
    std::string nested = std::string(64, '[') + std::string(64, ']');
    EXPECT_TRUE(core::parse_json(nested, limits).has_value());
    nested = "[" + nested + "]";
    EXPECT_FALSE(core::parse_json(nested, limits).has_value());
    std::string objects;
    for (int i = 0; i < 65; ++i) {
        objects += R"({"a":)";
    }
    EXPECT_FALSE(core::parse_json(objects + "1" + std::string(65, '}'), limits).has_value());
    // Brackets inside strings do not count.
    EXPECT_TRUE(core::parse_json("\"" + std::string(1000, '[') + "\\\"[\"", limits).has_value());
    limits.max_bytes = 10;
    EXPECT_TRUE(core::parse_json("[1,2,3,45]", limits).has_value());
    EXPECT_FALSE(core::parse_json("[1,2,3,456]", limits).has_value());
}

TEST(Json, RefusesStringsLongerThanItsLimit) {
    JsonLimits limits;
    limits.max_string_bytes = 10;
    for (char const* fits : {R"("0123456789")",
                             R"({"0123456789":["0123456789"]})",
                             R"("\u00e9\"\"")",
                             R"([1e2,"0123456789",1E+400])"}) {
        auto const parsed = core::parse_json(fits, limits);
        EXPECT_TRUE(parsed || parsed.error().message().find("string") == std::string::npos) << fits;
    }
    for (char const* longer :
         {R"("01234567890")", R"({"01234567890":1})", R"([{"a":"01234567890"}])", R"(["\u00e9\u00e9"])"}) {
        auto const parsed = core::parse_json(longer, limits);
        ASSERT_FALSE(parsed.has_value()) << longer;
        EXPECT_NE(parsed.error().message().find("the limit is 10"), std::string::npos)
            << parsed.error().message();
    }
}

TEST(Json, TellsWhereItIsWrong) {
    for (char const* text :
         {"", "{", "{]", "nul", "{\"a\":1,}", "[1] x", "\"\xFF\"", "\"\t\"", "01", "1e999"}) {
        SCOPED_TRACE(text);
        auto const parsed = core::parse_json(text, JsonLimits());
        ASSERT_FALSE(parsed.has_value());
        EXPECT_EQ(parsed.error().kind(), core::ErrorKind::protocol);
    }
    auto const parsed = core::parse_json("{\"a\":tru}", JsonLimits());
    EXPECT_NE(parsed.error().message().find("byte"), std::string::npos);
    EXPECT_TRUE(core::parse_json("\xEF\xBB\xBF{}", JsonLimits()).has_value());
}

TEST(Json, DumpSurvivesInvalidUtf8) {
    Json const value = {{"a", "x\xFFy"}};
    EXPECT_EQ(core::dump_json(value), "{\"a\":\"x\xEF\xBF\xBDy\"}");
    EXPECT_EQ(core::dump_json_pretty(Json::array({1})), "[\n  1\n]");
}

TEST(Json, LookUpSurvivesAnyShape) {
    Json const value = *core::parse_json(
        R"({"s":"text","i":-5,"u":18446744073709551615,"d":1.5,"b":true,"o":{},"a":[],"n":null})",
        JsonLimits());
    EXPECT_EQ(core::find_string(value, "s"), "text");
    EXPECT_EQ(core::find_int(value, "i"), -5);
    EXPECT_EQ(core::find_int(value, "u"), std::nullopt); // does not fit
    EXPECT_EQ(core::find_int(value, "d"), std::nullopt);
    EXPECT_EQ(core::find_bool(value, "b"), true);
    EXPECT_NE(core::find_object(value, "o"), nullptr);
    EXPECT_NE(core::find_array(value, "a"), nullptr);
    EXPECT_NE(core::find(value, "n"), nullptr);
    for (char const* key : {"s", "i", "n", "absent"}) {
        EXPECT_EQ(core::find_object(value, key), nullptr);
        EXPECT_EQ(core::find_bool(value, key), std::nullopt);
    }
    for (Json const& other : {Json(1), Json("x"), Json::array(), Json()}) {
        EXPECT_EQ(core::find(other, "s"), nullptr);
        EXPECT_EQ(core::find_string(other, "s"), std::nullopt);
    }
}

std::string const kPat84 = std::string(76, 'A') + "AZDO" + "abcd";
std::string const kPat52 = std::string("abcdefghijklmnopqrstuvwxyz234567") + "abcdefghijklmnopqrst";
std::string const kJwt = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.c2lnbmF0dXJlLW9mLXRoZS10b2tlbg";
std::string const kAgentToken = "adoc_k3v9_" + std::string(43, 'x');
std::string const kRefreshToken = "1.AQ8A" + std::string(300, 'r') + ".AgAB";

TEST(Log, MasksEveryKindOfCredentialInFreeText) {
    for (std::string const& secret : {kPat84, kPat52, kJwt, kAgentToken, kRefreshToken}) {
        SCOPED_TRACE(secret);
        for (std::string const& around :
             {std::string(" "), std::string("\""), std::string("="), std::string(":")}) {
            std::string const text = "value" + around + secret + around + "end";
            EXPECT_EQ(core::log::mask_secrets(text), "value" + around + "[REDACTED]" + around + "end");
        }
        EXPECT_EQ(core::log::mask_secrets(secret), "[REDACTED]");
    }
}

TEST(Log, LeavesOrdinaryTextAlone) {
    for (char const* text : {"",
                             "TF401320: rule error",
                             "d7b1a5b8-6c1e-4d4f-9f0e-1d2c3b4a5968",
                             "adoc_short",
                             "3f786850e387550fdab836ed7e6dc881de23001b",
                             "version 1.A and so on",
                             "eyJust a word"}) {
        EXPECT_EQ(core::log::mask_secrets(text), text);
    }
}

TEST(Log, WritesOneJsonObjectALine) {
    core::log::configure(core::log::Level::info, core::log::Format::json);
    test::LogCapture log;
    core::log::info(
        "pool.dial",
        {{"origin", "a\"b\n"}, {"attempt", 2}, {"ok", true}, {"ms", std::chrono::microseconds(1500)}});
    core::log::debug("not.shown", {{"x", 1}});
    Json const line = *core::parse_json(log.text(), JsonLimits());
    EXPECT_EQ(core::find_string(line, "event"), "pool.dial");
    EXPECT_EQ(core::find_string(line, "level"), "info");
    EXPECT_EQ(core::find_string(line, "origin"), "a\"b\n");
    EXPECT_EQ(core::find_int(line, "attempt"), 2);
    EXPECT_EQ(line["ms"].get<double>(), 1.5);
    EXPECT_EQ(log.text().find('\n'), log.text().size() - 1);
}

TEST(Log, FieldsAreMaskedAndSurviveInvalidUtf8) {
    test::LogCapture log;
    core::log::warn("x", {{"text", "token " + kPat84 + " \xFF"}});
    EXPECT_FALSE(log.contains(kPat84));
    EXPECT_TRUE(log.contains("[REDACTED]"));
    EXPECT_TRUE(core::parse_json(log.text(), JsonLimits()).has_value());
}

TEST(Log, TextFormatIsOneLineToo) {
    core::log::configure(core::log::Level::debug, core::log::Format::text);
    test::LogCapture log;
    core::log::debug("x.y", {{"k", "v"}});
    core::log::configure(core::log::Level::info, core::log::Format::json);
    EXPECT_TRUE(log.contains("debug x.y \"k\":\"v\"\n"));
}

TEST(Error, CarriesWhatItIsGiven) {
    core::Error const error = core::Error(core::ErrorKind::upstream, "failed")
                                  .with_code("TF401320")
                                  .with_detail("more")
                                  .with_status(500)
                                  .with_retry_after(std::chrono::seconds(3))
                                  .with_not_sent();
    EXPECT_EQ(core::describe(error), "upstream [TF401320]: failed (more)");
    EXPECT_EQ(error.status(), 500);
    EXPECT_EQ(error.retry_after(), std::chrono::seconds(3));
    EXPECT_TRUE(error.not_sent());
}

TEST(Principal, RolesAreOrdered) {
    core::Principal const user("id", "name", core::Role::user);
    EXPECT_TRUE(user.may(core::Role::reader));
    EXPECT_TRUE(user.may(core::Role::user));
    EXPECT_FALSE(user.may(core::Role::administrator));
    EXPECT_EQ(core::parse_role("administrator"), core::Role::administrator);
    EXPECT_EQ(core::parse_role("Administrator"), std::nullopt);
}

TEST(FormatUtc, IsRfc3339) {
    EXPECT_EQ(core::format_utc(core::SystemTime(std::chrono::seconds(784'111'777))), "1994-11-06T08:49:37Z");
}

} // namespace
