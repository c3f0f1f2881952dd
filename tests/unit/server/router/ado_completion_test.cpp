#include "server/router/ado_completion.hpp"

#include "connected.hpp"
#include "server/router/ado_uri.hpp"
#include "server/tools/prompts.hpp"

namespace {

using core::Json;
using Values = std::vector<std::string>;

std::vector<protocol::PromptHandler*>
pointers(std::vector<std::unique_ptr<protocol::PromptHandler>> const& owned) {
    std::vector<protocol::PromptHandler*> out;
    for (auto const& prompt : owned) {
        out.push_back(prompt.get());
    }
    return out;
}

class AdoCompletionTest : public testing::Test {
protected:
    protocol::CompletionRequest
    asking(std::string argument, std::string value, Json settled = Json::object()) {
        protocol::CompletionRequest request(caller_, at_.ctx, client_);
        request.uri_template = std::string(server::kAdoFileTemplate);
        request.argument = std::move(argument);
        request.value = std::move(value);
        request.settled = std::move(settled);
        return request;
    }

    Values complete(protocol::CompletionRequest const& request) {
        return at_.loop.run(completion_.complete(request)).values;
    }
    Values complete(std::string argument, std::string value, Json settled = Json::object()) {
        return complete(asking(std::move(argument), std::move(value), std::move(settled)));
    }

    /// The same of a prompt's argument.
    Values complete_prompt(std::string prompt,
                           std::string argument,
                           std::string value,
                           Json settled = Json::object()) {
        protocol::CompletionRequest request =
            asking(std::move(argument), std::move(value), std::move(settled));
        request.uri_template.clear();
        request.prompt = std::move(prompt);
        return complete(request);
    }

    static Json repositories(std::vector<std::pair<std::string, std::string>> const& named) {
        Json value = Json::array();
        for (auto const& [project, name] : named) {
            value.push_back(Json{{"id", name}, {"name", name}, {"project", {{"name", project}}}});
        }
        return Json{{"count", value.size()}, {"value", std::move(value)}};
    }

    test::Connected at_;
    core::Principal caller_{"agent", "agent", core::Role::reader};
    protocol::SilentClient client_{protocol::ClientFeatures()};
    std::vector<std::unique_ptr<protocol::PromptHandler>> prompts_ = server::make_prompts();
    server::AdoCompletion completion_{at_.directory, at_.clock, pointers(prompts_)};
};

TEST(RankCompletions, PrefixesComeBeforeTheRestWithoutCase) {
    auto const ranked =
        server::rank_completions({"MyWeb", "web", "Web Shop", "Payroll", "WEB", "Cobweb"}, "web");
    EXPECT_EQ(ranked.values, (Values{"web", "Web Shop", "Cobweb", "MyWeb"}));
    EXPECT_EQ(ranked.total, 4U);
}

TEST(RankCompletions, GivesAtMostAHundredAndSaysHowManyThereAre) {
    Values names;
    for (int i = 0; i < 250; ++i) {
        names.push_back("p" + std::to_string(i));
    }
    auto const ranked = server::rank_completions(names, "");
    EXPECT_EQ(ranked.values.size(), 100U);
    EXPECT_EQ(ranked.total, 250U);
}

TEST_F(AdoCompletionTest, CompletesOrganizations) {
    at_.connect("contoso");
    at_.connect("fabrikam");
    EXPECT_EQ(complete("organization", "FAB"), Values{"fabrikam"});
    EXPECT_EQ(complete_prompt("find_runbook", "organization", ""), (Values{"contoso", "fabrikam"}));
    EXPECT_TRUE(at_.http.requests().empty());
}

TEST_F(AdoCompletionTest, CompletesProjectsAndAsksOncePerMinute) {
    at_.connect("contoso");
    at_.respond(test::project_list({"Web", "Payroll"}));
    EXPECT_EQ(complete("project", ""), (Values{"Payroll", "Web"}));
    EXPECT_EQ(complete_prompt("incident_to_bug", "project", "w"), Values{"Web"});
    EXPECT_EQ(at_.http.requests().size(), 1U);
    at_.clock.advance(std::chrono::seconds(61));
    at_.respond(test::project_list({"Web", "Wiki"}));
    EXPECT_EQ(complete("project", "w"), (Values{"Web", "Wiki"}));
}

TEST_F(AdoCompletionTest, SeveralOrganizationsNeedOneSettled) {
    at_.connect("contoso");
    at_.connect("fabrikam");
    EXPECT_EQ(complete("project", ""), Values());
    EXPECT_EQ(complete("project", "", Json{{"organization", "initech"}}), Values());
    EXPECT_TRUE(at_.http.requests().empty());
    at_.respond(test::project_list({"Web"}));
    EXPECT_EQ(complete("project", "", Json{{"organization", "fabrikam"}}), Values{"Web"});
    EXPECT_EQ(at_.http.requests()[0].url.substr(0, 31), "https://dev.azure.com/fabrikam/");
}

TEST_F(AdoCompletionTest, OffersOnlyAllowedProjectsAndWhatIsInThem) {
    server::ConnectorPolicy policy;
    policy.projects = {"Web", "Api"};
    at_.connect("contoso", policy);
    EXPECT_EQ(complete("project", ""), (Values{"Api", "Web"}));
    EXPECT_EQ(complete("repository", "", Json{{"project", "Payroll"}}), Values());
    EXPECT_TRUE(at_.http.requests().empty());
    at_.respond(repositories({{"Web", "site"}, {"Payroll", "salaries"}, {"Api", "server"}}));
    EXPECT_EQ(complete_prompt("explain_error", "repository", "s"), (Values{"server", "site"}));
}

TEST_F(AdoCompletionTest, CompletesRepositoriesOfAProject) {
    at_.connect("contoso");
    Json answer = repositories({{"Web Shop", "site"}, {"Web Shop", "old"}});
    answer["value"][1]["isDisabled"] = true;
    at_.respond(answer);
    EXPECT_EQ(complete("repository", "", Json{{"project", "Web Shop"}}), Values{"site"});
    EXPECT_EQ(at_.http.requests()[0].url, "https://dev.azure.com/contoso/Web%20Shop/_apis/git/repositories");
}

TEST_F(AdoCompletionTest, CompletesAreaPathsOfTheChosenProject) {
    server::ConnectorPolicy policy;
    policy.default_project = "Web";
    at_.connect("contoso", policy);
    at_.respond(Json{{"name", "Web"}, {"children", {{{"name", "Api"}}, {{"name", "Ui"}}}}});
    EXPECT_EQ(complete_prompt("incident_to_bug", "area_path", "web\\"), (Values{"Web\\Api", "Web\\Ui"}));
    EXPECT_EQ(complete_prompt("incident_to_bug", "area_path", "ui"), Values{"Web\\Ui"});
    EXPECT_EQ(at_.http.requests().size(), 1U);
}

TEST_F(AdoCompletionTest, TypesAndAreasNeedAProject) {
    at_.connect("contoso");
    EXPECT_EQ(complete_prompt("incident_to_bug", "area_path", ""), Values());
    EXPECT_EQ(complete("type", ""), Values());
    EXPECT_TRUE(at_.http.requests().empty());
    at_.respond(
        Json::parse(R"({"value":[{"name":"Bug"},{"name":"Task"},{"name":"Old","isDisabled":true}]})"));
    EXPECT_EQ(complete("type", "", Json{{"project", "Web"}}), (Values{"Bug", "Task"}));
}

TEST_F(AdoCompletionTest, WhatNobodyKnowsHasNoCompletions) {
    at_.connect("contoso");
    EXPECT_EQ(complete_prompt("no_such_prompt", "project", ""), Values());
    EXPECT_EQ(complete_prompt("find_runbook", "project", ""), Values());
    EXPECT_EQ(complete_prompt("find_runbook", "symptom", ""), Values());
    EXPECT_EQ(complete("path", ""), Values());
    protocol::CompletionRequest request = asking("project", "");
    request.uri_template = "other://{project}";
    EXPECT_EQ(complete(request), Values());
    EXPECT_EQ(complete("repository", "", Json{{"project", ".."}}), Values());
    EXPECT_TRUE(at_.http.requests().empty());
}

TEST_F(AdoCompletionTest, AFailureIsAnEmptyListAndIsNotRepeatedWithEveryLetter) {
    at_.connect("contoso");
    at_.http.respond(403, R"({"message":"no"})", {{"Content-Type", "application/json"}});
    EXPECT_EQ(complete("project", "w"), Values());
    EXPECT_EQ(complete("project", "we"), Values());
    EXPECT_EQ(at_.http.requests().size(), 1U);
    at_.clock.advance(std::chrono::seconds(6));
    at_.respond(test::project_list({"Web"}));
    EXPECT_EQ(complete("project", "web"), Values{"Web"});
}

TEST_F(AdoCompletionTest, WaitsAtMostThreeSeconds) {
    at_.connect("contoso");
    at_.respond(test::project_list({"Web"}));
    complete("project", "");
    EXPECT_EQ(at_.http.requests()[0].deadline.time(), at_.clock.now() + std::chrono::seconds(3));
}

TEST_F(AdoCompletionTest, ConcurrentCallersShareARequestAndOneThatGoesAwayLeavesItToTheNext) {
    at_.connect("contoso");
    at_.http.hold();
    protocol::CompletionRequest const request = asking("project", "");
    auto first = at_.loop.spawn(completion_.complete(request));
    auto second = at_.loop.spawn(completion_.complete(request));
    at_.loop.poll();
    EXPECT_EQ(at_.http.requests().size(), 1U);
    first.cancel();
    at_.loop.wait(first);
    at_.loop.poll();
    EXPECT_EQ(at_.http.requests().size(), 2U);
    at_.respond(test::project_list({"Web"}));
    at_.http.release();
    at_.loop.wait(second);
    EXPECT_EQ(second.take().values, Values{"Web"});
}

} // namespace
