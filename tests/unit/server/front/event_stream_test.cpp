#include "server/front/event_stream.hpp"

#include "live_connection.hpp"
#include "support/sse_events.hpp"

#include <stdexcept>

namespace {

using front_test::Front;
using front_test::LiveConnection;
using front_test::request;
using std::chrono::milliseconds;
using std::chrono::seconds;

/// Takes writes only while it is open, as a peer that reads slowly.
class GatedStream final : public core::ByteStream {
public:
    core::Task<core::Result<void>> write(std::span<core::asio::const_buffer const> buffers) override {
        ++started;
        if (!open) {
            co_await gate_->wait(core::Deadline::never());
        }
        if (aborted) {
            co_return core::fail(core::ErrorKind::network, "the peer is gone");
        }
        for (core::asio::const_buffer const& buffer : buffers) {
            written.append(static_cast<char const*>(buffer.data()), buffer.size());
        }
        co_return core::Result<void>();
    }
    void let_through() {
        open = true;
        std::exchange(gate_, std::make_shared<core::Event>())->set();
    }
    core::Task<core::Result<std::size_t>> read_some(core::asio::mutable_buffer) override {
        co_return std::size_t{0};
    }
    void set_deadline(core::Deadline deadline_) override { deadline = deadline_; }
    bool peer_closed() noexcept override { return false; }
    bool is_stale() noexcept override { return false; }
    core::Task<void> close() override { co_return; }
    void abort() noexcept override {
        aborted = true;
        gate_->set();
    }
    std::string peer() const override { return "gated:0"; }

    bool open = true;
    bool aborted = false;
    int started = 0;
    std::string written;
    core::Deadline deadline = core::Deadline::never();

private:
    std::shared_ptr<core::Event> gate_ = std::make_shared<core::Event>(); ///< shared with who waits
};

class EventStream : public testing::Test {
protected:
    void make(bool chunked) {
        auto head = [this] {
            ++heads;
            return std::string("HEAD ");
        };
        stream =
            std::make_unique<server::EventStream>(socket, clock, limits, writers, std::move(head), chunked);
    }
    void TearDown() override {
        socket.let_through();
        loop.poll();
        EXPECT_EQ(writers.size(), 0U);
    }

    test::Loop loop;
    test::ManualClock clock;
    server::Limits limits;
    GatedStream socket;
    core::TaskGroup writers{loop.executor()};
    int heads = 0;
    std::unique_ptr<server::EventStream> stream;
};

TEST_F(EventStream, IsNothingBeforeTheFirstWrite) {
    make(true);
    stream->finish();
    stream->tick(clock.now() + seconds(60));
    loop.poll();
    EXPECT_FALSE(stream->opened());
    EXPECT_TRUE(stream->writable()) << "a plain reply may still become a stream";
    EXPECT_EQ(socket.started, 0);
    EXPECT_EQ(heads, 0);
}

TEST_F(EventStream, SendsTheHeadOnceAndThenChunks) {
    make(true);
    EXPECT_TRUE(stream->write("a"));
    EXPECT_TRUE(stream->opened());
    loop.poll();
    EXPECT_TRUE(stream->write(std::string(17, 'b')));
    loop.poll();
    EXPECT_EQ(socket.written, "HEAD 1\r\na\r\n11\r\n" + std::string(17, 'b') + "\r\n");
    EXPECT_FALSE(stream->complete());
    stream->finish();
    loop.run(stream->ended());
    EXPECT_TRUE(socket.written.ends_with("\r\n0\r\n\r\n"));
    EXPECT_TRUE(stream->complete());
    EXPECT_EQ(stream->bytes_written(), socket.written.size());
    EXPECT_EQ(heads, 1);
    EXPECT_FALSE(stream->write("late"));
    EXPECT_FALSE(stream->writable());
}

TEST_F(EventStream, AnEmptyWriteOpensItAndIsNoChunk) {
    make(true);
    EXPECT_TRUE(stream->write(""));
    loop.poll();
    EXPECT_EQ(socket.written, "HEAD ") << "an empty chunk would be the end";
}

TEST_F(EventStream, WithoutChunksItEndsWithTheConnection) {
    make(false);
    stream->write("one");
    stream->write("two");
    stream->finish();
    loop.run(stream->ended());
    EXPECT_EQ(socket.written, "HEAD onetwo");
    EXPECT_TRUE(stream->complete());
}

TEST_F(EventStream, WritesAgainEachTimeItsQueueWasEmpty) {
    make(false);
    std::string expected = "HEAD ";
    for (int i = 0; i < 50; ++i) {
        expected += std::to_string(i);
        EXPECT_TRUE(stream->write(std::to_string(i)));
        loop.poll();
        EXPECT_EQ(socket.written, expected);
    }
    EXPECT_EQ(socket.started, 50);
}

TEST_F(EventStream, WhatWaitsGoesOutTogetherAndInOrder) {
    make(false);
    socket.open = false;
    stream->write("0");
    loop.poll();
    for (char c = '1'; c <= '9'; ++c) {
        EXPECT_TRUE(stream->write(std::string(1, c)));
    }
    EXPECT_EQ(socket.started, 1);
    socket.let_through();
    loop.poll();
    EXPECT_EQ(socket.written, "HEAD 0123456789");
    EXPECT_EQ(socket.started, 2);
}

TEST_F(EventStream, AReaderThatLetsTooManyEventsWaitIsDropped) {
    limits.stream_queue_events = 8;
    make(true);
    test::LogCapture const log;
    socket.open = false;
    stream->write("first");
    loop.poll();
    int taken = 0;
    while (taken < 100 && stream->write("x")) {
        ++taken;
    }
    EXPECT_EQ(taken, 8);
    EXPECT_FALSE(stream->writable());
    EXPECT_TRUE(socket.aborted) << "the write that waits ends too";
    loop.run(stream->ended());
    EXPECT_EQ(socket.written, "");
    EXPECT_FALSE(stream->complete());
    EXPECT_TRUE(log.contains("http.slow_reader"));
}

TEST_F(EventStream, AReaderThatLetsTooManyBytesWaitIsDropped) {
    limits.stream_queue_bytes = 1000;
    make(true);
    test::LogCapture const log;
    socket.open = false;
    stream->write("first");
    loop.poll();
    EXPECT_TRUE(stream->write(std::string(400, 'x')));
    EXPECT_TRUE(stream->write(std::string(400, 'x')));
    EXPECT_FALSE(stream->write(std::string(400, 'x')));
    EXPECT_TRUE(socket.aborted);
}

TEST_F(EventStream, OneEventOfAnySizePasses) {
    limits.stream_queue_bytes = 1000;
    make(false);
    EXPECT_TRUE(stream->write(std::string(100'000, 'x')));
    loop.poll();
    EXPECT_EQ(socket.written.size(), 100'005U);
    EXPECT_TRUE(stream->write(std::string(100'000, 'y')));
    stream->finish();
    loop.run(stream->ended());
    EXPECT_TRUE(stream->complete());
}

TEST_F(EventStream, AQuietOneGetsAComment) {
    make(false);
    stream->write("data: 1\n\n");
    loop.poll();
    clock.advance(limits.stream_keep_alive_ms - milliseconds(1));
    stream->tick(clock.now());
    loop.poll();
    EXPECT_EQ(socket.written, "HEAD data: 1\n\n");
    clock.advance(milliseconds(1));
    stream->tick(clock.now());
    loop.poll();
    EXPECT_EQ(socket.written, "HEAD data: 1\n\n:\n\n");
    stream->tick(clock.now());
    loop.poll();
    EXPECT_EQ(socket.written, "HEAD data: 1\n\n:\n\n") << "one is enough";
    stream->finish();
    loop.poll();
    clock.advance(limits.stream_keep_alive_ms);
    stream->tick(clock.now());
    loop.poll();
    EXPECT_EQ(socket.written, "HEAD data: 1\n\n:\n\n");
}

TEST_F(EventStream, EachWriteHasItsDeadline) {
    make(true);
    socket.open = false;
    stream->write("x");
    loop.poll();
    EXPECT_EQ(socket.deadline.time(), clock.now() + limits.write_ms);
    socket.let_through();
    loop.poll();
    EXPECT_TRUE(socket.deadline.is_never());
}

TEST_F(EventStream, AFailedWriteBreaksIt) {
    make(true);
    test::LogCapture const log;
    stream->write("x");
    socket.aborted = true;
    loop.poll();
    EXPECT_FALSE(stream->writable());
    EXPECT_FALSE(stream->write("y"));
    stream->finish();
    loop.run(stream->ended());
    EXPECT_FALSE(stream->complete());
}

TEST_F(EventStream, FramesSplitAcrossWritesAreWholeAgainForTheReader) {
    make(true);
    std::string sent;
    for (std::size_t i = 0; i < 40; ++i) {
        std::string frame = "event: message\ndata: {\"n\":" + std::string(i * 37 + 1, '7') + "}\n\n";
        sent += frame;
        socket.open = i % 3 != 0;
        std::size_t const cut = frame.size() / 2;
        EXPECT_TRUE(stream->write(frame.substr(0, cut)));
        loop.poll();
        EXPECT_TRUE(stream->write(frame.substr(cut)));
        socket.let_through();
        loop.poll();
    }
    stream->finish();
    loop.run(stream->ended());
    std::string_view wire = socket.written;
    wire.remove_prefix(5);
    std::string body;
    while (!wire.empty()) {
        std::size_t const size = std::stoul(std::string(wire), nullptr, 16);
        std::size_t const begin = wire.find("\r\n") + 2;
        body += wire.substr(begin, size);
        wire.remove_prefix(begin + size + 2);
    }
    EXPECT_EQ(body, sent);
    EXPECT_EQ(test::SseReader(body).events.size(), 40U);
}

/// Whole connections with a route `/events` whose handler the test speaks for.
class StreamedReply : public testing::Test {
protected:
    StreamedReply() {
        front.add(
            "GET", "/events", std::nullopt, [this](server::InboundRequest& asked, core::CallContext const&) {
                return handle(*this, asked);
            });
    }
    void TearDown() override {
        go.set();
        loop.poll();
        if (connection) {
            connection->stream.close_peer();
            loop.poll();
        }
        EXPECT_EQ(connections.size(), 0U);
        EXPECT_EQ(writers.size(), 0U);
    }

    static core::Task<server::HttpReply> handle(StreamedReply& self, server::InboundRequest& asked) {
        if (self.give_up_with_peer) {
            asked.connection.cancel_on_disconnect();
        }
        self.channel = &asked.connection.events();
        bool const told = co_await self.go.wait(core::Deadline::never());
        self.channel = nullptr;
        self.cancelled = !told;
        ++self.ended;
        if (self.breaks) {
            throw std::logic_error("planted bug");
        }
        server::HttpReply reply(200, "text/plain", "plain");
        reply.rpc_method = "tools/call";
        co_return reply;
    }
    void ask(std::string const& wire) {
        connection = std::make_unique<LiveConnection>(front, loop, connections, writers);
        connection->stream.feed(wire);
        loop.poll();
    }
    void write(std::string text) {
        EXPECT_TRUE(channel->write(std::move(text)));
        loop.poll();
    }
    void tick(milliseconds later) {
        front.clock.advance(later);
        front.registry.tick(front.clock.now());
        loop.poll();
    }
    std::string const& wire() const { return connection->stream.written(); }
    bool sent(std::string_view part) const { return wire().find(part) != std::string::npos; }

    test::Loop loop;
    core::TaskGroup connections{loop.executor()};
    core::TaskGroup writers{loop.executor()};
    Front front;
    std::unique_ptr<LiveConnection> connection;
    protocol::ReplyChannel* channel = nullptr; ///< while the handler waits
    core::Event go;
    bool give_up_with_peer = false;
    bool breaks = false;
    bool cancelled = false;
    int ended = 0;
};

TEST_F(StreamedReply, HasTheFieldsThatKeepProxiesFromHoldingItBack) {
    ask(request("GET", "/events", {{"Origin", "https://inspector.example"}, {"X-Request-Id", "r-9"}}));
    EXPECT_EQ(wire(), "");
    write("data: 1\n\n");
    EXPECT_TRUE(wire().starts_with("HTTP/1.1 200 OK\r\n")) << wire();
    for (char const* const field : {"Content-Type: text/event-stream\r\n",
                                    "Cache-Control: no-cache, no-transform\r\n",
                                    "X-Accel-Buffering: no\r\n",
                                    "Transfer-Encoding: chunked\r\n",
                                    "X-Request-Id: r-9\r\n",
                                    "X-Content-Type-Options: nosniff\r\n",
                                    "Access-Control-Allow-Origin: https://inspector.example\r\n"}) {
        EXPECT_TRUE(sent(field)) << field << wire();
    }
    EXPECT_FALSE(sent("Content-Length"));
    EXPECT_TRUE(wire().ends_with("9\r\ndata: 1\n\n\r\n"));
}

TEST_F(StreamedReply, EndsWithTheHandlerAndTheConnectionGoesOn) {
    test::LogCapture const log;
    ask(request("GET", "/events"));
    write("data: 1\n\n");
    go.set();
    loop.poll();
    EXPECT_TRUE(wire().ends_with("0\r\n\r\n"));
    EXPECT_FALSE(sent("plain")) << "the reply is for the log only";
    EXPECT_TRUE(log.contains(R"("rpc_method":"tools/call")"));
    EXPECT_TRUE(log.contains(R"("status":200)"));
    connection->stream.clear_written();
    connection->stream.feed(request("GET", "/open"));
    loop.poll();
    EXPECT_TRUE(wire().ends_with("open"));
}

TEST_F(StreamedReply, CanBeFinishedWhileTheHandlerGoesOn) {
    ask(request("GET", "/events"));
    write("data: 1\n\n");
    channel->finish();
    loop.poll();
    EXPECT_TRUE(wire().ends_with("0\r\n\r\n"));
    EXPECT_EQ(ended, 0);
    EXPECT_FALSE(channel->writable());
    go.set();
    loop.poll();
    EXPECT_EQ(ended, 1);
    EXPECT_FALSE(connection->done());
}

TEST_F(StreamedReply, IsDelimitedByTheCloseForHttp10) {
    ask("GET /events HTTP/1.0\r\nHost: localhost\r\nConnection: keep-alive\r\n\r\n");
    write("data: 1\n\n");
    EXPECT_FALSE(sent("Transfer-Encoding"));
    EXPECT_TRUE(sent("Connection: close\r\n")) << wire();
    EXPECT_TRUE(wire().ends_with("\r\n\r\ndata: 1\n\n"));
    go.set();
    loop.poll();
    EXPECT_TRUE(wire().ends_with("data: 1\n\n"));
    EXPECT_TRUE(connection->done());
    EXPECT_TRUE(connection->stream.closed());
}

TEST_F(StreamedReply, APeerThatGoesAwayEndsWhatAskedForIt) {
    give_up_with_peer = true;
    test::LogCapture const log;
    ask(request("GET", "/events"));
    write("data: 1\n\n");
    connection->stream.close_peer();
    tick(milliseconds(100));
    tick(seconds(1));
    EXPECT_TRUE(cancelled);
    EXPECT_TRUE(connection->done());
    EXPECT_TRUE(log.contains(R"("status":499)")) << log.text();
}

TEST_F(StreamedReply, APeerThatGoesAwayDuringAWriteIsWaitedForByNobody) {
    give_up_with_peer = true;
    test::LogCapture const log;
    ask(request("GET", "/events"));
    connection->stream.stop_reading();
    write("data: 1\n\n");
    EXPECT_EQ(writers.size(), 1U);
    connection->stream.close_peer();
    tick(seconds(1));
    EXPECT_TRUE(cancelled);
    EXPECT_EQ(writers.size(), 0U) << "the writer ends before what it writes from";
    EXPECT_TRUE(connection->done());
    EXPECT_TRUE(log.contains(R"("status":499)")) << log.text();
}

TEST_F(StreamedReply, ACancelledConnectionEndsAfterItsWriter) {
    test::LogCapture const log;
    ask(request("GET", "/events"));
    connection->stream.stop_reading();
    write("data: 1\n\n");
    connection->session.cancel();
    loop.poll();
    EXPECT_TRUE(cancelled);
    EXPECT_EQ(writers.size(), 0U);
    EXPECT_TRUE(connection->done());
    EXPECT_TRUE(connection->stream.aborted());
    EXPECT_TRUE(log.contains(R"("status":499)")) << log.text();
}

TEST_F(StreamedReply, APeerThatGoesAwayLeavesOtherHandlersAtWork) {
    ask(request("GET", "/events"));
    write("data: 1\n\n");
    connection->stream.close_peer();
    tick(seconds(1));
    EXPECT_EQ(ended, 0);
    EXPECT_FALSE(channel->writable());
    EXPECT_FALSE(channel->write("data: 2\n\n"));
    go.set();
    loop.poll();
    EXPECT_EQ(ended, 1);
    EXPECT_FALSE(cancelled);
    EXPECT_TRUE(connection->done());
    EXPECT_FALSE(sent("data: 2"));
}

TEST_F(StreamedReply, AQuietOneGetsACommentFromTheListenersTick) {
    ask(request("GET", "/events"));
    write("data: 1\n\n");
    tick(front.limits.stream_keep_alive_ms);
    EXPECT_TRUE(wire().ends_with("3\r\n:\n\n\r\n")) << wire();
}

TEST_F(StreamedReply, AHandlerThatBreaksCutsItShort) {
    breaks = true;
    test::LogCapture const log;
    ask(request("GET", "/events"));
    write("data: 1\n\n");
    go.set();
    loop.poll();
    EXPECT_FALSE(sent("0\r\n\r\n")) << "the peer must not take it for whole";
    EXPECT_TRUE(connection->done());
    EXPECT_TRUE(connection->stream.aborted());
    EXPECT_TRUE(log.contains("planted bug"));
}

TEST_F(StreamedReply, ADrainLetsItEndAndThenClosesTheConnection) {
    ask(request("GET", "/events"));
    write("data: 1\n\n");
    front.registry.drain();
    loop.poll();
    EXPECT_FALSE(connection->done());
    go.set();
    loop.poll();
    EXPECT_TRUE(wire().ends_with("0\r\n\r\n"));
    EXPECT_TRUE(connection->done());
}

TEST_F(StreamedReply, DuringADrainItsHeadSaysClose) {
    ask(request("GET", "/events"));
    front.registry.drain();
    write("data: 1\n\n");
    EXPECT_TRUE(sent("Connection: close\r\n")) << wire();
}

TEST_F(StreamedReply, ThePeersNextRequestWaitsForItsEnd) {
    ask(request("GET", "/events") + request("GET", "/open"));
    write("data: 1\n\n");
    tick(seconds(1));
    EXPECT_EQ(ended, 0) << "bytes of the next request are no end of the peer";
    go.set();
    loop.poll();
    EXPECT_TRUE(wire().ends_with("open"));
}

} // namespace
