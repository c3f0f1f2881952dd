#include "front_fixture.hpp"
#include "openapi/openapi_check.hpp"
#include "server/front/rest/connectors.hpp"
#include "server/front/rest/credentials.hpp"
#include "server/front/rest/openapi.hpp"
#include "server/front/rest/repos.hpp"
#include "server/front/rest/sign_in.hpp"

#include <set>

namespace {

using core::Json;
using front_test::Front;
using front_test::request;
using front_test::WireReply;

class FakeConnectors final : public server::ConnectorAdmin {
public:
    static server::ConnectorView contoso() {
        server::ConnectorView view("contoso-prod");
        view.organization = "contoso";
        view.url = "https://dev.azure.com/contoso";
        view.origin = server::ConnectorOrigin::api;
        view.etag = "\"7\"";
        view.settings = Json::parse(
            R"({"organization":"contoso","enabled":true,"auth":[{"method":"oauth","tenant":"t"},{"method":"pat"}],
                "projects":["Web"],"read_only":false,"fallback":true,"confirm_writes":false,"sign_in_role":"user"})");
        view.status.state = "degraded";
        view.status.since = core::SystemTime(std::chrono::hours(24 * 365 * 50));
        view.status.reason = "passed over: oauth: the sign-in has lapsed";
        view.status.fix = "Sign in again.";
        view.status.method = "pat";
        view.status.identity = "ada@contoso.example";
        server::CredentialMethodStatus oauth("oauth");
        oauth.state = "sign_in_required";
        oauth.last_error = "lapsed";
        oauth.last_error_code = "AADSTS700082";
        view.methods.push_back(oauth);
        view.notes.push_back("ends soon");
        view.knowledge_sources.push_back("handbook");
        view.created_at = view.updated_at = view.status.since;
        return view;
    }
    core::Task<core::Result<std::vector<server::ConnectorView>>> list(core::CallContext const&) override {
        std::vector<server::ConnectorView> all;
        all.push_back(contoso());
        co_return all;
    }
    core::Task<core::Result<server::ConnectorView>> get(std::string name, core::CallContext const&) override {
        asked = std::move(name);
        if (failure) {
            co_return core::fail(*failure);
        }
        co_return contoso();
    }
    core::Task<core::Result<server::ConnectorView>> put(std::string name,
                                                        Json document,
                                                        server::WriteCondition said,
                                                        core::Principal caller,
                                                        core::CallContext const&) override {
        changed_by = caller.id;
        asked = std::move(name);
        body = std::move(document);
        condition = std::move(said);
        if (failure) {
            co_return core::fail(*failure);
        }
        server::ConnectorView view = contoso();
        view.created = !condition.says_match;
        co_return view;
    }
    core::Task<core::Result<server::ConnectorView>> patch(std::string name,
                                                          Json changes,
                                                          server::WriteCondition said,
                                                          core::Principal caller,
                                                          core::CallContext const&) override {
        changed_by = caller.id;
        asked = std::move(name);
        body = std::move(changes);
        condition = std::move(said);
        co_return contoso();
    }
    core::Task<core::Result<std::string>> remove(std::string name,
                                                 server::WriteCondition said,
                                                 core::Principal caller,
                                                 core::CallContext const&) override {
        changed_by = caller.id;
        condition = std::move(said);
        co_return name;
    }
    core::Task<core::Result<server::LegReport>> test(std::string, core::CallContext const&) override {
        server::LegReport report("contoso");
        report.connector = "contoso-prod";
        report.legs.emplace_back("dns", "Name of dev.azure.com").pass("192.0.2.1");
        report.legs.emplace_back("connection_data", "Who we are")
            .fail(core::Error(core::ErrorKind::unauthorized, "refused")
                      .with_code("TF400813")
                      .with_activity_id("a-1"));
        report.legs.emplace_back("projects", "Projects").skip("there is no token to try it with");
        co_return report;
    }

    std::string asked;
    Json body;
    server::WriteCondition condition;
    std::string changed_by;
    std::optional<core::Error> failure;
};

class FakeSources final : public server::SourceAdmin {
public:
    static server::SourceView handbook() {
        server::SourceView view("handbook");
        view.kind = "wiki";
        view.url = "https://dev.azure.com/contoso/Web/_wiki/wikis/Web.wiki/7";
        view.organization = "contoso";
        view.project = "Web";
        view.target = "Web.wiki";
        view.page_id = 7;
        view.connector = "contoso-prod";
        view.state = "connected";
        view.etag = "\"9\"";
        return view;
    }
    core::Task<core::Result<std::vector<server::SourceView>>> list(core::CallContext const&) override {
        std::vector<server::SourceView> all;
        all.push_back(handbook());
        co_return all;
    }
    core::Task<core::Result<server::SourceView>> get(std::string, core::CallContext const&) override {
        co_return handbook();
    }
    core::Task<core::Result<server::SourceView>> put(std::string,
                                                     Json,
                                                     server::WriteCondition,
                                                     core::Principal caller,
                                                     core::CallContext const&) override {
        changed_by = caller.id;
        server::SourceView view = handbook();
        view.created = true;
        co_return view;
    }
    core::Task<core::Result<std::string>> remove(std::string name,
                                                 server::WriteCondition,
                                                 core::Principal caller,
                                                 core::CallContext const&) override {
        changed_by = caller.id;
        co_return name;
    }
    core::Task<core::Result<server::SourceProof>> test(std::string name, core::CallContext const&) override {
        server::SourceProof proof(std::move(name));
        proof.kind = "wiki";
        proof.failure.emplace(core::Error(core::ErrorKind::not_found, "no such page").with_fix("Check it."));
        co_return proof;
    }
    core::Task<core::Result<server::SourceView>> sync(std::string name, core::CallContext const&) override {
        synced.push_back(std::move(name));
        server::SourceView view = handbook();
        view.index = {{"state", "syncing"}, {"files", 3}};
        co_return view;
    }
    std::vector<std::string> synced;

    std::string changed_by;
};

class ConnectorRoutes : public testing::Test {
protected:
    ConnectorRoutes() {
        connector_routes.add_to(front.routes);
        source_routes.add_to(front.routes);
        server::add_openapi_route(front.routes);
    }
    /// Every answer is held against the OpenAPI document.
    WireReply ask(std::string const& method,
                  std::string const& path,
                  std::string const& body = {},
                  std::vector<std::pair<std::string, std::string>> headers = {}) {
        headers.emplace_back("Authorization", "Bearer administrator-token");
        if (!body.empty()) {
            headers.emplace_back("Content-Type", "application/json");
        }
        WireReply reply = front.ask(request(method, path, headers, body));
        for (std::string const& violation :
             test::openapi_violations(method, path, reply.status, reply.header("Content-Type"), reply.body)) {
            ADD_FAILURE() << violation << "\n" << reply.body;
        }
        return reply;
    }

    Front front;
    FakeConnectors connectors;
    FakeSources sources;
    server::ConnectorRoutes connector_routes{connectors};
    server::SourceRoutes source_routes{sources};
};

constexpr char kOne[] = "/api/v2/extendedAgent/connectors/contoso-prod";

TEST_F(ConnectorRoutes, EveryAnswerIsWhatTheDocumentSays) {
    EXPECT_EQ(ask("GET", "/api/v2/extendedAgent/connectors").status, 200);
    EXPECT_EQ(ask("GET", kOne).status, 200);
    EXPECT_EQ(ask("PUT", kOne, R"({"organization":"contoso"})").status, 201);
    EXPECT_EQ(ask("PUT", kOne, R"({"organization":"contoso"})", {{"If-Match", "\"7\""}}).status, 200);
    EXPECT_EQ(ask("PATCH", kOne, R"({"read_only":true})", {{"If-Match", "*"}}).status, 200);
    EXPECT_EQ(ask("DELETE", kOne).status, 200);
    EXPECT_EQ(ask("POST", std::string(kOne) + "/test").status, 200);
    EXPECT_EQ(ask("GET", "/api/v2/repos").status, 200);
    EXPECT_EQ(ask("GET", "/api/v2/repos/handbook").status, 200);
    EXPECT_EQ(ask("PUT", "/api/v2/repos/handbook", R"({"url":"x"})").status, 201);
    EXPECT_EQ(ask("DELETE", "/api/v2/repos/handbook").status, 200);
    EXPECT_EQ(ask("POST", "/api/v2/repos/handbook/test").status, 200);
    EXPECT_EQ(ask("GET", "/api/openapi.json").status, 200);
}

TEST_F(ConnectorRoutes, EveryChangeIsTheCallers) {
    WireReply const who = ask("DELETE", kOne);
    ASSERT_EQ(who.status, 200);
    std::string const administrator = std::exchange(connectors.changed_by, {});
    ASSERT_FALSE(administrator.empty());
    for (auto const& [method, body] :
         {std::pair("PUT", R"({"organization":"contoso"})"), std::pair("PATCH", R"({"read_only":true})")}) {
        ask(method, kOne, body, {{"If-Match", "*"}});
        EXPECT_EQ(std::exchange(connectors.changed_by, {}), administrator) << method;
    }
    for (auto const& [method, body] : {std::pair("PUT", R"({"url":"x"})"), std::pair("DELETE", "")}) {
        ask(method, "/api/v2/repos/handbook", body);
        EXPECT_EQ(std::exchange(sources.changed_by, {}), administrator) << method;
    }
}

TEST_F(ConnectorRoutes, TagAndPlaceAreInTheHead) {
    WireReply const made = ask("PUT", kOne, R"({"organization":"contoso"})", {{"If-None-Match", "*"}});
    EXPECT_EQ(made.header("ETag"), "\"7\"");
    EXPECT_EQ(made.header("Location"), kOne);
    EXPECT_TRUE(connectors.condition.must_be_new);
    EXPECT_EQ(connectors.asked, "contoso-prod");
    EXPECT_EQ(connectors.body, (Json{{"organization", "contoso"}}));
    EXPECT_EQ(ask("GET", kOne).header("ETag"), "\"7\"");
}

TEST_F(ConnectorRoutes, ReadsListsOfEntityTags) {
    ask("PATCH", kOne, "{}", {{"If-Match", R"("1", W/"2" , "a,b")"}});
    EXPECT_TRUE(connectors.condition.says_match);
    EXPECT_FALSE(connectors.condition.any);
    EXPECT_TRUE(connectors.condition.matches("\"1\""));
    EXPECT_TRUE(connectors.condition.matches("\"a,b\""));
    EXPECT_FALSE(connectors.condition.matches("\"2\"")) << "a weak tag never matches";
    for (char const* const bad : {"7", "\"7", "\"7\" \"8\"", ""}) {
        WireReply const reply = ask("PATCH", kOne, "{}", {{"If-Match", bad}});
        EXPECT_EQ(reply.status, 400) << bad;
    }
    EXPECT_EQ(ask("PUT", kOne, "{}", {{"If-None-Match", "\"7\""}}).status, 400);
}

TEST_F(ConnectorRoutes, RefusalsHaveTheStatusesOfHttp) {
    struct Row {
        core::ErrorKind kind;
        char const* code;
        int status;
    };
    for (Row const& row : {Row{core::ErrorKind::conflict, "precondition_failed", 412},
                           Row{core::ErrorKind::conflict, "precondition_required", 428},
                           Row{core::ErrorKind::conflict, "connector_declared", 409},
                           Row{core::ErrorKind::overloaded, "store_limit_reached", 409},
                           Row{core::ErrorKind::not_found, "connector_not_found", 404},
                           Row{core::ErrorKind::invalid_argument, "name_invalid", 400}}) {
        connectors.failure.emplace(core::Error(row.kind, "no").with_code(row.code));
        WireReply const reply = ask("PUT", kOne, "{}");
        EXPECT_EQ(reply.status, row.status) << row.code;
        EXPECT_EQ(reply.json().at("code"), row.code);
    }
}

TEST_F(ConnectorRoutes, WhatIsNoJsonIsRefusedBeforeAnythingHappens) {
    EXPECT_EQ(ask("PUT", kOne, "{").status, 400);
    EXPECT_EQ(ask("PUT", kOne, "[]").status, 400);
    WireReply const form = front.ask(request("PUT",
                                             kOne,
                                             {{"Authorization", "Bearer administrator-token"},
                                              {"Content-Type", "application/x-www-form-urlencoded"}},
                                             "organization=contoso"));
    EXPECT_EQ(form.status, 415);
    EXPECT_TRUE(connectors.asked.empty());
}

TEST_F(ConnectorRoutes, OnlyAdministratorsChangeAndTest) {
    for (char const* const role : {"reader", "user"}) {
        std::vector<std::pair<std::string, std::string>> const headers{
            {"Authorization", std::string("Bearer ") + role + "-token"},
            {"Content-Type", "application/json"}};
        EXPECT_EQ(front.ask(request("GET", kOne, headers)).status, 200);
        EXPECT_EQ(front.ask(request("PUT", kOne, headers, "{}")).status, 403);
        EXPECT_EQ(front.ask(request("PATCH", kOne, headers, "{}")).status, 403);
        EXPECT_EQ(front.ask(request("DELETE", kOne, headers)).status, 403);
        EXPECT_EQ(front.ask(request("POST", std::string(kOne) + "/test", headers)).status, 403);
        EXPECT_EQ(front.ask(request("DELETE", "/api/v2/repos/handbook", headers)).status, 403);
        EXPECT_EQ(front.ask(request("POST", "/api/v2/repos/handbook/sync", headers)).status, 403);
    }
    EXPECT_EQ(front.ask(request("GET", kOne)).status, 401);
    EXPECT_EQ(front.ask(request("GET", "/api/openapi.json")).status, 200);
}

TEST(OpenApiDocument, IsTheOneCompiledInAndEveryReferenceLeadsSomewhere) {
    Json const compiled = Json::parse(server::openapi_text(), nullptr, false);
    EXPECT_EQ(compiled, test::openapi_document());
    std::set<std::string> ids;
    std::string const text = compiled.dump();
    for (std::size_t at = text.find("#/components/schemas/"); at != std::string::npos;
         at = text.find("#/components/schemas/", at + 1)) {
        std::string const name = text.substr(at + 21, text.find('"', at) - at - 21);
        EXPECT_TRUE(compiled.at("components").at("schemas").contains(name)) << name;
    }
    for (auto const& [path, item] : compiled.at("paths").items()) {
        for (auto const& [method, operation] : item.items()) {
            if (method != "parameters") {
                EXPECT_TRUE(ids.insert(operation.at("operationId")).second) << path << method;
                EXPECT_TRUE(operation.at("responses").contains("default")) << path << method;
            }
        }
    }
}

} // namespace
