#include "core/crypto/digest.hpp"
#include "core/crypto/random.hpp"
#include "core/http/http_message.hpp"
#include "core/text/base64.hpp"
#include "core/text/percent_encoding.hpp"
#include "core/text/utf8.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <random>
#include <set>

namespace {

using core::Url;

TEST(Base64, EncodesAndDecodesTheStandardVectors) {
    struct Row {
        char const* plain;
        char const* padded;
        char const* url;
    };
    for (Row const& row : {Row{"", "", ""},
                           Row{"f", "Zg==", "Zg"},
                           Row{"fo", "Zm8=", "Zm8"},
                           Row{"foo", "Zm9v", "Zm9v"},
                           Row{"foob", "Zm9vYg==", "Zm9vYg"},
                           Row{"fooba", "Zm9vYmE=", "Zm9vYmE"},
                           Row{"foobar", "Zm9vYmFy", "Zm9vYmFy"},
                           Row{"\xFB\xFF\xBE", "+/++", "-_--"}}) {
        SCOPED_TRACE(row.padded);
        EXPECT_EQ(core::base64_encode(row.plain), row.padded);
        EXPECT_EQ(core::base64url_encode(row.plain), row.url);
        EXPECT_EQ(core::base64_decode(row.padded), row.plain);
        EXPECT_EQ(core::base64url_decode(row.url), row.plain);
    }
}

TEST(Base64, EveryByteSurvives) {
    std::string bytes;
    for (int i = 0; i < 256; ++i) {
        bytes.push_back(static_cast<char>(i));
        EXPECT_EQ(core::base64_decode(core::base64_encode(bytes)), bytes);
        EXPECT_EQ(core::base64url_decode(core::base64url_encode(bytes)), bytes);
    }
}

TEST(Base64, RefusesWhatIsNotExact) {
    for (char const* text :
         {"Zg", "Zg=", "Zg===", "Z", "=", "====", "Zm9v\n", "Zm 9v", "Zh==", "Zm9=", "-_--", "Zg==Zg=="}) {
        EXPECT_EQ(core::base64_decode(text), std::nullopt) << text;
    }
    for (char const* text : {"Zg==", "Z", "+/++", "Zh", "Zm9v.", "Zm9"}) {
        EXPECT_EQ(core::base64url_decode(text), std::nullopt) << text;
    }
}

TEST(PercentEncoding, EncodesAllButUnreserved) {
    EXPECT_EQ(core::percent_encode("aZ09-._~"), "aZ09-._~");
    EXPECT_EQ(core::percent_encode("a b/c?d&e=f+%\xC3\xA9"), "a%20b%2Fc%3Fd%26e%3Df%2B%25%C3%A9");
}

TEST(PercentEncoding, TreatsEveryByteByItself) {
    std::string_view const unreserved = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~";
    std::string all;
    std::string all_encoded;
    for (int value = 0; value < 256; ++value) {
        char const c = static_cast<char>(value);
        std::array<char, 4> escape{};
        std::snprintf(escape.data(), escape.size(), "%%%02X", static_cast<unsigned>(value));
        bool const stays = unreserved.find(c) != std::string_view::npos;
        std::string const expected = stays ? std::string(1, c) : std::string(escape.data());
        EXPECT_EQ(core::percent_encode(std::string_view(&c, 1)), expected);
        std::string path = "kept?";
        core::append_percent_encoded(path, std::string_view(&c, 1), true);
        EXPECT_EQ(path, "kept?" + (c == '/' ? std::string("/") : expected));
        all += c;
        all_encoded += expected;
    }
    EXPECT_EQ(core::percent_encode(all), all_encoded);
    EXPECT_EQ(core::percent_decode(all_encoded), all);
    EXPECT_EQ(core::percent_encode(""), "");
}

TEST(PercentEncoding, DecodesAndRefusesBrokenEscapes) {
    EXPECT_EQ(core::percent_decode("a%20b+c%2f"), "a b+c/");
    EXPECT_EQ(core::percent_decode("a+b", true), "a b");
    EXPECT_EQ(core::percent_decode("%41"), "A");
    for (char const* text : {"%", "%4", "%zz", "a%2", "%-1", "%%41"}) {
        EXPECT_EQ(core::percent_decode(text), std::nullopt) << text;
    }
}

TEST(PercentEncoding, QueriesGoBothWays) {
    auto const pairs = core::parse_query("a=1&b=x+y%26z&&c&d=&=e&a=2");
    ASSERT_TRUE(pairs.has_value());
    core::QueryPairs const expected{{"a", "1"}, {"b", "x y&z"}, {"c", ""}, {"d", ""}, {"", "e"}, {"a", "2"}};
    EXPECT_EQ(*pairs, expected);
    EXPECT_EQ(core::find_value(*pairs, "a"), "1");
    EXPECT_EQ(core::find_value(*pairs, "nope"), std::nullopt);
    EXPECT_EQ(core::parse_query(core::build_query(*pairs)), expected);
    EXPECT_EQ(core::parse_query("a=%"), std::nullopt);
    EXPECT_EQ(core::build_query({{"a b", "c&d"}}), "a%20b=c%26d");
}

TEST(Utf8, TellsValidFromInvalid) {
    for (char const* text :
         {"", "abc", "\xC3\xA9", "\xE2\x82\xAC", "\xF0\x9F\x98\x80", "\xED\x9F\xBF", "\xF4\x8F\xBF\xBF"}) {
        EXPECT_TRUE(core::is_valid_utf8(text)) << text;
        EXPECT_EQ(core::to_valid_utf8(text), text);
    }
    std::string const r = "\xEF\xBF\xBD";
    struct Row {
        std::string text;
        std::string fixed;
    };
    for (Row const& row : {Row{"\x80", r},
                           Row{"a\xC3", "a" + r},
                           Row{"\xC0\xAF", r + r},                 // overlong
                           Row{"\xE0\x80\xAF", r + r + r},         // overlong
                           Row{"\xED\xA0\x80", r + r + r},         // surrogate
                           Row{"\xF4\x90\x80\x80", r + r + r + r}, // beyond the last code point
                           Row{"\xF8\x88", r + r},
                           Row{"\xE2\x82z", r + "z"},
                           Row{"\xF0\x9F\x98", r}}) {
        EXPECT_FALSE(core::is_valid_utf8(row.text));
        EXPECT_EQ(core::to_valid_utf8(row.text), row.fixed);
    }
}

TEST(Utf8, TakesLongTextsApartAsShortOnes) {
    std::mt19937 random(5); // the same cases every time
    for (int round = 0; round < 2000; ++round) {
        std::string text;
        std::string fixed;
        bool valid = true;
        for (auto pieces = random() % 12; pieces != 0; --pieces) {
            static constexpr std::array<char const*, 5> kGood{
                "a", "plain text of some length", "ü", "漢", "😀"};
            bool const good = random() % 8 != 0;
            std::string const piece = good ? kGood[random() % kGood.size()] : "\xFF";
            text += piece;
            fixed += good ? piece : "\xEF\xBF\xBD";
            valid = valid && good;
        }
        EXPECT_EQ(core::is_valid_utf8(text), valid);
        EXPECT_EQ(core::to_valid_utf8(text), fixed);
    }
}

TEST(Utf8, PrefixNeverCutsACharacter) {
    std::string const text = "a\xC3\xA9\xF0\x9F\x98\x80z";
    std::vector<std::string> const expected{"",
                                            "a",
                                            "a",
                                            "a\xC3\xA9",
                                            "a\xC3\xA9",
                                            "a\xC3\xA9",
                                            "a\xC3\xA9",
                                            "a\xC3\xA9\xF0\x9F\x98\x80",
                                            text,
                                            text};
    for (std::size_t i = 0; i < expected.size(); ++i) {
        EXPECT_EQ(core::utf8_prefix(text, i), expected[i]) << i;
    }
}

TEST(Utf8, CountsAndFindsUtf16Offsets) {
    std::string const text = "a\xC3\xA9\xF0\x9F\x98\x80z";
    EXPECT_EQ(core::utf16_length(text), 5U);
    std::vector<std::size_t> const offsets{0, 1, 3, 7, 7, 8, 8};
    for (std::size_t unit = 0; unit < offsets.size(); ++unit) {
        EXPECT_EQ(core::utf8_offset_of_utf16(text, unit), offsets[unit]) << unit;
    }
}

TEST(Utf8, ReadsUtf16InBothOrders) {
    std::string const little("\xFF\xFE"
                             "a\0\xE9\0\x3D\xD8\x00\xDE",
                             10);
    std::string const big("\xFE\xFF"
                          "\0a\0\xE9\xD8\x3D\xDE\x00",
                          10);
    EXPECT_EQ(core::utf8_from_utf16(little, false), "a\xC3\xA9\xF0\x9F\x98\x80");
    EXPECT_EQ(core::utf8_from_utf16(big, true), "a\xC3\xA9\xF0\x9F\x98\x80");
    std::string const lone("\x3D\xD8"
                           "a\0b",
                           5); // a lone surrogate, and half a unit at the end
    EXPECT_EQ(core::utf8_from_utf16(lone, false),
              "\xEF\xBF\xBD"
              "a\xEF\xBF\xBD");
}

TEST(Digest, MatchesPublishedVectors) {
    EXPECT_EQ(core::hex_encode(core::sha256("abc")),
              "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    EXPECT_EQ(core::hex_encode(core::sha256("")),
              "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    // RFC 4231, case 2
    EXPECT_EQ(core::hex_encode(core::hmac_sha256("Jefe", "what do ya want for nothing?")),
              "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    EXPECT_TRUE(core::constant_time_equal("abc", "abc"));
    EXPECT_TRUE(core::constant_time_equal("", ""));
    EXPECT_FALSE(core::constant_time_equal("abc", "abd"));
    EXPECT_FALSE(core::constant_time_equal("abc", "abcd"));
}

TEST(Random, UuidsAreVersion4AndDiffer) {
    std::set<std::string> seen;
    for (int i = 0; i < 100; ++i) {
        std::string const uuid = core::random_uuid();
        ASSERT_EQ(uuid.size(), 36U);
        EXPECT_EQ(uuid[14], '4');
        EXPECT_NE(std::string("89ab").find(uuid[19]), std::string::npos);
        EXPECT_TRUE(seen.insert(uuid).second);
    }
    EXPECT_EQ(core::random_bytes(32).size(), 32U);
    for (int i = 0; i < 100; ++i) {
        double const unit = core::random_unit();
        EXPECT_GE(unit, 0.0);
        EXPECT_LT(unit, 1.0);
    }
}

TEST(Url, SplitsAndJoins) {
    struct Row {
        char const* text;
        char const* scheme;
        char const* host;
        int port;
        char const* target;
        char const* joined;
    };
    for (Row const& row :
         {Row{"https://dev.azure.com/contoso?x=1",
              "https",
              "dev.azure.com",
              443,
              "/contoso?x=1",
              "https://dev.azure.com/contoso?x=1"},
          Row{"HTTP://LOCALHOST:8080", "http", "localhost", 8080, "/", "http://localhost:8080/"},
          Row{"http://[::1]:80/a#frag", "http", "::1", 80, "/a", "http://[::1]/a"},
          Row{"https://host?q", "https", "host", 443, "/?q", "https://host/?q"},
          Row{"http://169.254.169.254/metadata",
              "http",
              "169.254.169.254",
              80,
              "/metadata",
              "http://169.254.169.254/metadata"}}) {
        SCOPED_TRACE(row.text);
        auto const url = Url::parse(row.text);
        ASSERT_TRUE(url.has_value());
        EXPECT_EQ(url->origin.scheme, row.scheme);
        EXPECT_EQ(url->origin.host, row.host);
        EXPECT_EQ(url->origin.port, row.port);
        EXPECT_EQ(url->target, row.target);
        EXPECT_EQ(url->to_string(), row.joined);
    }
}

TEST(Url, RefusesWhatIsNoPlainHttpUrl) {
    for (char const* text : {"",
                             "dev.azure.com",
                             "ftp://host/",
                             "https://",
                             "https:///path",
                             "http://host:0/",
                             "http://host:99999/",
                             "http://host:80x/",
                             "http://host:/",
                             "http://user@host/",
                             "http://user:pw@host/",
                             "http://ho st/",
                             "http://host/a b",
                             "http://host/a\r\nb",
                             "http://[::1/",
                             "http://[::1]x/",
                             "http://host\\evil/",
                             "http://host/a\\b",
                             "http://h%6fst/"}) {
        EXPECT_FALSE(Url::parse(text).has_value()) << text;
    }
}

TEST(HttpHeaders, CompareNamesWithoutCase) {
    core::HttpHeaders headers;
    headers.add("Set-Cookie", "a");
    headers.add("set-cookie", " b ");
    headers.add("X", "1");
    EXPECT_EQ(headers.count("SET-COOKIE"), 2U);
    EXPECT_EQ(headers.get("SET-cookie"), "a");
    headers.set("Set-Cookie", "\tc ");
    EXPECT_EQ(headers.count("set-cookie"), 1U);
    EXPECT_EQ(headers.get("set-cookie"), "c");
    EXPECT_EQ(headers.get("absent"), std::nullopt);
    EXPECT_EQ(headers.fields().size(), 2U);
}

TEST(HttpHeaders, KeepFieldsInOrderHoweverManyThereAre) {
    core::HttpHeaders headers;
    for (int i = 0; i < 300; ++i) {
        headers.add("Name-" + std::to_string(i), std::string(static_cast<std::size_t>(i % 50), 'v'));
    }
    headers.add("", "");
    int next = 0;
    for (auto const& [name, value] : headers.fields()) {
        EXPECT_EQ(name, next < 300 ? "Name-" + std::to_string(next) : std::string());
        EXPECT_EQ(value.size(), next < 300 ? static_cast<std::size_t>(next % 50) : 0U);
        ++next;
    }
    EXPECT_EQ(next, 301);
    core::HttpHeaders const copy = headers;
    EXPECT_EQ(copy.get("name-299")->size(), 49U);
}

TEST(HttpHeaders, TakesViewsOfItself) {
    core::HttpHeaders headers;
    headers.add("A", "value");
    for (int i = 0; i < 200; ++i) {
        headers.add((*headers.fields().begin()).first, *headers.get("A"));
    }
    EXPECT_EQ(headers.count("a"), 201U);
    for (auto const& [name, value] : headers.fields()) {
        EXPECT_EQ(name, "A");
        EXPECT_EQ(value, "value");
    }
    headers.set("B", *headers.get("A"));
    EXPECT_EQ(headers.get("b"), "value");
}

TEST(HttpHeaders, ValuesSurviveAMove) {
    core::HttpHeaders headers;
    headers.add("A", "b");
    std::string_view const value = *headers.get("A");
    core::HttpHeaders const moved = std::move(headers);
    EXPECT_EQ(value, "b");
    EXPECT_EQ(moved.get("A")->data(), value.data());
}

} // namespace
