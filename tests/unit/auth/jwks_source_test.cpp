#include "jwt_verifier_fixture.hpp"

#include "core/task_group.hpp"
#include "support/log_capture.hpp"

namespace {

using core::ErrorKind;
using core::Json;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using test::mint;

constexpr char kSignature[] = "invalid_token: The bearer token has a signature that cannot be verified.";
constexpr std::string_view kKeysV2 = "/keys/v2";

/// The keys of a tenant over time, as a verifier sees them.
class JwksRollOver : public test::JwtVerifierTest {
protected:
    std::string token_of(test::SigningKey const& key) const { return mint(key, claims()); }
    std::size_t fetches() const { return tenant.asked_for(kKeysV2); }
};

TEST_F(JwksRollOver, FetchesOnceForManyCallersAndThenNoMore) {
    std::string const token = token_of(keys.first);
    tenant.http.hold();
    std::vector<test::Loop::Spawned<core::Result<core::Principal>>> callers;
    for (int i = 0; i < 100; ++i) {
        callers.push_back(loop.spawn(verifier().verify(token, ctx)));
    }
    loop.poll();
    EXPECT_EQ(tenant.http.held(), 1U);
    tenant.http.release();
    loop.poll();
    for (auto& caller : callers) {
        ASSERT_TRUE(caller.done());
        EXPECT_TRUE(caller.take());
    }
    EXPECT_EQ(outcome(token_of(keys.first)), "accepted");
    EXPECT_EQ(fetches(), 1U);
}

TEST_F(JwksRollOver, FollowsANewKeyWithoutARefusal) {
    EXPECT_EQ(outcome(token_of(keys.first)), "accepted");
    publish({&keys.first, &keys.second});
    EXPECT_EQ(outcome(token_of(keys.second)), "accepted");
    EXPECT_EQ(outcome(token_of(keys.first)), "accepted");
    EXPECT_EQ(fetches(), 2U);
}

TEST_F(JwksRollOver, DropsAKeyThatIsPublishedNoMoreWithWhatItHadVerified) {
    std::string const old = token_of(keys.first);
    EXPECT_EQ(outcome(old), "accepted");
    publish({&keys.second});
    EXPECT_EQ(outcome(old), "accepted") << "nobody has asked yet";
    EXPECT_EQ(outcome(token_of(keys.second)), "accepted");
    EXPECT_EQ(outcome(old), kSignature);
}

TEST_F(JwksRollOver, AFloodOfUnknownKeysCausesOneFetch) {
    EXPECT_EQ(outcome(token_of(keys.first)), "accepted");
    for (int i = 0; i < 200; ++i) {
        EXPECT_EQ(outcome(mint(keys.first, claims(), {{"kid", "invented-" + std::to_string(i)}})),
                  kSignature);
    }
    EXPECT_EQ(fetches(), 2U);
    clock.advance(minutes(5));
    EXPECT_EQ(outcome(mint(keys.first, with("exp", now() + 900), {{"kid", "invented"}})), kSignature);
    EXPECT_EQ(fetches(), 3U);
}

TEST_F(JwksRollOver, AForeignIssuerOrAudienceCausesNone) {
    EXPECT_EQ(outcome(token_of(keys.first)), "accepted");
    for (Json const& wrong :
         {with("iss", test::issuer_v2(test::kHomeTenant)), with("aud", "other"), with("exp", 1)}) {
        EXPECT_NE(outcome(mint(keys.first, wrong, {{"kid", "invented"}})), "accepted");
    }
    EXPECT_EQ(fetches(), 1U);
}

TEST_F(JwksRollOver, RefreshesInTheBackground) {
    core::TaskGroup background(loop.executor());
    background.spawn("tend", verifier().tend());
    loop.poll();
    EXPECT_EQ(fetches(), 1U) << "before anybody asks";
    publish({&keys.first, &keys.second});
    clock.advance(hours(1));
    loop.poll();
    EXPECT_EQ(fetches(), 2U);
    EXPECT_EQ(outcome(token_of(keys.second)), "accepted");
    EXPECT_EQ(fetches(), 2U) << "the new key was there before its first token";
    background.cancel_all();
    loop.run(background.wait());
}

TEST_F(JwksRollOver, ServesOnWhileTheIssuerIsDownAndEndsWhenKeysAreStale) {
    core::TaskGroup background(loop.executor());
    background.spawn("tend", verifier().tend());
    loop.poll();
    tenant.down = true;
    for (int hour = 0; hour < 23; ++hour) {
        clock.advance(hours(1));
        loop.poll();
        EXPECT_EQ(outcome(token_of(keys.first)), "accepted") << hour;
    }
    clock.advance(hours(1));
    loop.poll();
    core::Result<core::Principal> const late = verify(token_of(keys.first));
    ASSERT_FALSE(late);
    EXPECT_EQ(late.error().kind(), ErrorKind::overloaded);
    EXPECT_EQ(late.error().code(), "inbound_keys_unavailable");
    EXPECT_TRUE(late.error().retry_after());
    tenant.down = false;
    clock.advance(minutes(1));
    loop.poll();
    EXPECT_EQ(outcome(token_of(keys.first)), "accepted");
    background.cancel_all();
    loop.run(background.wait());
}

TEST_F(JwksRollOver, AnUnknownKeyWhileTheIssuerIsDownIsNoRefusalAndIsTriedAgain) {
    EXPECT_EQ(outcome(token_of(keys.first)), "accepted");
    publish({&keys.first, &keys.second});
    tenant.down = true;
    core::Result<core::Principal> const unsure = verify(token_of(keys.second));
    ASSERT_FALSE(unsure);
    EXPECT_EQ(unsure.error().code(), "inbound_keys_unavailable");
    EXPECT_EQ(outcome(token_of(keys.first)), "accepted");
    tenant.down = false;
    clock.advance(seconds(1));
    EXPECT_EQ(outcome(token_of(keys.second)), "accepted");
}

TEST_F(JwksRollOver, AsksAnIssuerThatIsDownLessAndLessOften) {
    tenant.down = true;
    for (int i = 0; i < 1000; ++i) {
        EXPECT_NE(outcome(token_of(keys.first)), "accepted");
    }
    EXPECT_EQ(tenant.http.requests().size(), 1U);
    for (int second = 0; second < 600; ++second) {
        clock.advance(seconds(1));
        EXPECT_NE(outcome(token_of(keys.first)), "accepted");
    }
    EXPECT_GE(tenant.http.requests().size(), 10U);
    EXPECT_LE(tenant.http.requests().size(), 20U);
}

TEST_F(JwksRollOver, ACallerThatGoesAwayDoesNotEndTheFetchOfTheOthers) {
    std::string const token = token_of(keys.first);
    tenant.http.hold();
    auto first = loop.spawn(verifier().verify(token, ctx));
    auto second = loop.spawn(verifier().verify(token, ctx));
    loop.poll();
    first.cancel();
    loop.poll();
    EXPECT_TRUE(first.done());
    tenant.http.release();
    loop.poll();
    ASSERT_TRUE(second.done());
    EXPECT_TRUE(second.take());
}

TEST_F(JwksRollOver, RemembersVerifiedTokensUntilTheyEnd) {
    settings.remembered = 4;
    std::string const token = mint(keys.first, with("exp", now() + 60));
    EXPECT_EQ(outcome(token), "accepted");
    EXPECT_EQ(outcome(token), "accepted");
    clock.advance(seconds(60 + 120));
    EXPECT_EQ(outcome(token), "invalid_token: The bearer token has expired.");
    // More tokens than are remembered: all of them are good all the same.
    for (int i = 0; i < 20; ++i) {
        EXPECT_EQ(outcome(mint(keys.first, with("uti", i))), "accepted");
    }
}

TEST_F(JwksRollOver, TakesNothingThatIsNotTheMetadataOfItsIssuer) {
    std::string const place =
        "/" + std::string(test::kTargetTenant) + "/v2.0/.well-known/openid-configuration";
    std::string const good = tenant.documents.at(place);
    struct Row {
        char const* name;
        std::string document;
    };
    auto const metadata = [](std::string const& issuer, std::string const& uri) {
        return test::FakeTenant::metadata(issuer, uri);
    };
    std::vector<Row> const rows{
        {"another tenant", metadata(test::issuer_v2(test::kHomeTenant), "https://login.example/keys/v2")},
        {"the template", metadata("https://login.example/{tenantid}/v2.0", "https://login.example/keys/v2")},
        {"no issuer", R"({"jwks_uri":"https://login.example/keys/v2"})"},
        {"no keys", Json{{"issuer", test::issuer_v2()}}.dump()},
        {"keys over plain http", metadata(test::issuer_v2(), "http://login.example/keys/v2")},
        {"keys in a file", metadata(test::issuer_v2(), "file:///etc/passwd")},
        {"keys over http on loopback", metadata(test::issuer_v2(), "http://127.0.0.1/keys/v2")},
        {"no JSON", "<html>sign in</html>"},
        {"too large", good + std::string(300 * 1024, ' ')},
    };
    test::LogCapture const log;
    for (Row const& row : rows) {
        SCOPED_TRACE(row.name);
        tenant.documents[place] = row.document;
        EXPECT_TRUE(outcome(token_of(keys.first)).starts_with("inbound_keys_unavailable"));
        clock.advance(minutes(2));
    }
    EXPECT_EQ(fetches(), 0U);
    tenant.documents[place] = good;
    EXPECT_EQ(outcome(token_of(keys.first)), "accepted");
}

TEST_F(JwksRollOver, KeepsItsKeysWhenTheNewSetIsNoGood) {
    EXPECT_EQ(outcome(token_of(keys.first)), "accepted");
    Json oct = {{"kty", "oct"}, {"kid", "second"}, {"k", "c2VjcmV0"}};
    Json encrypting = keys.second.jwk();
    encrypting["use"] = "enc";
    Json signing_only = keys.second.jwk();
    signing_only["key_ops"] = {"sign"};
    Json even = keys.second.jwk();
    even["e"] = "AQAC";
    Json other_alg = keys.second.jwk();
    other_alg["alg"] = "RS512";
    for (std::string const& bad : {std::string("[]"),
                                   std::string(R"({"keys":{}})"),
                                   std::string(R"({"keys":[]})"),
                                   test::key_set({oct}),
                                   test::key_set({encrypting}),
                                   test::key_set({signing_only}),
                                   test::key_set({even}),
                                   test::key_set({other_alg}),
                                   test::key_set({keys.tiny.jwk()}),
                                   test::key_set(std::vector<Json>(101, keys.second.jwk()))}) {
        SCOPED_TRACE(bad.substr(0, 80));
        tenant.documents["/keys/v2"] = bad;
        EXPECT_NE(outcome(token_of(keys.second)), "accepted");
        EXPECT_EQ(outcome(token_of(keys.first)), "accepted");
        clock.advance(minutes(2));
    }
}

TEST_F(JwksRollOver, AllowsPlainHttpOnLoopbackOnlyWhenAsked) {
    auto const keys_of = [this](std::string const& issuer, bool loopback_http) {
        auth::JwksPlace place = auth::openid_issuer(issuer);
        place.loopback_http = loopback_http;
        auto const source = auth::make_jwks_source(loop.executor(), tenant.http, clock, place, {});
        core::Result<std::shared_ptr<auth::IssuerKeys const>> const found = loop.run(source->keys(ctx));
        return found ? std::string("asked") : found.error().detail();
    };
    tenant.http.handle([](test::RecordedRequest const&) { return test::make_response(500); });
    EXPECT_NE(keys_of("http://127.0.0.1:8080", false).find("is not an https URL"), std::string::npos);
    EXPECT_NE(keys_of("http://login.example", true).find("is not an https URL"), std::string::npos);
    EXPECT_NE(keys_of("http://127.evil.example", true).find("is not an https URL"), std::string::npos);
    EXPECT_EQ(tenant.http.requests().size(), 0U);
    EXPECT_NE(keys_of("http://localhost:8080", true).find("answered with 500"), std::string::npos);
    EXPECT_NE(keys_of("http://127.0.0.1:8080", true).find("answered with 500"), std::string::npos);
}

} // namespace
