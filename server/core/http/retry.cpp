#include "core/http/retry.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <ctime>
#include <string>
#include <utility>

namespace core {
namespace {

/// `Sun, 06 Nov 1994 08:49:37 GMT`; the two obsolete forms are no longer sent by anybody.
std::optional<SystemTime> parse_http_date(std::string_view value) {
    std::string const text(value);
    std::tm parts{};
    char const* const end = ::strptime(text.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
    if (end == nullptr || *end != '\0') {
        return std::nullopt;
    }
    return std::chrono::system_clock::from_time_t(::timegm(&parts));
}

std::optional<double> parse_seconds(std::string_view value) {
    bool const plain = !value.empty() && value.size() <= 16 &&
                       std::count(value.begin(), value.end(), '.') <= 1 && value.front() != '.' &&
                       value.find_first_not_of("0123456789.") == std::string_view::npos;
    if (!plain) {
        return std::nullopt;
    }
    return std::strtod(std::string(value).c_str(), nullptr);
}

bool is_worth_repeating(HttpResponse const& response) {
    switch (response.status) {
    case 408:
    case 429:
    case 502:
    case 504:
        return true;
    case 503:
        // The organization is stopped by its administrators: it will not come back in seconds.
        return response.body.find("TF24668") == std::string::npos;
    default:
        return false;
    }
}

bool is_worth_repeating(Error const& error) {
    return error.kind() == ErrorKind::network || (error.kind() == ErrorKind::timeout && error.not_sent());
}

class RetryingClient final : public HttpClient {
public:
    RetryingClient(HttpClient& inner, RetryPolicy policy, Clock& clock, Jitter jitter)
        : inner_(inner), clock_(clock), rule_(policy, clock, std::move(jitter)) {}

    Task<Result<HttpResponse>> send(HttpRequest const& req, CallContext const& ctx) override {
        for (int attempt = 1;; ++attempt) {
            Result<HttpResponse> result = co_await inner_.send(req, ctx);
            std::optional<std::chrono::milliseconds> const pause =
                rule_.pause_after(result, req.idempotent, attempt, ctx.deadline);
            if (!pause) {
                co_return result;
            }
            std::chrono::milliseconds const span = *pause;
            co_await clock_.sleep_for(span);
            auto const cancellation = co_await asio::this_coro::cancellation_state;
            if (cancellation.cancelled() != asio::cancellation_type::none) {
                co_return result;
            }
        }
    }

private:
    HttpClient& inner_;
    Clock& clock_;
    RetryRule rule_;
};

constexpr std::chrono::seconds kNoCap = std::chrono::hours(24 * 365);

} // namespace

std::optional<std::chrono::milliseconds> RetryRule::pause_after(Result<HttpResponse> const& result,
                                                                bool idempotent,
                                                                int attempt,
                                                                Deadline deadline) const {
    std::optional<std::chrono::milliseconds> const pause = wanted_pause(result, idempotent, attempt);
    bool const in_time = pause && (deadline.is_never() || clock_->now() + *pause < deadline.time());
    return in_time ? pause : std::nullopt;
}

std::optional<std::chrono::milliseconds>
RetryRule::wanted_pause(Result<HttpResponse> const& result, bool idempotent, int attempt) const {
    if (attempt >= policy_.max_attempts) {
        return std::nullopt;
    }
    if (!result) {
        bool const allowed = idempotent || result.error().not_sent();
        return allowed && is_worth_repeating(result.error()) ? std::optional(backoff(attempt)) : std::nullopt;
    }
    if (!idempotent || !is_worth_repeating(*result)) {
        return std::nullopt;
    }
    auto const field = result->headers.get("Retry-After");
    if (!field) {
        return backoff(attempt);
    }
    auto const asked = parse_retry_after(*field, clock_->system_now(), kNoCap);
    if (!asked) {
        return backoff(attempt);
    }
    // Coming back earlier than asked would make it worse: a longer pause is the caller's to decide about.
    return *asked <= policy_.retry_after_cap ? asked : std::nullopt;
}

/// Full jitter: anything between nothing and the exponential bound, so that callers who failed together
/// spread out.
std::chrono::milliseconds RetryRule::backoff(int attempt) const {
    double const bound = std::min(static_cast<double>(policy_.cap.count()),
                                  std::ldexp(static_cast<double>(policy_.base.count()), attempt - 1));
    return std::chrono::milliseconds(static_cast<long long>(bound * jitter_()));
}

std::optional<std::chrono::milliseconds>
parse_retry_after(std::string_view value, SystemTime now, std::chrono::seconds cap) {
    value = trim_ows(value);
    std::chrono::milliseconds wait{};
    if (auto const seconds = parse_seconds(value)) {
        double const capped = std::min(*seconds, static_cast<double>(cap.count()));
        wait = std::chrono::milliseconds(static_cast<long long>(std::ceil(capped * 1000.0)));
    } else if (auto const date = parse_http_date(value)) {
        wait = std::chrono::ceil<std::chrono::milliseconds>(*date - now);
    } else {
        return std::nullopt;
    }
    return std::clamp(wait, std::chrono::milliseconds(0), std::chrono::milliseconds(cap));
}

std::unique_ptr<HttpClient>
make_retrying_client(HttpClient& inner, RetryPolicy policy, Clock& clock, Jitter jitter) {
    return std::make_unique<RetryingClient>(inner, policy, clock, std::move(jitter));
}

} // namespace core
