#include "integration/support/client_stack.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <vector>

namespace {

using namespace test; // NOLINT: the harness is what these tests are written in

bool contains(std::string const& text, std::string const& part) {
    return text.find(part) != std::string::npos;
}

/// A tool and the route of the simulator that its first upstream request takes.
struct Probe {
    char const* tool;
    char const* route;
    Json arguments;
};

std::vector<Probe> probes() {
    Json const place = {{"organization", "contoso"}, {"project", "Game Engine"}};
    Json search = place;
    search.update({{"query", "reconnect_backoff"}, {"top", 2}});
    Json read = place;
    read.update({{"repository", "engine"}, {"path", "/README.md"}});
    Json create = place;
    create.update({{"title", "Filed under a fault"}});
    return {{"search_code", "codesearchresults", search},
            {"read_file", "items", read},
            {"create_work_item", "workitems.create", create}};
}

Probe const& reading() {
    static std::vector<Probe> const all = probes();
    return all[1];
}

/// What stands in for content must never be shown as such.
void expect_no_page(ToolAnswer const& answer) {
    std::string const body = core::dump_json(answer.message);
    EXPECT_FALSE(contains(body, "<html")) << body;
    EXPECT_FALSE(contains(body, "<!DOCTYPE")) << body;
    EXPECT_FALSE(contains(body, "structuredContent")) << body;
}

class FaultsTest : public testing::Test {
protected:
    FaultsTest() {
        stack.start();
        stack.attach_pat();
    }

    void fault(std::string const& route, std::string const& action, Json more = Json::object()) {
        Json rule = {
            {"match", {{"route", route}, {"organization", "contoso"}}}, {"action", action}, {"times", 0}};
        rule.update(more);
        stack.simulator.fault(rule);
    }
    void clear() {
        stack.simulator.admin("reset?what=faults");
        stack.simulator.admin("reset?what=counts");
    }

    ClientStack stack;
};

TEST_F(FaultsTest, AnswersThatRefuseTheCredentialAreErrorsAndNeverContent) {
    struct Row {
        char const* action;
        int status;
        std::vector<std::string> words;
    };
    std::vector<Row> const rows{
        {"html203", 203, {"refused the credential", "sign-in page", "Sign in again or store a new"}},
        {"redirect_signin", 302, {"refused the credential", "sign-in page"}},
        {"html", 200, {"refused the credential", "sign-in page"}},
        {"empty401", 401, {"code missing_scope", "Token lacks `"}},
        {"expired_pat", 401, {"The Personal Access Token used has expired", "create a new one"}},
        {"expired_pat_html", 401, {"The Personal Access Token used has expired", "create a new one"}},
        {"tf400813", 401, {"code TF400813", "is not a member of the organization contoso"}}};
    for (Row const& row : rows) {
        for (Probe const& probe : probes()) {
            // Whether a page of status 200 came instead of the write or after it, nobody can know.
            bool const outcome_unknown = row.status == 200 && std::string(probe.route) == "workitems.create";
            if (outcome_unknown) {
                continue; // LostAnswersOfAWriteAreToldAndNothingIsRepeated
            }
            SCOPED_TRACE(std::string(row.action) + ", " + probe.tool);
            clear();
            fault(probe.route, row.action);
            ToolAnswer const answer = stack.call(probe.tool, probe.arguments);
            EXPECT_TRUE(answer.failed()) << answer.describe();
            for (std::string const& words : row.words) {
                EXPECT_TRUE(contains(answer.text(), words)) << answer.text();
            }
            EXPECT_TRUE(contains(answer.text(), "HTTP " + std::to_string(row.status))) << answer.text();
            EXPECT_TRUE(contains(answer.text(), "activity id ")) << answer.text();
            EXPECT_TRUE(contains(answer.text(), "What to do: ")) << answer.text();
            expect_no_page(answer);
            EXPECT_EQ(stack.simulator.requests(probe.route), 1) << "a refused credential is not tried again";
            clear();
            stack.attach_pat();
        }
    }
    EXPECT_EQ(stack.simulator.work_items("Filed under a fault"), 0);
    for (Probe const& probe : probes()) {
        EXPECT_TRUE(stack.call(probe.tool, probe.arguments).ok()) << probe.tool;
    }
}

TEST_F(FaultsTest, ReadsAreRepeatedAsFarAsThatHelpsAndThenFailWithOneError) {
    struct Row {
        char const* action;
        Json more;
        int least; ///< requests of one call
        int most;
        std::vector<std::string> words;
    };
    Json const none = Json::object();
    // Where a connection breaks, each attempt on a kept connection may cost one more on a fresh one.
    std::vector<Row> const rows{
        {"throttle",
         {{"retry_after_s", 1}},
         3,
         3,
         {"TF400733", "HTTP 429", "retry after 1 s", "activity id"}},
        {"bom503", none, 3, 3, {"code VS403417", "HTTP 503", "activity id"}},
        {"stopped", none, 1, 1, {"code TF24668", "HTTP 503", "activity id", "open it in a browser"}},
        {"malformed_json", none, 1, 1, {"code unreadable_answer"}},
        {"partial_body", none, 3, 6, {"localhost", "What to do: "}},
        {"reset", none, 3, 6, {"localhost", "reset", "code connection_lost", "What to do: "}},
        {"drop", none, 3, 6, {"localhost", "code connection_lost", "What to do: "}},
        {"status", {{"status", 500}}, 1, 1, {"HTTP 500", "activity id"}},
        {"status", {{"status", 502}}, 3, 3, {"HTTP 502", "activity id"}},
        {"status", {{"status", 503}}, 3, 3, {"HTTP 503", "activity id"}},
        {"status",
         {{"status", 503}, {"headers", {{"Retry-After", "1"}}}},
         3,
         3,
         {"HTTP 503", "retry after 1 s"}},
        {"status",
         {{"status", 404}, {"body", "<html>gone</html>"}, {"content_type", "text/html"}},
         1,
         1,
         {"HTTP 404"}},
        {"status", {{"status", 418}}, 1, 1, {"HTTP 418"}},
    };
    for (Row const& row : rows) {
        for (Probe const& probe : probes()) {
            if (std::string(probe.tool) == "create_work_item") {
                continue;
            }
            SCOPED_TRACE(std::string(row.action) + " " + row.more.dump() + ", " + probe.tool);
            clear();
            fault(probe.route, row.action, row.more);
            ToolAnswer const answer = stack.call(probe.tool, probe.arguments);
            EXPECT_TRUE(answer.failed()) << answer.describe();
            for (std::string const& words : row.words) {
                EXPECT_TRUE(contains(answer.text(), words)) << answer.text();
            }
            expect_no_page(answer);
            EXPECT_GE(stack.simulator.requests(probe.route), row.least);
            EXPECT_LE(stack.simulator.requests(probe.route), row.most);
        }
    }
    clear();
    for (Probe const& probe : probes()) {
        EXPECT_TRUE(stack.call(probe.tool, probe.arguments).ok()) << probe.tool;
    }
}

TEST_F(FaultsTest, OneFailureOfAReadIsNotSeenByTheCaller) {
    EXPECT_TRUE(stack.call(reading().tool, reading().arguments).ok());
    for (Json const& more :
         std::vector<Json>{{{"action", "reset"}},
                           {{"action", "drop"}},
                           {{"action", "partial_body"}},
                           {{"action", "bom503"}},
                           {{"action", "throttle"}, {"retry_after_s", 1}},
                           {{"action", "status"}, {"status", 502}},
                           {{"action", "status"}, {"status", 503}, {"headers", {{"Retry-After", "1"}}}}}) {
        SCOPED_TRACE(more.dump());
        clear();
        Json once = more;
        once["times"] = 1;
        fault("items", more.at("action").get<std::string>(), once);
        ToolAnswer const answer = stack.call(reading().tool, reading().arguments);
        EXPECT_TRUE(answer.ok()) << answer.describe();
        EXPECT_EQ(stack.simulator.requests("items"), 2);
    }
    clear();
    fault("items", "slow", {{"times", 1}});
    EXPECT_TRUE(stack.call(reading().tool, reading().arguments).ok());
    EXPECT_EQ(stack.simulator.requests("items"), 1) << "an answer in pieces is an answer";
}

TEST_F(FaultsTest, LostAnswersOfAWriteAreToldAndNothingIsRepeated) {
    // Side by side, because each of these calls looks for its item for some seconds.
    struct Row {
        char const* action;
        Json more;
        char const* words;
    };
    Json const none = Json::object();
    std::vector<Row> const rows{{"bom503", none, "VS403417"},
                                {"malformed_json", none, "cannot be read"},
                                {"reset", none, "reset by peer"},
                                {"status", {{"status", 500}}, "answered 500"},
                                {"status", {{"status", 502}}, "answered 502"},
                                {"status", {{"status", 503}}, "answered 503"}};
    clear();
    std::vector<Json> arguments;
    for (Row const& row : rows) {
        Json more = row.more;
        more["times"] = 1;
        fault("workitems.create", row.action, more);
        arguments.push_back({{"organization", "contoso"},
                             {"project", "Game Engine"},
                             {"title", "Lost answer " + std::to_string(arguments.size())}});
    }
    std::vector<ToolAnswer> const answers = stack.client().call_all("create_work_item", arguments);
    for (ToolAnswer const& answer : answers) {
        EXPECT_TRUE(answer.failed()) << answer.describe();
        EXPECT_TRUE(contains(answer.text(), "outcome_unknown")) << answer.text();
        EXPECT_TRUE(contains(answer.text(), "it was not sent again")) << answer.text();
        expect_no_page(answer);
    }
    for (Row const& row : rows) {
        auto const tells = [&](ToolAnswer const& answer) { return contains(answer.text(), row.words); };
        EXPECT_EQ(std::count_if(answers.begin(), answers.end(), tells), 1) << row.words;
    }
    EXPECT_EQ(stack.simulator.requests("workitems.create"), static_cast<std::int64_t>(rows.size()));
    for (Json const& one : arguments) {
        EXPECT_EQ(stack.simulator.work_items(one.at("title").get<std::string>()), 0);
    }

    // A page of status 200 also costs the PAT, so it comes by itself; the rest is as before.
    clear();
    fault("workitems.create", "html", {{"times", 1}});
    ToolAnswer const page = stack.call("create_work_item", arguments.front());
    EXPECT_TRUE(contains(page.text(), "outcome_unknown")) << page.describe();
    EXPECT_TRUE(contains(page.text(), "sign-in page")) << page.text();
    expect_no_page(page);
    EXPECT_EQ(stack.simulator.requests("workitems.create"), 1);
    stack.attach_pat();
    ToolAnswer const next = stack.call(
        "create_work_item", {{"organization", "contoso"}, {"project", "Game Engine"}, {"title", "After it"}});
    EXPECT_TRUE(next.ok()) << next.describe();
    EXPECT_EQ(stack.simulator.work_items("After it"), 1);
}

TEST_F(FaultsTest, WritesThatWereSurelyNotMadeFailAtOnceOrAreMadeOnce) {
    Probe const create = probes()[2];
    fault(create.route, "stopped");
    ToolAnswer const stopped = stack.call(create.tool, create.arguments);
    EXPECT_TRUE(stopped.failed()) << stopped.describe();
    EXPECT_TRUE(contains(stopped.text(), "code TF24668")) << stopped.text();
    EXPECT_EQ(stack.simulator.requests(create.route), 1);
    EXPECT_EQ(stack.simulator.work_items("Filed under a fault"), 0);

    for (Json const& more :
         std::vector<Json>{{{"action", "throttle"}, {"retry_after_s", 1}},
                           {{"action", "status"}, {"status", 503}, {"headers", {{"Retry-After", "1"}}}}}) {
        SCOPED_TRACE(more.dump());
        clear();
        stack.simulator.admin("reset?what=world");
        Json once = more;
        once["times"] = 1;
        fault(create.route, more.at("action").get<std::string>(), once);
        ToolAnswer const made = stack.call(create.tool, create.arguments);
        EXPECT_TRUE(made.ok()) << made.describe();
        EXPECT_EQ(stack.simulator.requests(create.route), 2);
        EXPECT_EQ(stack.simulator.work_items("Filed under a fault"), 1);
    }
}

TEST_F(FaultsTest, ASoftThrottleDelaysTheNextCall) {
    fault("items", "soft_throttle", {{"retry_after_s", 2}, {"times", 1}});
    auto const begin = std::chrono::steady_clock::now();
    EXPECT_TRUE(stack.call(reading().tool, reading().arguments).ok());
    EXPECT_TRUE(stack.call(reading().tool, reading().arguments).ok());
    // The pause began after `begin`.
    EXPECT_GE(std::chrono::steady_clock::now() - begin, std::chrono::seconds(2));
    EXPECT_EQ(stack.simulator.requests("items"), 2);
}

TEST_F(FaultsTest, ALongPauseIsToldAtOnceAndHoldsForItsOrganizationOnly) {
    fault("items", "throttle", {{"retry_after_s", 120}});
    ToolAnswer const first = stack.call(reading().tool, reading().arguments);
    EXPECT_TRUE(first.failed()) << first.describe();
    EXPECT_TRUE(contains(first.text(), "retry after 120 s")) << first.text();
    ToolAnswer const second = stack.call(reading().tool, reading().arguments);
    EXPECT_TRUE(second.failed()) << second.describe();
    EXPECT_TRUE(contains(second.text(), "code throttled")) << second.text();
    EXPECT_TRUE(contains(second.text(), "retry after 1")) << second.text();
    EXPECT_EQ(stack.simulator.requests("items"), 1);
    ToolAnswer const other = stack.call("read_file",
                                        {{"organization", "northwind"},
                                         {"project", "Traders"},
                                         {"repository", "storefront-engine"},
                                         {"path", "/README.md"}});
    EXPECT_TRUE(other.ok()) << other.describe();
}

TEST_F(FaultsTest, AHangingUpstreamEndsWithTheCallsDeadline) {
    ClientStack impatient([](Json& config) { config["limits"] = Json{{"call_ms", 1000}}; });
    impatient.start();
    impatient.attach_pat();
    impatient.simulator.fault({{"match", {{"route", "items"}}}, {"action", "hang"}, {"times", 0}});
    ToolAnswer const answer = impatient.call(reading().tool, reading().arguments);
    EXPECT_TRUE(answer.failed()) << answer.describe();
    EXPECT_TRUE(contains(answer.text(), "localhost")) << answer.text();
    EXPECT_TRUE(contains(answer.text(), "What to do: ")) << answer.text();
    EXPECT_TRUE(eventually([&] { return impatient.in_flight() == 0; }));
    impatient.simulator.admin("reset?what=faults");
    EXPECT_TRUE(impatient.call(reading().tool, reading().arguments).ok());
}

TEST_F(FaultsTest, OneBadFileOfASearchLeavesTheOthers) {
    fault("items", "status", {{"status", 500}, {"times", 1}});
    ToolAnswer const answer = stack.call("search_code",
                                         {{"organization", "contoso"},
                                          {"project", "Game Engine"},
                                          {"query", "reconnect_backoff"},
                                          {"top", 3}});
    ASSERT_TRUE(answer.ok()) << answer.describe();
    Json const results = answer.structured().at("results");
    std::size_t bare = 0;
    for (Json const& result : results) {
        bare += result.contains("snippet") ? 0U : 1U;
        EXPECT_TRUE(result.contains("url"));
    }
    EXPECT_EQ(bare, 1U);
    EXPECT_TRUE(contains(answer.text(), "No snippet of engine/")) << answer.text();
}

} // namespace
