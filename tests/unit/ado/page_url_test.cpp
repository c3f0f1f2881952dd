#include "ado/page_url.hpp"

#include "ado/web_links.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace {

ado::PageUrl parse(std::string const& text, ado::OrganizationUrls const& urls = {}) {
    auto page = ado::parse_page_url(text, urls);
    EXPECT_TRUE(page) << text << ": " << (page ? "" : core::describe(page.error()));
    return page ? *page : ado::PageUrl(*ado::parse_organization("nowhere", urls));
}

TEST(PageUrl, NamesWhatThePageIsAbout) {
    struct Row {
        char const* url;
        char const* organization;
        char const* project;
        char const* repository;
        char const* path;
        char const* version;
    };
    std::string const commit(40, 'a');
    std::string const at_commit =
        "https://dev.azure.com/contoso/Web/_git/engine?path=/a%20b.c&version=GC" + commit + "&_a=contents";
    std::string const commit_page = "https://dev.azure.com/contoso/Web/_git/engine/commit/" + commit;
    for (Row const& row : std::vector<Row>{
             {"https://dev.azure.com/contoso", "contoso", "", "", "", ""},
             {"dev.azure.com/contoso/", "contoso", "", "", "", ""},
             {"https://dev.azure.com/contoso/Game%20Engine", "contoso", "Game Engine", "", "", ""},
             {"https://contoso.visualstudio.com/Web/_git/engine", "contoso", "Web", "engine", "", ""},
             {"https://contoso.visualstudio.com/DefaultCollection/Web/_git/engine",
              "contoso",
              "Web",
              "engine",
              "",
              ""},
             {"https://ada@dev.azure.com/contoso/Web/_git/engine", "contoso", "Web", "engine", "", ""},
             {"https://dev.azure.com/contoso/_git/engine", "contoso", "engine", "engine", "", ""},
             {"https://dev.azure.com/contoso/Web/_git/engine?path=/src/a.c&version=GBfeature%2Fx",
              "contoso",
              "Web",
              "engine",
              "/src/a.c",
              "feature/x"},
             {"https://dev.azure.com/contoso/Web/_git/engine?version=GTv1.0&path=%2Fa.c",
              "contoso",
              "Web",
              "engine",
              "/a.c",
              "v1.0"},
             {at_commit.c_str(), "contoso", "Web", "engine", "/a b.c", commit.c_str()},
             {commit_page.c_str(), "contoso", "Web", "engine", "", commit.c_str()},
             {"https://dev.azure.com/contoso/Web/Team%20A/_backlogs", "contoso", "Web", "", "", ""},
             {"https://dev.azure.com/contoso/Web/_build/results?buildId=1", "contoso", "Web", "", "", ""},
         }) {
        SCOPED_TRACE(row.url);
        ado::PageUrl const page = parse(row.url);
        EXPECT_EQ(page.organization.name(), row.organization);
        EXPECT_EQ(page.project, row.project);
        EXPECT_EQ(page.repository, row.repository);
        EXPECT_EQ(page.path, row.path);
        EXPECT_EQ(page.version.version, row.version);
        EXPECT_FALSE(page.work_item);
        EXPECT_EQ(page.start_line, 0U);
    }
}

TEST(PageUrl, ReadsTheLinesOurOwnLinksMark) {
    ado::Organization const contoso = *ado::parse_organization("contoso", {});
    ado::VersionDescriptor const main(ado::VersionType::branch, "main");
    ado::PageUrl const page = parse(ado::file_url(contoso, "Web", "engine", "/src/a.c", main, 10, 12));
    EXPECT_EQ(page.path, "/src/a.c");
    EXPECT_EQ(page.version, main);
    EXPECT_EQ(page.start_line, 10U);
    EXPECT_EQ(page.end_line, 12U);
    ado::PageUrl const one = parse("https://dev.azure.com/contoso/Web/_git/engine?path=/a&line=7");
    EXPECT_EQ(one.start_line, 7U);
    EXPECT_EQ(one.end_line, 7U);
}

TEST(PageUrl, FindsWorkItemsAndWikiPages) {
    for (char const* const url :
         {"https://dev.azure.com/contoso/Web/_workitems/edit/42",
          "https://dev.azure.com/contoso/_workitems/edit/42/",
          "https://dev.azure.com/contoso/Web/_workitems?id=42&_a=edit",
          "https://dev.azure.com/contoso/_apis/wit/workItems/42",
          "https://contoso.visualstudio.com/Web/_workitems/edit/42",
          "https://dev.azure.com/contoso/Web/_boards/board/t/Team/Stories?workitem=42"}) {
        EXPECT_EQ(parse(url).work_item, 42) << url;
    }
    ado::PageUrl const page = parse("https://dev.azure.com/contoso/Web/_wiki/wikis/Web.wiki/12/Home");
    EXPECT_EQ(page.wiki, "Web.wiki");
    EXPECT_EQ(page.page_id, 12);
    EXPECT_EQ(parse("https://dev.azure.com/contoso/Web/_wiki/wikis/Web.wiki?pagePath=%2FA%2FB").page_path,
              "/A/B");
}

TEST(PageUrl, KnowsAServersCollectionAndItsLinks) {
    ado::OrganizationUrls urls;
    urls.base_url = "https://ado.example.com/tfs/DefaultCollection";
    ado::PageUrl const page =
        parse("https://ado.example.com/tfs/DefaultCollection/Web/_git/engine?path=/a.c", urls);
    EXPECT_EQ(page.organization.name(), "DefaultCollection");
    EXPECT_EQ(page.organization.core_url(), "https://ado.example.com/tfs/DefaultCollection");
    EXPECT_EQ(page.organization.search_url(), page.organization.core_url()) << "search is on the same base";
    EXPECT_EQ(page.project, "Web");
    EXPECT_EQ(page.repository, "engine");
    EXPECT_EQ(page.path, "/a.c");
}

TEST(PageUrl, RefusesOtherHostsAndBrokenOnes) {
    for (char const* const url : {"https://github.com/contoso/engine",
                                  "https://dev.azure.com.evil.example/contoso",
                                  "https://dev.azure.com/contoso/%zz",
                                  "ftp://dev.azure.com/contoso",
                                  "https://"}) {
        EXPECT_FALSE(ado::parse_page_url(url, {})) << url;
    }
}

TEST(PageUrl, TellsAddressesFromNamesAndPaths) {
    for (char const* const url :
         {"https://dev.azure.com/x", "HTTP://x", "dev.azure.com/x", "x.visualstudio.com"}) {
        EXPECT_TRUE(ado::is_page_url(url)) << url;
    }
    for (char const* const name :
         {"engine", "/src/https:/x", "docs/a.md", "contoso.wiki", "", "Game Engine"}) {
        EXPECT_FALSE(ado::is_page_url(name)) << name;
    }
}

} // namespace
