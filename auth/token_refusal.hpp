#pragma once

#include "core/error.hpp"
#include "core/text/utf8.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

namespace auth {

/// A bearer token that lets nobody in: unauthorized, code `invalid_token`. `why` completes "The bearer token
/// ..." and is shown to whoever sent it; `detail` says which check failed and goes into logs only, shortened:
/// it may quote what a stranger wrote.
inline core::Error refused_token(std::string_view why, std::string detail = {}) {
    constexpr std::size_t kLongestDetail = 200;
    detail.resize(core::utf8_prefix(detail, kLongestDetail).size());
    return core::Error(core::ErrorKind::unauthorized, "The bearer token " + std::string(why) + ".")
        .with_code("invalid_token")
        .with_detail(std::move(detail));
}

} // namespace auth
