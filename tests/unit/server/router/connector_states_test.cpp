#include "server/router/connector.hpp"
#include "server/router/connector_watch.hpp"
#include "server/router/organization_report.hpp"

#include "fake_provider.hpp"
#include "support/log_capture.hpp"
#include "support/manual_clock.hpp"
#include "support/run_coro.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace {

using auth::ProviderState;
using server::Connector;
using server::ConnectorProvider;
using std::chrono::hours;

class ConnectorStates : public testing::Test {
protected:
    Connector& make(std::string method = "pat") {
        auto owned = std::make_unique<test::FakeProvider>(std::move(method));
        provider_ = owned.get();
        provider_->current.state = ProviderState::connected;
        std::vector<ConnectorProvider> providers;
        providers.emplace_back(std::move(owned), true);
        settings_.name = "contoso-prod";
        settings_.clock = &clock_;
        connector_ = std::make_shared<Connector>(
            settings_, *ado::parse_organization("contoso", ado::OrganizationUrls()), std::move(providers));
        throttle_ = std::make_shared<ado::Throttle>(clock_, ado::ThrottleLimits());
        connector_->attach_client(throttle_, nullptr);
        connector_->set_stored("pat", true);
        return *connector_;
    }
    void set_end(std::optional<core::SystemTime> when, bool everywhere = false) {
        server::StoredPatFacts facts;
        facts.expires_at = when;
        facts.works_everywhere = everywhere;
        connector_->set_pat_facts(facts);
    }

    test::ManualClock clock_{core::SystemTime(std::chrono::sys_days{std::chrono::year{2027} / 1 / 15})};
    Connector::Settings settings_;
    std::shared_ptr<ado::Throttle> throttle_;
    std::shared_ptr<Connector> connector_;
    test::FakeProvider* provider_ = nullptr;
};

TEST_F(ConnectorStates, ADisabledOneRefusesCallsAndSaysHowToEnableIt) {
    settings_.enabled = false;
    make();
    core::CallContext const ctx("request", core::Deadline::never());
    auto const token = test::run_coro(connector_->get(std::chrono::seconds(60), ctx));
    ASSERT_FALSE(token);
    EXPECT_EQ(token.error().kind(), core::ErrorKind::forbidden);
    EXPECT_EQ(token.error().code(), "connector_disabled");
    auto const status = connector_->status();
    EXPECT_EQ(status.state, "disabled");
    EXPECT_EQ(status.since, clock_.system_now());
    EXPECT_FALSE(status.fix.empty());
}

TEST_F(ConnectorStates, AFetchUnderWayShowsAsRefreshing) {
    make("oauth");
    provider_->current.fetching = true;
    EXPECT_EQ(connector_->status().state, "refreshing");
    provider_->current.fetching = false;
    EXPECT_EQ(connector_->status().state, "connected");
}

TEST_F(ConnectorStates, APatThatEndsSoonShowsAsExpiringSinceTheFirstWarning) {
    make();
    set_end(clock_.system_now() + hours(24 * 40));
    EXPECT_EQ(connector_->status().state, "connected");
    EXPECT_TRUE(connector_->notes().empty());
    clock_.advance(hours(24 * 20));
    auto const status = connector_->status();
    EXPECT_EQ(status.state, "expiring");
    EXPECT_EQ(status.since, clock_.system_now() - hours(24 * 10));
    EXPECT_NE(status.reason.find("in 20 days"), std::string::npos) << status.reason;
    EXPECT_NE(status.fix.find("pat set"), std::string::npos);
    EXPECT_EQ(connector_->notes().size(), 1U);
}

TEST_F(ConnectorStates, ATroubleCountsMoreThanAnEndToCome) {
    make();
    set_end(clock_.system_now() + hours(24));
    provider_->refuse(ProviderState::expired, "it was revoked");
    EXPECT_EQ(connector_->status().state, "expired");
}

TEST_F(ConnectorStates, APauseThatAzureDevOpsAskedForShowsAsThrottled) {
    make("oauth");
    core::HttpHeaders headers;
    headers.add("Retry-After", "20");
    throttle_->observe(headers);
    auto const status = connector_->status();
    EXPECT_EQ(status.state, "throttled");
    EXPECT_EQ(status.since, clock_.system_now());
    EXPECT_NE(status.reason.find("2027-01-15T00:00:20Z"), std::string::npos) << status.reason;
    clock_.advance(std::chrono::seconds(21));
    EXPECT_EQ(connector_->status().state, "connected");
}

TEST_F(ConnectorStates, AHostThatDoesNotAnswerShowsAsDegradedUntilItDoes) {
    make("oauth");
    ado::ThrottleLimits limits;
    limits.breaker.failures = 1;
    throttle_ = std::make_shared<ado::Throttle>(clock_, limits);
    connector_->attach_client(throttle_, nullptr);
    core::CallContext const ctx("request", core::Deadline::never());
    ado::Lane const lane(ado::Service::core, "dev.azure.com", "oauth");
    {
        auto admission = test::run_coro(throttle_->enter(ctx, lane));
        ASSERT_TRUE(admission);
        EXPECT_TRUE(admission->failed("HTTP 503", lane.host));
    }
    auto const status = connector_->status();
    EXPECT_EQ(status.state, "degraded");
    EXPECT_EQ(status.since, clock_.system_now());
    EXPECT_NE(
        status.reason.find("dev.azure.com) has not been answering since 2027-01-15T00:00:00Z: HTTP 503"),
        std::string::npos)
        << status.reason;
    clock_.advance(std::chrono::seconds(10));
    {
        auto probe = test::run_coro(throttle_->enter(ctx, lane));
        ASSERT_TRUE(probe);
        EXPECT_TRUE(probe->answered());
    }
    EXPECT_EQ(connector_->status().state, "connected");
}

TEST_F(ConnectorStates, TheLogTellsOfAnEndOnceForEachThreshold) {
    make();
    set_end(clock_.system_now() + hours(24 * 31));
    server::OrganizationDirectory directory(ado::OrganizationUrls(), {});
    directory.add(connector_);
    protocol::ChangeHub hub;
    server::ConnectorWatch watch(directory, hub, clock_);
    std::string log;
    core::log::set_capture(&log);
    auto const lines = [&log] {
        std::size_t count = 0;
        for (std::size_t at = log.find("pat.expiring"); at != std::string::npos;
             at = log.find("pat.expiring", at + 1)) {
            ++count;
        }
        return count;
    };
    watch.look();
    EXPECT_EQ(lines(), 0U);
    for (std::size_t day = 0; day < 32; ++day) {
        clock_.advance(hours(24));
        watch.look();
        watch.look();
    }
    core::log::set_capture(nullptr);
    EXPECT_EQ(lines(), 4U) << log;
}

TEST_F(ConnectorStates, TheReportNamesSourcesAndNotes) {
    make();
    set_end(std::nullopt, true);
    server::OrganizationDirectory directory(ado::OrganizationUrls(), {});
    directory.add(connector_);
    directory.set_sources({{"contoso", {"handbook"}}});
    core::Json const report = server::organization_report(directory, *connector_, false);
    EXPECT_EQ(report.at("knowledge_sources"), core::Json::array({"handbook"}));
    EXPECT_NE(report.at("notes").dump().find("all organizations"), std::string::npos) << report;
}

TEST_F(ConnectorStates, OneThatTakesAnothersPlaceKnowsWhatTheStoreHolds) {
    make();
    set_end(clock_.system_now() + hours(24 * 3));
    std::shared_ptr<Connector> const before = connector_;
    make();
    connector_->set_stored("pat", false);
    connector_->take_over(*before);
    EXPECT_TRUE(connector_->providers().front().stored);
    EXPECT_EQ(connector_->status().state, "expiring");
}

TEST(OrganizationDirectory, FindsByTheConnectorsNameInAnyCase) {
    server::OrganizationDirectory directory(ado::OrganizationUrls(), {});
    Connector::Settings settings;
    settings.name = "Contoso-Prod";
    directory.add(std::make_shared<Connector>(settings,
                                              *ado::parse_organization("contoso", ado::OrganizationUrls()),
                                              std::vector<ConnectorProvider>()));
    EXPECT_NE(directory.find_named("contoso-prod"), nullptr);
    EXPECT_EQ(directory.find_named("contoso"), nullptr);
    EXPECT_NE(directory.find_key("contoso"), nullptr);
    directory.remove("contoso");
    EXPECT_EQ(directory.find_named("contoso-prod"), nullptr);
}

} // namespace
