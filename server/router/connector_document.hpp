#pragma once

#include "ado/organization.hpp"
#include "core/json.hpp"
#include "core/result.hpp"
#include "server/config/config.hpp"

#include <string>
#include <vector>

namespace server {

/// What a connector made through the API says, as a JSON object with the configuration's words: organization,
/// enabled, auth, projects, repositories, wikis, read_only, fallback, default_project, confirm_writes,
/// sign_in_role. No secret has a place in it: PATs and sign-ins come through /api/v1/azuredevops/auth.

/// Every member with its value; the organization as it was written.
core::Json connector_document(ConnectorConfig const& config);
core::Json auth_document(std::vector<AuthMethodConfig> const& methods);

/// Reads a request's or the store's object; also `{"properties": {…}}` around it, as the product's clients
/// write it. Fails with invalid_argument (code `connector_invalid`, `name_invalid`, `organization_invalid`,
/// `federation_incomplete`, `identity_named_twice`) naming the member, what was found and what is allowed.
core::Result<ConnectorConfig> read_connector_document(std::string const& name, core::Json const& document);

/// Without the wrapper, as read_connector_document understands it.
core::Json unwrap_properties(core::Json const& document);

/// At most one of the three names a managed identity (code `identity_named_twice`).
core::Result<void> check_one_identity(std::string const& client_id,
                                      std::string const& object_id,
                                      std::string const& resource_id);

/// The rules of the product for a name and an organization, in its words.
core::Result<void> check_connector_name(std::string_view name);
core::Result<ado::Organization> check_connector_organization(std::string const& organization,
                                                             ado::OrganizationUrls const& urls);

} // namespace server
