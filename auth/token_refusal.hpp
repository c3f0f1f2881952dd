#pragma once

#include "core/error.hpp"

#include <string>
#include <string_view>

namespace auth {

/// A bearer token that lets nobody in: unauthorized, code `invalid_token`. `why` completes "The bearer token
/// ..." and is shown to whoever sent it; `detail` says which check failed and goes into logs only.
inline core::Error refused_token(std::string_view why, std::string detail = {}) {
    return core::Error(core::ErrorKind::unauthorized, "The bearer token " + std::string(why) + ".")
        .with_code("invalid_token")
        .with_detail(std::move(detail));
}

} // namespace auth
