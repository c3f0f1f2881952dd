#include "server/router/sign_in_flows.hpp"

#include "support/manual_clock.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <string>

namespace {

using server::SignInFlows;
using server::SignInState;
using server::SignInStatus;

core::Error any_error() {
    return {core::ErrorKind::unauthorized, "declined"};
}

TEST(SignInFlows, RememberHowEachOneEnded) {
    SignInFlows flows(8);
    ASSERT_TRUE(flows.add(SignInStatus("a"), false));
    ASSERT_TRUE(flows.add(SignInStatus("b"), false));
    auto const ended = flows.ended("a");
    ASSERT_NE(ended, nullptr);
    EXPECT_FALSE(ended->is_set());
    flows.connected("a", "ada");
    EXPECT_TRUE(ended->is_set());
    EXPECT_EQ(flows.find("a")->state, SignInState::connected);
    EXPECT_EQ(flows.find("a")->identity, "ada");
    flows.failed("b", any_error());
    EXPECT_EQ(flows.find("b")->state, SignInState::failed);
    EXPECT_EQ(flows.find("b")->failure->message(), "declined");
    EXPECT_EQ(flows.find("c"), nullptr);
    EXPECT_EQ(flows.ended("c"), nullptr);
    flows.connected("c", "nobody"); // forgotten meanwhile: nothing to say
    flows.failed("a", any_error());
    EXPECT_EQ(flows.find("a")->state, SignInState::connected) << "the first end stands";
}

TEST(SignInFlows, ForgetThoseThatEndedFirst) {
    SignInFlows flows(3);
    ASSERT_TRUE(flows.add(SignInStatus("pending"), false));
    ASSERT_TRUE(flows.add(SignInStatus("ended"), false));
    ASSERT_TRUE(flows.add(SignInStatus("polled"), true));
    flows.connected("ended", "ada");
    ASSERT_TRUE(flows.add(SignInStatus("d"), false));
    EXPECT_EQ(flows.find("ended"), nullptr);
    EXPECT_NE(flows.find("pending"), nullptr);
    ASSERT_TRUE(flows.add(SignInStatus("e"), true));
    EXPECT_EQ(flows.find("pending"), nullptr) << "its link carries all that is needed";
    EXPECT_NE(flows.find("polled"), nullptr);
    EXPECT_EQ(flows.size(), 3U);
}

TEST(SignInFlows, NeverForgetADeviceCodeThatIsWaitedFor) {
    SignInFlows flows(2);
    ASSERT_TRUE(flows.add(SignInStatus("a"), true));
    ASSERT_TRUE(flows.add(SignInStatus("b"), true));
    auto const refused = flows.add(SignInStatus("c"), true);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind(), core::ErrorKind::overloaded);
    EXPECT_NE(refused.error().fix().find("limits.sign_in_flows"), std::string::npos);
    flows.failed("a", any_error());
    EXPECT_TRUE(flows.add(SignInStatus("c"), true));
}

TEST(SignInFlows, ALinkIsGoodForOneAnswerUntilItExpires) {
    test::ManualClock clock;
    SignInFlows flows(2);
    core::SystemTime const now = clock.system_now();
    core::SystemTime const end = now + std::chrono::minutes(10);
    EXPECT_TRUE(flows.claim("a", end, now));
    EXPECT_FALSE(flows.claim("a", end, now));
    EXPECT_FALSE(flows.claim("a", end, end - std::chrono::milliseconds(1)));
    EXPECT_TRUE(flows.claim("b", end, now)) << "also one that is not remembered otherwise";
    EXPECT_TRUE(flows.claim("a", end, end)) << "who lets an expired link in has to answer for it himself";
}

TEST(SignInFlows, KnowWhichAreUnderWay) {
    test::ManualClock clock;
    SignInFlows flows(4);
    core::SystemTime const now = clock.system_now();
    ASSERT_TRUE(flows.add(SignInStatus("link"), false));
    ASSERT_TRUE(flows.add(SignInStatus("device"), true));
    EXPECT_FALSE(flows.is_under_way("link"));
    EXPECT_TRUE(flows.is_under_way("device"));
    flows.claim("link", now + std::chrono::minutes(1), now);
    EXPECT_TRUE(flows.is_under_way("link"));
    flows.connected("link", "ada");
    EXPECT_FALSE(flows.is_under_way("link"));
}

} // namespace
