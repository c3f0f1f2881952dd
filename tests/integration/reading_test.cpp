#include "integration/support/client_stack.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

namespace {

using namespace test; // NOLINT: the harness is what these tests are written in

bool contains(std::string const& text, std::string const& part) {
    return text.find(part) != std::string::npos;
}

std::string notes_of(ToolAnswer const& answer) {
    std::string all;
    for (Json const& note : answer.structured().value("notes", Json::array())) {
        all += note.get<std::string>() + "\n";
    }
    return all;
}

std::vector<std::string> column(ToolAnswer const& answer, char const* list, char const* key) {
    std::vector<std::string> out;
    Json const entries = answer.structured().value(list, Json::array());
    for (Json const& entry : entries) {
        out.push_back(entry.at(key).get<std::string>());
    }
    return out;
}

/// The real daemon before the real simulator, with a PAT of contoso.
class ReadingTest : public testing::Test {
protected:
    explicit ReadingTest(std::function<void(Json&)> const& change = {}) : stack(change) {
        stack.start();
        stack.attach_pat();
    }

    ToolAnswer call(std::string const& tool, Json arguments) {
        arguments["organization"] = "contoso";
        return stack.call(tool, arguments);
    }
    std::int64_t item_named(std::string const& title) {
        ToolAnswer const found = call("search_work_items", {{"text", "\"" + title + "\""}});
        Json const items = found.structured().value("work_items", Json::array());
        EXPECT_EQ(items.size(), 1U) << found.describe();
        return items.empty() ? 0 : items[0].at("id").get<std::int64_t>();
    }
    /// Follows the cursor to the end; what stands under `key` of every entry.
    std::vector<std::string>
    walk(std::string const& tool, Json arguments, char const* list, char const* key) {
        std::vector<std::string> all;
        std::size_t const budget = arguments.value("max_bytes", std::size_t{65536});
        for (int page = 0; page < 300; ++page) {
            ToolAnswer const answer = call(tool, arguments);
            EXPECT_TRUE(answer.ok()) << answer.describe();
            EXPECT_LE(answer.result().at("content")[0].at("text").get<std::string>().size(), budget);
            EXPECT_LE(core::dump_json(answer.structured()).size(), budget);
            std::vector<std::string> const part = column(answer, list, key);
            all.insert(all.end(), part.begin(), part.end());
            if (!answer.structured().contains("cursor")) {
                break;
            }
            arguments["cursor"] = answer.structured()["cursor"];
        }
        return all;
    }

    ClientStack stack;
};

TEST_F(ReadingTest, ProjectsAndRepositoriesAreListedInOneRequestEach) {
    ToolAnswer const projects = call("list_projects", Json::object());
    ASSERT_TRUE(projects.ok()) << projects.describe();
    EXPECT_EQ(column(projects, "projects", "name"),
              (std::vector<std::string>{"Basics", "Game Engine", "Payments"}));
    EXPECT_TRUE(contains(projects.text(), "Game Engine, private")) << projects.text();
    EXPECT_EQ(stack.simulator.requests("projects"), 1);

    ToolAnswer const all = call("list_repositories", Json::object());
    EXPECT_EQ(column(all, "repositories", "name"),
              (std::vector<std::string>{
                  "pipeline", "engine", "samples", "billing-service", "empty-repo", "legacy", "portal"}));
    EXPECT_EQ(stack.simulator.requests("repositories"), 1);
    Json const repositories = all.structured().at("repositories");
    for (Json const& repository : repositories) {
        EXPECT_EQ(repository.at("disabled"), repository.at("name") == "legacy");
        EXPECT_EQ(repository.contains("default_branch"), repository.at("name") != "empty-repo");
    }
    EXPECT_EQ(column(call("list_repositories", {{"project", "Payments"}, {"name_contains", "PORT"}}),
                     "repositories",
                     "name"),
              std::vector<std::string>{"portal"});
    ToolAnswer const wrong = call("list_repositories", {{"project", "Game Engin"}});
    EXPECT_TRUE(wrong.failed());
    EXPECT_TRUE(contains(wrong.text(), "Did you mean 'Game Engine'?")) << wrong.text();
}

TEST_F(ReadingTest, FilesOfAFolderAreListedWithTheirKinds) {
    ToolAnswer const root = call("list_files", {{"project", "Game Engine"}, {"repository", "engine"}});
    ASSERT_TRUE(root.ok()) << root.describe();
    EXPECT_EQ(stack.simulator.requests("items"), 1);
    EXPECT_EQ(stack.simulator.requests("trees"), 0);
    std::vector<std::string> const paths = column(root, "entries", "path");
    EXPECT_NE(std::find(paths.begin(), paths.end(), "/README.md"), paths.end()) << root.describe();
    EXPECT_TRUE(std::is_sorted(paths.begin(), paths.end()));
    for (std::string const& path : paths) {
        EXPECT_EQ(std::count(path.begin(), path.end(), '/'), 1) << path;
    }
    EXPECT_EQ(root.structured().at("commit").get<std::string>().size(), 40U);

    ToolAnswer const sized = call(
        "list_files",
        {{"project", "Game Engine"}, {"repository", "samples"}, {"path", "/encodings"}, {"sizes", true}});
    ASSERT_TRUE(sized.ok()) << sized.describe();
    EXPECT_EQ(stack.simulator.requests("trees"), 1);
    Json const entries = sized.structured().at("entries");
    for (Json const& entry : entries) {
        EXPECT_GT(entry.at("size").get<int>(), 0) << entry.dump();
    }
    EXPECT_TRUE(contains(sized.text(), "/encodings/Straße über.txt")) << sized.text();

    ToolAnswer const branch = call("list_files",
                                   {{"project", "Game Engine"},
                                    {"repository", "engine"},
                                    {"path", "docs"},
                                    {"ref", "feature/streaming-parser"}});
    EXPECT_TRUE(contains(branch.text(), "/docs/streaming.md")) << branch.describe();
}

TEST_F(ReadingTest, ATreeIsWalkedPageByPageWithoutLossOrRepetition) {
    Json const whole = {
        {"project", "Game Engine"}, {"repository", "engine"}, {"depth", 50}, {"max_bytes", 65536}};
    std::vector<std::string> const all = walk("list_files", whole, "entries", "path");
    EXPECT_GT(all.size(), 10U);
    for (int const budget : {1024, 2000}) {
        Json arguments = whole;
        arguments["max_bytes"] = budget;
        EXPECT_EQ(walk("list_files", arguments, "entries", "path"), all) << budget;
    }
    EXPECT_EQ(std::set<std::string>(all.begin(), all.end()).size(), all.size());
}

TEST_F(ReadingTest, WhatCannotBeListedIsNamedWithTheWayOut) {
    struct Row {
        char const* name;
        Json arguments;
        std::vector<std::string> words;
    };
    for (Row const& row : std::vector<Row>{
             {"repository", {{"project", "Game Engine"}, {"repository", "engin"}}, {"TF401019", "'engine'"}},
             {"disabled", {{"project", "Payments"}, {"repository", "legacy"}}, {"legacy is disabled"}},
             {"empty", {{"project", "Payments"}, {"repository", "empty-repo"}}, {"is empty", "no branch"}},
             {"branch",
              {{"project", "Game Engine"}, {"repository", "engine"}, {"ref", "mian"}},
              {"TF401175", "Did you mean 'main'?"}},
             {"folder",
              {{"project", "Game Engine"}, {"repository", "engine"}, {"path", "/nope"}},
              {"TF401174", "case counts"}},
             {"file",
              {{"project", "Game Engine"}, {"repository", "engine"}, {"path", "/README.md"}},
              {"is a file", "read_file"}},
             {"project", {{"repository", "engine"}}, {"`project` is missing", "list_repositories"}}}) {
        SCOPED_TRACE(row.name);
        ToolAnswer const answer = call("list_files", row.arguments);
        EXPECT_TRUE(answer.failed()) << answer.describe();
        for (std::string const& words : row.words) {
            EXPECT_TRUE(contains(answer.text(), words)) << answer.text();
        }
        EXPECT_FALSE(answer.result().contains("structuredContent"));
    }
}

TEST_F(ReadingTest, CommitsAreListedFilteredAndWalkedWhilePeoplePush) {
    Json const repository = {{"project", "Game Engine"}, {"repository", "samples"}};
    std::vector<std::string> const all = walk("list_commits", repository, "commits", "commit");
    EXPECT_GT(all.size(), 3U);

    Json arguments = repository;
    arguments["top"] = 2;
    arguments["max_bytes"] = 1200;
    std::vector<std::string> walked;
    for (int page = 0; page < 100; ++page) {
        ToolAnswer const answer = call("list_commits", arguments);
        ASSERT_TRUE(answer.ok()) << answer.describe();
        std::vector<std::string> const part = column(answer, "commits", "commit");
        walked.insert(walked.end(), part.begin(), part.end());
        if (!answer.structured().contains("cursor")) {
            break;
        }
        arguments["cursor"] = answer.structured()["cursor"];
        stack.simulator.admin("push",
                              {{"organization", "contoso"},
                               {"repository", "samples"},
                               {"path", "/pushed.txt"},
                               {"content", "page " + std::to_string(page)}});
    }
    EXPECT_EQ(walked, all);

    Json filtered = repository;
    filtered["path"] = "/pushed.txt";
    ToolAnswer const pushed = call("list_commits", filtered);
    ASSERT_TRUE(pushed.ok()) << pushed.describe();
    EXPECT_GT(pushed.structured().at("commits").size(), 0U);
    EXPECT_TRUE(
        contains(pushed.structured()["commits"][0].at("url").get<std::string>(), "/_git/samples/commit/"));
    filtered["until"] = "2020-01-01";
    ToolAnswer const none = call("list_commits", filtered);
    EXPECT_TRUE(contains(none.text(), "No commit matches")) << none.text();
    Json author = repository;
    author["author"] = "bo.nilsson@contoso.example";
    author["path"] = "/encodings";
    EXPECT_TRUE(call("list_commits", author).ok());
}

TEST_F(ReadingTest, WorkItemsAreFoundByWordsFiltersAndQueries) {
    ToolAnswer const words = call("search_work_items", {{"text", "crash header"}});
    ASSERT_TRUE(words.ok()) << words.describe();
    EXPECT_EQ(column(words, "work_items", "title"), std::vector<std::string>{"Crash on empty header"});
    EXPECT_EQ(stack.simulator.requests("wiql"), 1);
    EXPECT_EQ(stack.simulator.requests("workitemsbatch"), 1);

    ToolAnswer const bugs = call("search_work_items", {{"type", "Bug"}});
    EXPECT_EQ(column(bugs, "work_items", "title"),
              (std::vector<std::string>{
                  "Refund is booked twice", "Audio stutters after resume", "Crash on empty header"}));
    EXPECT_EQ(bugs.structured().at("total"), 3);
    EXPECT_EQ(
        column(call("search_work_items", {{"text", "disk"}, {"project", "Basics"}}), "work_items", "title"),
        std::vector<std::string>{"Buy more disk"});

    ToolAnswer const own = call(
        "search_work_items",
        {{"wiql",
          "SELECT [System.Id] FROM WorkItems WHERE [System.TeamProject] = @project ORDER BY [System.Title]"},
         {"project", "Payments"}});
    EXPECT_EQ(column(own, "work_items", "title"),
              (std::vector<std::string>{"Refund is booked twice", "Send reminders"}))
        << own.describe();
    ToolAnswer const bad = call("search_work_items", {{"wiql", "SELECT nothing"}});
    EXPECT_TRUE(bad.failed()) << bad.describe();

    ToolAnswer const no_bug = call("search_work_items", {{"type", "Bug"}, {"project", "Basics"}});
    EXPECT_TRUE(contains(no_bug.text(), "'Bug' is not a work item type of this project")) << no_bug.text();
    EXPECT_TRUE(contains(no_bug.text(), "Issue")) << no_bug.text();
}

TEST_F(ReadingTest, ManyWorkItemsAreWalkedThoughNewOnesAreMade) {
    for (int i = 0; i < 30; ++i) {
        ToolAnswer const made = call(
            "create_work_item",
            {{"project", "Game Engine"}, {"title", "walked " + std::to_string(i) + std::string(60, '"')}});
        ASSERT_TRUE(made.ok()) << made.describe();
    }
    Json arguments = {{"text", "walked"}, {"top", 7}, {"max_bytes", 1500}};
    std::vector<std::string> titles;
    for (int page = 0; page < 60; ++page) {
        ToolAnswer const answer = call("search_work_items", arguments);
        ASSERT_TRUE(answer.ok()) << answer.describe();
        EXPECT_LE(core::dump_json(answer.structured()).size(), 1500U);
        std::vector<std::string> const part = column(answer, "work_items", "title");
        titles.insert(titles.end(), part.begin(), part.end());
        if (!answer.structured().contains("cursor")) {
            break;
        }
        arguments["cursor"] = answer.structured()["cursor"];
        call("create_work_item", {{"project", "Game Engine"}, {"title", "walked meanwhile"}});
    }
    EXPECT_EQ(titles.size(), 30U);
    EXPECT_EQ(std::set<std::string>(titles.begin(), titles.end()).size(), 30U);
}

TEST_F(ReadingTest, AWorkItemIsShownWithItsRelationsAndComments) {
    std::int64_t const parent = item_named("As a player I want to reconnect");
    Json links = Json::array();
    links.push_back({{"url", "https://example.com/log"}, {"comment", "the log"}});
    ToolAnswer const made = call("create_work_item",
                                 {{"project", "Game Engine"},
                                  {"title", "Reconnect twice"},
                                  {"description", "# Steps\n\nUse `a < b`."},
                                  {"parent_id", parent},
                                  {"tags", {"net", "retry"}},
                                  {"links", links}});
    ASSERT_TRUE(made.ok()) << made.describe();
    Json const id = made.structured().at("id");
    ToolAnswer const shown = call("get_work_item", {{"id", id}, {"include", {"relations", "comments"}}});
    ASSERT_TRUE(shown.ok()) << shown.describe();
    Json const item = shown.structured();
    EXPECT_EQ(item.at("title"), "Reconnect twice");
    EXPECT_EQ(item.at("project"), "Game Engine");
    EXPECT_EQ(item.at("url"), made.structured().at("url"));
    EXPECT_EQ(item.at("tags"), Json::array({"net", "retry"}));
    EXPECT_TRUE(
        contains(item.at("fields").at("System.Description").get<std::string>(), "# Steps\n\nUse `a < b`."))
        << item.dump();
    ASSERT_EQ(item.at("relations").size(), 2U) << item.dump();
    EXPECT_EQ(item.at("comments").size(), 0U);
    EXPECT_TRUE(contains(shown.text(), "relation: Parent " + std::to_string(parent))) << shown.text();
    EXPECT_TRUE(contains(shown.text(), "https://example.com/log - the log")) << shown.text();
    EXPECT_EQ(stack.simulator.requests("workitems.get"), 1);
    EXPECT_EQ(stack.simulator.requests("comments"), 1);

    ToolAnswer const missing = call("get_work_item", {{"id", 999999}});
    EXPECT_TRUE(missing.failed());
    EXPECT_TRUE(contains(missing.text(), "TF401232")) << missing.text();
}

TEST_F(ReadingTest, ATypeIsDescribedInTwoRequests) {
    ToolAnswer const issue = call("describe_work_item_type", {{"project", "Game Engine"}, {"type", "Issue"}});
    ASSERT_TRUE(issue.ok()) << issue.describe();
    Json const about = issue.structured();
    EXPECT_EQ(about.at("required_fields"), Json::array({"System.Title", "Custom.CustomerImpact"}));
    EXPECT_EQ(
        about.at("area_paths"),
        Json::array({"Game Engine", "Game Engine\\Web", "Game Engine\\Web\\Api", "Game Engine\\Server"}));
    EXPECT_EQ(about.at("iteration_paths").size(), 4U);
    EXPECT_FALSE(about.at("states").empty());
    EXPECT_EQ(stack.simulator.requests("typefields"), 1);
    EXPECT_EQ(stack.simulator.requests("classificationnodes"), 1);
    ToolAnswer const wrong = call("describe_work_item_type", {{"project", "Basics"}, {"type", "Bug"}});
    EXPECT_TRUE(wrong.failed());
    EXPECT_TRUE(contains(wrong.text(), "Types there:")) << wrong.text();
    ToolAnswer const types = call("describe_work_item_type", {{"project", "Basics"}});
    EXPECT_EQ(types.structured().at("types"), Json::array({"Issue", "Epic", "Task"}));
}

TEST_F(ReadingTest, FaultsOfTheUpstreamAreErrorsThatSayWhatToDo) {
    struct Call {
        char const* tool;
        Json arguments;
        char const* route;
    };
    std::vector<Call> const calls{
        {"list_projects", Json::object(), "projects"},
        {"list_repositories", Json::object(), "repositories"},
        {"list_files", {{"project", "Game Engine"}, {"repository", "engine"}}, "items"},
        {"list_commits", {{"project", "Game Engine"}, {"repository", "engine"}}, "commits"},
        {"search_work_items", {{"type", "Bug"}}, "wiql"},
        {"get_work_item", {{"id", 1}}, "workitems.get"},
        {"describe_work_item_type", {{"project", "Basics"}, {"type", "Task"}}, "typefields"}};
    for (Call const& one : calls) {
        for (char const* const action : {"stopped", "malformed_json", "status"}) {
            SCOPED_TRACE(std::string(one.tool) + " " + action);
            stack.simulator.fault(
                {{"match", {{"route", one.route}}},
                 {"action", action},
                 {"status", 403},
                 {"body", "{\"message\":\"VS403283: no\",\"typeKey\":\"AccessCheckException\"}"},
                 {"times", 0}});
            ToolAnswer const answer = call(one.tool, one.arguments);
            stack.simulator.admin("faults/clear");
            EXPECT_TRUE(answer.failed()) << answer.describe();
            EXPECT_TRUE(contains(answer.text(), "What to do: ")) << answer.text();
            EXPECT_FALSE(contains(answer.text(), "<html"));
        }
    }
    Json arguments = {
        {"project", "Game Engine"}, {"repository", "engine"}, {"path", "/" + std::string(3000, 'x')}};
    arguments["max_bytes"] = 1024;
    ToolAnswer const refused = call("list_files", arguments);
    EXPECT_TRUE(refused.failed());
    std::string const text = refused.result().at("content")[0].at("text").get<std::string>();
    EXPECT_LE(text.size(), 1024U) << "the budget holds for errors too";
}

class LimitedReadingTest : public ReadingTest {
protected:
    LimitedReadingTest()
        : ReadingTest([](Json& config) {
              for (Json& connector : config["connectors"]) {
                  if (connector["name"] == "contoso") {
                      connector["projects"] = Json::array({"Game Engine", "Basics"});
                  }
              }
          }) {}
};

TEST_F(LimitedReadingTest, ProjectsOffLimitsTurnUpNowhere) {
    Json const all_items = {{"wiql", "SELECT [System.Id] FROM WorkItems"}};
    std::vector<ToolAnswer> const answers{call("list_projects", Json::object()),
                                          call("list_repositories", Json::object()),
                                          call("search_work_items", all_items),
                                          call("search_work_items", {{"type", "Bug"}})};
    for (ToolAnswer const& answer : answers) {
        ASSERT_TRUE(answer.ok()) << answer.describe();
        EXPECT_FALSE(contains(answer.message.dump(), "Payments")) << answer.describe();
        EXPECT_FALSE(contains(answer.message.dump(), "billing")) << answer.describe();
        EXPECT_FALSE(contains(answer.message.dump(), "Refund")) << answer.describe();
    }
    EXPECT_TRUE(contains(notes_of(answers[2]), "2 items left out")) << notes_of(answers[2]);
    EXPECT_EQ(answers[3].structured().at("work_items").size(), 2U);
    for (int id = 1; id <= 40; ++id) {
        ToolAnswer const answer = call("get_work_item", {{"id", id}});
        EXPECT_FALSE(contains(answer.message.dump(), "Refund")) << answer.describe();
        EXPECT_FALSE(contains(answer.message.dump(), "Payments")) << answer.describe();
    }
    for (char const* const tool : {"list_repositories", "describe_work_item_type"}) {
        ToolAnswer const answer = call(tool, {{"project", "Payments"}});
        EXPECT_TRUE(answer.failed());
        EXPECT_TRUE(contains(answer.text(), "project_not_allowed")) << answer.text();
    }
}

} // namespace
