#pragma once

#include "core/result.hpp"
#include "server/config/config.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace server {

/// Where a browser can come back to.
class SignInReturn {
public:
    std::string public_url;            ///< empty = none
    std::optional<std::uint16_t> port; ///< that answers plain HTTP on loopback
};

inline constexpr std::string_view kSignInCallback = "/api/v1/azuredevops/auth/oauth/callback";

/// `<public_url>/api/v1/azuredevops/auth/oauth/callback`; without a public_url, and always for the
/// `developer` client, `http://localhost:<port>/`. A confidential client has a registration of its own, whose
/// path counts: on loopback it gets the callback's path too.
core::Result<std::string> redirect_uri_of(EntraConfig const& entra, SignInReturn const& where);

} // namespace server
