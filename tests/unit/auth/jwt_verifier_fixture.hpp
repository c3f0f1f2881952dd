#pragma once

#include "auth/jwt_verifier.hpp"
#include "auth_fixtures.hpp"
#include "jwt_mint.hpp"
#include "support/manual_clock.hpp"
#include "support/run_coro.hpp"
#include "support/scripted_http_client.hpp"

#include <gtest/gtest.h>

#include <map>

namespace test {

inline constexpr std::string_view kMsaTenant = "9188040d-6c67-4c5b-b112-36a304b66dad";
inline constexpr std::string_view kPerson = "44444444-4444-4444-4444-444444444444";
inline constexpr std::string_view kAudience = "https://azuresre.dev";

/// Made once: RSA keys take their time.
class Keys {
public:
    static Keys& get() {
        static Keys keys;
        return keys;
    }
    SigningKey first = SigningKey::rsa("first");
    SigningKey second = SigningKey::rsa("second");
    SigningKey foreign = SigningKey::rsa("foreign");
    SigningKey msa = SigningKey::rsa("msa");
    SigningKey tiny = SigningKey::rsa("tiny", 512);
    SigningKey curve = SigningKey::p256("curve");
};

inline std::string issuer_v2(std::string_view tenant = kTargetTenant) {
    return "https://login.example/" + std::string(tenant) + "/v2.0";
}
inline std::string issuer_v1(std::string_view tenant = kTargetTenant) {
    return "https://sts.example/" + std::string(tenant) + "/";
}

/// An Entra tenant as the verifier sees it: two metadata documents, two key sets.
class FakeTenant {
public:
    FakeTenant() {
        http.handle([this](RecordedRequest const& asked) { return answer(asked); });
    }

    /// Path (behind `https://login.example`) -> document; what is not there is 404.
    std::map<std::string, std::string> documents;
    bool down = false;
    ScriptedHttpClient http;

    void publish(std::vector<core::Json> const& v2, std::vector<core::Json> const& v1) {
        std::string const tenant = "/" + std::string(kTargetTenant);
        documents[tenant + "/v2.0/.well-known/openid-configuration"] =
            metadata(issuer_v2(), "https://login.example/keys/v2");
        documents[tenant + "/.well-known/openid-configuration"] =
            metadata(issuer_v1(), "https://login.example/keys/v1");
        documents["/keys/v2"] = key_set(v2);
        documents["/keys/v1"] = key_set(v1);
    }
    static std::string metadata(std::string const& issuer, std::string const& jwks_uri) {
        return core::Json{{"issuer", issuer}, {"jwks_uri", jwks_uri}}.dump();
    }
    /// Entra's keys of the v2.0 set say for whom they sign.
    static core::Json with_issuer(core::Json jwk, std::string const& issuer) {
        jwk["issuer"] = issuer;
        return jwk;
    }
    std::size_t asked_for(std::string_view path) const {
        std::size_t count = 0;
        for (RecordedRequest const& request : http.requests()) {
            count += request.url == "https://login.example" + std::string(path) ? 1U : 0U;
        }
        return count;
    }

private:
    core::Result<core::HttpResponse> answer(RecordedRequest const& asked) const {
        constexpr std::string_view kHost = "https://login.example";
        if (down) {
            return core::fail(core::ErrorKind::network, "connection refused");
        }
        auto const found = documents.find(asked.url.substr(kHost.size()));
        return found == documents.end() ? make_response(404) : make_response(200, found->second);
    }
};

/// A verifier of tokens of kTargetTenant, its keys `first` published, time at 2026-11-27.
class JwtVerifierTest : public testing::Test {
protected:
    JwtVerifierTest() {
        settings.issuers = auth::entra_issuers("https://login.example", kTargetTenant);
        settings.rules.audiences = {std::string(kAudience)};
        settings.rules.roles = auth::known_role_names();
        settings.rules.scopes = {{"user_impersonation", core::Role::administrator}};
        publish({&keys.first});
    }

    void publish(std::vector<SigningKey const*> const& published) {
        std::vector<core::Json> plain;
        std::vector<core::Json> named;
        for (SigningKey const* key : published) {
            plain.push_back(key->jwk());
            named.push_back(FakeTenant::with_issuer(key->jwk(), "https://login.example/{tenantid}/v2.0"));
        }
        named.push_back(FakeTenant::with_issuer(keys.msa.jwk(), issuer_v2(kMsaTenant)));
        tenant.publish(named, plain);
    }

    std::int64_t now() const {
        return std::chrono::duration_cast<std::chrono::seconds>(clock.system_now().time_since_epoch())
            .count();
    }

    /// Of a person with the app role SREAgent.User, v2.0.
    core::Json claims() const {
        return {{"iss", issuer_v2()},
                {"aud", kAudience},
                {"tid", kTargetTenant},
                {"oid", kPerson},
                {"sub", "pairwise"},
                {"ver", "2.0"},
                {"azp", kAppId},
                {"scp", "user_impersonation"},
                {"roles", {"SREAgent.User"}},
                {"preferred_username", "ada@fabrikam.example"},
                {"iat", now() - 60},
                {"nbf", now() - 60},
                {"exp", now() + 3600}};
    }
    core::Json with(char const* name, core::Json value) const {
        core::Json changed = claims();
        changed[name] = std::move(value);
        return changed;
    }
    core::Json without(char const* name) const {
        core::Json changed = claims();
        changed.erase(name);
        return changed;
    }

    auth::JwtVerifier& verifier() {
        if (!verifier_) {
            verifier_ = auth::make_jwt_verifier(loop.executor(), tenant.http, clock, settings);
        }
        return *verifier_;
    }
    core::Result<core::Principal> verify(std::string const& token) {
        return loop.run(verifier().verify(token, ctx));
    }
    /// `accepted`, or the code and the message.
    std::string outcome(std::string const& token) {
        core::Result<core::Principal> const result = verify(token);
        return result ? "accepted" : result.error().code() + ": " + result.error().message();
    }

    Keys& keys = Keys::get();
    Loop loop;
    ManualClock clock{core::SystemTime(std::chrono::seconds(1'795'737'600))};
    FakeTenant tenant;
    core::CallContext ctx = any_context();
    auth::JwtVerifierSettings settings;

private:
    std::unique_ptr<auth::JwtVerifier> verifier_;
};

} // namespace test
