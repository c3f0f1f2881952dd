#include "protocol/sse.hpp"

#include "support/sse_events.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace {

namespace sse = protocol::sse;

TEST(Sse, AMessageIsOneEventOfTypeMessage) {
    EXPECT_EQ(sse::event("{}"), "event: message\ndata: {}\n\n");
    EXPECT_EQ(sse::event("0123456789abcdef-7", "{}"), "event: message\nid: 0123456789abcdef-7\ndata: {}\n\n");
}

TEST(Sse, PrimingHasAnIdARetryTimeAndEmptyData) {
    test::SseReader const read(sse::priming("0123456789abcdef-0", 2000));
    ASSERT_EQ(read.events.size(), 1U);
    EXPECT_EQ(read.events[0].id, "0123456789abcdef-0");
    EXPECT_EQ(read.events[0].retry, "2000");
    EXPECT_EQ(read.events[0].data, "");
    EXPECT_NE(sse::priming("0123456789abcdef-0", 1).find("\ndata:"), std::string::npos)
        << "without a data field the event is not dispatched, and its id not kept";
}

TEST(Sse, AKeepAliveIsNothingForTheClient) {
    test::SseReader const read(sse::keep_alive());
    EXPECT_TRUE(read.events.empty());
    EXPECT_EQ(read.comments, 1);
}

TEST(Sse, FramesCanBeWrittenOneAfterAnother) {
    std::string const stream = sse::priming("0123456789abcdef-0", 5) + std::string(sse::keep_alive()) +
                               sse::event("0123456789abcdef-1", R"({"a":1})") + sse::event(R"({"b":2})");
    test::SseReader const read(stream);
    ASSERT_EQ(read.events.size(), 3U);
    EXPECT_EQ(read.events[1].data, R"({"a":1})");
    EXPECT_EQ(read.events[2].data, R"({"b":2})");
    EXPECT_EQ(read.events[2].id, "");
}

TEST(Sse, EventIdsAreReadAsTheyWereWritten) {
    for (std::uint64_t const sequence : {std::uint64_t{0}, std::uint64_t{1}, UINT64_MAX}) {
        auto const id = sse::EventId::parse(sse::EventId::format("00112233445566ff", sequence));
        ASSERT_TRUE(id);
        EXPECT_EQ(id->stream, "00112233445566ff");
        EXPECT_EQ(id->sequence, sequence);
    }
}

TEST(Sse, EventIdsOfOthersAreNone) {
    std::vector<std::string> const foreign{"",
                                           "-",
                                           "7",
                                           "00112233445566ff",
                                           "00112233445566ff-",
                                           "00112233445566ff--1",
                                           "00112233445566ff-1x",
                                           "00112233445566ff-01",
                                           "00112233445566ff- 1",
                                           "00112233445566FF-1",
                                           "00112233445566f-1",
                                           "00112233445566ff0-1",
                                           "00112233445566ff_1",
                                           "00112233445566ff-18446744073709551616",
                                           std::string(10'000, '1')};
    for (std::string const& text : foreign) {
        EXPECT_FALSE(sse::EventId::parse(text)) << text;
    }
}

} // namespace
