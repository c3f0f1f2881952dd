#pragma once

#include "core/call_context.hpp"
#include "core/json.hpp"
#include "core/principal.hpp"
#include "protocol/client_features.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace protocol {

enum class LogLevel { debug, info, notice, warning, error, critical, alert, emergency };
std::string_view to_string(LogLevel level) noexcept;
std::optional<LogLevel> parse_log_level(std::string_view text) noexcept;

/// The client of one request, as its handler sees it. All of this is best effort: nobody may be listening.
class RequestClient {
public:
    virtual ~RequestClient() = default;
    virtual ClientFeatures const& features() const noexcept = 0;
    /// Sent when the request has a progressToken. `progress` grows; values that do not are dropped.
    virtual void progress(double progress, std::optional<double> total, std::string_view message) = 0;
    /// Sent when the client asked for this level: in the request (2026-07-28), for the session before.
    virtual void log(LogLevel level, std::string_view logger, core::Json const& data) = 0;
    /// Ends the HTTP response where the client can fetch the rest later (2025-11-25, event stream); the call
    /// goes on. Otherwise nothing happens.
    virtual void release_connection() = 0;
};

/// A client that hears nothing: for work that outlives its request.
class SilentClient final : public RequestClient {
public:
    explicit SilentClient(ClientFeatures features) : features_(features) {}
    ClientFeatures const& features() const noexcept override { return features_; }
    void progress(double, std::optional<double>, std::string_view) override {}
    void log(LogLevel, std::string_view, core::Json const&) override {}
    void release_connection() override {}

private:
    ClientFeatures features_;
};

/// What every handler is called with. All referents outlive the call; cancellation (terminal) reaches it as
/// the exception that Asio throws.
class HandlerContext {
public:
    HandlerContext(core::Principal const& caller_, core::CallContext const& ctx_, RequestClient& client_)
        : caller(caller_), ctx(ctx_), client(client_) {}

    core::Principal const& caller;
    core::CallContext const& ctx;
    RequestClient& client;
};

} // namespace protocol
