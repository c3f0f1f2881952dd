#include "integration/support/stack.hpp"

#include <gtest/gtest.h>

namespace {

using test::Json;
using test::McpClient;
using test::Stack;
using test::ToolAnswer;

/// A daemon with a PAT for contoso that may also look people up.
class Updates : public ::testing::Test {
protected:
    void start(Stack::Change const& change = {}) {
        stack = std::make_unique<Stack>(change);
        client = std::make_unique<McpClient>(stack->daemon);
        auto const attached = client->attach_pat("contoso", stack->simulator.pat("contoso", "full"));
        ASSERT_TRUE(attached) << core::describe(attached.error());
        ASSERT_EQ(attached->status, 200) << attached->body;
    }
    ToolAnswer call(std::string const& tool, Json arguments) {
        arguments["organization"] = "contoso";
        return client->call(tool, arguments);
    }
    Json create(Json arguments) {
        arguments.emplace("project", "Game Engine");
        ToolAnswer const made = call("create_work_item", arguments);
        EXPECT_TRUE(made.ok()) << made.describe();
        return made.ok() ? made.structured() : Json{{"id", 0}, {"rev", 0}};
    }
    Json read(Json const& id) {
        ToolAnswer const item =
            call("get_work_item", {{"id", id}, {"include", Json::array({"relations", "comments"})}});
        EXPECT_TRUE(item.ok()) << item.describe();
        return item.structured();
    }

    std::unique_ptr<Stack> stack;
    std::unique_ptr<McpClient> client;
};

TEST_F(Updates, AnItemIsChangedAndGuardedByItsRevision) {
    start();
    Json const made = create({{"title", "To be changed"}, {"type", "Bug"}, {"tags", {"a", "b"}}});
    ToolAnswer const updated = call("update_work_item",
                                    {{"id", made.at("id")},
                                     {"state", "Active"},
                                     {"description", "Now `<known>`"},
                                     {"tags", {"c", "-a"}},
                                     {"assigned_to", "ada.palmer@contoso.example"},
                                     {"expected_rev", made.at("rev")}});
    ASSERT_TRUE(updated.ok()) << updated.describe();
    EXPECT_EQ(updated.structured().at("updated"), true);
    EXPECT_EQ(updated.structured().at("state"), "Active");
    Json const now = read(made.at("id"));
    EXPECT_EQ(now.at("tags"), Json({"b", "c"}));
    EXPECT_NE(now.at("assigned_to").get<std::string>().find("ada.palmer@contoso.example"), std::string::npos);
    EXPECT_NE(now.at("fields").dump().find("Now `<known>`"), std::string::npos) << now.at("fields");

    ToolAnswer const stale = call(
        "update_work_item", {{"id", made.at("id")}, {"title", "Too late"}, {"expected_rev", made.at("rev")}});
    ASSERT_TRUE(stale.failed()) << stale.describe();
    EXPECT_NE(stale.text().find("rev_conflict"), std::string::npos) << stale.text();
    EXPECT_NE(stale.text().find("System.State: New -> Active"), std::string::npos) << stale.text();
    EXPECT_EQ(read(made.at("id")).at("title"), "To be changed");

    ToolAnswer const again = call("update_work_item", {{"id", made.at("id")}, {"state", "Active"}});
    ASSERT_TRUE(again.ok()) << again.describe();
    EXPECT_EQ(again.structured().at("updated"), false);
}

TEST_F(Updates, ParentsAndLinksChangeWithoutTheRevision) {
    start();
    Json const first = create({{"title", "Parent one"}, {"type", "User Story"}});
    Json const second = create({{"title", "Parent two"}, {"type", "User Story"}});
    Json const child = create({{"title", "Child"}, {"parent_id", first.at("id")}});
    EXPECT_EQ(read(child.at("id")).at("parent_id"), first.at("id"));
    std::string const base = stack->simulator.url() + "/contoso/Game%20Engine/";
    Json const change{{"id", child.at("id")},
                      {"parent_id", second.at("id")},
                      {"links",
                       {{{"url", base + "_git/engine/pullrequest/7"}, {"comment", "fix"}},
                        {{"url", base + "_build/results?buildId=3"}},
                        {{"url", "https://example.com/page"}}}}};
    ToolAnswer const moved = call("update_work_item", change);
    ASSERT_TRUE(moved.ok()) << moved.describe();
    EXPECT_EQ(moved.structured().at("rev"), child.at("rev"));
    Json const now = read(child.at("id"));
    EXPECT_EQ(now.at("parent_id"), second.at("id"));
    std::string const relations = now.at("relations").dump();
    EXPECT_NE(relations.find("vstfs:///Git/PullRequestId/"), std::string::npos) << relations;
    EXPECT_NE(relations.find("vstfs:///Build/Build/3"), std::string::npos) << relations;
    EXPECT_NE(relations.find("https://example.com/page"), std::string::npos) << relations;
    ToolAnswer const again = call("update_work_item", change);
    ASSERT_TRUE(again.ok()) << again.describe();
    EXPECT_EQ(again.structured().at("updated"), false) << again.describe();
}

TEST_F(Updates, ErrorsNameWhatWouldBeRight) {
    start();
    Json const made = create({{"title", "Strict"}, {"type", "Bug"}});
    auto const refused = [&](std::string const& tool, Json const& arguments, std::string const& words) {
        ToolAnswer const answer = call(tool, arguments);
        EXPECT_TRUE(answer.failed()) << answer.describe();
        EXPECT_NE(answer.text().find(words), std::string::npos) << words << "\n" << answer.text();
    };
    refused("update_work_item", {{"id", made.at("id")}, {"state", "Actve"}}, "Did you mean 'Active'?");
    refused(
        "update_work_item", {{"id", made.at("id")}, {"assigned_to", "Alex Kim"}}, "may be any of 2 people");
    refused("update_work_item", {{"id", 999999}, {"title", "x"}}, "TF401232");
    Json const base{{"project", "Game Engine"}, {"title", "x"}};
    auto const with = [&base](Json more) {
        more.update(base);
        return more;
    };
    refused("create_work_item", with({{"type", "Issue"}}), "Custom.CustomerImpact");
    refused("create_work_item", with({{"area_path", "Game Engine\\Nowhere"}}), "`area_path`");
    refused("create_work_item", with({{"type", "Bgu"}}), "Did you mean 'Bug'?");
    refused("create_work_item",
            with({{"fields", {{"Custom.CustomerImpac", "x"}}}, {"type", "Issue"}}),
            "Custom.CustomerImpact");
    ToolAnswer const basic =
        call("create_work_item", {{"project", "Basics"}, {"title", "x"}, {"type", "Bug"}});
    ASSERT_TRUE(basic.failed()) << basic.describe();
    EXPECT_NE(basic.text().find("file an Issue"), std::string::npos) << basic.text();
    EXPECT_EQ(stack->simulator.work_items("x"), 0);
}

TEST_F(Updates, WhatIsKnownOfATypeIsAskedForOnce) {
    start();
    Json const wrong{{"project", "Game Engine"}, {"title", "x"}, {"severity", "5 - Odd"}, {"type", "Bug"}};
    EXPECT_TRUE(call("create_work_item", wrong).failed());
    stack->simulator.admin("reset?what=counts");
    create({{"title", "Right"}, {"severity", "high"}, {"type", "Bug"}, {"area_path", "Game Engine"}});
    EXPECT_EQ(stack->simulator.admin("counts").at("total"), 1);
}

TEST_F(Updates, ProjectsOutsideTheListAreNotTouched) {
    start([](Json& config, test::Simulator const&) {
        config["connectors"][0]["projects"] = Json::array({"Payments"});
    });
    Json const made = create({{"title", "Inside"}, {"project", "Payments"}});
    EXPECT_TRUE(call("update_work_item", {{"id", made.at("id")}, {"title", "Still inside"}}).ok());
    Json const all = stack->simulator.admin("work-items", Json{{"organization", "contoso"}});
    Json outside;
    for (Json const& item : all.at("work_items")) {
        if (item.at("project") == "Game Engine") {
            outside = item;
        }
    }
    ASSERT_TRUE(outside.is_object());
    for (auto const& [tool, arguments] : std::vector<std::pair<std::string, Json>>{
             {"update_work_item", {{"id", outside.at("id")}, {"title", "Reached"}}},
             {"add_work_item_comment", {{"id", outside.at("id")}, {"text", "Reached"}}}}) {
        ToolAnswer const answer = call(tool, arguments);
        EXPECT_TRUE(answer.failed()) << answer.describe();
        EXPECT_NE(answer.text().find("project_not_allowed"), std::string::npos) << answer.text();
    }
    EXPECT_EQ(stack->simulator.work_items("Reached"), 0);
    EXPECT_EQ(stack->simulator.requests("comments.add"), 0);
}

TEST_F(Updates, ALostAnswerOfACommentLeavesOne) {
    start();
    Json const made = create({{"title", "Discussed"}});
    for (char const* const action : {"commit_then_drop", "commit_then_reset", "partial_body"}) {
        stack->simulator.fault(Json{{"match", {{"route", "comments.add"}}}, {"action", action}});
        ToolAnswer const answer =
            call("add_work_item_comment", {{"id", made.at("id")}, {"text", std::string("By ") + action}});
        ASSERT_TRUE(answer.ok()) << answer.describe();
        EXPECT_EQ(answer.structured().at("created"), true);
    }
    Json const keyed{{"id", made.at("id")}, {"text", "Once"}, {"idempotency_key", "c"}};
    ToolAnswer const first = call("add_work_item_comment", keyed);
    ToolAnswer const second = call("add_work_item_comment", keyed);
    ASSERT_TRUE(first.ok() && second.ok()) << second.describe();
    EXPECT_EQ(second.structured().at("id"), first.structured().at("id"));
    EXPECT_EQ(second.structured().at("created"), false);
    EXPECT_EQ(read(made.at("id")).at("comments").size(), 4U);
}

TEST_F(Updates, AnItemMadeBeforeACrashIsFoundAtTheStart) {
    start();
    stack->simulator.fault(
        Json{{"match", {{"route", "workitems.create"}}}, {"action", "delay"}, {"delay_ms", 60'000}});
    Json const arguments{{"organization", "contoso"},
                         {"project", "Game Engine"},
                         {"title", "Made before the crash"},
                         {"idempotency_key", "crash"}};
    {
        test::Http http;
        http.send_and_leave(client->request("create_work_item", arguments),
                            [this] { return stack->simulator.work_items("Made before the crash") == 1; });
    }
    stack->daemon.kill();
    stack->simulator.admin("faults/clear");
    stack->daemon.start();
    EXPECT_NE(stack->daemon.wait_for_log("write.found_after_lost_answer").find("create_work_item"),
              std::string::npos);
    client = std::make_unique<McpClient>(stack->daemon);
    stack->simulator.admin("reset?what=counts");
    ToolAnswer const answer = call("create_work_item", arguments);
    ASSERT_TRUE(answer.ok()) << answer.describe();
    EXPECT_EQ(answer.structured().at("created"), false);
    EXPECT_EQ(stack->simulator.admin("counts").at("total"), 0) << "answered from the journal";
}

} // namespace
