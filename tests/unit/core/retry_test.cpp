#include "core/http/retry.hpp"

#include "support/manual_clock.hpp"
#include "support/run_coro.hpp"
#include "support/scripted_http_client.hpp"

#include <gtest/gtest.h>

namespace {

using core::CallContext;
using core::Deadline;
using core::Error;
using core::ErrorKind;
using core::HttpRequest;
using core::HttpResponse;
using core::Result;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr seconds kCap{30};
// Sun, 06 Nov 1994 08:49:37 GMT
core::SystemTime const kDate = core::SystemTime(seconds(784'111'777));

TEST(RetryAfter, ReadsSecondsFractionsAndDates) {
    struct Row {
        char const* value;
        std::optional<milliseconds> expected;
    };
    std::vector<Row> const rows{
        {"0", milliseconds(0)},
        {"5", milliseconds(5000)},
        {" 5 ", milliseconds(5000)},
        {"1.5", milliseconds(1500)},
        {"0.0001", milliseconds(1)},
        {"3600", milliseconds(30'000)},
        {"9999999999999999", milliseconds(30'000)},
        {"Sun, 06 Nov 1994 08:49:47 GMT", milliseconds(10'000)},
        {"Sun, 06 Nov 1994 08:49:37 GMT", milliseconds(0)},
        {"Sun, 06 Nov 1994 08:00:00 GMT", milliseconds(0)},
        {"Sun, 06 Nov 1995 08:49:37 GMT", milliseconds(30'000)},
        {"", std::nullopt},
        {"soon", std::nullopt},
        {"-1", std::nullopt},
        {"1e3", std::nullopt},
        {"1.2.3", std::nullopt},
        {".5", std::nullopt},
        {"0x10", std::nullopt},
        {"inf", std::nullopt},
        {"99999999999999999999", std::nullopt},
        {"Sun, 06 Nov 1994 08:49:47 CET", std::nullopt},
        {"Sun, 06 Nov 1994 08:49:47 GMT and more", std::nullopt},
    };
    for (Row const& row : rows) {
        SCOPED_TRACE(row.value);
        EXPECT_EQ(core::parse_retry_after(row.value, kDate, kCap), row.expected);
    }
}

class RetryTest : public testing::Test {
protected:
    RetryTest() {
        req.idempotent = true;
        client = core::make_retrying_client(http, policy, clock, [this] { return jitter; });
    }
    /// Starts the request; time stands still until the test moves it.
    test::Loop::Spawned<Result<HttpResponse>> start() {
        auto running = loop.spawn(client->send(req, ctx));
        loop.poll();
        return running;
    }
    void pass(milliseconds span) {
        clock.advance(span);
        loop.poll();
    }

    test::ManualClock clock{kDate};
    test::Loop loop;
    test::ScriptedHttpClient http;
    core::RetryPolicy policy;
    double jitter = 0.5;
    HttpRequest req{"GET", *core::Url::parse("https://dev.azure.com/contoso")};
    CallContext ctx{"test", Deadline::never()};
    std::unique_ptr<core::HttpClient> client;
};

TEST_F(RetryTest, RepeatsWhatMayPassWithGrowingJitteredPauses) {
    for (int const status : {429, 502, 503, 504}) {
        SCOPED_TRACE(status);
        std::size_t const before = http.requests().size();
        http.respond(status);
        http.respond(status);
        http.respond(200, "done");
        auto running = start();
        EXPECT_EQ(http.requests().size(), before + 1);
        pass(milliseconds(124));
        EXPECT_EQ(http.requests().size(), before + 1);
        pass(milliseconds(1)); // half of 250 ms
        EXPECT_EQ(http.requests().size(), before + 2);
        pass(milliseconds(249));
        EXPECT_EQ(http.requests().size(), before + 2);
        pass(milliseconds(1)); // half of 500 ms
        ASSERT_TRUE(running.done());
        EXPECT_EQ(running.take().value().body, "done");
    }
}

TEST_F(RetryTest, GivesTheLastAnswerWhenAttemptsAreUsedUp) {
    jitter = 0;
    http.respond(503, "one");
    http.respond(503, "two");
    http.respond(503, "three");
    http.respond(200);
    EXPECT_EQ(loop.run(client->send(req, ctx)).value().body, "three");
    EXPECT_EQ(http.requests().size(), 3U);
}

TEST_F(RetryTest, LeavesOtherAnswersAlone) {
    for (int const status : {200, 203, 302, 400, 401, 403, 404, 409, 500, 501}) {
        http.respond(status);
        EXPECT_EQ(loop.run(client->send(req, ctx)).value().status, status);
    }
    EXPECT_EQ(http.requests().size(), 10U);
}

TEST_F(RetryTest, DoesNotRepeatForAStoppedOrganization) {
    http.respond(503, R"({"message":"TF24668: The following team project collection is stopped"})");
    EXPECT_EQ(loop.run(client->send(req, ctx)).value().status, 503);
    EXPECT_EQ(http.requests().size(), 1U);
}

TEST_F(RetryTest, WaitsAsLongAsTheServerAsks) {
    http.respond(429, "", {{"Retry-After", "2"}});
    http.respond(503, "", {{"Retry-After", "Sun, 06 Nov 1994 08:49:42 GMT"}});
    http.respond(200);
    auto running = start();
    pass(milliseconds(1999));
    EXPECT_EQ(http.requests().size(), 1U);
    pass(milliseconds(1));
    EXPECT_EQ(http.requests().size(), 2U);
    pass(milliseconds(2999));
    EXPECT_FALSE(running.done());
    pass(milliseconds(1));
    EXPECT_TRUE(running.done());
}

TEST_F(RetryTest, APauseBeyondTheCapIsLeftToTheCaller) {
    http.respond(429, "", {{"Retry-After", "31"}});
    EXPECT_EQ(loop.run(client->send(req, ctx)).value().status, 429);
    EXPECT_EQ(http.requests().size(), 1U);
}

TEST_F(RetryTest, NeverWaitsBeyondTheDeadline) {
    http.respond(429, "", {{"Retry-After", "5"}});
    ctx.deadline = Deadline::in(clock, seconds(5));
    EXPECT_EQ(loop.run(client->send(req, ctx)).value().status, 429);
    EXPECT_EQ(http.requests().size(), 1U);
}

TEST_F(RetryTest, ErrorsAreRepeatedAsFarAsItIsSafe) {
    struct Row {
        char const* name;
        ErrorKind kind;
        bool not_sent;
        bool idempotent;
        std::size_t requests;
    };
    std::vector<Row> const rows{
        {"get, connect failed", ErrorKind::network, true, true, 2},
        {"get, lost answer", ErrorKind::network, false, true, 2},
        {"post, connect failed", ErrorKind::network, true, false, 2},
        {"post, lost answer", ErrorKind::network, false, false, 1},
        {"get, connect timed out", ErrorKind::timeout, true, true, 2},
        {"get, answer timed out", ErrorKind::timeout, false, true, 1},
        {"get, cancelled", ErrorKind::cancelled, true, true, 1},
        {"get, certificate refused", ErrorKind::tls, true, true, 1},
        {"get, nonsense", ErrorKind::protocol, false, true, 1},
        {"get, queue full", ErrorKind::overloaded, true, true, 1},
    };
    jitter = 0;
    for (Row const& row : rows) {
        SCOPED_TRACE(row.name);
        test::ScriptedHttpClient inner;
        inner.fail(Error(row.kind, "x").with_not_sent(row.not_sent));
        inner.respond(200);
        req.idempotent = row.idempotent;
        auto const retrying = core::make_retrying_client(inner, policy, clock, [] { return 0.0; });
        static_cast<void>(loop.run(retrying->send(req, ctx)));
        EXPECT_EQ(inner.requests().size(), row.requests);
    }
}

TEST_F(RetryTest, APostThatWasAnsweredIsNotRepeated) {
    req.idempotent = false;
    http.respond(503);
    EXPECT_EQ(loop.run(client->send(req, ctx)).value().status, 503);
    EXPECT_EQ(http.requests().size(), 1U);
}

TEST_F(RetryTest, CancellationEndsThePause) {
    http.respond(503);
    http.respond(200);
    auto running = start();
    EXPECT_EQ(clock.sleeping(), 1U);
    running.cancel();
    loop.poll();
    EXPECT_TRUE(running.done());
    EXPECT_EQ(http.requests().size(), 1U);
}

} // namespace
