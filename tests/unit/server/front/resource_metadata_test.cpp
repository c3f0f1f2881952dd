#include "front_fixture.hpp"
#include "server/front/resource_metadata.hpp"

namespace {

using core::Json;
using core::Role;
using front_test::Front;
using front_test::request;
using front_test::WireReply;

server::ResourceMetadataSettings settings(std::string public_url = {}) {
    server::ResourceMetadataSettings made;
    made.public_url = std::move(public_url);
    made.authorization_servers = {"https://login.example/tenant/v2.0"};
    made.scope_prefix = "https://azuresre.dev/";
    made.scopes = {
        {"user_impersonation", Role::administrator}, {"write", Role::user}, {"read", Role::reader}};
    return made;
}

class ResourceMetadata : public testing::Test {
protected:
    void serve(server::ResourceMetadataSettings made) {
        metadata.emplace(std::move(made));
        metadata->add_to(front.routes);
    }
    Front front;
    std::optional<server::ResourceMetadata> metadata;
};

TEST_F(ResourceMetadata, DescribesTheServerAndTheEndpoint) {
    serve(settings("https://mcp.example.net"));
    WireReply const endpoint =
        front.ask(request("GET", "/.well-known/oauth-protected-resource/mcp", {{"Host", "mcp.example.net"}}));
    EXPECT_EQ(endpoint.status, 200);
    EXPECT_EQ(endpoint.header("Content-Type"), "application/json");
    EXPECT_EQ(endpoint.json(),
              Json({{"resource", "https://mcp.example.net/mcp"},
                    {"authorization_servers", {"https://login.example/tenant/v2.0"}},
                    {"scopes_supported",
                     {"https://azuresre.dev/read",
                      "https://azuresre.dev/user_impersonation",
                      "https://azuresre.dev/write"}},
                    {"bearer_methods_supported", {"header"}},
                    {"resource_name", "ado-mcpd"}}));
    WireReply const server =
        front.ask(request("GET", "/.well-known/oauth-protected-resource", {{"Host", "mcp.example.net"}}));
    // RFC 9728 §3.3: it has to be the address the document was found by.
    EXPECT_EQ(server.json().at("resource"), "https://mcp.example.net");
}

TEST_F(ResourceMetadata, NamesItselfAsTheRequestDoesWithoutAPublicUrl) {
    serve(settings());
    WireReply const reply =
        front.ask(request("GET", "/.well-known/oauth-protected-resource/mcp", {{"Host", "localhost:8931"}}));
    EXPECT_EQ(reply.json().at("resource"), "http://localhost:8931/mcp");
    EXPECT_EQ(
        front.ask(request("GET", "/.well-known/oauth-protected-resource/mcp", {{"Host", "evil.example"}}))
            .status,
        403);
}

TEST_F(ResourceMetadata, PutsThePathOfAProxyBehindTheWellKnownOne) {
    serve(settings("https://mcp.example.net/tools"));
    core::HttpHeaders headers;
    headers.add("Host", "mcp.example.net");
    EXPECT_EQ(metadata->url(headers),
              "https://mcp.example.net/.well-known/oauth-protected-resource/tools/mcp");
    WireReply const reply = front.ask(
        request("GET", "/.well-known/oauth-protected-resource/tools/mcp", {{"Host", "mcp.example.net"}}));
    EXPECT_EQ(reply.json().at("resource"), "https://mcp.example.net/tools/mcp");
}

TEST_F(ResourceMetadata, IsForEveryPagePreflightsIncluded) {
    serve(settings());
    std::vector<std::pair<std::string, std::string>> headers{{"Origin", "https://somebody.example"}};
    WireReply const reply = front.ask(request("GET", "/.well-known/oauth-protected-resource/mcp", headers));
    EXPECT_EQ(reply.status, 200);
    EXPECT_EQ(reply.header("Access-Control-Allow-Origin"), "*");
    EXPECT_EQ(reply.headers.count("Access-Control-Allow-Credentials"), 0U);
    headers.emplace_back("Access-Control-Request-Method", "GET");
    headers.emplace_back("Access-Control-Request-Headers", "mcp-protocol-version");
    WireReply const preflight =
        front.ask(request("OPTIONS", "/.well-known/oauth-protected-resource/mcp", headers));
    EXPECT_EQ(preflight.status, 204);
    EXPECT_EQ(preflight.header("Access-Control-Allow-Origin"), "*");
    EXPECT_NE(preflight.header("Access-Control-Allow-Headers").find("mcp-protocol-version"),
              std::string::npos);
    // Only here: the rest of the server keeps to its list.
    EXPECT_EQ(front.ask(request("GET", "/open", {{"Origin", "https://somebody.example"}})).status, 403);
}

TEST_F(ResourceMetadata, ChallengesPointToItAndNameTheLeastScopeThatWillDo) {
    serve(settings("https://mcp.example.net"));
    server::InboundGate const gate(front.tokens, &*metadata);
    core::CallContext const ctx("r-1", core::Deadline::never());
    core::HttpHeaders headers;
    headers.add("Host", "mcp.example.net");
    std::string const pointer =
        R"(resource_metadata="https://mcp.example.net/.well-known/oauth-protected-resource/mcp")";
    auto const challenge = [&](Role needed) {
        auto const decision = test::run_coro(gate.check(headers, needed, "127.0.0.1:1", ctx));
        EXPECT_TRUE(decision.refusal);
        return decision.refusal ? std::to_string(decision.refusal->status) + " " +
                                      std::string(*decision.refusal->headers.get("WWW-Authenticate"))
                                : std::string();
    };
    EXPECT_EQ(challenge(Role::reader),
              "401 Bearer realm=\"ado-mcpd\", " + pointer + ", scope=\"https://azuresre.dev/read\"");
    headers.set("Authorization", "Bearer bad");
    EXPECT_EQ(challenge(Role::user),
              "401 Bearer realm=\"ado-mcpd\", " + pointer +
                  ", scope=\"https://azuresre.dev/write\", error=\"invalid_token\", "
                  "error_description=\"The access token is not known.\"");
    headers.set("Authorization", "Bearer user-token");
    EXPECT_EQ(challenge(Role::administrator),
              "403 Bearer realm=\"ado-mcpd\", " + pointer +
                  ", scope=\"https://azuresre.dev/user_impersonation\", error=\"insufficient_scope\", "
                  "error_description=\"This needs the role administrator; the token has user.\"");
}

TEST_F(ResourceMetadata, NamesNoScopeWhereNoneWouldDo) {
    server::ResourceMetadataSettings made = settings();
    made.scopes = {{"read", Role::reader}};
    serve(std::move(made));
    EXPECT_EQ(metadata->scope_for(Role::reader), "https://azuresre.dev/read");
    EXPECT_EQ(metadata->scope_for(Role::user), "");
}

} // namespace
