#pragma once

#include "fake_provider.hpp"
#include "memory_journal.hpp"
#include "server/router/journal_guard.hpp"
#include "server/router/organization_directory.hpp"
#include "support/manual_clock.hpp"
#include "support/run_coro.hpp"
#include "support/scripted_http_client.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace test {

using core::Json;

/// Connectors over scripted answers of Azure DevOps, each with one provider the test controls.
class Connected {
public:
    /// In place of an earlier one of the same organization. The provider belongs to the connector.
    FakeProvider& connect(std::string_view name, server::ConnectorPolicy policy = {}) {
        server::Connector::Settings settings;
        settings.name = std::string(name) + "-prod";
        settings.policy = std::move(policy);
        auto owned = std::make_unique<FakeProvider>("oauth");
        FakeProvider& provider = *owned;
        provider.current.state = auth::ProviderState::connected;
        std::vector<server::ConnectorProvider> providers;
        providers.emplace_back(std::move(owned), true);
        auto connector = std::make_shared<server::Connector>(
            settings, *ado::parse_organization(name, ado::OrganizationUrls()), std::move(providers));
        auto throttle = std::make_unique<ado::Throttle>(clock, ado::ThrottleLimits());
        auto client = std::make_unique<ado::Client>(
            connector->organization(), http, *connector, *throttle, clock, ado::ClientLimits());
        connector->attach_client(std::move(throttle), std::move(client));
        directory.add(std::move(connector));
        return provider;
    }

    void respond(Json const& body) {
        http.respond(200,
                     body.dump(),
                     {{"Content-Type", "application/json; charset=utf-8; api-version=7.1"},
                      {"X-VSS-UserData", "22157d54-1821-6536-a446-928b06348385:ada@contoso.example"}});
    }

    Loop loop;
    ManualClock clock;
    ScriptedHttpClient http;
    MemoryJournal journal{clock};
    server::Limits limits;
    std::unique_ptr<server::WriteGuard> guard =
        server::make_journal_guard(journal, clock, std::chrono::hours(24));
    server::OrganizationDirectory directory{ado::OrganizationUrls(), {}};
    core::CallContext ctx{"request", core::Deadline::in(clock, std::chrono::seconds(50))};
};

inline Json project_list(std::vector<std::string> const& names) {
    Json value = Json::array();
    for (std::string const& name : names) {
        value.push_back(Json{{"id", name + "-id"}, {"name", name}, {"state", "wellFormed"}});
    }
    return Json{{"count", value.size()}, {"value", std::move(value)}};
}

} // namespace test
