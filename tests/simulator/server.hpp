#pragma once

#include "simulator/router.hpp"
#include "simulator/tls_identity.hpp"

#include <cstdint>
#include <memory>

namespace simulator {

/// The sockets: TLS on one loopback port, and on request plain HTTP for the managed identity endpoint on
/// another.
class Server {
public:
    virtual ~Server() = default;
    virtual std::uint16_t port() const = 0;
    virtual std::uint16_t plain_port() const = 0; ///< 0 when there is none
    /// Serves until SIGTERM or SIGINT.
    virtual void run() = 0;
};

class ServerOptions {
public:
    std::uint16_t port = 0;
    bool with_plain_port = false;
    std::uint16_t plain_port = 0;
};
/// Throws when a port cannot be had. The simulator outlives the server.
std::unique_ptr<Server>
make_server(Simulator& simulator, TlsIdentity const& identity, ServerOptions const& options);

} // namespace simulator
