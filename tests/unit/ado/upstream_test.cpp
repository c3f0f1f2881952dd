#include "ado/upstream.hpp"

#include "support/manual_clock.hpp"
#include "support/run_coro.hpp"
#include "support/scripted_http_client.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace {

using core::Deadline;
using core::ErrorKind;
using core::HttpRequest;
using core::HttpResponse;
using core::Result;
using std::chrono::milliseconds;
using std::chrono::seconds;

class UpstreamTest : public testing::Test {
protected:
    UpstreamTest() {
        ado::ThrottleLimits limits;
        limits.breaker.failures = 3;
        limits.breaker.open_for = seconds(10);
        throttle = std::make_shared<ado::Throttle>(clock, limits);
        core::RetryPolicy policy;
        policy.max_attempts = 3;
        auto jitter = [] { return 0.5; };
        upstream = std::make_shared<ado::Upstream>(
            "contoso", http, *throttle, clock, core::RetryRule(policy, clock, jitter));
    }

    static HttpRequest get(std::string target = "/contoso/_apis/projects",
                           std::string const& token = "secret") {
        HttpRequest request("GET", core::Url(core::Origin("https", "dev.azure.com", 443), std::move(target)));
        request.headers.add("Accept", "application/json");
        request.credential = core::Secret(token);
        request.idempotent = true;
        return request;
    }
    core::CallContext context(milliseconds budget = seconds(60)) const {
        return {"request", Deadline::in(clock, budget)};
    }
    test::Loop::Spawned<Result<HttpResponse>> read(HttpRequest request, core::CallContext const& call) {
        auto reading = loop.spawn(upstream->read(std::move(request), lane, call));
        loop.poll();
        return reading;
    }

    ado::Lane const lane{ado::Service::core, "dev.azure.com", "pat"};
    test::ManualClock clock;
    test::Loop loop;
    test::ScriptedHttpClient http;
    std::shared_ptr<ado::Throttle> throttle;
    std::shared_ptr<ado::Upstream> upstream;
    core::CallContext const ctx = context();
};

TEST_F(UpstreamTest, SendsWhatSeveralAskAtTheSameTimeOnce) {
    http.hold();
    std::vector<test::Loop::Spawned<Result<HttpResponse>>> callers;
    for (int i = 0; i < 20; ++i) {
        callers.push_back(read(get(), ctx));
    }
    EXPECT_EQ(http.requests().size(), 1U);
    http.respond(200, "body");
    http.release();
    loop.poll();
    for (auto& caller : callers) {
        ASSERT_TRUE(caller.done());
        EXPECT_EQ(caller.take()->body, "body");
    }
}

TEST_F(UpstreamTest, KeepsNothingAfterTheAnswer) {
    http.respond(200, "first");
    http.respond(200, "second");
    EXPECT_EQ(loop.run(upstream->read(get(), lane, ctx))->body, "first");
    EXPECT_EQ(loop.run(upstream->read(get(), lane, ctx))->body, "second");
}

TEST_F(UpstreamTest, SharesErrorsButDoesNotRememberThem) {
    http.hold();
    auto one = read(get(), ctx);
    auto other = read(get(), ctx);
    http.fail(core::Error(ErrorKind::tls, "bad certificate"));
    http.release();
    loop.poll();
    ASSERT_TRUE(one.done() && other.done());
    EXPECT_EQ(one.take().error().kind(), ErrorKind::tls);
    EXPECT_EQ(other.take().error().kind(), ErrorKind::tls);
    http.respond(200, "fine");
    EXPECT_TRUE(loop.run(upstream->read(get(), lane, ctx)));
    EXPECT_EQ(http.requests().size(), 2U);
}

TEST_F(UpstreamTest, SharesNothingBetweenDifferentQuestionsOrCallersIdentities) {
    http.hold();
    std::vector<test::Loop::Spawned<Result<HttpResponse>>> callers;
    callers.push_back(read(get(), ctx));
    callers.push_back(read(get("/contoso/_apis/other"), ctx));
    callers.push_back(read(get("/contoso/_apis/projects", "another secret"), ctx));
    HttpRequest bytes = get();
    bytes.headers.set("Accept", "application/octet-stream");
    callers.push_back(read(std::move(bytes), ctx));
    EXPECT_EQ(http.requests().size(), 4U);
    ado::Lane const oauth(ado::Service::core, "dev.azure.com", "oauth");
    callers.push_back(loop.spawn(upstream->read(get(), oauth, ctx)));
    loop.poll();
    EXPECT_EQ(http.requests().size(), 5U);
    http.handle([](test::RecordedRequest const&) { return test::make_response(200); });
    http.release();
    loop.poll();
    for (auto& caller : callers) {
        EXPECT_TRUE(caller.done());
    }
}

TEST_F(UpstreamTest, ACallerWhoLeavesDoesNotEndTheReadOfOthers) {
    http.hold();
    auto first = read(get(), ctx);
    auto second = read(get(), ctx);
    first.cancel();
    loop.poll();
    ASSERT_TRUE(first.done());
    EXPECT_EQ(first.take().error().kind(), ErrorKind::cancelled);
    EXPECT_EQ(http.held(), 1U);
    http.respond(200, "body");
    http.release();
    loop.poll();
    ASSERT_TRUE(second.done());
    EXPECT_EQ(second.take()->body, "body");
    EXPECT_EQ(http.requests().size(), 1U);
}

TEST_F(UpstreamTest, TheLastWhoLeavesEndsTheRead) {
    http.hold();
    auto first = read(get(), ctx);
    auto second = read(get(), ctx);
    EXPECT_EQ(throttle->in_flight(), 1U);
    second.cancel();
    first.cancel();
    loop.poll();
    ASSERT_TRUE(first.done() && second.done());
    EXPECT_EQ(http.held(), 0U);
    EXPECT_EQ(throttle->in_flight(), 0U);
    // The next one asks anew.
    auto third = read(get(), ctx);
    EXPECT_EQ(http.requests().size(), 2U);
    third.cancel();
    loop.poll();
}

TEST_F(UpstreamTest, AReadOutlivesWhoeverBeganIt) {
    http.hold();
    auto reading = read(get(), ctx);
    reading.cancel();
    upstream.reset();
    throttle.reset();
    loop.poll();
    EXPECT_TRUE(reading.done());
}

TEST_F(UpstreamTest, ReadsThatBeganBeforeAWriteEndedDoNotAnswerThoseAfterIt) {
    http.hold();
    auto before = read(get(), ctx);
    upstream->wrote();
    auto after = read(get(), ctx);
    EXPECT_EQ(http.requests().size(), 2U);
    http.respond(200, "old");
    http.respond(200, "new");
    http.release();
    loop.poll();
    EXPECT_EQ(before.take()->body, "old");
    EXPECT_EQ(after.take()->body, "new");
}

TEST_F(UpstreamTest, TheEndOfOneCallersTimeIsNotThatOfTheOthers) {
    core::CallContext const brief("brief", Deadline::at(std::chrono::steady_clock::now() + milliseconds(20)));
    core::CallContext const patient("patient", Deadline::at(std::chrono::steady_clock::now() + seconds(60)));
    http.hold();
    auto first = read(get(), brief);
    auto second = read(get(), patient);
    loop.run_until([&] { return first.done(); });
    EXPECT_FALSE(first.take());
    http.respond(200, "in time");
    http.release();
    loop.run_until([&] { return second.done() || http.requests().size() == 2; });
    http.release();
    loop.run_until([&] { return second.done(); });
    EXPECT_TRUE(second.take());
}

TEST_F(UpstreamTest, EveryAttemptIsHeardByTheGate) {
    http.respond(429, "", {{"Retry-After", "5"}});
    http.respond(200, "at last");
    auto reading = read(get(), ctx);
    EXPECT_EQ(throttle->paused_until(), clock.now() + seconds(5));
    auto other = read(get("/contoso/_apis/other"), ctx); // waits for the same pause
    EXPECT_EQ(http.requests().size(), 1U);
    http.respond(200, "other");
    clock.advance(seconds(5));
    loop.poll();
    EXPECT_EQ(http.requests().size(), 3U);
    EXPECT_TRUE(reading.done() && other.done());
    EXPECT_TRUE(reading.take());
    EXPECT_TRUE(other.take());
}

TEST_F(UpstreamTest, RepeatsReadsOnlyWhereThatCanHelp) {
    struct Row {
        int status;
        std::string body;
        std::size_t requests;
    };
    std::vector<Row> const rows{{408, "", 3},
                                {429, "", 3},
                                {502, "", 3},
                                {503, "", 3},
                                {504, "", 3},
                                {500, "", 1},
                                {400, "{\"message\":\"TF401320: rule\"}", 1},
                                {401, "", 1},
                                {403, "", 1},
                                {404, "", 1},
                                {409, "", 1},
                                {503, "{\"message\":\"TF24668: stopped\"}", 1}};
    for (Row const& row : rows) {
        SCOPED_TRACE(testing::Message() << row.status << " " << row.body);
        std::size_t const before = http.requests().size();
        http.handle(
            [&row](test::RecordedRequest const&) { return test::make_response(row.status, row.body); });
        throttle = std::make_shared<ado::Throttle>(clock, ado::ThrottleLimits());
        core::RetryPolicy policy;
        upstream = std::make_shared<ado::Upstream>(
            "contoso", http, *throttle, clock, core::RetryRule(policy, clock, [] { return 0.5; }));
        auto reading = read(get(), ctx);
        for (int i = 0; i < 3; ++i) {
            clock.advance(seconds(1));
            loop.poll();
        }
        ASSERT_TRUE(reading.done());
        EXPECT_EQ(reading.take()->status, row.status);
        EXPECT_EQ(http.requests().size() - before, row.requests);
    }
}

TEST_F(UpstreamTest, NeverRepeatsAWriteThatMayHaveArrived) {
    HttpRequest post("POST", core::Url(core::Origin("https", "dev.azure.com", 443), "/contoso/x"));
    http.respond(503, "");
    core::CallContext const call = context();
    EXPECT_EQ(loop.run(upstream->send(post, lane, call))->status, 503);
    http.fail(core::Error(ErrorKind::network, "reset"));
    EXPECT_FALSE(loop.run(upstream->send(post, lane, call)));
    EXPECT_EQ(http.requests().size(), 2U);
}

TEST_F(UpstreamTest, FailsAtOnceAfterARowOfOutagesAndLetsOneRequestTryAgain) {
    http.handle([](test::RecordedRequest const&) -> Result<HttpResponse> {
        return core::fail(core::Error(ErrorKind::timeout, "dev.azure.com: no answer in 30 s"));
    });
    for (int i = 0; i < 3; ++i) {
        EXPECT_FALSE(loop.run(upstream->read(get(), lane, ctx)));
    }
    auto const refused = loop.run(upstream->read(get(), lane, ctx));
    EXPECT_EQ(http.requests().size(), 3U);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code(), "circuit_open");
    EXPECT_NE(refused.error().message().find("no answer in 30 s"), std::string::npos);

    clock.advance(seconds(10));
    EXPECT_FALSE(loop.run(upstream->read(get(), lane, ctx))); // the probe
    EXPECT_EQ(http.requests().size(), 4U);
    EXPECT_FALSE(loop.run(upstream->read(get(), lane, ctx)));
    EXPECT_EQ(http.requests().size(), 4U);

    clock.advance(seconds(10));
    http.handle([](test::RecordedRequest const&) { return test::make_response(200, "up"); });
    EXPECT_TRUE(loop.run(upstream->read(get(), lane, ctx)));
    EXPECT_TRUE(loop.run(upstream->read(get(), lane, ctx)));
    EXPECT_EQ(http.requests().size(), 6U);
}

TEST_F(UpstreamTest, RefusalsAndExplainedFailuresAreNoOutage) {
    for (int const status : {400, 401, 403, 404, 409, 429, 500}) {
        for (int i = 0; i < 5; ++i) {
            http.respond(status, R"({"message":"TF400001: no"})");
            core::CallContext const call = context(milliseconds(50)); // no time to repeat
            static_cast<void>(loop.run(upstream->read(get(), lane, call)));
        }
        EXPECT_FALSE(throttle->outage()) << status;
    }
}

} // namespace
