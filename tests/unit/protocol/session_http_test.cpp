#include "support/endpoint_fixture.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

// Sessions of the initialize era as HTTP shows them.
namespace {

using protocol::Revision;
using test::HeaderList;
using test::Json;
using test::legacy_headers;
using test::legacy_request;
using test::with;
using test::without;

constexpr char const* kHeader = "Mcp-Session-Id";

class SessionHttp : public testing::Test {
protected:
    SessionHttp() { fixture.open_sessions = false; }

    struct Message {
        std::string name;
        std::string method;
        std::string body;
    };
    static std::vector<Message> messages() {
        return {{"request", "POST", legacy_request("ping", Json::object(), "p").dump()},
                {"call", "POST", test::legacy_call("route").dump()},
                {"unknown method", "POST", legacy_request("no/such").dump()},
                {"notification", "POST", test::notification("notifications/initialized").dump()},
                {"response", "POST", R"({"jsonrpc":"2.0","id":1,"result":{}})"},
                {"batch", "POST", Json::array({legacy_request("ping")}).dump()},
                {"GET", "GET", ""},
                {"DELETE", "DELETE", ""}};
    }
    /// Each kind of message is answered with this status and code.
    void expect_all(HeaderList const& headers, int status, int code) {
        for (Message const& message : messages()) {
            SCOPED_TRACE(message.name);
            auto const reply = fixture.exchange(headers, message.body, message.method);
            EXPECT_EQ(reply.status, status) << reply.body;
            EXPECT_EQ(test::code_of(reply), code) << reply.body;
            EXPECT_EQ(reply.headers.get("Content-Type"), "application/json");
            EXPECT_EQ(reply.headers.count(kHeader), 0U);
        }
        EXPECT_EQ(fixture.route.calls, 0);
    }
    HeaderList in(std::string const& session) const { return fixture.in_session(session); }
    int ping(std::string const& session) {
        return fixture.exchange(in(session), legacy_request("ping")).status;
    }
    std::string initialize_with(HeaderList const& headers) {
        Json const params = Json::parse(R"({"protocolVersion":"2025-11-25","capabilities":{}})");
        auto const reply = fixture.exchange(headers, legacy_request("initialize", params));
        EXPECT_EQ(reply.status, 200) << reply.body;
        return std::string(reply.headers.get(kHeader).value_or(""));
    }

    test::EndpointFixture fixture;
};

TEST_F(SessionHttp, WithoutAnIdEverythingButInitializeIs400) {
    expect_all(legacy_headers(Revision::v2025_11_25), 400, -32000);
    expect_all(legacy_headers(std::nullopt), 400, -32000);
    expect_all(with(legacy_headers(std::nullopt), kHeader, ""), 404, -32001);
}

TEST_F(SessionHttp, WithTwoIdsEverythingIs400) {
    HeaderList headers = in(fixture.open_session(Revision::v2025_03_26));
    headers.emplace_back(kHeader, "other");
    expect_all(headers, 400, -32000);
}

TEST_F(SessionHttp, AnUnknownIdIs404AndNothingElse) {
    expect_all(with(legacy_headers(Revision::v2025_11_25), kHeader, "made-up"), 404, -32001);
}

TEST_F(SessionHttp, ARemovedSessionIs404ForEverything) {
    std::string const session = fixture.open_session(Revision::v2025_03_26);
    EXPECT_EQ(ping(session), 200);
    auto const removed = fixture.exchange(in(session), std::string(), "DELETE");
    EXPECT_EQ(removed.status, 204);
    EXPECT_EQ(removed.body, "");
    EXPECT_EQ(removed.rpc_method, "DELETE");
    expect_all(in(session), 404, -32001);
}

TEST_F(SessionHttp, ASessionNobodyUsedIs404ForEverything) {
    std::string const session = fixture.open_session(Revision::v2025_03_26);
    fixture.world->clock.advance(fixture.limits.session_idle + std::chrono::seconds(1));
    expect_all(in(session), 404, -32001);
}

TEST_F(SessionHttp, The404RepeatsTheIdOfTheRequest) {
    auto const reply = fixture.exchange(with(legacy_headers(std::nullopt), kHeader, "gone"),
                                        legacy_request("ping", Json::object(), "p7"));
    EXPECT_EQ(test::json_of(reply)["id"], "p7");
}

TEST_F(SessionHttp, AnotherCallersSessionIs404) {
    std::string const session =
        fixture.open_session(Revision::v2025_11_25, Json::object(), test::other_caller());
    EXPECT_EQ(ping(session), 404);
    auto const owner =
        fixture.start(in(session), legacy_request("ping").dump(), "POST", test::other_caller());
    EXPECT_EQ(owner->reply().status, 200);
}

TEST_F(SessionHttp, EveryInitializeHandsOutANewVisibleId) {
    std::set<std::string> ids;
    for (int i = 0; i < 5; ++i) {
        std::string const id = initialize_with(legacy_headers(std::nullopt));
        EXPECT_FALSE(id.empty());
        for (char const c : id) {
            EXPECT_TRUE(c >= 0x21 && c <= 0x7E);
        }
        ids.insert(id);
    }
    EXPECT_EQ(ids.size(), 5U);
}

TEST_F(SessionHttp, AStaleIdOnInitializeOpensANewSession) {
    std::string const removed = fixture.open_session(Revision::v2025_11_25);
    fixture.exchange(in(removed), std::string(), "DELETE");
    std::string const expired = fixture.open_session(Revision::v2025_11_25);
    fixture.world->clock.advance(fixture.limits.session_idle + std::chrono::seconds(1));
    for (std::string const& stale : {std::string("made-up"), removed, expired}) {
        std::string const session = initialize_with(with(legacy_headers(std::nullopt), kHeader, stale));
        EXPECT_NE(session, stale);
        EXPECT_EQ(ping(session), 200);
    }
}

TEST_F(SessionHttp, InitializeInALiveSessionIsRefused) {
    std::string const session = fixture.open_session(Revision::v2025_11_25);
    Json const params = Json::parse(R"({"protocolVersion":"2025-11-25","capabilities":{}})");
    auto const reply = fixture.exchange(in(session), legacy_request("initialize", params, "again"));
    EXPECT_EQ(reply.status, 400);
    EXPECT_EQ(test::code_of(reply), -32600);
    EXPECT_EQ(test::json_of(reply)["id"], "again");
    EXPECT_EQ(ping(session), 200) << "the session goes on";
}

TEST_F(SessionHttp, VersionHeadersAreACrossCheck) {
    std::string const session = fixture.open_session(Revision::v2025_06_18);
    HeaderList const plain = with(legacy_headers(std::nullopt), kHeader, session);
    struct Row {
        HeaderList headers;
        int status;
        int code;
    };
    for (Row const& row : {Row{plain, 200, 0},
                           Row{with(plain, "MCP-Protocol-Version", "2025-06-18"), 200, 0},
                           Row{with(plain, "MCP-Protocol-Version", "2025-11-25"), 200, 0},
                           Row{with(plain, "MCP-Protocol-Version", "1999-01-01"), 400, -32000},
                           Row{with(plain, "MCP-Protocol-Version", ""), 400, -32000},
                           Row{with(plain, "MCP-Protocol-Version", "2026-07-28"), 400, -32602}}) {
        auto const reply = fixture.exchange(row.headers, legacy_request("ping"));
        EXPECT_EQ(reply.status, row.status);
        EXPECT_EQ(test::code_of(reply), row.code);
    }
}

TEST_F(SessionHttp, NotificationsAndResponsesAre202WithoutABody) {
    HeaderList const headers = in(fixture.open_session(Revision::v2025_11_25));
    for (std::string const body : {R"({"jsonrpc":"2.0","method":"notifications/initialized"})",
                                   R"({"jsonrpc":"2.0","method":"notifications/roots/list_changed"})",
                                   R"({"jsonrpc":"2.0","method":"notifications/cancelled"})",
                                   R"({"jsonrpc":"2.0","method":"notifications/made/up"})",
                                   R"({"jsonrpc":"2.0","id":"x","result":{}})",
                                   R"({"jsonrpc":"2.0","id":"x","error":{"code":1,"message":"m"}})"}) {
        auto const reply = fixture.exchange(headers, body);
        EXPECT_EQ(reply.status, 202) << body;
        EXPECT_EQ(reply.body, "");
        EXPECT_EQ(reply.headers.count("Content-Type"), 0U);
    }
}

TEST_F(SessionHttp, MethodsOfHttpAndTypesAreCheckedBeforeTheSession) {
    HeaderList const headers = in(fixture.open_session(Revision::v2025_11_25));
    std::string const ping_body = legacy_request("ping").dump();
    struct Row {
        char const* method;
        HeaderList headers;
        int status;
    };
    for (Row const& row : {Row{"PUT", headers, 405},
                           Row{"PATCH", headers, 405},
                           Row{"POST", with(headers, "Content-Type", "text/plain"), 415},
                           Row{"POST", with(headers, "Accept", "text/html"), 406},
                           Row{"GET", with(headers, "Accept", "application/json"), 406},
                           Row{"GET", with(headers, "MCP-Protocol-Version", "2026-07-28"), 405},
                           Row{"GET", with(headers, "MCP-Protocol-Version", "1999-01-01"), 400},
                           Row{"DELETE", with(headers, "MCP-Protocol-Version", "2026-07-28"), 405}}) {
        auto const reply = fixture.exchange(row.headers, ping_body, row.method);
        EXPECT_EQ(reply.status, row.status) << row.method;
        EXPECT_EQ(reply.headers.get("Allow").value_or(""), row.status == 405 ? "GET, POST, DELETE" : "");
    }
}

TEST_F(SessionHttp, OpeningTooManyIs429AndDeleteGivesAPlaceBack) {
    test::EndpointFixture small(
        [](protocol::ServerFeatures&, protocol::McpLimits& limits) { limits.sessions_per_principal = 2; });
    std::string const first = small.open_session(Revision::v2025_11_25);
    small.open_session(Revision::v2025_11_25);
    Json const params = Json::parse(R"({"protocolVersion":"2025-11-25","capabilities":{}})");
    auto const full = small.exchange(legacy_headers(std::nullopt), legacy_request("initialize", params));
    EXPECT_EQ(full.status, 429);
    EXPECT_EQ(test::code_of(full), protocol::rpc_code::overloaded);
    EXPECT_EQ(full.headers.get("Retry-After"), "60");
    small.exchange(small.in_session(first), std::string(), "DELETE");
    EXPECT_EQ(small.exchange(legacy_headers(std::nullopt), legacy_request("initialize", params)).status, 200);
}

TEST_F(SessionHttp, ASessionGoesOnInAnotherProcessWithTheSameKey) {
    std::string const session = fixture.open_session(Revision::v2025_11_25);
    test::EndpointFixture other(fixture.world, {});
    HeaderList const headers = with(legacy_headers(Revision::v2025_11_25), kHeader, session);
    EXPECT_EQ(other.exchange(headers, legacy_request("ping")).status, 200);
    EXPECT_EQ(other.exchange(headers, std::string(), "DELETE").status, 204);
    EXPECT_EQ(ping(session), 404) << "the records are shared";
}

TEST_F(SessionHttp, InitializedNeedNotBeWaitedFor) {
    std::string const session = fixture.open_session(Revision::v2025_11_25);
    EXPECT_EQ(fixture.exchange(in(session), test::legacy_call("route")).status, 200);
}

TEST_F(SessionHttp, AGetOpensAStreamAtOnceAndDeleteEndsIt) {
    std::string const session = fixture.open_session(Revision::v2025_06_18);
    auto const stream = fixture.get(session);
    EXPECT_TRUE(stream->channel.opened()) << "the head goes out before there is anything to say";
    EXPECT_TRUE(stream->messages().empty());
    EXPECT_FALSE(stream->is_call());
    EXPECT_EQ(fixture.endpoint->open_streams(), 1U);
    EXPECT_FALSE(stream->done());
    fixture.exchange(in(session), std::string(), "DELETE");
    fixture.poll();
    EXPECT_TRUE(stream->done());
    EXPECT_TRUE(stream->channel.finished());
    EXPECT_EQ(fixture.endpoint->open_streams(), 0U);
}

TEST_F(SessionHttp, ASecondGetIs409WhileTheFirstIsOpen) {
    std::string const session = fixture.open_session(Revision::v2025_11_25);
    auto const first = fixture.get(session);
    auto const second = fixture.get(session);
    EXPECT_EQ(second->reply().status, 409);
    EXPECT_EQ(second->reply().headers.get("Content-Type"), "application/json");
    auto const other = fixture.get(fixture.open_session(Revision::v2025_11_25));
    EXPECT_FALSE(other->done()) << "another session has its own";
    first->hang_up();
    EXPECT_TRUE(first->done());
    auto const third = fixture.get(session);
    EXPECT_FALSE(third->done());
}

TEST_F(SessionHttp, StreamsOfACallerAreCounted) {
    test::EndpointFixture small(
        [](protocol::ServerFeatures&, protocol::McpLimits& limits) { limits.streams_per_principal = 1; });
    std::string const a = small.open_session(Revision::v2025_11_25);
    std::string const b = small.open_session(Revision::v2025_11_25);
    auto const first = small.get(a);
    EXPECT_EQ(small.get(b)->reply().status, 429);
    first->hang_up();
    auto const second = small.get(b);
    EXPECT_FALSE(second->done());
}

TEST_F(SessionHttp, ADrainEndsTheStreams) {
    auto const stream = fixture.get(fixture.open_session(Revision::v2025_11_25));
    fixture.endpoint->end_streams();
    fixture.poll();
    EXPECT_TRUE(stream->done());
    EXPECT_TRUE(stream->channel.finished());
}

TEST_F(SessionHttp, PingIsEmptyAndUnknownMethodsAre200) {
    HeaderList const headers = in(fixture.open_session(Revision::v2025_11_25));
    EXPECT_EQ(test::result_of(fixture.exchange(headers, legacy_request("ping"))), Json::object());
    auto const unknown = fixture.exchange(headers, legacy_request("no/such"));
    EXPECT_EQ(unknown.status, 200);
    EXPECT_EQ(test::code_of(unknown), -32601);
}

} // namespace
