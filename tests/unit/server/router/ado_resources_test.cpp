#include "server/router/ado_resources.hpp"

#include "connected.hpp"
#include "core/text/base64.hpp"

namespace {

using core::Json;
using protocol::ResourceResult;

std::string const kCommit = "0123456789abcdef0123456789abcdef01234567";

Json file(std::string const& content) {
    return Json{
        {"objectId", "89abcdef0123456789abcdef0123456789abcdef"},
        {"gitObjectType", "blob"},
        {"commitId", kCommit},
        {"path", "/src/a.md"},
        {"content", content},
        {"contentMetadata", {{"encoding", 65001}, {"isBinary", false}, {"contentType", "text/markdown"}}}};
}

class AdoResourcesTest : public testing::Test {
protected:
    ResourceResult read(std::string_view uri) {
        core::Principal const caller("agent", "agent", core::Role::reader);
        protocol::SilentClient client{protocol::ClientFeatures()};
        protocol::ResourceRead const call(uri, caller, at_.ctx, client);
        return at_.loop.run(resources_.read(call));
    }

    std::string requested() const { return at_.http.requests().at(0).url; }

    test::Connected at_;
    server::AdoResources resources_{at_.directory, at_.limits, false};
};

TEST_F(AdoResourcesTest, ListsEachOrganizationAndTheTemplateOfFiles) {
    at_.connect("contoso");
    at_.connect("fabrikam");
    auto const listed = resources_.resources();
    ASSERT_EQ(listed.size(), 2U);
    EXPECT_EQ(listed[0].uri, "ado://contoso");
    EXPECT_EQ(listed[0].name, "contoso");
    EXPECT_EQ(listed[0].mime_type, "application/json");
    EXPECT_EQ(listed[1].uri, "ado://fabrikam");
    ASSERT_EQ(resources_.templates().size(), 1U);
    EXPECT_EQ(resources_.templates()[0].uri_template,
              "ado://{organization}/{project}/{repository}/{+path}{?version}");
}

TEST_F(AdoResourcesTest, AnOrganizationSaysHowItStandsAndWhatMayBeDone) {
    server::ConnectorPolicy policy;
    policy.projects = {"Web"};
    policy.default_project = "Web";
    policy.confirm_writes = true;
    at_.connect("contoso", policy).current.identity = "ada@contoso.example";
    auto const result = read("ado://contoso");
    ASSERT_EQ(result.contents.size(), 1U);
    EXPECT_EQ(result.contents[0].mime_type, "application/json");
    Json const report = Json::parse(result.contents[0].text);
    EXPECT_EQ(report.at("name"), "contoso");
    EXPECT_EQ(report.at("state"), "connected");
    EXPECT_EQ(report.at("method"), "oauth");
    EXPECT_EQ(report.at("identity"), "ada@contoso.example");
    EXPECT_EQ(report.at("projects"), Json::array({"Web"}));
    EXPECT_EQ(report.at("default_project"), "Web");
    EXPECT_EQ(report.at("read_only"), false);
    EXPECT_EQ(report.at("confirm_writes"), true);
    EXPECT_TRUE(at_.http.requests().empty());
}

TEST_F(AdoResourcesTest, ReadsAFileAtABranchTagOrCommit) {
    at_.connect("contoso");
    for (auto const& [query, version] : std::vector<std::pair<std::string, std::string>>{
             {"", ""},
             {"?version=feature%2Fx", "version=feature%2Fx&versionDescriptor.versionType=branch"},
             {"?version=tag:v1", "version=v1&versionDescriptor.versionType=tag"},
             {"?version=" + kCommit, "version=" + kCommit + "&versionDescriptor.versionType=commit"}}) {
        SCOPED_TRACE(query);
        at_.respond(file("# Title\n"));
        auto const result = read("ado://contoso/Web%20Shop/site/src/a.md" + query);
        ASSERT_EQ(result.contents.size(), 1U);
        EXPECT_EQ(result.contents[0].uri, "ado://contoso/Web%20Shop/site/src/a.md" + query);
        EXPECT_EQ(result.contents[0].text, "# Title\n");
        EXPECT_EQ(result.contents[0].mime_type, "text/markdown");
        EXPECT_EQ(result.contents[0].meta.at("ado-mcpd/commit"), kCommit);
        EXPECT_EQ(result.contents[0].meta.at("/ado-mcpd~1identity/identity"_json_pointer),
                  "ada@contoso.example");
        std::string const& url = at_.http.requests().back().url;
        EXPECT_NE(url.find("/contoso/Web%20Shop/_apis/git/repositories/site/items?path=%2Fsrc%2Fa.md"),
                  std::string::npos)
            << url;
        EXPECT_NE(url.find(version), std::string::npos) << url;
        EXPECT_EQ(result.ttl.count() > 0, version.ends_with("=commit"));
    }
}

TEST_F(AdoResourcesTest, TakesInvisibleCharactersOutAndSaysSo) {
    at_.connect("contoso");
    at_.respond(file("a\xE2\x80\x8B"
                     "b"));
    auto const result = read("ado://contoso/Web/site/a.md");
    ASSERT_EQ(result.contents.size(), 1U);
    EXPECT_EQ(result.contents[0].text, "ab");
    EXPECT_EQ(result.contents[0].meta.at("ado-mcpd/removed_characters"), 1);
    EXPECT_EQ(result.contents[0].meta.at("ado-mcpd/untrusted"), true);
}

TEST_F(AdoResourcesTest, ABinaryFileComesAsItsBytes) {
    at_.connect("contoso");
    Json item = file("ignored");
    item["contentMetadata"]["isBinary"] = true;
    item["contentMetadata"]["contentType"] = "image/png";
    at_.respond(item);
    std::string const bytes("\x89PNG\0\xFF", 6);
    at_.http.respond(200, bytes, {{"Content-Type", "application/octet-stream"}});
    auto const result = read("ado://contoso/Web/site/logo.png");
    ASSERT_EQ(result.contents.size(), 1U);
    EXPECT_TRUE(result.contents[0].is_binary);
    EXPECT_EQ(result.contents[0].mime_type, "image/png");
    EXPECT_EQ(core::base64_decode(result.contents[0].text), bytes);
}

TEST_F(AdoResourcesTest, AFileThatIsTooLargeSaysWhatToDoInstead) {
    at_.connect("contoso");
    at_.limits.answer_bytes = 4096;
    at_.respond(file(std::string(5000, 'x')));
    auto const result = read("ado://contoso/Web/site/a.md");
    ASSERT_TRUE(result.refusal);
    EXPECT_EQ(result.refusal->code, -32602);
    EXPECT_NE(result.refusal->message.find("5000 bytes"), std::string::npos) << result.refusal->message;
    EXPECT_NE(result.refusal->message.find("read_file"), std::string::npos);
    EXPECT_EQ(result.refusal->data.at("uri"), "ado://contoso/Web/site/a.md");
}

TEST_F(AdoResourcesTest, NothingOutsideItsPlaceIsAskedFor) {
    at_.connect("contoso");
    for (std::string_view const uri : {"ado://contoso/Web/site/../../x",
                                       "ado://contoso/Web/site/%2e%2e/x",
                                       "ado://contoso/../site/x",
                                       "ado://contoso/Web/site/a%2F..%2Fb",
                                       "ado://contoso/Web/site//x",
                                       "ado://contoso/Web/site/a%00b",
                                       "ado://contoso/Web/site/a%5C..%5Cb",
                                       "ado://contoso/Web/site/a%zz",
                                       "ado://contoso/Web/site/a%ff",
                                       "ado://contoso/Web/site/a#b",
                                       "ado://contoso/Web/site/a?path=/etc",
                                       "ado://contoso/Web/site/a?version=x&version=y",
                                       "ado://contoso/Web/site/a?version=%0a",
                                       "ado://contoso/",
                                       "ado://https:%2F%2Fdev.azure.com%2Fcontoso"}) {
        SCOPED_TRACE(uri);
        auto const result = read(uri);
        ASSERT_TRUE(result.refusal);
        EXPECT_EQ(result.refusal->code, -32602);
        EXPECT_TRUE(result.contents.empty());
    }
    EXPECT_TRUE(at_.http.requests().empty());
}

TEST_F(AdoResourcesTest, WhatIsNotThereIsNotFound) {
    at_.connect("contoso");
    at_.http.respond(
        404,
        R"({"message":"TF401174: The item '/x' could not be found","typeKey":"GitItemNotFoundException"})",
        {{"Content-Type", "application/json"}});
    for (std::string_view const uri : {"ado://contoso/Web/site/x",
                                       "ado://initech",
                                       "ado://initech/Web/site/x",
                                       "ado://contoso/Web",
                                       "ado://contoso/Web/site",
                                       "ado://contoso?version=x"}) {
        SCOPED_TRACE(uri);
        EXPECT_TRUE(resources_.owns(uri));
        auto const result = read(uri);
        EXPECT_FALSE(result.refusal);
        EXPECT_TRUE(result.contents.empty());
    }
    EXPECT_EQ(at_.http.requests().size(), 1U);
}

TEST_F(AdoResourcesTest, OnlyAllowedProjectsAreRead) {
    server::ConnectorPolicy policy;
    policy.projects = {"Web"};
    at_.connect("contoso", policy);
    for (std::string_view const uri :
         {"ado://contoso/Payroll/site/x", "ado://contoso/Web/0f3b1c2d-0000-4000-8000-000000000001/x"}) {
        SCOPED_TRACE(uri);
        auto const result = read(uri);
        ASSERT_TRUE(result.refusal);
        EXPECT_EQ(result.refusal->data.at("code"), "project_not_allowed");
    }
    EXPECT_TRUE(at_.http.requests().empty());
    at_.respond(file("x"));
    EXPECT_EQ(read("ado://contoso/web/site/x").contents.size(), 1U);
}

TEST_F(AdoResourcesTest, AFolderIsNoFile) {
    at_.connect("contoso");
    at_.respond(Json{{"objectId", "1"}, {"path", "/src"}, {"isFolder", true}, {"gitObjectType", "tree"}});
    auto const result = read("ado://contoso/Web/site/src");
    ASSERT_TRUE(result.refusal);
    EXPECT_NE(result.refusal->message.find("is a folder"), std::string::npos);
}

TEST_F(AdoResourcesTest, ACredentialThatIsRefusedComesWithItsFix) {
    auto& provider = at_.connect("contoso");
    provider.refuse(auth::ProviderState::sign_in_required, "the sign-in ran out");
    auto const result = read("ado://contoso/Web/site/x");
    ASSERT_TRUE(result.refusal);
    EXPECT_EQ(result.refusal->code, -32603);
    EXPECT_NE(result.refusal->message.find("the sign-in ran out"), std::string::npos);
}

TEST_F(AdoResourcesTest, OrganizationsCanBeSubscribedTo) {
    at_.connect("contoso");
    EXPECT_TRUE(resources_.can_subscribe("ado://contoso"));
    EXPECT_FALSE(resources_.can_subscribe("ado://initech"));
    EXPECT_FALSE(resources_.can_subscribe("ado://contoso/Web/site/x"));
    EXPECT_FALSE(resources_.can_subscribe("skill://a/SKILL.md"));
}

} // namespace
