#include "integration/support/stack.hpp"

#include <gtest/gtest.h>

#include <future>
#include <random>

namespace {

using test::Json;
using test::McpClient;
using test::Stack;
using test::ToolAnswer;

/// A daemon with a PAT for contoso.
class Writes : public ::testing::Test {
protected:
    void start(Stack::Change const& change = {}, std::vector<std::string> const& simulator_options = {}) {
        stack = std::make_unique<Stack>(change, simulator_options);
        McpClient client(stack->daemon);
        auto const attached = client.attach_pat("contoso", stack->simulator.pat("contoso"));
        ASSERT_TRUE(attached) << core::describe(attached.error());
        ASSERT_EQ(attached->status, 200) << attached->body;
    }
    static Json arguments(std::string const& title, std::string const& key = {}) {
        Json result{{"organization", "contoso"},
                    {"project", "Game Engine"},
                    {"title", title},
                    {"description", "Seen in the *night* of the release."}};
        if (!key.empty()) {
            result["idempotency_key"] = key;
        }
        return result;
    }
    ToolAnswer create(std::string const& title, std::string const& key = {}) {
        McpClient client(stack->daemon);
        return client.call("create_work_item", arguments(title, key));
    }
    /// What the simulator has stored under this title: exactly one item, which the answer speaks of.
    void expect_the_one(std::string const& title, ToolAnswer const& answer) {
        Json const stored = stack->simulator.admin("work-items", Json{{"title", title}});
        ASSERT_EQ(stored.at("count"), 1) << title << ": " << stored;
        ASSERT_TRUE(answer.ok()) << answer.describe();
        EXPECT_EQ(answer.structured().at("id"), stored.at("work_items").at(0).at("id"));
        EXPECT_NE(answer.structured().at("url").get<std::string>().find("_workitems/edit/"),
                  std::string::npos);
    }
    static void expect_outcome_unknown(ToolAnswer const& answer) {
        EXPECT_TRUE(answer.failed()) << answer.describe();
        EXPECT_NE(answer.text().find("outcome_unknown"), std::string::npos) << answer.describe();
    }
    void fault_on_create(Json fault) {
        fault["match"] = Json{{"route", "workitems.create"}};
        stack->simulator.fault(fault);
    }

    std::unique_ptr<Stack> stack;
};

/// Not the 30 s of the default, so that the tests are quick.
void give_up_early(Json& config, test::Simulator const&) {
    config["limits"]["upstream_request_ms"] = 1500;
}

// --- lost answers ---

TEST_F(Writes, AnAnswerThatIsLostAfterTheCommitLeavesOneItem) {
    start();
    for (char const* const action : {"commit_then_drop", "commit_then_reset", "partial_body"}) {
        SCOPED_TRACE(action);
        std::string const title = std::string("Lost by ") + action;
        fault_on_create(Json{{"action", action}});
        ToolAnswer const answer = create(title);
        expect_the_one(title, answer);
        EXPECT_EQ(answer.structured().at("created"), true);
    }
    EXPECT_EQ(stack->simulator.requests("workitems.create"), 3);
}

TEST_F(Writes, AServerErrorAfterTheCommitLeavesOneItem) {
    start();
    for (int const status : {500, 502, 503, 504}) {
        std::string const title = "Behind status " + std::to_string(status);
        SCOPED_TRACE(title);
        fault_on_create(Json{{"action", "commit_then_status"}, {"status", status}});
        expect_the_one(title, create(title));
    }
    EXPECT_EQ(stack->simulator.requests("workitems.create"), 4);
}

TEST_F(Writes, AnAnswerThatComesTooLateLeavesOneItem) {
    start(give_up_early);
    fault_on_create(Json{{"action", "delay"}, {"delay_ms", 60'000}});
    expect_the_one("Answered too late", create("Answered too late"));
    EXPECT_EQ(stack->simulator.requests("workitems.create"), 1);
}

TEST_F(Writes, TwinsWhoseAnswersAreLostAreTwoItemsAndAreToldApart) {
    start();
    for (int i = 0; i < 2; ++i) {
        fault_on_create(Json{{"action", "commit_then_drop"}});
    }
    McpClient client(stack->daemon);
    std::vector<ToolAnswer> const answers =
        client.call_all("create_work_item", {arguments("Twin"), arguments("Twin")});
    ASSERT_TRUE(answers.at(0).ok()) << answers.at(0).describe();
    ASSERT_TRUE(answers.at(1).ok()) << answers.at(1).describe();
    EXPECT_NE(answers.at(0).structured().at("id"), answers.at(1).structured().at("id"));
    EXPECT_EQ(stack->simulator.work_items("Twin"), 2);
}

TEST_F(Writes, ARequestThatWasNotActedOnIsReportedAsUnknownAndNotSentAgain) {
    start(give_up_early);
    fault_on_create(Json{{"action", "hang"}});
    ToolAnswer const answer = create("Never made", "key-never-made");
    expect_outcome_unknown(answer);
    EXPECT_EQ(stack->simulator.work_items("Never made"), 0);
    EXPECT_EQ(stack->simulator.requests("workitems.create"), 1);
    // The request could still be on its way: the same key does not send a second one yet.
    expect_outcome_unknown(create("Never made", "key-never-made"));
    EXPECT_EQ(stack->simulator.requests("workitems.create"), 1);
}

TEST_F(Writes, ARefusalIsSentAgainUnderTheSameKey) {
    start();
    fault_on_create(Json{{"action", "tf400813"}});
    ToolAnswer const refused = create("Refused first", "key-refused");
    ASSERT_TRUE(refused.failed()) << refused.describe();
    EXPECT_EQ(stack->simulator.work_items("Refused first"), 0);
    ToolAnswer const again = create("Refused first", "key-refused");
    expect_the_one("Refused first", again);
    EXPECT_EQ(again.structured().at("created"), true);
}

// --- keys ---

TEST_F(Writes, AKeyMakesOneItemHoweverOftenItIsUsed) {
    start();
    ToolAnswer const first = create("Keyed", "key-1");
    expect_the_one("Keyed", first);
    EXPECT_EQ(first.structured().at("created"), true);
    McpClient client(stack->daemon);
    for (ToolAnswer const& answer :
         client.call_all("create_work_item", std::vector<Json>(20, arguments("Keyed", "key-1")))) {
        expect_the_one("Keyed", answer);
        EXPECT_EQ(answer.structured().at("created"), false);
    }
    stack->daemon.restart();
    ToolAnswer const later = create("Keyed", "key-1");
    expect_the_one("Keyed", later);
    EXPECT_EQ(later.structured().at("created"), false);
    EXPECT_EQ(stack->simulator.requests("workitems.create"), 1);
}

TEST_F(Writes, AKeyUsedSideBySideMakesOneItem) {
    start();
    fault_on_create(Json{{"action", "delay"}, {"delay_ms", 300}});
    McpClient client(stack->daemon);
    int created = 0;
    for (ToolAnswer const& answer :
         client.call_all("create_work_item", std::vector<Json>(20, arguments("At once", "key-at-once")))) {
        expect_the_one("At once", answer);
        created += answer.structured().value("created", false) ? 1 : 0;
    }
    EXPECT_EQ(created, 1);
}

TEST_F(Writes, AKeyWithOtherArgumentsIsRefused) {
    start();
    expect_the_one("Said first", create("Said first", "key-2"));
    ToolAnswer const other = create("Said later", "key-2");
    ASSERT_TRUE(other.failed()) << other.describe();
    EXPECT_NE(other.text().find("idempotency_key_reused"), std::string::npos) << other.describe();
    EXPECT_EQ(stack->simulator.work_items("Said later"), 0);
    EXPECT_EQ(stack->simulator.work_items("Said first"), 1);
}

TEST_F(Writes, CallsWithoutAKeyAreEachTheirOwnItem) {
    start();
    ToolAnswer const first = create("No key");
    ToolAnswer const second = create("No key");
    ASSERT_TRUE(first.ok()) << first.describe();
    ASSERT_TRUE(second.ok()) << second.describe();
    EXPECT_EQ(stack->simulator.work_items("No key"), 2);
}

// --- the daemon is killed ---

class KilledWrites : public Writes {
protected:
    /// Starts a create in another thread, kills the daemon when `moment` returns, and starts it again.
    void
    create_and_kill(std::string const& title, std::string const& key, std::function<void()> const& moment) {
        std::string const url = stack->daemon.url();
        std::string const token = stack->daemon.admin_token();
        Json const wanted = arguments(title, key);
        auto const call = std::async(std::launch::async, [url, token, wanted] {
            McpClient client(url, token);
            client.call("create_work_item", wanted);
        });
        moment();
        stack->daemon.kill();
        call.wait();
        stack->simulator.admin("faults/clear");
        stack->daemon.start();
    }
};

TEST_F(KilledWrites, AnItemMadeJustBeforeTheKillIsFoundByItsKey) {
    start();
    fault_on_create(Json{{"action", "delay"}, {"delay_ms", 60'000}});
    create_and_kill("Made, then killed", "key-k1", [this] {
        test::wait_until("the item is made",
                         [this] { return stack->simulator.work_items("Made, then killed") == 1; });
    });
    ToolAnswer const answer = create("Made, then killed", "key-k1");
    expect_the_one("Made, then killed", answer);
    EXPECT_EQ(answer.structured().at("created"), false);
    EXPECT_EQ(stack->simulator.requests("workitems.create"), 1);
}

TEST_F(KilledWrites, AClientThatGoesAwayDoesNotStopTheWrite) {
    start();
    fault_on_create(Json{{"action", "delay"}, {"delay_ms", 500}});
    {
        // Its connection closes with the object, in the middle of the call.
        std::string const url = stack->daemon.url();
        test::Http http;
        core::HttpRequest request =
            McpClient(stack->daemon).request("create_work_item", arguments("Left alone", "key-left"));
        http.send_and_leave(std::move(request),
                            [this] { return stack->simulator.requests("workitems.create") == 1; });
    }
    ToolAnswer const answer = create("Left alone", "key-left");
    expect_the_one("Left alone", answer);
    EXPECT_EQ(answer.structured().at("created"), false);
    EXPECT_EQ(stack->simulator.requests("workitems.create"), 1);
}

TEST_F(KilledWrites, AtRandomMomentsTheyLeaveAtMostOneItemForEachKey) {
    start({}, {"--latency-ms", "20"});
    constexpr int kRounds = 15;
    unsigned const seed = std::random_device()();
    RecordProperty("seed", std::to_string(seed));
    std::mt19937 random(seed);
    std::vector<Json> wanted;
    for (int round = 0; round < kRounds; ++round) {
        std::string const number = std::to_string(round);
        wanted.push_back(arguments("Random " + number, "key-random-" + number));
        std::uniform_int_distribution<int> moment(0, 40'000);
        std::chrono::microseconds const pause(moment(random));
        // Half of them around the start of the call, half around the answer, however slow the machine is.
        bool const sent = round % 2 != 0;
        std::int64_t const before = stack->simulator.requests("workitems.create");
        create_and_kill("Random " + number, "key-random-" + number, [this, sent, before, pause] {
            if (sent) {
                test::wait_until("the request is under way", [this, before] {
                    return stack->simulator.requests("workitems.create") > before;
                });
            }
            std::this_thread::sleep_for(pause);
        });
    }
    // Whoever called calls again, with the same keys.
    McpClient client(stack->daemon);
    std::vector<ToolAnswer> const answers = client.call_all("create_work_item", wanted);
    for (int round = 0; round < kRounds; ++round) {
        ToolAnswer const& answer = answers.at(static_cast<std::size_t>(round));
        std::string const title = "Random " + std::to_string(round);
        SCOPED_TRACE(title + ", seed " + std::to_string(seed));
        bool const sent = round % 2 != 0;
        if (answer.ok() || sent) {
            expect_the_one(title, answer);
            continue;
        }
        // Noted, but killed before it was sent: for some minutes nobody can know that nothing comes any more.
        expect_outcome_unknown(answer);
        EXPECT_EQ(stack->simulator.work_items(title), 0);
    }
}

// --- what a call costs upstream ---

TEST_F(Writes, EachToolAsksUpstreamNoMoreThanItMust) {
    start();
    McpClient client(stack->daemon);
    Json const query{{"organization", "contoso"}, {"project", "Game Engine"}, {"query", "reconnect_backoff"}};
    auto const requests_of = [&](std::string const& tool, Json const& arguments, ToolAnswer& answer) {
        stack->simulator.admin("reset?what=counts");
        answer = client.call(tool, arguments);
        EXPECT_TRUE(answer.ok()) << answer.describe();
        return stack->simulator.admin("counts").at("total").get<std::int64_t>();
    };
    ToolAnswer found;
    std::int64_t const search = requests_of("search_code", query, found);
    std::size_t const hits = found.structured().at("results").size();
    EXPECT_EQ(hits, 5U);
    EXPECT_EQ(search, static_cast<std::int64_t>(1 + hits));

    Json const hit = found.structured().at("results").at(0);
    Json const file{{"organization", "contoso"},
                    {"project", hit.at("project")},
                    {"repository", hit.at("repository")},
                    {"path", hit.at("path")}};
    ToolAnswer answer;
    EXPECT_EQ(requests_of("read_file", file, answer), 1);
    EXPECT_EQ(requests_of("create_work_item", arguments("Counted"), answer), 1);
    EXPECT_EQ(requests_of("create_work_item", arguments("Counted too", "key-c"), answer), 1);
    EXPECT_EQ(requests_of("create_work_item", arguments("Counted too", "key-c"), answer), 0);
    EXPECT_EQ(requests_of("list_organizations", Json::object(), answer), 0);
}

} // namespace
