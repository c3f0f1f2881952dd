#include "fixture.hpp"

#include "../router/memory_journal.hpp"
#include "server/router/journal_guard.hpp"
#include "server/tools/text_essence.hpp"

namespace {

using namespace tools_test;

class CreateTest : public ToolTest {
public:
    CreateTest() : ToolTest(server::make_create_work_item_tool()) { policy.default_project = "Web Shop"; }
};

Json item(int id, std::string const& type, std::string const& title, Json const& more = Json::object()) {
    Json fields{{"System.TeamProject", "Web Shop"},
                {"System.WorkItemType", type},
                {"System.Title", title},
                {"System.State", "To Do"}};
    fields.update(more);
    return Json{{"id", id},
                {"rev", 1},
                {"fields", fields},
                {"_links", {{"html", {{"href", "https://dev.azure.com/contoso/guid/_workitems/edit/1"}}}}}};
}

Json operation(std::string const& path, Json const& value) {
    return Json{{"op", "add"}, {"path", path}, {"value", value}};
}

TEST(CreateWorkItem, SendsOneRequestAndAnswersWithThePage) {
    CreateTest test;
    test.respond(item(973, "Task", "Fix the parser"));
    Json const answer = test.structured({{"title", "Fix the parser"}});
    Json const expected{{"id", 973},
                        {"url", "https://dev.azure.com/contoso/Web%20Shop/_workitems/edit/973"},
                        {"organization", "contoso"},
                        {"project", "Web Shop"},
                        {"type", "Task"},
                        {"title", "Fix the parser"},
                        {"state", "To Do"},
                        {"rev", 1},
                        {"created", true},
                        {"notes", Json::array()}};
    EXPECT_EQ(answer, expected);
    EXPECT_EQ(test.text,
              "Created Task 973 \"Fix the parser\" in project Web Shop, state To Do: "
              "https://dev.azure.com/contoso/Web%20Shop/_workitems/edit/973\n");
    ASSERT_EQ(test.http.requests().size(), 1U);
    auto const& request = test.http.requests()[0];
    EXPECT_EQ(request.method, "POST");
    EXPECT_EQ(request.url,
              "https://dev.azure.com/contoso/Web%20Shop/_apis/wit/workitems/$Task?api-version=7.1");
    EXPECT_EQ(request.headers.get("Content-Type").value_or(""), "application/json-patch+json");
    EXPECT_EQ(test.request_body(0), Json::array({operation("/fields/System.Title", "Fix the parser")}));
}

TEST(CreateWorkItem, TurnsEveryArgumentIntoAnOperation) {
    CreateTest test;
    test.respond(item(1, "Bug", "t"));
    test.structured(Json::parse(R"({
        "project": "Web Shop", "type": "Bug", "title": " t ", "description": "a <b>\n`<c>`",
        "area_path": "/Web Shop/Api", "iteration_path": "Web Shop\\Sprint 1", "priority": 2, "severity": "high",
        "assigned_to": "ann@contoso.com", "tags": ["net", " regression ", ""], "parent_id": 41,
        "links": [{"url": "https://example.com/x?y=1#z", "comment": "seen here"}],
        "fields": {"Custom.Team": "Blue", "Microsoft.VSTS.Scheduling.StoryPoints": 3}})"));
    Json const expected =
        Json::array({operation("/fields/System.Title", "t"),
                     operation("/fields/Microsoft.VSTS.TCM.ReproSteps", "a &lt;b&gt;\n`<c>`"),
                     operation("/multilineFieldsFormat/Microsoft.VSTS.TCM.ReproSteps", "Markdown"),
                     operation("/fields/System.AreaPath", "Web Shop\\Api"),
                     operation("/fields/System.IterationPath", "Web Shop\\Sprint 1"),
                     operation("/fields/Microsoft.VSTS.Common.Priority", 2),
                     operation("/fields/Microsoft.VSTS.Common.Severity", "2 - High"),
                     operation("/fields/System.AssignedTo", "ann@contoso.com"),
                     operation("/fields/System.Tags", "net; regression"),
                     operation("/fields/Custom.Team", "Blue"),
                     operation("/fields/Microsoft.VSTS.Scheduling.StoryPoints", 3),
                     operation("/relations/-",
                               {{"rel", "System.LinkTypes.Hierarchy-Reverse"},
                                {"url", "https://dev.azure.com/contoso/_apis/wit/workItems/41"}}),
                     operation("/relations/-",
                               {{"rel", "Hyperlink"},
                                {"url", "https://example.com/x?y=1#z"},
                                {"attributes", {{"comment", "seen here"}}}})});
    EXPECT_EQ(test.request_body(0), expected);
}

TEST(CreateWorkItem, PutsTheDescriptionWhereTheTypeShowsIt) {
    for (auto const& [type, field] : std::vector<std::pair<std::string, std::string>>{
             {"User Story", "System.Description"}, {"bug", "Microsoft.VSTS.TCM.ReproSteps"}}) {
        CreateTest test;
        test.respond(item(1, type, "t"));
        test.structured({{"title", "t"}, {"type", type}, {"description", "d"}});
        EXPECT_EQ(test.request_body(0)[1], operation("/fields/" + field, "d"));
    }
}

TEST(CreateWorkItem, RefusesWhatAzureDevOpsCannotTake) {
    CreateTest test;
    std::string long_title;
    for (int i = 0; i < 128; ++i) {
        long_title += "\xF0\x9F\x98\x80"; // two UTF-16 units each
    }
    for (Json const& args :
         {Json{{"title", "  "}},
          Json{{"title", long_title}},
          Json{{"title", "a\nb"}},
          Json{{"title", "t"}, {"tags", {"a;b"}}},
          Json{{"title", "t"}, {"project", ".."}},
          Json{{"title", "t"}, {"type", ".."}},
          Json{{"title", "t"}, {"links", {{{"url", "javascript:alert(1)"}}}}},
          Json{{"title", "t"}, {"links", {{{"url", "vstfs:///x"}}}}},
          Json{{"title", "t"}, {"fields", {{"a/b.c", 1}}}},
          Json{{"title", "t"}, {"fields", {{"System.Title", "u"}}}},
          Json{{"title", "t"}, {"description", "d"}, {"fields", {{"system.description", "u"}}}},
          Json{{"title", "t"}, {"fields", {{"Custom.X", Json::array()}}}}}) {
        SCOPED_TRACE(args.dump());
        core::Error const error = test.error(args);
        EXPECT_EQ(error.kind(), core::ErrorKind::invalid_argument);
        EXPECT_TRUE(error.not_sent());
    }
    test.policy.default_project.clear();
    EXPECT_EQ(test.error({{"title", "t"}}).kind(), core::ErrorKind::invalid_argument);
    EXPECT_TRUE(test.http.requests().empty());
    EXPECT_TRUE(test.passing.writes.empty()) << "nothing is journalled for a call that is wrong";
}

TEST(CreateWorkItem, KeepsTheUpstreamsWords) {
    CreateTest test;
    test.http.respond(
        400,
        R"({"$id":"1","customProperties":{"RuleValidationErrors":[{"fieldReferenceName":"System.AreaPath"}]},)"
        R"("message":"TF401347: Invalid tree name given for work item -1, field 'System.AreaPath'.",)"
        R"("typeKey":"RuleValidationException"})",
        {{"Content-Type", "application/json"}});
    core::Error const error = test.error({{"title", "t"}, {"area_path", "Nowhere"}});
    EXPECT_NE(error.message().find("System.AreaPath"), std::string::npos) << error.message();
    EXPECT_EQ(error.code(), "TF401347");
}

TEST(CreateWorkItem, ValidatesWithoutWriting) {
    CreateTest test;
    Json answer_body = item(0, "Task", "t");
    answer_body.erase("id");
    test.respond(answer_body);
    Json const answer = test.structured({{"title", "t"}, {"validate_only", true}});
    EXPECT_FALSE(answer.contains("id"));
    EXPECT_FALSE(answer.contains("url"));
    EXPECT_EQ(answer["created"], false);
    EXPECT_TRUE(mentions(notes_of(answer), "Validated only"));
    EXPECT_NE(test.http.requests()[0].url.find("validateOnly=true"), std::string::npos);
    EXPECT_TRUE(test.passing.writes.empty());
}

TEST(CreateWorkItem, TellsTheGuardWhatTheSameKeyMustRepeat) {
    CreateTest test;
    test.respond(item(1, "Task", "t"));
    test.respond(item(2, "Task", "t"));
    test.structured({{"title", "t"}, {"organization", "contoso"}, {"idempotency_key", "k1"}});
    test.structured({{"title", "t"}, {"type", "Task"}, {"project", "Web Shop"}});
    ASSERT_EQ(test.passing.writes.size(), 2U);
    auto const& keyed = test.passing.writes[0];
    EXPECT_EQ(keyed.idempotency_key, "k1");
    EXPECT_EQ(keyed.tool, "create_work_item");
    EXPECT_EQ(keyed.organization, "contoso");
    EXPECT_EQ(keyed.arguments, test.passing.writes[1].arguments)
        << "defaults written out or not are the same";
    EXPECT_EQ(keyed.probe["project"], "Web Shop");
    EXPECT_EQ(keyed.probe["title"], "t");
    EXPECT_FALSE(test.passing.writes[1].idempotency_key);
}

TEST(CreateWorkItem, SaysThatAKeyHadBeenUsed) {
    CreateTest test;
    test.passing.created = false;
    test.respond(item(5, "Task", "t"));
    Json const answer = test.structured({{"title", "t"}, {"idempotency_key", "k"}});
    EXPECT_EQ(answer["created"], false);
    EXPECT_EQ(test.text.find("Already there: Task 5"), 0U);
    EXPECT_TRUE(mentions(notes_of(answer), "idempotency_key"));
}

TEST(CreateWorkItem, FindsItsItemAfterALostAnswer) {
    CreateTest test;
    test.passing.lose_answer = true;
    test.passing.known = {"12"};
    test.respond({{"workItems", {{{"id", 14}}, {{"id", 13}}, {{"id", 12}}, {{"id", 11}}}}});
    test.respond({{"value",
                   {item(11, "Task", "It's broken", {{"System.Description", "see &lt;b&gt;"}}),
                    nullptr,
                    item(13, "Task", "It's broken", {{"System.Description", "see  &lt;b&gt;\n"}}),
                    item(14, "Task", "It's broken", {{"System.Description", "another text"}})}}});
    Json const answer = test.structured({{"title", "It's broken"}, {"description", "see <b>"}});
    EXPECT_EQ(answer["id"], 13) << "the newest with our text";
    EXPECT_EQ(answer["created"], true);
    EXPECT_TRUE(mentions(notes_of(answer), "lost"));
    std::string const query = test.request_body(0)["query"];
    EXPECT_EQ(query,
              "SELECT [System.Id] FROM WorkItems WHERE [System.TeamProject] = 'Web Shop' AND "
              "[System.WorkItemType] = 'Task' "
              "AND [System.Title] = 'It''s broken' AND [System.CreatedBy] = @Me AND [System.CreatedDate] >= "
              "'2026-11-22T23:58:00Z' ORDER BY [System.Id] DESC");
    EXPECT_NE(test.http.requests()[0].url.find("timePrecision=true"), std::string::npos);
    EXPECT_EQ(test.request_body(1)["ids"], Json({14, 13, 11}));
}

TEST(CreateWorkItem, DoesNotTakeAnothersItemForItsOwn) {
    CreateTest test;
    test.passing.lose_answer = true;
    test.respond({{"workItems", {{{"id", 14}}}}});
    test.respond({{"value", {item(14, "Task", "t", {{"System.Description", "different"}})}}});
    EXPECT_EQ(test.error({{"title", "t"}, {"description", "mine"}}).kind(), core::ErrorKind::timeout);
    test.respond({{"workItems", Json::array()}});
    EXPECT_EQ(test.error({{"title", "t"}}).kind(), core::ErrorKind::timeout);
    EXPECT_EQ(test.http.requests().size(), 3U) << "no ids, no second question";
}

TEST(TextEssence, IgnoresHowATextWasStored) {
    EXPECT_EQ(server::text_essence("a <b>\n`x`"), server::text_essence("<div>a </div><p>`x`</p>"));
    EXPECT_EQ(server::text_essence("a &lt;b&gt; &amp; c"), "abc");
    EXPECT_EQ(server::text_essence("1 < 2"), "12");
    EXPECT_NE(server::text_essence("one"), server::text_essence("two"));
}

TEST(CreateWorkItem, IsNotDoubledByALostAnswerOrARepeatedKey) {
    CreateTest test;
    test::MemoryJournal journal(test.clock);
    auto const guard = server::make_journal_guard(journal, test.clock, std::chrono::hours(24));
    test.other_guard = guard.get();
    Json const args{{"title", "t"}, {"idempotency_key", "k"}};
    test.http.fail(core::Error(core::ErrorKind::network, "connection reset"));
    test.respond({{"workItems", {{{"id", 7}}}}});
    test.respond({{"value", {item(7, "Task", "t")}}});
    auto call = test.loop.spawn(test.start(args));
    for (int i = 0; i < 20 && !call.done(); ++i) {
        test.loop.poll();
        test.clock.advance(std::chrono::milliseconds(500));
    }
    test.loop.wait(call);
    auto const first = call.take();
    ASSERT_TRUE(first) << core::describe(first.error());
    EXPECT_EQ(first->structured["id"], 7);
    EXPECT_EQ(first->structured["created"], true);
    std::size_t const sent = test.http.requests().size();
    Json const again = test.structured(args);
    EXPECT_EQ(again["id"], 7);
    EXPECT_EQ(again["created"], false);
    EXPECT_EQ(test.http.requests().size(), sent) << "answered from the journal";
    core::Error const other = test.error({{"title", "u"}, {"idempotency_key", "k"}});
    EXPECT_EQ(other.kind(), core::ErrorKind::invalid_argument);
}

/// What the service says of a type: its fields and the project's trees.
void respond_rules(CreateTest& test) {
    Json const no = nullptr;
    test.respond({{"value",
                   {{{"referenceName", "System.Title"}, {"name", "Title"}, {"alwaysRequired", true}},
                    {{"referenceName", "System.Description"}, {"name", "Description"}},
                    {{"referenceName", "Microsoft.VSTS.Common.Priority"},
                     {"name", "Priority"},
                     {"allowedValues", {"1", "2", "3", "4"}}},
                    {{"referenceName", "Microsoft.VSTS.Common.Severity"},
                     {"name", "Severity"},
                     {"allowedValues", {"1 - Critical", "2 - High"}}},
                    {{"referenceName", "Custom.Impact"},
                     {"name", "Customer Impact"},
                     {"alwaysRequired", true},
                     {"defaultValue", no},
                     {"allowedValues", {"None", "Some"}}}}}});
    test.respond({{"value",
                   {{{"name", "Web Shop"},
                     {"structureType", "area"},
                     {"children", {{{"name", "Billing"}, {"structureType", "area"}}}}},
                    {{"name", "Web Shop"}, {"structureType", "iteration"}}}}});
}

void refuse(CreateTest& test, std::string const& message, std::string const& type_key, int status = 400) {
    test.http.respond(status,
                      Json{{"message", message}, {"typeKey", type_key}}.dump(),
                      {{"Content-Type", "application/json"}});
}

TEST(CreateWorkItem, LearnsTheRulesFromARefusalAndThenRefusesItselfWithoutAsking) {
    CreateTest test;
    refuse(test, "TF401347: Invalid tree name given for work item -1, field 'System.AreaPath'.", "X");
    respond_rules(test);
    Json const args{
        {"title", "t"}, {"area_path", "Web Shop/Biling"}, {"fields", {{"Custom.Impact", "None"}}}};
    core::Error const first = test.error(args);
    EXPECT_NE(first.fix().find("Did you mean 'Web Shop\\Billing'?"), std::string::npos) << first.fix();
    std::size_t const asked = test.http.requests().size();
    EXPECT_EQ(asked, 3U);
    // What is known is asked for once more before a value is refused on its account.
    test.clock.advance(std::chrono::seconds(1));
    respond_rules(test);
    core::Error const again = test.error(args);
    EXPECT_NE(again.message().find("Did you mean 'Web Shop\\Billing'?"), std::string::npos)
        << again.message();
    EXPECT_TRUE(again.not_sent());
    EXPECT_EQ(test.http.requests().size(), asked + 2);
    // A right one costs one request.
    test.respond(item(8, "Task", "t"));
    test.structured(
        {{"title", "t"}, {"area_path", "Web Shop/Billing"}, {"fields", {{"Custom.Impact", "None"}}}});
    EXPECT_EQ(test.http.requests().size(), asked + 3);
}

TEST(CreateWorkItem, NamesEveryFieldThatIsMissingOrWrong) {
    CreateTest test;
    refuse(test,
           "TF401320: Rule Error for field Severity. Error code: InvalidListValue.",
           "RuleValidationException");
    respond_rules(test);
    core::Error const error =
        test.error({{"title", "t"}, {"severity", "5 - Terrible"}, {"area_path", "Billing"}});
    EXPECT_NE(error.fix().find("Custom.Impact (Customer Impact) is required"), std::string::npos)
        << error.fix();
    EXPECT_NE(error.fix().find("1 - Critical"), std::string::npos) << error.fix();
    EXPECT_NE(error.fix().find("'Web Shop\\Billing'"), std::string::npos) << error.fix();
    EXPECT_EQ(error.code(), "TF401320");
}

TEST(CreateWorkItem, KnowsFieldsByTheNamesPeopleSee) {
    CreateTest test;
    respond_rules(test);
    test.respond(item(8, "Task", "t"));
    test.structured({{"title", "t"}, {"fields", {{"customer impact", "Some"}}}});
    EXPECT_EQ(test.request_body(2)[1], operation("/fields/Custom.Impact", "Some"));
    respond_rules(test); // asked for once more before a name counts as unknown
    core::Error const error = test.error({{"title", "t"}, {"fields", {{"Custmer Impact", "Some"}}}});
    EXPECT_NE(error.fix().find("Custom.Impact"), std::string::npos) << error.fix();
}

TEST(CreateWorkItem, SaysWhichFieldIsMeant) {
    CreateTest test;
    refuse(test, "TF51535: Cannot find field Custom.CustomerImpact.", "WorkItemFieldNotFoundException");
    respond_rules(test);
    core::Error const error = test.error({{"title", "t"}, {"fields", {{"Custom.CustomerImpact", "Some"}}}});
    EXPECT_NE(error.fix().find("'Custom.Impact' (Customer Impact)"), std::string::npos) << error.fix();
}

TEST(CreateWorkItem, WritesHtmlWhereTheServerKnowsNothingElse) {
    CreateTest test;
    refuse(test,
           "The path '/multilineFieldsFormat/System.Description' of the patch document is not valid.",
           "VssPropertyValidationException");
    test.respond(item(8, "Task", "t"));
    test.structured({{"title", "t"}, {"description", "a **b**"}});
    EXPECT_EQ(test.request_body(1)[1],
              operation("/fields/System.Description", "<p>a <strong>b</strong></p>"));
    EXPECT_EQ(test.request_body(1).size(), 2U);
    test.respond(item(9, "Task", "t"));
    test.structured({{"title", "t"}, {"description", "a **b**"}});
    EXPECT_EQ(test.http.requests().size(), 3U) << "and remembers it";
}

TEST(CreateWorkItem, ExplainsThatBasicHasNoBug) {
    CreateTest test;
    refuse(test,
           "VS402323: Work item type Bug does not exist in project Web Shop or you do not have permission.",
           "WorkItemTypeNotFoundException",
           404);
    test.respond({{"value", {{{"name", "Epic"}}, {{"name", "Issue"}}, {{"name", "Task"}}}}});
    core::Error const error = test.error({{"title", "t"}, {"type", "Bug"}});
    EXPECT_NE(error.fix().find("file an Issue"), std::string::npos) << error.fix();
}

Json people(std::vector<std::pair<std::string, std::string>> const& names) {
    Json list = Json::array();
    for (auto const& [name, account] : names) {
        list.push_back({{"id", account},
                        {"providerDisplayName", name},
                        {"isActive", true},
                        {"properties", {{"Account", {{"$value", account}}}}}});
    }
    return Json{{"count", list.size()}, {"value", list}};
}

TEST(CreateWorkItem, FindsThePersonMeant) {
    CreateTest test;
    test.respond(people({{"Ada Palmer", "ada@contoso.example"}, {"Ada Palmerston", "adap@contoso.example"}}));
    test.respond(item(8, "Task", "t"));
    test.structured({{"title", "t"}, {"assigned_to", "ada palmer"}});
    EXPECT_EQ(test.request_body(1)[1], operation("/fields/System.AssignedTo", "ada@contoso.example"));
    test.respond(people({{"Alex Kim", "alex.kim@contoso.example"}, {"Alex Kim", "akim@contoso.example"}}));
    core::Error const error = test.error({{"title", "t"}, {"assigned_to", "Alex Kim"}});
    EXPECT_NE(error.fix().find("Alex Kim <akim@contoso.example>"), std::string::npos) << error.fix();
    EXPECT_TRUE(error.not_sent());
}

TEST(CreateWorkItem, LinksToTheThingsThemselves) {
    CreateTest test;
    std::string const commit(40, 'c');
    test.respond({{"id", "repo-guid"},
                  {"name", "engine"},
                  {"project", {{"id", "project-guid"}, {"name", "Web Shop"}}}});
    test.respond(item(8, "Task", "t"));
    std::string const base = "https://dev.azure.com/contoso/Web%20Shop/";
    Json const args{{"title", "t"},
                    {"links",
                     {{{"url", base + "_git/engine/commit/" + commit}, {"comment", "here"}},
                      {{"url", base + "_git/engine/pullrequest/7"}},
                      {{"url", base + "_build/results?buildId=3"}},
                      {{"url", base + "_workitems/edit/5"}},
                      {{"url", base + "_git/engine?path=/a.cpp"}}}}};
    test.structured(args);
    Json const body = test.request_body(1);
    ASSERT_EQ(body.size(), 6U);
    EXPECT_EQ(body[1]["value"],
              (Json{{"rel", "ArtifactLink"},
                    {"url", "vstfs:///Git/Commit/project-guid%2Frepo-guid%2F" + commit},
                    {"attributes", {{"comment", "here"}, {"name", "Fixed in Commit"}}}}));
    EXPECT_EQ(body[2]["value"]["url"], "vstfs:///Git/PullRequestId/project-guid%2Frepo-guid%2F7");
    EXPECT_EQ(body[3]["value"]["url"], "vstfs:///Build/Build/3");
    EXPECT_EQ(body[4]["value"]["rel"], "System.LinkTypes.Related");
    EXPECT_EQ(body[5]["value"]["rel"], "Hyperlink");
    test.respond(item(9, "Task", "t"));
    test.structured(args);
    EXPECT_EQ(test.http.requests().size(), 3U) << "the repository is known by now";
}

TEST(CreateWorkItem, MarksItsItemsOnlyWhereAsked) {
    CreateTest test;
    test.policy.mark_writes = true;
    test.respond(item(8, "Task", "t"));
    test.structured({{"title", "t"}, {"idempotency_key", "k"}});
    std::string const tag = test.request_body(0)[1]["value"];
    EXPECT_TRUE(tag.starts_with("ado-mcpd-")) << tag;
    EXPECT_EQ(tag.size(), 25U);
    test.passing.lose_answer = true;
    test.respond({{"workItems", {{{"id", 14}}}}});
    test.respond({{"value", {item(14, "Bug", "renamed meanwhile")}}});
    EXPECT_EQ(test.structured({{"title", "t"}, {"idempotency_key", "k"}})["id"], 14);
    EXPECT_NE(test.request_body(1)["query"].get<std::string>().find("[System.Tags] CONTAINS '" + tag + "'"),
              std::string::npos);
}

} // namespace
