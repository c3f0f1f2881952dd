#include "exchange.hpp"

#include "simulator/jwt.hpp"
#include "simulator/managed_identity.hpp"

#include <gtest/gtest.h>

namespace simulator::testing {
namespace {

constexpr auto kAssertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
constexpr auto kScope = "499b84ac-1321-427f-aa17-267ca6975798/.default";

class Authority : public ::testing::Test {
protected:
    Exchange exchange;
    std::string home = exchange.world().home_tenant().id;
    std::string customer = exchange.world().customer_tenant().id;
    std::string agent = exchange.world().agent_application().client_id;
    std::string public_client = exchange.world().applications[1].client_id;

    static int code(Reply const& reply) { return Exchange::json(reply)["error_codes"][0].get<int>(); }

    Reply imds(std::string const& query, bool metadata = true) {
        auto request =
            Exchange::request("GET", "/metadata/identity/oauth2/token/?api-version=2018-02-01&" + query);
        if (metadata) {
            request.headers.emplace_back("metadata", "true");
        }
        return exchange.send(request, "");
    }
    std::string assertion(std::string const& query = "") {
        return Exchange::json(exchange.get("/__sim/assertion?" + query, ""))["assertion"].get<std::string>();
    }
    Reply exchange_assertion(std::string const& token, std::string const& client, std::string const& tenant) {
        return exchange.form("/" + tenant + "/oauth2/v2.0/token",
                             {{"grant_type", "client_credentials"},
                              {"client_id", client},
                              {"scope", kScope},
                              {"client_assertion_type", kAssertionType},
                              {"client_assertion", token}});
    }
    Reply refresh(std::string const& token, std::string const& tenant) {
        return exchange.form("/" + tenant + "/oauth2/v2.0/token",
                             {{"grant_type", "refresh_token"},
                              {"client_id", public_client},
                              {"refresh_token", token},
                              {"scope", kScope}});
    }
    Reply projects(std::string const& organization, std::string const& token) {
        return exchange.send_bearer(Exchange::request("GET", "/" + organization + "/_apis/projects"), token);
    }
};

TEST_F(Authority, ManagedIdentityCrossesTenantsByFederation) {
    auto const client_id = exchange.world().managed_identities[0].client_id;
    auto const leg1 =
        Exchange::json(imds("resource=api%3A%2F%2FAzureADTokenExchange&client_id=" + client_id));
    ASSERT_TRUE(leg1["expires_on"].is_string());
    auto const leg2 = exchange_assertion(leg1["access_token"], agent, customer);
    ASSERT_EQ(leg2.status, 200) << leg2.body;
    std::string const token = Exchange::json(leg2)["access_token"];
    EXPECT_EQ(projects("northwind", token).status, 200);
    // The same token is worth nothing in an organization of the other tenant.
    auto const refused = projects("contoso", token);
    EXPECT_EQ(refused.status, 401);
    EXPECT_NE(refused.body.find("TF400813: The user 'aaaaaaaa-aaaa-"), std::string::npos);
}

TEST_F(Authority, ReadsAndCountsWhatTheClaimsParameterAsksFor) {
    auto const with_claims = [&](std::string const& claims) {
        std::string const token = Exchange::json(exchange.get("/__sim/grant", ""))["refresh_token"];
        return exchange.form("/" + home + "/oauth2/v2.0/token",
                             {{"grant_type", "refresh_token"},
                              {"client_id", public_client},
                              {"refresh_token", token},
                              {"claims", claims}});
    };
    auto const counted = [&] {
        return Exchange::json(exchange.get("/__sim/counts", ""))["tokens"].value("with_claims", 0);
    };
    EXPECT_EQ(code(with_claims("{not json")), 9002313);
    EXPECT_EQ(with_claims(R"({"access_token":{"xms_cc":{"values":["cp1"]}}})").status, 200);
    EXPECT_EQ(counted(), 0) << "a client that only says what it can do";
    EXPECT_EQ(with_claims(R"({"access_token":{"nbf":{"essential":true,"value":"1"}}})").status, 200);
    EXPECT_EQ(counted(), 1);
}

TEST_F(Authority, ManagedIdentityWorksAloneInItsOwnTenant) {
    auto const client_id = exchange.world().managed_identities[0].client_id;
    std::string const token = Exchange::json(
        imds("resource=499b84ac-1321-427f-aa17-267ca6975798&client_id=" + client_id))["access_token"];
    EXPECT_EQ(projects("contoso", token).status, 200);
    EXPECT_EQ(projects("northwind", token).status, 401);
}

TEST_F(Authority, ManagedIdentityEndpointKeepsItsRules) {
    auto const client_id = exchange.world().managed_identities[0].client_id;
    EXPECT_EQ(imds("resource=x&client_id=" + client_id, false).status, 400);
    EXPECT_NE(imds("resource=x").body.find("Multiple user assigned identities exist"), std::string::npos);
    EXPECT_NE(imds("resource=x&client_id=nobody").body.find("Identity not found"), std::string::npos);
    auto request =
        Exchange::request("GET", "/msi/token?api-version=2019-08-01&resource=x&client_id=" + client_id);
    EXPECT_EQ(exchange.send(request, "").status, 401);
    request.headers.emplace_back("x-identity-header", std::string(kIdentityHeader));
    auto const answer = Exchange::json(exchange.send(request, ""));
    EXPECT_TRUE(answer.contains("expires_on"));
    EXPECT_FALSE(answer.contains("expires_in"));
}

TEST_F(Authority, ThePlatformHandsOutTheSameTokenAgain) {
    std::string const query = "resource=x&client_id=" + exchange.world().managed_identities[0].client_id;
    auto const first = Exchange::json(imds(query))["access_token"];
    EXPECT_EQ(Exchange::json(imds(query))["access_token"], first);
}

TEST_F(Authority, NamesWhatIsWrongWithAnAssertion) {
    EXPECT_EQ(exchange_assertion(assertion(), agent, customer).status, 200);
    EXPECT_EQ(code(exchange_assertion(assertion("issuer=https://elsewhere.example"), agent, customer)),
              700211);
    EXPECT_EQ(code(exchange_assertion(assertion("audience=api://other"), agent, customer)), 700212);
    EXPECT_EQ(code(exchange_assertion(assertion("subject=somebody"), agent, customer)), 700213);
    EXPECT_EQ(code(exchange_assertion(assertion("lifetime_s=-3600"), agent, customer)), 700024);
    EXPECT_EQ(code(exchange_assertion(assertion("forged=true"), agent, customer)), 700027);
    EXPECT_EQ(code(exchange_assertion(assertion("scp=user_impersonation"), agent, customer)), 700226);
    EXPECT_EQ(code(exchange_assertion("nonsense", agent, customer)), 9002313);
}

TEST_F(Authority, NamesWhatIsWrongWithTheApplication) {
    auto const named = [&](std::string const& name) {
        for (auto const& application : exchange.world().applications) {
            if (application.name == name) {
                return application.client_id;
            }
        }
        return std::string();
    };
    EXPECT_EQ(code(exchange_assertion(assertion(), named("Contoso Unconsented"), customer)), 700016);
    EXPECT_EQ(code(exchange_assertion(assertion(), named("Contoso Unfederated"), customer)), 70025);
    EXPECT_EQ(code(exchange_assertion(assertion(), agent, "common")), 9001023);
    EXPECT_EQ(code(exchange_assertion(assertion(), agent, "11111111-1111-4111-a111-111111111111")), 90002);
    auto const outsider = exchange_assertion(assertion(), named("Contoso Outsider"), customer);
    ASSERT_EQ(outsider.status, 200);
    EXPECT_NE(projects("northwind", Exchange::json(outsider)["access_token"]).body.find("TF400813"),
              std::string::npos);
}

TEST_F(Authority, DeviceFlowWaitsForApproval) {
    auto const started = Exchange::json(exchange.form(
        "/organizations/oauth2/v2.0/devicecode",
        {{"client_id", public_client},
         {"scope",
          "499b84ac-1321-427f-aa17-267ca6975798/user_impersonation openid profile offline_access"}}));
    auto const poll = [&] {
        return exchange.form("/organizations/oauth2/v2.0/token",
                             {{"grant_type", "device_code"},
                              {"client_id", public_client},
                              {"device_code", started["device_code"].get<std::string>()}});
    };
    EXPECT_EQ(Exchange::json(poll())["error"], "authorization_pending");
    exchange.get("/__sim/device/approve?user=ada&user_code=" + started["user_code"].get<std::string>(), "");
    auto const tokens = Exchange::json(poll());
    ASSERT_TRUE(tokens.contains("refresh_token"));
    EXPECT_TRUE(tokens.contains("id_token"));
    EXPECT_EQ(projects("contoso", tokens["access_token"]).status, 200);
    EXPECT_EQ(Exchange::json(poll())["error"], "invalid_grant");
}

TEST_F(Authority, AuthorizationCodeNeedsItsVerifier) {
    std::string const target =
        "/organizations/oauth2/v2.0/authorize?response_type=code&state=s&client_id=" + public_client +
        "&redirect_uri=http%3A%2F%2Flocalhost%3A5000&scope=openid%20offline_access&nonce=n"
        "&code_challenge_method=S256&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
    auto const location = Exchange::header(exchange.get(target, ""), "Location");
    ASSERT_TRUE(location.starts_with("http://localhost:5000/?code=")) << location;
    std::string const grant = location.substr(28, location.find('&') - 28);
    auto const redeem = [&](std::string const& verifier) {
        return exchange.form("/organizations/oauth2/v2.0/token",
                             {{"grant_type", "authorization_code"},
                              {"client_id", public_client},
                              {"code", percent_decode(grant, false)},
                              {"redirect_uri", "http://localhost:5000"},
                              {"code_verifier", verifier}});
    };
    EXPECT_EQ(code(redeem("wrong")), 501481);
    auto const tokens = redeem("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
    ASSERT_EQ(tokens.status, 200) << tokens.body;
    auto const id_token = decode_jwt(Exchange::json(tokens)["id_token"].get<std::string>());
    EXPECT_EQ(id_token->claims["nonce"], "n");
    EXPECT_EQ(code(redeem("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")), 54005);
}

TEST_F(Authority, AuthorizeAnswersAsItsModeAsksAndAsItWasToldTo) {
    std::string const target =
        "/organizations/oauth2/v2.0/authorize?response_type=code&state=s%26&client_id=" + public_client +
        "&redirect_uri=http%3A%2F%2Flocalhost%3A5000%2F&code_challenge=x&response_mode=";
    auto const posted = exchange.get(target + "form_post", "");
    EXPECT_EQ(posted.status, 200);
    EXPECT_NE(posted.body.find("action=\"http://localhost:5000/\""), std::string::npos) << posted.body;
    EXPECT_NE(posted.body.find("name=\"state\" value=\"s&amp;\""), std::string::npos) << posted.body;
    EXPECT_NE(posted.body.find("name=\"code\""), std::string::npos);

    exchange.get("/__sim/settings?authorize_error=access_denied", "");
    auto const declined = Exchange::header(exchange.get(target + "query", ""), "Location");
    EXPECT_TRUE(
        declined.starts_with("http://localhost:5000/?error=access_denied&error_description=AADSTS65004"))
        << declined;
    exchange.get("/__sim/settings?authorize_code=90094", "");
    auto const admin = Exchange::header(exchange.get(target + "query", ""), "Location");
    EXPECT_NE(admin.find("AADSTS90094"), std::string::npos) << admin;
    EXPECT_NE(admin.find("&state=s%26"), std::string::npos) << admin;
}

TEST_F(Authority, RefreshTokensRotateAndTheOldOneStaysValid) {
    std::string const first = Exchange::json(exchange.get("/__sim/grant?user=ada", ""))["refresh_token"];
    std::string const second = Exchange::json(refresh(first, home))["refresh_token"];
    EXPECT_NE(first, second);
    EXPECT_EQ(refresh(first, home).status, 200);
    exchange.get("/__sim/tokens?rotation=family-revocation", "");
    EXPECT_EQ(refresh(first, home).status, 400);
    EXPECT_EQ(refresh(second, home).status, 400);
}

TEST_F(Authority, OneGrantWorksInEveryTenantThePersonIsIn) {
    std::string const token = Exchange::json(exchange.get("/__sim/grant?user=ada", ""))["refresh_token"];
    auto const there = Exchange::json(refresh(token, customer));
    EXPECT_EQ(projects("northwind", there["access_token"]).status, 200);
    EXPECT_EQ(projects("contoso", there["access_token"]).status, 401);
    std::string const other = Exchange::json(exchange.get("/__sim/grant?user=bo", ""))["refresh_token"];
    EXPECT_EQ(code(refresh(other, customer)), 50020);
}

TEST_F(Authority, GrantsExpireAndAreRevoked) {
    std::string token = Exchange::json(exchange.get("/__sim/grant", ""))["refresh_token"];
    exchange.get("/__sim/tokens?revoke_grant=true", "");
    EXPECT_EQ(code(refresh(token, home)), 50173);
    token = Exchange::json(exchange.get("/__sim/grant", ""))["refresh_token"];
    exchange.get("/__sim/tokens?expire_grant=true", "");
    EXPECT_EQ(code(refresh(token, home)), 700082);
}

TEST_F(Authority, AccessTokensExpire) {
    std::string const grant = Exchange::json(exchange.get("/__sim/grant", ""))["refresh_token"];
    exchange.get("/__sim/tokens?lifetime_s=60", "");
    auto const answer = Exchange::json(refresh(grant, home));
    EXPECT_EQ(answer["expires_in"], 60);
    EXPECT_EQ(projects("contoso", answer["access_token"]).status, 200);
    exchange.simulator.state().shift_clock(std::chrono::seconds(61));
    EXPECT_EQ(projects("contoso", answer["access_token"]).status, 401);
}

TEST_F(Authority, PublishesMetadataOfTheHostItIsReachedBy) {
    auto const metadata =
        Exchange::json(exchange.get("/" + home + "/v2.0/.well-known/openid-configuration", ""));
    EXPECT_EQ(metadata["issuer"], "https://localhost:1/" + home + "/v2.0");
    EXPECT_EQ(metadata["token_endpoint"], "https://localhost:1/" + home + "/oauth2/v2.0/token");
    EXPECT_EQ(Exchange::json(exchange.get("/" + home + "/discovery/v2.0/keys", ""))["keys"].size(), 2U);
}

} // namespace
} // namespace simulator::testing
