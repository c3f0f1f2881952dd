#include "support/log_capture.hpp"
#include "support/task_fixture.hpp"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

// Tasks over several processes that share a store.
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using test::Json;
using test::TaskServer;

class SharedTasks : public testing::Test {
protected:
    /// Time passes for `b` alone: `a` is gone, or hangs.
    void without_a(milliseconds span) {
        milliseconds const step = seconds(5);
        for (milliseconds passed{0}; passed < span; passed += step) {
            b.server.advance(std::min(step, span - passed));
        }
    }
    void with_both(milliseconds span) {
        milliseconds const step = seconds(2);
        for (milliseconds passed{0}; passed < span; passed += step) {
            a.server.advance(milliseconds(0));
            b.server.advance(step);
        }
    }
    milliseconds lease() const { return a.server.limits.task_lease; }

    std::shared_ptr<test::World> world = std::make_shared<test::World>();
    TaskServer a{world};
    TaskServer b{world};
};

TEST_F(SharedTasks, AnyProcessAnswersForThem) {
    std::string const id = a.begin();
    EXPECT_EQ(b.status(id), "working");
    a.job.release();
    a.server.poll();
    EXPECT_EQ(b.get(id), a.get(id));
    EXPECT_EQ(b.status(id), "completed");
}

TEST_F(SharedTasks, AnAbandonedOneIsTakenUpAfterItsLease) {
    std::string const id = a.begin();
    without_a(lease() - seconds(1));
    EXPECT_EQ(b.job.calls, 0) << "its runner may still be at work";
    without_a(seconds(10));
    ASSERT_EQ(b.job.calls, 1);
    EXPECT_EQ(b.job.last_task, id) << "whatever it wrote is journalled under this id";
    EXPECT_EQ(b.job.last_caller, test::caller().id);
    without_a(seconds(60));
    EXPECT_EQ(b.job.calls, 1);
    b.job.behave([](protocol::ToolCall const&) { return protocol::ToolResult("by b", Json()); });
    b.job.release();
    b.server.poll();
    EXPECT_EQ(b.get(id)["result"]["content"][0]["text"], "by b");
    a.job.release();
    a.server.poll();
    EXPECT_EQ(a.get(id)["result"]["content"][0]["text"], "by b") << "who lost it has no say any more";
}

TEST_F(SharedTasks, OneThatIsWorkedOnIsLeftAlone) {
    std::string const id = a.begin();
    with_both(4 * lease());
    EXPECT_EQ(b.job.calls, 0);
    a.job.release();
    a.server.poll();
    EXPECT_EQ(b.status(id), "completed");
}

TEST_F(SharedTasks, OneThatWaitsForItsClientCostsNobodyAnything) {
    a.job.hold = b.job.hold = false;
    auto const ask = [](protocol::ToolCall const& call) {
        auto const answer = protocol::ElicitAnswer::of(call.inputs, "k");
        if (answer) {
            return protocol::ToolResult(call.state["n"].dump() + answer->text("v"), Json());
        }
        std::vector<protocol::InputRequest> requests;
        requests.push_back(protocol::ask_form(
            "k", "?", Json::parse(R"({"type":"object","properties":{"v":{"type":"string"}}})")));
        return protocol::ToolResult::ask(protocol::InputNeeded(std::move(requests), Json{{"n", 7}}));
    };
    a.job.behave(ask);
    b.job.behave(ask);
    std::string const id = a.begin();
    without_a(4 * lease());
    EXPECT_EQ(b.job.calls, 0);
    EXPECT_EQ(b.status(id), "input_required");
    b.tell(
        TaskServer::answering(id, Json{{"k", Json::parse(R"({"action":"accept","content":{"v":"up"}})")}}));
    b.server.poll();
    EXPECT_EQ(b.get(id)["result"]["content"][0]["text"], "7up") << "it goes on where the answer arrived";
    EXPECT_EQ(a.job.calls, 1);
}

TEST_F(SharedTasks, AProcessThatStopsGivesItsLeasesBack) {
    std::string const id = a.begin();
    world->loop.run(a.server.server->stop(core::Deadline::at(world->clock.now())));
    EXPECT_EQ(a.job.cancelled, 1);
    EXPECT_EQ(b.status(id), "working") << "given up is not cancelled";
    b.server.advance(seconds(1));
    EXPECT_EQ(b.job.calls, 1) << "long before the lease would have ended";
    EXPECT_EQ(b.job.last_task, id);
}

TEST_F(SharedTasks, AProcessThatStopsLetsItsTasksFinishInTime) {
    std::string const id = a.begin();
    auto stopping = world->loop.spawn(a.server.server->stop(core::Deadline::in(world->clock, seconds(20))));
    world->loop.poll();
    world->clock.advance(seconds(5));
    world->loop.poll();
    EXPECT_FALSE(stopping.done());
    a.job.release();
    world->loop.poll();
    world->clock.advance(seconds(1));
    world->loop.wait(stopping);
    EXPECT_EQ(b.status(id), "completed");
    EXPECT_EQ(a.job.cancelled, 0);
}

TEST_F(SharedTasks, ListenersHearOnceWhatHappensAnywhere) {
    std::string const id = a.begin();
    auto const listen = [&id](TaskServer& server) {
        Json params = Json::object();
        params["notifications"]["taskIds"] = Json::array({id});
        return server.server.start_modern(
            test::declaring(test::modern_request("subscriptions/listen", std::move(params), "l"),
                            TaskServer::capabilities()));
    };
    auto const here = listen(a);
    auto const there = listen(b);
    with_both(seconds(4));
    EXPECT_EQ(here->messages().size(), 1U);
    EXPECT_EQ(there->messages().size(), 1U) << "acknowledged, and nothing has changed";
    a.job.release();
    a.server.poll();
    EXPECT_EQ(here->messages().size(), 2U);
    with_both(seconds(4));
    EXPECT_EQ(here->messages().size(), 2U) << "told once";
    ASSERT_EQ(there->messages().size(), 2U);
    EXPECT_EQ(there->messages()[1]["method"], "notifications/tasks");
    EXPECT_EQ(there->messages()[1]["params"]["taskId"], id);
    EXPECT_EQ(there->messages()[1]["params"]["status"], "completed");
}

TEST_F(SharedTasks, ACancellationReachesTheProcessThatRunsIt) {
    std::string const id = a.begin();
    b.cancel(id);
    EXPECT_EQ(a.job.cancelled, 0);
    a.server.advance(seconds(10));
    EXPECT_EQ(a.job.cancelled, 1);
    EXPECT_EQ(b.status(id), "cancelled");
}

TEST_F(SharedTasks, AProcessWithoutTheToolLeavesItToOthers) {
    test::LogCapture const log;
    std::string const id = a.begin();
    b.server.server->set_tools({&b.slow});
    without_a(lease() + seconds(6));
    EXPECT_TRUE(log.contains("mcp.task_without_tool"));
    TaskServer c{world};
    bool taken = false;
    for (int i = 0; i < 60 && !taken; ++i) {
        c.server.advance(seconds(1));
        taken = c.job.calls != 0;
    }
    EXPECT_TRUE(taken) << "it is not held on to by who cannot run it";
    EXPECT_EQ(c.job.last_task, id);
}

/// The memory store, which fails when told to.
class FlakyStore final : public protocol::TaskStore {
public:
    core::Task<core::Result<void>> insert(protocol::TaskRecord record) override {
        if (broken) {
            co_return core::fail(core::ErrorKind::internal, "disk full");
        }
        if (gate) {
            std::shared_ptr<core::Event> const waiting = gate;
            co_await waiting->wait(core::Deadline::never());
        }
        co_return co_await inner->insert(std::move(record));
    }
    core::Task<core::Result<std::optional<protocol::TaskRecord>>> load(std::string id) override {
        return inner->load(std::move(id));
    }
    core::Task<core::Result<bool>> save(protocol::TaskRecord record) override {
        if (broken) {
            co_return core::fail(core::ErrorKind::internal, "disk full");
        }
        co_return co_await inner->save(std::move(record));
    }
    core::Task<core::Result<std::size_t>> count_open(std::string owner) override {
        return inner->count_open(std::move(owner));
    }
    core::Task<core::Result<std::vector<protocol::TaskRecord>>>
    claim_abandoned(std::string runner, core::SystemTime now, core::SystemTime lease_until) override {
        return inner->claim_abandoned(std::move(runner), now, lease_until);
    }
    core::Task<core::Result<std::vector<std::string>>> renew(std::string runner,
                                                             core::SystemTime lease_until) override {
        return inner->renew(std::move(runner), lease_until);
    }
    core::Task<core::Result<std::vector<std::string>>> changed_since(core::SystemTime since) override {
        return inner->changed_since(since);
    }
    core::Task<core::Result<std::size_t>> forget_expired(core::SystemTime now) override {
        return inner->forget_expired(now);
    }

    std::unique_ptr<protocol::TaskStore> inner = protocol::make_memory_task_store();
    bool broken = false;
    std::shared_ptr<core::Event> gate; ///< set: insert waits for it
};

class TroubledTasks : public testing::Test {
protected:
    TroubledTasks()
        : a(std::make_shared<test::World>(),
            [this](protocol::ServerFeatures& features, protocol::McpLimits&) { features.tasks = &store; }) {}
    FlakyStore store;
    TaskServer a;
};

TEST_F(TroubledTasks, OneThatCannotBeStoredIsNone) {
    test::LogCapture const log;
    store.broken = true;
    auto const reply = a.server.ask_modern(TaskServer::call("job"));
    EXPECT_EQ(test::code_of(reply), -32603);
    EXPECT_EQ(reply.body.find("disk"), std::string::npos);
    EXPECT_TRUE(log.contains("disk full"));
    EXPECT_EQ(a.job.calls, 0) << "nothing runs that nobody could ask for";
}

TEST_F(TroubledTasks, ItsIdLeavesOnlyOnceItIsStored) {
    store.gate = std::make_shared<core::Event>();
    auto const call = a.server.start_modern(TaskServer::call("job"));
    EXPECT_FALSE(call->done());
    EXPECT_EQ(a.job.calls, 0);
    store.gate->set();
    EXPECT_EQ(a.status(call->answer()["result"]["taskId"]), "working");
    a.job.release();
}

TEST_F(TroubledTasks, ACallerWhoGoesAwayMeanwhileLeavesNoOpenTaskBehind) {
    store.gate = std::make_shared<core::Event>();
    auto const call = a.server.start_modern(TaskServer::call("job"));
    call->hang_up();
    EXPECT_TRUE(call->threw_cancelled());
    store.gate->set();
    a.server.poll();
    EXPECT_EQ(a.job.calls, 0) << "nobody knows of it";
    auto const open = a.server.world->loop.run(store.count_open(test::caller().id));
    EXPECT_EQ(open.value(), 0U);
}

TEST_F(TroubledTasks, AnEndThatCouldNotBeStoredIsStoredLater) {
    test::LogCapture const log;
    std::string const id = a.begin();
    store.broken = true;
    a.job.release();
    a.server.poll();
    EXPECT_EQ(a.status(id), "working");
    a.server.advance(seconds(10));
    EXPECT_EQ(a.status(id), "working");
    store.broken = false;
    a.server.advance(seconds(10));
    EXPECT_EQ(a.status(id), "completed");
    EXPECT_EQ(a.job.calls, 1) << "the work was not done again";
}

} // namespace
