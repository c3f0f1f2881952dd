#include "codec_support.hpp"

#include <gtest/gtest.h>

namespace {

using core::ErrorKind;
using core::HttpResponse;
using core::Result;
using test::run_coro;
using test::ScriptedStream;

constexpr std::size_t kLimit = 1000;

TEST(ResponseReader, ReadsEveryFramingHoweverTheBytesAreCut) {
    struct Row {
        char const* name;
        std::string text;
        bool head_request;
        int status;
        std::string body;
        bool keep_alive;
    };
    std::vector<Row> const rows{
        {"length", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", false, 200, "hello", true},
        {"empty", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", false, 200, "", true},
        {"no reason", "HTTP/1.1 203 \r\nContent-Length: 2\r\n\r\nhi", false, 203, "hi", true},
        {"chunked",
         "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2;x=y\r\nlo\r\n0\r\nT: 1\r\n\r\n",
         false,
         200,
         "hello",
         true},
        {"until close", "HTTP/1.1 200 OK\r\n\r\nhello", false, 200, "hello", false},
        {"close asked",
         "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi",
         false,
         200,
         "hi",
         false},
        {"version 1.0", "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nhi", false, 200, "hi", false},
        {"no content", "HTTP/1.1 204 No Content\r\n\r\n", false, 204, "", true},
        {"not modified", "HTTP/1.1 304 Not Modified\r\nContent-Length: 77\r\n\r\n", false, 304, "", true},
        {"head request", "HTTP/1.1 200 OK\r\nContent-Length: 77\r\n\r\n", true, 200, "", true},
        {"interim answers",
         "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"
         "HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\nhi",
         false,
         201,
         "hi",
         true},
        {"unasked bytes behind",
         "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhiHTTP/1.1 200 OK\r\n",
         false,
         200,
         "hi",
         false},
    };
    for (Row const& row : rows) {
        for (std::size_t const chunk : test::chunk_sizes(row.text)) {
            SCOPED_TRACE(row.name);
            SCOPED_TRACE(chunk);
            ScriptedStream stream(row.text, chunk);
            auto const reader = core::make_response_reader(stream, kLimit);
            Result<HttpResponse> const response = run_coro(reader->read(row.head_request));
            ASSERT_TRUE(response.has_value()) << response.error().message();
            EXPECT_EQ(response->status, row.status);
            EXPECT_EQ(response->body, row.body);
            EXPECT_EQ(response->headers.count("Link"), 0U);
            EXPECT_TRUE(reader->any_byte());
            if (std::string(row.name) != "unasked bytes behind" || chunk == row.text.size()) {
                EXPECT_EQ(reader->keep_alive(), row.keep_alive);
            }
        }
    }
}

TEST(ResponseReader, ServesSeveralAnswersInARow) {
    ScriptedStream stream("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na", 9, ScriptedStream::AtEnd::wait);
    auto const reader = core::make_response_reader(stream, kLimit);
    EXPECT_EQ(run_coro(reader->read(false)).value().body, "a");
    stream.feed("HTTP/1.1 404 Not Found\r\nContent-Length: 1\r\nX-Two: 2\r\n\r\nb");
    Result<HttpResponse> const second = run_coro(reader->read(false));
    EXPECT_EQ(second.value().status, 404);
    EXPECT_EQ(second.value().body, "b");
    EXPECT_EQ(second.value().headers.get("x-two"), "2");
}

TEST(ResponseReader, RefusesWhatCannotBeTrusted) {
    struct Row {
        char const* name;
        std::string text;
    };
    std::vector<Row> const rows{
        {"no http", "SSH-2.0-OpenSSH_9.2\r\n\r\n"},
        {"length and encoding",
         "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
        {"two lengths", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd"},
        {"unknown coding", "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nabcd"},
        {"too long", "HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n"},
        {"too long in chunks",
         "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3e9\r\n" + std::string(1001, 'x') +
             "\r\n0\r\n\r\n"},
        {"too long until close", "HTTP/1.1 200 OK\r\n\r\n" + std::string(1001, 'x')},
        {"huge head", "HTTP/1.1 200 OK\r\nX: " + std::string(70'000, 'x') + "\r\n\r\n"},
        {"bad chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n"},
    };
    for (Row const& row : rows) {
        for (std::size_t const chunk : {std::size_t{1}, std::size_t{100}, std::string::npos}) {
            SCOPED_TRACE(row.name);
            SCOPED_TRACE(chunk);
            ScriptedStream stream(row.text, chunk);
            auto const reader = core::make_response_reader(stream, kLimit);
            Result<HttpResponse> const response = run_coro(reader->read(false));
            ASSERT_FALSE(response.has_value());
            EXPECT_EQ(response.error().kind(), ErrorKind::protocol) << response.error().message();
            EXPECT_FALSE(reader->keep_alive());
            bool const too_long = std::string_view(row.name).starts_with("too long");
            EXPECT_EQ(response.error().code(), too_long ? "response_too_large" : "");
            EXPECT_EQ(response.error().fix().empty(), !too_long);
        }
    }
}

TEST(ResponseReader, TellsANeverAnsweredRequestFromABrokenAnswer) {
    {
        ScriptedStream stream;
        auto const reader = core::make_response_reader(stream, kLimit);
        Result<HttpResponse> const response = run_coro(reader->read(false));
        EXPECT_EQ(response.error().kind(), ErrorKind::network);
        EXPECT_FALSE(reader->any_byte());
    }
    std::string const whole = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
    for (std::size_t length = 1; length < whole.size(); ++length) {
        SCOPED_TRACE(length);
        ScriptedStream stream(whole.substr(0, length));
        auto const reader = core::make_response_reader(stream, kLimit);
        Result<HttpResponse> const response = run_coro(reader->read(false));
        ASSERT_FALSE(response.has_value());
        EXPECT_EQ(response.error().kind(), ErrorKind::network);
        EXPECT_TRUE(reader->any_byte());
    }
}

TEST(ResponseReader, LargeBodiesArriveWhole) {
    std::string body(300'000, '\0');
    for (std::size_t i = 0; i < body.size(); ++i) {
        body[i] = static_cast<char>('a' + i % 26);
    }
    std::string const text =
        "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
    for (std::size_t const chunk : {std::size_t{1000}, std::size_t{16'384}, std::string::npos}) {
        ScriptedStream stream(text, chunk);
        auto const reader = core::make_response_reader(stream, 1'000'000);
        EXPECT_EQ(run_coro(reader->read(false)).value().body, body);
    }
}

} // namespace
