#pragma once

#include "auth/failure.hpp"

#include <cstdint>
#include <string_view>

namespace auth {

/// How one AADSTS code is understood. `{tenant}`, `{app}`, `{org}`, `{consent}`, `{iss}`, `{sub}` and `{aud}`
/// in the words are filled in from the request.
class EntraCodeMeaning {
public:
    std::int64_t code;
    FailureClass failure_class;
    ProviderState state;
    std::string_view message;
    std::string_view fix;
    bool grant_is_dead = false; ///< the refresh token is refused, not the circumstances
};

/// nullptr for a code nobody described.
EntraCodeMeaning const* find_entra_code(std::int64_t code) noexcept;

} // namespace auth
