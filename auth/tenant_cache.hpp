#pragma once

#include "core/async.hpp"
#include "core/call_context.hpp"
#include "core/clock.hpp"
#include "core/http/http_client.hpp"
#include "core/result.hpp"
#include "core/task.hpp"

#include <chrono>
#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <string_view>

namespace auth {

class TenantCacheLimits {
public:
    std::chrono::milliseconds lookup{10'000};        ///< for one look-up
    std::chrono::milliseconds fresh{7 * 86'400'000}; ///< how long an answer counts
    std::chrono::milliseconds retry{60'000}; ///< after a failed look-up an older answer serves this long
    std::size_t organizations = 1000;        ///< remembered; the one not asked for longest goes first
};

/// Which Entra tenant an organization is in (tenant_lookup.hpp), remembered: organizations hardly ever move.
/// One look-up serves all who ask meanwhile; when it fails the answer from before serves on. Whoever sees
/// that an organization no longer takes its tenant's tokens calls forget(). Names compare without case. One
/// thread; `http` and `clock` outlive look-ups under way.
class TenantCache {
public:
    TenantCache(core::asio::any_io_executor executor,
                core::HttpClient& http,
                core::Clock& clock,
                std::string identity_url,
                TenantCacheLimits limits = TenantCacheLimits());
    ~TenantCache();

    /// `ctx` ends the caller's wait, not the look-up. It must outlive the task.
    core::Task<core::Result<std::string>> find(std::string organization, core::CallContext const& ctx);
    /// Somebody has just looked it up.
    void note(std::string_view organization, std::string tenant);
    void forget(std::string_view organization);
    std::size_t size() const noexcept { return known_.size(); }

private:
    class Entry;
    std::shared_ptr<Entry> entry_of(std::string const& key);

    core::asio::any_io_executor executor_;
    core::HttpClient& http_;
    core::Clock& clock_;
    std::string identity_url_;
    TenantCacheLimits limits_;
    std::map<std::string, std::shared_ptr<Entry>> known_; ///< shared with look-ups under way
};

} // namespace auth
