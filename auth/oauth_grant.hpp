#pragma once

#include "auth/credential_stores.hpp"
#include "auth/entra_token_client.hpp"
#include "core/result.hpp"

#include <string>

namespace auth {

/// What a sign-in brought, as the grant to keep. Fails when there is no refresh token: such a grant would end
/// with its first access token.
core::Result<OAuthGrant>
make_grant(std::string tenant, std::string client_id, EntraTokens tokens, core::SystemTime now);

} // namespace auth
