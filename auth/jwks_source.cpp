#include "auth/jwks_source.hpp"

#include "core/crypto/random.hpp"
#include "core/log.hpp"
#include "core/single_flight.hpp"

#include <boost/asio/ip/address.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <bit>
#include <cstdint>
#include <optional>
#include <utility>

namespace auth {
namespace {

using core::Result;
using core::Task;
using std::chrono::milliseconds;

using Keys = std::shared_ptr<IssuerKeys const>; ///< shared: a request goes on with the set it began with

constexpr milliseconds kFirstPause{1000}; ///< after a failed fetch; doubles with each further one
constexpr milliseconds kLongestPause{60'000};
/// A background refresh comes up to this share of its interval early, so that replicas do not come together.
constexpr double kJitter = 0.1;

bool is_loopback_name(std::string const& host) {
    if (host == "localhost") {
        return true;
    }
    boost::system::error_code no_address;
    auto const address = core::asio::ip::make_address(host, no_address);
    return !no_address && address.is_loopback();
}

core::Error unusable(std::string what) {
    return core::Error(core::ErrorKind::protocol, std::move(what));
}

/// What is known of the issuer and how more is learned. Shared with the fetch under way, which writes its
/// outcome down itself: all who wait for it may have gone.
class IssuerState {
public:
    IssuerState(core::HttpClient& http, core::Clock& clock, JwksPlace place, JwksLimits limits)
        : http_(http), clock_(clock), place_(std::move(place)), limits_(limits), pause_until_(clock.now()) {}

    Keys known() const { return keys_ && clock_.now() - fetched_at_ < limits_.stale ? keys_ : nullptr; }
    /// Time until the issuer may be asked again after a failure; zero = now.
    std::chrono::steady_clock::duration pause_left() const noexcept {
        return std::max(pause_until_ - clock_.now(), std::chrono::steady_clock::duration::zero());
    }
    core::Error const& last_error() const noexcept { return last_error_; }

    static Task<Result<Keys>> fetch(std::shared_ptr<IssuerState> self) {
        Result<Keys> found = co_await self->read();
        self->settle(found);
        if (!found) {
            co_return found;
        }
        co_return self->keys_;
    }

private:
    Task<Result<Keys>> read() const {
        auto found = std::make_shared<IssuerKeys>();
        CO_TRY(std::string const metadata, co_await get(place_.metadata_url));
        CO_TRY(std::string const jwks_uri, read_metadata(metadata, *found));
        CO_TRY(std::string const document, co_await get(jwks_uri));
        KeySetRules rules;
        rules.max_bytes = limits_.document_bytes;
        rules.max_keys = limits_.keys;
        rules.algorithms = place_.algorithms;
        CO_TRY(found->set, parse_key_set(document, rules));
        co_return Keys(std::move(found));
    }

    Result<core::Url> parse_url(std::string const& text) const {
        std::optional<core::Url> url = core::Url::parse(text);
        if (!url ||
            (!url->origin.is_tls() && !(place_.loopback_http && is_loopback_name(url->origin.host)))) {
            return core::fail(unusable("\"" + text + "\" is not an https URL"));
        }
        return std::move(*url);
    }

    Result<std::string> read_metadata(std::string const& text, IssuerKeys& found) const {
        core::JsonLimits json_limits;
        json_limits.max_bytes = limits_.document_bytes;
        ADOMCPD_TRY(core::Json const document, core::parse_json(text, json_limits));
        found.issuer = std::string(core::find_string(document, "issuer").value_or(""));
        if (!place_.is_issuer(found.issuer)) {
            return core::fail(unusable(place_.metadata_url + " is the metadata of another issuer, \"" +
                                       found.issuer + "\""));
        }
        return std::string(core::find_string(document, "jwks_uri").value_or(""));
    }

    /// Redirects are not followed: they would lead away from the host that was meant.
    Task<Result<std::string>> get(std::string text) const {
        CO_TRY(core::Url url, parse_url(text));
        core::HttpRequest request("GET", std::move(url));
        request.headers.add("Accept", "application/json");
        request.idempotent = true;
        request.max_response_bytes = limits_.document_bytes;
        core::CallContext const ctx(core::random_uuid(), core::Deadline::in(clock_, limits_.fetch));
        Result<core::HttpResponse> response = co_await http_.send(request, ctx);
        if (!response) {
            co_return core::fail(std::move(response).error());
        }
        if (response->status != 200) {
            co_return core::fail(core::Error(core::ErrorKind::upstream,
                                             text + " answered with " + std::to_string(response->status))
                                     .with_status(response->status));
        }
        co_return std::move(response->body);
    }

    void settle(Result<Keys> const& found) {
        core::SteadyTime const now = clock_.now();
        if (!found) {
            ++failures_;
            pause_ = std::min(std::max(pause_ * 2, kFirstPause), kLongestPause);
            pause_until_ = now + pause_;
            last_error_ = found.error();
            // An issuer that is down for long is told of less and less often.
            if (std::has_single_bit(failures_)) {
                core::log::warn("inbound.keys_failed",
                                {{"metadata", place_.metadata_url},
                                 {"reason", core::describe(found.error())},
                                 {"keys_left", known() != nullptr},
                                 {"failures", failures_}});
            }
            return;
        }
        failures_ = 0;
        pause_ = milliseconds(0);
        pause_until_ = now;
        fetched_at_ = now;
        // The same keys stay the same object: what was verified by them stays verified.
        if (!keys_ || keys_->set.digest != (*found)->set.digest || keys_->issuer != (*found)->issuer) {
            core::log::info("inbound.keys",
                            {{"issuer", (*found)->issuer},
                             {"keys", (*found)->set.keys.size()},
                             {"skipped", (*found)->set.skipped}});
            keys_ = *found;
        }
    }

    core::HttpClient& http_;
    core::Clock& clock_;
    JwksPlace place_;
    JwksLimits limits_;
    Keys keys_;
    core::SteadyTime fetched_at_; ///< meaningful with keys_
    core::SteadyTime pause_until_;
    milliseconds pause_{0};
    std::uint64_t failures_ = 0; ///< since the last good fetch
    core::Error last_error_{core::ErrorKind::internal, "not asked yet"};
};

class FetchingJwksSource final : public JwksSource {
public:
    FetchingJwksSource(core::asio::any_io_executor executor,
                       core::HttpClient& http,
                       core::Clock& clock,
                       JwksPlace place,
                       JwksLimits limits)
        : clock_(clock), limits_(limits),
          state_(std::make_shared<IssuerState>(http, clock, std::move(place), limits)),
          flight_(std::move(executor), [](Keys const& found) { return found; }) {}

    Keys known() const override { return state_->known(); }

    Task<Result<Keys>> keys(core::CallContext const& ctx) override {
        if (Keys found = known()) {
            co_return found;
        }
        co_return co_await fetch(ctx.deadline);
    }

    Task<Result<Keys>> newer_keys(JwtToken const& wanted, core::CallContext const& ctx) override {
        if (flight_.in_flight()) {
            // It may have been answered before the key was published.
            Result<Keys> found = co_await fetch(ctx.deadline);
            if (!found || (*found)->set.find(wanted) != nullptr) {
                co_return found;
            }
        }
        Keys const before = known();
        bool const too_soon = refetched_at_ && clock_.now() - *refetched_at_ < limits_.refetch;
        if (before && too_soon && !flight_.in_flight()) {
            co_return before;
        }
        Result<Keys> found = co_await fetch(ctx.deadline);
        if (found) {
            refetched_at_ = clock_.now();
        }
        co_return found;
    }

    Task<void> tend() override {
        co_await core::asio::this_coro::throw_if_cancelled(false);
        auto const cancelled = [](core::asio::cancellation_state state) {
            return state.cancelled() != core::asio::cancellation_type::none;
        };
        while (!cancelled(co_await core::asio::this_coro::cancellation_state)) {
            // A pause after a failure is over by now, save when a request has asked in the meantime.
            Result<Keys> const found = co_await fetch(core::Deadline::never());
            if (cancelled(co_await core::asio::this_coro::cancellation_state)) {
                co_return;
            }
            auto const pause = found ? refresh_in() : state_->pause_left();
            co_await clock_.sleep_for(pause);
        }
    }

private:
    std::chrono::steady_clock::duration refresh_in() const {
        double const share = 1.0 - kJitter * core::random_unit();
        return std::chrono::duration_cast<std::chrono::steady_clock::duration>(limits_.refresh * share);
    }

    core::Error unavailable() const {
        auto const wait = std::chrono::ceil<std::chrono::seconds>(state_->pause_left());
        return core::Error(core::ErrorKind::overloaded,
                           "Access tokens cannot be checked at the moment: the keys of their issuer cannot "
                           "be fetched.")
            .with_code("inbound_keys_unavailable")
            .with_fix("Try again in a moment. An administrator sees the cause in this server's log.")
            .with_retry_after(std::max(wait, std::chrono::seconds(1)))
            .with_detail(core::describe(state_->last_error()));
    }

    Task<Result<Keys>> fetch(core::Deadline deadline) {
        if (!flight_.in_flight()) {
            if (state_->pause_left() > std::chrono::steady_clock::duration::zero()) {
                co_return core::fail(unavailable());
            }
            flight_.start([state = state_] { return IssuerState::fetch(state); });
        }
        Result<Keys> found = co_await flight_.join(deadline);
        if (!found && found.error().kind() != core::ErrorKind::cancelled) {
            co_return core::fail(unavailable());
        }
        co_return found;
    }

    core::Clock& clock_;
    JwksLimits limits_;
    std::shared_ptr<IssuerState> state_;
    core::SingleFlight<Keys> flight_;
    std::optional<core::SteadyTime> refetched_at_; ///< the last fetch for a token's sake
};

} // namespace

std::unique_ptr<JwksSource> make_jwks_source(core::asio::any_io_executor executor,
                                             core::HttpClient& http,
                                             core::Clock& clock,
                                             JwksPlace place,
                                             JwksLimits limits) {
    return std::make_unique<FetchingJwksSource>(std::move(executor), http, clock, std::move(place), limits);
}

} // namespace auth
