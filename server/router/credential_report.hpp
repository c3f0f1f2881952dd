#pragma once

#include "server/router/connector.hpp"
#include "server/router/credential_admin.hpp"

namespace server {

/// How the credentials of a connector's organization stand. Never a secret.
OrganizationCredentials describe_credentials(Connector const& connector);

} // namespace server
