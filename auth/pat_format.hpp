#pragma once

#include "core/result.hpp"
#include "core/secret.hpp"

#include <string>
#include <string_view>
#include <utility>

namespace auth {

/// A personal access token as Azure DevOps takes it, however it was pasted.
class NormalizedPat {
public:
    NormalizedPat(core::Secret pat_, bool known_format_)
        : pat(std::move(pat_)), known_format(known_format_) {}

    core::Secret pat;
    /// 52 lower-case base32 characters, or 84 with the `AZDO` signature. Others are let through (Azure DevOps
    /// Server, session tokens), with a warning to show.
    bool known_format;
    std::string_view warning() const noexcept;
};

/// Takes the raw token, `:token`, `user:token`, and the base64 of the latter two (what an Authorization
/// header carries); surrounding white space is dropped. Fails with invalid_argument, in words that hold
/// nothing of the token, for an empty one, an unexpanded `${...}`, white space or control characters inside,
/// or more than 4 KiB.
core::Result<NormalizedPat> normalize_pat(std::string_view text);
core::Result<NormalizedPat> normalize_pat(core::Secret const& text);

} // namespace auth
