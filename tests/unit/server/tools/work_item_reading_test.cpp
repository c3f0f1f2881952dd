#include "fixture.hpp"

#include "server/tools/work_item_query.hpp"

namespace {

using namespace tools_test;

Json list_of(Json values) {
    Json list = Json::object();
    list["count"] = values.size();
    list["value"] = std::move(values);
    return list;
}

void respond_error(ToolTest& test, int status, std::string const& message) {
    test.http.respond(status,
                      Json{{"$id", "1"}, {"message", message}, {"typeKey", "SomeException"}}.dump(),
                      {{"Content-Type", "application/json; charset=utf-8"}});
}

Json item_json(int id,
               std::string const& title = "Crash on empty header",
               std::string const& project = "Web") {
    Json fields{{"System.TeamProject", project},
                {"System.WorkItemType", "Bug"},
                {"System.Title", title},
                {"System.State", "Active"},
                {"System.AreaPath", project + "\\Api"},
                {"System.IterationPath", project},
                {"System.Tags", "net; regression"},
                {"System.AssignedTo", {{"displayName", "Ada Palmer"}, {"uniqueName", "ada@contoso.example"}}},
                {"System.ChangedDate", "2026-03-31T18:36:26.23Z"}};
    return Json{{"id", id}, {"rev", 7}, {"fields", std::move(fields)}};
}

// get_work_item

class GetTest : public ToolTest {
public:
    GetTest() : ToolTest(server::make_get_work_item_tool()) {}
};

Json whole_item() {
    Json json = item_json(42);
    json["fields"].update(
        Json{{"System.Description", "<div>First</div><div>see <b>this</b> &lt;x&gt;</div>"},
             {"Custom.Notes", "# Title\n\n`code`"},
             {"Microsoft.VSTS.Common.Priority", 2},
             {"Custom.Done", true},
             {"Custom.Reviewer", {{"displayName", "Bo"}, {"uniqueName", "bo@contoso.example"}}},
             {"System.CreatedBy", {{"displayName", "Zoe"}}},
             {"System.Parent", 41},
             {"System.Watermark", 99},
             {"WEF_1_Kanban.Column", "x"}});
    json["multilineFieldsFormat"] = {{"Custom.Notes", "markdown"}};
    return json;
}

TEST(GetWorkItem, ShowsTheItemInOneRequest) {
    GetTest test;
    test.respond(whole_item());
    Json const answer = test.structured({{"id", 42}});
    EXPECT_EQ(answer["id"], 42);
    EXPECT_EQ(answer["rev"], 7);
    EXPECT_EQ(answer["url"], "https://dev.azure.com/contoso/Web/_workitems/edit/42");
    EXPECT_EQ(answer["type"], "Bug");
    EXPECT_EQ(answer["assigned_to"], "Ada Palmer <ada@contoso.example>");
    EXPECT_EQ(answer["created_by"], "Zoe");
    EXPECT_EQ(answer["parent_id"], 41);
    EXPECT_EQ(answer["tags"], Json::array({"net", "regression"}));
    Json const expected{{"System.Description", "First\nsee this <x>"},
                        {"Custom.Notes", "# Title\n\n`code`"},
                        {"Microsoft.VSTS.Common.Priority", 2},
                        {"Custom.Done", true},
                        {"Custom.Reviewer", "Bo <bo@contoso.example>"}};
    EXPECT_EQ(answer["fields"], expected);
    EXPECT_FALSE(answer.contains("comments"));
    EXPECT_EQ(test.http.requests().size(), 1U);
    EXPECT_NE(test.text.find("Bug 42 https://dev.azure.com/contoso/Web/_workitems/edit/42\n[begin "),
              std::string::npos)
        << test.text;
    for (std::string const part : {"\nassigned_to: Ada Palmer <ada@contoso.example>\n",
                                   "\ntags: net; regression\n",
                                   "\nSystem.Description:\nFirst\nsee this <x>\n",
                                   "\nMicrosoft.VSTS.Common.Priority: 2\n",
                                   "\nparent_id: 41\n"}) {
        EXPECT_NE(test.text.find(part), std::string::npos) << part << test.text;
    }
}

TEST(GetWorkItem, FindsFieldsByTheNamesPeopleUse) {
    GetTest test;
    test.respond(whole_item());
    Json const answer = test.structured(
        {{"id", 42}, {"fields", {"priority", "Assigned To", "system.watermark", "Reviewr", "Severity"}}});
    Json const expected{{"Microsoft.VSTS.Common.Priority", 2},
                        {"System.AssignedTo", "Ada Palmer <ada@contoso.example>"},
                        {"System.Watermark", 99}};
    EXPECT_EQ(answer["fields"], expected);
    EXPECT_FALSE(answer.contains("area_path"));
    EXPECT_TRUE(mentions(notes_of(answer), "'Reviewr' has no value on this item; did you mean 'Reviewer'?"));
    EXPECT_TRUE(mentions(notes_of(answer), "'Severity' has no value"));
}

TEST(GetWorkItem, BringsRelationsAndCommentsAlong) {
    GetTest test;
    Json item = item_json(42);
    item["relations"] = {
        {{"rel", "System.LinkTypes.Hierarchy-Reverse"},
         {"url", "https://dev.azure.com/contoso/_apis/wit/workItems/41"},
         {"attributes", {{"name", "Parent"}, {"comment", "why"}}}},
        {{"rel", "Hyperlink"}, {"url", "https://x.example/a"}, {"attributes", Json::object()}}};
    test.respond(item);
    test.respond(Json{{"totalCount", 3},
                      {"count", 1},
                      {"comments",
                       {{{"id", 9},
                         {"text", "<p>It <i>works</i></p>"},
                         {"createdBy", {{"displayName", "Bo"}}},
                         {"createdDate", "2026-04-01T08:00:00Z"}}}}});
    Json const answer = test.structured({{"id", 42}, {"include", {"comments", "relations"}}});
    ASSERT_EQ(answer["relations"].size(), 2U);
    EXPECT_EQ(answer["relations"][0]["name"], "Parent");
    EXPECT_EQ(answer["relations"][0]["id"], 41);
    EXPECT_EQ(answer["relations"][0]["url"], "https://dev.azure.com/contoso/_workitems/edit/41");
    EXPECT_EQ(answer["relations"][0]["comment"], "why");
    EXPECT_EQ(answer["relations"][1]["url"], "https://x.example/a");
    ASSERT_EQ(answer["comments"].size(), 1U);
    EXPECT_EQ(answer["comments"][0]["text"], "It works");
    EXPECT_EQ(answer["comments_total"], 3);
    EXPECT_TRUE(mentions(notes_of(answer), "newest 1 of 3 comments"));
    ASSERT_EQ(test.http.requests().size(), 2U);
    EXPECT_NE(test.http.requests()[0].url.find("$expand=relations"), std::string::npos);
    EXPECT_NE(test.http.requests()[1].url.find("/contoso/Web/_apis/wit/workItems/42/comments"),
              std::string::npos);
    EXPECT_NE(test.text.find("relation: Parent 41 https://"), std::string::npos);
    EXPECT_NE(test.text.find("comment 9 by Bo 2026-04-01T08:00:00Z:\nIt works\n"), std::string::npos);
}

TEST(GetWorkItem, StaysGoodWhenItsCommentsCannotBeRead) {
    GetTest test;
    test.respond(item_json(42));
    respond_error(test, 400, "The requested version is under preview");
    Json const answer = test.structured({{"id", 42}, {"include", {"comments"}}});
    EXPECT_EQ(answer["id"], 42);
    EXPECT_TRUE(mentions(notes_of(answer), "comments could not be read"));
}

TEST(GetWorkItem, RefusesAnItemOfAProjectThatIsOffLimits) {
    GetTest test;
    test.policy.projects = {"Web"};
    test.respond(item_json(42, "secret title", "Payroll"));
    core::Error const error = test.error({{"id", 42}, {"include", {"comments"}}});
    EXPECT_EQ(error.kind(), core::ErrorKind::forbidden);
    EXPECT_EQ(error.code(), "project_not_allowed");
    EXPECT_EQ(error.message().find("secret"), std::string::npos);
    EXPECT_EQ(error.message().find("Payroll"), std::string::npos);
    EXPECT_EQ(test.http.requests().size(), 1U);
    respond_error(
        test, 404, "TF401232: Work item 9 does not exist, or you do not have permissions to read it.");
    EXPECT_EQ(test.error({{"id", 9}}).kind(), core::ErrorKind::not_found);
}

TEST(GetWorkItem, KeepsToItsBudgetWhateverTheItemHolds) {
    Json item = whole_item();
    for (int i = 0; i < 30; ++i) {
        item["fields"]["Custom.Text" + std::to_string(i)] =
            std::string(static_cast<std::size_t>(i) * 211, '"') + "\n\xC3\xBC";
    }
    item["fields"]["System.Title"] = std::string(255, '\\');
    item["fields"]["System.Tags"] = std::string(3000, 't');
    item["fields"]["System.AreaPath"] = std::string(900, 'a');
    item["relations"] = Json::array();
    for (int i = 0; i < 40; ++i) {
        item["relations"].push_back({{"rel", "Hyperlink"},
                                     {"url", "https://x.example/" + std::string(100, 'u')},
                                     {"attributes", Json::object()}});
    }
    Json comments = Json::array();
    for (int i = 0; i < 40; ++i) {
        comments.push_back({{"id", i}, {"text", std::string(static_cast<std::size_t>(i) * 50, 'c')}});
    }
    for (std::size_t const budget : {1024U, 1500U, 4000U, 16384U, 65536U}) {
        SCOPED_TRACE(budget);
        GetTest test;
        test.respond(item);
        test.respond(Json{{"totalCount", 40}, {"comments", comments}});
        Json const answer =
            test.structured({{"id", 42}, {"include", {"comments", "relations"}}, {"max_bytes", budget}});
        EXPECT_LE(test.text.size(), budget);
        EXPECT_LE(core::dump_json(answer).size(), budget);
        EXPECT_FALSE(notes_of(answer).empty());
    }
    GetTest small;
    Json long_text = item_json(1);
    long_text["fields"]["System.Description"] = "<p>" + std::string(200'000, 'd') + "</p>";
    small.respond(long_text);
    Json const cut = small.structured({{"id", 1}, {"max_bytes", 4096}});
    EXPECT_GT(cut["fields"]["System.Description"].get<std::string>().size(), 2500U) << "what fits is shown";
    EXPECT_TRUE(mentions(notes_of(cut), "cut to fit"));
}

TEST(GetWorkItem, CleansWhatOthersWrote) {
    GetTest test;
    Json item = item_json(42, "A\xE2\x80\xAE title\nwith a break");
    item["fields"]["System.Description"] = "<div>hid\xE2\x80\x8B"
                                           "den\x1B[31m</div>";
    test.respond(item);
    Json const answer = test.structured({{"id", 42}});
    EXPECT_EQ(answer["title"], "A title with a break");
    EXPECT_EQ(answer["fields"]["System.Description"], "hidden[31m");
}

// search_work_items

class FindTest : public ToolTest {
public:
    FindTest() : ToolTest(server::make_search_work_items_tool()) {}

    void respond_ids(std::vector<int> const& ids) {
        Json items = Json::array();
        for (int const id : ids) {
            items.push_back({{"id", id}});
        }
        respond(Json{{"queryType", "flat"}, {"workItems", std::move(items)}});
    }
    void respond_items(std::vector<int> const& ids) {
        Json items = Json::array();
        for (int const id : ids) {
            items.push_back(item_json(id));
        }
        respond(list_of(std::move(items)));
    }
    std::string query(std::size_t number) const {
        return request_body(number).at("query").get<std::string>();
    }
};

TEST(SearchWorkItems, ReadsWordsAndPhrases) {
    using Words = std::vector<std::string>;
    EXPECT_EQ(server::search_words("crash on  start"), (Words{"crash", "on", "start"}));
    EXPECT_EQ(server::search_words("crash \"empty header\" x"), (Words{"crash", "empty header", "x"}));
    EXPECT_EQ(server::search_words("a\"b c\"d"), (Words{"a", "b c", "d"}));
    EXPECT_EQ(server::search_words("\"open phrase"), (Words{"open phrase"}));
    EXPECT_EQ(server::search_words(" \"\" "), Words());
}

TEST(SearchWorkItems, AsksOneQueryAndReadsOneBatch) {
    FindTest test;
    test.policy.default_project = "Web";
    test.respond_ids({9, 5});
    test.respond_items({5, 9});
    Json const answer =
        test.structured({{"text", "can't 12"}, {"type", "Bug"}, {"state", "Active"}, {"assigned_to", "me"}});
    ASSERT_EQ(answer["work_items"].size(), 2U);
    Json const& first = answer["work_items"][0];
    EXPECT_EQ(first["id"], 9) << "the query's order";
    EXPECT_EQ(first["url"], "https://dev.azure.com/contoso/Web/_workitems/edit/9");
    EXPECT_EQ(first["title"], "Crash on empty header");
    EXPECT_EQ(first["assigned_to"], "Ada Palmer <ada@contoso.example>");
    EXPECT_EQ(first["area_path"], "Web\\Api");
    EXPECT_EQ(first["tags"], Json::array({"net", "regression"}));
    EXPECT_EQ(answer["total"], 2);
    EXPECT_FALSE(answer.contains("cursor"));
    ASSERT_EQ(test.http.requests().size(), 2U);
    EXPECT_NE(test.http.requests()[0].url.find("/contoso/Web/_apis/wit/wiql?$top=201"), std::string::npos);
    std::string const wiql = test.query(0);
    for (std::string const part : {"[System.TeamProject] = 'Web' AND ",
                                   "[System.Title] CONTAINS 'can''t'",
                                   "[System.Description] CONTAINS WORDS 'can''t'",
                                   "[Microsoft.VSTS.TCM.ReproSteps] CONTAINS WORDS '12'",
                                   "[System.Tags] CONTAINS '12'",
                                   "[System.Id] = 12)",
                                   " AND [System.WorkItemType] = 'Bug' AND [System.State] = 'Active'",
                                   " AND [System.AssignedTo] = @Me ORDER BY [System.Id] DESC"}) {
        EXPECT_NE(wiql.find(part), std::string::npos) << part << "\n" << wiql;
    }
    EXPECT_EQ(test.request_body(1)["ids"], Json::array({9, 5}));
    EXPECT_NE(test.text.find("Bug 9 \"Crash on empty header\" Active, assigned to Ada Palmer "
                             "<ada@contoso.example>, project Web, area Web\\Api"),
              std::string::npos)
        << test.text;
}

TEST(SearchWorkItems, KeepsToTheAllowListInItsQueryAndInTheAnswer) {
    FindTest test;
    test.policy.projects = {"Web", "O'Hara"};
    test.respond_ids({3, 2, 1});
    test.respond(list_of(Json::array({item_json(3), item_json(2, "secret", "Payroll"), nullptr})));
    Json const answer = test.structured({{"wiql", "SELECT [System.Id] FROM WorkItems"}});
    ASSERT_EQ(answer["work_items"].size(), 1U);
    EXPECT_EQ(answer["work_items"][0]["id"], 3);
    EXPECT_TRUE(mentions(notes_of(answer), "1 item left out: in projects"));
    EXPECT_TRUE(mentions(notes_of(answer), "deleted meanwhile"));
    EXPECT_EQ(test.text.find("secret"), std::string::npos);
    EXPECT_FALSE(answer.contains("total"));
    EXPECT_EQ(test.query(0), "SELECT [System.Id] FROM WorkItems");
    test.respond_ids({});
    test.structured({{"text", "x"}});
    EXPECT_NE(test.query(2).find("[System.TeamProject] IN ('Web', 'O''Hara') AND"), std::string::npos);
}

TEST(SearchWorkItems, AWalkFindsEveryItemOnceThoughNewOnesAreMade) {
    FindTest test;
    int newest = 150;
    test.http.handle([&](test::RecordedRequest const& request) -> core::Result<core::HttpResponse> {
        Json const body = Json::parse(request.body);
        Json answer;
        if (body.contains("ids")) {
            Json items = Json::array();
            for (Json const& id : body["ids"]) {
                items.push_back(item_json(id, std::string(id.get<std::size_t>() % 50, '"')));
            }
            answer = list_of(std::move(items));
        } else {
            std::string const query = body["query"];
            std::size_t const at = query.find("[System.Id] < ");
            int const below = at == std::string::npos ? newest + 1 : std::stoi(query.substr(at + 14));
            answer["workItems"] = Json::array();
            for (int id = below - 1; id > 0 && answer["workItems"].size() < 201; --id) {
                answer["workItems"].push_back({{"id", id}});
            }
        }
        return test::make_response(200, answer.dump(), {{"Content-Type", "application/json"}});
    });
    Json args{{"type", "Bug"}, {"top", 12}, {"max_bytes", 3000}};
    std::vector<int> walked;
    for (int round = 0; round < 200; ++round) {
        Json const answer = test.structured(args);
        EXPECT_LE(test.text.size(), 3000U);
        EXPECT_LE(answer.dump().size(), 3000U);
        for (Json const& item : answer["work_items"]) {
            walked.push_back(item["id"]);
        }
        if (!answer.contains("cursor")) {
            break;
        }
        args["cursor"] = answer["cursor"];
        newest += 5;
    }
    std::vector<int> expected;
    for (int id = 150; id > 0; --id) {
        expected.push_back(id);
    }
    EXPECT_EQ(walked, expected);
}

TEST(SearchWorkItems, AQueryOfOnesOwnIsPagedInItsOrder) {
    FindTest test;
    std::vector<int> const order{7, 3, 9, 1, 8};
    Json args{{"wiql", "SELECT [System.Id] FROM WorkItems ORDER BY [System.Title]"}, {"top", 2}};
    std::vector<int> walked;
    for (int round = 0; round < 5; ++round) {
        std::vector<int> now = order;
        if (round > 0) {
            now.insert(now.begin(), 100); // what came before does not move what follows
        }
        test.respond_ids(now);
        test.respond_items(order);
        Json const answer = test.structured(args);
        for (Json const& item : answer["work_items"]) {
            walked.push_back(item["id"]);
        }
        if (!answer.contains("cursor")) {
            break;
        }
        args["cursor"] = answer["cursor"];
    }
    EXPECT_EQ(walked, order);
    EXPECT_NE(test.http.requests().at(2).url.find("$top=203"), std::string::npos);
}

TEST(SearchWorkItems, PassesThroughItemsItMayNotShow) {
    FindTest test;
    test.policy.projects = {"Web"};
    std::vector<int> ids;
    for (int id = 201; id > 0; --id) {
        ids.push_back(id);
    }
    test.respond_ids(ids);
    test.respond(list_of(Json::array({item_json(201, "a", "Payroll"), item_json(200, "b", "Payroll")})));
    Json const answer = test.structured({{"type", "Bug"}, {"top", 2}});
    EXPECT_EQ(answer["work_items"].size(), 0U);
    ASSERT_TRUE(answer.contains("cursor")) << "others may follow";
    test.respond_ids({});
    test.structured({{"type", "Bug"}, {"top", 2}, {"cursor", answer["cursor"]}});
    EXPECT_NE(test.query(2).find("[System.Id] < 200"), std::string::npos);
}

TEST(SearchWorkItems, AnEmptyAnswerSaysWhichNameIsWrong) {
    Json const types = list_of(
        Json::array({Json{{"name", "Bug"}, {"states", {{{"name", "New"}}, {{"name", "Active"}}}}},
                     Json{{"name", "User Story"}, {"states", {{{"name", "New"}}, {{"name", "Resolved"}}}}},
                     Json{{"name", "Hidden"}, {"isDisabled", true}}}));
    FindTest test;
    test.policy.default_project = "Web";
    test.respond_ids({});
    test.respond(types);
    EXPECT_TRUE(mentions(notes_of(test.structured({{"type", "Story"}})),
                         "'Story' is not a work item type of this project."));
    EXPECT_TRUE(test.text.find("Types: User Story, Bug.") != std::string::npos) << test.text;
    test.respond_ids({});
    test.respond(types);
    EXPECT_TRUE(mentions(notes_of(test.structured({{"type", "bug"}, {"state", "Actve"}})),
                         "'Actve' is not a state there. Did you mean 'Active'?"));
    test.respond_ids({});
    test.respond(types);
    EXPECT_TRUE(
        mentions(notes_of(test.structured({{"type", "Bug"}, {"state", "New"}})), "No work item matches."));
    std::size_t const requests = test.http.requests().size();
    test.respond_ids({});
    EXPECT_TRUE(mentions(notes_of(test.structured({{"text", "zzz"}})), "All words must occur"));
    EXPECT_EQ(test.http.requests().size(), requests + 1) << "nothing to look up";
}

TEST(SearchWorkItems, RefusesWhatIsNoSearch) {
    FindTest test;
    for (std::string const args : {R"({})",
                                   R"({"text":"  "})",
                                   R"({"project":"Web"})",
                                   R"({"wiql":"SELECT","text":"x"})",
                                   R"({"wiql":"SELECT","state":"New"})",
                                   R"({"text":"1 2 3 4 5 6 7 8 9 10 11 12 13"})",
                                   R"({"text":"x","project":".."})",
                                   R"({"text":"x","cursor":"AAAA"})"}) {
        SCOPED_TRACE(args);
        EXPECT_EQ(test.error(Json::parse(args)).kind(), core::ErrorKind::invalid_argument);
    }
    EXPECT_TRUE(test.http.requests().empty());
    respond_error(test, 400, "TF51006: The query statement is missing a FROM clause.");
    EXPECT_EQ(test.error({{"wiql", "SELECT"}}).code(), "TF51006");
    respond_error(test, 404, "TF200016: The following project does not exist: Wbe.");
    test.respond(list_of(Json::array({Json{{"id", "1"}, {"name", "Web"}}})));
    EXPECT_NE(test.error({{"text", "x"}, {"project", "Wbe"}}).fix().find("Did you mean 'Web'?"),
              std::string::npos);
}

// describe_work_item_type

class DescribeTest : public ToolTest {
public:
    DescribeTest() : ToolTest(server::make_describe_work_item_type_tool()) {
        policy.default_project = "Web";
        http.handle([this](test::RecordedRequest const& request) -> core::Result<core::HttpResponse> {
            bool const nodes = request.url.find("classificationnodes") != std::string::npos;
            return test::make_response(nodes ? node_status : 200,
                                       (nodes ? paths : fields).dump(),
                                       {{"Content-Type", "application/json"}});
        });
    }

    int node_status = 200;
    Json paths = list_of(
        Json::array({Json{{"name", "Web"}, {"structureType", "area"}, {"children", {{{"name", "Api"}}}}},
                     Json{{"name", "Web"}, {"structureType", "iteration"}}}));
    Json fields = list_of(
        Json::array({Json{{"referenceName", "System.Title"}, {"name", "Title"}, {"alwaysRequired", true}},
                     Json{{"referenceName", "System.State"},
                          {"name", "State"},
                          {"alwaysRequired", true},
                          {"allowedValues", {"New", "Active"}}},
                     Json{{"referenceName", "Microsoft.VSTS.Common.Severity"},
                          {"name", "Severity"},
                          {"defaultValue", "3 - Medium"},
                          {"allowedValues", {"1 - Critical", "3 - Medium"}}},
                     Json{{"referenceName", "Custom.Impact"}, {"name", "Impact"}, {"alwaysRequired", true}},
                     Json{{"referenceName", "System.Description"}, {"name", "Description"}},
                     Json{{"referenceName", "System.Watermark"}, {"name", "Watermark"}}}));
};

TEST(DescribeWorkItemType, TellsWhatCreatingOneTakes) {
    DescribeTest test;
    Json const answer = test.structured({{"type", "Bug"}});
    EXPECT_EQ(answer["project"], "Web");
    EXPECT_EQ(answer["type"], "Bug");
    EXPECT_EQ(answer["required_fields"], Json::array({"System.Title", "Custom.Impact"}));
    EXPECT_EQ(answer["states"], Json::array({"New", "Active"}));
    EXPECT_EQ(answer["area_paths"], Json::array({"Web", "Web\\Api"}));
    EXPECT_EQ(answer["iteration_paths"], Json::array({"Web"}));
    EXPECT_EQ(answer["other_fields"], Json::array({"System.Description"}));
    ASSERT_EQ(answer["fields"].size(), 3U);
    EXPECT_EQ(answer["fields"][1]["default"], "3 - Medium");
    EXPECT_EQ(answer["fields"][1]["allowed_values"], Json::array({"1 - Critical", "3 - Medium"}));
    EXPECT_EQ(answer["fields"][2]["required"], true);
    EXPECT_EQ(test.http.requests().size(), 2U);
    for (std::string const part :
         {"Type Bug in project Web\n[begin ",
          "\nrequired: System.Title, Custom.Impact\n",
          "\nstates: New, Active\n",
          "  Microsoft.VSTS.Common.Severity (Severity), default 3 - Medium: 1 - Critical | 3 - Medium\n",
          "\narea paths: Web, Web\\Api\n"}) {
        EXPECT_NE(test.text.find(part), std::string::npos) << part << test.text;
    }
}

TEST(DescribeWorkItemType, AsksForBothSidesAtOnce) {
    DescribeTest test;
    test.http.hold();
    Json const args{{"type", "Bug"}};
    auto call = test.loop.spawn(test.start(args));
    test.loop.poll();
    EXPECT_EQ(test.http.held(), 2U);
    test.http.release();
    test.loop.wait(call);
    EXPECT_TRUE(call.take());
}

TEST(DescribeWorkItemType, StaysGoodWithoutThePaths) {
    DescribeTest test;
    test.node_status = 403;
    test.paths = Json{{"message", "no"}, {"typeKey", "AccessCheckException"}};
    Json const answer = test.structured({{"type", "Bug"}});
    EXPECT_FALSE(answer.contains("area_paths"));
    EXPECT_TRUE(mentions(notes_of(answer), "paths could not be read"));
}

TEST(DescribeWorkItemType, ListsTheTypesWhenNoneIsNamedOrTheNameIsWrong) {
    ToolTest test(server::make_describe_work_item_type_tool());
    Json const types = list_of(Json::array(
        {Json{{"name", "Issue"}}, Json{{"name", "Task"}}, Json{{"name", "Old"}, {"isDisabled", true}}}));
    test.respond(types);
    Json const answer = test.structured({{"project", "Web"}});
    EXPECT_EQ(answer["types"], Json::array({"Issue", "Task"}));
    EXPECT_NE(test.text.find("Types in project Web\n"), std::string::npos);

    test.http.handle([&](test::RecordedRequest const& request) -> core::Result<core::HttpResponse> {
        if (request.url.ends_with("/workitemtypes")) {
            return test::make_response(200, types.dump(), {{"Content-Type", "application/json"}});
        }
        return test::make_response(
            404,
            R"({"message":"VS402323: Work item type Tsak does not exist in project Web"})",
            {{"Content-Type", "application/json"}});
    });
    core::Error const error = test.error({{"project", "Web"}, {"type", "Tsak"}});
    EXPECT_EQ(error.code(), "VS402323");
    EXPECT_NE(error.fix().find("Did you mean 'Task'? Types there: Task, Issue."), std::string::npos)
        << error.fix();
    EXPECT_EQ(test.error(Json::object()).kind(), core::ErrorKind::invalid_argument);
}

TEST(DescribeWorkItemType, KeepsToItsBudgetAndKeepsWhatIsRequired) {
    for (std::size_t const budget : {1024U, 2000U, 9000U}) {
        SCOPED_TRACE(budget);
        DescribeTest test;
        Json children = Json::array();
        for (int i = 0; i < 3000; ++i) {
            children.push_back({{"name", "Area \"" + std::to_string(i) + "\""}});
        }
        test.paths["value"][0]["children"] = children;
        test.paths["value"][1]["children"] = children;
        Json values = Json::array();
        for (int i = 0; i < 500; ++i) {
            values.push_back("Build " + std::to_string(i));
        }
        test.fields["value"].push_back(
            {{"referenceName", "Custom.FoundIn"}, {"name", "Found in"}, {"allowedValues", values}});
        Json const answer = test.structured({{"type", "Bug"}, {"max_bytes", budget}});
        EXPECT_LE(test.text.size(), budget);
        EXPECT_LE(core::dump_json(answer).size(), budget);
        EXPECT_EQ(answer["required_fields"], Json::array({"System.Title", "Custom.Impact"}));
        EXPECT_TRUE(mentions(notes_of(answer), "Lists were cut"));
    }
}

} // namespace
