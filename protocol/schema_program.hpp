#pragma once

#include "protocol/schema_pattern.hpp"
#include "protocol/schema_values.hpp"

#include <cstddef>
#include <deque>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

// A schema as its evaluation needs it. Everything here points into the Json it was made from.
namespace protocol {

class SchemaNode;

using Branches = std::vector<SchemaNode const*>;
/// Sorted by name.
using NamedBranches = std::vector<std::pair<std::string_view, SchemaNode const*>>;
using Names = std::vector<std::string const*>;

inline constexpr std::size_t kUnbounded = std::numeric_limits<std::size_t>::max();

class NumberRules {
public:
    std::optional<long double> minimum;
    std::optional<long double> maximum;
    std::optional<long double> above;
    std::optional<long double> below;
    Json const* divisor = nullptr;
};

class StringRules {
public:
    std::size_t shortest = 0;
    std::size_t longest = kUnbounded;
    SchemaPattern const* pattern = nullptr;
};

class ArrayRules {
public:
    std::size_t fewest = 0;
    std::size_t most = kUnbounded;
    bool unique = false;
    Branches prefix;
    SchemaNode const* rest = nullptr; ///< items behind the prefix
    SchemaNode const* contains = nullptr;
    std::size_t fewest_contained = 1;
    std::size_t most_contained = kUnbounded;
    SchemaNode const* unevaluated = nullptr;
};

class ObjectRules {
public:
    std::size_t fewest = 0;
    std::size_t most = kUnbounded;
    Names required;
    std::vector<std::pair<std::string const*, Names>> dependent_required;
    NamedBranches properties;
    std::vector<std::pair<SchemaPattern const*, SchemaNode const*>> patterns;
    SchemaNode const* additional = nullptr;
    SchemaNode const* names = nullptr;
    std::vector<std::pair<std::string const*, SchemaNode const*>> dependent_schemas;
    SchemaNode const* unevaluated = nullptr;

    SchemaNode const* property(std::string_view name) const noexcept;
    bool looks_at_members() const noexcept;
};

/// Other subschemas that apply to the same value.
class CombinedRules {
public:
    SchemaNode const* reference = nullptr;
    SchemaNode const* dynamic_reference = nullptr; ///< where it leads when nothing outside overrides it
    std::string_view dynamic_name;                 ///< empty = nothing can
    Branches all;
    Branches any;
    Branches one;
    SchemaNode const* excluded = nullptr; ///< not
    SchemaNode const* condition = nullptr;
    SchemaNode const* consequence = nullptr;
    SchemaNode const* alternative = nullptr;
};

enum class SchemaKind { always, never, rules };

class SchemaNode {
public:
    SchemaNode(Json const& json_, SchemaNode const* parent_, std::string step_, std::size_t resource_)
        : json(&json_), parent(parent_), step(std::move(step_)), resource(resource_) {}

    Json const* json;
    SchemaNode const* parent; ///< the schema it stands in; nullptr = the root
    std::string step;         ///< from there: `/properties/a`
    std::size_t resource;     ///< whose `$id` relative references start from
    SchemaKind kind = SchemaKind::rules;
    std::string blocked; ///< why no value can be checked against it; empty = can be
    TypeBits types = kAnyType;
    Json const* constant = nullptr;
    Json const* values = nullptr; ///< enum
    // Most nodes have one of these.
    std::unique_ptr<NumberRules> number;
    std::unique_ptr<StringRules> string;
    std::unique_ptr<ArrayRules> array;
    std::unique_ptr<ObjectRules> object;
    std::unique_ptr<CombinedRules> combined;

    bool has_unevaluated() const noexcept {
        return (array && array->unevaluated != nullptr) || (object && object->unevaluated != nullptr);
    }
};

enum class SchemaDialect { draft_07, draft_2020_12, unknown };

/// A part of the schema with an `$id` of its own, or the whole.
class SchemaResource {
public:
    std::string uri; ///< absolute, or as absolute as what is given allows; no fragment
    SchemaDialect dialect = SchemaDialect::draft_2020_12;
    SchemaNode* root = nullptr;
    std::map<std::string, SchemaNode const*, std::less<>> anchors; ///< dynamic ones too
    std::map<std::string, SchemaNode const*, std::less<>> dynamic_anchors;
};

class SchemaProgram {
public:
    /// `schema` outlives the program and does not change.
    explicit SchemaProgram(Json const& schema);
    SchemaProgram(SchemaProgram const&) = delete;
    SchemaProgram& operator=(SchemaProgram const&) = delete;

    SchemaNode const& root() const noexcept { return nodes.front(); }

    // Filled by the compiler, constant afterwards. A deque: nodes are pointed at while more come in.
    std::deque<SchemaNode> nodes;
    std::vector<SchemaResource> resources;
    std::map<std::string, SchemaPattern, std::less<>> patterns;
    std::vector<std::string> findings;
};

/// Where in the schema: a JSON pointer.
std::string pointer_of(SchemaNode const& node);
/// One step of a JSON pointer: `/a~1b`.
std::string pointer_step(std::string_view name);

} // namespace protocol
