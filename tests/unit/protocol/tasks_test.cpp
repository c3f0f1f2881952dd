#include "support/log_capture.hpp"
#include "support/task_fixture.hpp"

#include <boost/asio/this_coro.hpp>
#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <vector>

// The tasks extension in one process.
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using test::declaring;
using test::Json;
using test::modern_call;
using test::TaskServer;

Json const kExtension = Json::parse(R"({"extensions":{"io.modelcontextprotocol/tasks":{}}})");

protocol::InputRequest form(std::string key) {
    return protocol::ask_form(
        std::move(key), "?", Json::parse(R"({"type":"object","properties":{"v":{"type":"string"}}})"));
}

Json accepted(std::string const& text) {
    return Json{{"action", "accept"}, {"content", {{"v", text}}}};
}

/// Asks for `a` and `b` together.
protocol::ToolResult ask_twice(protocol::ToolCall const& call) {
    auto const a = protocol::ElicitAnswer::of(call.inputs, "a");
    auto const b = protocol::ElicitAnswer::of(call.inputs, "b");
    if (a && b) {
        return protocol::ToolResult(call.state.value("s", "") + a->text("v") + b->text("v"), Json());
    }
    std::vector<protocol::InputRequest> requests;
    requests.push_back(form("a"));
    requests.push_back(form("b"));
    return protocol::ToolResult::ask(protocol::InputNeeded(std::move(requests), Json{{"s", "state "}}));
}

class Tasks : public testing::Test {
protected:
    explicit Tasks(test::EndpointFixture::Setup const& setup = {})
        : tasks(std::make_shared<test::World>(), setup) {}
    test::EndpointFixture& server() { return tasks.server; }
    int code(Json const& request) { return test::code_of(server().ask_modern(request)); }
    void release(test::FakeTool& tool) {
        tool.release();
        server().poll();
    }
    TaskServer tasks;
};

TEST_F(Tasks, AreAdvertisedAsAnExtensionOnly) {
    Json const discovered = test::result_of(server().ask_modern(test::modern_request("server/discover")));
    EXPECT_EQ(discovered["capabilities"]["extensions"]["io.modelcontextprotocol/tasks"], Json::object());
    EXPECT_FALSE(discovered["capabilities"].contains("tasks"));
    std::string const session = server().open_session(protocol::Revision::v2025_11_25, kExtension);
    auto const legacy = server().exchange(server().in_session(session), test::legacy_request("tasks/get"));
    EXPECT_EQ(test::code_of(legacy), -32601);
}

TEST_F(Tasks, ACreatedOneIsFlatAndCanBeGottenAtOnce) {
    auto const reply = server().ask_modern(TaskServer::call("job"));
    Json const created = test::result_of(reply);
    EXPECT_EQ(created["resultType"], "task");
    EXPECT_EQ(created["status"], "working");
    EXPECT_EQ(created["ttlMs"], 86'400'000);
    EXPECT_EQ(created["pollIntervalMs"], 1'000);
    EXPECT_EQ(created["createdAt"], core::format_utc(server().world->clock.system_now()));
    for (char const* not_there : {"task", "ttl", "pollInterval", "requestState", "content", "result"}) {
        EXPECT_FALSE(created.contains(not_there)) << not_there;
    }
    Json const got = tasks.get(created["taskId"]);
    EXPECT_EQ(got["resultType"], "complete");
    EXPECT_EQ(got["taskId"], created["taskId"]);
    EXPECT_EQ(got["status"], "working");
    EXPECT_EQ(got, tasks.get(created["taskId"])) << "asking changes nothing";
    EXPECT_EQ(tasks.job.last_task, created["taskId"]);
    EXPECT_GE(created["taskId"].get<std::string>().size(), 32U);
}

TEST_F(Tasks, CompleteWithTheResultOfTheCall) {
    std::string const id = tasks.begin();
    release(tasks.job);
    Json const got = tasks.get(id);
    EXPECT_EQ(got["status"], "completed");
    EXPECT_EQ(got["result"]["content"][0]["text"], "done");
    EXPECT_EQ(tasks.get(id), got);
}

TEST_F(Tasks, AToolErrorIsACompletedTaskAndARefusalAFailedOne) {
    tasks.job.behave([](protocol::ToolCall const&) { return protocol::ToolResult::error("It failed."); });
    std::string const failed_tool = tasks.begin();
    release(tasks.job);
    EXPECT_EQ(tasks.status(failed_tool), "completed");
    EXPECT_EQ(tasks.get(failed_tool)["result"]["isError"], true);

    tasks.job.behave([](protocol::ToolCall const&) {
        return protocol::ToolResult::refuse(protocol::RpcError(-32602, "No.", Json{{"why", 1}}));
    });
    std::string const refused = tasks.begin();
    release(tasks.job);
    EXPECT_EQ(tasks.get(refused)["error"],
              Json::parse(R"({"code":-32602,"message":"No.","data":{"why":1}})"));
    EXPECT_EQ(tasks.status(refused), "failed");

    test::LogCapture const log;
    tasks.job.behave(
        [](protocol::ToolCall const&) -> protocol::ToolResult { throw std::runtime_error("planted bug"); });
    std::string const broken = tasks.begin();
    release(tasks.job);
    EXPECT_EQ(tasks.get(broken)["error"]["code"], -32603);
    EXPECT_TRUE(log.contains("planted bug"));
}

TEST_F(Tasks, WithoutTheExtensionACallIsACall) {
    tasks.job.hold = tasks.slow.hold = false;
    for (char const* tool : {"job", "slow"}) {
        EXPECT_EQ(test::text_of(server().ask_modern(modern_call(tool))), "done");
    }
    auto const reply = server().ask_modern(modern_call("must", Json::object(), "m"));
    EXPECT_EQ(reply.status, 400);
    EXPECT_EQ(test::code_of(reply), -32021);
    EXPECT_EQ(test::json_of(reply)["id"], "m");
    EXPECT_EQ(test::json_of(reply)["error"]["data"]["requiredCapabilities"], kExtension);
    EXPECT_EQ(tasks.must.calls, 0);
}

TEST_F(Tasks, MethodsNeedTheExtensionAndKnowTheirHeader) {
    std::string const id = tasks.begin();
    for (char const* method : {"tasks/get", "tasks/update", "tasks/cancel"}) {
        auto const reply = server().ask_modern(declaring(TaskServer::about(method, id), Json::object()));
        EXPECT_EQ(reply.status, 400) << method;
        EXPECT_EQ(test::json_of(reply)["error"]["data"]["requiredCapabilities"], kExtension);
        auto const mismatch =
            server().exchange(test::modern_headers(method, "other"), TaskServer::about(method, id));
        EXPECT_EQ(test::code_of(mismatch), -32020);
        EXPECT_EQ(code(declaring(test::modern_request(method), kExtension)), -32602);
    }
    for (char const* method : {"tasks/list", "tasks/result"}) {
        auto const reply = server().ask_modern(TaskServer::about(method, id));
        EXPECT_EQ(reply.status, 404);
        EXPECT_EQ(test::code_of(reply), -32601);
    }
    release(tasks.job);
}

TEST_F(Tasks, UnknownOnesAndOthersAreInvalid) {
    std::string const id = tasks.begin();
    for (char const* method : {"tasks/get", "tasks/update", "tasks/cancel"}) {
        EXPECT_EQ(code(TaskServer::about(method, "made-up")), -32602) << method;
        auto const foreign = server().start_modern(TaskServer::about(method, id), test::other_caller());
        EXPECT_EQ(test::code_of(foreign->reply()), -32602) << method;
    }
    EXPECT_EQ(tasks.status(id), "working");
    release(tasks.job);
}

TEST_F(Tasks, ASlowCallIsOneOnlyAfterAWhile) {
    auto const call = server().start_modern(TaskServer::call("slow"));
    EXPECT_FALSE(call->done());
    release(tasks.slow);
    EXPECT_EQ(test::text_of(call->reply()), "done");
    EXPECT_FALSE(tasks.slow.last_task.empty()) << "it may become one";
    EXPECT_EQ(code(TaskServer::about("tasks/get", tasks.slow.last_task)), -32602) << "but it did not";
}

TEST_F(Tasks, TheLegacyTaskParameterIsIgnored) {
    tasks.slow.hold = false;
    Json request = modern_call("slow");
    request["params"]["task"] = Json{{"ttl", 1}};
    EXPECT_EQ(test::text_of(server().ask_modern(request)), "done");
}

class SoonTasks : public Tasks {
protected:
    SoonTasks()
        : Tasks([](protocol::ServerFeatures&, protocol::McpLimits& limits) {
              limits.task_after = milliseconds(5);
              limits.tasks_per_principal = 1;
          }) {}
};

TEST_F(SoonTasks, ASlowCallBecomesOneAndGoesOn) {
    std::string const id = tasks.begin("slow");
    EXPECT_EQ(tasks.slow.calls, 1);
    tasks.slow.current->client.progress(1, std::nullopt, "still at it");
    EXPECT_EQ(tasks.get(id)["statusMessage"], "still at it");
    release(tasks.slow);
    EXPECT_EQ(tasks.get(id)["result"]["content"][0]["text"], "done");
    EXPECT_EQ(tasks.slow.calls, 1);
}

class LaterTasks : public Tasks {
protected:
    LaterTasks()
        : Tasks([](protocol::ServerFeatures&, protocol::McpLimits& limits) {
              limits.task_after = milliseconds(300);
          }) {}
};

TEST_F(LaterTasks, WhatACallSaidBeforeItBecameOneIsOnItsStream) {
    auto const call = server().start_modern(test::with_meta(TaskServer::call("slow"), "progressToken", "p"));
    ASSERT_NE(tasks.slow.current, nullptr);
    tasks.slow.current->client.progress(1, 2, "begun");
    EXPECT_EQ(call->reply().body, "") << "the answer is on the stream";
    auto const messages = call->messages();
    ASSERT_EQ(messages.size(), 2U);
    EXPECT_EQ(messages[0]["method"], "notifications/progress");
    EXPECT_EQ(messages[1]["result"]["resultType"], "task");
    release(tasks.slow);
}

TEST_F(SoonTasks, BeyondTheLimitASlowCallStaysACall) {
    std::string const first = tasks.begin("slow");
    auto const second = server().start_modern(TaskServer::call("slow"));
    auto const until = std::chrono::steady_clock::now() + milliseconds(20);
    while (std::chrono::steady_clock::now() < until) {
        server().poll();
    }
    EXPECT_FALSE(second->done());
    release(tasks.slow);
    EXPECT_EQ(test::text_of(second->reply()), "done");
    EXPECT_EQ(tasks.status(first), "completed");
}

TEST_F(SoonTasks, BeyondTheLimitOneAtOnceIsRefused) {
    std::string const first = tasks.begin();
    auto const reply = server().ask_modern(TaskServer::call("job"));
    EXPECT_EQ(reply.status, 429);
    EXPECT_EQ(test::code_of(reply), protocol::rpc_code::overloaded);
    EXPECT_EQ(tasks.job.calls, 1);
    auto const other = server().start_modern(TaskServer::call("job"), test::other_caller());
    EXPECT_EQ(other->answer()["result"]["resultType"], "task");
    release(tasks.job);
    EXPECT_EQ(tasks.status(first), "completed");
    tasks.begin();
    release(tasks.job);
}

TEST_F(Tasks, ACallerWhoGoesAwayBeforeThatCancelsTheCall) {
    auto const call = server().start_modern(TaskServer::call("slow"));
    call->hang_up();
    EXPECT_TRUE(call->threw_cancelled());
    EXPECT_EQ(tasks.slow.cancelled, 1);
}

TEST_F(Tasks, ACallInTimeLeavesCancellationAsItWas) {
    tasks.slow.hold = false;
    class Coroutine {
    public:
        static core::Task<bool> run(test::EndpointFixture* server) {
            auto const admitted =
                server->endpoint->admit("POST",
                                        test::to_headers(test::modern_headers("tools/call", "slow")),
                                        TaskServer::call("slow").dump(),
                                        test::caller());
            auto const ctx = test::call_context();
            test::RecordingChannel channel;
            protocol::McpHttpReply const reply =
                co_await server->endpoint->run(*admitted, test::caller(), ctx, channel);
            EXPECT_EQ(reply.status, 200);
            bool const throws = co_await boost::asio::this_coro::throw_if_cancelled();
            co_return throws;
        }
    };
    EXPECT_TRUE(server().world->loop.run(Coroutine::run(&server())))
        << "the next request on the connection could not be cancelled any more";
}

TEST_F(Tasks, AskForWhatTheyNeedAndTakeItInParts) {
    tasks.job.behave(ask_twice);
    tasks.job.hold = false;
    std::string const id = tasks.begin();
    Json const asked = tasks.get(id);
    EXPECT_EQ(asked["status"], "input_required");
    EXPECT_EQ(asked["inputRequests"].size(), 2U);
    EXPECT_EQ(asked["inputRequests"]["a"]["method"], "elicitation/create");
    EXPECT_FALSE(asked.contains("requestState"));

    tasks.tell(TaskServer::answering(id, Json{{"a", accepted("1")}, {"unknown", accepted("x")}}));
    EXPECT_EQ(tasks.get(id)["inputRequests"].size(), 1U);
    EXPECT_TRUE(tasks.get(id)["inputRequests"].contains("b"));
    tasks.tell(TaskServer::answering(id, Json{{"a", accepted("other")}}));
    tasks.tell(TaskServer::answering(id, Json::object()));
    EXPECT_EQ(tasks.status(id), "input_required") << "answered keys are not asked for again";

    tasks.tell(TaskServer::answering(id, Json{{"b", accepted("2")}}));
    server().poll();
    Json const done = tasks.get(id);
    EXPECT_EQ(done["status"], "completed");
    EXPECT_EQ(done["result"]["content"][0]["text"], "state 12");
    EXPECT_EQ(tasks.job.last_task, id) << "the same task in every round";
    tasks.tell(TaskServer::answering(id, Json{{"b", accepted("3")}}));
    EXPECT_EQ(tasks.get(id), done) << "an answer too late changes nothing";
}

TEST_F(Tasks, MalformedAnswersAreRefused) {
    tasks.job.behave(ask_twice);
    tasks.job.hold = false;
    std::string const id = tasks.begin();
    for (char const* bad : {"null", "7", "[]", R"({"a":7})", R"({"a":null})", R"({"a":["x"]})"}) {
        EXPECT_EQ(code(TaskServer::answering(id, Json::parse(bad))), -32602) << bad;
    }
    EXPECT_EQ(code(TaskServer::about("tasks/update", id)), -32602);
    EXPECT_EQ(tasks.status(id), "input_required");
}

TEST_F(Tasks, ThatNeedWhatTheClientCannotGiveFail) {
    tasks.job.behave(ask_twice);
    tasks.job.hold = false;
    Json const created = test::result_of(server().ask_modern(declaring(modern_call("job"), kExtension)));
    Json const got = tasks.get(created["taskId"]);
    EXPECT_EQ(got["status"], "failed");
    EXPECT_EQ(got["error"]["code"], -32021);
    EXPECT_EQ(got["error"]["data"]["requiredCapabilities"], Json::parse(R"({"elicitation":{"form":{}}})"));
}

TEST_F(Tasks, ThoseThatAskFirstAreNoneBeforeTheAnswer) {
    tasks.must.about.asks_first = true;
    tasks.must.hold = false;
    tasks.must.behave([](protocol::ToolCall const& call) {
        auto const answer = protocol::ElicitAnswer::of(call.inputs, "a");
        if (answer) {
            return protocol::ToolResult("for " + answer->text("v"), Json());
        }
        std::vector<protocol::InputRequest> requests;
        requests.push_back(form("a"));
        return protocol::ToolResult::ask(protocol::InputNeeded(std::move(requests), Json{{"s", 1}}));
    });
    Json request = TaskServer::call("must");
    Json const asked = test::result_of(server().ask_modern(request));
    EXPECT_EQ(asked["resultType"], "input_required");
    request["params"]["requestState"] = asked["requestState"];
    request["params"]["inputResponses"]["a"] = accepted("Ada");
    Json const created = test::result_of(server().ask_modern(request));
    EXPECT_EQ(created["resultType"], "task");
    EXPECT_EQ(tasks.get(created["taskId"])["result"]["content"][0]["text"], "for Ada");
}

TEST_F(Tasks, CancellingIsIdempotentAndStopsWhatOnlyReads) {
    std::string const id = tasks.begin();
    tasks.cancel(id);
    server().poll();
    Json const got = tasks.get(id);
    EXPECT_EQ(got["status"], "cancelled");
    EXPECT_EQ(tasks.job.cancelled, 1);
    tasks.cancel(id);
    EXPECT_EQ(tasks.get(id), got);
}

TEST_F(Tasks, CancellingLetsAWriteGoOnToItsEnd) {
    std::string const id = tasks.begin("must");
    tasks.cancel(id);
    server().poll();
    EXPECT_EQ(tasks.must.cancelled, 0);
    EXPECT_EQ(tasks.status(id), "working");
    release(tasks.must);
    EXPECT_EQ(tasks.status(id), "completed");
    tasks.cancel(id);
    EXPECT_EQ(tasks.status(id), "completed");
}

TEST_F(Tasks, CancellingOneThatWaitsForItsClientEndsIt) {
    tasks.job.behave(ask_twice);
    tasks.job.hold = false;
    std::string const id = tasks.begin();
    tasks.cancel(id);
    EXPECT_EQ(tasks.status(id), "cancelled");
    tasks.tell(TaskServer::answering(id, Json{{"a", accepted("1")}, {"b", accepted("2")}}));
    EXPECT_EQ(tasks.status(id), "cancelled");
}

TEST_F(Tasks, NotificationsCancelledCancelsNone) {
    std::string const id = tasks.begin();
    Json const note = test::with_meta(test::notification("notifications/cancelled", Json{{"requestId", 1}}),
                                      "io.modelcontextprotocol/protocolVersion",
                                      "2026-07-28");
    EXPECT_EQ(server().exchange(test::modern_headers("notifications/cancelled"), note).status, 202);
    EXPECT_EQ(tasks.status(id), "working");
    release(tasks.job);
}

/// Takes its cancellation for a failure of its own.
TEST_F(Tasks, AHandlerThatMakesSomethingElseOfItsCancellationIsCancelledAllTheSame) {
    class Stubborn final : public protocol::ToolHandler {
    public:
        protocol::ToolDescriptor const& descriptor() const noexcept override { return inner.about; }
        core::Task<protocol::ToolResult> call(protocol::ToolCall const& call) override {
            bool failed = false;
            protocol::ToolResult result("", Json());
            try {
                protocol::ToolResult answered = co_await inner.call(call);
                result = std::move(answered);
            } catch (boost::system::system_error const&) {
                failed = true;
            }
            if (failed) {
                throw std::runtime_error("the connection broke");
            }
            co_return result;
        }
        test::FakeTool inner{"stubborn"};
    };
    Stubborn stubborn;
    stubborn.inner.hold = true;
    stubborn.inner.about.task_use = protocol::TaskUse::at_once;
    stubborn.inner.about.hints.read_only = true;
    server().server->set_tools({&stubborn});
    test::LogCapture const log;
    std::string const id = tasks.begin("stubborn");
    tasks.cancel(id);
    server().poll();
    EXPECT_EQ(stubborn.inner.cancelled, 1);
    EXPECT_EQ(tasks.status(id), "cancelled");
    EXPECT_FALSE(log.contains("task.exception"));
    server().server->set_tools({&tasks.job, &tasks.slow, &tasks.must});
}

TEST_F(Tasks, AreForgottenAfterTheirTime) {
    std::string const id = tasks.begin();
    release(tasks.job);
    server().advance(server().limits.task_ttl - seconds(1));
    EXPECT_EQ(tasks.status(id), "completed");
    server().advance(seconds(20));
    EXPECT_EQ(code(TaskServer::about("tasks/get", id)), -32602);
}

} // namespace
