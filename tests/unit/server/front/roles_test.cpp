#include "auth/agent_token.hpp"
#include "front_fixture.hpp"
#include "server/app.hpp"
#include "server/daemon.hpp"
#include "support/temporary_folder.hpp"

#include <map>
#include <optional>

namespace {

using core::Json;
using core::Role;
using Needed = std::optional<Role>; ///< nullopt: anyone

constexpr std::string_view kCredentials = "/api/v1/azuredevops/auth";
constexpr std::string_view kConnectors = "/api/v2/extendedAgent/connectors";
constexpr std::string_view kRepos = "/api/v2/repos";

/// What the contract says of every route (`METHOD pattern`), built or not: a route that is not in here fails
/// the test, so that nobody adds one without a thought to who may use it.
std::map<std::string, Needed> const& expected_routes() {
    static std::map<std::string, Needed> const table = [] {
        std::map<std::string, Needed> routes;
        auto const add = [&routes](std::string_view methods, std::string_view path, Needed needed) {
            while (!methods.empty()) {
                std::string_view const method = methods.substr(0, methods.find(' '));
                routes.emplace(std::string(method) + " " + std::string(path), needed);
                methods.remove_prefix(std::min(methods.size(), method.size() + 1));
            }
        };
        auto const under = [](std::string_view base, char const* rest) { return std::string(base) + rest; };
        add("POST GET DELETE", "/mcp", Role::reader);
        add("GET", "/.well-known/oauth-protected-resource", std::nullopt);
        add("GET", "/.well-known/oauth-protected-resource/mcp", std::nullopt);
        add("GET", "/healthz", std::nullopt);
        add("GET", "/readyz", std::nullopt);
        add("GET", "/metrics", std::nullopt);
        add("GET", "/api/openapi.json", std::nullopt);
        add("GET POST", "/", std::nullopt);
        add("GET", kCredentials, Role::reader);
        add("GET", under(kCredentials, "/{organization}"), Role::reader);
        add("DELETE", under(kCredentials, "/{organization}"), Role::administrator);
        add("POST", under(kCredentials, "/pat"), Role::administrator);
        add("POST", under(kCredentials, "/mi"), Role::administrator);
        add("POST", under(kCredentials, "/device"), Role::administrator);
        add("POST", under(kCredentials, "/oauth/start"), Role::administrator);
        add("GET POST", under(kCredentials, "/oauth/callback"), std::nullopt);
        add("GET DELETE", under(kCredentials, "/oauth/flows/{flow_id}"), Role::administrator);
        add("GET", kConnectors, Role::reader);
        add("GET", under(kConnectors, "/{name}"), Role::reader);
        add("PUT PATCH DELETE", under(kConnectors, "/{name}"), Role::administrator);
        add("POST", under(kConnectors, "/{name}/test"), Role::administrator);
        add("GET", kRepos, Role::reader);
        add("GET", under(kRepos, "/{name}"), Role::reader);
        add("PUT DELETE", under(kRepos, "/{name}"), Role::administrator);
        add("POST", under(kRepos, "/{name}/test"), Role::administrator);
        add("POST", under(kRepos, "/{name}/sync"), Role::administrator);
        add("GET", "/api/v1/audit", Role::administrator);
        return routes;
    }();
    return table;
}

/// The same for tools.
std::map<std::string, Role> const& expected_tools() {
    static std::map<std::string, Role> const table{{"search_code", Role::reader},
                                                   {"read_file", Role::reader},
                                                   {"list_files", Role::reader},
                                                   {"list_projects", Role::reader},
                                                   {"list_repositories", Role::reader},
                                                   {"list_commits", Role::reader},
                                                   {"list_organizations", Role::reader},
                                                   {"search_wiki", Role::reader},
                                                   {"read_wiki_page", Role::reader},
                                                   {"search_work_items", Role::reader},
                                                   {"get_work_item", Role::reader},
                                                   {"describe_work_item_type", Role::reader},
                                                   {"create_work_item", Role::user},
                                                   {"update_work_item", Role::user},
                                                   {"add_work_item_comment", Role::user}};
    return table;
}

/// The whole daemon in this process, its listener bound and not used: requests come through scripted streams.
class Roles : public testing::Test {
protected:
    Roles() {
        daemon = take(server::Daemon::make(take(server::App::make(loop.context(), configuration())), {}));
        app = &daemon->app();
        authenticator = server::make_token_authenticator(app->tokens(), "Ask an administrator.");
        gate.emplace(*authenticator);
        for (Role const role : {Role::reader, Role::user, Role::administrator}) {
            auto made = loop.run(auth::make_agent_token(
                app->store(), app->clock(), std::string(core::to_string(role)), role, std::nullopt));
            tokens[role] = std::string(take(std::move(made)).token.expose());
        }
    }
    ~Roles() override { loop.run(app->stop(core::Deadline::in(app->clock(), std::chrono::seconds(1)))); }

    template <class T>
    static T take(core::Result<T> result) {
        if (!result) {
            throw std::runtime_error(core::describe(result.error()));
        }
        return std::move(*result);
    }

    server::Config configuration() const {
        server::Config config;
        config.listen.port = 0;
        config.store.path = folder.path("state/state.db");
        config.store.key_file = folder.path("store.key");
        config.managed_identity.imds_url = "http://127.0.0.1:9";
        config.entra.authority = "https://127.0.0.1:9";
        config.azure_devops.base_url = "https://127.0.0.1:9";
        config.azure_devops.search_url = "https://127.0.0.1:9";
        config.azure_devops.identity_url = "https://127.0.0.1:9";
        server::ConnectorConfig connector;
        connector.name = "contoso";
        connector.organization = "contoso";
        connector.auth.emplace_back();
        config.connectors.push_back(std::move(connector));
        return config;
    }

    front_test::WireReply send(std::string wire) {
        server::HttpFront const front(
            daemon->routes(), hosts, *gate, app->config().limits, app->clock(), writers);
        test::ScriptedStream stream(std::move(wire), std::string::npos);
        server::SessionRegistry::Session session(registry);
        loop.run(server::serve_http(front, std::make_unique<front_test::Borrowed>(stream), session));
        std::vector<front_test::WireReply> replies = front_test::parse_replies(stream.written());
        EXPECT_EQ(replies.size(), 1U);
        return replies.empty() ? front_test::WireReply() : std::move(replies.front());
    }

    static std::vector<std::pair<std::string, std::string>> bearer(std::string const& token) {
        return {{"Authorization", "Bearer " + token}};
    }

    Json call(Role role, std::string const& method, Json params) {
        params["_meta"] = {{"io.modelcontextprotocol/protocolVersion", "2026-07-28"},
                           {"io.modelcontextprotocol/clientCapabilities", Json::object()}};
        std::vector<std::pair<std::string, std::string>> headers = bearer(tokens[role]);
        headers.emplace_back("Content-Type", "application/json");
        headers.emplace_back("Accept", "application/json, text/event-stream");
        headers.emplace_back("MCP-Protocol-Version", "2026-07-28");
        headers.emplace_back("Mcp-Method", method);
        if (params.contains("name")) {
            headers.emplace_back("Mcp-Name", params["name"].get<std::string>());
        }
        Json const body = {{"jsonrpc", "2.0"}, {"id", 1}, {"method", method}, {"params", params}};
        return send(front_test::request("POST", "/mcp", headers, body.dump())).json();
    }

    /// Arguments that are valid under a tool's schema, as far as roles are concerned.
    static Json arguments_for(Json const& tool) {
        Json arguments = Json::object();
        Json const& schema = tool.at("inputSchema");
        for (Json const& name : schema.value("required", Json::array())) {
            Json const& about = schema.at("properties").at(name.get<std::string>());
            std::string const type =
                about.at("type").is_string() ? about.at("type").get<std::string>() : "string";
            if (type == "integer") {
                arguments[name.get<std::string>()] = about.value("minimum", 1);
            } else if (type == "array") {
                arguments[name.get<std::string>()] = Json::array({"x"});
            } else if (about.contains("enum")) {
                arguments[name.get<std::string>()] = about["enum"][0];
            } else {
                arguments[name.get<std::string>()] = "x";
            }
        }
        return arguments;
    }

    test::TemporaryFolder folder;
    test::Loop loop;
    std::unique_ptr<server::Daemon> daemon;
    server::App* app = nullptr; ///< the daemon's
    std::unique_ptr<server::Authenticator> authenticator;
    std::optional<server::InboundGate> gate;
    server::HostPolicy hosts{{}, {}, "", "127.0.0.1"};
    server::SessionRegistry registry;
    core::TaskGroup writers{loop.executor()};
    std::map<Role, std::string> tokens;
};

std::string filled(std::string pattern) {
    for (std::size_t open = pattern.find('{'); open != std::string::npos; open = pattern.find('{')) {
        pattern.replace(open, pattern.find('}') - open + 1, "contoso");
    }
    return pattern;
}

TEST_F(Roles, EveryRouteAsksForTheRoleOfTheContract) {
    std::size_t seen = 0;
    for (server::Route const* route : daemon->routes().all()) {
        std::string const name = route->method + " " + route->pattern;
        SCOPED_TRACE(name);
        auto const expected = expected_routes().find(name);
        if (expected == expected_routes().end()) {
            ADD_FAILURE() << "a route without a line in this test's table";
            continue;
        }
        ++seen;
        Needed const needed = expected->second;
        EXPECT_EQ(route->role, needed);
        std::string const path = filled(route->pattern);
        front_test::WireReply const nobody = send(front_test::request(route->method, path));
        EXPECT_EQ(nobody.status == 401, needed.has_value()) << nobody.body;
        if (!needed) {
            continue;
        }
        EXPECT_NE(nobody.header("WWW-Authenticate").find("Bearer"), std::string::npos);
        for (auto const& [role, token] : tokens) {
            SCOPED_TRACE(core::to_string(role));
            front_test::WireReply const reply =
                send(front_test::request(route->method, path, bearer(token), ""));
            EXPECT_NE(reply.status, 401);
            EXPECT_EQ(reply.body.find("\"insufficient_role\"") != std::string::npos, role < *needed)
                << reply.body;
            EXPECT_EQ(reply.status == 403 &&
                          reply.header("WWW-Authenticate").find("insufficient_scope") != std::string::npos,
                      role < *needed)
                << reply.body;
        }
    }
    EXPECT_GE(seen, 14U);
}

TEST_F(Roles, EveryToolAsksForTheRoleOfTheContract) {
    Json const listed = call(Role::administrator, "tools/list", Json::object());
    Json const& tools = listed.at("result").at("tools");
    EXPECT_GE(tools.size(), 4U);
    for (Json const& tool : tools) {
        std::string const name = tool.at("name").get<std::string>();
        SCOPED_TRACE(name);
        auto const expected = expected_tools().find(name);
        if (expected == expected_tools().end()) {
            ADD_FAILURE() << "a tool without a line in this test's table";
            continue;
        }
        EXPECT_EQ(tool.at("annotations").at("readOnlyHint") == true, expected->second == Role::reader);
        for (auto const& [role, token] : tokens) {
            SCOPED_TRACE(core::to_string(role));
            Json const params = {{"name", name}, {"arguments", arguments_for(tool)}};
            Json const answer = call(role, "tools/call", params);
            ASSERT_TRUE(answer.contains("result")) << answer.dump();
            bool const refused = answer.dump().find("role_insufficient") != std::string::npos;
            EXPECT_EQ(refused, role < expected->second) << answer.dump();
            EXPECT_TRUE(!refused || answer.at("result").value("isError", false));
        }
    }
}

TEST_F(Roles, WithoutAnIssuerThereIsNoResourceMetadata) {
    for (char const* const path :
         {"/.well-known/oauth-protected-resource", "/.well-known/oauth-protected-resource/mcp"}) {
        EXPECT_EQ(send(front_test::request("GET", path)).status, 404) << path;
    }
}

} // namespace
