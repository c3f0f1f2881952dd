#pragma once

#include "core/error.hpp"

#include <string>
#include <utility>

/// What a sign-in that goes wrong is told as.
namespace server::sign_in_errors {

inline core::Error make_error(core::ErrorKind kind, std::string code, std::string message, std::string fix) {
    return core::Error(kind, std::move(message)).with_code(std::move(code)).with_fix(std::move(fix));
}

inline core::Error start_again(std::string code, std::string message) {
    return make_error(
        core::ErrorKind::invalid_argument, std::move(code), std::move(message), "Start the sign-in again.");
}

inline core::Error link_expired(core::ErrorKind kind) {
    return make_error(
        kind, "sign_in_expired", "This sign-in was not completed in time.", "Start the sign-in again.");
}

inline core::Error link_used() {
    return start_again("sign_in_used", "This sign-in's link was used before: it is good for one use.");
}

} // namespace server::sign_in_errors
