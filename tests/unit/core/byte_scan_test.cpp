#include "core/text/byte_scan.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>

namespace {

constexpr auto kSpecial = [](auto c) {
    return (c < static_cast<unsigned char>(0x20)) | (c == static_cast<unsigned char>('"')) |
           (c >= static_cast<unsigned char>(0xF0));
};

bool is_special(char c) {
    auto const byte = static_cast<unsigned char>(c);
    return byte < 0x20 || byte == '"' || byte >= 0xF0;
}

TEST(ByteScan, FindsWhatALoopFinds) {
    std::mt19937 random(3); // the same cases every time
    for (int round = 0; round < 3000; ++round) {
        std::string text(random() % 70, 'a');
        for (auto hits = random() % 4; hits != 0 && !text.empty(); --hits) {
            text[random() % text.size()] = static_cast<char>(random() % 256);
        }
        for (std::size_t at = 0; at <= text.size(); ++at) {
            auto const expected =
                std::find_if(text.begin() + static_cast<std::ptrdiff_t>(at), text.end(), is_special);
            ASSERT_EQ(core::find_byte(text, at, kSpecial), static_cast<std::size_t>(expected - text.begin()));
        }
        ASSERT_EQ(core::count_bytes(text, kSpecial),
                  static_cast<std::size_t>(std::count_if(text.begin(), text.end(), is_special)));
    }
}

TEST(ByteScan, TellsEveryByteApart) {
    for (std::size_t place = 0; place < 40; ++place) {
        for (int value = 0; value < 256; ++value) {
            std::string text(40, 'a');
            text[place] = static_cast<char>(value);
            bool const special = is_special(text[place]);
            ASSERT_EQ(core::find_byte(text, 0, kSpecial), special ? place : text.size());
            ASSERT_EQ(core::count_bytes(text, kSpecial), special ? 1U : 0U);
        }
    }
}

TEST(ByteScan, CountsMoreThanALaneHolds) {
    std::string const text(100'003, '"');
    EXPECT_EQ(core::count_bytes(text, kSpecial), text.size());
    EXPECT_EQ(core::count_bytes("", kSpecial), 0U);
}

} // namespace
