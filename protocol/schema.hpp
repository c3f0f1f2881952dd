#pragma once

#include "core/json.hpp"

#include <cstddef>
#include <memory>
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
    std::string hint;     ///< the nearest known name, what the property is for, or why; may be empty
};

std::string to_string(SchemaProblem const& problem);

/// More do not help the reader, and answers are bounded.
inline constexpr std::size_t kMaxSchemaProblems = 20;
/// Subschemas of one schema. Published ones have dozens.
inline constexpr std::size_t kMaxSchemaNodes = 10'000;
/// Subschemas within each other while one value is checked, references followed: it bounds the stack. Values
/// from outside are at most 64 levels deep, and each level rarely takes more than a reference and an allOf.
inline constexpr std::size_t kMaxSchemaDepth = 256;
/// Subschemas evaluated for one value, and work like it: a few references that branch ask for any number.
/// What is allowed takes some 10 ms.
inline constexpr std::size_t kMaxSchemaSteps = 250'000;
/// `pattern`: matching takes linear time (RE2), and both factors are bounded.
inline constexpr std::size_t kMaxPatternBytes = 2048;
inline constexpr std::size_t kMaxPatternSubjectBytes = std::size_t{64} * 1024;

class SchemaProgram;

/// A schema made ready once for many values: references found, patterns compiled. JSON Schema 2020-12 (also
/// without `$schema`) and draft-07, all assertions and applicators, `$dynamicRef` included; `format` and the
/// content keywords are annotations. Nothing is ever fetched: a reference leads to a place within the schema.
/// Where a subschema cannot be honoured (such a reference, a dialect or a pattern out of reach, a malformed
/// keyword), values that depend on it are refused with a problem that says so. Immutable: may be used by many
/// threads at once.
class CompiledSchema {
public:
    static CompiledSchema compile(Json schema);

    CompiledSchema(CompiledSchema&&) noexcept;
    CompiledSchema& operator=(CompiledSchema&&) noexcept;
    ~CompiledSchema();

    /// Empty = valid.
    std::vector<SchemaProblem> validate(Json const& value,
                                        std::size_t max_problems = kMaxSchemaProblems) const;
    /// As the free functions of like names.
    std::vector<std::string> const& findings() const noexcept;
    void normalize_integers(Json& value) const;

private:
    explicit CompiledSchema(Json schema);

    // The program points into the schema: neither may move.
    std::unique_ptr<Json const> schema_;
    std::unique_ptr<SchemaProgram const> program_;
};

/// For those that check one value: compiles `schema` each time.
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
