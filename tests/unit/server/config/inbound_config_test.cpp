#include "config_test_support.hpp"
#include "server/config/effective_config.hpp"
#include "server/config/load_config.hpp"
#include "server/inbound.hpp"

#include <nlohmann/json.hpp>

namespace {

using core::Role;
using test::parse_valid;
using test::problems_of;

constexpr char kTenant[] = "11111111-2222-3333-4444-555555555555";

std::string entra(std::string const& members) {
    return "inbound: {mode: entra, entra: {" + members + "}}\n";
}

TEST(InboundConfig, ReadsEveryKey) {
    server::Config const config =
        parse_valid("inbound:\n"
                    "  mode: entra\n"
                    "  entra:\n"
                    "    tenant: contoso.onmicrosoft.com\n"
                    "    audience: [api://one, 99999999-8888-7777-6666-555555555555]\n"
                    "    roles: {Operators: user, SREAgent.Reader: administrator}\n"
                    "    scopes: {read: reader}\n"
                    "    default_role: reader\n"
                    "    clients: [abc]\n"
                    "    algorithms: [RS256, ES256]\n"
                    "limits: {inbound_skew_ms: 1000, inbound_keys_stale_ms: 5000}\n");
    EXPECT_EQ(config.inbound.mode, server::InboundMode::entra);
    auth::JwtVerifierSettings const settings = server::jwt_verifier_settings(config);
    ASSERT_EQ(settings.issuers.size(), 2U);
    EXPECT_EQ(
        settings.issuers[0].metadata_url,
        "https://login.microsoftonline.com/contoso.onmicrosoft.com/v2.0/.well-known/openid-configuration");
    EXPECT_EQ(settings.issuers[1].metadata_url,
              "https://login.microsoftonline.com/contoso.onmicrosoft.com/.well-known/openid-configuration");
    EXPECT_EQ(settings.issuers[0].algorithms.size(), 2U);
    EXPECT_EQ(settings.rules.audiences,
              (std::vector<std::string>{"api://one",
                                        "99999999-8888-7777-6666-555555555555",
                                        "api://99999999-8888-7777-6666-555555555555"}));
    EXPECT_EQ(settings.rules.roles.at("operators"), Role::user);
    EXPECT_EQ(settings.rules.roles.at("sreagent.reader"), Role::administrator) << "ours do not override";
    EXPECT_EQ(settings.rules.roles.at("sre agent standard user"), Role::user);
    EXPECT_EQ(settings.rules.scopes.size(), 1U);
    EXPECT_EQ(settings.rules.default_role, Role::reader);
    EXPECT_EQ(settings.rules.clients, std::vector<std::string>{"abc"});
    EXPECT_EQ(settings.rules.skew, std::chrono::seconds(1));
    EXPECT_EQ(settings.limits.stale, std::chrono::seconds(5));
    EXPECT_TRUE(settings.rules.entra);

    server::ResourceMetadataSettings const metadata = server::resource_metadata_settings(config);
    EXPECT_EQ(metadata.authorization_servers,
              std::vector<std::string>{"https://login.microsoftonline.com/contoso.onmicrosoft.com/v2.0"});
    EXPECT_EQ(metadata.scope_prefix, "api://one/");
}

TEST(InboundConfig, HasDefaultsAndShowsThem) {
    server::Config const config = parse_valid(entra("tenant: " + std::string(kTenant)));
    auth::JwtVerifierSettings const settings = server::jwt_verifier_settings(config);
    EXPECT_EQ(settings.rules.audiences, std::vector<std::string>{"https://azuresre.dev"});
    EXPECT_EQ(settings.rules.scopes.at("user_impersonation"), Role::administrator);
    EXPECT_EQ(settings.issuers[0].algorithms,
              std::vector<auth::SignatureAlgorithm>{auth::SignatureAlgorithm::rs256});
    EXPECT_FALSE(settings.issuers[0].loopback_http);
    EXPECT_EQ(settings.rules.default_role, std::nullopt);
    core::Json const shown = server::effective_config_json(config).at("inbound").at("entra");
    EXPECT_EQ(shown.at("tenant"), kTenant);
    EXPECT_EQ(shown.at("audience"), core::Json::array({"https://azuresre.dev"}));
    // What is shown can be read again.
    EXPECT_EQ(server::effective_config_json(parse_valid(server::effective_config_text(config))).at("inbound"),
              server::effective_config_json(config).at("inbound"));
}

TEST(InboundConfig, TakesAnIssuerInPlaceOfATenant) {
    server::Config const config =
        parse_valid(entra("issuer: 'http://127.0.0.1:8080/realm/', loopback_http: true"));
    auth::JwtVerifierSettings const settings = server::jwt_verifier_settings(config);
    ASSERT_EQ(settings.issuers.size(), 1U);
    EXPECT_EQ(settings.issuers[0].metadata_url,
              "http://127.0.0.1:8080/realm/.well-known/openid-configuration");
    EXPECT_TRUE(settings.issuers[0].is_issuer("http://127.0.0.1:8080/realm/"));
    EXPECT_FALSE(settings.issuers[0].is_issuer("http://127.0.0.1:8080/realm"));
    EXPECT_TRUE(settings.issuers[0].loopback_http);
    EXPECT_FALSE(settings.rules.entra);
    server::ResourceMetadataSettings const metadata = server::resource_metadata_settings(config);
    EXPECT_EQ(metadata.authorization_servers, std::vector<std::string>{"http://127.0.0.1:8080/realm/"});
    EXPECT_EQ(metadata.scope_prefix, "");
}

TEST(InboundConfig, AsksForTheApplicationsScopeByItsApiName) {
    server::Config const config =
        parse_valid(entra("tenant: " + std::string(kTenant) + ", audience: " + kTenant));
    EXPECT_EQ(server::resource_metadata_settings(config).scope_prefix, "api://" + std::string(kTenant) + "/");
}

TEST(InboundConfig, RefusesWhatWouldLetAnybodyInOrNobody) {
    struct Row {
        std::string text;
        std::string expected; ///< part of the problem
    };
    std::string const tenant = "tenant: " + std::string(kTenant);
    std::vector<Row> const rows{
        {"inbound: {mode: entra}\n",
         "inbound.entra.tenant: found nothing, with inbound.mode entra; expected the tenant whose tokens are "
         "taken"},
        {entra("audience: x"), "inbound.entra.tenant: found nothing"},
        {entra("tenant: common"), "inbound.entra.tenant: found \"common\"; expected the id of one tenant"},
        {entra("tenant: Organizations"), "expected the id of one tenant"},
        {entra("tenant: consumers"), "expected the id of one tenant"},
        {entra("tenant: '../x'"), "expected the id of one tenant"},
        {entra("tenant: contoso"), "expected the id of one tenant"},
        {entra(tenant + ", issuer: https://login.example"), "beside issuer; expected one of the two"},
        {entra("issuer: http://login.example"),
         "expected an https URL (http only on loopback, and only with "},
        {entra("issuer: http://login.example, loopback_http: true"),
         "expected an https URL, or an http one on loopback"},
        {entra("issuer: http://127.0.0.1.evil.example, loopback_http: true"),
         "expected an https URL, or an http one"},
        {entra("issuer: 'https://login.example/?x'"), "expected an https URL"},
        {entra("issuer: login.example"), "expected an https URL"},
        {entra(tenant) + "entra: {authority: http://login.example}\n", "found a tenant at entra.authority"},
        {entra(tenant + ", roles: {Operators: root}"), "inbound.entra.roles.Operators"},
        {entra(tenant + ", scopes: {read: 1}"), "inbound.entra.scopes.read"},
        {entra(tenant + ", default_role: nobody"), "inbound.entra.default_role"},
        {entra(tenant + ", algorithms: [HS256]"), "inbound.entra.algorithms[0]"},
        {entra(tenant + ", algorithms: [none]"), "inbound.entra.algorithms[0]"},
        {entra(tenant + ", jwks: x"), "inbound.entra.jwks: found an unknown key"},
        {entra(tenant) + "limits: {inbound_skew_ms: 300001}\n", "limits.inbound_skew_ms"},
    };
    for (Row const& row : rows) {
        SCOPED_TRACE(row.text);
        std::string const problems = problems_of(row.text);
        EXPECT_NE(problems.find(row.expected), std::string::npos) << problems;
    }
    EXPECT_EQ(problems_of("inbound: {entra: {tenant: " + std::string(kTenant) + "}}\n"), "valid");
    EXPECT_EQ(
        problems_of(entra(tenant + ", loopback_http: true") + "entra: {authority: 'http://[::1]:8080'}\n"),
        "valid");
}

} // namespace
