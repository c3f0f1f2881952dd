#pragma once

#include "core/http/http_client.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>

namespace core {

/// Value of a Retry-After field: seconds (also with a fraction) or an HTTP date. Clamped to [0 s, cap].
std::optional<std::chrono::milliseconds>
parse_retry_after(std::string_view value, SystemTime now, std::chrono::seconds cap);

/// Returns a number in [0, 1). Injected, so that tests decide.
using Jitter = std::function<double()>;

class RetryPolicy {
public:
    int max_attempts = 3; ///< the first one included
    std::chrono::milliseconds base = std::chrono::milliseconds(250);
    std::chrono::milliseconds cap = std::chrono::seconds(8);
    std::chrono::seconds retry_after_cap = std::chrono::seconds(30);
};

/// Repeats idempotent requests on connect failures, 429, 502, 503 and 504, with full jitter, never beyond the
/// deadline, and not on a 503 that says the organization is stopped (TF24668). Non-idempotent requests pass
/// through once, except when Error::not_sent() is certain.
std::unique_ptr<HttpClient>
make_retrying_client(HttpClient& inner, RetryPolicy policy, Clock& clock, Jitter jitter);

} // namespace core
