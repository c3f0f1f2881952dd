#include "server/router/routed_tool.hpp"

#include "connected.hpp"
#include "server/tools/tools.hpp"

namespace {

using core::Json;
using core::Role;
using Progress = server::SignInProgress::State;

class FakeSignIns final : public server::SignInLinks {
public:
    core::Task<core::Result<server::OfferedSignIn>>
    start(std::string organization, core::Principal const& caller, core::CallContext const&) override {
        started.push_back(organization + " for " + caller.id);
        if (broken) {
            co_return core::fail(core::ErrorKind::invalid_argument, "no application to sign in with");
        }
        std::string const number = std::to_string(started.size());
        server::OfferedSignIn offered("flow-" + number, "https://login.example/" + number);
        offered.user_code = "ABC-" + number;
        co_return offered;
    }
    core::Task<core::Result<server::SignInProgress>> status(std::string flow_id,
                                                            core::CallContext const&) override {
        asked_about = std::move(flow_id);
        co_return progress;
    }
    core::Task<core::Result<server::SignInProgress>>
    wait(std::string flow_id, std::chrono::milliseconds, core::CallContext const&) override {
        waited_for = std::move(flow_id);
        if (connects != nullptr) {
            progress = server::SignInProgress(Progress::connected);
            connects->refused = false;
            connects->error.reset();
            connects->current.state = auth::ProviderState::connected;
        }
        co_return progress;
    }

    std::vector<std::string> started;
    std::string asked_about;
    std::string waited_for;
    bool broken = false;
    server::SignInProgress progress{Progress::pending};
    test::FakeProvider* connects = nullptr; ///< usable once somebody waited
};

class SignInQuestion : public testing::Test {
protected:
    SignInQuestion() { features_.url_elicitation = true; }

    void connect(Role sign_in_role = Role::administrator) {
        server::ConnectorPolicy policy;
        policy.default_project = "Web";
        policy.sign_in_role = sign_in_role;
        provider_ = &at_.connect("contoso", policy);
        provider_->refuse(auth::ProviderState::sign_in_required, "AADSTS700082: the sign-in ran out");
        provider_->current.fix = "Run ado-mcpd login.";
    }

    protocol::ToolResult
    call(bool writes, Json inputs = Json::object(), Json state = Json(), Role role = Role::administrator) {
        server::RoutedToolEnvironment env(at_.directory, *at_.guard, writes_, at_.limits, false);
        env.sign_in = &sign_ins_;
        auto const tool = server::make_routed_tool(
            writes ? server::make_create_work_item_tool() : server::make_search_code_tool(), env);
        Json const args = writes ? Json{{"title", "t"}} : Json{{"query", "parse"}};
        core::Principal const caller("agent-1", "triage agent", role);
        protocol::SilentClient client(features_);
        protocol::ToolCall asked(args, caller, at_.ctx, client);
        asked.inputs = std::move(inputs);
        asked.state = std::move(state);
        return at_.loop.run(tool->call(asked));
    }

    static Json answer(char const* action) { return Json{{"sign_in", {{"action", action}}}}; }

    test::Connected at_;
    core::TaskGroup writes_{at_.loop.executor()};
    protocol::ClientFeatures features_;
    FakeSignIns sign_ins_;
    test::FakeProvider* provider_ = nullptr;
};

TEST_F(SignInQuestion, AnswersWithTheLinkAndGoesThroughOnceThePersonHasSignedIn) {
    for (bool const writes : {false, true}) {
        connect();
        sign_ins_ = FakeSignIns();
        auto const asked = call(writes);
        ASSERT_TRUE(asked.needed) << asked.text;
        protocol::InputRequest const& request = asked.needed->requests.at(0);
        EXPECT_EQ(request.params.at("mode"), "url");
        EXPECT_EQ(request.params.at("url"), "https://login.example/1");
        std::string const message = request.params.at("message");
        EXPECT_NE(message.find("contoso"), std::string::npos);
        EXPECT_NE(message.find("ABC-1"), std::string::npos);
        EXPECT_EQ(sign_ins_.started, std::vector<std::string>{"contoso for agent-1"});
        EXPECT_TRUE(at_.journal.entries.empty()) << "nothing is journalled before it can be written";

        sign_ins_.connects = provider_;
        if (writes) {
            at_.respond(Json{{"id", 7}, {"rev", 1}, {"fields", {{"System.Title", "t"}}}});
        } else {
            at_.respond(Json{{"count", 0}, {"results", Json::array()}, {"infoCode", 0}});
        }
        auto const done = call(writes, answer("accept"), asked.needed->state);
        EXPECT_FALSE(done.is_error) << done.text;
        EXPECT_FALSE(done.needed);
        EXPECT_EQ(sign_ins_.waited_for, "flow-1");
        EXPECT_EQ(sign_ins_.started.size(), 1U);
        at_.journal.entries.clear();
    }
}

TEST_F(SignInQuestion, APersonWhoIsNotDoneIsSentToTheSamePageAgain) {
    connect();
    auto const asked = call(true);
    for (Json const& inputs : {answer("accept"), Json::object()}) {
        auto const again = call(true, inputs, asked.needed->state);
        ASSERT_TRUE(again.needed) << again.text;
        EXPECT_EQ(again.needed->requests.at(0).params.at("url"), "https://login.example/1");
        EXPECT_NE(again.needed->requests.at(0).params.at("message").get<std::string>().find("ABC-1"),
                  std::string::npos);
        EXPECT_EQ(sign_ins_.asked_about, "flow-1");
    }
    EXPECT_EQ(sign_ins_.started.size(), 1U);
}

TEST_F(SignInQuestion, AForgottenFlowGetsANewPage) {
    connect();
    Json const state = call(true).needed->state;
    sign_ins_.progress = server::SignInProgress(Progress::connected);
    auto const again = call(true, Json::object(), state);
    ASSERT_TRUE(again.needed);
    EXPECT_EQ(again.needed->requests.at(0).params.at("url"), "https://login.example/2");
}

TEST_F(SignInQuestion, WhoWillNotSignInGetsAnErrorWithTheFix) {
    connect();
    Json const state = call(true).needed->state;
    for (char const* action : {"decline", "cancel"}) {
        auto const refused = call(true, answer(action), state);
        EXPECT_TRUE(refused.is_error);
        EXPECT_FALSE(refused.needed);
        EXPECT_NE(refused.text.find("Run ado-mcpd login."), std::string::npos) << refused.text;
    }
    EXPECT_EQ(sign_ins_.started.size(), 1U);
}

TEST_F(SignInQuestion, ASignInThatFailedSaysWhy) {
    connect();
    Json const state = call(true).needed->state;
    sign_ins_.progress = server::SignInProgress(Progress::failed);
    sign_ins_.progress.reason = "AADSTS65004: consent was refused";
    auto const refused = call(true, answer("accept"), state);
    EXPECT_TRUE(refused.is_error);
    EXPECT_NE(refused.text.find("AADSTS65004"), std::string::npos) << refused.text;
}

TEST_F(SignInQuestion, OnlyAdministratorsAreAskedUnlessTheConnectorSaysOtherwise) {
    connect();
    auto const refused = call(true, Json::object(), Json(), Role::user);
    EXPECT_TRUE(refused.is_error);
    EXPECT_NE(refused.text.find("AADSTS700082"), std::string::npos) << refused.text;
    EXPECT_TRUE(sign_ins_.started.empty());
    connect(Role::user);
    EXPECT_TRUE(call(true, Json::object(), Json(), Role::user).needed);
    EXPECT_FALSE(call(false, Json::object(), Json(), Role::reader).needed);
}

TEST_F(SignInQuestion, AClientWithoutUrlElicitationGetsTheErrorWithItsFix) {
    features_ = protocol::ClientFeatures();
    features_.form_elicitation = true;
    connect();
    auto const refused = call(true);
    EXPECT_TRUE(refused.is_error);
    EXPECT_FALSE(refused.needed);
    EXPECT_TRUE(sign_ins_.started.empty());
}

TEST_F(SignInQuestion, OtherTroublesOfAConnectorAreNotAskedAbout) {
    connect();
    provider_->refuse(auth::ProviderState::misconfigured, "AADSTS700213");
    auto const refused = call(true);
    EXPECT_TRUE(refused.is_error);
    EXPECT_FALSE(refused.needed);
    EXPECT_TRUE(sign_ins_.started.empty());
}

TEST_F(SignInQuestion, WhereNoPageCanBeHadTheFirstErrorStands) {
    connect();
    sign_ins_.broken = true;
    auto const refused = call(true);
    EXPECT_TRUE(refused.is_error);
    EXPECT_NE(refused.text.find("AADSTS700082"), std::string::npos) << refused.text;
}

TEST_F(SignInQuestion, AYesFromBeforeASignInIsAskedForAgain) {
    features_.form_elicitation = true;
    server::ConnectorPolicy policy;
    policy.default_project = "Web";
    policy.confirm_writes = true;
    provider_ = &at_.connect("contoso", policy);
    provider_->current.identity = "ada";
    Json const confirm = call(true).needed->state;
    Json const yes{{"confirm", {{"action", "accept"}, {"content", {{"confirm", true}}}}}};
    // The sign-in ends while the person reads the question.
    provider_->refuse(auth::ProviderState::sign_in_required, "revoked");
    auto const sign_in = call(true, yes, confirm);
    ASSERT_TRUE(sign_in.needed) << sign_in.text;
    EXPECT_EQ(sign_in.needed->requests.at(0).key, "sign_in");
    sign_ins_.connects = provider_;
    auto const again = call(true, answer("accept"), sign_in.needed->state);
    // It may be somebody else now who writes.
    ASSERT_TRUE(again.needed) << again.text;
    EXPECT_EQ(again.needed->requests.at(0).key, "confirm");
    at_.respond(Json{{"id", 7}, {"rev", 1}, {"fields", {{"System.Title", "t"}}}});
    EXPECT_FALSE(call(true, yes, again.needed->state).is_error);
}

} // namespace
