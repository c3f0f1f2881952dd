#pragma once

#include "core/call_context.hpp"
#include "core/json.hpp"
#include "core/result.hpp"
#include "core/task.hpp"

#include <string>
#include <string_view>

namespace protocol {

/// How what belongs to one request leaves besides its response. Transports implement it.
class Outlet {
public:
    virtual ~Outlet() = default;
    /// A notification, as JSON text. Dropped when the client cannot take one.
    virtual void notify(std::string message) = 0;
    /// A request to the client and its result; initialize era only. Fails with unsupported (as
    /// invalid_argument, code `client_cannot_be_asked`) when the client takes no stream, timeout, or what the
    /// client answered. The arguments outlive the task.
    virtual core::Task<core::Result<core::Json>>
    ask(std::string_view method, core::Json params, core::CallContext const& ctx) = 0;
    /// See RequestClient::release_connection.
    virtual void release() = 0;
    /// The call takes long: whatever keeps the client and proxies patient.
    virtual void stretch() = 0;
};

} // namespace protocol
