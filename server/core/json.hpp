#pragma once

#include "core/result.hpp"

#include <nlohmann/json_fwd.hpp>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

namespace core {

/// Include <nlohmann/json.hpp> where values are built or read member by member; this header is enough to pass
/// them on.
using Json = nlohmann::json;

class JsonLimits {
public:
    std::size_t max_bytes = 1024 * 1024;
    std::size_t max_depth = 64; ///< the library recurses when it writes: unbounded depth overflows the stack
    std::size_t max_string_bytes =
        std::numeric_limits<std::size_t>::max(); ///< as written, without the quotes
};

inline constexpr std::size_t kUpstreamJsonDepth = 128;

/// Parses one JSON text. Limits are checked before the parser runs. A UTF-8 BOM in front is skipped. Errors
/// are ErrorKind::protocol and say where.
Result<Json> parse_json(std::string_view text, JsonLimits const& limits);

/// Never throws: invalid UTF-8 inside strings is replaced by U+FFFD.
std::string dump_json(Json const& value);
std::string dump_json_pretty(Json const& value);

/// Member look-up that survives any shape: nullptr / nullopt when `object` is no object or the member is
/// absent or of another type. Views point into `object`.
Json const* find(Json const& object, std::string_view key) noexcept;
Json const* find_object(Json const& object, std::string_view key) noexcept;
Json const* find_array(Json const& object, std::string_view key) noexcept;
std::optional<std::string_view> find_string(Json const& object, std::string_view key) noexcept;
std::optional<std::int64_t> find_int(Json const& object, std::string_view key) noexcept;
std::optional<bool> find_bool(Json const& object, std::string_view key) noexcept;

} // namespace core
