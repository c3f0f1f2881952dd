#pragma once

#include "ado/organization.hpp"
#include "auth/credential_stores.hpp"
#include "auth/providers.hpp"
#include "core/call_context.hpp"
#include "core/http/http_client.hpp"
#include "core/result.hpp"
#include "core/secret.hpp"
#include "core/task.hpp"

namespace server {

/// Sees a fresh grant work before it is stored anywhere: its refresh token is redeemed, and the access token
/// tried on the organization. Answers the grant as it is then, with its identity filled in. `environment`,
/// `ado_http`, `client_secret` (empty for a public client) and `ctx` outlive the task.
core::Task<core::Result<auth::OAuthGrant>> prove_grant(auth::ProviderEnvironment const& environment,
                                                       core::HttpClient& ado_http,
                                                       core::Secret const& client_secret,
                                                       ado::Organization organization,
                                                       auth::OAuthGrant grant,
                                                       core::CallContext const& ctx);

} // namespace server
