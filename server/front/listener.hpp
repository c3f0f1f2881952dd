#pragma once

#include "core/clock.hpp"
#include "core/net/stream.hpp"
#include "core/net/tls.hpp"
#include "core/result.hpp"
#include "core/task.hpp"
#include "server/config/config.hpp"
#include "server/front/session_registry.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace server {

/// Serves one accepted connection to its end; `session` outlives the task.
using ConnectionHandler = std::function<core::Task<void>(std::unique_ptr<core::ByteStream> stream,
                                                         SessionRegistry::Session& session)>;

class ListenerOptions {
public:
    std::string config_key = "listen"; ///< for messages: which key of the configuration named the address
    std::size_t connections = 1024;    ///< at the cap it stops accepting; the kernel's queue holds the rest
    std::chrono::milliseconds tls_handshake{10'000};
};

/// A listening socket and its connections, on one thread. Bound by open_listener, accepting from start() on.
class Listener {
public:
    virtual ~Listener() = default;
    virtual std::uint16_t port() const noexcept = 0; ///< the bound one, also when 0 was asked for
    virtual void start(ConnectionHandler handler) = 0;
    /// From the next connection on; nullptr = plain HTTP.
    virtual void use_tls(std::shared_ptr<core::TlsServer> tls) = 0;
    /// Stops accepting, closes idle connections, lets busy ones finish their request, and after `grace`
    /// cancels what is left. Completes when no connection is left; must complete before the listener is
    /// destroyed. Once.
    virtual core::Task<void> drain(std::chrono::milliseconds grace) = 0;
    virtual std::size_t connections() const noexcept = 0;
};

/// Binds and listens. Fails with invalid_argument (not an address) or network (in use, not ours, no
/// permission), in words that name the key. `tls` may be nullptr; connections share it. `clock` outlives the
/// listener.
core::Result<std::unique_ptr<Listener>> open_listener(core::asio::any_io_executor executor,
                                                      core::Clock& clock,
                                                      ListenAddress const& address,
                                                      std::shared_ptr<core::TlsServer> tls,
                                                      ListenerOptions options);

} // namespace server
