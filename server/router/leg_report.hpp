#pragma once

#include "core/error.hpp"
#include "core/json.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace server {

enum class LegOutcome {
    passed,
    warned, ///< works, but not as it should for long
    failed,
    skipped, ///< not asked: it does not apply, or what it needs failed
};
std::string_view to_string(LegOutcome outcome) noexcept;

/// One step on the way to Azure DevOps: how it went and how long it took.
class Leg {
public:
    Leg(std::string name_, std::string title_) : name(std::move(name_)), title(std::move(title_)) {}
    void pass(std::string text) {
        outcome = LegOutcome::passed;
        detail = std::move(text);
    }
    void warn(std::string text, std::string what_to_do) {
        outcome = LegOutcome::warned;
        detail = std::move(text);
        fix = std::move(what_to_do);
    }
    void skip(std::string text) {
        outcome = LegOutcome::skipped;
        detail = std::move(text);
    }
    /// Its words, code and fix become the leg's; `otherwise` is the fix where it has none.
    void fail(core::Error const& error, std::string_view otherwise = {});

    std::string name;  ///< stable: dns, tcp, proxy, tls, tenant, token.…, connection_data, …
    std::string title; ///< for people
    LegOutcome outcome = LegOutcome::skipped;
    std::chrono::milliseconds took{};
    std::string detail; ///< what was found, or the cause of the failure
    std::string fix;
    std::string code;
    std::string activity_id;
    std::optional<core::Error> failure;
};

class LegReport {
public:
    explicit LegReport(std::string organization_) : organization(std::move(organization_)) {}

    /// Calls would work now. A token that is passed over because another one works does not count.
    bool works() const noexcept;
    /// The first leg that stops calls; nullptr when works().
    Leg const* broken() const noexcept;
    Leg const* find(std::string_view name) const noexcept;

    std::string organization;
    std::string connector; ///< empty when the organization has none
    std::string method;    ///< of the token that was used
    std::string identity;  ///< whom Azure DevOps takes us for
    std::vector<Leg> legs;
};

core::Json to_json(LegReport const& report);

} // namespace server
