#pragma once

#include "core/call_context.hpp"
#include "core/http/http_client.hpp"
#include "core/result.hpp"
#include "core/task.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace auth {

/// The authority segment for organizations backed by Microsoft accounts, which have no tenant of their own.
inline constexpr std::string_view kOrganizationsTenant = "organizations";

/// A GUID: the id of one tenant, not `organizations` or a domain.
bool is_tenant_id(std::string_view text) noexcept;

/// The tenant an answer of the identity service names: first the Bearer challenge's authorization_uri, else
/// X-VSS-ResourceTenant (the first that is not all zeros). All zeros = `organizations`. The status does not
/// matter.
std::optional<std::string> tenant_of_response(core::HttpResponse const& response);

/// Asks, without any credential, which Entra tenant an organization is connected to: `HEAD
/// {identity_url}/{organization}`. not_found when the answer names none. `http` and `ctx` must outlive the
/// task.
core::Task<core::Result<std::string>> lookup_tenant(core::HttpClient& http,
                                                    std::string identity_url,
                                                    std::string organization,
                                                    core::CallContext const& ctx);

} // namespace auth
