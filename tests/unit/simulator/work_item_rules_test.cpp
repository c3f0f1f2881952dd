#include "exchange.hpp"

#include <gtest/gtest.h>

namespace simulator::testing {
namespace {

constexpr auto kTask = "/contoso/Game%20Engine/_apis/wit/workitems/$Task?api-version=7.1";

class WorkItemRules : public ::testing::Test {
protected:
    Exchange exchange;
    std::string pat = exchange.pat("contoso", "recommended");

    Reply create(Json const& patch, std::string const& target = kTask) {
        return exchange.write("POST", target, patch, pat);
    }
    static Json with(Json patch, std::string const& path, Json value, std::string const& op = "add") {
        patch.push_back({{"op", op}, {"path", path}, {"value", std::move(value)}});
        return patch;
    }
};

TEST_F(WorkItemRules, CreateAnswers200WithTheFullItem) {
    auto const reply = create(title_patch("Made by a test"));
    ASSERT_EQ(reply.status, 200) << reply.body;
    EXPECT_EQ(reply.content_type, "application/json; charset=utf-8; api-version=7.1");
    auto const item = Exchange::json(reply);
    EXPECT_EQ(item["rev"], 1);
    EXPECT_EQ(item["fields"]["System.State"], "New");
    EXPECT_EQ(item["fields"]["Microsoft.VSTS.Common.Priority"], 2);
    EXPECT_FALSE(item["fields"].contains("System.Id"));
    EXPECT_NE(item["_links"]["html"]["href"].get<std::string>().find("/_workitems/edit/"), std::string::npos);
}

TEST_F(WorkItemRules, WantsATitle) {
    auto const reply = create(Json::array());
    EXPECT_EQ(reply.status, 400);
    EXPECT_EQ(Exchange::type_key(reply), "RuleValidationException");
    auto const error = Exchange::json(reply)["customProperties"]["RuleValidationErrors"][0];
    EXPECT_EQ(error["fieldReferenceName"], "System.Title");
    EXPECT_EQ(error["fieldStatusFlags"], "required, invalidEmpty");
}

TEST_F(WorkItemRules, KeepsToAllowedValues) {
    auto const reply = create(with(title_patch("x"), "/fields/Microsoft.VSTS.Common.Priority", 9));
    EXPECT_EQ(Exchange::type_key(reply), "RuleValidationException");
    EXPECT_NE(reply.body.find("LimitedToValues"), std::string::npos);
    EXPECT_EQ(create(with(title_patch("x"), "/fields/Microsoft.VSTS.Common.Priority", "3")).status, 200);
}

TEST_F(WorkItemRules, WantsCustomRequiredFields) {
    constexpr auto kIssue = "/contoso/Game%20Engine/_apis/wit/workitems/$Issue?api-version=7.1";
    auto const reply = create(title_patch("x"), kIssue);
    EXPECT_EQ(reply.status, 400);
    EXPECT_NE(reply.body.find("Custom.CustomerImpact"), std::string::npos);
    EXPECT_EQ(create(with(title_patch("x"), "/fields/Custom.CustomerImpact", "None"), kIssue).status, 200);
}

TEST_F(WorkItemRules, RefusesTitlesOver255Units) {
    EXPECT_EQ(create(title_patch(std::string(256, 'a'))).status, 400);
    EXPECT_EQ(create(title_patch(std::string(255, 'a'))).status, 200);
}

TEST_F(WorkItemRules, NamesUnknownFieldsTypesAndPaths) {
    EXPECT_NE(create(with(title_patch("x"), "/fields/Custom.Nope", 1)).body.find("TF51535"),
              std::string::npos);
    auto const area = create(with(title_patch("x"), "/fields/System.AreaPath", "Game Engine/Web"));
    EXPECT_NE(area.body.find("TF401347: Invalid tree name given for work item -1, field 'System.AreaPath'."),
              std::string::npos);
    EXPECT_EQ(create(with(title_patch("x"), "/fields/System.AreaPath", "Game Engine\\Web\\Api")).status, 200);
    auto const type = create(title_patch("x"), "/contoso/Basics/_apis/wit/workitems/$Bug?api-version=7.1");
    EXPECT_EQ(type.status, 404);
    EXPECT_NE(type.body.find("VS402323"), std::string::npos);
}

TEST_F(WorkItemRules, WantsJsonPatchContentType) {
    auto const reply = exchange.post(kTask, title_patch("x"), pat);
    EXPECT_EQ(reply.status, 400);
    EXPECT_EQ(Exchange::type_key(reply), "VssRequestContentTypeNotSupportedException");
}

TEST_F(WorkItemRules, AnswersBindingErrorsInTheirOwnShape) {
    auto message = Exchange::request("POST", kTask, "{not json");
    message.headers.emplace_back("content-type", "application/json-patch+json");
    auto const reply = exchange.send(message, pat);
    EXPECT_EQ(reply.status, 400);
    EXPECT_TRUE(Exchange::json(reply)["value"].contains("Message"));
}

TEST_F(WorkItemRules, FailedRevTestIs412) {
    auto const item = Exchange::json(create(title_patch("x")));
    std::string const target =
        "/contoso/_apis/wit/workitems/" + std::to_string(item["id"].get<int>()) + "?api-version=7.1";
    auto const stale = with(with(Json::array(), "/rev", 4, "test"), "/fields/System.Title", "y");
    auto const reply = exchange.write("PATCH", target, stale, pat);
    EXPECT_EQ(reply.status, 412);
    EXPECT_NE(reply.body.find(
                  "VS403351: Test Operation for path /rev failed, value 1 was not equal to test value 4."),
              std::string::npos);
    auto const fresh = with(with(Json::array(), "/rev", 1, "test"), "/fields/System.Title", "y");
    EXPECT_EQ(Exchange::json(exchange.write("PATCH", target, fresh, pat))["rev"], 2);
}

TEST_F(WorkItemRules, LinksDoNotRaiseTheRevisionOnEitherSide) {
    auto const item = Exchange::json(create(title_patch("child")));
    int const id = item["id"].get<int>();
    Json const link = {{"rel", "System.LinkTypes.Hierarchy-Reverse"},
                       {"url", "https://localhost:1/contoso/_apis/wit/workItems/1"}};
    std::string const target = "/contoso/_apis/wit/workitems/" + std::to_string(id) + "?api-version=7.1";
    auto const linked =
        Exchange::json(exchange.write("PATCH", target, with(Json::array(), "/relations/-", link), pat));
    EXPECT_EQ(linked["rev"], 1);
    auto const parent =
        Exchange::json(exchange.get("/contoso/_apis/wit/workitems/1?$expand=relations&api-version=7.1", pat));
    EXPECT_EQ(parent["rev"], 1);
    EXPECT_EQ(parent["relations"][0]["rel"], "System.LinkTypes.Hierarchy-Forward");
    Json const other = {{"rel", "System.LinkTypes.Hierarchy-Reverse"},
                        {"url", "https://localhost:1/contoso/_apis/wit/workItems/3"}};
    EXPECT_NE(exchange.write("PATCH", target, with(Json::array(), "/relations/-", other), pat)
                  .body.find("TF201036"),
              std::string::npos);
}

TEST_F(WorkItemRules, MarkdownFormatTravelsWithItsContent) {
    auto patch = with(title_patch("x"), "/multilineFieldsFormat/System.Description", "Markdown");
    EXPECT_EQ(create(patch).status, 400);
    auto const item = Exchange::json(create(with(patch, "/fields/System.Description", "## Heading")));
    EXPECT_EQ(item["multilineFieldsFormat"]["System.Description"], "markdown");
}

TEST_F(WorkItemRules, ValidateOnlyStoresNothing) {
    auto const before = exchange.world().find_organization("contoso")->work_items.all().size();
    EXPECT_EQ(create(title_patch("x"), std::string(kTask) + "&validateOnly=true").status, 200);
    EXPECT_EQ(exchange.world().find_organization("contoso")->work_items.all().size(), before);
}

TEST_F(WorkItemRules, ResolvesAssignees) {
    auto const item = Exchange::json(create(
        with(title_patch("x"), "/fields/System.AssignedTo", "Bo Nilsson <bo.nilsson@contoso.example>")));
    EXPECT_EQ(item["fields"]["System.AssignedTo"]["uniqueName"], "bo.nilsson@contoso.example");
    auto const ambiguous = create(with(title_patch("x"), "/fields/System.AssignedTo", "Alex Kim"));
    EXPECT_NE(ambiguous.body.find("is an unknown identity"), std::string::npos);
}

TEST_F(WorkItemRules, AWrittenItemIsInWiqlAtOnceAndInSearchLater) {
    create(title_patch("unmistakable title"));
    auto const wiql = exchange.post(
        "/contoso/Game%20Engine/_apis/wit/wiql?api-version=7.1",
        {{"query", "SELECT [System.Id] FROM WorkItems WHERE [System.Title] = 'unmistakable title'"}},
        pat);
    EXPECT_EQ(Exchange::json(wiql)["workItems"].size(), 1U) << wiql.body;
    Json const search = {{"searchText", "unmistakable"}, {"$top", 5}, {"$skip", 0}};
    auto const target = "/contoso/_apis/search/workitemsearchresults?api-version=7.1";
    EXPECT_EQ(Exchange::json(exchange.post(target, search, pat))["count"], 0);
    exchange.simulator.state().shift_clock(std::chrono::seconds(10));
    EXPECT_EQ(Exchange::json(exchange.post(target, search, pat))["count"], 1);
}

} // namespace
} // namespace simulator::testing
