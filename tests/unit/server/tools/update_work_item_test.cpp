#include "fixture.hpp"

namespace {

using namespace tools_test;

class UpdateTest : public ToolTest {
public:
    UpdateTest() : ToolTest(server::make_update_work_item_tool()) {}
};

Json bug(int rev, Json const& fields = Json::object(), Json const& relations = Json::array()) {
    Json all{{"System.TeamProject", "Web Shop"},
             {"System.WorkItemType", "Bug"},
             {"System.Title", "Crash"},
             {"System.State", "New"},
             {"System.Tags", "net; old"},
             {"System.ChangedBy", {{"displayName", "Bo"}, {"uniqueName", "bo@contoso.example"}}},
             {"System.AssignedTo", {{"displayName", "Ada"}, {"uniqueName", "ada@contoso.example"}}}};
    all.update(fields);
    return Json{{"id", 12}, {"rev", rev}, {"fields", all}, {"relations", relations}};
}

Json operation(std::string const& op, std::string const& path, Json const& value) {
    return Json{{"op", op}, {"path", path}, {"value", value}};
}

Json parent(int id) {
    return Json{{"rel", "System.LinkTypes.Hierarchy-Reverse"},
                {"url", "https://dev.azure.com/contoso/_apis/wit/workItems/" + std::to_string(id)}};
}

void refuse(UpdateTest& test, int status, std::string const& message, std::string const& type_key) {
    test.http.respond(status,
                      Json{{"message", message}, {"typeKey", type_key}}.dump(),
                      {{"Content-Type", "application/json"}});
}

TEST(UpdateWorkItem, ChangesWhatIsNotSoAlready) {
    UpdateTest test;
    test.respond(bug(3));
    test.respond(bug(4, {{"System.State", "Active"}}));
    Json const answer = test.structured({{"id", 12},
                                         {"title", "Crash"},
                                         {"state", "Active"},
                                         {"assigned_to", "ADA@contoso.example"},
                                         {"description", "now `<b>`"},
                                         {"tags", {"Net", "new", "-old"}},
                                         {"fields", {{"Custom.Team", "Blue"}, {"Custom.Gone", nullptr}}}});
    EXPECT_EQ(
        test.request_body(1),
        Json::array({operation("test", "/rev", 3),
                     operation("add", "/fields/Microsoft.VSTS.TCM.ReproSteps", "now `<b>`"),
                     operation("add", "/multilineFieldsFormat/Microsoft.VSTS.TCM.ReproSteps", "Markdown"),
                     operation("add", "/fields/System.State", "Active"),
                     operation("add", "/fields/System.Tags", "net; new"),
                     operation("add", "/fields/Custom.Team", "Blue")}));
    EXPECT_EQ(answer["changed"], Json({"description", "state", "tags", "Custom.Team"}));
    EXPECT_EQ(answer["updated"], true);
    EXPECT_EQ(answer["rev"], 4);
    EXPECT_EQ(answer["state"], "Active");
    EXPECT_EQ(answer["url"], "https://dev.azure.com/contoso/Web%20Shop/_workitems/edit/12");
    EXPECT_NE(test.text.find("Updated description, state, tags, Custom.Team of Bug 12"), std::string::npos)
        << test.text;
    EXPECT_TRUE(test.passing.writes.empty()) << "safe to repeat, so not journalled";
}

TEST(UpdateWorkItem, SendsNothingWhenAllIsSoAlready) {
    UpdateTest test;
    test.respond(bug(3));
    Json const answer = test.structured({{"id", 12}, {"state", "New"}, {"tags", {"net"}}});
    EXPECT_EQ(answer["updated"], false);
    EXPECT_EQ(answer["rev"], 3);
    EXPECT_EQ(test.http.requests().size(), 1U);
}

TEST(UpdateWorkItem, KeepsToTheAllowListOnceItKnowsTheProject) {
    UpdateTest test;
    test.policy.projects = {"Other"};
    test.respond(bug(3));
    core::Error const error = test.error({{"id", 12}, {"state", "Active"}});
    EXPECT_EQ(error.code(), "project_not_allowed");
    EXPECT_TRUE(error.not_sent());
    EXPECT_EQ(test.http.requests().size(), 1U);
}

TEST(UpdateWorkItem, TellsWhatChangedSinceTheExpectedRevision) {
    UpdateTest test;
    test.respond(bug(9, {{"System.State", "Resolved"}}));
    test.respond(bug(7));
    core::Error const error = test.error({{"id", 12}, {"title", "x"}, {"expected_rev", 7}});
    EXPECT_EQ(error.code(), "rev_conflict");
    EXPECT_EQ(error.kind(), core::ErrorKind::conflict);
    EXPECT_NE(error.message().find("at revision 9, not 7"), std::string::npos) << error.message();
    EXPECT_NE(error.message().find("System.State: New -> Resolved"), std::string::npos) << error.message();
    EXPECT_NE(error.message().find("Bo"), std::string::npos) << error.message();
    EXPECT_NE(error.fix().find("expected_rev 9"), std::string::npos) << error.fix();
}

TEST(UpdateWorkItem, IsRefusedByAChangeInTheLastMoment) {
    UpdateTest test;
    test.respond(bug(7));
    refuse(test,
           412,
           "VS403351: Test Operation for path /rev failed, value 8 was not equal to test value 7.",
           "TestPatchOperationFailedException");
    test.respond(bug(8, {{"System.Title", "y"}}));
    test.respond(bug(7));
    core::Error const error = test.error({{"id", 12}, {"state", "Active"}, {"expected_rev", 7}});
    EXPECT_EQ(error.code(), "rev_conflict");
    EXPECT_EQ(test.request_body(1)[0], operation("test", "/rev", 7));
}

TEST(UpdateWorkItem, MergesTagsAnewWhenSomebodyElseChangedThem) {
    UpdateTest test;
    test.respond(bug(7));
    refuse(test, 412, "VS403351: Test Operation for path /rev failed.", "TestPatchOperationFailedException");
    test.respond(bug(8, {{"System.Tags", "net; old; theirs"}}));
    test.respond(bug(9));
    test.structured({{"id", 12}, {"tags", {"mine"}}});
    EXPECT_EQ(test.request_body(3),
              Json::array({operation("test", "/rev", 8),
                           operation("add", "/fields/System.Tags", "net; old; theirs; mine")}));
}

TEST(UpdateWorkItem, ChangesTheParent) {
    UpdateTest test;
    Json const related{{"rel", "System.LinkTypes.Related"},
                       {"url", "https://dev.azure.com/contoso/_apis/wit/workItems/5"}};
    test.respond(bug(3, Json::object(), {related, parent(40)}));
    test.respond(bug(3, Json::object(), {related, parent(41)}));
    Json const answer = test.structured({{"id", 12}, {"parent_id", 41}});
    EXPECT_EQ(test.request_body(1),
              Json::array({operation("test", "/rev", 3),
                           Json{{"op", "remove"}, {"path", "/relations/1"}},
                           operation("add", "/relations/-", parent(41))}));
    EXPECT_TRUE(mentions(notes_of(answer), "do not raise the revision"));
    EXPECT_EQ(answer["updated"], true);
    EXPECT_EQ(answer["rev"], 3);
    test.respond(bug(3, Json::object(), Json::array({parent(41)})));
    EXPECT_EQ(test.structured({{"id", 12}, {"parent_id", 41}})["updated"], false);
    test.respond(bug(3, Json::object(), Json::array({parent(41)})));
    test.respond(bug(3));
    test.structured({{"id", 12}, {"parent_id", 0}});
    EXPECT_EQ(test.request_body(4)[1], (Json{{"op", "remove"}, {"path", "/relations/0"}}));
}

TEST(UpdateWorkItem, LinksOnlyOnce) {
    UpdateTest test;
    Json const there{{"rel", "Hyperlink"}, {"url", "https://example.com/a"}};
    test.respond(bug(3, Json::object(), Json::array({there})));
    test.respond(bug(3, Json::object(), Json::array({there})));
    test.structured(
        {{"id", 12}, {"links", {{{"url", "https://example.com/a"}}, {{"url", "https://example.com/b"}}}}});
    EXPECT_EQ(test.request_body(1),
              Json::array({operation(
                  "add", "/relations/-", {{"rel", "Hyperlink"}, {"url", "https://example.com/b"}})}));
}

TEST(UpdateWorkItem, NamesTheStatesThatCanBeReached) {
    UpdateTest test;
    test.respond(bug(3));
    refuse(test,
           400,
           "TF401320: Rule Error for field State. Error code: InvalidListValue.",
           "RuleValidationException");
    Json const state{
        {"referenceName", "System.State"}, {"name", "State"}, {"allowedValues", {"New", "Active", "Closed"}}};
    test.respond({{"value", Json::array({state})}});
    test.respond({{"value", Json::array()}});
    test.respond({{"name", "Bug"},
                  {"states", {{{"name", "New"}}, {{"name", "Active"}}, {{"name", "Closed"}}}},
                  {"transitions", {{"New", Json::array({Json{{"to", "New"}}, Json{{"to", "Active"}}})}}}});
    core::Error const error = test.error({{"id", 12}, {"state", "Activ"}});
    EXPECT_NE(error.fix().find("Did you mean 'Active'? From 'New' it can go to: Active."), std::string::npos)
        << error.fix();
}

TEST(UpdateWorkItem, ValidatesWithoutWriting) {
    UpdateTest test;
    test.respond(bug(3));
    test.respond(bug(4, {{"System.State", "Active"}}));
    Json const answer = test.structured({{"id", 12}, {"state", "Active"}, {"validate_only", true}});
    EXPECT_NE(test.http.requests()[1].url.find("validateOnly=true"), std::string::npos);
    EXPECT_EQ(answer["updated"], false);
    EXPECT_EQ(answer["rev"], 3);
    EXPECT_TRUE(mentions(notes_of(answer), "Validated only"));
}

TEST(UpdateWorkItem, FindsItsChangeAfterALostAnswer) {
    UpdateTest test;
    test.respond(bug(3));
    test.http.fail(core::Error(core::ErrorKind::network, "connection reset"));
    test.respond(bug(4, {{"System.State", "Active"}}));
    Json const answer = test.structured({{"id", 12}, {"state", "Active"}, {"expected_rev", 3}});
    EXPECT_EQ(answer["rev"], 4);
    EXPECT_EQ(answer["updated"], true);
    EXPECT_TRUE(mentions(notes_of(answer), "lost"));
    EXPECT_EQ(test.http.requests().size(), 3U);
}

TEST(UpdateWorkItem, RepeatsAChangeThatDidNotArrive) {
    UpdateTest test;
    test.respond(bug(3));
    test.http.fail(core::Error(core::ErrorKind::network, "connection reset"));
    test.respond(bug(3));
    test.respond(bug(4, {{"System.State", "Active"}}));
    EXPECT_EQ(test.structured({{"id", 12}, {"state", "Active"}})["rev"], 4);
}

TEST(UpdateWorkItem, RefusesWhatHasAnotherTool) {
    UpdateTest test;
    for (Json const& args : {Json{{"id", 12}, {"fields", {{"System.History", "x"}}}},
                             Json{{"id", 12}, {"fields", {{"System.WorkItemType", "Task"}}}},
                             Json{{"id", 12}, {"title", " "}},
                             Json{{"id", 12}, {"state", "x"}, {"fields", {{"System.State", "y"}}}}}) {
        EXPECT_EQ(test.error(args).kind(), core::ErrorKind::invalid_argument) << args;
    }
    EXPECT_TRUE(test.http.requests().empty());
}

TEST(UpdateWorkItem, ShowsAPersonWhatWillChange) {
    UpdateTest test;
    test.policy.confirm_writes = true;
    test.respond(bug(3));
    Json const args{{"id", 12}, {"state", "Active"}, {"tags", {"new"}}};
    protocol::ToolCall const call(args, test.caller, test.ctx, test.mcp_client);
    server::CallScope const scope(
        test.organization, test.client, test.policy, test.passing, test.limits, call);
    auto const plan = test.loop.run(test.tool->plan(args, scope));
    ASSERT_TRUE(plan) << core::describe(plan.error());
    EXPECT_TRUE(plan->writes);
    EXPECT_EQ(plan->summary,
              "Update Bug 12 \"Crash\" in project Web Shop\nstate: New -> Active\ntags: net; old -> net; "
              "old; new\n");
}

} // namespace
