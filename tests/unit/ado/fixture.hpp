#pragma once

#include "ado/client.hpp"
#include "ado/throttle.hpp"
#include "support/manual_clock.hpp"
#include "support/run_coro.hpp"
#include "support/scripted_http_client.hpp"

#include <chrono>
#include <deque>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ado_test {

/// Gives out the scripted tokens one after another; each stays current until it is invalidated.
class ScriptedTokens final : public core::TokenSource {
public:
    explicit ScriptedTokens(core::AuthScheme scheme) : scheme_(scheme) {}

    core::Task<core::Result<core::AccessToken>> get(std::chrono::seconds, core::CallContext const&) override {
        ++gets;
        if (current_ >= values.size()) {
            co_return core::fail(exhausted);
        }
        co_return core::AccessToken(core::Secret(values[current_]),
                                    scheme_,
                                    core::SystemTime::max(),
                                    core::SystemTime::max(),
                                    scheme_ == core::AuthScheme::basic ? "pat" : "oauth");
    }

    void invalidate(core::AccessToken const& rejected) override {
        invalidated.emplace_back(rejected.value.expose());
        ++current_;
    }

    std::vector<std::string> values = {"first", "second"};
    core::Error exhausted{core::ErrorKind::unauthorized, "no other credential"};
    std::vector<std::string> invalidated;
    int gets = 0;

private:
    core::AuthScheme scheme_;
    std::size_t current_ = 0;
};

inline ado::Organization contoso() {
    return *ado::parse_organization("contoso", ado::OrganizationUrls());
}

inline std::vector<std::pair<std::string, std::string>> json_headers() {
    return {{"Content-Type", "application/json; charset=utf-8; api-version=7.1"},
            {"ActivityId", "0dafdc50-f9cf-4b55-b970-38fa8c1f0be1"},
            {"X-VSS-UserData", "22157d54-1821-6536-a446-928b06348385:user@example.com"}};
}

inline constexpr std::string_view kAlive =
    R"({"authenticatedUser":{"id":"22157d54-1821-6536-a446-928b06348385","subjectDescriptor":"aad.Mj",)"
    R"("providerDisplayName":"Test User","properties":{"Account":{"$type":"System.String",)"
    R"("$value":"user@example.com"}}},"instanceId":"2ad3","deploymentType":"hosted"})";

/// A client of the organization contoso over scripted answers.
class ClientTest {
public:
    explicit ClientTest(core::AuthScheme scheme = core::AuthScheme::bearer)
        : tokens(scheme), throttle(clock, ado::ThrottleLimits()),
          client(contoso(), http, tokens, throttle, clock, ado::ClientLimits()),
          ctx("request-1", core::Deadline::in(clock, std::chrono::seconds(60))) {}

    void respond_json(std::string_view body) { http.respond(200, std::string(body), json_headers()); }

    test::Loop loop;
    test::ManualClock clock;
    test::ScriptedHttpClient http;
    ScriptedTokens tokens;
    ado::Throttle throttle;
    ado::Client client;
    core::CallContext ctx;
};

} // namespace ado_test
