#include "ado/source_url.hpp"

#include <gtest/gtest.h>

namespace {

using ado::SourceUrl;

struct Row {
    char const* text;
    char const* canonical;
    SourceUrl::Kind kind;
};

constexpr auto kRepository = SourceUrl::Kind::repository;
constexpr auto kWiki = SourceUrl::Kind::wiki;

TEST(SourceUrl, TakesEveryFormOfTheCloud) {
    Row const rows[] = {
        {"https://dev.azure.com/contoso/Web/_git/site",
         "https://dev.azure.com/contoso/Web/_git/site",
         kRepository},
        {" https://contoso@dev.azure.com/contoso/Web/_git/site/ ",
         "https://dev.azure.com/contoso/Web/_git/site",
         kRepository},
        {"https://dev.azure.com/contoso/_git/site",
         "https://dev.azure.com/contoso/site/_git/site",
         kRepository},
        {"https://dev.azure.com/contoso/Game%20Engine/_git/my%20repo?path=/docs&version=GBmain#x",
         "https://dev.azure.com/contoso/Game%20Engine/_git/my%20repo",
         kRepository},
        {"https://dev.azure.com/contoso/Game Engine/_git/engine",
         "https://dev.azure.com/contoso/Game%20Engine/_git/engine",
         kRepository},
        {"https://contoso.visualstudio.com/Web/_git/site",
         "https://dev.azure.com/contoso/Web/_git/site",
         kRepository},
        {"https://contoso.visualstudio.com/DefaultCollection/Web/_git/site",
         "https://dev.azure.com/contoso/Web/_git/site",
         kRepository},
        {"https://contoso.visualstudio.com/_git/site",
         "https://dev.azure.com/contoso/site/_git/site",
         kRepository},
        {"https://dev.azure.com/contoso/Web/_wiki/wikis/Web.wiki",
         "https://dev.azure.com/contoso/Web/_wiki/wikis/Web.wiki",
         kWiki},
        {"https://dev.azure.com/contoso/Web/_wiki/wikis/Web.wiki/12/Set-up",
         "https://dev.azure.com/contoso/Web/_wiki/wikis/Web.wiki/12",
         kWiki},
        {"https://contoso.visualstudio.com/Web/_wiki/wikis/Web.wiki/12",
         "https://dev.azure.com/contoso/Web/_wiki/wikis/Web.wiki/12",
         kWiki},
        {"https://dev.azure.com/contoso/Web/_wiki/wikis/Web.wiki?pagePath=%2FHome%2FSet%20up",
         "https://dev.azure.com/contoso/Web/_wiki/wikis/Web.wiki?pagePath=%2FHome%2FSet%20up",
         kWiki},
    };
    for (Row const& row : rows) {
        SCOPED_TRACE(row.text);
        auto const url = ado::parse_source_url(row.text, ado::OrganizationUrls());
        ASSERT_TRUE(url) << url.error().message();
        EXPECT_EQ(url->canonical(), row.canonical);
        EXPECT_EQ(url->kind, row.kind);
        // What it writes it reads again.
        auto const again = ado::parse_source_url(url->canonical(), ado::OrganizationUrls());
        ASSERT_TRUE(again);
        EXPECT_EQ(again->canonical(), row.canonical);
    }
}

TEST(SourceUrl, TakesThoseOfAServerCollection) {
    ado::OrganizationUrls urls;
    urls.base_url = "https://ado.example/tfs/Main";
    auto const url =
        ado::parse_source_url("https://ado.example/tfs/Main/Alpha/_wiki/wikis/Alpha.wiki/7", urls);
    ASSERT_TRUE(url) << url.error().message();
    EXPECT_EQ(url->organization.name(), "Main");
    EXPECT_EQ(url->project, "Alpha");
    EXPECT_EQ(url->name, "Alpha.wiki");
    EXPECT_EQ(url->page_id, 7);
}

TEST(SourceUrl, RefusesWhatIsNoRepositoryAndNoWikiAndSaysWhy) {
    struct Refused {
        char const* text;
        char const* why;
    };
    Refused const rows[] = {
        {"", "empty"},
        {"contoso", "https URL"},
        {"git@ssh.dev.azure.com:v3/contoso/Web/site", "SSH"},
        {"ftp://dev.azure.com/contoso/Web/_git/site", "https URL"},
        {"https://github.com/contoso/site", "not the configured Azure DevOps"},
        {"https://dev.azure.com/contoso/Web", "_git or _wiki"},
        {"https://dev.azure.com/contoso/Web/_git", "repository's name"},
        {"https://dev.azure.com/contoso/Web/_wiki", "/wikis/WIKI"},
        {"https://dev.azure.com/contoso/_wiki/wikis/Web.wiki", "needs its project"},
        {"https://dev.azure.com/contoso/Web/_wiki/wikis/Web.wiki/Home", "page id"},
        {"https://dev.azure.com/contoso/Web/_wiki/wikis/Web.wiki/-1", "page id"},
        {"https://dev.azure.com/contoso/W%zzb/_git/site", "hexadecimal"},
    };
    for (Refused const& row : rows) {
        SCOPED_TRACE(row.text);
        auto const url = ado::parse_source_url(row.text, ado::OrganizationUrls());
        ASSERT_FALSE(url) << url->canonical();
        EXPECT_EQ(url.error().kind(), core::ErrorKind::invalid_argument);
        EXPECT_NE(url.error().message().find(row.why), std::string::npos) << url.error().message();
        EXPECT_EQ(url.error().code(), "source_url_invalid");
    }
}

} // namespace
