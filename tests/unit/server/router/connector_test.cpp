#include "server/router/connector.hpp"
#include "server/router/organization_directory.hpp"

#include "fake_provider.hpp"
#include "support/manual_clock.hpp"
#include "support/run_coro.hpp"

#include <gtest/gtest.h>

namespace {

using auth::ProviderState;
using core::ErrorKind;
using server::Connector;
using server::ConnectorProvider;

ado::Organization organization(std::string_view name) {
    return *ado::parse_organization(name, ado::OrganizationUrls());
}

class ConnectorTest : public testing::Test {
protected:
    /// A connector with the three methods in the contract's order, all declared.
    Connector& make(bool fallback = true) {
        std::vector<ConnectorProvider> providers;
        for (auto [method, out] :
             {std::pair<char const*, test::FakeProvider**>{"managed_identity", &managed_identity_},
              {"oauth", &oauth_},
              {"pat", &pat_}}) {
            auto provider = std::make_unique<test::FakeProvider>(method);
            *out = provider.get();
            provider->current.state = ProviderState::connected;
            providers.emplace_back(std::move(provider), true);
        }
        Connector::Settings settings;
        settings.name = "contoso-prod";
        settings.declared = true;
        settings.fallback = fallback;
        connector_ = std::make_unique<Connector>(settings, organization("contoso"), std::move(providers));
        return *connector_;
    }

    core::Result<core::AccessToken> get() {
        return test::run_coro(connector_->get(std::chrono::seconds(60), ctx_));
    }

    test::ManualClock clock_;
    core::CallContext ctx_{"request", core::Deadline::in(clock_, std::chrono::seconds(10))};
    std::unique_ptr<Connector> connector_;
    test::FakeProvider* managed_identity_ = nullptr;
    test::FakeProvider* oauth_ = nullptr;
    test::FakeProvider* pat_ = nullptr;
};

TEST_F(ConnectorTest, UsesTheFirstProviderThatIsUsable) {
    make();
    auto const token = get();
    ASSERT_TRUE(token);
    EXPECT_EQ(token->method, "managed_identity");
    EXPECT_EQ(ctx_.trace->method, "managed_identity");
    EXPECT_EQ(oauth_->fetches, 0);
    EXPECT_EQ(connector_->status().state, "connected");
}

TEST_F(ConnectorTest, PassesOverAProviderThatIsRefusedForGoodAndShowsDegraded) {
    make();
    managed_identity_->refuse(ProviderState::admin_action_required, "AADSTS700016");
    auto const token = get();
    ASSERT_TRUE(token);
    EXPECT_EQ(token->method, "oauth");
    auto const status = connector_->status();
    EXPECT_EQ(status.state, "degraded");
    EXPECT_EQ(status.method, "oauth");
    EXPECT_NE(status.reason.find("AADSTS700016"), std::string::npos);
}

TEST_F(ConnectorTest, DoesNotPassOverAProviderThatFailsForAMoment) {
    make();
    managed_identity_->error.emplace(core::Error(ErrorKind::network, "connection refused"));
    auto const token = get();
    ASSERT_FALSE(token);
    EXPECT_EQ(token.error().kind(), ErrorKind::network);
    EXPECT_EQ(oauth_->fetches, 0);
}

TEST_F(ConnectorTest, FallbackOffKeepsToTheFirstProvider) {
    make(false);
    managed_identity_->refuse(ProviderState::admin_action_required, "AADSTS700016");
    ASSERT_FALSE(get());
    EXPECT_EQ(oauth_->fetches, 0);
    EXPECT_EQ(connector_->status().state, "admin_action_required");
}

TEST_F(ConnectorTest, ReportsTheFirstRefusalWhenNothingIsUsable) {
    make();
    managed_identity_->refuse(ProviderState::misconfigured, "first");
    oauth_->refuse(ProviderState::sign_in_required, "second");
    pat_->refuse(ProviderState::expired, "third");
    auto const token = get();
    ASSERT_FALSE(token);
    EXPECT_EQ(token.error().message(), "first");
    EXPECT_EQ(connector_->status().state, "misconfigured");
}

TEST_F(ConnectorTest, NothingSetUpSaysSoInTheContractsWords) {
    Connector::Settings settings;
    std::vector<ConnectorProvider> providers;
    auto provider = std::make_unique<test::FakeProvider>("pat");
    provider->refuse(ProviderState::not_configured, "nothing stored");
    providers.emplace_back(std::move(provider), false);
    Connector connector(settings, organization("contoso"), std::move(providers));
    auto const token = test::run_coro(connector.get(std::chrono::seconds(60), ctx_));
    ASSERT_FALSE(token);
    EXPECT_EQ(token.error().message(), "Azure DevOps access token not configured. Please authenticate.");
    EXPECT_EQ(connector.status().state, "sign_in_required");
}

TEST_F(ConnectorTest, AMethodNobodyAskedYetCountsOnlyWhenSomethingIsStored) {
    make();
    for (test::FakeProvider* provider : {managed_identity_, oauth_, pat_}) {
        provider->current.state = ProviderState::unknown;
    }
    EXPECT_EQ(connector_->status().state, "sign_in_required");
    connector_->set_stored("pat", true);
    EXPECT_EQ(connector_->status().method, "pat");
}

TEST_F(ConnectorTest, InvalidatesOnlyTheProviderThatIssuedTheToken) {
    make();
    managed_identity_->refuse(ProviderState::misconfigured, "refused");
    auto const token = get();
    ASSERT_TRUE(token);
    connector_->invalidate(*token);
    EXPECT_EQ(oauth_->invalidations, 1);
    EXPECT_EQ(managed_identity_->invalidations + pat_->invalidations, 0);
}

server::ConnectorFactory undeclared() {
    return [](ado::Organization found) {
        Connector::Settings settings;
        settings.name = found.key();
        return std::make_shared<Connector>(settings, std::move(found), std::vector<ConnectorProvider>());
    };
}

std::shared_ptr<Connector> declared(std::string_view name) {
    Connector::Settings settings;
    settings.name = std::string(name) + "-prod";
    settings.declared = true;
    return std::make_shared<Connector>(settings, organization(name), std::vector<ConnectorProvider>());
}

TEST(OrganizationDirectory, OneOrganizationNeedsNoArgument) {
    server::OrganizationDirectory directory(ado::OrganizationUrls(), undeclared());
    directory.add(declared("contoso"));
    auto const found = directory.find(std::nullopt);
    ASSERT_TRUE(found);
    EXPECT_EQ((*found)->organization().name(), "contoso");
}

TEST(OrganizationDirectory, SeveralOrganizationsNeedOneAndTheErrorListsThem) {
    server::OrganizationDirectory directory(ado::OrganizationUrls(), undeclared());
    directory.add(declared("contoso"));
    directory.add(declared("fabrikam"));
    auto const found = directory.find(std::nullopt);
    ASSERT_FALSE(found);
    EXPECT_EQ(found.error().code(), "organization_required");
    EXPECT_NE(found.error().message().find("contoso, fabrikam"), std::string::npos);
}

TEST(OrganizationDirectory, AnUnknownOneListsWhatThereIs) {
    server::OrganizationDirectory directory(ado::OrganizationUrls(), undeclared());
    directory.add(declared("contoso"));
    auto const found = directory.find("initech");
    ASSERT_FALSE(found);
    EXPECT_EQ(found.error().code(), "organization_unknown");
    EXPECT_NE(found.error().message().find("Connected: contoso"), std::string::npos);
}

TEST(OrganizationDirectory, FindsByNameInAnyCaseAndByUrl) {
    server::OrganizationDirectory directory(ado::OrganizationUrls(), undeclared());
    directory.add(declared("contoso"));
    for (std::string_view const text :
         {"Contoso", "https://dev.azure.com/contoso", "https://contoso.visualstudio.com/Web/_git/site"}) {
        SCOPED_TRACE(text);
        EXPECT_TRUE(directory.find(text));
    }
}

TEST(OrganizationDirectory, NothingConnectedSaysHowToConnect) {
    server::OrganizationDirectory const directory(ado::OrganizationUrls(), undeclared());
    auto const found = directory.find("contoso");
    ASSERT_FALSE(found);
    EXPECT_EQ(found.error().code(), "organization_not_configured");
    EXPECT_FALSE(found.error().fix().empty());
}

TEST(OrganizationDirectory, RemovesOnlyUndeclaredConnectors) {
    server::OrganizationDirectory directory(ado::OrganizationUrls(), undeclared());
    directory.add(declared("contoso"));
    ASSERT_TRUE(directory.find_or_make("fabrikam"));
    directory.remove_undeclared("contoso");
    directory.remove_undeclared("fabrikam");
    ASSERT_EQ(directory.all().size(), 1U);
    EXPECT_EQ(directory.all()[0]->organization().name(), "contoso");
}

} // namespace
