#include "protocol/request_run.hpp"

#include "support/endpoint_fixture.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

// What a call says while it runs: progress, log messages, and whatever keeps clients and proxies patient.
namespace {

using protocol::LogLevel;
using protocol::Revision;
using std::chrono::milliseconds;
using std::chrono::seconds;
using test::Json;

constexpr char const* kLevelKey = "io.modelcontextprotocol/logLevel";

class Talking : public testing::Test {
protected:
    Talking()
        : fixture([](protocol::ServerFeatures& features, protocol::McpLimits& limits) {
              features.logging = true;
              limits.stream_after = seconds(5);
              limits.heartbeat = seconds(10);
          }) {
        fixture.route.hold = true;
    }
    std::unique_ptr<test::Exchange> call(std::string const& key, Json value) {
        return fixture.start_modern(test::with_meta(test::modern_call("route"), key, std::move(value)));
    }
    std::unique_ptr<test::Exchange> call() { return fixture.start_modern(test::modern_call("route")); }
    protocol::RequestClient& client() { return fixture.route.current->client; }
    void finish() {
        fixture.route.release();
        fixture.poll();
    }
    static std::vector<Json> params(test::Exchange const& exchange, std::string const& method) {
        std::vector<Json> out;
        for (Json const& message : exchange.messages()) {
            if (message.value("method", "") == method) {
                out.push_back(message["params"]);
            }
        }
        return out;
    }
    static std::vector<Json> progress(test::Exchange const& exchange) {
        return params(exchange, "notifications/progress");
    }
    static std::vector<Json> logs(test::Exchange const& exchange) {
        return params(exchange, "notifications/message");
    }

    test::EndpointFixture fixture;
};

TEST_F(Talking, ProgressRepeatsTheTokenWithItsType) {
    for (char const* token : {"\"p\"", "\"7\"", "7", "0", "9007199254740993"}) {
        auto const exchange = call("progressToken", Json::parse(token));
        client().progress(1, 4, "one of four");
        ASSERT_EQ(progress(*exchange).size(), 1U);
        EXPECT_EQ(progress(*exchange)[0]["progressToken"].dump(), token);
        EXPECT_EQ(progress(*exchange)[0]["progress"].dump(), "1");
        EXPECT_EQ(progress(*exchange)[0]["total"].dump(), "4");
        EXPECT_EQ(progress(*exchange)[0]["message"], "one of four");
        finish();
    }
}

TEST_F(Talking, WithoutATokenThereIsNoProgress) {
    auto const exchange = call();
    client().progress(1, 4, "one of four");
    EXPECT_FALSE(exchange->channel.opened());
    finish();
    EXPECT_EQ(exchange->reply().headers.get("Content-Type"), "application/json");
}

TEST_F(Talking, ATokenOfAnotherTypeIsIgnoredInTheInitializeEra) {
    for (Json const& token : {Json(1.5), Json(true), Json(), Json::object()}) {
        auto const exchange =
            fixture.start(test::legacy_headers(Revision::v2025_11_25),
                          test::with_meta(test::legacy_call("route"), "progressToken", token));
        client().progress(1, 4, "");
        EXPECT_FALSE(exchange->channel.opened());
        finish();
    }
}

TEST_F(Talking, ProgressOnlyGrows) {
    auto const exchange = call("progressToken", "p");
    for (double const value : {1.0, 1.0, 0.5, 1.5, -3.0, 2.0}) {
        client().progress(value, std::nullopt, "");
    }
    auto const heard = progress(*exchange);
    ASSERT_EQ(heard.size(), 3U);
    EXPECT_EQ(heard[0]["progress"], 1);
    EXPECT_EQ(heard[1]["progress"], 1.5);
    EXPECT_EQ(heard[2]["progress"], 2);
    EXPECT_FALSE(heard[0].contains("total"));
    EXPECT_FALSE(heard[0].contains("message"));
    finish();
}

TEST_F(Talking, MessagesOfProgressCameWith20250326) {
    for (Revision const revision : {Revision::v2024_11_05, Revision::v2025_03_26}) {
        auto const exchange = fixture.start(test::legacy_headers(revision),
                                            test::with_meta(test::legacy_call("route"), "progressToken", 1));
        client().progress(1, 2, "half");
        EXPECT_EQ(progress(*exchange).at(0).contains("message"), revision >= Revision::v2025_03_26);
        finish();
    }
}

TEST_F(Talking, SilenceIsBrokenByHeartbeats) {
    auto const exchange = call("progressToken", "p");
    fixture.advance(seconds(9));
    EXPECT_TRUE(progress(*exchange).empty());
    fixture.advance(seconds(1));
    EXPECT_EQ(progress(*exchange).size(), 1U);
    fixture.advance(seconds(10));
    fixture.advance(seconds(10));
    auto const heard = progress(*exchange);
    ASSERT_EQ(heard.size(), 3U);
    EXPECT_LT(heard[0]["progress"], heard[1]["progress"]);
    EXPECT_LT(heard[1]["progress"], heard[2]["progress"]);
    client().progress(1, 2, "half");
    fixture.advance(seconds(9));
    EXPECT_EQ(progress(*exchange).size(), 4U) << "what the handler said is a sign of life too";
    fixture.advance(seconds(2));
    EXPECT_EQ(progress(*exchange).size(), 5U);
    finish();
    fixture.advance(seconds(60));
    EXPECT_EQ(exchange->messages().size(), 6U) << "none after the answer";
    EXPECT_EQ(exchange->messages().back()["id"], 1);
}

TEST_F(Talking, HeartbeatsGrowHoweverFarItIs) {
    auto const exchange = call("progressToken", "p");
    client().progress(9e15, std::nullopt, "");
    fixture.advance(seconds(10));
    auto const heard = progress(*exchange);
    ASSERT_EQ(heard.size(), 2U);
    EXPECT_LT(heard[0]["progress"].get<double>(), heard[1]["progress"].get<double>());
    finish();
}

TEST_F(Talking, WithoutATokenThereIsNoHeartbeat) {
    auto const exchange = call();
    fixture.advance(seconds(60));
    EXPECT_TRUE(exchange->messages().empty());
    finish();
}

TEST_F(Talking, ALongCallIsAnsweredOnAnEventStream) {
    auto const exchange = call();
    fixture.advance(milliseconds(4'900));
    EXPECT_FALSE(exchange->channel.opened());
    fixture.advance(milliseconds(300));
    EXPECT_TRUE(exchange->channel.opened());
    EXPECT_TRUE(exchange->messages().empty()) << "bytes for proxies, nothing for the client";
    EXPECT_EQ(exchange->channel.read().comments, 1);
    fixture.advance(seconds(60));
    EXPECT_EQ(exchange->channel.read().comments, 1);
    finish();
    EXPECT_EQ(exchange->reply().body, "");
    EXPECT_EQ(exchange->answer()["result"]["content"][0]["text"], "routed");
}

TEST_F(Talking, ALongCallOfASessionCanBeComeBackTo) {
    std::string const session = fixture.open_session(Revision::v2025_11_25);
    auto const exchange = fixture.start(fixture.in_session(session), test::legacy_call("route"));
    fixture.advance(seconds(6));
    ASSERT_EQ(exchange->channel.events().size(), 1U);
    std::string const id = exchange->channel.events()[0].id;
    exchange->hang_up();
    finish();
    EXPECT_EQ(fixture.get(session, id)->messages().size(), 1U);
}

TEST_F(Talking, AClientWithoutEventsWaitsForThePlainAnswer) {
    auto const exchange =
        fixture.start(test::with(test::modern_headers("tools/call", "route"), "Accept", "application/json"),
                      test::with_meta(test::modern_call("route"), "progressToken", "p"));
    client().progress(1, 2, "");
    fixture.advance(seconds(60));
    EXPECT_FALSE(exchange->channel.opened());
    finish();
    EXPECT_EQ(test::text_of(exchange->reply()), "routed");
}

TEST_F(Talking, ModernCallsLogOnlyAtTheLevelTheyAskFor) {
    auto const silent = call();
    client().log(LogLevel::emergency, "l", "unheard");
    EXPECT_FALSE(silent->channel.opened());
    finish();

    auto const exchange = call(kLevelKey, "warning");
    client().log(LogLevel::notice, "l", "too quiet");
    client().log(LogLevel::warning, "ado", Json{{"a", 1}});
    client().log(LogLevel::error, "", "plain");
    auto const heard = logs(*exchange);
    ASSERT_EQ(heard.size(), 2U);
    EXPECT_EQ(heard[0], Json::parse(R"({"level":"warning","logger":"ado","data":{"a":1}})"));
    EXPECT_EQ(heard[1], Json::parse(R"({"level":"error","data":"plain"})"));
    finish();
}

TEST_F(Talking, AServerWithoutLoggingNeverLogs) {
    test::EndpointFixture quiet;
    quiet.route.hold = true;
    auto const modern = quiet.start_modern(test::with_meta(test::modern_call("route"), kLevelKey, "debug"));
    quiet.route.current->client.log(LogLevel::emergency, "", "x");
    EXPECT_FALSE(modern->channel.opened());
    auto const legacy = quiet.start(test::legacy_headers(Revision::v2025_11_25), test::legacy_call("route"));
    quiet.route.current->client.log(LogLevel::emergency, "", "x");
    EXPECT_FALSE(legacy->channel.opened());
    quiet.route.release();
}

class SessionLog : public Talking {
protected:
    SessionLog() { session = fixture.open_session(Revision::v2025_11_25); }
    protocol::McpHttpReply set_level(std::string const& in, Json level) {
        Json params = Json::object();
        params["level"] = std::move(level);
        return fixture.exchange(fixture.in_session(in), test::legacy_request("logging/setLevel", params));
    }
    /// What a call of that session lets through.
    std::vector<std::string> heard(test::EndpointFixture& where, std::string const& in) {
        auto const exchange = where.start(where.in_session(in), test::legacy_call("route"));
        for (LogLevel const level : {LogLevel::debug, LogLevel::info, LogLevel::error}) {
            where.route.current->client.log(level, "", "x");
        }
        std::vector<std::string> levels;
        for (Json const& message : logs(*exchange)) {
            levels.push_back(message["level"]);
        }
        where.route.release();
        where.poll();
        return levels;
    }
    using Levels = std::vector<std::string>;
    std::string session;
};

TEST_F(SessionLog, BeginsAtInfoAndGoesToWhatTheClientSets) {
    EXPECT_EQ(heard(fixture, session), (Levels{"info", "error"}));
    EXPECT_EQ(test::result_of(set_level(session, "debug")), Json::object());
    EXPECT_EQ(heard(fixture, session), (Levels{"debug", "info", "error"}));
    set_level(session, "error");
    EXPECT_EQ(heard(fixture, session), Levels{"error"});
    set_level(session, "emergency");
    EXPECT_EQ(heard(fixture, session), Levels{});
}

TEST_F(SessionLog, LevelsNobodyKnowsAreRefused) {
    for (Json const& level : {Json("loud"), Json(""), Json(3), Json(), Json::object()}) {
        EXPECT_EQ(test::code_of(set_level(session, level)), -32602) << level;
    }
    EXPECT_EQ(heard(fixture, session), (Levels{"info", "error"}));
}

TEST_F(SessionLog, TheLevelIsTheSessionsAlone) {
    set_level(session, "error");
    EXPECT_EQ(heard(fixture, fixture.open_session(Revision::v2025_11_25)), (Levels{"info", "error"}));
}

TEST_F(SessionLog, TheLevelOutlivesTheProcess) {
    set_level(session, "error");
    test::EndpointFixture other(fixture.world, [](protocol::ServerFeatures& features, protocol::McpLimits&) {
        features.logging = true;
    });
    other.route.hold = true;
    other.know(session, Revision::v2025_11_25);
    EXPECT_EQ(heard(other, session), Levels{"error"});
}

/// A run of its own, to look at what follows its end.
class Recorder final : public protocol::Outlet {
public:
    void notify(std::string message) override { messages.push_back(Json::parse(message)); }
    core::Task<core::Result<Json>> ask(std::string_view, Json, core::CallContext const&) override {
        co_return Json();
    }
    void release() override { ++released; }
    void stretch() override { ++stretched; }
    std::vector<Json> messages;
    int released = 0;
    int stretched = 0;
};

TEST(RequestRun, SaysNothingAfterItsEnd) {
    test::ManualClock clock;
    Recorder outlet;
    auto const ctx = test::call_context();
    protocol::RequestScope scope(
        protocol::kModernRevision, test::caller(), ctx, protocol::ClientFeatures(), outlet);
    scope.log_level = LogLevel::debug;
    protocol::RequestRun run(scope, Json::parse(R"({"_meta":{"progressToken":1}})"), clock);
    run.progress(1, std::nullopt, "");
    run.finish();
    run.progress(2, std::nullopt, "");
    run.log(LogLevel::error, "", "late");
    clock.advance(seconds(60));
    run.tick(seconds(10), seconds(5));
    EXPECT_EQ(outlet.messages.size(), 1U);
    EXPECT_EQ(outlet.stretched, 0);
}

} // namespace
