#pragma once

#include "core/json.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

// What JSON Schema says about values themselves: types, numbers, equality. Nothing here recurses.
namespace protocol {

using core::Json;

using TypeBits = std::uint8_t;
inline constexpr TypeBits kNullType = 1;
inline constexpr TypeBits kBooleanType = 2;
inline constexpr TypeBits kIntegerType = 4;
inline constexpr TypeBits kNumberType = 8;
inline constexpr TypeBits kStringType = 16;
inline constexpr TypeBits kArrayType = 32;
inline constexpr TypeBits kObjectType = 64;
inline constexpr TypeBits kAnyType = 127;

/// 0 for what is no type name.
TypeBits type_named(std::string_view name) noexcept;
/// Every type the value is of: 5.0 is an integer and a number.
TypeBits types_of(Json const& value) noexcept;

/// `number` is one. Exact for every 64-bit integer on the platforms this runs on, unlike double.
long double exact_number(Json const& number) noexcept;
/// A whole number that is not negative, in either form (2 and 2.0).
std::optional<std::size_t> count_of(Json const& value) noexcept;
/// As the decimal numbers they are written as: 0.0075 is a multiple of 0.0001. `divisor` is above zero.
bool is_multiple(Json const& number, Json const& divisor) noexcept;

/// A total order under which equal means equal for JSON Schema: 1 and 1.0 are, 1 and true are not.
int compare_json(Json const& a, Json const& b);
inline bool same_json(Json const& a, Json const& b) {
    return compare_json(a, b) == 0;
}
/// Two equal items of an array. By sorting, so that long arrays cost little and no hash can be attacked.
std::optional<std::pair<std::size_t, std::size_t>> equal_items(Json const& array);

std::size_t code_points(std::string_view text) noexcept;

} // namespace protocol
