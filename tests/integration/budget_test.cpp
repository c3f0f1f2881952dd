#include "integration/faults_rows.hpp"
#include "integration/support/client_stack.hpp"

#include <gtest/gtest.h>

#include <array>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

// The budget of every tool that is offered, on the wire: text and structured form each within it to the byte,
// errors too, and the cursor. tests/unit/server/tools/budget_test.cpp goes through many more budgets and
// texts.

namespace {

using namespace test; // NOLINT: the harness is what these tests are written in

std::string repeated(std::string const& text, int times) {
    std::string all;
    for (int i = 0; i < times; ++i) {
        all += text;
    }
    return all;
}

std::string const kRocket = "\xF0\x9F\x9A\x80";

class BudgetTest : public testing::Test {
protected:
    static void limit_answers(Json& config, int bytes) {
        config["limits"] = {{"answer_bytes", bytes}, {"search_answer_bytes", bytes}, {"call_ms", 20'000}};
        config["connectors"] = Json::array();
        // Enough of them that their list is longer than the smallest budget.
        for (int i = 0; i < 30; ++i) {
            config["connectors"].push_back(
                connector("contoso-" + std::to_string(100 + i), Json{{"method", "pat"}}));
        }
        config["connectors"].push_back(connector("contoso", Json{{"method", "pat"}}));
    }

    void start(int answer_bytes) {
        stack_.emplace([answer_bytes](Json& config) {
            limit_answers(config, answer_bytes);
            config["limits"]["knowledge_first_ms"] = 3'600'000; // wikis are searched live
        });
        stack_->start();
        stack_->attach_pat();
        std::string const wiki =
            stack_->simulator.url() + "/contoso/Game%20Engine/_wiki/wikis/Game%20Engine.wiki";
        auto const added = stack_->client().rest_json("PUT", "/api/v2/repos/handbook", {{"url", wiki}});
        EXPECT_TRUE(added && added->status < 300);
        rows_ = fault_rows(stack_->simulator);
        for (int i = 0; i < 12; ++i) {
            std::string const name = "/awkward/" + std::to_string(i) + " " + repeated(kRocket, i) + ".txt";
            std::string const content = "awkward_needle " + repeated("\"\\\t", 20 * i) + "\r\n" +
                                        repeated(kRocket, 300 * i) + "\nawkward_needle\r\n" +
                                        std::string(static_cast<std::size_t>(400 * i), 'x');
            stack_->simulator.admin("push",
                                    Json{{"organization", "contoso"},
                                         {"repository", "engine"},
                                         {"path", name},
                                         {"content", content}});
        }
        for (int i = 0; i < 8; ++i) {
            Json const made = {
                {"organization", "contoso"},
                {"project", "Game Engine"},
                {"title", "Awkward \"" + repeated(kRocket, 14 * i) + "\\ " + std::to_string(i)},
                {"description", repeated("**" + kRocket + "** `a\\b`\r\n", 100 * i)}};
            EXPECT_TRUE(stack_->call("create_work_item", made).ok());
        }
        for (Json const& more :
             std::vector<Json>{{{"path", "/awkward"}, {"sizes", true}}, {{"path", "/awkward"}}}) {
            Json arguments = {{"project", "Game Engine"}, {"repository", "engine"}};
            arguments.update(more);
            rows_.emplace_back("list_files", "items", Part::reads, arguments);
        }
        rows_.emplace_back("search_code",
                           "codesearchresults",
                           Part::reads,
                           Json{{"project", "Game Engine"}, {"query", "awkward_needle"}, {"top", 5}});
        rows_.emplace_back("search_work_items",
                           "wiql",
                           Part::reads,
                           Json{{"project", "Game Engine"}, {"text", "Awkward"}, {"top", 3}});
        Json files = Json::array();
        for (int const i : {0, 3, 11}) {
            files.push_back(
                {{"path", "/awkward/" + std::to_string(i) + " " + repeated(kRocket, i) + ".txt"}});
        }
        rows_.emplace_back("read_file",
                           "items",
                           Part::reads,
                           Json{{"project", "Game Engine"}, {"repository", "engine"}, {"files", files}});
        Json const tools = stack_->client().ask("tools/list", Json::object()).result().at("tools");
        for (Json const& tool : tools) {
            takes_[tool.at("name")] = tool.at("inputSchema").at("properties");
        }
    }

    bool takes(FaultRow const& row, char const* argument) const {
        return takes_.at(row.tool).contains(argument);
    }

    Json arguments_of(FaultRow const& row) const {
        Json arguments = row.arguments;
        if (takes(row, "organization")) {
            arguments["organization"] = "contoso";
        }
        return arguments;
    }

    static void expect_within(ToolAnswer const& answer, std::size_t budget) {
        std::string text;
        Json const blocks = answer.result().value("content", Json::array());
        for (Json const& block : blocks) {
            text += block.value("text", "");
        }
        EXPECT_LE(text.size(), budget) << answer.describe();
        if (answer.result().contains("structuredContent")) {
            EXPECT_LE(core::dump_json(answer.structured()).size(), budget) << answer.describe();
        }
    }

    /// Every entry of the answer's lists, by the list's name; of files the text put together.
    static void collect(Json const& structured, std::map<std::string, std::vector<Json>>& seen) {
        for (auto const& [name, value] : structured.items()) {
            if (name == "files") {
                for (Json const& file : value) {
                    std::vector<Json>& text = seen["text of " + file.at("path").get<std::string>()];
                    text.resize(1, "");
                    text.front() = text.front().get<std::string>() + file.at("text").get<std::string>();
                }
            } else if (value.is_array() && name != "notes") {
                seen[name].insert(seen[name].end(), value.begin(), value.end());
            }
        }
    }

    std::map<std::string, std::vector<Json>> walk(FaultRow const& row, Json arguments, std::size_t budget) {
        std::map<std::string, std::vector<Json>> seen;
        bool shortened = false;
        for (int round = 0; round < 500; ++round) {
            ToolAnswer const answer = stack_->call(row.tool, arguments);
            EXPECT_TRUE(answer.ok()) << answer.describe();
            expect_within(answer, budget);
            Json const structured = answer.structured();
            Json const notes = structured.value("notes", Json::array());
            for (Json const& note : notes) {
                shortened = shortened || note.get<std::string>().find("shortened") != std::string::npos;
            }
            collect(structured, seen);
            if (!answer.ok() || !structured.contains("cursor")) {
                break;
            }
            EXPECT_LT(round, 499) << "the cursor leads nowhere";
            arguments["cursor"] = structured.at("cursor");
        }
        // What was shortened is compared by what stays whole.
        if (shortened || takes(row, "query")) {
            for (auto& [name, entries] : seen) {
                for (Json& entry : entries) {
                    if (entry.is_object() && entry.contains("url")) {
                        Json whole = entry.at(entry.contains("path") ? "path" : "url");
                        entry = std::move(whole);
                    }
                }
            }
        }
        return seen;
    }

    std::optional<ClientStack> stack_;
    std::vector<FaultRow> rows_;
    std::map<std::string, Json> takes_;
};

TEST_F(BudgetTest, MaxBytesHoldsForEveryToolAndItsCursorResumesWithoutLossOrRepetition) {
    start(1024 * 1024);
    for (FaultRow const& row : rows_) {
        if (!takes(row, "max_bytes")) {
            continue;
        }
        SCOPED_TRACE(row.tool + " " + row.arguments.dump());
        Json arguments = arguments_of(row);
        arguments["max_bytes"] = 1024 * 1024;
        auto const whole = walk(row, arguments, 1024 * 1024);
        for (std::size_t const budget :
             std::array<std::size_t, 7>{1024, 1025, 1337, 2048, 4097, 12'000, 40'000}) {
            SCOPED_TRACE(budget);
            arguments["max_bytes"] = budget;
            auto const seen = walk(row, arguments, budget);
            if (takes(row, "cursor") && !takes(row, "query")) {
                EXPECT_EQ(seen, whole);
            }
        }
    }
}

TEST_F(BudgetTest, MaxBytesHoldsForErrorsOfEveryTool) {
    start(1024 * 1024);
    std::string const message = "TF401347: " + repeated(kRocket + "\"\\\r\n", 2000) + std::string(5000, 'y');
    std::string const body =
        core::dump_json(Json{{"$id", "1"}, {"message", message}, {"typeKey", "SomeException"}});
    for (FaultRow const& row : rows_) {
        if (row.part == Part::none) {
            continue;
        }
        SCOPED_TRACE(row.tool + " " + row.arguments.dump());
        for (std::size_t const budget : std::array<std::size_t, 3>{1024, 1500, 9000}) {
            stack_->simulator.admin("reset?what=faults");
            stack_->simulator.fault({{"match", {{"route", row.route}}},
                                     {"action", "status"},
                                     {"status", 400},
                                     {"body", body},
                                     {"times", 0}});
            Json arguments = arguments_of(row);
            bool const budgeted = takes(row, "max_bytes");
            if (budgeted) {
                arguments["max_bytes"] = budget;
            }
            ToolAnswer const answer = stack_->call(row.tool, arguments);
            EXPECT_TRUE(answer.ok() || answer.failed()) << answer.describe();
            EXPECT_TRUE(row.part == Part::adds || answer.failed()) << answer.describe();
            expect_within(answer, budgeted ? budget : 1024 * 1024);
        }
    }
}

TEST_F(BudgetTest, TheDaemonsOwnLimitHoldsForEveryTool) {
    constexpr std::size_t kSmallest = 1024;
    start(kSmallest);
    rows_.emplace_back("create_work_item",
                       "workitems.create",
                       Part::writes,
                       Json{{"project", "Game Engine"}, {"title", repeated(kRocket + "\"", 85)}});
    for (FaultRow const& row : rows_) {
        SCOPED_TRACE(row.tool + " " + row.arguments.dump());
        ToolAnswer const answer = stack_->call(row.tool, arguments_of(row));
        EXPECT_TRUE(answer.ok()) << answer.describe();
        expect_within(answer, kSmallest);
    }
}

TEST_F(BudgetTest, OrganizationsAreListedPageByPage) {
    start(1024);
    std::vector<std::string> names;
    Json arguments = Json::object();
    for (int round = 0; round < 50; ++round) {
        ToolAnswer const answer = stack_->call("list_organizations", arguments);
        ASSERT_TRUE(answer.ok()) << answer.describe();
        expect_within(answer, 1024);
        Json const organizations = answer.structured().at("organizations");
        for (Json const& entry : organizations) {
            names.push_back(entry.at("name"));
        }
        if (!answer.structured().contains("cursor")) {
            break;
        }
        arguments["cursor"] = answer.structured().at("cursor");
    }
    EXPECT_EQ(names.size(), 31U);
    EXPECT_EQ(std::set<std::string>(names.begin(), names.end()).size(), 31U);
}

/// What a model pays for before it has called anything.
TEST_F(BudgetTest, TheListOfToolsIsSmall) {
    start(64 * 1024);
    Json const list = stack_->client().ask("tools/list", Json::object()).result();
    EXPECT_LE(core::dump_json(list).size(), 24U * 1024);
    std::size_t first = 0;
    for (Json const& tool : list.at("tools")) {
        std::string const name = tool.at("name");
        bool const counted = name == "search_code" || name == "read_file" || name == "create_work_item" ||
                             name == "list_organizations";
        first += counted ? core::dump_json(tool).size() + 1 : 0; // and the comma
    }
    EXPECT_GT(first, 0U);
    EXPECT_LE(first, 9U * 1024);
}

} // namespace
