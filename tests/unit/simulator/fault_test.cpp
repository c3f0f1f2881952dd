#include "exchange.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include <unistd.h>

namespace simulator::testing {
namespace {

class Faults : public ::testing::Test {
protected:
    Exchange exchange;
    std::string pat = exchange.pat("contoso", "recommended");
    Reply projects() { return exchange.get("/contoso/_apis/projects", pat); }
    void add(Json const& fault) { ASSERT_EQ(exchange.post("/__sim/faults", fault, "").status, 200); }
};

TEST_F(Faults, ApplyAsOftenAsTheySay) {
    add({{"match", {{"route", "projects"}}},
         {"action", "status"},
         {"status", 502},
         {"times", 2},
         {"body", "x"}});
    EXPECT_EQ(projects().status, 502);
    EXPECT_EQ(projects().body, "x");
    EXPECT_EQ(projects().status, 200);
}

TEST_F(Faults, MatchRouteMethodAndOrganization) {
    add({{"match", {{"route", "projects"}, {"organization", "fabrikam"}}},
         {"action", "html203"},
         {"times", 0}});
    EXPECT_EQ(projects().status, 200);
    EXPECT_EQ(exchange.get("/fabrikam/_apis/projects", exchange.pat("fabrikam", "full")).status, 203);
}

TEST_F(Faults, CanLetSomeRequestsPassFirst) {
    add({{"match", {{"route", "projects"}}}, {"action", "throttle"}, {"after", 1}, {"retry_after_s", 7}});
    EXPECT_EQ(projects().status, 200);
    auto const reply = projects();
    EXPECT_EQ(reply.status, 429);
    EXPECT_EQ(Exchange::header(reply, "Retry-After"), "7");
}

TEST_F(Faults, CommitThenStatusStoresTheItemAndAnswersSomethingElse) {
    add({{"match", {{"route", "workitems.create"}}}, {"action", "commit_then_status"}, {"status", 500}});
    auto const reply = exchange.write("POST",
                                      "/contoso/Game%20Engine/_apis/wit/workitems/$Task?api-version=7.1",
                                      title_patch("lost status"),
                                      pat);
    EXPECT_EQ(reply.status, 500);
    EXPECT_EQ(Exchange::json(exchange.get("/__sim/work-items?title=lost%20status", ""))["count"], 1);
}

TEST_F(Faults, CommitThenDropStoresTheItemAndLosesTheAnswer) {
    add({{"match", {{"route", "workitems.create"}}}, {"action", "commit_then_drop"}});
    auto const reply = exchange.write("POST",
                                      "/contoso/Game%20Engine/_apis/wit/workitems/$Task?api-version=7.1",
                                      title_patch("lost answer"),
                                      pat);
    EXPECT_EQ(reply.delivery, Delivery::drop);
    EXPECT_EQ(Exchange::json(exchange.get("/__sim/work-items?title=lost%20answer", ""))["count"], 1);
}

TEST_F(Faults, ResetBeforeTheServiceStoresNothing) {
    add({{"match", {{"route", "workitems.create"}}}, {"action", "reset"}});
    auto const reply = exchange.write("POST",
                                      "/contoso/Game%20Engine/_apis/wit/workitems/$Task?api-version=7.1",
                                      title_patch("never stored"),
                                      pat);
    EXPECT_EQ(reply.delivery, Delivery::reset);
    EXPECT_EQ(Exchange::json(exchange.get("/__sim/work-items?title=never%20stored", ""))["count"], 0);
}

TEST_F(Faults, SoftThrottleKeepsTheAnswer) {
    add({{"match", {{"route", "projects"}}}, {"action", "soft_throttle"}, {"retry_after_s", 3}});
    auto const reply = projects();
    EXPECT_EQ(reply.status, 200);
    EXPECT_EQ(Exchange::header(reply, "Retry-After"), "3");
    EXPECT_GT(Exchange::json(reply)["count"].get<int>(), 0);
}

TEST_F(Faults, AnswerWithAadstsErrors) {
    add({{"match", {{"service", "entra"}}}, {"action", "aadsts"}, {"code", 50076}});
    auto const reply = exchange.form("/organizations/oauth2/v2.0/token", {{"grant_type", "refresh_token"}});
    auto const body = Exchange::json(reply);
    EXPECT_EQ(body["error_codes"][0], 50076);
    EXPECT_TRUE(body.contains("claims"));
    EXPECT_TRUE(body.contains("correlation_id"));
}

TEST_F(Faults, BomAndStoppedAnswersStartWithAByteOrderMark) {
    add({{"action", "stopped"}, {"match", {{"route", "projects"}}}});
    auto const reply = projects();
    EXPECT_EQ(reply.status, 503);
    EXPECT_TRUE(reply.body.starts_with("\xEF\xBB\xBF"));
    EXPECT_NE(reply.body.find("TF24668"), std::string::npos);
}

TEST_F(Faults, RefusalsOfTheServiceAreJson) {
    add({{"match", {{"route", "projects"}}}, {"action", "forbidden"}});
    EXPECT_EQ(Exchange::type_key(projects()), "AccessCheckException");
    add({{"match", {{"route", "projects"}}}, {"action", "not_found"}});
    auto const reply = projects();
    EXPECT_EQ(reply.status, 404);
    EXPECT_EQ(reply.content_type, "application/json; charset=utf-8");
}

TEST_F(Faults, BodiesComeInOtherBytesUnderTheSameName) {
    std::string const body = projects().body;
    add({{"match", {{"route", "projects"}}}, {"action", "bom"}});
    EXPECT_EQ(projects().body, "\xEF\xBB\xBF" + body);
    add({{"match", {{"route", "projects"}}}, {"action", "utf16_body"}});
    EXPECT_EQ(projects().body.substr(0, 6), std::string("\xFF\xFE{\0\"\0", 6));
    add({{"match", {{"route", "projects"}}}, {"action", "latin1_body"}});
    EXPECT_NE(projects().body.find(":\"\xE9 "), std::string::npos);
    add({{"match", {{"route", "projects"}}}, {"action", "charset"}});
    auto const named = projects();
    EXPECT_EQ(named.body, body);
    EXPECT_EQ(named.content_type, "application/json; charset=utf-16");
}

TEST_F(Faults, AHugeBodyIsTheSameDocument) {
    auto const usual = Exchange::json(projects());
    add({{"match", {{"route", "projects"}}}, {"action", "huge_body"}, {"bytes", 200'000}});
    auto const reply = projects();
    EXPECT_EQ(reply.body.size(), 200'000U);
    EXPECT_EQ(Exchange::json(reply), usual);
}

TEST_F(Faults, SlowBodiesStallOrTakeTheirTime) {
    add({{"match", {{"route", "projects"}}}, {"action", "stall"}});
    EXPECT_EQ(projects().delivery, Delivery::stall);
    add({{"match", {{"route", "projects"}}}, {"action", "slow"}, {"pause_ms", 500}});
    auto const reply = projects();
    EXPECT_EQ(reply.delivery, Delivery::slow);
    EXPECT_EQ(reply.piece_pause, std::chrono::milliseconds(500));
}

TEST_F(Faults, OtherNamesOfAnOrganizationAreMatchedAndCountedApart) {
    auto const of = [&](std::string const& name) {
        return exchange.get("/" + name + "/_apis/projects", pat);
    };
    add({{"match", {{"route", "projects"}, {"organization", "contoso-2"}}},
         {"action", "status"},
         {"times", 0}});
    EXPECT_EQ(of("contoso-1").status, 200);
    EXPECT_EQ(of("contoso-2").status, 503);
    EXPECT_EQ(projects().status, 200);
    EXPECT_EQ(Exchange::json(of("contoso-1"))["value"][0]["url"].get<std::string>().find("/contoso-1/") !=
                  std::string::npos,
              true);
    EXPECT_EQ(of("contoso-x").status, 404);
    EXPECT_EQ(of("nobody-1").status, 404);
    auto const counts = Exchange::json(exchange.get("/__sim/counts", ""));
    EXPECT_EQ(counts["organizations"]["contoso-1"], 2);
    EXPECT_EQ(counts["organizations"]["contoso"], 1);
}

TEST_F(Faults, ExchangesAreRecordedWithoutTheCredential) {
    std::string const file = ::testing::TempDir() + "/record-" + std::to_string(::getpid()) + ".jsonl";
    exchange.simulator.state().recorder = std::make_unique<Recorder>(file);
    projects();
    exchange.form("/common/oauth2/v2.0/token",
                  {{"grant_type", "refresh_token"}, {"refresh_token", "secret"}});
    exchange.get("/__sim/world", "");
    std::ifstream in(file);
    std::vector<Json> lines;
    for (std::string line; std::getline(in, line);) {
        EXPECT_EQ(line.find(pat), std::string::npos);
        EXPECT_EQ(line.find(base64_encode(":" + pat)), std::string::npos);
        lines.push_back(Json::parse(line));
    }
    std::filesystem::remove(file);
    ASSERT_EQ(lines.size(), 1U);
    EXPECT_EQ(lines[0]["method"], "GET");
    EXPECT_EQ(lines[0]["url"], "https://localhost:1/contoso/_apis/projects");
    EXPECT_EQ(lines[0]["status"], 200);
    EXPECT_EQ(lines[0]["reqHeaders"]["authorization"], "");
    EXPECT_EQ(lines[0]["reqBody"], nullptr);
    EXPECT_EQ(lines[0]["headers"]["content-type"], "application/json; charset=utf-8; api-version=7.1");
    EXPECT_TRUE(Json::parse(lines[0]["body"].get<std::string>()).contains("count"));
}

TEST_F(Faults, CanBeSwitchedOnAndOffByGet) {
    ASSERT_EQ(exchange.get("/__sim/faults?action=empty401&route=projects&times=0", "").status, 200);
    EXPECT_EQ(projects().status, 401);
    EXPECT_EQ(Exchange::json(exchange.get("/__sim/faults", ""))["faults"].size(), 1U);
    exchange.get("/__sim/faults/clear", "");
    EXPECT_EQ(projects().status, 200);
}

TEST_F(Faults, UnknownActionsAreRefused) {
    EXPECT_EQ(exchange.get("/__sim/faults?action=explode", "").status, 400);
}

TEST_F(Faults, RequestsAreCountedByRoute) {
    projects();
    projects();
    auto const counts = Exchange::json(exchange.get("/__sim/counts", ""));
    EXPECT_EQ(counts["requests"]["projects"], 2);
    EXPECT_EQ(counts["total"], 2);
    exchange.get("/__sim/reset", "");
    EXPECT_EQ(Exchange::json(exchange.get("/__sim/counts", ""))["total"], 0);
}

} // namespace
} // namespace simulator::testing
