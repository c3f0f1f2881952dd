#pragma once

#include "ado/organization.hpp"
#include "core/call_context.hpp"
#include "core/clock.hpp"
#include "core/http/http_client.hpp"
#include "core/result.hpp"
#include "core/task.hpp"
#include "core/token_source.hpp"

#include <string>

namespace server {

/// What a credential was found to be good for.
class CredentialCheck {
public:
    std::string identity; ///< account name the organization knows it by
};

/// Tries `token` on the organization before it is stored: who it is (connectionData), and whether it may read
/// code. Two requests, neither of which changes anything. References outlive the task.
core::Task<core::Result<CredentialCheck>> check_credential(ado::Organization organization,
                                                           core::AccessToken token,
                                                           std::string const& api_version,
                                                           core::HttpClient& http,
                                                           core::Clock& clock,
                                                           core::CallContext const& ctx);

} // namespace server
