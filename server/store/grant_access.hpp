#pragma once

#include "auth/credential_stores.hpp"
#include "core/secret.hpp"

namespace server {

/// The third secret of a grant's envelope: the access token of its last rotation with its times, and the
/// claims the next sign-in has to ask for. Empty when the grant has none of it; what cannot be read counts as
/// none, since all of it can be had again.
core::Secret pack_access(auth::OAuthGrant const& grant);
void unpack_access(core::Secret const& packed, auth::OAuthGrant& grant);

} // namespace server
