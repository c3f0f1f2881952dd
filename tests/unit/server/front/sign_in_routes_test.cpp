#include "front_fixture.hpp"
#include "openapi/openapi_check.hpp"
#include "server/front/rest/credentials.hpp"
#include "server/front/rest/sign_in.hpp"
#include "server/front/rest/sign_in_page.hpp"

namespace {

using front_test::Front;
using front_test::request;
using front_test::WireReply;

constexpr char const* kForm = "application/x-www-form-urlencoded";
constexpr char const* kBase = "/api/v1/azuredevops/auth";
constexpr char const* kCallback = "/api/v1/azuredevops/auth/oauth/callback";

class FakeSignIn final : public server::SignIn {
public:
    core::Task<core::Result<server::SignInLink>> start(server::SignInRequest request,
                                                       core::CallContext const&) override {
        asked.emplace(std::move(request));
        if (failure) {
            co_return core::fail(*failure);
        }
        server::SignInLink link("flow-1");
        link.organization = "contoso";
        link.tenant = "tenant-1";
        link.authorize_url = "https://login.example/tenant-1/oauth2/v2.0/authorize?x=1";
        link.redirect_uri = "http://localhost:8931/";
        link.expires_at = core::SystemTime(std::chrono::seconds(1'795'392'600));
        co_return link;
    }
    core::Task<core::Result<server::DeviceSignIn>> start_device(server::SignInRequest request,
                                                                core::CallContext const&) override {
        asked.emplace(std::move(request));
        if (failure) {
            co_return core::fail(*failure);
        }
        server::DeviceSignIn shown("flow-2");
        shown.organization = "contoso";
        shown.user_code = "F7KQ2W9LA";
        shown.verification_uri = "https://microsoft.com/devicelogin";
        shown.message = "Open the page";
        shown.pending_before = pending_before;
        shown.expires_at = core::SystemTime(std::chrono::seconds(1'795'392'900));
        co_return shown;
    }
    bool knows(std::string_view sealed) const override { return sealed == "known"; }
    core::Task<core::Result<server::SignInStatus>> finish(auth::AuthorizationAnswer answer,
                                                          core::CallContext const&) override {
        ++finished;
        code_matches = answer.code.equals("canary-code");
        error = answer.error;
        state = answer.state;
        if (failure) {
            co_return core::fail(*failure);
        }
        co_return outcome;
    }
    core::Task<core::Result<server::SignInStatus>> status(std::string flow_id,
                                                          core::CallContext const&) override {
        asked_flow = std::move(flow_id);
        if (failure) {
            co_return core::fail(*failure);
        }
        co_return outcome;
    }
    core::Task<core::Result<server::SignInStatus>> wait(std::string, core::CallContext const&) override {
        co_return outcome;
    }
    core::Task<core::Result<server::SignInStatus>>
    cancel(std::string flow_id, std::string principal, core::CallContext const&) override {
        cancelled_flow = std::move(flow_id);
        cancelled_by = std::move(principal);
        co_return outcome;
    }

    static server::SignInStatus connected() {
        server::SignInStatus status("flow-1");
        status.organization = "contoso";
        status.tenant = "tenant-1";
        status.state = server::SignInState::connected;
        status.identity = "ada@contoso.example";
        return status;
    }

    std::optional<server::SignInRequest> asked;
    std::optional<core::Error> failure;
    server::SignInStatus outcome = connected();
    std::string asked_flow;
    std::string cancelled_flow;
    std::string cancelled_by;
    bool pending_before = false;
    int finished = 0;
    bool code_matches = false;
    std::string error;
    std::string state;
};

core::Error refusal() {
    return core::Error(core::ErrorKind::unauthorized, "Consent was <refused> & \"gone\"")
        .with_code("AADSTS65004")
        .with_fix("Sign in again.")
        .with_activity_id("c0ffee");
}

class SignInRoutes : public testing::Test {
protected:
    SignInRoutes() {
        routes.add_to(front.routes);
        credentials_beside_them();
    }
    /// `auth/{organization}` must not catch what is ours.
    void credentials_beside_them() {
        front.add("GET",
                  std::string(kBase) + "/{organization}",
                  core::Role::reader,
                  [](server::InboundRequest&, core::CallContext const&) {
                      return Front::reply_with("an organization");
                  });
    }
    /// Every answer is held against the OpenAPI document.
    WireReply ask(std::string const& method,
                  std::string const& target,
                  std::vector<std::pair<std::string, std::string>> headers,
                  std::string const& body = {}) {
        WireReply reply = front.ask(request(method, target, std::move(headers), body));
        for (std::string const& violation : test::openapi_violations(
                 method, target, reply.status, reply.header("Content-Type"), reply.body)) {
            ADD_FAILURE() << violation << "\n" << reply.body;
        }
        return reply;
    }
    WireReply post(std::string const& target,
                   std::string const& type,
                   std::string const& body,
                   char const* role = "administrator") {
        return ask("POST",
                   target,
                   {{"Authorization", std::string("Bearer ") + role + "-token"}, {"Content-Type", type}},
                   body);
    }
    WireReply get(std::string const& target, char const* role = "administrator") {
        return ask("GET", target, {{"Authorization", std::string("Bearer ") + role + "-token"}});
    }
    /// A browser: no token, and an Origin where it posts a form of another site.
    WireReply browse(std::string const& target) { return ask("GET", target, {}); }
    WireReply submit(std::string const& target,
                     std::string const& body,
                     std::string const& origin = "https://login.microsoftonline.com",
                     std::string const& type = kForm) {
        return ask("POST", target, {{"Origin", origin}, {"Content-Type", type}}, body);
    }

    Front front;
    FakeSignIn sign_in;
    server::SignInRoutes routes{sign_in};
};

TEST_F(SignInRoutes, StartAnswersWithTheLink) {
    WireReply const reply =
        post(std::string(kBase) + "/oauth/start", "application/json", R"({"organization":"contoso"})");
    EXPECT_EQ(reply.status, 200) << reply.body;
    core::Json const expected = {
        {"flow_id", "flow-1"},
        {"organization", "contoso"},
        {"tenant", "tenant-1"},
        {"authorize_url", "https://login.example/tenant-1/oauth2/v2.0/authorize?x=1"},
        {"redirect_uri", "http://localhost:8931/"},
        {"expires_at", "2026-11-23T00:10:00Z"}};
    EXPECT_EQ(reply.json(), expected);
    EXPECT_EQ(sign_in.asked->organization, "contoso");
    EXPECT_EQ(sign_in.asked->tenant, "");
    EXPECT_EQ(sign_in.asked->principal, "id-administrator-token");
}

TEST_F(SignInRoutes, ACodeThatWaitedAlreadyIsSaidToBeOne) {
    std::string const path = std::string(kBase) + "/device";
    std::string const body = R"({"organization":"contoso"})";
    EXPECT_FALSE(post(path, "application/json", body).json().contains("already_pending"));
    sign_in.pending_before = true;
    EXPECT_EQ(post(path, "application/json", body).json().at("already_pending"), true);
}

TEST_F(SignInRoutes, ASignInIsCancelledByAnAdministrator) {
    std::string const target = std::string(kBase) + "/oauth/flows/flow-2";
    auto const remove = [&](char const* role) {
        return ask("DELETE", target, {{"Authorization", std::string("Bearer ") + role + "-token"}});
    };
    EXPECT_EQ(remove("user").status, 403);
    EXPECT_EQ(sign_in.cancelled_flow, "");
    sign_in.outcome.state = server::SignInState::failed;
    sign_in.outcome.failure.emplace(
        core::Error(core::ErrorKind::cancelled, "cancelled").with_code("sign_in_cancelled"));
    WireReply const reply = remove("administrator");
    EXPECT_EQ(reply.status, 200) << reply.body;
    EXPECT_EQ(reply.json().at("state"), "failed");
    EXPECT_EQ(reply.json().at("code"), "sign_in_cancelled");
    EXPECT_EQ(sign_in.cancelled_flow, "flow-2");
    EXPECT_EQ(sign_in.cancelled_by, "id-administrator-token");
}

TEST_F(SignInRoutes, TheRequestMayBeJsonAFormOrAQuery) {
    struct Row {
        char const* target;
        char const* type;
        char const* body;
    };
    for (Row const& row : std::vector<Row>{
             {"/oauth/start",
              "application/json",
              R"({"organization":" contoso ","tenant":"t1","login_hint":"a@b","prompt":"login"})"},
             {"/oauth/start", kForm, "organization=contoso&tenant=t1&login_hint=a%40b&prompt=login"},
             {"/OAuth/Start?organization=contoso&tenant=t1&login_hint=a%40b&prompt=login", "", ""},
             {"/oauth/start?organization=contoso&login_hint=a%40b",
              "application/json",
              R"({"tenant":"t1","x":1,"prompt":"login"})"}}) {
        SCOPED_TRACE(row.target);
        sign_in.asked.reset();
        WireReply const reply = post(std::string(kBase) + row.target, row.type, row.body);
        ASSERT_EQ(reply.status, 200) << reply.body;
        EXPECT_EQ(sign_in.asked->organization, "contoso");
        EXPECT_EQ(sign_in.asked->tenant, "t1");
        EXPECT_EQ(sign_in.asked->login_hint, "a@b");
        EXPECT_EQ(sign_in.asked->prompt, "login");
    }
}

TEST_F(SignInRoutes, ARequestThatIsNoneIsAProblem) {
    struct Row {
        char const* type;
        char const* body;
        int status;
        char const* code;
    };
    for (char const* const path : {"/oauth/start", "/device"}) {
        for (Row const& row :
             std::vector<Row>{{"application/json", "{}", 400, "missing_organization"},
                              {"application/json", R"({"organization":""})", 400, "missing_organization"},
                              {"application/json", R"({"organization":null})", 400, "missing_organization"},
                              {"application/json", R"({"organization":7})", 400, "invalid_body"},
                              {"application/json", "[]", 400, "invalid_body"},
                              {"application/json", "{", 400, "invalid_body"},
                              {kForm, "organization=%zz", 400, "invalid_body"},
                              {kForm, "", 400, "missing_organization"},
                              {"text/plain", "contoso", 415, "unsupported_media_type"}}) {
            SCOPED_TRACE(row.body);
            WireReply const reply = post(std::string(kBase) + path, row.type, row.body);
            EXPECT_EQ(reply.status, row.status) << reply.body;
            EXPECT_EQ(reply.header("Content-Type"), "application/problem+json");
            EXPECT_EQ(reply.json().value("code", ""), row.code);
            EXPECT_FALSE(reply.json().value("fix", "").empty());
        }
    }
    EXPECT_FALSE(sign_in.asked);
}

TEST_F(SignInRoutes, StartingAndLookingIsForAdministrators) {
    char const* const body = R"({"organization":"contoso"})";
    for (char const* const role : {"reader", "user"}) {
        EXPECT_EQ(post(std::string(kBase) + "/oauth/start", "application/json", body, role).status, 403);
        EXPECT_EQ(post(std::string(kBase) + "/device", "application/json", body, role).status, 403);
        EXPECT_EQ(get(std::string(kBase) + "/oauth/flows/flow-1", role).status, 403);
    }
    EXPECT_EQ(browse(std::string(kBase) + "/oauth/flows/flow-1").status, 401);
    EXPECT_FALSE(sign_in.asked);
}

TEST_F(SignInRoutes, DeviceAnswersWithTheCodeToEnter) {
    WireReply const reply =
        post(std::string(kBase) + "/device", "application/json", R"({"organization":"contoso"})");
    EXPECT_EQ(reply.status, 200) << reply.body;
    core::Json const body = reply.json();
    EXPECT_EQ(body.value("flow_id", ""), "flow-2");
    EXPECT_EQ(body.value("user_code", ""), "F7KQ2W9LA");
    EXPECT_EQ(body.value("verification_uri", ""), "https://microsoft.com/devicelogin");
    EXPECT_EQ(body.value("expires_at", ""), "2026-11-23T00:15:00Z");
    EXPECT_EQ(body.value("message", ""), "Open the page");
    EXPECT_FALSE(body.contains("device_code"));
}

TEST_F(SignInRoutes, WhatCannotBeStartedIsAProblem) {
    sign_in.failure.emplace(refusal());
    for (char const* const path : {"/oauth/start", "/device"}) {
        WireReply const reply =
            post(std::string(kBase) + path, "application/json", R"({"organization":"contoso"})");
        EXPECT_EQ(reply.status, 400);
        EXPECT_EQ(reply.header("Content-Type"), "application/problem+json");
        EXPECT_EQ(reply.json().value("title", ""), "Authentication Failed");
        EXPECT_EQ(reply.json().value("code", ""), "AADSTS65004");
        EXPECT_EQ(reply.json().value("activity_id", ""), "c0ffee");
    }
}

TEST_F(SignInRoutes, AFlowTellsHowItStands) {
    WireReply reply = get(std::string(kBase) + "/oauth/flows/flow-1");
    EXPECT_EQ(reply.status, 200);
    EXPECT_EQ(sign_in.asked_flow, "flow-1");
    EXPECT_EQ(reply.json().value("state", ""), "connected");
    EXPECT_EQ(reply.json().value("identity", ""), "ada@contoso.example");
    EXPECT_EQ(reply.json().value("message", ""), "Connected to Azure DevOps");

    sign_in.outcome.state = server::SignInState::pending;
    reply = get(std::string(kBase) + "/oauth/flows/flow-1");
    EXPECT_EQ(reply.json().value("state", ""), "pending");
    EXPECT_FALSE(reply.json().contains("identity"));

    sign_in.outcome.state = server::SignInState::failed;
    sign_in.outcome.failure.emplace(refusal());
    reply = get(std::string(kBase) + "/oauth/flows/flow-1");
    EXPECT_EQ(reply.status, 200) << "the question was answered";
    EXPECT_EQ(reply.json().value("state", ""), "failed");
    EXPECT_EQ(reply.json().value("message", ""), "Authentication Failed");
    EXPECT_EQ(reply.json().value("reason", ""), refusal().message());
    EXPECT_EQ(reply.json().value("code", ""), "AADSTS65004");
    EXPECT_EQ(reply.json().value("fix", ""), "Sign in again.");

    sign_in.failure.emplace(core::Error(core::ErrorKind::not_found, "no").with_code("flow_not_found"));
    EXPECT_EQ(get(std::string(kBase) + "/oauth/flows/x").status, 404);
}

TEST_F(SignInRoutes, TheBrowserComesBackByQueryOrByForm) {
    for (std::string const& path : {std::string(kCallback), std::string("/")}) {
        SCOPED_TRACE(path);
        for (bool const form : {false, true}) {
            sign_in.code_matches = false;
            std::string const answer = "code=canary-code&state=known&session_state=x";
            WireReply const reply = form ? submit(path, answer) : browse(path + "?" + answer);
            EXPECT_EQ(reply.status, 200) << reply.body;
            EXPECT_TRUE(sign_in.code_matches);
            EXPECT_EQ(reply.header("Content-Type"), "text/html; charset=utf-8");
            EXPECT_NE(reply.body.find("<h1>Connected to Azure DevOps</h1>"), std::string::npos);
            EXPECT_NE(reply.body.find("ada@contoso.example"), std::string::npos);
            EXPECT_EQ(reply.body.find("canary"), std::string::npos);
        }
    }
    EXPECT_EQ(sign_in.finished, 4);
    WireReply const declined = browse(std::string(kCallback) + "?error=access_denied&state=known");
    EXPECT_EQ(sign_in.error, "access_denied");
    EXPECT_EQ(declined.status, 200) << "what it means is not decided here";
}

TEST_F(SignInRoutes, ALookAheadDoesNotUseTheAnswerUp) {
    for (std::string const& path : {std::string(kCallback), std::string("/")}) {
        WireReply const reply = front.ask(request("HEAD", path + "?code=c&state=known"));
        EXPECT_EQ(reply.status, 405) << path;
        EXPECT_EQ(reply.header("Allow"), "GET, POST, OPTIONS") << path;
    }
    EXPECT_EQ(sign_in.finished, 0);
}

TEST_F(SignInRoutes, ThePageLoadsNothingRunsNothingAndTellsNobody) {
    for (bool const failed : {false, true}) {
        if (failed) {
            sign_in.outcome.failure.emplace(refusal());
        }
        WireReply const reply = browse(std::string(kCallback) + "?code=c&state=known");
        std::string const policy = reply.header("Content-Security-Policy");
        EXPECT_TRUE(policy.starts_with("default-src 'none'; style-src 'unsafe-inline'")) << policy;
        EXPECT_NE(policy.find("frame-ancestors 'none'"), std::string::npos);
        EXPECT_EQ(reply.header("Referrer-Policy"), "no-referrer");
        EXPECT_EQ(reply.header("Cache-Control"), "no-store");
        EXPECT_EQ(reply.header("X-Content-Type-Options"), "nosniff");
        for (char const* const part : {"<script", "<link", "<img", "href", "src="}) {
            EXPECT_EQ(reply.body.find(part), std::string::npos) << part;
        }
    }
}

TEST_F(SignInRoutes, AFailureSaysWhyAndWhatToDo) {
    sign_in.outcome.failure.emplace(refusal());
    WireReply const reply = browse(std::string(kCallback) + "?code=c&state=known");
    EXPECT_EQ(reply.status, 400);
    for (char const* const part : {"<h1>Authentication Failed</h1>",
                                   "Consent was &lt;refused&gt; &amp; &quot;gone&quot;",
                                   "AADSTS65004",
                                   "Sign in again.",
                                   "c0ffee"}) {
        EXPECT_NE(reply.body.find(part), std::string::npos) << part << "\n" << reply.body;
    }
    EXPECT_EQ(reply.body.find("<refused>"), std::string::npos);
    sign_in.outcome.failure.reset();
    sign_in.failure.emplace(
        core::Error(core::ErrorKind::invalid_argument, "used before").with_code("sign_in_used"));
    WireReply const again = browse(std::string(kCallback) + "?code=c&state=known");
    EXPECT_EQ(again.status, 400);
    EXPECT_NE(again.body.find("sign_in_used"), std::string::npos);
}

TEST_F(SignInRoutes, WhatIsNoAnswerGetsNowhere) {
    for (char const* const query : {"", "?x=1", "?code=c", "?state=known", "?code=a&code=b&state=known"}) {
        WireReply const callback = browse(std::string(kCallback) + query);
        EXPECT_EQ(callback.status, 400) << query;
        EXPECT_EQ(callback.header("Content-Type"), "text/html; charset=utf-8");
        WireReply const root = browse(std::string("/") + query);
        EXPECT_EQ(root.status, 404) << query;
        EXPECT_EQ(root.json().value("code", ""), "not_found");
    }
    EXPECT_EQ(browse("/?code=c&state=unknown").status, 404);
    EXPECT_EQ(submit("/", "code=c&state=unknown").status, 404);
    EXPECT_EQ(
        submit(kCallback, R"({"code":"c","state":"known"})", "https://a.example", "application/json").status,
        400);
    EXPECT_EQ(submit("/", "code=c&state=known", "https://a.example", "text/plain").status, 404);
    EXPECT_EQ(sign_in.finished, 0);
}

TEST_F(SignInRoutes, OnlyTheWayBackIsOpenToOtherOrigins) {
    std::string const evil = "https://evil.example";
    EXPECT_EQ(submit(kCallback, "code=c&state=known", evil).status, 200);
    EXPECT_EQ(submit(kCallback, "code=c&state=known", "null").status, 200);
    EXPECT_EQ(submit("/", "code=c&state=known", evil).status, 200);
    auto const with_origin = [&](char const* method, std::string const& target) {
        return front
            .ask(request(method, target, {{"Origin", evil}, {"Authorization", "Bearer administrator-token"}}))
            .status;
    };
    EXPECT_EQ(with_origin("GET", "/?code=c&state=known"), 403);
    EXPECT_EQ(with_origin("POST", std::string(kBase) + "/oauth/start"), 403);
    EXPECT_EQ(with_origin("POST", std::string(kBase) + "/device"), 403);
    EXPECT_EQ(with_origin("GET", std::string(kBase) + "/oauth/flows/x"), 403);
    EXPECT_EQ(with_origin("OPTIONS", kCallback), 403);
    EXPECT_EQ(with_origin("DELETE", kCallback), 403);
    WireReply const reply = submit(kCallback, "code=c&state=known", evil);
    EXPECT_EQ(reply.header("Access-Control-Allow-Origin"), "") << "let in, but not to read the answer";
    // Its Host still has to be ours.
    EXPECT_EQ(
        front.ask(request("GET", std::string(kCallback) + "?code=c&state=known", {{"Host", "evil.example"}}))
            .status,
        403);
}

TEST(SignInRoot, BelongsToThePageThatLivesThere) {
    Front front;
    FakeSignIn sign_in;
    std::string query;
    server::SignInRoutes routes(sign_in, [&query](server::InboundRequest& asked, core::CallContext const&) {
        query = asked.query;
        return Front::reply_with("console");
    });
    routes.add_to(front.routes);
    EXPECT_EQ(front.ask(request("GET", "/")).body, "console");
    EXPECT_EQ(front.ask(request("GET", "/?code=c&state=unknown")).body, "console");
    EXPECT_EQ(query, "code=c&state=unknown");
    EXPECT_NE(front.ask(request("GET", "/?code=c&state=known")).body, "console");
    EXPECT_EQ(front.ask(request("POST", "/", {{"Content-Type", kForm}}, "code=c&state=unknown")).status, 404);
}

TEST(EscapeHtml, LeavesNothingThatAPageWouldTakeForItsOwn) {
    EXPECT_EQ(server::escape_html("a<b>&\"c'"), "a&lt;b&gt;&amp;&quot;c&#39;");
}

} // namespace
