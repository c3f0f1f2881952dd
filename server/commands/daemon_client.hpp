#pragma once

#include "core/http/http_message.hpp"
#include "core/result.hpp"
#include "core/secret.hpp"
#include "server/config/config.hpp"

#include <string>

namespace server {

/// `http://127.0.0.1:8931`: where the configured daemon listens.
std::string daemon_base_url(Config const& config);

/// The token to present to a daemon: $ADO_MCPD_TOKEN, else the first administrator's, which the daemon left
/// beside its store (none of use with inbound.mode entra); empty when there is none.
core::Secret caller_token(Config const& config);

/// What to do when the daemon answered 401 or 403 to that.
std::string token_fix(Config const& config, int status);

/// One request to the daemon, on a loop of its own. Error::not_sent() when nobody listens there.
core::Result<core::HttpResponse> ask_daemon(Config const& config, core::HttpRequest request);

} // namespace server
