#pragma once

#include "auth/providers.hpp"
#include "core/error.hpp"
#include "core/token_source.hpp"

#include <chrono>
#include <optional>
#include <string_view>
#include <utility>

#include <tl/expected.hpp>

namespace auth {

/// Who can end a failure to get a token.
enum class FailureClass {
    transient,     ///< time: try again
    user,          ///< the person signs in again
    admin,         ///< an administrator of the tenant
    configuration, ///< whoever configured this daemon or the app registration
    permanent,     ///< nobody for this credential: another one is needed
};

std::string_view to_string(FailureClass failure_class) noexcept;

/// What is shown for a class when nothing more exact is known.
ProviderState state_of(FailureClass failure_class) noexcept;

/// A permanent refusal is asked about again after this long, because an administrator may have removed its
/// cause without this daemon hearing of it.
inline constexpr std::chrono::seconds kRecheckRefusal{120};
/// A refusal that a look into the store can end: each call looks, so that what another process stored serves
/// the next one.
inline constexpr std::chrono::seconds kRecheckStore{0};

class FetchFailure {
public:
    FetchFailure(core::Error error_, FailureClass failure_class_)
        : FetchFailure(std::move(error_), failure_class_, state_of(failure_class_)) {}
    FetchFailure(core::Error error_, FailureClass failure_class_, ProviderState state_)
        : error(std::move(error_)), failure_class(failure_class_), state(state_) {}

    /// The state for a failure that came without a class: network, deadline, store.
    static FetchFailure transient(core::Error error);

    bool permanent() const noexcept { return failure_class != FailureClass::transient; }

    core::Error error;
    FailureClass failure_class;
    ProviderState state;
    /// Of a permanent one: how long it stands unasked; nullopt = until the stored credential changes.
    std::optional<std::chrono::seconds> recheck = kRecheckRefusal;
};

using FetchResult = tl::expected<core::AccessToken, FetchFailure>;

inline tl::unexpected<FetchFailure> refuse(FetchFailure failure) {
    return tl::unexpected<FetchFailure>(std::move(failure));
}

/// The contract's words for "nothing stored".
FetchFailure not_configured(std::string_view fix);

} // namespace auth
