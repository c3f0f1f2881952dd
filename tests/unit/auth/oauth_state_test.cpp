#include "auth/oauth_state.hpp"

#include "core/text/base64.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <set>

namespace auth {
namespace {

using std::chrono::milliseconds;

core::SystemTime at(long long millis) {
    return core::SystemTime(milliseconds(millis));
}

OAuthState sample() {
    OAuthState state("flow-1", "Contoso", core::Secret("canary-verifier"));
    state.tenant = "tenant-1";
    state.client_id = "app-1";
    state.redirect_uri = "http://localhost:8931/";
    state.principal = "admin";
    state.nonce = "nonce-1";
    state.started_at = at(1'795'392'000'123);
    state.expires_at = at(1'795'392'600'123);
    return state;
}

// RFC 7636, appendix B.
TEST(Pkce, DerivesTheChallengeOfTheStandard) {
    PkcePair const pair(core::Secret("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"));
    EXPECT_EQ(pair.challenge, "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
}

TEST(Pkce, VerifiersAreLongPlainAndNeverTheSame) {
    std::set<std::string> seen;
    for (int i = 0; i < 100; ++i) {
        PkcePair const pair = PkcePair::make();
        std::string const verifier(pair.verifier.expose());
        EXPECT_EQ(verifier.size(), 43U);
        EXPECT_EQ(
            verifier.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"),
            std::string::npos);
        EXPECT_EQ(pair.challenge.size(), 43U);
        seen.insert(verifier);
    }
    EXPECT_EQ(seen.size(), 100U);
}

TEST(OAuthState, ComesBackAsItWent) {
    core::Sealer const sealer = core::Sealer::ephemeral();
    std::optional<OAuthState> const back = open_state(sealer, seal_state(sealer, sample()));
    ASSERT_TRUE(back);
    EXPECT_EQ(back->flow_id, "flow-1");
    EXPECT_EQ(back->organization, "Contoso");
    EXPECT_EQ(back->tenant, "tenant-1");
    EXPECT_EQ(back->client_id, "app-1");
    EXPECT_EQ(back->redirect_uri, "http://localhost:8931/");
    EXPECT_EQ(back->principal, "admin");
    EXPECT_EQ(back->nonce, "nonce-1");
    EXPECT_TRUE(back->verifier.equals("canary-verifier"));
    EXPECT_EQ(back->started_at, sample().started_at);
    EXPECT_EQ(back->expires_at, sample().expires_at);
}

TEST(OAuthState, TellsWhoCarriesItNothing) {
    core::Sealer const sealer = core::Sealer::ephemeral();
    std::string const sealed = seal_state(sealer, sample());
    std::optional<std::string> const bytes = core::base64url_decode(sealed);
    ASSERT_TRUE(bytes);
    for (char const* const word : {"canary", "Contoso", "nonce", "admin"}) {
        EXPECT_EQ(bytes->find(word), std::string::npos) << word;
    }
    EXPECT_NE(sealed, seal_state(sealer, sample())) << "the same state looks different every time";
}

TEST(OAuthState, AnyChangeMakesItWorthless) {
    core::Sealer const sealer = core::Sealer::ephemeral();
    std::string const sealed = seal_state(sealer, sample());
    for (std::size_t i = 0; i < sealed.size(); ++i) {
        std::string changed = sealed;
        changed[i] = changed[i] == 'A' ? 'B' : 'A';
        EXPECT_FALSE(open_state(sealer, changed)) << i;
    }
    EXPECT_FALSE(open_state(sealer, sealed.substr(0, sealed.size() - 1)));
    EXPECT_FALSE(open_state(sealer, sealed + "A"));
    EXPECT_FALSE(open_state(sealer, ""));
    EXPECT_FALSE(open_state(core::Sealer::ephemeral(), sealed)) << "another daemon's";
}

TEST(OAuthState, WhatWasSealedForSomethingElseIsNoState) {
    core::Sealer const sealer = core::Sealer::ephemeral();
    FlowTicket ticket("contoso");
    EXPECT_FALSE(open_state(sealer, make_flow_id(sealer, ticket)));
    EXPECT_FALSE(open_flow_id(sealer, seal_state(sealer, sample())));
    EXPECT_FALSE(open_state(sealer, sealer.seal("oauth-state", "", "not json")));
    EXPECT_FALSE(open_state(sealer, sealer.seal("oauth-state", "", "{}")));
}

TEST(FlowTicket, ComesBackFromItsId) {
    core::Sealer const sealer = core::Sealer::ephemeral();
    FlowTicket ticket("Contoso");
    ticket.started_at = at(1'000'001);
    ticket.expires_at = at(1'600'001);
    std::string const id = make_flow_id(sealer, ticket);
    EXPECT_NE(id, make_flow_id(sealer, ticket));
    std::optional<FlowTicket> const back = open_flow_id(sealer, id);
    ASSERT_TRUE(back);
    EXPECT_EQ(back->organization, "Contoso");
    EXPECT_EQ(back->started_at, ticket.started_at);
    EXPECT_EQ(back->expires_at, ticket.expires_at);
    EXPECT_FALSE(open_flow_id(core::Sealer::ephemeral(), id));
}

} // namespace
} // namespace auth
