#include "protocol/schema_compile.hpp"

#include "protocol/json_writer.hpp"
#include "protocol/schema.hpp"
#include "protocol/schema_references.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <limits>

namespace protocol {
namespace {

constexpr std::size_t kMaxFindings = 100;

// They describe and assert nothing. `definitions` and `$defs` are taken by both dialects, as everybody does.
constexpr std::array<std::string_view, 15> kAnnotations{"title",
                                                        "description",
                                                        "default",
                                                        "examples",
                                                        "deprecated",
                                                        "readOnly",
                                                        "writeOnly",
                                                        "format",
                                                        "contentEncoding",
                                                        "contentMediaType",
                                                        "contentSchema",
                                                        "$comment",
                                                        "$id",
                                                        "$schema",
                                                        "$vocabulary"};

bool is_annotation(std::string_view keyword) {
    return keyword.starts_with("x-") ||
           std::find(kAnnotations.begin(), kAnnotations.end(), keyword) != kAnnotations.end();
}

bool is_definitions(std::string_view keyword) {
    return keyword == "$defs" || keyword == "definitions";
}

template <class Rules>
Rules& rules_of(std::unique_ptr<Rules>& rules) {
    if (!rules) {
        rules = std::make_unique<Rules>();
    }
    return *rules;
}

std::optional<TypeBits> type_set(Json const& value) {
    TypeBits types = 0;
    auto const one = [&](Json const& name) {
        TypeBits const bits = name.is_string() ? type_named(name.get_ref<std::string const&>()) : TypeBits{0};
        types = static_cast<TypeBits>(types | bits);
        return bits != 0;
    };
    bool const good =
        value.is_array() ? !value.empty() && std::all_of(value.begin(), value.end(), one) : one(value);
    return good ? std::optional(types) : std::nullopt;
}

} // namespace

SchemaProgram::SchemaProgram(Json const& schema) {
    SchemaCompiler(*this).compile(schema);
}

void SchemaCompiler::compile(Json const& schema) {
    program_.resources.emplace_back();
    program_.resources.front().root = add(schema, nullptr, {}, 0);
    for (compile_queue(); !references_.empty(); compile_queue()) {
        for (Reference const& reference : std::exchange(references_, {})) {
            resolve(reference);
        }
    }
    if (SchemaNode const* endless = endless_reference(program_)) {
        auto const it = std::find_if(program_.nodes.begin(),
                                     program_.nodes.end(),
                                     [&](SchemaNode const& node) { return &node == endless; });
        block(*it, {}, "refers to itself without end");
    }
}

SchemaNode*
SchemaCompiler::add(Json const& schema, SchemaNode const* parent, std::string step, std::size_t resource) {
    auto const [it, fresh] = known_.try_emplace(&schema, nullptr);
    if (fresh) {
        it->second = &program_.nodes.emplace_back(schema, parent, std::move(step), resource);
    }
    return it->second;
}

void SchemaCompiler::compile_queue() {
    for (; compiled_ < program_.nodes.size(); ++compiled_) {
        if (program_.nodes.size() > kMaxSchemaNodes) {
            block(program_.nodes.front(), {}, "more than " + std::to_string(kMaxSchemaNodes) + " subschemas");
            compiled_ = program_.nodes.size();
            references_.clear();
            return;
        }
        compile_node(program_.nodes[compiled_]);
    }
}

void SchemaCompiler::compile_node(SchemaNode& node) {
    Json const& json = *node.json;
    if (json.is_boolean()) {
        node.kind = json.get<bool>() ? SchemaKind::always : SchemaKind::never;
        return;
    }
    if (!json.is_object()) {
        block(node, {}, "a schema must be an object or a boolean");
        return;
    }
    enter_resource(node);
    if (dialect(node) == SchemaDialect::unknown) {
        block(node,
              "/$schema",
              "an unsupported dialect; supported are 2020-12 "
              "(https://json-schema.org/draft/2020-12/schema) and draft-07");
        return;
    }
    Json const* reference = core::find(json, "$ref");
    bool const alone = reference != nullptr && dialect(node) == SchemaDialect::draft_07;
    for (auto it = json.begin(); it != json.end(); ++it) {
        if (!alone || it.key() == "$ref" || is_definitions(it.key())) {
            compile_keyword(node, Keyword{it.key(), *it});
        } else if (!is_annotation(it.key())) {
            report(node, pointer_step(it.key()), "draft-07 ignores it beside $ref");
        }
    }
}

void SchemaCompiler::compile_keyword(SchemaNode& node, Keyword const& keyword) {
    bool const taken = take_own_rule(node, keyword) || take_bound(node, keyword) ||
                       take_object_rule(node, keyword) || take_array_rule(node, keyword) ||
                       take_combination(node, keyword) ||
                       (dialect(node) == SchemaDialect::draft_07 ? take_older_rule(node, keyword)
                                                                 : take_later_rule(node, keyword));
    if (taken) {
        return;
    }
    if (is_definitions(keyword.name)) {
        named_children(node, keyword);
    } else if (keyword.name == "title" || keyword.name == "description") {
        if (!keyword.value.is_string()) {
            report(node, pointer_step(keyword.name), "must be a string");
        }
    } else if (!is_annotation(keyword.name)) {
        report(node, pointer_step(keyword.name), "unsupported keyword");
    }
}

bool SchemaCompiler::take_own_rule(SchemaNode& node, Keyword const& keyword) {
    Json const& value = keyword.value;
    if (keyword.name == "type") {
        auto const types = type_set(value);
        if (expect(types.has_value(), node, keyword, "a type name or a list of type names")) {
            node.types = *types;
        }
    } else if (keyword.name == "const") {
        node.constant = &value;
    } else if (keyword.name == "enum") {
        if (expect(value.is_array() && !value.empty(), node, keyword, "a list of values")) {
            node.values = &value;
        }
    } else if (keyword.name == "multipleOf") {
        if (expect(value.is_number() && exact_number(value) > 0, node, keyword, "a number above zero")) {
            rules_of(node.number).divisor = &value;
        }
    } else if (keyword.name == "pattern") {
        if (expect(value.is_string(), node, keyword, "a regular expression")) {
            rules_of(node.string).pattern = pattern(node, value.get_ref<std::string const&>(), "/pattern");
        }
    } else if (keyword.name == "uniqueItems") {
        if (expect(value.is_boolean(), node, keyword, "true or false")) {
            rules_of(node.array).unique = value.get<bool>();
        }
    } else {
        return false;
    }
    return true;
}

bool SchemaCompiler::take_bound(SchemaNode& node, Keyword const& keyword) {
    static constexpr std::array<std::pair<std::string_view, std::optional<long double> NumberRules::*>, 4>
        kNumbers{std::pair{std::string_view("minimum"), &NumberRules::minimum},
                 std::pair{std::string_view("maximum"), &NumberRules::maximum},
                 std::pair{std::string_view("exclusiveMinimum"), &NumberRules::above},
                 std::pair{std::string_view("exclusiveMaximum"), &NumberRules::below}};
    for (auto const& [name, member] : kNumbers) {
        if (keyword.name == name) {
            if (expect(keyword.value.is_number(), node, keyword, "a number")) {
                rules_of(node.number).*member = exact_number(keyword.value);
            }
            return true;
        }
    }
    std::size_t* bound = keyword.name == "minLength"       ? &rules_of(node.string).shortest
                         : keyword.name == "maxLength"     ? &rules_of(node.string).longest
                         : keyword.name == "minItems"      ? &rules_of(node.array).fewest
                         : keyword.name == "maxItems"      ? &rules_of(node.array).most
                         : keyword.name == "minProperties" ? &rules_of(node.object).fewest
                         : keyword.name == "maxProperties" ? &rules_of(node.object).most
                                                           : nullptr;
    if (bound == nullptr) {
        return false;
    }
    auto const count = count_of(keyword.value);
    if (expect(count.has_value(), node, keyword, "a whole number")) {
        *bound = *count;
    }
    return true;
}

bool SchemaCompiler::take_object_rule(SchemaNode& node, Keyword const& keyword) {
    if (keyword.name == "required") {
        rules_of(node.object).required = names(node, keyword);
    } else if (keyword.name == "properties") {
        rules_of(node.object).properties = named_children(node, keyword);
    } else if (keyword.name == "patternProperties") {
        for (auto const& [text, schema] : named_children(node, keyword)) {
            rules_of(node.object)
                .patterns.emplace_back(pattern(node, text, "/patternProperties" + pointer_step(text)),
                                       schema);
        }
    } else if (keyword.name == "additionalProperties") {
        rules_of(node.object).additional = child(node, keyword);
    } else if (keyword.name == "propertyNames") {
        rules_of(node.object).names = child(node, keyword);
    } else {
        return false;
    }
    return true;
}

bool SchemaCompiler::take_array_rule(SchemaNode& node, Keyword const& keyword) {
    if (keyword.name == "contains") {
        rules_of(node.array).contains = child(node, keyword);
    } else if (keyword.name == "items") {
        if (keyword.value.is_array() && dialect(node) == SchemaDialect::draft_07) {
            rules_of(node.array).prefix = children(node, keyword);
            // Without the list, additionalItems says nothing; that is why it is looked for here.
            if (Json const* rest = core::find(*node.json, "additionalItems")) {
                rules_of(node.array).rest = child(node, Keyword{"additionalItems", *rest});
            }
        } else {
            rules_of(node.array).rest = child(node, keyword);
        }
    } else {
        return false;
    }
    return true;
}

bool SchemaCompiler::take_combination(SchemaNode& node, Keyword const& keyword) {
    if (keyword.name == "$ref") {
        add_reference(node, keyword, false);
    } else if (keyword.name == "allOf") {
        rules_of(node.combined).all = children(node, keyword);
    } else if (keyword.name == "anyOf") {
        rules_of(node.combined).any = children(node, keyword);
    } else if (keyword.name == "oneOf") {
        rules_of(node.combined).one = children(node, keyword);
    } else if (keyword.name == "not") {
        rules_of(node.combined).excluded = child(node, keyword);
    } else if (keyword.name == "if") {
        rules_of(node.combined).condition = child(node, keyword);
    } else if (keyword.name == "then") {
        rules_of(node.combined).consequence = child(node, keyword);
    } else if (keyword.name == "else") {
        rules_of(node.combined).alternative = child(node, keyword);
    } else {
        return false;
    }
    return true;
}

bool SchemaCompiler::take_older_rule(SchemaNode& node, Keyword const& keyword) {
    if (keyword.name == "dependencies") {
        if (!expect(keyword.value.is_object(), node, keyword, "an object of schemas and lists of names")) {
            return true;
        }
        ObjectRules& rules = rules_of(node.object);
        for (auto it = keyword.value.begin(); it != keyword.value.end(); ++it) {
            std::string const step = "/dependencies" + pointer_step(it.key());
            if (it->is_array()) {
                rules.dependent_required.emplace_back(&it.key(),
                                                      names(node, Keyword{keyword.name, *it}, step));
            } else {
                rules.dependent_schemas.emplace_back(&it.key(), add(*it, &node, step, node.resource));
            }
        }
        return true;
    }
    return keyword.name == "additionalItems"; // with items
}

bool SchemaCompiler::take_later_rule(SchemaNode& node, Keyword const& keyword) {
    if (keyword.name == "prefixItems") {
        rules_of(node.array).prefix = children(node, keyword);
    } else if (keyword.name == "unevaluatedItems") {
        rules_of(node.array).unevaluated = child(node, keyword);
    } else if (keyword.name == "unevaluatedProperties") {
        rules_of(node.object).unevaluated = child(node, keyword);
    } else if (keyword.name == "minContains" || keyword.name == "maxContains") {
        auto const count = count_of(keyword.value);
        if (expect(count.has_value(), node, keyword, "a whole number")) {
            ArrayRules& rules = rules_of(node.array);
            (keyword.name == "minContains" ? rules.fewest_contained : rules.most_contained) = *count;
        }
    } else if (keyword.name == "dependentRequired") {
        if (expect(keyword.value.is_object(), node, keyword, "an object of lists of names")) {
            for (auto it = keyword.value.begin(); it != keyword.value.end(); ++it) {
                std::string const step = "/dependentRequired" + pointer_step(it.key());
                rules_of(node.object)
                    .dependent_required.emplace_back(&it.key(),
                                                     names(node, Keyword{keyword.name, *it}, step));
            }
        }
    } else if (keyword.name == "dependentSchemas") {
        if (expect(keyword.value.is_object(), node, keyword, "an object of schemas")) {
            for (auto it = keyword.value.begin(); it != keyword.value.end(); ++it) {
                std::string step = "/dependentSchemas" + pointer_step(it.key());
                rules_of(node.object)
                    .dependent_schemas.emplace_back(&it.key(),
                                                    add(*it, &node, std::move(step), node.resource));
            }
        }
    } else if (keyword.name == "$dynamicRef") {
        add_reference(node, keyword, true);
    } else {
        return keyword.name == "$anchor" || keyword.name == "$dynamicAnchor"; // with the resource
    }
    return true;
}

SchemaNode const* SchemaCompiler::child(SchemaNode& node, Keyword const& keyword) {
    return add(keyword.value, &node, pointer_step(keyword.name), node.resource);
}

Branches SchemaCompiler::children(SchemaNode& node, Keyword const& keyword) {
    Branches out;
    if (expect(keyword.value.is_array() && !keyword.value.empty(), node, keyword, "a list of schemas")) {
        std::string const step = pointer_step(keyword.name) + "/";
        for (Json const& schema : keyword.value) {
            out.push_back(add(schema, &node, step + std::to_string(out.size()), node.resource));
        }
    }
    return out;
}

NamedBranches SchemaCompiler::named_children(SchemaNode& node, Keyword const& keyword) {
    NamedBranches out;
    if (expect(keyword.value.is_object(), node, keyword, "an object of schemas")) {
        std::string const step = pointer_step(keyword.name);
        for (auto it = keyword.value.begin(); it != keyword.value.end(); ++it) {
            out.emplace_back(it.key(), add(*it, &node, step + pointer_step(it.key()), node.resource));
        }
    }
    return out;
}

Names SchemaCompiler::names(SchemaNode& node, Keyword const& keyword, std::string const& step) {
    Names out;
    bool const good = keyword.value.is_array() &&
                      std::all_of(keyword.value.begin(), keyword.value.end(), [](Json const& name) {
                          return name.is_string();
                      });
    if (!good) {
        block(node, step.empty() ? pointer_step(keyword.name) : step, "must be a list of strings");
        return out;
    }
    for (Json const& name : keyword.value) {
        out.push_back(&name.get_ref<std::string const&>());
    }
    return out;
}

SchemaPattern const*
SchemaCompiler::pattern(SchemaNode& node, std::string_view text, std::string const& step) {
    auto const it = program_.patterns.try_emplace(std::string(text), text).first;
    if (!it->second.failure().empty()) {
        block(node, step, "unsupported pattern " + json_quoted(text) + ": " + it->second.failure());
    }
    return &it->second;
}

bool SchemaCompiler::expect(bool good, SchemaNode& node, Keyword const& keyword, std::string_view what) {
    if (!good) {
        block(node, pointer_step(keyword.name), "must be " + std::string(what));
    }
    return good;
}

void SchemaCompiler::block(SchemaNode& node, std::string const& step, std::string const& what) {
    if (node.blocked.empty()) {
        node.blocked = pointer_of(node) + step + ": " + what;
    }
    report(node, step, what);
}

void SchemaCompiler::report(SchemaNode const& node, std::string const& step, std::string const& what) {
    if (program_.findings.size() < kMaxFindings) {
        program_.findings.push_back(pointer_of(node) + step + ": " + what);
    }
}

} // namespace protocol
