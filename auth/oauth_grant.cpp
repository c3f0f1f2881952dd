#include "auth/oauth_grant.hpp"

#include <utility>

namespace auth {

core::Result<OAuthGrant>
make_grant(std::string tenant, std::string client_id, EntraTokens tokens, core::SystemTime now) {
    if (tokens.refresh_token.empty()) {
        return core::fail(
            core::Error(core::ErrorKind::unauthorized, "The sign-in brought no refresh token.")
                .with_code("no_refresh_token")
                .with_fix("Allow the application offline_access, then start the sign-in again."));
    }
    OAuthGrant grant(std::move(tenant), std::move(client_id), std::move(tokens.refresh_token));
    grant.identity = std::move(tokens.preferred_username);
    if (!tokens.tenant_id.empty() && !tokens.object_id.empty()) {
        grant.account_id = tokens.tenant_id + "/" + tokens.object_id;
    }
    grant.obtained_at = now;
    grant.refreshed_at = now;
    return grant;
}

} // namespace auth
