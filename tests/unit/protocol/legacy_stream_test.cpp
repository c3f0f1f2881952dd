#include "protocol/legacy_streams.hpp"

#include "protocol/sse.hpp"
#include "support/endpoint_fixture.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

// Event streams of the initialize era: priming, resumption, release.
namespace {

using protocol::Revision;
using std::chrono::milliseconds;
using std::chrono::seconds;
using test::Json;
using test::SseEvent;

class LegacyStream : public testing::Test {
protected:
    explicit LegacyStream(test::EndpointFixture::Setup const& setup = {}) : fixture(setup) {
        fixture.route.hold = true;
        session = fixture.open_session(Revision::v2025_11_25);
    }
    /// A call that waits, with a progress token of its own.
    std::unique_ptr<test::Exchange> call(std::string const& in, int id = 7) {
        return fixture.start(fixture.in_session(in),
                             test::with_meta(test::legacy_call("route", Json::object(), id),
                                             "progressToken",
                                             "p" + std::to_string(id)));
    }
    std::unique_ptr<test::Exchange> call(int id = 7) { return call(session, id); }
    void progress(double value) { fixture.route.current->client.progress(value, 100.0, "going on"); }
    void finish() {
        fixture.route.release();
        fixture.poll();
    }
    /// Values of the progress notifications of a stream.
    static std::vector<double> heard(test::Exchange const& exchange) {
        std::vector<double> values;
        for (Json const& message : exchange.messages()) {
            if (message.value("method", "") == "notifications/progress") {
                values.push_back(message["params"]["progress"].get<double>());
            }
        }
        return values;
    }

    test::EndpointFixture fixture;
    std::string session;
};

TEST_F(LegacyStream, IsOpenedByTheFirstThingToSayAndHoldsTheAnswer) {
    auto const exchange = call();
    EXPECT_FALSE(exchange->channel.opened());
    progress(1);
    EXPECT_TRUE(exchange->channel.opened());
    finish();
    EXPECT_EQ(exchange->reply().body, "");
    EXPECT_EQ(exchange->answer()["id"], 7);
    EXPECT_EQ(exchange->answer()["result"]["content"][0]["text"], "routed");
    EXPECT_TRUE(exchange->channel.finished());
}

TEST_F(LegacyStream, IsPrimedOnlyForClientsThatKnowPriming) {
    for (Revision const revision : protocol::kRevisions) {
        if (protocol::is_modern(revision)) {
            continue;
        }
        SCOPED_TRACE(protocol::to_string(revision));
        auto const exchange = call(fixture.open_session(revision));
        progress(1);
        std::vector<SseEvent> const events = exchange->channel.events();
        ASSERT_FALSE(events.empty());
        EXPECT_EQ(events[0].data.empty(), revision >= Revision::v2025_11_25)
            << "older parsers read the empty data as JSON";
        EXPECT_EQ(events[0].retry, revision >= Revision::v2025_11_25 ? "2000" : "");
        EXPECT_EQ(events.size(), revision >= Revision::v2025_11_25 ? 2U : 1U);
        EXPECT_FALSE(events[0].id.empty());
        finish();
    }
}

TEST_F(LegacyStream, IdsAreUniqueInTheSession) {
    std::set<std::string> ids;
    std::size_t events = 0;
    for (int id = 1; id <= 5; ++id) {
        auto const exchange = call(id);
        progress(1);
        progress(2);
        finish();
        for (SseEvent const& event : exchange->channel.events()) {
            EXPECT_FALSE(event.id.empty());
            ids.insert(event.id);
            ++events;
        }
    }
    EXPECT_EQ(events, 20U) << "priming, two notifications and the answer each";
    EXPECT_EQ(ids.size(), events);
}

TEST_F(LegacyStream, ADisconnectDoesNotCancel) {
    auto const exchange = call();
    progress(1);
    exchange->hang_up();
    EXPECT_FALSE(exchange->done());
    EXPECT_EQ(fixture.route.cancelled, 0);
    finish();
    EXPECT_TRUE(exchange->done());
    EXPECT_EQ(fixture.route.cancelled, 0);
}

TEST_F(LegacyStream, ResumingReplaysLaterEventsAndGoesOnLive) {
    auto const exchange = call();
    progress(1);
    std::string const seen = exchange->channel.events().back().id;
    exchange->hang_up();
    progress(2);
    auto const resumed = fixture.get(session, seen);
    EXPECT_EQ(heard(*resumed), std::vector<double>{2});
    EXPECT_EQ(resumed->channel.events().front().data, "") << "primed again";
    progress(3);
    EXPECT_EQ(heard(*resumed), (std::vector<double>{2, 3}));
    EXPECT_FALSE(resumed->done());
    finish();
    EXPECT_TRUE(resumed->done());
    EXPECT_TRUE(resumed->channel.finished());
    EXPECT_EQ(resumed->answer()["id"], 7);
    EXPECT_EQ(heard(*exchange), std::vector<double>{1}) << "no message goes to two connections";
}

TEST_F(LegacyStream, ResumingAfterTheCallEndedGetsTheRestAndTheEnd) {
    auto const exchange = call();
    progress(1);
    std::string const primed = exchange->channel.events().front().id;
    exchange->hang_up();
    progress(2);
    finish();
    auto const resumed = fixture.get(session, primed);
    EXPECT_TRUE(resumed->done());
    EXPECT_TRUE(resumed->channel.finished());
    EXPECT_EQ(heard(*resumed), (std::vector<double>{1, 2}));
    EXPECT_EQ(resumed->messages().back()["id"], 7);
    auto const again = fixture.get(session, resumed->channel.events().back().id);
    EXPECT_TRUE(again->done());
    EXPECT_TRUE(again->messages().empty()) << "all of it was seen";
}

TEST_F(LegacyStream, ResumingReplaysOnlyTheStreamOfTheEvent) {
    auto const first = call(1);
    progress(1);
    protocol::ToolCall const* const first_call = fixture.route.current;
    auto const second = call(2);
    progress(50);
    std::string const seen = first->channel.events().front().id;
    first->hang_up();
    second->hang_up();
    auto const resumed = fixture.get(session, seen);
    first_call->client.progress(2, 100.0, "");
    progress(51);
    finish();
    EXPECT_EQ(heard(*resumed), (std::vector<double>{1, 2}));
    EXPECT_EQ(resumed->messages().back()["id"], 1);
    EXPECT_EQ(heard(*second), std::vector<double>{50});
}

TEST_F(LegacyStream, AnotherSessionsEventIdGetsNothing) {
    auto const exchange = call();
    progress(1);
    finish();
    std::string const other = fixture.open_session(Revision::v2025_11_25);
    for (std::string const& id : {exchange->channel.events().front().id, std::string("made-up-1")}) {
        auto const stream = fixture.get(other, id);
        EXPECT_FALSE(stream->done()) << "it is a stream of its own";
        EXPECT_TRUE(stream->messages().empty());
    }
}

TEST_F(LegacyStream, AStandingStreamComesBackUnderItsId) {
    auto const stream = fixture.get(session);
    std::string const id = stream->channel.events().front().id;
    stream->hang_up();
    auto const again = fixture.get(session, id);
    EXPECT_FALSE(again->done());
    EXPECT_EQ(again->channel.events().front().id, id);
    EXPECT_EQ(fixture.endpoint->open_streams(), 1U);
}

TEST_F(LegacyStream, ReleasedConnectionsEndWhileTheCallGoesOn) {
    auto const exchange = call();
    fixture.route.current->client.release_connection();
    EXPECT_TRUE(exchange->channel.finished());
    EXPECT_FALSE(exchange->done());
    std::vector<SseEvent> const events = exchange->channel.events();
    ASSERT_EQ(events.size(), 1U) << "the id to come back with";
    progress(1);
    auto const resumed = fixture.get(session, events[0].id);
    EXPECT_EQ(heard(*resumed), std::vector<double>{1});
    finish();
    EXPECT_TRUE(resumed->done());
    EXPECT_EQ(resumed->messages().back()["id"], 7);
}

TEST_F(LegacyStream, OlderClientsAreNotReleased) {
    auto const exchange = call(fixture.open_session(Revision::v2025_06_18));
    fixture.route.current->client.release_connection();
    EXPECT_FALSE(exchange->channel.opened());
    progress(1);
    fixture.route.current->client.release_connection();
    EXPECT_FALSE(exchange->channel.finished());
    finish();
    EXPECT_EQ(exchange->answer()["id"], 7);
}

TEST_F(LegacyStream, PlainAnswersGoToClientsThatTakeNoEvents) {
    auto const exchange = fixture.start(test::with(fixture.in_session(session), "Accept", "application/json"),
                                        test::with_meta(test::legacy_call("route"), "progressToken", "p"));
    progress(1);
    fixture.route.current->client.release_connection();
    EXPECT_FALSE(exchange->channel.opened());
    finish();
    EXPECT_EQ(test::text_of(exchange->reply()), "routed");
}

TEST_F(LegacyStream, AnswersOfABatchAreEventsOfOneStream) {
    std::string const old = fixture.open_session(Revision::v2025_03_26);
    Json batch = Json::array();
    batch.push_back(test::legacy_request("ping", Json::object(), "a"));
    batch.push_back(test::with_meta(test::legacy_call("route", Json::object(), 2), "progressToken", 2));
    auto const exchange = fixture.start(fixture.in_session(old), batch);
    progress(1);
    finish();
    auto const messages = exchange->messages();
    ASSERT_EQ(messages.size(), 3U);
    EXPECT_EQ(messages[1]["id"], "a");
    EXPECT_EQ(messages[2]["id"], 2);
}

class BoundedStream : public LegacyStream {
protected:
    BoundedStream()
        : LegacyStream([](protocol::ServerFeatures&, protocol::McpLimits& limits) {
              limits.replay_events = 3;
              limits.replay_bytes = 1000;
              limits.replay_age = seconds(60);
          }) {}
    std::string hang_up_at_once(test::Exchange& exchange) {
        progress(0);
        std::string id = exchange.channel.events().front().id;
        exchange.hang_up();
        return id;
    }
};

TEST_F(BoundedStream, KeepsTheLatestEvents) {
    auto const exchange = call();
    std::string const id = hang_up_at_once(*exchange);
    for (int i = 1; i <= 10; ++i) {
        progress(i);
    }
    auto const resumed = fixture.get(session, id);
    EXPECT_EQ(heard(*resumed), (std::vector<double>{8, 9, 10}));
    finish();
}

TEST_F(BoundedStream, KeepsNoMoreBytesThanItsLimitButTheLastEventAlways) {
    auto const exchange = call();
    std::string const id = hang_up_at_once(*exchange);
    fixture.route.current->client.progress(1, 100.0, std::string(600, 'x'));
    fixture.route.current->client.progress(2, 100.0, std::string(600, 'x'));
    EXPECT_EQ(heard(*fixture.get(session, id)), std::vector<double>{2});
    fixture.route.current->client.progress(3, 100.0, std::string(5000, 'x'));
    EXPECT_EQ(heard(*fixture.get(session, id)), std::vector<double>{3});
    finish();
}

TEST_F(BoundedStream, ForgetsAfterItsAge) {
    auto const exchange = call();
    std::string const id = hang_up_at_once(*exchange);
    fixture.advance(seconds(120));
    finish();
    fixture.advance(seconds(59));
    EXPECT_TRUE(fixture.get(session, id)->done()) << "its age counts from its end";
    fixture.advance(seconds(2));
    auto const late = fixture.get(session, id);
    EXPECT_FALSE(late->done());
    EXPECT_TRUE(late->messages().empty());
}

class Streams : public testing::Test {
protected:
    test::ManualClock clock;
    protocol::McpLimits limits;
    protocol::LegacyStreams streams{limits, clock};
};

TEST_F(Streams, TheLongestEndedGoFirstWhenAllTogetherAreTooLarge) {
    limits.replay_total_bytes = 2'500;
    std::vector<std::string> ids;
    for (int i = 0; i < 4; ++i) {
        auto const stream = streams.make("s", Revision::v2025_11_25);
        stream->send(std::string(900, 'x'));
        ids.push_back(stream->id());
        if (i != 1) {
            stream->finish();
        }
        clock.advance(seconds(1));
    }
    streams.prune();
    EXPECT_LE(streams.bytes(), limits.replay_total_bytes);
    EXPECT_EQ(streams.find(ids[0], "s"), nullptr);
    EXPECT_NE(streams.find(ids[1], "s"), nullptr) << "somebody still writes it";
    EXPECT_EQ(streams.find(ids[2], "s"), nullptr);
    EXPECT_NE(streams.find(ids[3], "s"), nullptr);
}

TEST_F(Streams, AStandingStreamThatNobodyCameBackToIsForgotten) {
    limits.replay_age = seconds(60);
    test::RecordingChannel channel;
    auto const stream = streams.make("s", Revision::v2025_11_25);
    stream->stand();
    stream->attach(channel, 0);
    clock.advance(seconds(600));
    streams.prune();
    EXPECT_EQ(streams.size(), 1U) << "it is being read";
    stream->detach(channel);
    clock.advance(seconds(50));
    streams.prune();
    EXPECT_EQ(streams.size(), 1U);
    stream->attach(channel, 0);
    clock.advance(seconds(50));
    streams.prune();
    EXPECT_EQ(streams.size(), 1U) << "somebody came back";
    stream->detach(channel);
    clock.advance(seconds(61));
    streams.prune();
    EXPECT_EQ(streams.size(), 0U);
}

TEST_F(Streams, BytesAreCountedUntilTheStreamGoes) {
    {
        auto const stream = streams.make("s", Revision::v2025_11_25);
        stream->send("{}");
        EXPECT_EQ(streams.bytes(), stream->bytes());
        EXPECT_GT(streams.bytes(), 0U);
        streams.end_session("other");
        EXPECT_FALSE(stream->finished());
        streams.end_session("s");
        EXPECT_TRUE(stream->finished());
        EXPECT_FALSE(stream->send("{}")) << "nothing follows the end";
    }
    EXPECT_EQ(streams.bytes(), 0U);
    EXPECT_EQ(streams.size(), 0U);
}

} // namespace
