#include "protocol/expiring_map.hpp"

#include <gtest/gtest.h>

#include <string>

namespace {

using std::chrono::seconds;

core::SystemTime at(int second) {
    return core::SystemTime(seconds(second));
}

TEST(ExpiringMap, FindsAValueUntilItsEnd) {
    protocol::ExpiringMap<int> map;
    map.put("a", 1, at(10));
    ASSERT_NE(map.find("a", at(9)), nullptr);
    EXPECT_EQ(*map.find("a", at(9)), 1);
    EXPECT_EQ(map.find("a", at(10)), nullptr);
    EXPECT_EQ(map.find("b", at(9)), nullptr);
}

TEST(ExpiringMap, LaterValueAndEndReplaceTheFormer) {
    protocol::ExpiringMap<std::string> map;
    map.put("a", "first", at(10));
    map.put("a", "second", at(20));
    map.forget_expired(at(15), 100);
    ASSERT_NE(map.find("a", at(15)), nullptr);
    EXPECT_EQ(*map.find("a", at(15)), "second");
    map.put("a", "third", at(16));
    map.forget_expired(at(17), 100);
    EXPECT_EQ(map.size(), 0U);
}

TEST(ExpiringMap, ForgetsTheEarliestFirstAndNoMoreThanAskedFor) {
    protocol::ExpiringMap<int> map;
    for (int i = 100; i > 0; --i) {
        map.put(std::to_string(i), i, at(i));
    }
    map.forget_expired(at(60), 10);
    EXPECT_EQ(map.size(), 90U);
    EXPECT_EQ(map.find("10", at(0)), nullptr);
    EXPECT_NE(map.find("11", at(0)), nullptr);
    map.forget_expired(at(60), 1000);
    EXPECT_EQ(map.size(), 40U);
    map.forget_expired(at(100), 1000);
    EXPECT_EQ(map.size(), 0U);
    map.forget_expired(at(100), 1000);
}

} // namespace
