#include "ado/organization.hpp"

#include "ado/web_links.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace {

using ado::OrganizationUrls;
using ado::parse_organization;

OrganizationUrls urls(std::string base) {
    OrganizationUrls out;
    out.base_url = std::move(base);
    return out;
}

struct Accepted {
    std::string text;
    std::string name;
};

TEST(Organization, IsReadFromNamesAndCloudUrls) {
    std::vector<Accepted> const table = {
        {"contoso", "contoso"},
        {"  contoso\n", "contoso"},
        {"Contoso-2", "Contoso-2"},
        {"7eleven", "7eleven"},
        {"https://dev.azure.com/contoso", "contoso"},
        {"https://dev.azure.com/contoso/", "contoso"},
        {"https://DEV.azure.com/Contoso/My%20Project/_git/engine?path=/a", "Contoso"},
        {"https://dev.azure.com/contoso/My Project/_wiki", "contoso"},
        {"https://dev.azure.com/contoso/Gr\xC3\xB6\xC3\x9F"
         "e",
         "contoso"},
        {"https://contoso@dev.azure.com/contoso/Project/_git/engine", "contoso"},
        {"dev.azure.com/contoso", "contoso"},
        {"http://dev.azure.com/contoso", "contoso"},
        {"https://contoso.visualstudio.com", "contoso"},
        {"https://contoso.visualstudio.com/DefaultCollection/Project", "contoso"},
    };
    for (Accepted const& row : table) {
        SCOPED_TRACE(row.text);
        auto const organization = parse_organization(row.text, OrganizationUrls());
        ASSERT_TRUE(organization) << organization.error().message();
        EXPECT_EQ(organization->name(), row.name);
        EXPECT_EQ(organization->core_url(), "https://dev.azure.com/" + row.name);
        EXPECT_EQ(organization->search_url(), "https://almsearch.dev.azure.com/" + row.name);
        EXPECT_EQ(organization->identity_url(), "https://vssps.dev.azure.com/" + row.name);
    }
}

TEST(Organization, NamesCompareWithoutCase) {
    EXPECT_EQ(parse_organization("CONTOSO", OrganizationUrls())->key(), "contoso");
    EXPECT_EQ(parse_organization("https://dev.azure.com/Contoso", OrganizationUrls())->key(), "contoso");
}

TEST(Organization, RefusesWhatIsNoNameAndOtherHosts) {
    std::vector<std::string> const table = {"",
                                            "   ",
                                            "-contoso",
                                            "contoso-",
                                            "con_toso",
                                            "con toso",
                                            "con/toso",
                                            std::string(51, 'a'),
                                            "https://dev.azure.com",
                                            "https://dev.azure.com/",
                                            "https://evil.example/contoso",
                                            "https://dev.azure.com.evil.example/contoso",
                                            "https://dev.azure.com@evil.example/contoso",
                                            "https://a.b.visualstudio.com/",
                                            "https://.visualstudio.com/",
                                            "ftp://dev.azure.com/contoso",
                                            "https://dev.azure.com/con%2Ftoso",
                                            "https://dev.azure.com/%zz"};
    for (std::string const& text : table) {
        SCOPED_TRACE(text);
        auto const organization = parse_organization(text, OrganizationUrls());
        ASSERT_FALSE(organization);
        EXPECT_EQ(organization.error().kind(), core::ErrorKind::invalid_argument);
        EXPECT_FALSE(organization.error().message().empty());
    }
    EXPECT_TRUE(parse_organization(std::string(50, 'a'), OrganizationUrls()));
}

TEST(Organization, LivesUnderATestHostOnLoopback) {
    OrganizationUrls local = urls("https://localhost:9443/core/");
    local.search_url = "https://localhost:9443/search";
    local.identity_url = "https://localhost:9443/identity";
    for (std::string const text :
         {"contoso", "https://localhost:9443/core/contoso/P/_git/r", "localhost:9443/core/contoso"}) {
        SCOPED_TRACE(text);
        auto const organization = parse_organization(text, local);
        ASSERT_TRUE(organization) << organization.error().message();
        EXPECT_EQ(organization->name(), "contoso");
        EXPECT_EQ(organization->core_url(), "https://localhost:9443/core/contoso");
        EXPECT_EQ(organization->search_url(), "https://localhost:9443/search/contoso");
        EXPECT_EQ(organization->identity_url(), "https://localhost:9443/identity/contoso");
    }
    EXPECT_FALSE(parse_organization("https://localhost:9444/core/contoso", local));
    EXPECT_FALSE(parse_organization("https://localhost:9443/corehole/contoso", local));
    EXPECT_EQ(parse_organization("x", urls("https://localhost:9443"))->core_url(),
              "https://localhost:9443/x");
}

TEST(Organization, IsACollectionOfAServerWhichAlsoAnswersSearch) {
    OrganizationUrls const server = urls("https://tfs.example.net/tfs/DefaultCollection");
    for (std::string const text : {"DefaultCollection",
                                   "defaultcollection",
                                   "https://tfs.example.net/tfs/DefaultCollection",
                                   "https://tfs.example.net/tfs/DefaultCollection/Project/_git/engine"}) {
        SCOPED_TRACE(text);
        auto const organization = parse_organization(text, server);
        ASSERT_TRUE(organization) << organization.error().message();
        EXPECT_EQ(organization->key(), "defaultcollection");
        EXPECT_EQ(organization->core_url(), "https://tfs.example.net/tfs/DefaultCollection");
        EXPECT_EQ(organization->search_url(), organization->core_url());
        EXPECT_EQ(organization->identity_url(), organization->core_url());
    }
    auto const second =
        parse_organization("https://tfs.example.net/tfs/Second/P", urls("https://tfs.example.net/tfs"));
    ASSERT_TRUE(second);
    EXPECT_EQ(second->core_url(), "https://tfs.example.net/tfs/Second");
}

TEST(Organization, SaysWhichConfiguredUrlIsWrong) {
    auto const organization = parse_organization("contoso", urls("dev.azure.com"));
    ASSERT_FALSE(organization);
    EXPECT_NE(organization.error().message().find("azure_devops.base_url"), std::string::npos);
}

TEST(WebLinks, MarkTheLinesOfAFileAtACommit) {
    auto const organization = parse_organization("contoso", OrganizationUrls());
    std::string const commit(40, 'c');
    EXPECT_EQ(ado::file_url(*organization,
                            "My Project",
                            "engine",
                            "/src/a b.cpp",
                            ado::VersionDescriptor(ado::VersionType::commit, commit),
                            10,
                            12),
              "https://dev.azure.com/contoso/My%20Project/_git/engine?path=/src/a%20b.cpp&version=GC" +
                  commit +
                  "&line=10&lineEnd=13&lineStartColumn=1&lineEndColumn=1&lineStyle=plain&_a=contents");
    EXPECT_EQ(ado::file_url(*organization,
                            "P",
                            "r",
                            "a&b#c",
                            ado::VersionDescriptor(ado::VersionType::branch, "feature/x"),
                            3,
                            3,
                            20),
              "https://dev.azure.com/contoso/P/_git/r?path=/a%26b%23c&version=GBfeature/x"
              "&line=3&lineEnd=3&lineStartColumn=1&lineEndColumn=20&lineStyle=plain&_a=contents");
    EXPECT_EQ(ado::file_url(*organization, "P", "r", "/a", ado::VersionDescriptor(), 0, 0),
              "https://dev.azure.com/contoso/P/_git/r?path=/a&_a=contents");
}

TEST(WebLinks, OpenAWorkItemUnderItsProjectsName) {
    auto const organization = parse_organization("contoso", OrganizationUrls());
    EXPECT_EQ(ado::work_item_url(*organization, "My Project", 973),
              "https://dev.azure.com/contoso/My%20Project/_workitems/edit/973");
    EXPECT_EQ(ado::work_item_url(*organization, "", 973),
              "https://dev.azure.com/contoso/_workitems/edit/973");
    EXPECT_EQ(ado::work_item_api_url(*organization, 41),
              "https://dev.azure.com/contoso/_apis/wit/workItems/41");
}

} // namespace
