#include "server/front/http_exchange.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <vector>

namespace {

core::HttpHeaders with(std::string const& name, std::string const& value) {
    core::HttpHeaders headers;
    headers.add(name, value);
    return headers;
}

TEST(RequestId, KeepsAPlainOneAndReplacesTheRest) {
    EXPECT_EQ(server::choose_request_id(with("X-Request-Id", "abc-1.2:3_Z")), "abc-1.2:3_Z");
    for (std::string const& odd :
         {std::string(), std::string("a b"), std::string("a\"b"), std::string(129, 'a')}) {
        std::string const made = server::choose_request_id(with("X-Request-Id", odd));
        EXPECT_NE(made, odd);
        EXPECT_EQ(made.size(), 36U);
    }
    EXPECT_NE(server::choose_request_id({}), server::choose_request_id({}));
}

TEST(Traceparent, IsTakenOverWhenWellFormed) {
    std::string const good = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    EXPECT_EQ(server::accept_traceparent(with("traceparent", good)), good);
    EXPECT_EQ(server::accept_traceparent(with("traceparent", "01" + good.substr(2) + "-later")),
              "01" + good.substr(2));
    std::vector<std::string> const bad{"",
                                       "00",
                                       good + "-x",
                                       "ff" + good.substr(2),
                                       "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
                                       "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
                                       "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
                                       "00_4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"};
    for (std::string const& value : bad) {
        EXPECT_EQ(server::accept_traceparent(with("traceparent", value)), "") << value;
    }
}

TEST(HttpDate, IsImfFixdate) {
    EXPECT_EQ(server::format_http_date(core::SystemTime(std::chrono::seconds(784111777))),
              "Sun, 06 Nov 1994 08:49:37 GMT");
    EXPECT_EQ(server::format_http_date(core::SystemTime(std::chrono::milliseconds(951782399999))),
              "Mon, 28 Feb 2000 23:59:59 GMT");
}

} // namespace
