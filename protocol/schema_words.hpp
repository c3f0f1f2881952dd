#pragma once

#include "protocol/schema_program.hpp"

#include <string>
#include <string_view>
#include <vector>

// What a model reads of a schema and a value. Everything is bounded, whatever they hold.
namespace protocol {

/// `the string "abc"`, `an array of 3`, `7`.
std::string described(Json const& value);
/// What the node itself asks for: `an integer from 1 to 50`. `found`, where there is one, says which rules of
/// a node without a type matter.
std::string expectation(SchemaNode const& node, Json const* found = nullptr);
/// The same with what it asks of members: `an object with a and b`.
std::string phrase(SchemaNode const& node);
/// For `not`: `anything but a string`, `an object without a`.
std::string opposite(SchemaNode const& excluded);
/// `one of: phone; email must be present`, `one of: a string; an object with a`.
std::string alternatives(Branches const& branches);
/// Whether the value could have been meant for the node: its type fits, and so do the members that tell
/// alternatives apart (const, enum).
bool is_plausible(SchemaNode const& node, Json const& value);
/// `contactMethod is "phone"`, or empty when the node is no condition that few words can tell.
std::string condition(SchemaNode const& node, bool holds);
/// The description of a property, its reference followed.
std::string_view description_of(SchemaNode const& node);
/// The names a value may have under the node, references and combinations followed.
std::vector<std::string_view> known_names(SchemaNode const& node);
std::string names_hint(std::string_view wrong, std::vector<std::string_view> const& known);
/// RFC 6901, long names cut.
std::string child_pointer(std::string const& parent, std::string_view name);

} // namespace protocol
