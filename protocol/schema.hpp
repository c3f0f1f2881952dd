#pragma once

#include "core/json.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace protocol {

using core::Json;

/// One thing that is wrong with a value, in words for the person or model that sent it.
class SchemaProblem {
public:
    SchemaProblem(std::string pointer_, std::string found_, std::string expected_, std::string hint_ = {})
        : pointer(std::move(pointer_)), found(std::move(found_)), expected(std::move(expected_)),
          hint(std::move(hint_)) {}

    std::string pointer;  ///< RFC 6901; empty = the value itself
    std::string found;    ///< `the string "abc"`, `nothing`
    std::string expected; ///< `an integer from 1 to 50`
    std::string hint;     ///< the nearest known name, or what the property is for; may be empty
};

std::string to_string(SchemaProblem const& problem);

inline constexpr std::size_t kMaxSchemaProblems =
    20; ///< more do not help the reader, and answers are bounded

/// Checks `value` against the subset of JSON Schema 2020-12 that this program publishes: type (one or
/// several), properties, required, enum, const, items, minimum, maximum, minLength and maxLength (in code
/// points), minItems, maxItems, additionalProperties (false, true or a schema). Other keywords are
/// annotations here. Empty = valid.
std::vector<SchemaProblem>
validate(Json const& schema, Json const& value, std::size_t max_problems = kMaxSchemaProblems);

/// Every keyword of `schema`, at any depth, that validate() would not honour or whose value is malformed, as
/// `pointer: what`. A published schema must come back empty.
std::vector<std::string> check_schema_supported(Json const& schema);

/// JSON Schema takes 5.0 for an integer. Where `schema` asks for one, such a number becomes an integer in
/// place, so that readers need to know one form only. `value` is valid under `schema`.
void normalize_integers(Json const& schema, Json& value);

/// The candidate a reader most likely meant, or an empty view. Case, `_` and `-` do not count.
std::string_view nearest_name(std::string_view name, std::vector<std::string_view> const& candidates);

} // namespace protocol
