#pragma once

#include "auth/credential_stores.hpp"
#include "core/call_context.hpp"
#include "core/clock.hpp"
#include "core/http/http_client.hpp"
#include "core/result.hpp"
#include "core/task.hpp"

#include <chrono>
#include <string>
#include <utility>

namespace auth {

/// What a delegated sign-in asks for: to act as the person in Azure DevOps, an id token to show who signed
/// in, and a refresh token.
inline constexpr std::string_view kDelegatedScope =
    "499b84ac-1321-427f-aa17-267ca6975798/user_impersonation openid profile offline_access";

class DeviceCodeConfig {
public:
    DeviceCodeConfig(std::string authority_, std::string tenant_, std::string client_id_)
        : authority(std::move(authority_)), tenant(std::move(tenant_)), client_id(std::move(client_id_)) {}

    std::string authority;
    std::string tenant; ///< of the organization (auth/tenant_lookup.hpp), or `organizations`
    std::string client_id;
    core::Secret client_secret; ///< empty for a public client (RFC 8628 §3.1, §3.4)
};

/// What the person is shown.
class DeviceCodePrompt {
public:
    DeviceCodePrompt(core::Secret device_code_, std::string user_code_, std::string verification_uri_)
        : device_code(std::move(device_code_)), user_code(std::move(user_code_)),
          verification_uri(std::move(verification_uri_)) {}

    core::Secret device_code;
    std::string user_code;
    std::string verification_uri;
    std::string message; ///< the server's own sentence; may be empty
    std::chrono::seconds interval{5};
    core::Deadline expires = core::Deadline::never(); ///< of the code
    core::SystemTime expires_at{};                    ///< the same for display
};

/// The device authorization grant (RFC 8628) as Entra speaks it. One flow an object; the referents outlive
/// it.
class DeviceCodeFlow {
public:
    DeviceCodeFlow(core::HttpClient& http, core::Clock& clock, DeviceCodeConfig config);

    /// Asks for a code. `ctx` must outlive the task.
    core::Task<core::Result<DeviceCodePrompt>> start(core::CallContext const& ctx);

    /// Polls until the person signed in, refused, or the code expired; waits the interval before each poll.
    /// Returns the grant, not yet stored. Both arguments must outlive the task; cancelling (terminal) ends
    /// the flow.
    core::Task<core::Result<OAuthGrant>> poll(DeviceCodePrompt const& prompt, core::CallContext const& ctx);

private:
    core::HttpClient& http_;
    core::Clock& clock_;
    DeviceCodeConfig config_;
};

} // namespace auth
