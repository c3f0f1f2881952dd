#include "server/front/problem.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <vector>

namespace {

using core::Error;
using core::ErrorKind;
using server::Problem;

TEST(Problem, GivesEveryKindOfErrorOneStatus) {
    std::vector<std::pair<ErrorKind, int>> const rows{{ErrorKind::invalid_argument, 400},
                                                      {ErrorKind::unauthorized, 400},
                                                      {ErrorKind::forbidden, 403},
                                                      {ErrorKind::not_found, 404},
                                                      {ErrorKind::conflict, 409},
                                                      {ErrorKind::rate_limited, 429},
                                                      {ErrorKind::internal, 500},
                                                      {ErrorKind::network, 502},
                                                      {ErrorKind::tls, 502},
                                                      {ErrorKind::protocol, 502},
                                                      {ErrorKind::upstream, 502},
                                                      {ErrorKind::cancelled, 503},
                                                      {ErrorKind::overloaded, 503},
                                                      {ErrorKind::timeout, 504}};
    for (auto const& [kind, status] : rows) {
        Problem const problem = server::problem_of(Error(kind, "words"));
        EXPECT_EQ(problem.status, status) << core::to_string(kind);
        EXPECT_EQ(problem.code, core::to_string(kind));
        EXPECT_EQ(problem.headers.count("Retry-After"), status == 503 ? 1U : 0U);
    }
}

TEST(Problem, KeepsCodeFixAndActivityIdOfTheUpstream) {
    Error const error = Error(ErrorKind::unauthorized, "The PAT was refused.")
                            .with_code("TF400813")
                            .with_fix("Make a new one.")
                            .with_activity_id("b1e0")
                            .with_detail("for logs only");
    server::HttpReply const reply = server::problem_reply(server::problem_of(error));
    EXPECT_EQ(reply.headers.get("Content-Type"), "application/problem+json");
    core::Json const expected = {{"type", "urn:ado-mcpd:problem:TF400813"},
                                 {"title", "Authentication Failed"},
                                 {"status", 400},
                                 {"detail", "The PAT was refused."},
                                 {"code", "TF400813"},
                                 {"fix", "Make a new one."},
                                 {"activity_id", "b1e0"}};
    EXPECT_EQ(core::Json::parse(reply.body), expected);
}

TEST(Problem, PassesOnHowLongToWait) {
    Error const error =
        Error(ErrorKind::rate_limited, "slow down").with_retry_after(std::chrono::seconds(17));
    EXPECT_EQ(server::problem_reply(server::problem_of(error)).headers.get("Retry-After"), "17");
}

TEST(Problem, IsAJsonRpcErrorWithoutIdOnMcp) {
    Problem problem(403, "host_not_allowed", "Host 'x' is not known.");
    problem.fix = "Add it to allowed_hosts.";
    server::HttpReply const reply = server::rpc_problem_reply(problem);
    EXPECT_EQ(reply.status, 403);
    EXPECT_EQ(reply.headers.get("Content-Type"), "application/json");
    core::Json const body = core::Json::parse(reply.body);
    EXPECT_EQ(body["jsonrpc"], "2.0");
    EXPECT_TRUE(body["id"].is_null());
    EXPECT_EQ(body["error"]["code"], -32600);
    EXPECT_EQ(body["error"]["message"], "Host 'x' is not known. Add it to allowed_hosts.");
    EXPECT_EQ(body["error"]["data"]["code"], "host_not_allowed");
}

} // namespace
