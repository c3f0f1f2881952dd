#include "front_fixture.hpp"
#include "server/front/rest/audit.hpp"

#include <nlohmann/json.hpp>

#include <optional>
#include <string>
#include <vector>

namespace {

using core::Json;
using front_test::Front;
using front_test::request;
using front_test::WireReply;

class FakeLog final : public server::AuditLog {
public:
    core::Task<core::Result<std::int64_t>> append(server::AuditEvent) override {
        co_return core::fail(core::ErrorKind::internal, "not here");
    }
    void note(server::AuditEvent) override {}
    std::string fingerprint(core::Secret const&) const override { return {}; }
    core::Task<core::Result<server::AuditPage>> list(server::AuditQuery query) override {
        asked = query;
        if (failure) {
            co_return core::fail(*failure);
        }
        co_return page;
    }
    core::Task<core::Result<server::AuditReport>> verify() override { co_return server::AuditReport(); }
    core::Task<core::Result<std::size_t>> prune(core::SystemTime) override {
        co_return core::Result<std::size_t>(0);
    }

    std::optional<server::AuditQuery> asked;
    server::AuditPage page;
    std::optional<core::Error> failure;
};

class AuditRoutesTest : public testing::Test {
protected:
    AuditRoutesTest() : routes(log, front.clock, 25) { routes.add_to(front.routes); }

    WireReply ask(std::string const& query, char const* role = "administrator") {
        return front.ask(request(
            "GET", "/api/v1/audit" + query, {{"Authorization", std::string("Bearer ") + role + "-token"}}));
    }

    Front front;
    FakeLog log;
    server::AuditRoutes routes;
};

TEST_F(AuditRoutesTest, ShowsRecordsAndWhereTheNextPageBegins) {
    server::AuditEvent event("credential.refused",
                             server::AuditOutcome::refused,
                             server::AuditActor("0123456789ab", "ci", "request-1"));
    event.organization = "contoso";
    event.method = "pat";
    event.error_code = "pat_refused";
    event.fingerprint = "00112233aabbccdd";
    server::AuditRecord record(7, core::SystemTime(std::chrono::seconds(1'795'392'000)), event);
    record.key_id = "deadbeef";
    record.hash = std::string(32, '\x0f');
    log.page.records.push_back(record);
    log.page.before = 7;
    WireReply const reply = ask("");
    EXPECT_EQ(reply.status, 200);
    Json const body = reply.json();
    EXPECT_EQ(body.at("cursor"), "7");
    Json const expected = {{"sequence", 7},
                           {"time", "2026-11-23T00:00:00Z"},
                           {"event", "credential.refused"},
                           {"outcome", "refused"},
                           {"principal", {{"id", "0123456789ab"}, {"name", "ci"}}},
                           {"organization", "contoso"},
                           {"method", "pat"},
                           {"error_code", "pat_refused"},
                           {"correlation_id", "request-1"},
                           {"fingerprint", "00112233aabbccdd"},
                           {"key_id", "deadbeef"},
                           {"hash", "0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f"}};
    EXPECT_EQ(body.at("records"), Json::array({expected}));
    ASSERT_TRUE(log.asked);
    EXPECT_EQ(log.asked->limit, 25U);
    EXPECT_FALSE(log.asked->before);
}

TEST_F(AuditRoutesTest, LastPageHasNoCursor) {
    EXPECT_EQ(ask("").json(), (Json{{"records", Json::array()}, {"cursor", nullptr}}));
}

TEST_F(AuditRoutesTest, PassesOnWhatIsAskedFor) {
    EXPECT_EQ(ask("?organization=Contoso&event=credential.stored&since=2026-11-22&limit=3&cursor=12").status,
              200);
    EXPECT_EQ(log.asked->organization, "contoso");
    EXPECT_EQ(log.asked->event, "credential.stored");
    EXPECT_EQ(core::format_utc(*log.asked->since), "2026-11-22T00:00:00Z");
    EXPECT_EQ(log.asked->limit, 3U);
    EXPECT_EQ(log.asked->before, 12);
    EXPECT_EQ(ask("?since=7d").status, 200);
    EXPECT_EQ(*log.asked->since, front.clock.system_now() - std::chrono::hours(7 * 24));
}

TEST_F(AuditRoutesTest, RefusesWhatItCannotUnderstand) {
    for (char const* query : {"?limit=0",
                              "?limit=1001",
                              "?limit=x",
                              "?cursor=-1",
                              "?cursor=1x",
                              "?since=yesterday",
                              "?organisation=x"}) {
        SCOPED_TRACE(query);
        WireReply const reply = ask(query);
        EXPECT_EQ(reply.status, 400);
        EXPECT_EQ(reply.json().at("code"), "invalid_query");
    }
    EXPECT_FALSE(log.asked);
}

TEST_F(AuditRoutesTest, IsForAdministratorsOnly) {
    EXPECT_EQ(ask("", "user").status, 403);
    EXPECT_EQ(ask("", "reader").status, 403);
    EXPECT_EQ(front.ask(request("GET", "/api/v1/audit")).status, 401);
    EXPECT_FALSE(log.asked);
}

TEST_F(AuditRoutesTest, FailureOfTheStoreIsAProblem) {
    log.failure = core::Error(core::ErrorKind::overloaded, "busy").with_code("store_busy");
    WireReply const reply = ask("");
    EXPECT_EQ(reply.status, 503);
    EXPECT_EQ(reply.json().at("code"), "store_busy");
}

} // namespace
