#include "integration/support/stack.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <optional>

namespace {

using test::Json;
using test::McpClient;
using test::Simulator;
using test::Stack;
using test::ToolAnswer;

std::string const kConnectors = "/api/v2/extendedAgent/connectors";
std::string const kAuth = "/api/v1/azuredevops/auth";
std::string const kRepos = "/api/v2/repos";

void no_connectors(Json& config, Simulator const& /*simulator*/) {
    config["connectors"] = Json::array();
}

class Reply {
public:
    int status = 0;
    Json body;
    std::string etag;
};

Reply ask(McpClient& client,
          std::string const& method,
          std::string const& path,
          Json const& body = nullptr,
          std::vector<std::pair<std::string, std::string>> const& headers = {}) {
    auto const answer = client.rest_json(method, path, body, headers);
    Reply reply;
    EXPECT_TRUE(answer) << core::describe(answer.error());
    if (answer) {
        reply.status = answer->status;
        reply.body = Json::parse(answer->body, nullptr, false);
        reply.etag = std::string(answer->headers.get("ETag").value_or(""));
    }
    return reply;
}

ToolAnswer search(McpClient& client, std::string const& organization, std::string const& project) {
    return client.call(
        "search_code",
        Json{{"organization", organization}, {"project", project}, {"query", "reconnect_backoff"}});
}

void attach_pat(Stack& stack,
                McpClient& client,
                std::string const& organization,
                std::string const& name = "recommended") {
    auto const attached = client.attach_pat(organization, stack.simulator.pat(organization, name));
    ASSERT_TRUE(attached);
    ASSERT_EQ(attached->status, 200) << attached->body;
}

Json organization_entry(McpClient& client, std::string const& organization) {
    ToolAnswer const answer = client.call("list_organizations", Json::object());
    for (Json const& entry : answer.structured().value("organizations", Json::array())) {
        if (entry.at("name") == organization) {
            return entry;
        }
    }
    return {};
}

Json leg(Json const& report, std::string const& name) {
    for (Json const& one : report.value("legs", Json::array())) {
        if (one.at("name") == name) {
            return one;
        }
    }
    return Json::object();
}

// --- connectors made through the API ---

TEST(Connectors, OneMadeOverRestServesTheNextCallAndItsChangesToo) {
    Stack stack(no_connectors);
    McpClient client(stack.daemon);
    Reply const made =
        ask(client,
            "PUT",
            kConnectors + "/contoso-prod",
            Json{{"organization", "contoso"}, {"auth", Json::array({Json{{"method", "pat"}}})}});
    ASSERT_EQ(made.status, 201) << made.body;
    EXPECT_EQ(made.body.at("status").at("state"), "sign_in_required");
    EXPECT_EQ(made.body.at("status").at("label"), "Disconnected");
    EXPECT_FALSE(made.etag.empty());
    attach_pat(stack, client, "contoso");
    ToolAnswer const found = search(client, "contoso", "Game Engine");
    EXPECT_TRUE(found.ok()) << found.describe();

    Reply const limited = ask(client,
                              "PATCH",
                              kConnectors + "/Contoso-Prod",
                              Json{{"projects", Json::array({"Payments"})}, {"read_only", true}},
                              {{"If-Match", made.etag}});
    ASSERT_EQ(limited.status, 200) << limited.body;
    EXPECT_EQ(limited.body.at("name"), "contoso-prod");
    EXPECT_NE(limited.etag, made.etag);
    EXPECT_TRUE(search(client, "contoso", "Game Engine").failed());
    ToolAnswer const write = client.call(
        "create_work_item", Json{{"organization", "contoso"}, {"project", "Payments"}, {"title", "never"}});
    EXPECT_NE(write.text().find("read-only"), std::string::npos) << write.describe();
    Json const entry = organization_entry(client, "contoso");
    EXPECT_EQ(entry.at("connector"), "contoso-prod");
    EXPECT_EQ(entry.at("projects"), Json::array({"Payments"}));
    EXPECT_EQ(entry.at("method"), "pat") << "the credential was lost with the change";

    Reply const off =
        ask(client, "PATCH", kConnectors + "/contoso-prod", Json{{"enabled", false}}, {{"If-Match", "*"}});
    ASSERT_EQ(off.status, 200) << off.body;
    EXPECT_EQ(off.body.at("status").at("state"), "disabled");
    ToolAnswer const refused = search(client, "contoso", "Payments");
    EXPECT_NE(refused.text().find("disabled"), std::string::npos) << refused.describe();
    // null gives a member its default
    Reply const on = ask(client,
                         "PATCH",
                         kConnectors + "/contoso-prod",
                         Json{{"enabled", nullptr}, {"projects", nullptr}},
                         {{"If-Match", off.etag}});
    ASSERT_EQ(on.status, 200) << on.body;
    EXPECT_TRUE(search(client, "contoso", "Game Engine").ok());

    stack.daemon.restart();
    McpClient again(stack.daemon);
    Reply const kept = ask(again, "GET", kConnectors + "/contoso-prod");
    ASSERT_EQ(kept.status, 200);
    EXPECT_EQ(kept.etag, on.etag);
    EXPECT_EQ(kept.body.at("read_only"), true);
    EXPECT_TRUE(search(again, "contoso", "Game Engine").ok());
}

TEST(Connectors, ADeletedOneTakesItsCredentialsAlongAndCallsUnderWayEnd) {
    Stack stack(no_connectors);
    McpClient client(stack.daemon);
    ASSERT_EQ(ask(client,
                  "PUT",
                  kConnectors + "/contoso-prod",
                  Json{{"organization", "https://dev.azure.com/contoso"}})
                  .status,
              201);
    attach_pat(stack, client, "contoso");
    stack.simulator.fault(Json{{"route", "items"}, {"action", "delay"}, {"delay_ms", 700}, {"times", 0}});
    std::int64_t const before = stack.simulator.requests("items");
    std::optional<ToolAnswer> under_way;
    std::thread caller([&] {
        McpClient other(stack.daemon);
        under_way = search(other, "contoso", "Game Engine");
    });
    test::wait_until("the call reads files", [&] { return stack.simulator.requests("items") > before; });
    Reply const removed = ask(client, "DELETE", kConnectors + "/contoso-prod");
    EXPECT_EQ(removed.status, 200) << removed.body;
    caller.join();
    EXPECT_TRUE(under_way->ok()) << under_way->describe();

    EXPECT_EQ(ask(client, "GET", kConnectors + "/contoso-prod").status, 404);
    EXPECT_EQ(ask(client, "GET", kAuth + "/contoso").status, 404);
    Reply const audited = ask(client, "GET", "/api/v1/audit?event=credential.removed");
    ASSERT_EQ(audited.body.at("records").size(), 1U) << audited.body;
    EXPECT_EQ(audited.body.at("records").at(0).at("method"), "pat");
    EXPECT_EQ(ask(client, "DELETE", kConnectors + "/contoso-prod").status, 404);
    ToolAnswer const after = search(client, "contoso", "Game Engine");
    EXPECT_TRUE(after.failed()) << after.describe();
    // Made again it has nothing of before.
    ASSERT_EQ(ask(client, "PUT", kConnectors + "/contoso-prod", Json{{"organization", "contoso"}}).status,
              201);
    EXPECT_TRUE(search(client, "contoso", "Game Engine").failed());
}

TEST(Connectors, RefusesWhatTheProductRefusesInItsWords) {
    Stack stack(no_connectors);
    McpClient client(stack.daemon);
    ASSERT_EQ(ask(client, "PUT", kConnectors + "/contoso-prod", Json{{"organization", "contoso"}}).status,
              201);
    struct Row {
        char const* name;
        Json body;
        int status;
        char const* code;
        char const* words;
    };
    Row const rows[] = {
        {"second",
         Json{{"organization", "Contoso"}},
         409,
         "connector_organization_taken",
         "A connector for this organization already exists"},
        {"9lives", Json{{"organization", "fabrikam"}}, 400, "name_invalid", "a letter first"},
        {"ab", Json{{"organization", "fabrikam"}}, 400, "name_invalid", "3 to 64"},
        {"second",
         Json::object(),
         400,
         "organization_missing",
         "Organization not configured for this connector"},
        {"second", Json{{"organization", "ends-"}}, 400, "organization_invalid", "ends-"},
        {"second",
         Json{{"organization", "https://github.com/x"}},
         400,
         "organization_invalid",
         "not the configured"},
        {"second", Json{{"organisation", "fabrikam"}}, 400, "connector_invalid", "organisation"},
        {"second",
         Json{{"organization", "fabrikam"}, {"read_only", "yes"}},
         400,
         "connector_invalid",
         "true or false"},
        {"second",
         Json{{"organization", "fabrikam"},
              {"auth", Json::array({Json{{"method", "managed_identity"}, {"federated_client_id", "x"}}})}},
         400,
         "federation_incomplete",
         "Only one of"},
        {"second",
         Json{{"organization", "fabrikam"},
              {"auth", Json::array({Json{{"method", "pat"}, {"pat", "secret"}}})}},
         400,
         "connector_invalid",
         "not a member"},
    };
    for (Row const& row : rows) {
        SCOPED_TRACE(row.body.dump());
        Reply const reply = ask(client, "PUT", kConnectors + "/" + row.name, row.body);
        EXPECT_EQ(reply.status, row.status) << reply.body;
        EXPECT_EQ(reply.body.value("code", ""), row.code) << reply.body;
        EXPECT_NE(reply.body.value("detail", "").find(row.words), std::string::npos) << reply.body;
        EXPECT_EQ(reply.body.dump().find("secret"), std::string::npos);
    }
    Reply const text = ask(client, "PUT", kConnectors + "/second", Json("organization"));
    EXPECT_EQ(text.status, 400);
}

TEST(Connectors, ConditionsKeepOneChangeFromUndoingAnother) {
    Stack stack(no_connectors);
    McpClient client(stack.daemon);
    std::string const one = kConnectors + "/contoso-prod";
    Json const plain{{"organization", "contoso"}};
    Json const other{{"organization", "contoso"}, {"read_only", true}};
    EXPECT_EQ(ask(client, "PUT", one, plain, {{"If-Match", "\"1\""}}).status, 412);
    Reply const made = ask(client, "PUT", one, plain, {{"If-None-Match", "*"}});
    ASSERT_EQ(made.status, 201) << made.body;
    EXPECT_EQ(ask(client, "PUT", one, plain, {{"If-None-Match", "*"}}).status, 412);
    EXPECT_EQ(ask(client, "PUT", one, plain).status, 200) << "what changes nothing needs no condition";
    Reply const blind = ask(client, "PUT", one, other);
    EXPECT_EQ(blind.status, 428) << blind.body;
    EXPECT_EQ(blind.body.at("code"), "precondition_required");
    EXPECT_EQ(ask(client, "PATCH", one, Json{{"read_only", true}}).status, 428);
    Reply const changed = ask(client, "PUT", one, other, {{"If-Match", "\"0\", " + made.etag}});
    ASSERT_EQ(changed.status, 200) << changed.body;
    EXPECT_EQ(ask(client, "PUT", one, plain, {{"If-Match", made.etag}}).status, 412);
    EXPECT_EQ(ask(client, "PUT", one, plain, {{"If-Match", "W/" + changed.etag}}).status, 412);
    EXPECT_EQ(ask(client, "PUT", one, plain, {{"If-Match", "nonsense"}}).status, 400);
    EXPECT_EQ(ask(client, "DELETE", one, nullptr, {{"If-Match", made.etag}}).status, 412);
    EXPECT_EQ(ask(client, "DELETE", one, nullptr, {{"If-Match", changed.etag}}).status, 200);
}

TEST(Connectors, DeclaredOnesAreReadOnlyAndReadersOnlyRead) {
    Stack stack;
    McpClient client(stack.daemon);
    Reply const listed = ask(client, "GET", kConnectors);
    ASSERT_EQ(listed.body.at("connectors").size(), 3U);
    for (Json const& connector : listed.body.at("connectors")) {
        EXPECT_EQ(connector.at("declared"), true);
    }
    for (auto const& [method, body] :
         std::vector<std::pair<std::string, Json>>{{"PUT", Json{{"organization", "contoso"}}},
                                                   {"PATCH", Json{{"read_only", true}}},
                                                   {"DELETE", nullptr}}) {
        Reply const refused = ask(client, method, kConnectors + "/contoso", body, {{"If-Match", "*"}});
        EXPECT_EQ(refused.status, 409) << method;
        EXPECT_EQ(refused.body.at("code"), "connector_declared");
        EXPECT_NE(refused.body.at("detail").get<std::string>().find("declared in the configuration"),
                  std::string::npos);
    }
    test::CommandResult const token =
        stack.daemon.command({"token", "create", "--name", "reads", "--role", "reader"});
    ASSERT_EQ(token.exit_code, 0) << token.err;
    McpClient reader(stack.daemon.url(),
                     std::string(core::trim_ows(token.out.substr(0, token.out.find('\n')))));
    EXPECT_EQ(ask(reader, "GET", kConnectors).status, 200);
    EXPECT_EQ(ask(reader, "PUT", kConnectors + "/new", Json{{"organization", "new"}}).status, 403);
    EXPECT_EQ(ask(reader, "POST", kConnectors + "/contoso/test").status, 403);
}

TEST(Connectors, AnotherProcessOnTheStoreNoticesWithinASecond) {
    Stack stack(no_connectors);
    std::filesystem::create_directories(stack.directory.path() / "other");
    test::Daemon other(stack.directory.path() / "other", stack.config);
    other.start();
    McpClient first(stack.daemon);
    McpClient second(other.url(), stack.daemon.admin_token());
    auto const seen = [&](char const* name) {
        return ask(second, "GET", kConnectors + "/" + name).status == 200;
    };
    ASSERT_EQ(ask(first, "PUT", kConnectors + "/contoso-prod", Json{{"organization", "contoso"}}).status,
              201);
    auto const begun = std::chrono::steady_clock::now();
    test::wait_until("the other daemon has the connector", [&] { return seen("contoso-prod"); });
    EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(2));
    ASSERT_EQ(ask(first, "DELETE", kConnectors + "/contoso-prod").status, 200);
    test::wait_until("the other daemon has lost the connector", [&] { return !seen("contoso-prod"); });
    EXPECT_EQ(other.stop(), 0);
}

// --- credentials ---

TEST(ManagedIdentityOverRest, IsTestedBeforeItIsStoredAndServesAcrossTenants) {
    Stack stack(no_connectors);
    McpClient client(stack.daemon);
    Json const& world = stack.simulator.world();
    Json body{{"organization", "northwind"},
              {"client_id", world.at("managed_identity_client_id")},
              {"federated_client_id", world.at("agent_client_id")}};
    Reply const half = ask(client, "POST", kAuth + "/mi", body);
    EXPECT_EQ(half.status, 400);
    EXPECT_EQ(half.body.at("code"), "federation_incomplete");
    body["federated_tenant_id"] = world.at("home_tenant_id");
    Reply const wrong = ask(client, "POST", kAuth + "/mi", body);
    EXPECT_GE(wrong.status, 400) << wrong.body;
    EXPECT_EQ(ask(client, "GET", kAuth + "/northwind").status, 404) << "nothing is stored on an error";
    body["federated_tenant_id"] = world.at("customer_tenant_id");
    Reply const accepted = ask(client, "POST", kAuth + "/mi", body);
    ASSERT_EQ(accepted.status, 200) << accepted.body;
    EXPECT_EQ(accepted.body.at("message"), "Connected to Azure DevOps");
    ToolAnswer const found = search(client, "northwind", "Traders");
    ASSERT_TRUE(found.ok()) << found.describe();
    EXPECT_EQ(found.identity().at("method"), "managed_identity");
    stack.daemon.restart();
    McpClient again(stack.daemon);
    EXPECT_TRUE(search(again, "northwind", "Traders").ok());
    Json const methods = ask(again, "GET", kAuth + "/northwind").body.at("methods");
    ASSERT_EQ(methods.size(), 1U);
    EXPECT_EQ(methods.at(0).at("tenant"), world.at("customer_tenant_id"));
    EXPECT_TRUE(methods.at(0).contains("last_refresh"));
    ASSERT_EQ(ask(again, "DELETE", kAuth + "/northwind").status, 200);
    EXPECT_TRUE(search(again, "northwind", "Traders").failed());
}

TEST(ManagedIdentityOverRest, AnyOneOfItsIdsNamesTheIdentityAcrossRestartsAndInConnectors) {
    Stack stack(no_connectors);
    McpClient client(stack.daemon);
    Json const& world = stack.simulator.world();
    Json body{{"organization", "contoso"},
              {"object_id", world.at("managed_identity_principal_id")},
              {"resource_id", world.at("managed_identity_resource_id")}};
    Reply const twice = ask(client, "POST", kAuth + "/mi", body);
    EXPECT_EQ(twice.status, 400);
    EXPECT_EQ(twice.body.at("code"), "identity_named_twice");
    for (auto const& [member, wrong] : {std::pair("object_id", "00000000-0000-0000-0000-000000000001"),
                                        std::pair("resource_id", "/subscriptions/none")}) {
        Json const unknown{{"organization", "contoso"}, {member, wrong}};
        Reply const refused = ask(client, "POST", kAuth + "/mi", unknown);
        EXPECT_GE(refused.status, 400) << refused.body;
        EXPECT_NE(refused.body.at("detail").get<std::string>().find(wrong), std::string::npos)
            << refused.body;
        EXPECT_EQ(ask(client, "GET", kAuth + "/contoso").status, 404) << "nothing is stored on an error";
    }
    for (auto const& [member, id] : {std::pair("object_id", "managed_identity_principal_id"),
                                     std::pair("resource_id", "managed_identity_resource_id")}) {
        SCOPED_TRACE(member);
        Json const one{{"organization", "contoso"}, {member, world.at(id)}};
        McpClient now(stack.daemon);
        Reply const accepted = ask(now, "POST", kAuth + "/mi", one);
        ASSERT_EQ(accepted.status, 200) << accepted.body;
        stack.daemon.restart();
        McpClient again(stack.daemon);
        ToolAnswer const found = search(again, "contoso", "Game Engine");
        ASSERT_TRUE(found.ok()) << found.describe();
        EXPECT_EQ(found.identity().at("method"), "managed_identity");
        ASSERT_EQ(ask(again, "DELETE", kAuth + "/contoso").status, 200);

        Json const method{{"method", "managed_identity"}, {member, world.at(id)}};
        Json const document{{"organization", "contoso"}, {"auth", Json::array({method})}};
        Reply const made = ask(again, "PUT", kConnectors + "/contoso-prod", document);
        ASSERT_EQ(made.status, 201) << made.body;
        EXPECT_EQ(made.body.at("auth"), document.at("auth"));
        EXPECT_TRUE(search(again, "contoso", "Game Engine").ok());
        Reply const tested = ask(again, "POST", kConnectors + "/contoso-prod/test");
        EXPECT_EQ(tested.body.at("works"), true) << tested.body;
        ASSERT_EQ(ask(again, "DELETE", kConnectors + "/contoso-prod").status, 200);
    }
}

TEST(Precedence, AnAttachedIdentityComesBeforeThePatAndGivesWayWhenItIsRefusedForGood) {
    Stack stack(no_connectors);
    McpClient client(stack.daemon);
    attach_pat(stack, client, "contoso");
    EXPECT_EQ(search(client, "contoso", "Game Engine").identity().at("method"), "pat");
    Json const body{{"organization", "contoso"},
                    {"client_id", stack.simulator.world().at("managed_identity_client_id")}};
    ASSERT_EQ(ask(client, "POST", kAuth + "/mi", body).status, 200);
    EXPECT_EQ(search(client, "contoso", "Game Engine").identity().at("method"), "managed_identity");
    Json const methods = ask(client, "GET", kAuth + "/contoso").body.at("methods");
    ASSERT_EQ(methods.size(), 2U);
    EXPECT_EQ(methods.at(0).at("method"), "managed_identity");
    EXPECT_EQ(methods.at(1).at("method"), "pat");

    stack.simulator.fault(
        Json{{"match", {{"route", "managed_identity.imds"}}},
             {"action", "status"},
             {"status", 400},
             {"content_type", "application/json"},
             {"body", R"({"error":"invalid_request","error_description":"Identity not found"})"},
             {"times", 0}});
    stack.daemon.restart(); // without the token it had
    McpClient again(stack.daemon);
    ToolAnswer const passed_over = search(again, "contoso", "Game Engine");
    ASSERT_TRUE(passed_over.ok()) << passed_over.describe();
    EXPECT_EQ(passed_over.identity().at("method"), "pat");
    Json const entry = organization_entry(again, "contoso");
    EXPECT_EQ(entry.at("state"), "degraded") << entry;
    EXPECT_NE(entry.at("reason").get<std::string>().find("Identity not found"), std::string::npos) << entry;
    ASSERT_EQ(ask(again, "DELETE", kAuth + "/contoso").status, 200);
    EXPECT_EQ(ask(again, "GET", kAuth + "/contoso").status, 404);
}

TEST(PatExpiry, IsWarnedOfInTheStateTheNotesAndTheLog) {
    Stack stack(no_connectors);
    McpClient client(stack.daemon);
    std::string const soon = core::format_utc(std::chrono::system_clock::now() + std::chrono::hours(24 * 10));
    Json const body{{"organization", "contoso"}, {"pat", stack.simulator.pat("contoso")}, {"expires", soon}};
    Reply const accepted = ask(client, "POST", kAuth + "/pat", body);
    ASSERT_EQ(accepted.status, 200) << accepted.body;
    ASSERT_EQ(accepted.body.at("notes").size(), 1U) << accepted.body;
    Json const entry = organization_entry(client, "contoso");
    EXPECT_EQ(entry.at("state"), "expiring") << entry;
    EXPECT_NE(entry.at("reason").get<std::string>().find("in 10 days"), std::string::npos) << entry;
    EXPECT_EQ(entry.at("notes").size(), 1U);
    EXPECT_TRUE(search(client, "contoso", "Game Engine").ok());
    stack.daemon.wait_for_log("pat.expiring");
    EXPECT_NE(stack.daemon.log().find("\"within_days\":14"), std::string::npos);
    EXPECT_EQ(ask(client, "GET", kAuth + "/contoso").body.at("state"), "expiring");
}

TEST(PatExpiry, ATokenForAllOrganizationsIsRecognisedAndWarnedOf) {
    Stack stack;
    McpClient client(stack.daemon);
    Json const body{{"organization", "contoso"}, {"pat", stack.simulator.pat("contoso", "global")}};
    Reply const accepted = ask(client, "POST", kAuth + "/pat", body);
    ASSERT_EQ(accepted.status, 200) << accepted.body;
    EXPECT_NE(accepted.body.value("notes", Json::array()).dump().find("all organizations"), std::string::npos)
        << accepted.body;
    Json const method = ask(client, "GET", kAuth + "/contoso").body.at("methods").at(0);
    EXPECT_EQ(method.value("all_organizations", false), true) << method;
    // It is remembered, and forgotten with a token for one organization.
    stack.daemon.restart();
    McpClient again(stack.daemon);
    EXPECT_NE(organization_entry(again, "contoso").value("notes", Json::array()).dump().find("2026-12-01"),
              std::string::npos);
    attach_pat(stack, again, "contoso");
    EXPECT_FALSE(organization_entry(again, "contoso").contains("notes"));
}

TEST(Rotation, AChangedPatFileServesTheNextCallAndTheOldTokenStopsAtOnce) {
    std::filesystem::path file;
    Stack stack([&](Json& config, Simulator const& simulator) {
        file = std::filesystem::path(simulator.state_directory()) / "contoso-pat";
        std::filesystem::create_directories(file.parent_path());
        std::ofstream(file) << simulator.pat("contoso", "expired");
        std::filesystem::permissions(file.parent_path(), std::filesystem::perms::owner_all);
        std::filesystem::permissions(
            file, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
        config["connectors"] =
            Json::array({test::connector("contoso", Json{{"method", "pat"}, {"pat_file", file.string()}})});
    });
    McpClient client(stack.daemon);
    EXPECT_TRUE(search(client, "contoso", "Game Engine").failed());
    auto const write = [&](std::string const& name) {
        std::filesystem::path const next = file.string() + ".new";
        std::ofstream(next) << stack.simulator.pat("contoso", name) << "\n";
        std::filesystem::permissions(
            next, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
        std::filesystem::rename(next, file);
    };
    write("recommended");
    ToolAnswer const works = search(client, "contoso", "Game Engine");
    EXPECT_TRUE(works.ok()) << works.describe();
    write("work_only");
    ToolAnswer const lacks = search(client, "contoso", "Game Engine");
    EXPECT_TRUE(lacks.failed()) << "the token of before was used: " << lacks.describe();
    write("old_format");
    EXPECT_TRUE(search(client, "contoso", "Game Engine").ok());
    std::filesystem::remove(file);
    ToolAnswer const gone = search(client, "contoso", "Game Engine");
    EXPECT_TRUE(gone.failed()) << gone.describe();
    EXPECT_NE(gone.text().find("contoso-pat"), std::string::npos) << gone.text();
}

// --- the walk ---

TEST(ConnectorTest, WalksEveryLegAndChangesNothing) {
    Stack stack;
    McpClient client(stack.daemon);
    attach_pat(stack, client, "contoso");
    Reply const report = ask(client, "POST", kConnectors + "/contoso/test");
    ASSERT_EQ(report.status, 200) << report.body;
    EXPECT_EQ(report.body.at("works"), true) << report.body;
    EXPECT_EQ(report.body.at("message"), "Connected to Azure DevOps");
    for (char const* const name : {"dns",
                                   "tcp",
                                   "tls",
                                   "tenant",
                                   "token.pat",
                                   "connection_data",
                                   "projects",
                                   "repository",
                                   "work_item"}) {
        EXPECT_EQ(leg(report.body, name).value("outcome", ""), "passed") << name << report.body;
    }
    EXPECT_NE(leg(report.body, "tenant")
                  .at("detail")
                  .get<std::string>()
                  .find(stack.simulator.world().at("home_tenant_id").get<std::string>()),
              std::string::npos);
    EXPECT_EQ(stack.simulator.work_items("Connection test (validated, never created)"), 0);
}

TEST(ConnectorTest, NamesTheLegOfAnExchangeThatFails) {
    Stack stack;
    McpClient client(stack.daemon);
    Reply const works = ask(client, "POST", kConnectors + "/northwind/test");
    EXPECT_EQ(works.body.at("works"), true) << works.body;
    EXPECT_EQ(leg(works.body, "token.managed_identity").value("outcome", ""), "passed") << works.body;
    EXPECT_EQ(leg(works.body, "token.exchange").value("outcome", ""), "passed") << works.body;
    stack.simulator.fault(
        Json{{"match", {{"route", "entra.token"}}}, {"action", "aadsts"}, {"code", 700016}, {"times", 0}});
    Reply const fails = ask(client, "POST", kConnectors + "/northwind/test");
    Json const exchange = leg(fails.body, "token.exchange");
    EXPECT_EQ(exchange.value("outcome", ""), "failed") << fails.body;
    EXPECT_EQ(exchange.value("code", ""), "AADSTS700016") << exchange;
    EXPECT_FALSE(exchange.value("fix", "").empty()) << exchange;
    EXPECT_EQ(leg(fails.body, "token.managed_identity").value("outcome", ""), "passed") << fails.body;
}

TEST(ConnectorTest, ThePatThatLacksAPermissionIsToldWhereItFails) {
    Stack stack;
    McpClient client(stack.daemon);
    test::CommandResult const set =
        stack.daemon.command({"pat", "set", "--organization", "contoso", "--no-verify"},
                             stack.simulator.pat("contoso", "code_only") + "\n");
    ASSERT_EQ(set.exit_code, 0) << set.err;
    test::CommandResult const tested = stack.daemon.command({"connectors", "test", "contoso", "--json"});
    Json const report = Json::parse(tested.out).at("connectors").at(0);
    EXPECT_EQ(report.at("works"), false);
    EXPECT_EQ(leg(report, "connection_data").value("outcome", ""), "passed") << report;
    EXPECT_EQ(leg(report, "projects").value("outcome", ""), "failed") << report;
    EXPECT_EQ(tested.exit_code, 77) << tested.out;
}

// --- the command line ---

TEST(ConnectorCommands, ListAndTestWithAndWithoutADaemon) {
    Stack stack;
    McpClient client(stack.daemon);
    attach_pat(stack, client, "contoso");
    for (bool const with_daemon : {true, false}) {
        SCOPED_TRACE(with_daemon);
        // For the commands alone: the daemon chose its port itself.
        Json told = stack.config;
        told["listen"] = stack.daemon.url().substr(std::string("http://").size());
        stack.daemon.set_config(told);
        if (!with_daemon) {
            EXPECT_EQ(stack.daemon.stop(), 0);
        }
        test::CommandResult const listed = stack.daemon.command({"connectors", "list"});
        EXPECT_EQ(listed.exit_code, 0) << listed.err;
        EXPECT_NE(listed.out.find("NAME"), std::string::npos) << listed.out;
        EXPECT_NE(listed.out.find("northwind"), std::string::npos) << listed.out;
        test::CommandResult const tested = stack.daemon.command({"connectors", "test", "contoso"});
        EXPECT_EQ(tested.exit_code, 0) << tested.out << tested.err;
        EXPECT_NE(tested.out.find("Connected to Azure DevOps"), std::string::npos) << tested.out;
        test::CommandResult const unknown = stack.daemon.command({"connectors", "test", "nobody"});
        EXPECT_EQ(unknown.exit_code, 1) << unknown.out;
        EXPECT_NE(unknown.err.find("nobody"), std::string::npos) << unknown.err;
    }
}

TEST(Doctor, FindsWhatIsWrongAndSaysHowToMendIt) {
    Stack stack;
    McpClient client(stack.daemon);
    attach_pat(stack, client, "contoso");
    test::CommandResult const one = stack.daemon.command({"doctor", "--organization", "contoso", "--json"});
    Json const report = Json::parse(one.out, nullptr, false);
    ASSERT_TRUE(report.is_object()) << one.out << one.err;
    EXPECT_EQ(one.exit_code, 0) << one.out;
    EXPECT_EQ(report.at("organizations").size(), 1U);
    EXPECT_EQ(report.at("works"), true);

    // Nobody signed in to fabrikam.
    test::CommandResult const all = stack.daemon.command({"doctor"});
    EXPECT_EQ(all.exit_code, 77) << all.out;
    EXPECT_NE(all.out.find("FAIL"), std::string::npos) << all.out;
    EXPECT_NE(all.out.find("fix: "), std::string::npos) << all.out;

    // An organization nobody connected: what needs no credential.
    test::CommandResult const stranger = stack.daemon.command({"doctor", "--organization", "initech"});
    EXPECT_NE(stranger.out.find("initech (no connector)"), std::string::npos) << stranger.out;

    Json broken = stack.config;
    broken["azure_devops"]["base_url"] = "https://127.0.0.1:1";
    stack.daemon.stop();
    stack.daemon.set_config(broken);
    test::CommandResult const unreachable = stack.daemon.command({"doctor", "--organization", "contoso"});
    EXPECT_EQ(unreachable.exit_code, 69) << unreachable.out;

    broken["nonsense"] = 1;
    stack.daemon.set_config(broken);
    test::CommandResult const misconfigured = stack.daemon.command({"doctor"});
    EXPECT_EQ(misconfigured.exit_code, 78) << misconfigured.out;
}

// --- knowledge sources ---

TEST(KnowledgeSources, AreKeptTestedAndNamedByTheOrganization) {
    Stack stack([](Json& config, Simulator const& simulator) {
        config["connectors"] = Json::array();
        config["knowledge_sources"] = Json::array(
            {Json{{"name", "engine"}, {"url", simulator.url() + "/contoso/Game%20Engine/_git/engine"}}});
    });
    McpClient client(stack.daemon);
    EXPECT_EQ(organization_entry(client, "contoso").at("knowledge_sources"), Json::array({"engine"}));
    attach_pat(stack, client, "contoso");
    std::string const wiki = "https://dev.azure.com/contoso/Game%20Engine/_wiki/wikis/Game%20Engine.wiki";
    Json const body{{"name", "handbook"},
                    {"type", "CodeRepo"},
                    {"properties", {{"url", wiki}, {"type", "AzureDevOps"}, {"description", "How we work"}}}};
    Reply const made = ask(client, "PUT", kRepos + "/handbook", body);
    ASSERT_EQ(made.status, 201) << made.body;
    EXPECT_EQ(made.body.at("kind"), "wiki");
    EXPECT_EQ(made.body.at("properties").at("description"), "How we work");
    EXPECT_EQ(organization_entry(client, "contoso").at("knowledge_sources"),
              Json::array({"engine", "handbook"}));
    Json const listed = client.ask("resources/list", Json::object()).result().at("resources");
    std::string const uri = "ado-knowledge://handbook";
    EXPECT_TRUE(std::any_of(listed.begin(), listed.end(), [&uri](Json const& one) {
        return one.at("uri") == uri && one.at("description") == "How we work";
    })) << listed;
    ToolAnswer const shown = client.ask("resources/read", Json{{"uri", uri}}, uri);
    Json const contents = Json::parse(shown.result().at("contents").at(0).at("text").get<std::string>());
    EXPECT_EQ(contents.at("url"), made.body.at("properties").at("url"));
    EXPECT_EQ(contents.at("connector"), "contoso");
    EXPECT_FALSE(client.ask("resources/read", Json{{"uri", uri + "x"}}, uri + "x").ok());
    Reply const works = ask(client, "POST", kRepos + "/handbook/test");
    EXPECT_EQ(works.body.at("works"), true) << works.body;
    EXPECT_EQ(ask(client, "POST", kRepos + "/engine/test").body.at("works"), true);

    Reply const page = ask(client, "PUT", kRepos + "/page", Json{{"url", wiki + "/999999/Nowhere"}});
    ASSERT_EQ(page.status, 201) << page.body;
    EXPECT_EQ(page.body.at("page_id"), 999999);
    Reply const missing = ask(client, "POST", kRepos + "/page/test");
    EXPECT_EQ(missing.body.at("works"), false) << missing.body;
    EXPECT_FALSE(missing.body.value("reason", "").empty());

    EXPECT_EQ(ask(client, "PUT", kRepos + "/twin", Json{{"url", wiki}}).body.at("code"), "source_url_taken");
    EXPECT_EQ(ask(client, "PUT", kRepos + "/handbook", Json{{"url", wiki}}).status, 428);
    EXPECT_EQ(ask(client, "PUT", kRepos + "/handbook", Json{{"url", wiki}}, {{"If-Match", made.etag}}).status,
              200);
    EXPECT_EQ(ask(client, "PUT", kRepos + "/other", Json{{"url", "https://github.com/x/y"}}).body.at("code"),
              "source_url_invalid");
    EXPECT_EQ(ask(client, "DELETE", kRepos + "/engine").body.at("code"), "source_declared");

    stack.daemon.restart();
    McpClient again(stack.daemon);
    EXPECT_EQ(ask(again, "GET", kRepos).body.at("repos").size(), 3U);
    EXPECT_EQ(ask(again, "DELETE", kRepos + "/page").status, 200);
    EXPECT_EQ(ask(again, "GET", kRepos + "/page").status, 404);
}

TEST(KnowledgeSources, MakeAConnectorWhereTheOrganizationHasNone) {
    Stack stack(no_connectors);
    McpClient client(stack.daemon);
    ASSERT_EQ(ask(client,
                  "PUT",
                  kRepos + "/fiber",
                  Json{{"url", "https://dev.azure.com/fabrikam/Fabrikam-Fiber/_git/fiber-engine"}})
                  .status,
              201);
    Reply const connector = ask(client, "GET", kConnectors + "/fabrikam");
    ASSERT_EQ(connector.status, 200) << connector.body;
    EXPECT_EQ(connector.body.at("origin"), "credential");
    EXPECT_EQ(connector.body.at("status").at("state"), "sign_in_required");
    ASSERT_EQ(ask(client, "DELETE", kRepos + "/fiber").status, 200);
    EXPECT_EQ(ask(client, "GET", kConnectors + "/fabrikam").status, 404);
}

TEST(OpenApi, IsServedToAnyone) {
    Stack stack;
    McpClient anyone(stack.daemon.url(), "");
    Reply const document = ask(anyone, "GET", "/api/openapi.json");
    EXPECT_EQ(document.status, 200);
    EXPECT_EQ(document.body.at("openapi"), "3.1.0");
    EXPECT_TRUE(document.body.at("paths").contains(kConnectors + "/{name}/test"));
}

TEST(OpenApi, EveryOperationIsThereAndAsksForAToken) {
    Stack stack;
    McpClient anyone(stack.daemon.url(), "");
    Json const document = ask(anyone, "GET", "/api/openapi.json").body;
    for (auto const& [pattern, item] : document.at("paths").items()) {
        for (auto const& [method, operation] : item.items()) {
            if (method == "parameters" || !operation.contains("x-role")) {
                continue;
            }
            std::string path = pattern;
            for (std::size_t at = path.find('{'); at != std::string::npos; at = path.find('{')) {
                path.replace(at, path.find('}') - at + 1, "something");
            }
            std::string upper = method;
            std::transform(upper.begin(), upper.end(), upper.begin(), [](unsigned char c) {
                return static_cast<char>(std::toupper(c));
            });
            EXPECT_EQ(ask(anyone, upper, path).status, 401) << upper << " " << path;
        }
    }
}

} // namespace
