#include "core/text/utf8.hpp"
#include "protocol/schema.hpp"
#include "protocol/schema_words.hpp"

#include <algorithm>

// The names of properties, as problems tell them.
namespace protocol {
namespace {

constexpr std::size_t kPointerNameBytes = 128;
constexpr std::size_t kListedNames = 30;
constexpr int kDepth = 3; // combinations within combinations

void collect_names(SchemaNode const& node, std::vector<std::string_view>& names, int depth) {
    if (node.object) {
        for (auto const& [name, schema] : node.object->properties) {
            if (schema->kind != SchemaKind::never) {
                names.push_back(name);
            }
        }
    }
    if (!node.combined || depth == 0) {
        return;
    }
    CombinedRules const& rules = *node.combined;
    for (Branches const* group : {&rules.all, &rules.any, &rules.one}) {
        for (SchemaNode const* branch : *group) {
            collect_names(*branch, names, depth - 1);
        }
    }
    for (SchemaNode const* branch :
         {rules.reference, rules.dynamic_reference, rules.condition, rules.consequence, rules.alternative}) {
        if (branch != nullptr) {
            collect_names(*branch, names, depth - 1);
        }
    }
}

} // namespace

std::vector<std::string_view> known_names(SchemaNode const& node) {
    std::vector<std::string_view> names;
    collect_names(node, names, kDepth);
    std::sort(names.begin(), names.end());
    names.erase(std::unique(names.begin(), names.end()), names.end());
    return names;
}

std::string names_hint(std::string_view wrong, std::vector<std::string_view> const& known) {
    if (std::string_view const near = nearest_name(wrong, known); !near.empty()) {
        return "did you mean `" + std::string(near) + "`?";
    }
    if (known.empty()) {
        return "there are no properties to give";
    }
    std::string text = "known: ";
    for (std::size_t i = 0; i < known.size() && i < kListedNames; ++i) {
        text += (i == 0 ? "`" : ", `") + std::string(known[i]) + "`";
    }
    return text;
}

std::string child_pointer(std::string const& parent, std::string_view name) {
    return parent + pointer_step(core::utf8_prefix(name, kPointerNameBytes));
}

} // namespace protocol
