#include "server/router/connector_document.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace {

using core::Json;

TEST(ConnectorDocument, ReadsWhatItWrites) {
    Json const document = Json::parse(R"({
        "organization": "contoso", "enabled": false,
        "auth": [{"method": "managed_identity", "client_id": "a", "federated_client_id": "b", "federated_tenant_id": "c"},
                 {"method": "oauth", "tenant": "t"}, {"method": "pat"}],
        "projects": ["Web", "Api"], "repositories": ["Web/engine"], "wikis": ["Web.wiki"],
        "read_only": true, "fallback": false, "default_project": "web",
        "confirm_writes": true, "sign_in_role": "user"})");
    auto const config = server::read_connector_document("contoso-prod", document);
    ASSERT_TRUE(config) << config.error().message();
    EXPECT_EQ(server::connector_document(*config), document);
    EXPECT_EQ(config->auth.at(0).federated_tenant_id, "c");
    EXPECT_EQ(config->sign_in_role, core::Role::user);
}

TEST(ConnectorDocument, AnIdentityMayBeNamedByAnyOneOfItsIds) {
    std::string const longest = "/subscriptions/" + std::string(400, 's');
    for (auto const& [member, value] : {std::pair("client_id", std::string("a")),
                                        std::pair("object_id", std::string("b")),
                                        {"resource_id", longest}}) {
        Json method = Json::object();
        method["method"] = "managed_identity";
        method[member] = value;
        Json document = Json::object();
        document["organization"] = "contoso";
        document["auth"] = Json::array({method});
        auto const config = server::read_connector_document("contoso-prod", document);
        ASSERT_TRUE(config) << config.error().message();
        EXPECT_EQ(server::connector_document(*config).at("auth"), document.at("auth"));
    }
}

TEST(ConnectorDocument, NullAndAbsenceMeanTheDefault) {
    auto const config = server::read_connector_document(
        "contoso-prod", Json::parse(R"({"organization": " contoso ", "projects": null, "enabled": null})"));
    ASSERT_TRUE(config);
    EXPECT_EQ(config->organization, "contoso");
    EXPECT_TRUE(config->enabled);
    EXPECT_TRUE(config->fallback);
    EXPECT_TRUE(config->auth.empty());
}

TEST(ConnectorDocument, TakesTheProductsWrapper) {
    Json const wrapped = Json::parse(
        R"({"name": "x-y", "type": "AzureDevOpsOAuth", "properties": {"organization": "contoso", "read_only": true}})");
    Json const flat = server::unwrap_properties(wrapped);
    auto const config = server::read_connector_document("X-Y", flat);
    ASSERT_TRUE(config) << config.error().message();
    EXPECT_EQ(config->organization, "contoso");
    EXPECT_TRUE(config->read_only);
}

TEST(ConnectorDocument, NamesTheMemberThatIsWrong) {
    struct Row {
        char const* text;
        char const* words;
    };
    Row const rows[] = {
        {R"({"organisation": "x"})", "'organisation' is not a member"},
        {R"({"projects": "Web"})", "'projects' must be an array"},
        {R"({"projects": [1]})", "'projects' must be an array"},
        {R"({"enabled": 1})", "'enabled' must be true or false"},
        {R"({"auth": {}})", "'auth' must be an array"},
        {R"({"auth": [1]})", "'auth[0]' must be an object"},
        {R"({"auth": [{"method": "password"}]})", "'auth[0].method' must be"},
        {R"({"auth": [{"method": "pat"}, {"method": "pat"}]})", "a second time"},
        {R"({"auth": [{"method": "oauth", "client_id": "x"}]})", "'auth[0].client_id' is not a member"},
        {R"({"auth": [{"method": "managed_identity", "federated_tenant_id": "x"}]})", "Only one of"},
        {R"({"auth": [{"method": "managed_identity", "client_id": "x", "resource_id": "y"}]})",
         "more than one id"},
        {R"({"projects": ["Web"], "default_project": "Api"})", "not in 'projects'"},
        {R"({"sign_in_role": "owner"})", "'sign_in_role' must be"},
        {R"({"sign_in_role": "user"})", "needs method oauth"},
        {R"({"name": "other"})", "'name' is not that of the address"},
        {R"({"type": "GitHub"})", "'type' must be"},
    };
    for (Row const& row : rows) {
        SCOPED_TRACE(row.text);
        auto const config = server::read_connector_document("contoso-prod", Json::parse(row.text));
        ASSERT_FALSE(config);
        EXPECT_EQ(config.error().kind(), core::ErrorKind::invalid_argument);
        EXPECT_NE(config.error().message().find(row.words), std::string::npos) << config.error().message();
    }
}

TEST(ConnectorDocument, NamesAndOrganizationsFollowTheProductsRules) {
    for (char const* const good : {"abc", "a1-", "Contoso-Prod-2"}) {
        EXPECT_TRUE(server::check_connector_name(good)) << good;
    }
    EXPECT_TRUE(server::check_connector_name(std::string(64, 'a')));
    for (char const* const bad : {"", "ab", "1ab", "-ab", "a b", "a_b", "ä-b"}) {
        EXPECT_FALSE(server::check_connector_name(bad)) << bad;
    }
    EXPECT_FALSE(server::check_connector_name(std::string(65, 'a')));
    ado::OrganizationUrls const urls;
    EXPECT_TRUE(server::check_connector_organization("1contoso", urls));
    EXPECT_EQ(server::check_connector_organization("", urls).error().message(),
              "Organization not configured for this connector");
    EXPECT_EQ(server::check_connector_organization("contoso-", urls).error().code(), "organization_invalid");
    EXPECT_FALSE(server::check_connector_organization(std::string(51, 'a'), urls));
}

} // namespace
