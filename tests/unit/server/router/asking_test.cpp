#include "server/router/routed_tool.hpp"

#include "connected.hpp"
#include "server/tools/tools.hpp"

namespace {

using core::Json;
using core::Role;

Json work_item(int id) {
    return Json{{"id", id},
                {"rev", 1},
                {"fields",
                 {{"System.TeamProject", "Web"},
                  {"System.WorkItemType", "Bug"},
                  {"System.Title", "t"},
                  {"System.State", "New"}}}};
}

Json accept(Json content) {
    return Json{{"action", "accept"}, {"content", std::move(content)}};
}

/// create_work_item as a client calls it, in rounds. The state goes from round to round as the protocol
/// carries it: unread.
class AskingTest : public testing::Test {
protected:
    AskingTest() { features_.form_elicitation = true; }

    protocol::ToolResult
    call(Json args, Json inputs = Json::object(), Json state = Json(), Role role = Role::user) {
        if (!tool_) {
            server::RoutedToolEnvironment env(at_.directory, *at_.guard, writes_, at_.limits, false);
            env.sign_in = sign_in_;
            tool_ = server::make_routed_tool(server::make_create_work_item_tool(), env);
        }
        core::Principal const caller("agent-1", "triage agent", role);
        protocol::SilentClient client(features_);
        protocol::ToolCall asked(args, caller, at_.ctx, client);
        asked.inputs = std::move(inputs);
        asked.state = std::move(state);
        asked.task_id = task_id_;
        return at_.loop.run(tool_->call(asked));
    }

    /// The one question of a round.
    static protocol::InputRequest const& question(protocol::ToolResult const& result) {
        if (!result.needed || result.needed->requests.size() != 1) {
            ADD_FAILURE() << "nothing was asked: " << result.text;
            throw std::runtime_error("nothing was asked");
        }
        return result.needed->requests.front();
    }

    std::size_t writes_sent() const {
        auto const& requests = at_.http.requests();
        return static_cast<std::size_t>(std::count_if(requests.begin(), requests.end(), [](auto const& r) {
            return r.url.find("/_apis/wit/workitems/$") != std::string::npos;
        }));
    }

    static server::ConnectorPolicy confirming(std::vector<std::string> projects = {"Web"}) {
        server::ConnectorPolicy policy;
        policy.projects = std::move(projects);
        policy.confirm_writes = true;
        return policy;
    }

    test::Connected at_;
    core::TaskGroup writes_{at_.loop.executor()};
    protocol::ClientFeatures features_;
    server::SignInLinks* sign_in_ = nullptr;
    std::string task_id_;
    std::unique_ptr<protocol::ToolHandler> tool_;
};

class ProjectQuestion : public AskingTest {};

TEST_F(ProjectQuestion, AsksForTheProjectAndGoesOnWithTheAnswer) {
    at_.connect("contoso");
    at_.respond(test::project_list({"Web", "Payroll"}));
    auto const asked = call(Json{{"title", "t"}, {"type", "Bug"}});
    protocol::InputRequest const& form = question(asked);
    EXPECT_EQ(form.key, "project");
    EXPECT_EQ(form.method, "elicitation/create");
    EXPECT_NE(form.params.at("message").get<std::string>().find("contoso"), std::string::npos);
    EXPECT_EQ(form.params.at("/requestedSchema/properties/project/enum"_json_pointer),
              Json::array({"Web", "Payroll"}));
    EXPECT_EQ(at_.journal.entries.size(), 0U);

    at_.respond(work_item(7));
    auto const done = call(Json{{"title", "t"}, {"type", "Bug"}},
                           Json{{"project", accept(Json{{"project", "Web"}})}},
                           asked.needed->state);
    EXPECT_FALSE(done.is_error) << done.text;
    EXPECT_EQ(done.structured.at("id"), 7);
    EXPECT_EQ(at_.http.requests().back().url,
              "https://dev.azure.com/contoso/Web/_apis/wit/workitems/$Bug?api-version=7.1");
    EXPECT_EQ(at_.journal.entries.size(), 1U);
}

TEST_F(ProjectQuestion, OffersTheAllowListWithoutAskingUpstream) {
    server::ConnectorPolicy policy;
    policy.projects = {"Web", "Api"};
    at_.connect("contoso", policy);
    auto const asked = call(Json{{"title", "t"}});
    EXPECT_EQ(question(asked).params.at("/requestedSchema/properties/project/enum"_json_pointer),
              Json::array({"Web", "Api"}));
    EXPECT_TRUE(at_.http.requests().empty());
}

TEST_F(ProjectQuestion, TooManyProjectsToChooseFromAreTyped) {
    at_.connect("contoso");
    std::vector<std::string> names;
    for (int i = 0; i < 101; ++i) {
        names.push_back("p" + std::to_string(i));
    }
    at_.respond(test::project_list(names));
    Json const schema = question(call(Json{{"title", "t"}})).params.at("requestedSchema");
    EXPECT_FALSE(schema.at("/properties/project"_json_pointer).contains("enum"));
    EXPECT_EQ(schema.at("/properties/project/type"_json_pointer), "string");
}

TEST_F(ProjectQuestion, ARefusalToChooseIsAnErrorThatSaysSo) {
    at_.connect("contoso");
    for (char const* action : {"decline", "cancel"}) {
        at_.respond(test::project_list({"Web"}));
        auto const asked = call(Json{{"title", "t"}});
        auto const done =
            call(Json{{"title", "t"}}, Json{{"project", {{"action", action}}}}, asked.needed->state);
        EXPECT_TRUE(done.is_error);
        EXPECT_FALSE(done.needed);
        EXPECT_NE(done.text.find("nothing was written"), std::string::npos) << done.text;
    }
    EXPECT_EQ(writes_sent(), 0U);
}

TEST_F(ProjectQuestion, AnAnswerOutsideTheAllowListIsAskedAgain) {
    server::ConnectorPolicy policy;
    policy.projects = {"Web", "Api"};
    at_.connect("contoso", policy);
    auto const asked = call(Json{{"title", "t"}});
    for (char const* name : {"Payroll", "..", ""}) {
        auto const again = call(
            Json{{"title", "t"}}, Json{{"project", accept(Json{{"project", name}})}}, asked.needed->state);
        EXPECT_EQ(question(again).key, "project") << name;
    }
    EXPECT_EQ(question(call(Json{{"title", "t"}}, Json::object(), asked.needed->state)).key, "project");
    EXPECT_TRUE(at_.http.requests().empty());
}

TEST_F(ProjectQuestion, AClientThatCannotAskGetsTheErrorThatNamesTheArgument) {
    features_.form_elicitation = false;
    at_.connect("contoso");
    auto const result = call(Json{{"title", "t"}});
    EXPECT_TRUE(result.is_error);
    EXPECT_NE(result.text.find("`project` is missing"), std::string::npos) << result.text;
    EXPECT_TRUE(at_.http.requests().empty());
}

TEST_F(ProjectQuestion, WrongArgumentsAreRefusedBeforeAnybodyIsAsked) {
    at_.connect("contoso");
    auto const result = call(Json{{"title", "two\nlines"}});
    EXPECT_TRUE(result.is_error);
    EXPECT_FALSE(result.needed);
    EXPECT_TRUE(at_.http.requests().empty());
}

TEST_F(ProjectQuestion, WithoutAListOfProjectsTheArgumentIsAskedFor) {
    at_.connect("contoso");
    at_.http.respond(403, R"({"message":"no"})", {{"Content-Type", "application/json"}});
    auto const result = call(Json{{"title", "t"}});
    EXPECT_TRUE(result.is_error);
    EXPECT_NE(result.text.find("`project` is missing"), std::string::npos) << result.text;
}

TEST_F(ProjectQuestion, ARepeatedAnswerMakesNoSecondItem) {
    at_.connect("contoso");
    at_.respond(test::project_list({"Web"}));
    auto const asked = call(Json{{"title", "t"}});
    Json const answer{{"project", accept(Json{{"project", "Web"}})}};
    at_.respond(work_item(7));
    EXPECT_EQ(call(Json{{"title", "t"}}, answer, asked.needed->state).structured.at("created"), true);
    auto const repeated = call(Json{{"title", "t"}}, answer, asked.needed->state);
    EXPECT_EQ(repeated.structured.at("id"), 7);
    EXPECT_EQ(repeated.structured.at("created"), false);
    EXPECT_EQ(writes_sent(), 1U);
}

class WriteConfirmation : public AskingTest {};

TEST_F(WriteConfirmation, SaysWhatIsWrittenWhereAndAsWhom) {
    at_.connect("contoso", confirming()).current.identity = "ada@contoso.example";
    auto const asked = call(Json{{"title", "Crash on empty header"},
                                 {"type", "Bug"},
                                 {"description", "It crashes."},
                                 {"assigned_to", "bob@contoso.example"},
                                 {"tags", {"net"}}});
    protocol::InputRequest const& form = question(asked);
    EXPECT_EQ(form.key, "confirm");
    std::string const message = form.params.at("message");
    for (char const* part : {"Create Bug \"Crash on empty header\" in project Web",
                             "description: It crashes.",
                             "assigned_to: bob@contoso.example",
                             "tags: [\"net\"]",
                             "Organization contoso",
                             "as ada@contoso.example (oauth)",
                             "triage agent"}) {
        EXPECT_NE(message.find(part), std::string::npos) << part << "\n" << message;
    }
    EXPECT_EQ(form.params.at("/requestedSchema/properties/confirm/type"_json_pointer), "boolean");
    EXPECT_TRUE(at_.http.requests().empty());
    EXPECT_TRUE(at_.journal.entries.empty());
}

TEST_F(WriteConfirmation, OnlyAYesGoesOn) {
    at_.connect("contoso", confirming()).current.identity = "ada";
    Json const args{{"title", "t"}};
    Json const state = call(args).needed->state;
    for (Json const& answer : {Json{{"action", "decline"}},
                               Json{{"action", "cancel"}},
                               Json{{"action", "accept"}},
                               accept(Json{{"confirm", false}}),
                               accept(Json{{"confirm", "true"}})}) {
        SCOPED_TRACE(answer.dump());
        auto const refused = call(args, Json{{"confirm", answer}}, state);
        EXPECT_TRUE(refused.is_error);
        EXPECT_NE(refused.text.find("not_confirmed"), std::string::npos) << refused.text;
    }
    EXPECT_EQ(question(call(args, Json::object(), state)).key, "confirm") << "no answer is asked again";
    EXPECT_EQ(writes_sent(), 0U);
    at_.respond(work_item(7));
    auto const done = call(args, Json{{"confirm", accept(Json{{"confirm", true}})}}, state);
    EXPECT_FALSE(done.is_error) << done.text;
    EXPECT_EQ(writes_sent(), 1U);
}

TEST_F(WriteConfirmation, AnAnswerToAQuestionThatWasNotAskedCountsForNothing) {
    at_.connect("contoso", confirming()).current.identity = "ada";
    Json const yes{{"confirm", accept(Json{{"confirm", true}})}};
    EXPECT_EQ(question(call(Json{{"title", "t"}}, yes)).key, "confirm");
    Json const state = call(Json{{"title", "t"}}).needed->state;
    EXPECT_EQ(question(call(Json{{"title", "something else"}}, yes, state)).key, "confirm");
    EXPECT_EQ(writes_sent(), 0U);
}

TEST_F(WriteConfirmation, ClientsThatCannotAskAreRefused) {
    features_.form_elicitation = false;
    at_.connect("contoso", confirming());
    auto const refused = call(Json{{"title", "t"}});
    EXPECT_TRUE(refused.is_error);
    EXPECT_NE(refused.text.find("confirmation_required"), std::string::npos) << refused.text;
    EXPECT_NE(refused.text.find("confirm_writes: false"), std::string::npos) << refused.text;
    EXPECT_TRUE(at_.http.requests().empty());
}

TEST_F(WriteConfirmation, ACheckThatWritesNothingNeedsNone) {
    features_.form_elicitation = false;
    at_.connect("contoso", confirming());
    Json validated = work_item(7);
    validated.erase("id");
    at_.respond(validated);
    EXPECT_FALSE(call(Json{{"title", "t"}, {"validate_only", true}}).is_error);
}

TEST_F(WriteConfirmation, ARepeatedYesMakesNoSecondItem) {
    at_.connect("contoso", confirming()).current.identity = "ada";
    Json const args{{"title", "t"}};
    Json const yes{{"confirm", accept(Json{{"confirm", true}})}};
    Json const state = call(args).needed->state;
    at_.respond(work_item(7));
    EXPECT_EQ(call(args, yes, state).structured.at("created"), true);
    auto const repeated = call(args, yes, state);
    EXPECT_EQ(repeated.structured.at("created"), false);
    EXPECT_EQ(repeated.structured.at("id"), 7);
    EXPECT_EQ(writes_sent(), 1U);
    EXPECT_EQ(at_.journal.entries.size(), 1U);
    // Another call is another write.
    at_.respond(work_item(8));
    EXPECT_EQ(call(args, yes, call(args).needed->state).structured.at("id"), 8);
}

TEST_F(WriteConfirmation, ComesAfterTheProjectAndNamesIt) {
    at_.connect("contoso", confirming({"Web", "Api"})).current.identity = "ada";
    Json const args{{"title", "t"}};
    auto const first = call(args);
    EXPECT_EQ(question(first).key, "project");
    auto const second = call(args, Json{{"project", accept(Json{{"project", "Api"}})}}, first.needed->state);
    EXPECT_EQ(question(second).key, "confirm");
    EXPECT_NE(question(second).params.at("message").get<std::string>().find("in project Api"),
              std::string::npos);
    at_.respond(work_item(7));
    // Only this round's answers come along.
    auto const done = call(args, Json{{"confirm", accept(Json{{"confirm", true}})}}, second.needed->state);
    EXPECT_FALSE(done.is_error) << done.text;
    EXPECT_NE(at_.http.requests().back().url.find("/contoso/Api/"), std::string::npos);
}

TEST_F(WriteConfirmation, AnUnknownIdentityIsAskedForFirst) {
    at_.connect("contoso", confirming());
    at_.respond(Json{{"authenticatedUser",
                      {{"id", "22157d54-1821-6536-a446-928b06348385"},
                       {"properties", {{"Account", {{"$value", "ada@contoso.example"}}}}}}}});
    auto const asked = call(Json{{"title", "t"}});
    EXPECT_NE(question(asked).params.at("message").get<std::string>().find("as ada@contoso.example (oauth)"),
              std::string::npos);
}

class TaskKey : public AskingTest {};

TEST_F(TaskKey, AResumedTaskDoesNotWriteTwice) {
    server::ConnectorPolicy policy;
    policy.default_project = "Web";
    at_.connect("contoso", policy);
    task_id_ = "t-1";
    at_.respond(work_item(7));
    EXPECT_EQ(call(Json{{"title", "t"}}).structured.at("created"), true);
    auto const resumed = call(Json{{"title", "t"}});
    EXPECT_EQ(resumed.structured.at("id"), 7);
    EXPECT_EQ(resumed.structured.at("created"), false);
    EXPECT_EQ(writes_sent(), 1U);
    ASSERT_EQ(at_.journal.entries.size(), 1U);
    EXPECT_EQ(at_.journal.entries[0].idempotency_key, "task:t-1");
}

TEST_F(TaskKey, TheCallersOwnKeyComesFirst) {
    server::ConnectorPolicy policy;
    policy.default_project = "Web";
    at_.connect("contoso", policy);
    task_id_ = "t-1";
    at_.respond(work_item(7));
    call(Json{{"title", "t"}, {"idempotency_key", "inc-1"}});
    ASSERT_EQ(at_.journal.entries.size(), 1U);
    EXPECT_EQ(at_.journal.entries[0].idempotency_key, "inc-1");
}

} // namespace
