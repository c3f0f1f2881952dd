#include "server/tools/prompts.hpp"

#include "support/run_coro.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <map>
#include <string>

namespace {

using core::Json;

class Prompts : public testing::Test {
protected:
    std::string text_of(std::string const& name, Json const& arguments) {
        for (auto const& prompt : prompts_) {
            if (prompt->descriptor().name != name) {
                continue;
            }
            core::Principal const caller("agent", "agent", core::Role::reader);
            core::CallContext const ctx("request", core::Deadline::never());
            protocol::SilentClient client{protocol::ClientFeatures()};
            protocol::PromptCall const call(arguments, caller, ctx, client);
            auto const result = test::run_coro(prompt->get(call));
            EXPECT_EQ(result.messages.size(), 1U);
            EXPECT_EQ(result.messages.at(0).role, "user");
            EXPECT_EQ(result.messages.at(0).content.at("type"), "text");
            return result.messages.at(0).content.at("text");
        }
        ADD_FAILURE() << "no prompt " << name;
        return {};
    }

    std::vector<std::unique_ptr<protocol::PromptHandler>> prompts_ = server::make_prompts();
};

/// Position of each word, in this order; fails when one is missing or out of order.
void expect_in_order(std::string const& text, std::vector<std::string> const& words) {
    std::size_t at = 0;
    for (std::string const& word : words) {
        std::size_t const found = text.find(word, at);
        ASSERT_NE(found, std::string::npos) << word << " is missing behind " << text.substr(0, at);
        at = found + word.size();
    }
}

TEST_F(Prompts, NeedOneArgumentEachAndOfferTheRest) {
    std::map<std::string, std::vector<std::string>> const expected{
        {"incident_to_bug", {"incident", "organization", "project", "area_path"}},
        {"explain_error", {"error", "organization", "repository"}},
        {"find_runbook", {"symptom", "organization"}}};
    ASSERT_EQ(prompts_.size(), expected.size());
    for (auto const& prompt : prompts_) {
        protocol::PromptDescriptor const& about = prompt->descriptor();
        SCOPED_TRACE(about.name);
        std::vector<std::string> names;
        for (protocol::PromptArgument const& argument : about.arguments) {
            EXPECT_EQ(argument.required, names.empty());
            EXPECT_FALSE(argument.description.empty());
            names.push_back(argument.name);
        }
        EXPECT_EQ(names, expected.at(about.name));
        EXPECT_FALSE(about.title.empty());
    }
}

TEST_F(Prompts, IncidentToBugGoesFromTheCodeToOneWorkItem) {
    std::string const text = text_of("incident_to_bug",
                                     Json{{"incident", "checkout fails"},
                                          {"organization", "contoso"},
                                          {"project", "Web"},
                                          {"area_path", "Web\\Api"}});
    expect_in_order(text,
                    {"checkout fails",
                     "Organization: contoso",
                     "Project: Web",
                     "Area path: Web\\Api",
                     "list_organizations",
                     "search_code",
                     "read_file",
                     "create_work_item",
                     "Root cause",
                     "idempotency_key"});
}

TEST_F(Prompts, ExplainErrorSearchesBeforeItReads) {
    std::string const text =
        text_of("explain_error", Json{{"error", "no rate for EUR"}, {"repository", "pricing"}});
    expect_in_order(text, {"no rate for EUR", "Repository: pricing", "search_code", "read_file"});
    EXPECT_EQ(text.find("create_work_item"), std::string::npos);
    EXPECT_EQ(text.find("Organization:"), std::string::npos);
}

TEST_F(Prompts, FindRunbookSaysWhatWikiToolsCanDoAndWhatToDoOtherwise) {
    std::string const text = text_of("find_runbook", Json{{"symptom", "queue grows"}});
    expect_in_order(text,
                    {"queue grows",
                     "only for wikis that were added",
                     "list_organizations",
                     "search_wiki",
                     "Otherwise",
                     "search_code",
                     "administrator can add the wiki"});
}

TEST_F(Prompts, AreShort) {
    for (auto const& [name, argument] : std::map<std::string, std::string>{
             {"incident_to_bug", "incident"}, {"explain_error", "error"}, {"find_runbook", "symptom"}}) {
        EXPECT_LT(text_of(name, Json{{argument, "x"}}).size(), 2200U) << name;
    }
}

} // namespace
