#include "codec_support.hpp"

#include <gtest/gtest.h>

namespace {

using namespace std::string_literals;

using core::ErrorKind;
using core::HttpParseLimits;
using core::HttpRequestHead;
using core::Result;
using test::run_coro;
using test::ScriptedStream;

TEST(RequestReader, ReadsHeadAndBodyHoweverTheBytesAreCut) {
    std::string const text =
        "\r\nPOST /mcp?x=1 HTTP/1.1\r\nHost: localhost:8931\r\nContent-Type: application/json\r\n"
        "X-Empty:\r\nContent-Length: 11\r\n\r\nhello world";
    for (std::size_t const chunk : test::chunk_sizes(text)) {
        SCOPED_TRACE(chunk);
        ScriptedStream stream(text, chunk);
        auto const reader = core::make_request_reader(stream, HttpParseLimits());
        auto head = run_coro(reader->read_head());
        ASSERT_TRUE(head && *head);
        EXPECT_EQ((*head)->method, "POST");
        EXPECT_EQ((*head)->target, "/mcp?x=1");
        EXPECT_EQ((*head)->version, 11U);
        EXPECT_TRUE((*head)->keep_alive);
        EXPECT_EQ((*head)->headers.get("content-type"), "application/json");
        EXPECT_EQ((*head)->headers.get("x-empty"), "");
        EXPECT_EQ(run_coro(reader->read_body()).value(), "hello world");
        auto end = run_coro(reader->read_head());
        ASSERT_TRUE(end);
        EXPECT_FALSE(end->has_value());
    }
}

TEST(RequestReader, ReadsChunkedBodiesHoweverTheBytesAreCut) {
    std::string const text = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                             "5;ext=1\r\nhello\r\n6\r\n world\r\n0\r\nX-Trailer: t\r\n\r\n"
                             "GET /next HTTP/1.1\r\nHost: a\r\n\r\n";
    for (std::size_t const chunk : test::chunk_sizes(text)) {
        SCOPED_TRACE(chunk);
        ScriptedStream stream(text, chunk);
        auto const reader = core::make_request_reader(stream, HttpParseLimits());
        auto const head = run_coro(reader->read_head());
        ASSERT_TRUE(head && *head);
        EXPECT_EQ((*head)->headers.count("X-Trailer"), 0U);
        EXPECT_EQ(run_coro(reader->read_body()).value(), "hello world");
        auto const next = run_coro(reader->read_head());
        ASSERT_TRUE(next && *next);
        EXPECT_EQ((*next)->target, "/next");
    }
}

TEST(RequestReader, PipelinedRequestsAreReadOneByOne) {
    ScriptedStream stream(
        "GET /1 HTTP/1.1\r\nHost: a\r\n\r\nPOST /2 HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi"
        "GET /3 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    auto const reader = core::make_request_reader(stream, HttpParseLimits());
    EXPECT_EQ((*run_coro(reader->read_head()).value()).target, "/1");
    EXPECT_TRUE(reader->has_buffered());
    EXPECT_EQ(run_coro(reader->read_body()).value(), "");
    EXPECT_EQ((*run_coro(reader->read_head()).value()).target, "/2");
    // The body of /2 is not asked for: it must not be taken for the next head.
    auto const last = run_coro(reader->read_head());
    ASSERT_TRUE(last && *last);
    EXPECT_EQ((*last)->target, "/3");
    EXPECT_FALSE((*last)->keep_alive);
    EXPECT_FALSE(reader->has_buffered());
}

TEST(RequestReader, Http10ClosesUnlessAskedOtherwise) {
    ScriptedStream stream("GET / HTTP/1.0\r\n\r\nGET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    auto const reader = core::make_request_reader(stream, HttpParseLimits());
    EXPECT_FALSE((*run_coro(reader->read_head()).value()).keep_alive);
    EXPECT_TRUE((*run_coro(reader->read_head()).value()).keep_alive);
}

TEST(RequestReader, AnswersExpectContinueOnlyWhenTheBodyIsAwaited) {
    std::string const head =
        "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n";
    {
        ScriptedStream stream(head, std::string::npos, ScriptedStream::AtEnd::wait);
        test::Loop loop;
        auto const reader = core::make_request_reader(stream, HttpParseLimits());
        auto const read = loop.run(reader->read_head());
        ASSERT_TRUE(read && *read);
        EXPECT_EQ(stream.written(), "");
        auto body = loop.spawn(reader->read_body());
        loop.poll();
        EXPECT_EQ(stream.written(), "HTTP/1.1 100 Continue\r\n\r\n");
        stream.feed("hi");
        loop.wait(body);
        EXPECT_EQ(body.take().value(), "hi");
    }
    {
        ScriptedStream stream(head + "hi");
        auto const reader = core::make_request_reader(stream, HttpParseLimits());
        static_cast<void>(run_coro(reader->read_head()));
        EXPECT_EQ(run_coro(reader->read_body()).value(), "hi");
        EXPECT_EQ(stream.written(), "");
    }
}

TEST(RequestReader, RefusesWhatIsMalformedOrAmbiguousWithTheStatusToAnswer) {
    struct Row {
        char const* name;
        std::string text;
        int status;
    };
    std::string const big(20'000, 'a');
    std::string many;
    for (int i = 0; i < 120; ++i) {
        many += "X-" + std::to_string(i) + ": 1\r\n";
    }
    std::vector<Row> const rows{
        {"no http", "hello there\r\n\r\n", 400},
        {"no version", "GET /\r\n\r\n", 400},
        {"tls bytes", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 abcdefgh", 400},
        {"bare lf", "GET / HTTP/1.1\nHost: a\n\n", 400},
        {"space before colon", "GET / HTTP/1.1\r\nHost : a\r\n\r\n", 400},
        {"control character in value", "GET / HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n"s, 400},
        {"folded line", "GET / HTTP/1.1\r\nHost: a\r\nX: 1\r\n 2\r\n\r\n", 400},
        {"folded with tab", "GET / HTTP/1.1\r\nHost: a\r\nX: 1\r\n\t2\r\n\r\n", 400},
        {"no host", "GET / HTTP/1.1\r\n\r\n", 400},
        {"two hosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400},
        {"length and encoding",
         "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
         400},
        {"encoding and length",
         "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n",
         400},
        {"two lengths that differ",
         "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
         400},
        {"two lengths that agree",
         "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\na",
         400},
        {"list of lengths", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1, 1\r\n\r\na", 400},
        {"signed length", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +1\r\n\r\na", 400},
        {"negative length", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\na", 400},
        {"overflowing length",
         "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999999\r\n\r\na",
         400},
        {"other coding", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n", 501},
        {"coding before chunked",
         "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
         501},
        {"chunked twice",
         "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: "
         "chunked\r\n\r\n0\r\n\r\n",
         400},
        {"disguised coding", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n", 501},
        {"encoding in 1.0", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
        {"version 2", "GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505},
        {"preface of http/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505},
        {"huge target", "GET /" + big + " HTTP/1.1\r\nHost: a\r\n\r\n", 431},
        {"huge field", "GET / HTTP/1.1\r\nHost: a\r\nX: " + big + "\r\n\r\n", 431},
        {"many fields", "GET / HTTP/1.1\r\nHost: a\r\n" + many + "\r\n", 431},
        {"huge body", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2000000\r\n\r\n", 413},
    };
    for (Row const& row : rows) {
        for (std::size_t const chunk : {std::size_t{1}, std::size_t{7}, std::string::npos}) {
            SCOPED_TRACE(row.name);
            SCOPED_TRACE(chunk);
            ScriptedStream stream(row.text, chunk);
            auto const reader = core::make_request_reader(stream, HttpParseLimits());
            auto const head = run_coro(reader->read_head());
            ASSERT_FALSE(head.has_value());
            EXPECT_EQ(head.error().kind(), ErrorKind::protocol);
            EXPECT_EQ(head.error().status(), row.status) << head.error().message();
        }
    }
}

TEST(RequestReader, BoundsChunkedBodies) {
    HttpParseLimits limits;
    limits.body_bytes = 10;
    struct Row {
        char const* name;
        std::string body;
        int status;
    };
    std::vector<Row> const rows{
        {"sum too large", "6\r\nabcdef\r\n6\r\nabcdef\r\n0\r\n\r\n", 413},
        {"one too large", "b\r\nabcdefghijk\r\n0\r\n\r\n", 413},
        {"size overflows", "fffffffffffffffff\r\n", 400},
        {"size is no number", "zz\r\nab\r\n0\r\n\r\n", 400},
        {"missing line end", "2\r\nabX\r\n0\r\n\r\n", 400},
        {"endless extension", "2;" + std::string(20'000, 'e'), 400},
    };
    for (Row const& row : rows) {
        for (std::size_t const chunk : {std::size_t{1}, std::size_t{64}, std::string::npos}) {
            SCOPED_TRACE(row.name);
            SCOPED_TRACE(chunk);
            ScriptedStream stream(
                "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + row.body, chunk);
            auto const reader = core::make_request_reader(stream, limits);
            ASSERT_TRUE(run_coro(reader->read_head()).has_value());
            auto const body = run_coro(reader->read_body());
            ASSERT_FALSE(body.has_value());
            EXPECT_EQ(body.error().status(), row.status) << body.error().message();
        }
    }
}

TEST(RequestReader, AConnectionThatEndsInsideAMessageIsANetworkError) {
    std::string const whole = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello";
    for (std::size_t length = 1; length < whole.size(); ++length) {
        SCOPED_TRACE(length);
        ScriptedStream stream(whole.substr(0, length));
        auto const reader = core::make_request_reader(stream, HttpParseLimits());
        auto const head = run_coro(reader->read_head());
        if (head) {
            auto const body = run_coro(reader->read_body());
            ASSERT_FALSE(body.has_value());
            EXPECT_EQ(body.error().kind(), ErrorKind::network);
        } else {
            EXPECT_EQ(head.error().kind(), ErrorKind::network);
        }
    }
}

TEST(ResponseHead, IsWrittenAsTheProtocolWants) {
    core::HttpHeaders headers;
    headers.add("Content-Type", "application/json");
    EXPECT_EQ(core::serialize_response_head(200, headers, 12, true),
              "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 12\r\n\r\n");
    EXPECT_EQ(core::serialize_response_head(204, core::HttpHeaders(), std::nullopt, false),
              "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n");
}

TEST(ResponseHead, ALineBreakInAValueBeginsNoField) {
    core::HttpHeaders headers;
    headers.add("X", "a\r\nSet-Cookie: b");
    EXPECT_EQ(core::serialize_response_head(200, headers, 0, true),
              "HTTP/1.1 200 OK\r\nX: a  Set-Cookie: b\r\nContent-Length: 0\r\n\r\n");
}

TEST(RequestHead, NamesTheHostAndTheLength) {
    core::HttpRequest req("POST", *core::Url::parse("https://example.net:8443/a?b=c"));
    req.headers.add("Accept", "*/*");
    EXPECT_EQ(core::serialize_request_head(req, 3, false),
              "POST /a?b=c HTTP/1.1\r\nHost: example.net:8443\r\nAccept: */*\r\nContent-Length: 3\r\n");
    EXPECT_EQ(core::serialize_request_head(req, 0, true),
              "POST https://example.net:8443/a?b=c HTTP/1.1\r\nHost: example.net:8443\r\nAccept: */*\r\n"
              "Content-Length: 0\r\n");
    core::HttpRequest const get("GET", *core::Url::parse("http://[::1]/"));
    EXPECT_EQ(core::serialize_request_head(get, 0, false), "GET / HTTP/1.1\r\nHost: [::1]\r\n");
}

} // namespace
