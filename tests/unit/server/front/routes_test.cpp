#include "server/front/routes.hpp"

#include <gtest/gtest.h>

namespace {

using server::Route;
using server::RouteMatch;
using server::RouteTable;

class Routes : public testing::Test {
protected:
    Routes() {
        add("GET", "/");
        add("POST", "/mcp");
        add("GET", "/api/v1/azuredevops/auth");
        add("GET", "/api/v1/azuredevops/auth/{organization}");
        add("DELETE", "/api/v1/azuredevops/auth/{organization}");
        add("POST", "/api/v1/azuredevops/auth/pat");
        add("GET", "/api/v1/azuredevops/auth/oauth/flows/{flow_id}");
    }
    void add(char const* method, char const* pattern) {
        table.add(Route(method, pattern, core::Role::reader, nullptr));
    }
    std::string pattern_of(std::string_view method, std::string_view path) const {
        RouteMatch const match = table.match(method, path);
        return match.route == nullptr ? "" : match.route->pattern;
    }
    RouteTable table;
};

TEST_F(Routes, MatchesWithoutCaseAndWithOrWithoutATrailingSlash) {
    EXPECT_EQ(pattern_of("POST", "/api/v1/AzureDevOps/auth/pat"), "/api/v1/azuredevops/auth/pat");
    EXPECT_EQ(pattern_of("POST", "/API/V1/AZUREDEVOPS/AUTH/PAT/"), "/api/v1/azuredevops/auth/pat");
    EXPECT_EQ(pattern_of("POST", "/MCP"), "/mcp");
    EXPECT_EQ(pattern_of("POST", "/%6Dcp"), "/mcp");
    EXPECT_EQ(pattern_of("GET", "/"), "/");
}

TEST_F(Routes, DecodesParametersAfterSplitting) {
    RouteMatch const match =
        table.match("GET", "/api/v1/azuredevops/auth/https%3A%2F%2Fdev.azure.com%2FContoso");
    ASSERT_NE(match.route, nullptr);
    ASSERT_EQ(match.parameters.size(), 1U);
    EXPECT_EQ(match.parameters[0].first, "organization");
    EXPECT_EQ(match.parameters[0].second, "https://dev.azure.com/Contoso");
}

TEST_F(Routes, TellsOtherMethodsFromUnknownPaths) {
    RouteMatch const wrong_method = table.match("PUT", "/api/v1/azuredevops/auth/contoso");
    EXPECT_EQ(wrong_method.route, nullptr);
    EXPECT_EQ(wrong_method.allowed, (std::vector<std::string>{"GET", "DELETE", "HEAD"}));
    for (char const* const path :
         {"/nothing", "/mcp/x", "/api/v1/azuredevops/auth//x", "//mcp", "mcp", "*", "", "/%zz"}) {
        SCOPED_TRACE(path);
        EXPECT_TRUE(table.match("GET", path).allowed.empty());
    }
}

TEST_F(Routes, PrefersALiteralPathWithoutHidingTheOthersMethods) {
    EXPECT_EQ(pattern_of("POST", "/api/v1/azuredevops/auth/pat"), "/api/v1/azuredevops/auth/pat");
    EXPECT_EQ(pattern_of("GET", "/api/v1/azuredevops/auth/pat"), "/api/v1/azuredevops/auth/{organization}");
    add("GET", "/api/v1/azuredevops/auth/device");
    EXPECT_EQ(pattern_of("GET", "/api/v1/azuredevops/auth/device"), "/api/v1/azuredevops/auth/device");
}

TEST_F(Routes, SendsHeadToTheHandlerOfGet) {
    EXPECT_EQ(pattern_of("HEAD", "/api/v1/azuredevops/auth"), "/api/v1/azuredevops/auth");
    EXPECT_EQ(pattern_of("HEAD", "/mcp"), "");
}

} // namespace
