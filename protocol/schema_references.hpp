#pragma once

#include "core/json.hpp"
#include "protocol/schema_program.hpp"

#include <string>
#include <string_view>
#include <utility>

namespace protocol {

/// RFC 3986, section 5.2: what `reference` means beside `base`, without its fragment. An empty base leaves
/// relative references relative: two of them still name the same thing when they are the same.
std::string resolve_uri(std::string_view base, std::string_view reference);
/// The text before and behind the first `#`.
std::pair<std::string_view, std::string_view> split_fragment(std::string_view reference);

/// nullopt when no dialect has this name.
SchemaDialect dialect_named(std::string_view uri) noexcept;

/// The value a fragment that is a JSON pointer (percent-encoded) leads to, and the names on the way.
class PointerTarget {
public:
    core::Json const* value = nullptr;  ///< nullptr = nothing there
    std::vector<core::Json const*> way; ///< from the start, before it
    std::string step;                   ///< the way as a pointer, plain
};
PointerTarget follow_pointer(core::Json const& start, std::string_view fragment);

/// A subschema that leads back to itself without going down into the value: no value can be checked against
/// it.
SchemaNode const* endless_reference(SchemaProgram const& program);

} // namespace protocol
