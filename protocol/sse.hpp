#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// Frames of an event stream (HTML Living Standard, server-sent events), as Streamable HTTP uses them. JSON
/// text written here never holds a raw line break, so that a message is one `data:` line.
namespace protocol::sse {

/// A message without an id: 2026-07-28, where nothing is replayed.
std::string event(std::string_view message);
std::string event(std::string_view id, std::string_view message);
/// An id and no data, for clients of 2025-11-25 and later: from here on they can come back. `retry_ms` tells
/// when.
std::string priming(std::string_view id, std::int64_t retry_ms);
/// A comment: bytes for proxies, nothing for the client.
std::string_view keep_alive() noexcept;

/// `STREAM-SEQUENCE`: which stream an event belongs to, and its place there.
class EventId {
public:
    static std::string format(std::string_view stream, std::uint64_t sequence);
    /// nullopt for anything this server did not write.
    static std::optional<EventId> parse(std::string_view text);

    std::string stream; ///< 16 hexadecimal digits
    std::uint64_t sequence = 0;
};

} // namespace protocol::sse
