#include "jwt_verifier_fixture.hpp"

#include "core/crypto/digest.hpp"

namespace {

using core::ErrorKind;
using core::Json;
using core::Role;
using test::mint;

class JwtVerifier : public test::JwtVerifierTest {};

constexpr char kMalformed[] = "invalid_token: The bearer token is not valid.";
constexpr char kSignature[] = "invalid_token: The bearer token has a signature that cannot be verified.";
constexpr char kIssuer[] = "invalid_token: The bearer token was not issued by an issuer this server trusts.";
constexpr char kTenant[] = "invalid_token: The bearer token was not issued by the tenant this server trusts.";
constexpr char kAud[] = "invalid_token: The bearer token is not meant for this server.";
constexpr char kExpired[] = "invalid_token: The bearer token has expired.";
constexpr char kEarly[] = "invalid_token: The bearer token is not valid yet.";

TEST_F(JwtVerifier, TakesTokensOfBothVersions) {
    core::Result<core::Principal> const v2 = verify(mint(keys.first, claims()));
    ASSERT_TRUE(v2) << core::describe(v2.error());
    EXPECT_EQ(v2->id, std::string(test::kTargetTenant) + "/" + std::string(test::kPerson));
    EXPECT_EQ(v2->name, "ada@fabrikam.example");
    EXPECT_EQ(v2->role, Role::user);

    Json v1 = with("iss", test::issuer_v1());
    v1["ver"] = "1.0";
    v1["appid"] = test::kAppId;
    v1["upn"] = "ada@fabrikam.example";
    v1.erase("preferred_username");
    core::Result<core::Principal> const old = verify(mint(keys.first, v1));
    ASSERT_TRUE(old) << core::describe(old.error());
    EXPECT_EQ(old->id, v2->id);
    EXPECT_EQ(old->name, v2->name);
}

TEST_F(JwtVerifier, FindsAKeyByThumbprintWhenThereIsNoKid) {
    Json jwk = keys.first.jwk();
    jwk["x5t"] = "thumb";
    tenant.publish({jwk}, {jwk});
    std::string const text = test::jwt_text(R"({"alg":"RS256","x5t":"thumb"})", claims().dump());
    EXPECT_EQ(outcome(text + "." + core::base64url_encode(keys.first.sign(text))), "accepted");
}

/// facts: every way of talking a verifier into a token that nobody it trusts has signed for it.
TEST_F(JwtVerifier, RefusesTheNegativeCorpus) {
    auto const signed_text = [this](std::string_view header, std::string_view body) {
        std::string const text = test::jwt_text(header, body);
        return text + "." + core::base64url_encode(keys.first.sign(text));
    };
    auto const header = [this](Json members) { return mint(keys.first, claims(), std::move(members)); };
    std::string const good = mint(keys.first, claims());
    std::string const body = good.substr(0, good.rfind('.'));
    std::string const none = test::jwt_text(R"({"alg":"none","kid":"first"})", claims().dump());
    std::string const hmac = test::jwt_text(R"({"alg":"HS256","kid":"first"})", claims().dump());
    std::string const raw_claims = claims().dump();
    std::string const numeric = R"("exp":)" + std::to_string(now() + 3600);
    auto const with_exp = [&](std::string const& value) {
        std::string changed = raw_claims;
        changed.replace(changed.find(numeric), numeric.size(), R"("exp":)" + value);
        return signed_text(R"({"alg":"RS256","kid":"first"})", changed);
    };
    std::string twice = raw_claims;
    twice.insert(1, R"("aud":"https://other.example",)");
    std::string nested = raw_claims;
    nested.insert(1, R"("cnf":{"a":1,"a":2},)");
    std::string with_plus = good;
    with_plus[with_plus.size() - 10] = '+';
    std::string const ps_text = test::jwt_text(R"({"alg":"PS256","kid":"first"})", claims().dump());

    struct Row {
        char const* name;
        std::string token;
        std::string expected;
    };
    std::vector<Row> const rows{
        {"empty", "", kMalformed},
        {"two parts", body, kMalformed},
        {"an empty signature", body + ".", kMalformed},
        {"four parts", good + ".x", kMalformed},
        {"an encrypted token", good + ".x.y", kMalformed},
        {"two signatures, as JSON",
         Json{{"payload", "e30"}, {"signatures", {Json::object(), Json::object()}}}.dump(),
         kMalformed},
        {"longer than allowed", std::string(17 * 1024, 'a'), kMalformed},
        {"alg none without a signature", none + ".", kMalformed},
        {"alg none with a signature", none + "." + good.substr(good.rfind('.') + 1), kSignature},
        {"alg None", header({{"alg", "None"}}), kSignature},
        {"alg absent", header({{"alg", nullptr}}), kMalformed},
        {"HS256 with the public key as its secret",
         hmac + "." + core::base64url_encode(core::hmac_sha256(keys.first.public_pem(), hmac)),
         kSignature},
        {"RS384, which the key was not made for",
         [&] {
             std::string const text = test::jwt_text(R"({"alg":"RS384","kid":"first"})", raw_claims);
             return text + "." + core::base64url_encode(keys.first.sign(text, EVP_sha384()));
         }(),
         kSignature},
        {"PS256, which is not allowed",
         ps_text + "." + core::base64url_encode(keys.first.sign(ps_text, EVP_sha256(), true)),
         kSignature},
        {"rs256 in small letters", header({{"alg", "rs256"}}), kSignature},
        {"padded base64", good + "=", kMalformed},
        {"standard base64", with_plus, kMalformed},
        {"one character too many", good + "AAA", kMalformed},
        {"a changed signature", body + "." + core::base64url_encode(keys.first.sign(body + "x")), kSignature},
        {"a changed payload",
         good.substr(0, good.find('.') + 1) +
             core::base64url_encode(with("roles", {"SREAgent.Admin"}).dump()) + good.substr(good.rfind('.')),
         kSignature},
        {"a key of somebody else under our kid",
         mint(keys.foreign, claims(), {{"kid", "first"}}),
         kSignature},
        {"an embedded key",
         mint(keys.foreign, claims(), {{"kid", "first"}, {"jwk", keys.foreign.jwk()}}),
         kSignature},
        {"an embedded key under its own kid",
         mint(keys.foreign, claims(), {{"jwk", keys.foreign.jwk()}}),
         kSignature},
        {"keys from where the token says",
         mint(keys.foreign,
              claims(),
              {{"jku", "https://evil.example/keys"}, {"x5u", "https://evil.example/c"}}),
         kSignature},
        {"kid as a path", header({{"kid", "../../../../dev/null"}}), kSignature},
        {"kid as SQL", header({{"kid", "x' OR '1'='1"}}), kSignature},
        {"kid as a number", header({{"kid", 7}}), kMalformed},
        {"kid without end", header({{"kid", std::string(4000, 'k')}}), kMalformed},
        {"no kid at all", signed_text(R"({"alg":"RS256"})", raw_claims), kSignature},
        {"an extension that must be understood", header({{"crit", {"exp"}}, {"exp", 1}}), kMalformed},
        {"an empty crit", header({{"crit", Json::array()}}), kMalformed},
        {"another type", header({{"typ", "logout+jwt"}}), kMalformed},
        {"a header that is no object", signed_text(R"(["RS256"])", raw_claims), kMalformed},
        {"a repeated header member",
         signed_text(R"({"alg":"none","alg":"RS256","kid":"first"})", raw_claims),
         kMalformed},
        {"claims that are no object", signed_text(R"({"alg":"RS256","kid":"first"})", "[]"), kMalformed},
        {"aud twice", signed_text(R"({"alg":"RS256","kid":"first"})", twice), kMalformed},
        {"a repeated member further down",
         signed_text(R"({"alg":"RS256","kid":"first"})", nested),
         kMalformed},
        {"another audience", mint(keys.first, with("aud", "https://graph.example")), kAud},
        {"an audience that begins like ours",
         mint(keys.first, with("aud", "https://azuresre.dev.evil.example")),
         kAud},
        {"a slash more", mint(keys.first, with("aud", "https://azuresre.dev/")), kAud},
        {"several audiences, none ours", mint(keys.first, with("aud", {"a", "b"})), kAud},
        {"several audiences, one no text",
         mint(keys.first, with("aud", {std::string(test::kAudience), Json(1)})),
         kMalformed},
        {"no audience in a list", mint(keys.first, with("aud", Json::array())), kAud},
        {"no audience", mint(keys.first, without("aud")), kAud},
        {"an object for an audience", mint(keys.first, with("aud", {{"a", 1}})), kAud},
        {"the issuer without its end",
         mint(keys.first, with("iss", "https://login.example/" + std::string(test::kTargetTenant))),
         kIssuer},
        {"a v1.0 issuer without its slash",
         mint(keys.first, with("iss", "https://sts.example/" + std::string(test::kTargetTenant))),
         kIssuer},
        {"a slash behind the issuer", mint(keys.first, with("iss", test::issuer_v2() + "/")), kIssuer},
        {"another tenant's issuer",
         mint(keys.first, with("iss", test::issuer_v2(test::kHomeTenant))),
         kIssuer},
        {"a host that looks alike",
         mint(
             keys.first,
             with("iss", "https://login.example.evil.example/" + std::string(test::kTargetTenant) + "/v2.0")),
         kIssuer},
        {"the issuer in capitals",
         mint(keys.first, with("iss", "HTTPS://LOGIN.EXAMPLE/" + std::string(test::kTargetTenant) + "/v2.0")),
         kIssuer},
        {"no issuer", mint(keys.first, without("iss")), kIssuer},
        {"several issuers", mint(keys.first, with("iss", {test::issuer_v2()})), kIssuer},
        {"tid of another tenant", mint(keys.first, with("tid", test::kHomeTenant)), kSignature},
        {"tid that is no id", mint(keys.first, with("tid", "contoso")), kSignature},
        {"no tid", mint(keys.first, without("tid")), kSignature},
        {"no oid", mint(keys.first, without("oid")), kMalformed},
        {"the key of personal accounts for a tenant's token", mint(keys.msa, claims()), kSignature},
        {"expired", mint(keys.first, with("exp", now() - 121)), kExpired},
        {"exp as text", with_exp("\"" + std::to_string(now() + 3600) + "\""), kMalformed},
        {"exp with a fraction", with_exp(std::to_string(now() + 3600) + ".5"), kMalformed},
        {"exp as a float", with_exp("1.9e9"), kMalformed},
        {"exp beyond every number", with_exp("1e400"), kMalformed},
        {"exp beyond every date", with_exp("9223372036854775807"), kMalformed},
        {"a negative exp", with_exp("-1"), kMalformed},
        {"exp null", with_exp("null"), kMalformed},
        {"no exp", mint(keys.first, without("exp")), kMalformed},
        {"nbf ahead", mint(keys.first, with("nbf", now() + 121)), kEarly},
        {"nbf as text", mint(keys.first, with("nbf", "soon")), kMalformed},
        {"issued ahead", mint(keys.first, with("iat", now() + 121)), kEarly},
        {"an id token",
         mint(keys.first, with("nonce", "n")),
         "invalid_token: The bearer token is not an access token."},
    };
    for (Row const& row : rows) {
        SCOPED_TRACE(row.name);
        EXPECT_EQ(outcome(row.token), row.expected);
    }
    EXPECT_EQ(outcome(good), "accepted");
    for (test::RecordedRequest const& request : tenant.http.requests()) {
        EXPECT_TRUE(request.url.starts_with("https://login.example/")) << request.url;
    }
}

TEST_F(JwtVerifier, TakesNoTokenOfAWeakKey) {
    // The set is still of use: only the weak key is not.
    publish({&keys.tiny, &keys.first});
    EXPECT_EQ(outcome(mint(keys.tiny, claims())), kSignature);
    EXPECT_EQ(outcome(mint(keys.first, claims())), "accepted");
}

TEST_F(JwtVerifier, ChecksTheTenantEvenWhenKeysNameNoIssuer) {
    tenant.publish({keys.first.jwk()}, {keys.first.jwk()});
    EXPECT_EQ(outcome(mint(keys.first, with("tid", test::kHomeTenant))), kTenant);
    EXPECT_EQ(outcome(mint(keys.first, without("tid"))), kTenant);
}

TEST_F(JwtVerifier, AllowsForClocksThatAreApart) {
    EXPECT_EQ(outcome(mint(keys.first, with("exp", now() - 119))), "accepted");
    EXPECT_EQ(outcome(mint(keys.first, with("nbf", now() + 119))), "accepted");
}

TEST_F(JwtVerifier, HasNoSkewWhenNoneIsConfigured) {
    settings.rules.skew = std::chrono::milliseconds(0);
    EXPECT_EQ(outcome(mint(keys.first, with("exp", now()))), kExpired);
    EXPECT_EQ(outcome(mint(keys.first, with("exp", now() + 1))), "accepted");
}

TEST_F(JwtVerifier, TakesOtherAlgorithmsOnlyWhenConfiguredAndOnlyFromKeysForThem) {
    Json jwk = keys.first.jwk();
    jwk["alg"] = "PS256";
    Json curve = keys.curve.jwk();
    tenant.publish({jwk, curve}, {jwk, curve});
    for (auth::JwksPlace& place : settings.issuers) {
        place.algorithms = {auth::SignatureAlgorithm::rs256,
                            auth::SignatureAlgorithm::ps256,
                            auth::SignatureAlgorithm::es256};
    }
    std::string const text = test::jwt_text(R"({"alg":"PS256","kid":"first"})", claims().dump());
    EXPECT_EQ(outcome(text + "." + core::base64url_encode(keys.first.sign(text, EVP_sha256(), true))),
              "accepted");
    EXPECT_EQ(outcome(mint(keys.first, claims())), kSignature) << "RS256 by a key made for PS256";
    EXPECT_EQ(outcome(mint(keys.curve, claims())), "accepted");
    EXPECT_EQ(outcome(mint(keys.curve, claims(), {{"alg", "RS256"}})), kSignature);
    EXPECT_EQ(outcome(mint(keys.first, claims(), {{"kid", "curve"}})), kSignature);
}

TEST_F(JwtVerifier, TakesTheApiFormOfAnAudience) {
    std::string const id(test::kAppId);
    settings.rules.audiences = auth::audience_forms(id);
    EXPECT_EQ(outcome(mint(keys.first, with("aud", id))), "accepted");
    EXPECT_EQ(outcome(mint(keys.first, with("aud", "api://" + id))), "accepted");
    EXPECT_EQ(auth::audience_forms("api://" + id), (std::vector<std::string>{"api://" + id, id}));
    EXPECT_EQ(auth::audience_forms("api://a/b").size(), 1U);
    EXPECT_EQ(auth::audience_forms("https://azuresre.dev").size(), 1U);
    EXPECT_EQ(outcome(mint(keys.first, with("aud", {"other", "api://" + id}))), "accepted");
}

TEST_F(JwtVerifier, AcceptsAccessTokenTypes) {
    for (char const* const type : {"JWT", "jwt", "at+jwt", "application/at+jwt", "AT+JWT"}) {
        EXPECT_EQ(outcome(mint(keys.first, claims(), {{"typ", type}})), "accepted") << type;
    }
}

TEST_F(JwtVerifier, MapsRolesScopesAndGroups) {
    settings.rules.roles["operators"] = Role::user;
    settings.rules.roles["99999999-8888-7777-6666-555555555555"] = Role::administrator;
    settings.rules.scopes["read"] = Role::reader;
    constexpr char kNoRole[] =
        "insufficient_scope: Access Required: the bearer token carries no role that is known here.";
    constexpr char kNoScope[] = "insufficient_scope: The bearer token has no scope that is of use here.";
    struct Row {
        char const* name;
        Json changes;
        std::string expected;
    };
    std::vector<Row> const rows{
        {"reader by its display name", {{"roles", {"SRE Agent Reader"}}}, "reader"},
        {"reader by its value", {{"roles", {"SREAgent.Reader"}}}, "reader"},
        {"Standard User", {{"roles", {"SRE Agent Standard User"}}}, "user"},
        {"User, as the API reference calls it", {{"roles", {"SRE Agent User"}}}, "user"},
        {"Author", {{"roles", {"SRE Agent Author"}}}, "user"},
        {"Administrator", {{"roles", {"SRE Agent Administrator"}}}, "administrator"},
        {"Admin by its value", {{"roles", {"SREAgent.Admin"}}}, "administrator"},
        {"our own name", {{"roles", {"administrator"}}}, "administrator"},
        {"the highest of several", {{"roles", {"Reader", "Administrator", "Unknown"}}}, "administrator"},
        {"a configured name, whatever its case", {{"roles", {"OPERATORS"}}}, "user"},
        {"a configured group",
         {{"roles", nullptr}, {"groups", {"99999999-8888-7777-6666-555555555555"}}},
         "administrator"},
        {"role and group",
         {{"roles", {"Reader"}}, {"groups", {"99999999-8888-7777-6666-555555555555"}}},
         "administrator"},
        {"no role", {{"roles", Json::array()}}, kNoRole},
        {"an unknown role", {{"roles", {"Owner"}}}, kNoRole},
        {"roles that are no texts", {{"roles", {1, true, Json::object()}}}, kNoRole},
        {"a name is no role",
         {{"roles", nullptr}, {"name", "Administrator"}, {"email", "Administrator"}},
         kNoRole},
        {"the scope is a limit", {{"scp", "read"}, {"roles", {"Administrator"}}}, "reader"},
        {"the widest of several scopes",
         {{"scp", "openid read user_impersonation"}, {"roles", {"Administrator"}}},
         "administrator"},
        {"a scope grants no role", {{"roles", nullptr}}, kNoRole},
        {"another scope", {{"scp", "User.Read"}}, kNoScope},
        {"an empty scope", {{"scp", ""}}, kNoScope},
        {"a person's token without a scope", {{"scp", nullptr}}, kNoScope},
        {"an application, by idtyp", {{"scp", nullptr}, {"idtyp", "app"}, {"roles", {"Reader"}}}, "reader"},
        {"an application, by its subject",
         {{"scp", nullptr}, {"sub", test::kPerson}, {"roles", {"Reader"}}},
         "reader"},
        {"a person, by idtyp", {{"scp", nullptr}, {"idtyp", "user"}, {"sub", test::kPerson}}, kNoScope},
        {"an application without a role", {{"scp", nullptr}, {"idtyp", "app"}, {"roles", nullptr}}, kNoRole},
    };
    for (Row const& row : rows) {
        SCOPED_TRACE(row.name);
        Json changed = claims();
        for (auto const& [name, value] : row.changes.items()) {
            changed[name] = value;
            if (value.is_null()) {
                changed.erase(name);
            }
        }
        core::Result<core::Principal> const result = verify(mint(keys.first, changed));
        EXPECT_EQ(result ? std::string(core::to_string(result->role))
                         : result.error().code() + ": " + result.error().message(),
                  row.expected);
        if (!result) {
            EXPECT_EQ(result.error().kind(), ErrorKind::forbidden);
        }
    }
}

TEST_F(JwtVerifier, GivesTheDefaultRoleToCallersWithoutOne) {
    settings.rules.default_role = Role::reader;
    core::Result<core::Principal> const plain = verify(mint(keys.first, without("roles")));
    ASSERT_TRUE(plain);
    EXPECT_EQ(plain->role, Role::reader);
    core::Result<core::Principal> const more = verify(mint(keys.first, claims()));
    ASSERT_TRUE(more);
    EXPECT_EQ(more->role, Role::user);
}

TEST_F(JwtVerifier, LetsOnlyListedApplicationsCallAlone) {
    settings.rules.clients = {"55555555-5555-5555-5555-555555555555"};
    Json alone = without("scp");
    alone["idtyp"] = "app";
    EXPECT_EQ(outcome(mint(keys.first, alone)),
              "insufficient_scope: This application may not call without a person.");
    alone["azp"] = "55555555-5555-5555-5555-555555555555";
    EXPECT_EQ(outcome(mint(keys.first, alone)), "accepted");
    EXPECT_EQ(outcome(mint(keys.first, claims())), "accepted") << "a person may use any client";
}

TEST_F(JwtVerifier, KeepsControlCharactersOutOfNames) {
    core::Result<core::Principal> const result =
        verify(mint(keys.first, with("preferred_username", "ada\r\n\x1b[31m" + std::string(500, 'a'))));
    ASSERT_TRUE(result);
    EXPECT_EQ(result->name.find_first_of("\r\n\x1b"), std::string::npos);
    EXPECT_LE(result->name.size(), 128U);
}

TEST_F(JwtVerifier, TakesAnotherOpenIdIssuer) {
    settings.issuers = {auth::openid_issuer("https://login.example/realm/")};
    settings.rules.entra = false;
    tenant.documents["/realm/.well-known/openid-configuration"] =
        test::FakeTenant::metadata("https://login.example/realm/", "https://login.example/realm/keys");
    tenant.documents["/realm/keys"] = test::key_set({keys.first.jwk()});
    Json const plain = {{"iss", "https://login.example/realm/"},
                        {"aud", test::kAudience},
                        {"sub", "robot"},
                        {"roles", {"user"}},
                        {"exp", now() + 60}};
    core::Result<core::Principal> const result = verify(mint(keys.first, plain));
    ASSERT_TRUE(result) << core::describe(result.error());
    EXPECT_EQ(result->id, "https://login.example/realm/ robot");
    EXPECT_EQ(outcome(mint(keys.first, claims())), kIssuer);
    Json nameless = plain;
    nameless.erase("sub");
    EXPECT_EQ(outcome(mint(keys.first, nameless)), kMalformed);
}

TEST_F(JwtVerifier, RefusalsNeverShowTheToken) {
    std::string const token = mint(keys.foreign, claims());
    core::Result<core::Principal> const refused = verify(token);
    ASSERT_FALSE(refused);
    std::string const text = core::describe(refused.error()) + refused.error().fix();
    EXPECT_EQ(text.find(token.substr(0, 40)), std::string::npos);
    EXPECT_EQ(text.find(token.substr(token.size() - 40)), std::string::npos);
}

} // namespace
