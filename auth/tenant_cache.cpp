#include "auth/tenant_cache.hpp"

#include "auth/tenant_lookup.hpp"
#include "core/http/http_message.hpp"
#include "core/log.hpp"
#include "core/single_flight.hpp"

#include <algorithm>
#include <optional>
#include <utility>

namespace auth {

class TenantCache::Entry {
public:
    explicit Entry(core::asio::any_io_executor executor)
        : flight(std::move(executor), [](std::string const& found) { return found; }) {}

    /// The answer is kept by the look-up itself: all who asked for it may be gone.
    static core::Task<core::Result<std::string>> look_up(std::shared_ptr<Entry> entry,
                                                         core::HttpClient* http,
                                                         core::Clock* clock,
                                                         std::string identity_url,
                                                         std::string organization,
                                                         std::chrono::milliseconds patience) {
        core::CallContext const ctx("tenant-lookup", core::Deadline::in(*clock, patience));
        core::Result<std::string> found =
            co_await lookup_tenant(*http, std::move(identity_url), std::move(organization), ctx);
        if (found) {
            entry->keep(*found, clock->now());
        }
        co_return found;
    }

    void keep(std::string found, core::SteadyTime now) {
        tenant.emplace(std::move(found));
        fetched_at = now;
        ask_again_at = core::SteadyTime::min();
    }

    std::optional<std::string> tenant;
    core::SteadyTime fetched_at{};
    core::SteadyTime ask_again_at = core::SteadyTime::min(); ///< after a failure
    core::SteadyTime used_at{};
    core::SingleFlight<std::string> flight;
};

TenantCache::TenantCache(core::asio::any_io_executor executor,
                         core::HttpClient& http,
                         core::Clock& clock,
                         std::string identity_url,
                         TenantCacheLimits limits)
    : executor_(std::move(executor)), http_(http), clock_(clock), identity_url_(std::move(identity_url)),
      limits_(limits) {}

TenantCache::~TenantCache() = default;

std::shared_ptr<TenantCache::Entry> TenantCache::entry_of(std::string const& key) {
    auto const known = known_.find(key);
    if (known != known_.end()) {
        return known->second;
    }
    while (!known_.empty() && known_.size() >= limits_.organizations) {
        known_.erase(std::min_element(known_.begin(), known_.end(), [](auto const& a, auto const& b) {
            return a.second->used_at < b.second->used_at;
        }));
    }
    return known_.emplace(key, std::make_shared<Entry>(executor_)).first->second;
}

core::Task<core::Result<std::string>> TenantCache::find(std::string organization,
                                                        core::CallContext const& ctx) {
    std::shared_ptr<Entry> const entry = entry_of(core::to_lower_ascii(organization));
    core::SteadyTime const now = clock_.now();
    entry->used_at = now;
    bool const serves =
        entry->tenant && (now - entry->fetched_at < limits_.fresh || now < entry->ask_again_at);
    if (serves) {
        co_return *entry->tenant;
    }
    if (!entry->flight.in_flight()) {
        entry->flight.start([entry,
                             http = &http_,
                             clock = &clock_,
                             url = identity_url_,
                             organization,
                             patience = limits_.lookup] {
            return Entry::look_up(entry, http, clock, url, organization, patience);
        });
    }
    core::Result<std::string> found = co_await entry->flight.join(ctx.deadline);
    if (!found && entry->tenant) {
        entry->ask_again_at = clock_.now() + limits_.retry;
        core::log::warn("tenant.lookup_failed",
                        {{"organization", organization},
                         {"served", *entry->tenant},
                         {"request_id", ctx.request_id},
                         {"reason", core::describe(found.error())}});
        co_return *entry->tenant;
    }
    co_return found;
}

void TenantCache::note(std::string_view organization, std::string tenant) {
    std::shared_ptr<Entry> const entry = entry_of(core::to_lower_ascii(organization));
    entry->used_at = clock_.now();
    entry->keep(std::move(tenant), clock_.now());
}

void TenantCache::forget(std::string_view organization) {
    // A look-up under way keeps the entry, and its answer goes with it.
    if (known_.erase(core::to_lower_ascii(organization)) != 0) {
        core::log::info("tenant.forgotten", {{"organization", organization}});
    }
}

} // namespace auth
