#pragma once

#include "core/error.hpp"

namespace server {

/// CONTRACT §1; the last three are sysexits.h's.
inline constexpr int kExitDone = 0;
inline constexpr int kExitFailed = 1;
inline constexpr int kExitUsage = 2;
inline constexpr int kExitUnavailable = 69;
inline constexpr int kExitCredentialRefused = 77;
inline constexpr int kExitConfiguration = 78;

inline int exit_code_of(core::Error const& error) noexcept {
    if (error.code() == "config_invalid") {
        return kExitConfiguration;
    }
    if (error.code() == "usage") {
        return kExitUsage;
    }
    switch (error.kind()) {
    case core::ErrorKind::unauthorized:
    case core::ErrorKind::forbidden:
        return kExitCredentialRefused;
    case core::ErrorKind::timeout:
    case core::ErrorKind::network:
    case core::ErrorKind::tls:
    case core::ErrorKind::rate_limited:
    case core::ErrorKind::overloaded:
    case core::ErrorKind::upstream:
        return kExitUnavailable;
    default:
        return kExitFailed;
    }
}

} // namespace server
