#include "protocol/schema.hpp"

#include "protocol/schema_evaluate.hpp"
#include "protocol/schema_program.hpp"

#include <nlohmann/json.hpp>

#include <cmath>
#include <cstdint>

namespace protocol {
namespace {

/// Along the schema, not along the value: what no schema speaks of keeps its form. 5 and 5.0 are equal for
/// every schema, so alternatives that were not taken do no harm.
class IntegerNormalizer {
public:
    void walk(SchemaNode const& node, Json& value, std::size_t depth) {
        if (depth > kMaxSchemaDepth || ++steps_ > kMaxSchemaSteps) {
            return;
        }
        if (value.is_number_float()) {
            settle(node, value);
        } else if (node.object && value.is_object()) {
            walk_members(*node.object, value, depth);
        } else if (node.array && value.is_array()) {
            walk_items(*node.array, value, depth);
        }
        if (node.combined && (value.is_number_float() || value.is_structured())) {
            walk_combined(*node.combined, value, depth);
        }
    }

private:
    static void settle(SchemaNode const& node, Json& value) {
        constexpr double kLargestExact =
            9007199254740992.0; // 2^53: beyond it a double no longer names one integer
        bool const wanted = (node.types & kIntegerType) != 0 && (node.types & kNumberType) == 0;
        if (wanted && (types_of(value) & kIntegerType) != 0 &&
            std::abs(value.get<double>()) <= kLargestExact) {
            value = static_cast<std::int64_t>(value.get<double>());
        }
    }

    void walk_members(ObjectRules const& rules, Json& value, std::size_t depth) {
        for (auto it = value.begin(); it != value.end(); ++it) {
            SchemaNode const* property = rules.property(it.key());
            bool known = property != nullptr;
            if (known) {
                walk(*property, *it, depth + 1);
            }
            for (auto const& [pattern, schema] : rules.patterns) {
                if (pattern->matches(it.key())) {
                    known = true;
                    walk(*schema, *it, depth + 1);
                }
            }
            if (!known && rules.additional != nullptr) {
                walk(*rules.additional, *it, depth + 1);
            }
        }
        for (auto const& [name, schema] : rules.dependent_schemas) {
            walk(*schema, value, depth + 1);
        }
    }

    void walk_items(ArrayRules const& rules, Json& value, std::size_t depth) {
        for (std::size_t i = 0; i < value.size(); ++i) {
            SchemaNode const* schema = i < rules.prefix.size() ? rules.prefix[i] : rules.rest;
            if (schema == nullptr) {
                break;
            }
            walk(*schema, value[i], depth + 1);
        }
    }

    void walk_combined(CombinedRules const& rules, Json& value, std::size_t depth) {
        for (SchemaNode const* schema : {rules.reference,
                                         rules.dynamic_reference,
                                         rules.condition,
                                         rules.consequence,
                                         rules.alternative}) {
            if (schema != nullptr) {
                walk(*schema, value, depth + 1);
            }
        }
        for (Branches const* group : {&rules.all, &rules.any, &rules.one}) {
            for (SchemaNode const* schema : *group) {
                walk(*schema, value, depth + 1);
            }
        }
    }

    std::size_t steps_ = 0;
};

} // namespace

std::string to_string(SchemaProblem const& problem) {
    std::string text = problem.pointer.empty() ? "the value" : "`" + problem.pointer + "`";
    text += ": found " + problem.found + ", expected " + problem.expected;
    return problem.hint.empty() ? text : text + "; " + problem.hint;
}

CompiledSchema::CompiledSchema(Json schema)
    : schema_(std::make_unique<Json const>(std::move(schema))),
      program_(std::make_unique<SchemaProgram const>(*schema_)) {}

CompiledSchema::CompiledSchema(CompiledSchema&&) noexcept = default;
CompiledSchema& CompiledSchema::operator=(CompiledSchema&&) noexcept = default;
CompiledSchema::~CompiledSchema() = default;

CompiledSchema CompiledSchema::compile(Json schema) {
    return CompiledSchema(std::move(schema));
}

std::vector<SchemaProblem> CompiledSchema::validate(Json const& value, std::size_t max_problems) const {
    return SchemaEvaluator(*program_, max_problems).run(value);
}

std::vector<std::string> const& CompiledSchema::findings() const noexcept {
    return program_->findings;
}

void CompiledSchema::normalize_integers(Json& value) const {
    IntegerNormalizer().walk(program_->root(), value, 0);
}

std::vector<SchemaProblem> validate(Json const& schema, Json const& value, std::size_t max_problems) {
    return SchemaEvaluator(SchemaProgram(schema), max_problems).run(value);
}

std::vector<std::string> check_schema_supported(Json const& schema) {
    return SchemaProgram(schema).findings;
}

void normalize_integers(Json const& schema, Json& value) {
    IntegerNormalizer().walk(SchemaProgram(schema).root(), value, 0);
}

} // namespace protocol
