#include "auth/failure.hpp"

#include <string>

namespace auth {

std::string_view to_string(FailureClass failure_class) noexcept {
    switch (failure_class) {
    case FailureClass::transient:
        return "transient";
    case FailureClass::user:
        return "user";
    case FailureClass::admin:
        return "admin";
    case FailureClass::configuration:
        return "configuration";
    case FailureClass::permanent:
        return "permanent";
    }
    return "permanent";
}

std::string_view to_string(ProviderState state) noexcept {
    switch (state) {
    case ProviderState::unknown:
        return "unknown";
    case ProviderState::connected:
        return "connected";
    case ProviderState::degraded:
        return "degraded";
    case ProviderState::sign_in_required:
        return "sign_in_required";
    case ProviderState::consent_required:
        return "consent_required";
    case ProviderState::admin_action_required:
        return "admin_action_required";
    case ProviderState::misconfigured:
        return "misconfigured";
    case ProviderState::throttled:
        return "throttled";
    case ProviderState::expired:
        return "expired";
    case ProviderState::failing:
        return "failing";
    case ProviderState::not_configured:
        return "not_configured";
    }
    return "unknown";
}

ProviderState state_of(FailureClass failure_class) noexcept {
    switch (failure_class) {
    case FailureClass::transient:
        return ProviderState::failing;
    case FailureClass::user:
    case FailureClass::permanent:
        return ProviderState::sign_in_required;
    case FailureClass::admin:
        return ProviderState::admin_action_required;
    case FailureClass::configuration:
        return ProviderState::misconfigured;
    }
    return ProviderState::failing;
}

FetchFailure FetchFailure::transient(core::Error error) {
    ProviderState const state =
        error.kind() == core::ErrorKind::rate_limited ? ProviderState::throttled : ProviderState::failing;
    return {std::move(error), FailureClass::transient, state};
}

FetchFailure not_configured(std::string_view fix) {
    core::Error error = core::Error(core::ErrorKind::unauthorized,
                                    "Azure DevOps access token not configured. Please authenticate.")
                            .with_code("not_configured")
                            .with_fix(std::string(fix));
    FetchFailure failure(std::move(error), FailureClass::user, ProviderState::not_configured);
    failure.recheck = kRecheckStore;
    return failure;
}

} // namespace auth
