#pragma once

#include "auth/jwt_verifier.hpp"
#include "server/config/config.hpp"
#include "server/front/resource_metadata.hpp"

#include <string>

/// What inbound.mode entra means for the rooms below: configuration turned into theirs.
namespace server {

auth::JwtVerifierSettings jwt_verifier_settings(Config const& config);

/// Only with inbound.mode entra.
ResourceMetadataSettings resource_metadata_settings(Config const& config);

/// One sentence for callers without a good token.
std::string how_to_get_a_token(InboundConfig const& inbound);

} // namespace server
