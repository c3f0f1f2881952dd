#include "front_fixture.hpp"
#include "openapi/openapi_check.hpp"
#include "server/config/expiry.hpp"
#include "server/front/health.hpp"
#include "server/front/rest/credentials.hpp"
#include "server/front/rest/pat_request.hpp"

#include <algorithm>

namespace {

using front_test::Front;
using front_test::request;
using front_test::WireReply;

std::string const kPat = std::string(75, 'Q') + "AZDOabcde";

class FakeAdmin final : public server::CredentialAdmin {
public:
    core::Task<core::Result<server::PatAccepted>> attach_pat(std::string organization,
                                                             core::Secret pat,
                                                             std::optional<core::SystemTime> expires,
                                                             core::Principal caller,
                                                             core::CallContext const& /*ctx*/) override {
        ++attached;
        asked_by = caller.id;
        asked_organization = organization;
        pat_matches = pat.equals(kPat);
        asked_expiry = expires;
        if (failure) {
            co_return core::fail(*failure);
        }
        server::PatAccepted accepted("contoso");
        accepted.identity = "Ada Lovelace";
        accepted.expires_at = expires;
        co_return accepted;
    }

    core::Task<core::Result<server::IdentityAccepted>> attach_identity(server::IdentityRequest request,
                                                                       core::Principal caller,
                                                                       core::CallContext const&) override {
        asked_by = caller.id;
        identity.emplace(request);
        if (failure) {
            co_return core::fail(*failure);
        }
        server::IdentityAccepted accepted("contoso");
        accepted.identity = "agent";
        accepted.tenant = request.federated_tenant_id;
        co_return accepted;
    }
    core::Task<void> note_reach(std::string, core::CallContext const&) override { co_return; }

    core::Task<core::Result<std::vector<server::OrganizationCredentials>>>
    list(core::CallContext const&) override {
        std::vector<server::OrganizationCredentials> all;
        all.push_back(contoso());
        co_return all;
    }

    core::Task<core::Result<server::OrganizationCredentials>> get(std::string organization,
                                                                  core::CallContext const&) override {
        asked_organization = organization;
        if (failure) {
            co_return core::fail(*failure);
        }
        co_return contoso();
    }

    core::Task<core::Result<std::string>>
    remove(std::string organization, core::Principal caller, core::CallContext const&) override {
        asked_by = caller.id;
        asked_organization = organization;
        if (failure) {
            co_return core::fail(*failure);
        }
        co_return std::string("contoso");
    }

    static server::OrganizationCredentials contoso() {
        server::OrganizationCredentials one("contoso");
        one.connector = "contoso-prod";
        one.state = "degraded";
        server::CredentialMethodStatus oauth("oauth");
        oauth.state = "sign_in_required";
        oauth.last_error = "The sign-in has lapsed.";
        oauth.last_error_code = "AADSTS700082";
        oauth.fix = "Sign in again.";
        server::CredentialMethodStatus pat("pat");
        pat.state = "connected";
        pat.identity = "Ada Lovelace";
        pat.expires_at = server::parse_expiry("2027-03-01T12:00:00Z");
        one.methods.push_back(oauth);
        one.methods.push_back(pat);
        return one;
    }

    int attached = 0;
    std::string asked_organization;
    std::string asked_by;
    bool pat_matches = false;
    std::optional<core::SystemTime> asked_expiry;
    std::optional<core::Error> failure;
    std::optional<server::IdentityRequest> identity;
};

class CredentialRoutes : public testing::Test {
protected:
    CredentialRoutes() : routes(admin, front.clock) { routes.add_to(front.routes); }

    WireReply post(std::string const& target, std::string const& type, std::string const& body) {
        std::vector<std::pair<std::string, std::string>> headers{
            {"Authorization", "Bearer administrator-token"}};
        if (!type.empty()) {
            headers.emplace_back("Content-Type", type);
        }
        return checked("POST", target, front.ask(request("POST", target, headers, body)));
    }
    /// Every answer is held against the OpenAPI document.
    static WireReply checked(char const* method, std::string const& target, WireReply reply) {
        for (std::string const& violation : test::openapi_violations(
                 method, target, reply.status, reply.header("Content-Type"), reply.body)) {
            ADD_FAILURE() << violation << "\n" << reply.body;
        }
        return reply;
    }
    WireReply ask(char const* method, std::string const& target, char const* role = "administrator") {
        return checked(method,
                       target,
                       front.ask(request(
                           method, target, {{"Authorization", std::string("Bearer ") + role + "-token"}})));
    }

    Front front;
    FakeAdmin admin;
    server::CredentialRoutes routes;
};

constexpr char const* kForm = "application/x-www-form-urlencoded";
constexpr char const* kPath = "/api/v1/azuredevops/auth/pat";

TEST_F(CredentialRoutes, AcceptsEveryShapeOfAPat) {
    struct Row {
        std::string target;
        std::string type;
        std::string body;
        std::string organization;
        char const* expires;
    };
    std::string const url = "https%3A%2F%2Fdev.azure.com%2Fcontoso";
    std::vector<Row> const rows{
        {kPath, kForm, "organization=contoso&pat=" + kPat, "contoso", ""},
        {kPath, kForm, "pat=" + kPat + "&organization=contoso&expires=2027-03-01", "contoso", "2027-03-01"},
        {kPath,
         std::string(kForm) + "; charset=UTF-8",
         "organization=" + url + "&pat=" + kPat,
         "https://dev.azure.com/contoso",
         ""},
        {"/api/v1/AzureDevOps/auth/PAT", kForm, "organization=contoso&pat=%20" + kPat + "%0A", "contoso", ""},
        {kPath, "application/json", R"({"organization":"contoso","pat":")" + kPat + R"("})", "contoso", ""},
        {kPath,
         "application/json; charset=utf-8",
         R"({"organization":"https://contoso.visualstudio.com","pat":")" + kPat +
             R"(","expires":"2027-03-01T12:00:00Z"})",
         "https://contoso.visualstudio.com",
         "2027-03-01T12:00:00Z"},
        {kPath,
         "application/json",
         R"({"organization":"contoso","expires":null,"pat":")" + kPat + R"("})",
         "contoso",
         ""},
        {std::string(kPath) + "?organization=contoso",
         "application/json",
         R"({"accessToken":")" + kPat + R"("})",
         "contoso",
         ""},
        {"/api/v1/AzureDevOps/auth/pat?organization=" + url,
         "application/json",
         R"({"accessToken":")" + kPat + R"("})",
         "https://dev.azure.com/contoso",
         ""},
        {std::string(kPath) + "?organization=contoso", kForm, "pat=" + kPat, "contoso", ""},
        {std::string(kPath) + "?organization=Contoso",
         kForm,
         "organization=contoso&pat=" + kPat,
         "contoso",
         ""},
    };
    for (Row const& row : rows) {
        SCOPED_TRACE(row.target + " " + row.type);
        test::LogCapture const log;
        admin = FakeAdmin();
        WireReply const reply = post(row.target, row.type, row.body);
        ASSERT_EQ(reply.status, 200) << reply.body;
        EXPECT_EQ(admin.asked_organization, row.organization);
        EXPECT_TRUE(admin.pat_matches);
        EXPECT_EQ(admin.asked_expiry, server::parse_expiry(row.expires));
        EXPECT_EQ(reply.json()["organization"], "contoso");
        EXPECT_EQ(reply.json()["method"], "pat");
        EXPECT_EQ(reply.json()["state"], "connected");
        EXPECT_EQ(reply.json()["identity"], "Ada Lovelace");
        EXPECT_EQ(reply.json()["message"], "Connected to Azure DevOps");
        EXPECT_EQ(reply.json().contains("expires_at"), *row.expires != '\0');
        EXPECT_FALSE(reply.json().contains("warning"));
        EXPECT_FALSE(log.contains(kPat));
        EXPECT_EQ(reply.body.find(kPat), std::string::npos);
    }
}

TEST_F(CredentialRoutes, RefusesWhatIsNotAPatRequest) {
    struct Row {
        std::string target;
        std::string type;
        std::string body;
        int status;
        char const* code;
    };
    std::vector<Row> const rows{
        {kPath, kForm, "organization=contoso", 400, "missing_pat"},
        {kPath, kForm, "pat=" + kPat, 400, "missing_organization"},
        {kPath, kForm, "organization=%20&pat=" + kPat, 400, "missing_organization"},
        {kPath, kForm, "organization=%zz&pat=" + kPat, 400, "invalid_body"},
        {kPath, kForm, "organization=contoso&pat=" + kPat + "&accessToken=x", 400, "ambiguous_token"},
        {std::string(kPath) + "?organization=fabrikam",
         kForm,
         "organization=contoso&pat=" + kPat,
         400,
         "ambiguous_organization"},
        {std::string(kPath) + "?organization=contoso&pat=" + kPat, kForm, "x=y", 400, "token_in_url"},
        {std::string(kPath) + "?organization=%zz", kForm, "pat=" + kPat, 400, "invalid_query"},
        {kPath, "application/json", "[]", 400, "invalid_body"},
        {kPath, "application/json", "{", 400, "invalid_body"},
        {kPath, "application/json", R"({"organization":1,"pat":"x"})", 400, "invalid_body"},
        {kPath,
         "application/json",
         R"({"organization":"contoso","pat":{"a":")" + kPat + R"("}})",
         400,
         "invalid_body"},
        {kPath, "", "organization=contoso&pat=" + kPat, 415, "unsupported_media_type"},
        {kPath, "text/plain", "organization=contoso&pat=" + kPat, 415, "unsupported_media_type"},
        {kPath, "multipart/form-data; boundary=x", "--x--", 415, "unsupported_media_type"},
        {kPath, kForm, "organization=contoso&expires=tomorrow&pat=" + kPat, 400, "invalid_expires"},
        {kPath, kForm, "organization=contoso&expires=2020-01-01&pat=" + kPat, 400, "invalid_expires"},
    };
    for (Row const& row : rows) {
        SCOPED_TRACE(row.target.substr(0, 60) + " " + row.code);
        test::LogCapture const log;
        WireReply const reply = post(row.target, row.type, row.body);
        EXPECT_EQ(reply.status, row.status) << reply.body;
        EXPECT_EQ(reply.json()["code"], row.code);
        EXPECT_NE(reply.json()["fix"], core::Json());
        EXPECT_FALSE(log.contains(kPat));
        EXPECT_EQ(reply.body.find(kPat), std::string::npos);
    }
    EXPECT_EQ(post(kPath, kForm, "organization=contoso&pat=").status, 400);
    EXPECT_EQ(post(kPath, kForm, "organization=contoso&pat=a%20b").status, 400);
    EXPECT_EQ(admin.attached, 0);
}

TEST_F(CredentialRoutes, WarnsAboutATokenOfAnUnknownForm) {
    WireReply const reply = post(kPath, kForm, "organization=contoso&pat=short");
    EXPECT_EQ(reply.status, 200);
    EXPECT_TRUE(reply.json()["warning"].is_string());
}

TEST_F(CredentialRoutes, TellsWhatTheOrganizationSaidAboutARefusedPat) {
    admin.failure =
        core::Error(core::ErrorKind::unauthorized, "The organization refused the PAT: it has expired.")
            .with_code("TF400813")
            .with_fix("Make a new PAT.")
            .with_activity_id("a-1")
            .with_status(401);
    WireReply const reply = post(kPath, kForm, "organization=contoso&pat=" + kPat);
    EXPECT_EQ(reply.status, 400);
    EXPECT_EQ(reply.header("Content-Type"), "application/problem+json");
    EXPECT_EQ(reply.json()["title"], "Authentication Failed");
    EXPECT_EQ(reply.json()["code"], "TF400813");
    EXPECT_EQ(reply.json()["fix"], "Make a new PAT.");
    EXPECT_EQ(reply.json()["activity_id"], "a-1");
    EXPECT_EQ(reply.header("WWW-Authenticate"), "");
}

TEST_F(CredentialRoutes, NeedsAnAdministratorToChangeAndAReaderToSee) {
    for (char const* const role : {"reader", "user"}) {
        EXPECT_EQ(ask("POST", kPath, role).status, 403);
        EXPECT_EQ(ask("DELETE", "/api/v1/azuredevops/auth/contoso", role).status, 403);
        EXPECT_EQ(ask("GET", "/api/v1/azuredevops/auth/contoso", role).status, 200);
    }
    EXPECT_EQ(front.ask(request("POST", kPath, {{"Content-Type", kForm}}, "organization=contoso&pat=" + kPat))
                  .status,
              401);
    EXPECT_EQ(admin.attached, 0);
}

TEST_F(CredentialRoutes, ListsHowTheCredentialsStand) {
    core::Json const one = core::Json::parse(R"({
        "organization": "contoso", "connector": "contoso-prod", "state": "degraded", "notes": [], "methods": [
            {"method": "oauth", "state": "sign_in_required", "last_error":
                {"message": "The sign-in has lapsed.", "code": "AADSTS700082", "fix": "Sign in again."}},
            {"method": "pat", "state": "connected", "identity": "Ada Lovelace", "expires_at": "2027-03-01T12:00:00Z"}]})");
    EXPECT_EQ(ask("GET", "/api/v1/azuredevops/auth", "reader").json(),
              (core::Json{{"organizations", {one}}}));
    EXPECT_EQ(ask("GET", "/api/v1/AzureDevOps/auth/https%3A%2F%2Fdev.azure.com%2Fcontoso", "reader").json(),
              one);
    EXPECT_EQ(admin.asked_organization, "https://dev.azure.com/contoso");
}

TEST_F(CredentialRoutes, RemovesTheCredentialsOfAnOrganization) {
    WireReply const reply = ask("DELETE", "/api/v1/azuredevops/auth/contoso");
    EXPECT_EQ(reply.status, 200);
    EXPECT_EQ(
        reply.json(),
        (core::Json{{"organization", "contoso"}, {"state", "disconnected"}, {"message", "Disconnected"}}));
    admin.failure = core::Error(core::ErrorKind::not_found, "No organization 'x' here.");
    EXPECT_EQ(ask("DELETE", "/api/v1/azuredevops/auth/x").status, 404);
    EXPECT_EQ(ask("GET", "/api/v1/azuredevops/auth/x").status, 404);
}

/// A connection that is not looked at.
class NoConnection final : public server::RequestConnection {
public:
    void cancel_on_disconnect() noexcept override {}
    protocol::ReplyChannel& events() override { return events_; }

private:
    protocol::ClosedChannel events_;
};

TEST(PatRequest, WipesTheBodyItWasReadFrom) {
    NoConnection connection;
    for (char const* const type : {kForm, "application/json", "text/plain"}) {
        core::HttpHeaders headers;
        headers.add("Content-Type", type);
        server::InboundRequest asked("POST", kPath, "", headers, connection);
        // Longer than what a string holds in itself, so that the block it lived in can be looked at
        // afterwards.
        asked.body = "organization=contoso&pat=" + kPat;
        asked.body.reserve(512);
        char const* const block = asked.body.data();
        std::size_t const size = asked.body.size();
        auto const result = server::read_pat_request(asked, core::SystemTime());
        EXPECT_EQ(result.has_value(), std::string_view(type) == kForm);
        EXPECT_TRUE(asked.body.empty());
        ASSERT_EQ(asked.body.data(), block);
        EXPECT_TRUE(std::all_of(block + 1, block + size, [](char c) { return c == '\0'; }));
    }
}

TEST(Health, TellsLivenessFromReadiness) {
    Front front;
    server::Readiness state;
    server::add_health_routes(front.routes, [&state] { return state; });
    WireReply const alive = front.ask(request("GET", "/healthz", {{"Host", "10.244.0.17:9464"}}));
    EXPECT_EQ(alive.status, 200);
    EXPECT_EQ(alive.json(), (core::Json{{"status", "ok"}}));
    EXPECT_EQ(front.ask(request("GET", "/readyz")).json(), (core::Json{{"status", "ready"}}));
    state.ready = false;
    state.reasons = {"draining"};
    WireReply const not_ready = front.ask(request("GET", "/readyz"));
    EXPECT_EQ(not_ready.status, 503);
    EXPECT_EQ(not_ready.json(), (core::Json{{"status", "not_ready"}, {"reasons", {"draining"}}}));
    EXPECT_EQ(front.ask(request("GET", "/healthz")).status, 200);
}

TEST(Health, DoesNotFillTheLog) {
    Front front;
    server::add_health_routes(front.routes, [] { return server::Readiness(); });
    test::LogCapture const log;
    front.ask(request("GET", "/healthz"));
    EXPECT_EQ(log.text(), "");
}

constexpr char const* kIdentityPath = "/api/v1/azuredevops/auth/mi";

TEST_F(CredentialRoutes, AcceptsEveryShapeOfAManagedIdentity) {
    struct Row {
        std::string target;
        std::string type;
        std::string body;
    };
    std::string const json =
        R"({"organization":"contoso","client_id":"a","federated_client_id":"b","federated_tenant_id":"c"})";
    for (Row const& row :
         {Row{kIdentityPath, "application/json", json},
          Row{kIdentityPath,
              "application/json",
              R"({"organization":"contoso","clientId":"a","federatedClientId":"b","federatedTenantId":"c"})"},
          Row{kIdentityPath,
              kForm,
              "organization=contoso&client_id=a&federated_client_id=b&federated_tenant_id=c"},
          Row{std::string(kIdentityPath) +
                  "?organization=contoso&client_id=a&federated_client_id=b&federated_tenant_id=c",
              "",
              ""}}) {
        SCOPED_TRACE(row.target + row.body);
        admin.identity.reset();
        WireReply const reply = post(row.target, row.type, row.body);
        ASSERT_EQ(reply.status, 200) << reply.body;
        ASSERT_TRUE(admin.identity);
        EXPECT_EQ(admin.identity->organization, "contoso");
        EXPECT_EQ(admin.identity->client_id, "a");
        EXPECT_EQ(admin.identity->federated_client_id, "b");
        EXPECT_EQ(admin.identity->federated_tenant_id, "c");
        EXPECT_EQ(reply.json().at("message"), "Connected to Azure DevOps");
    }
    EXPECT_EQ(post(std::string(kIdentityPath) + "?organization=contoso", "", "").status, 200);
    EXPECT_EQ(admin.identity->client_id, "");
    for (char const* const body :
         {R"({"organization":"contoso","object_id":"o"})", R"({"organization":"contoso","objectId":"o"})"}) {
        EXPECT_EQ(post(kIdentityPath, "application/json", body).status, 200);
        EXPECT_EQ(admin.identity->object_id, "o");
    }
    for (char const* const body : {"organization=contoso&resource_id=%2Fsubscriptions%2Fs",
                                   "organization=contoso&resourceId=%2Fsubscriptions%2Fs"}) {
        EXPECT_EQ(post(kIdentityPath, kForm, body).status, 200);
        EXPECT_EQ(admin.identity->resource_id, "/subscriptions/s");
        EXPECT_EQ(admin.identity->client_id + admin.identity->object_id, "");
    }
}

TEST_F(CredentialRoutes, RefusesHalfAFederationAndUnknownMembers) {
    struct Row {
        std::string body;
        char const* code;
    };
    for (Row const& row :
         {Row{R"({"organization":"contoso","federated_client_id":"b"})", "federation_incomplete"},
          Row{R"({"organization":"contoso","federated_tenant_id":"b"})", "federation_incomplete"},
          Row{R"({"organization":"contoso","client_id":"a","object_id":"b"})", "identity_named_twice"},
          Row{R"({"organization":"contoso","object_id":"a","resource_id":"b"})", "identity_named_twice"},
          Row{R"({"client_id":"b"})", "missing_organization"},
          Row{R"({"organization":"contoso","secret":"b"})", "invalid_body"},
          Row{R"({"organization":7})", "invalid_body"},
          Row{"[", "invalid_body"}}) {
        admin.identity.reset();
        WireReply const reply = post(kIdentityPath, "application/json", row.body);
        EXPECT_EQ(reply.status, 400) << row.body;
        EXPECT_EQ(reply.json().at("code"), row.code) << row.body;
        EXPECT_FALSE(admin.identity);
    }
    EXPECT_EQ(post(kIdentityPath, "text/plain", "organization=contoso").status, 415);
    EXPECT_EQ(ask("POST", std::string(kIdentityPath) + "?organization=contoso", "user").status, 403);
}

} // namespace
