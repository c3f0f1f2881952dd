#include "server/router/url_arguments.hpp"

#include "server/tools/tools.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <string>
#include <vector>

namespace {

using core::Json;

class UrlArgumentsTest : public testing::Test {
protected:
    Json split(server::OrganizationTool const& tool, Json args) {
        server::take_urls_apart(args, tool.descriptor().input_schema, directory_);
        return args;
    }

    server::OrganizationDirectory directory_{ado::OrganizationUrls(), {}};
    std::unique_ptr<server::OrganizationTool> read_ = server::make_read_file_tool();
    std::unique_ptr<server::OrganizationTool> search_ = server::make_search_code_tool();
    std::unique_ptr<server::OrganizationTool> item_ = server::make_get_work_item_tool();
    std::unique_ptr<server::OrganizationTool> create_ = server::make_create_work_item_tool();
};

TEST_F(UrlArgumentsTest, AFilesAddressSaysEverythingInAnyPlace) {
    std::string const url =
        "https://dev.azure.com/contoso/Web%20Shop/_git/engine?path=/src/a.c&version=GBdev&line=3&lineEnd=6"
        "&lineStartColumn=1&lineEndColumn=1&lineStyle=plain&_a=contents";
    Json const expected = Json::parse(R"({"organization":"contoso","project":"Web Shop","repository":"engine",
        "path":"/src/a.c","ref":"dev","start_line":3,"end_line":5})");
    for (char const* const name : {"path", "repository", "project", "organization"}) {
        EXPECT_EQ(split(*read_, Json{{name, url}}), expected) << name;
    }
    Json own = expected;
    own["ref"] = "main";
    own["start_line"] = 1;
    EXPECT_EQ(split(*read_, Json{{"path", url}, {"ref", "main"}, {"start_line", 1}}), own)
        << "what is given stays";
}

TEST_F(UrlArgumentsTest, OnlyArgumentsOfTheToolAreFilled) {
    EXPECT_EQ(split(*search_,
                    Json{{"query", "x"},
                         {"repository", "https://contoso.visualstudio.com/Web/_git/engine?version=GBdev"}}),
              Json::parse(R"({"query":"x","organization":"contoso","project":"Web","repository":"engine",
                  "branch":"dev"})"));
    EXPECT_EQ(split(*item_, Json{{"id", "https://dev.azure.com/contoso/Web/_workitems/edit/42"}})["id"], 42);
    EXPECT_EQ(
        split(*item_, Json{{"organization", "https://dev.azure.com/contoso/Web/_workitems/edit/42"}})["id"],
        42);
    EXPECT_EQ(
        split(*create_,
              Json{{"title", "t"}, {"parent_id", "https://dev.azure.com/contoso/Web/_workitems/edit/7"}}),
        Json::parse(R"({"title":"t","organization":"contoso","project":"Web","parent_id":7})"));
}

TEST_F(UrlArgumentsTest, EachFileMayBeAnAddress) {
    Json args = {{"files",
                  {{{"path", "https://dev.azure.com/contoso/Web/_git/engine?path=/a.c&line=2"}},
                   {{"path", "https://dev.azure.com/contoso/Web/_git/tools?path=/b.c&version=GTv1"}}}}};
    EXPECT_EQ(split(*read_, args), Json::parse(R"({"organization":"contoso","project":"Web","files":[
                  {"path":"/a.c","repository":"engine","start_line":2,"end_line":2},
                  {"path":"/b.c","repository":"tools","ref":"tag:v1"}]})"));
}

TEST_F(UrlArgumentsTest, WhatContradictsOrCannotBeUnderstoodIsRefusedAndNotSent) {
    std::string const url = "https://dev.azure.com/contoso/Web/_git/engine?path=/a.c";
    struct Row {
        Json args;
        char const* words;
    };
    for (Row const& row :
         {Row{{{"path", url}, {"project", "Payroll"}}, "another argument says otherwise"},
          Row{{{"path", url}, {"organization", "fabrikam"}}, "another argument says otherwise"},
          Row{{{"path", url}, {"repository", "vault"}}, "another argument says otherwise"},
          Row{{{"repository", "https://dev.azure.com/contoso/Web"}}, "names none"},
          Row{{{"repository", "https://github.com/contoso/engine"}}, "not the configured Azure DevOps"},
          Row{{{"files", {{{"path", "https://github.com/x/y"}}}}}, "not the configured Azure DevOps"}}) {
        SCOPED_TRACE(row.args.dump());
        Json const left = split(*read_, row.args);
        EXPECT_EQ(left, row.args);
        auto const refused = server::refuse_left_urls(left, directory_);
        ASSERT_FALSE(refused);
        EXPECT_NE(refused.error().message().find(row.words), std::string::npos) << refused.error().message();
    }
    EXPECT_TRUE(server::refuse_left_urls(Json{{"path", "/a.c"}, {"project", "Web"}}, directory_));
    Json const same =
        split(*read_, Json{{"path", url}, {"organization", "https://contoso.visualstudio.com"}});
    EXPECT_EQ(same["organization"], "contoso");
    EXPECT_EQ(same["path"], "/a.c");
}

TEST_F(UrlArgumentsTest, OtherTextsStayWhatTheyAre) {
    Json const args = {{"title", "https://dev.azure.com/contoso/Web"},
                       {"links", {{{"url", "https://dev.azure.com/contoso/Web/_workitems/edit/1"}}}}};
    EXPECT_EQ(split(*create_, args), args);
}

} // namespace
