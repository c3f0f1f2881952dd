#pragma once

#include <chrono>
#include <cstddef>

namespace protocol {

/// Sizes, rates and deadlines of the protocol room. The daemon fills it from its configuration (limits.*, the
/// names with mcp_ in front).
class McpLimits {
public:
    std::size_t list_page = 100;                        ///< entries of one page of a list
    std::size_t batch = 50;                             ///< messages of a 2025-03-26 batch
    std::size_t json_depth = 64;                        ///< nesting of a message
    std::size_t string_bytes = 512 * 1024;              ///< one string inside a message, as written
    std::chrono::milliseconds session_idle{86'400'000}; ///< a session nobody used for this long is gone
    std::size_t sessions_per_principal = 20'000;        ///< opened within session_idle
    std::size_t streams_per_principal = 2'000;          ///< event streams open at the same time
    std::size_t tasks_per_principal = 256;              ///< not at their end
    std::chrono::milliseconds request_state{3'600'000}; ///< how long an input_required may be answered
    std::chrono::milliseconds client_answer{300'000};   ///< how long a client may take over a server request
    std::chrono::milliseconds heartbeat{10'000};        ///< between progress of its own accord
    std::chrono::milliseconds stream_after{5'000};      ///< a call this long is answered on an event stream
    std::size_t replay_events = 64;                     ///< kept of one stream for Last-Event-ID
    std::size_t replay_bytes = 256 * 1024;              ///< the same in bytes
    std::size_t replay_total_bytes = 16 * 1024 * 1024;  ///< over all streams
    std::chrono::milliseconds replay_age{300'000};      ///< how long after its end
    std::chrono::milliseconds retry{2'000};             ///< told to clients: when to come back
    std::chrono::milliseconds task_after{10'000};       ///< a call this long becomes a task, where it may
    std::chrono::milliseconds task_ttl{86'400'000};     ///< how long a task is kept
    std::chrono::milliseconds task_poll{1'000};         ///< told to clients: how often to ask
    std::chrono::milliseconds task_lease{15'000};       ///< without a sign of life another process goes on
};

} // namespace protocol
