#pragma once

#include "protocol/client_features.hpp"
#include "protocol/jsonrpc.hpp"
#include "protocol/request_client.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace protocol {

namespace meta_key {
inline constexpr std::string_view protocol_version = "io.modelcontextprotocol/protocolVersion";
inline constexpr std::string_view client_capabilities = "io.modelcontextprotocol/clientCapabilities";
inline constexpr std::string_view client_info = "io.modelcontextprotocol/clientInfo";
inline constexpr std::string_view log_level = "io.modelcontextprotocol/logLevel";
inline constexpr std::string_view server_info = "io.modelcontextprotocol/serverInfo";
} // namespace meta_key

/// What every 2026-07-28 request says about itself in `params._meta`.
class Envelope {
public:
    explicit Envelope(std::string version_) : version(std::move(version_)) {}

    std::string version; ///< as the client wrote it, supported or not
    ClientFeatures features;
    std::optional<LogLevel> log_level;
};

/// True when the message itself claims the modern era, well-formed or not: the first rule of telling the eras
/// apart.
bool claims_modern_era(Json const& params);

/// Checks the required keys and the types of those that are known. The error names the key.
tl::expected<Envelope, RpcError> read_envelope(Json const& params);

RpcError unsupported_version(std::string_view requested);

/// `_meta.traceparent` when it is a W3C trace context; anything else never gets into logs or upstream
/// headers.
std::optional<std::string> trace_parent_of(Json const& params);

} // namespace protocol
