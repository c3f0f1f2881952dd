#pragma once

#include "server/config/limits.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <variant>

namespace server {

/// One key below `limits:`; the same name, range and description stand in deploy/config.schema.json (a test
/// compares).
class LimitEntry {
public:
    std::string_view name; ///< ends in its unit
    std::variant<std::size_t Limits::*, std::chrono::milliseconds Limits::*> member;
    std::int64_t minimum;
    std::int64_t maximum;
};

/// Every member of Limits, in its order.
std::span<LimitEntry const> limit_entries() noexcept;

std::int64_t get_limit(Limits const& limits, LimitEntry const& entry);
void set_limit(Limits& limits, LimitEntry const& entry, std::int64_t value);

} // namespace server
