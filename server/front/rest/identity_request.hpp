#pragma once

#include "core/result.hpp"
#include "server/front/http_exchange.hpp"
#include "server/router/credential_admin.hpp"

namespace server {

/// Reads `{organization, client_id?, federated_client_id?, federated_tenant_id?}` as JSON, as a form, or in
/// the query (the product's scripts send `?organization=` and no body; its own spelling of the members,
/// `federatedClientId`, is taken too). invalid_argument otherwise; status() is 415 for another type.
core::Result<IdentityRequest> read_identity_request(InboundRequest const& request);

} // namespace server
