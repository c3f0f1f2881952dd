#pragma once

#include "core/http/http_client.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

namespace core {

/// Value of a Retry-After field: seconds (also with a fraction) or an HTTP date. Clamped to [0 s, cap].
std::optional<std::chrono::milliseconds>
parse_retry_after(std::string_view value, SystemTime now, std::chrono::seconds cap);

/// Returns a number in [0, 1). Injected, so that tests decide.
using Jitter = std::function<double()>;

class RetryPolicy {
public:
    static RetryPolicy once() {
        RetryPolicy policy;
        policy.max_attempts = 1;
        return policy;
    }

    int max_attempts = 3; ///< the first one included
    std::chrono::milliseconds base = std::chrono::milliseconds(250);
    std::chrono::milliseconds cap = std::chrono::seconds(8);
    std::chrono::seconds retry_after_cap = std::chrono::seconds(30);
};

/// When a request is worth repeating: idempotent ones after connect failures, 408, 429, 502, 503 and 504,
/// with full jitter, but not after a 503 that says the organization is stopped (TF24668). Others only when
/// Error::not_sent() is certain.
class RetryRule {
public:
    /// `clock` outlives the rule.
    RetryRule(RetryPolicy policy, Clock& clock, Jitter jitter)
        : policy_(policy), clock_(&clock), jitter_(std::move(jitter)) {}

    /// How long to wait before the next attempt; nullopt: the result of attempt number `attempt` stands, also
    /// because the deadline would pass first.
    std::optional<std::chrono::milliseconds>
    pause_after(Result<HttpResponse> const& result, bool idempotent, int attempt, Deadline deadline) const;

private:
    std::optional<std::chrono::milliseconds>
    wanted_pause(Result<HttpResponse> const& result, bool idempotent, int attempt) const;
    std::chrono::milliseconds backoff(int attempt) const;

    RetryPolicy policy_;
    Clock* clock_;
    Jitter jitter_;
};

/// Repeats by that rule, never beyond the deadline.
std::unique_ptr<HttpClient>
make_retrying_client(HttpClient& inner, RetryPolicy policy, Clock& clock, Jitter jitter);

} // namespace core
