#pragma once

#include "core/json.hpp"
#include "server/router/organization_directory.hpp"

namespace server {

/// How an organization stands and what may be done in it, as agents see it: never a secret. `read_only`:
/// nothing may be written anywhere.
core::Json
organization_report(OrganizationDirectory const& directory, Connector const& connector, bool read_only);

} // namespace server
