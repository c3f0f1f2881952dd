#include "protocol/schema_words.hpp"

#include "core/text/utf8.hpp"
#include "protocol/json_writer.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>

namespace protocol {
namespace {

constexpr std::size_t kQuotedBytes = 60;
constexpr std::size_t kShownBytes = 200;
constexpr std::size_t kPointerNameBytes = 128;
constexpr std::size_t kListedNames = 30;
constexpr std::size_t kListedAlternatives = 8;
constexpr std::size_t kPhraseBytes = 600;
constexpr int kPhraseDepth = 3; // alternatives within alternatives
constexpr int kReferenceDepth = 8;

bool is_small(Json const& value, int depth) {
    constexpr std::size_t kFewMembers = 20;
    if (!value.is_structured()) {
        return true;
    }
    return depth > 0 && value.size() <= kFewMembers &&
           std::all_of(
               value.begin(), value.end(), [&](Json const& member) { return is_small(member, depth - 1); });
}

/// A value of the schema: const, enum, bounds.
std::string shown(Json const& value) {
    if (value.is_string()) {
        return json_quoted(value.get_ref<std::string const&>(), kShownBytes);
    }
    if (!is_small(value, 3)) {
        return described(value);
    }
    std::string text = core::dump_json(value);
    return text.size() > kShownBytes ? std::string(core::utf8_prefix(text, kShownBytes)) + "…" : text;
}

class Bounds {
public:
    char const* low;
    char const* high;
    char const* above = nullptr;
    char const* below = nullptr;
    char const* between = "of";
    char const* unit = "";
};

/// ` of 1 to 50 characters`, ` from 0 to 9`, ` greater than 0 and at most 1`, … or nothing.
std::string range_text(Json const& schema, Bounds const& bounds) {
    Json const* low = core::find(schema, bounds.low);
    Json const* high = core::find(schema, bounds.high);
    Json const* above = bounds.above != nullptr ? core::find(schema, bounds.above) : nullptr;
    Json const* below = bounds.below != nullptr ? core::find(schema, bounds.below) : nullptr;
    if (above == nullptr && below == nullptr && low != nullptr && high != nullptr) {
        return " " + std::string(bounds.between) + " " + shown(*low) + " to " + shown(*high) + bounds.unit;
    }
    std::string text;
    auto const words_end = [](std::string_view words) { return words.starts_with("of ") ? 3U : 0U; };
    for (auto const& [bound, words] : {std::pair{low, "of at least "},
                                       std::pair{above, "greater than "},
                                       std::pair{high, "of at most "},
                                       std::pair{below, "less than "}}) {
        if (bound != nullptr) {
            text += (text.empty() ? " " : " and ") +
                    std::string(words).substr(text.empty() ? 0 : words_end(words)) + shown(*bound);
        }
    }
    return text.empty() ? text : text + bounds.unit;
}

std::string number_text(Json const& schema, std::string_view noun) {
    std::string text(noun);
    text += range_text(schema, {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "from"});
    Json const* divisor = core::find(schema, "multipleOf");
    return divisor != nullptr ? text + ", a multiple of " + shown(*divisor) : text;
}

std::string type_text(Json const& schema, TypeBits type) {
    switch (type) {
    case kStringType: {
        std::string text =
            "a string" +
            range_text(schema, {"minLength", "maxLength", nullptr, nullptr, "of", " characters"});
        auto const pattern = core::find_string(schema, "pattern");
        return pattern ? text + " that matches the pattern " + json_quoted(*pattern, kShownBytes) : text;
    }
    case kIntegerType:
        return number_text(schema, "an integer");
    case kNumberType:
        return number_text(schema, "a number");
    case kArrayType: {
        std::string text =
            "an array" + range_text(schema, {"minItems", "maxItems", nullptr, nullptr, "of", " items"});
        return core::find_bool(schema, "uniqueItems").value_or(false) ? text + ", no two of them equal"
                                                                      : text;
    }
    case kObjectType:
        return "an object" +
               range_text(schema, {"minProperties", "maxProperties", nullptr, nullptr, "of", " properties"});
    case kBooleanType:
        return "true or false";
    default:
        return "null";
    }
}

/// In the order the schema lists them.
std::string types_text(SchemaNode const& node) {
    Json const* type = core::find(*node.json, "type");
    if (node.types == kAnyType || type == nullptr) {
        return {};
    }
    if (type->is_string()) {
        return type_text(*node.json, type_named(type->get_ref<std::string const&>()));
    }
    std::string text;
    for (Json const& one : *type) {
        text += (text.empty() ? "" : " or ") +
                type_text(*node.json, type_named(one.get_ref<std::string const&>()));
    }
    return text;
}

/// For a node without a type: what it says about values of the type that was found.
std::string implied_text(SchemaNode const& node, Json const& found) {
    if (found.is_number() && node.number) {
        return type_text(*node.json, kNumberType);
    }
    if (found.is_string() && node.string) {
        return type_text(*node.json, kStringType);
    }
    if (found.is_array() && node.array) {
        return type_text(*node.json, kArrayType);
    }
    return found.is_object() && node.object ? type_text(*node.json, kObjectType) : std::string();
}

std::string values_text(SchemaNode const& node) {
    if (node.constant != nullptr) {
        return shown(*node.constant);
    }
    std::string text;
    if (node.values != nullptr) {
        for (std::size_t i = 0; i < node.values->size() && i < kListedNames; ++i) {
            text += (i == 0 ? "one of " : ", ") + shown((*node.values)[i]);
        }
        text += node.values->size() > kListedNames ? ", …" : "";
    }
    return text;
}

template <class List, class Text>
std::string joined(List const& list, std::string_view between, Text&& text_of) {
    std::string text;
    std::size_t count = 0;
    for (auto const& one : list) {
        if (++count > kListedNames) {
            return text + std::string(between) + "…";
        }
        text += (text.empty() ? "" : std::string(between)) + text_of(one);
    }
    return text;
}

std::string shown_name(std::string_view name) {
    std::string_view const cut = core::utf8_prefix(name, kPointerNameBytes);
    return cut.size() < name.size() ? std::string(cut) + "…" : std::string(cut);
}

std::string names_text(Names const& names) {
    return joined(names, " and ", [](std::string const* name) { return shown_name(*name); });
}

SchemaNode const& behind_references(SchemaNode const& node) {
    SchemaNode const* at = &node;
    for (int i = 0;
         i < kReferenceDepth && at->combined && at->combined->reference != nullptr && at->json->size() <= 2;
         ++i) {
        at = at->combined->reference;
    }
    return *at;
}

/// Nothing but names that must be there.
bool asks_for_presence_only(SchemaNode const& node) {
    if (node.kind != SchemaKind::rules || !node.object || node.object->required.empty()) {
        return false;
    }
    for (auto it = node.json->begin(); it != node.json->end(); ++it) {
        if (it.key() != "required" && it.key() != "type" && it.key() != "description" &&
            it.key() != "title") {
            return false;
        }
    }
    return true;
}

std::string phrase(SchemaNode const& given, int depth);

std::string list_text(Branches const& branches, int depth) {
    bool const presence = std::all_of(branches.begin(), branches.end(), [](SchemaNode const* branch) {
        return asks_for_presence_only(*branch);
    });
    std::string text;
    for (std::size_t i = 0; i < branches.size() && i < kListedAlternatives; ++i) {
        text += i == 0 ? "" : "; ";
        text += presence ? names_text(branches[i]->object->required) : phrase(*branches[i], depth);
    }
    text += branches.size() > kListedAlternatives ? "; …" : "";
    std::string const lead = branches.size() > 1 ? "one of: " : "";
    return lead + (presence ? text + " must be present" : text);
}

/// `kind is "a"`: what tells one alternative from another.
std::string fixed_members(ObjectRules const& rules) {
    std::string text;
    for (auto const& [name, schema] : rules.properties) {
        if (schema->constant != nullptr || (schema->values != nullptr && schema->values->size() == 1)) {
            Json const& value = schema->constant != nullptr ? *schema->constant : schema->values->front();
            text += (text.empty() ? "" : " and ") + shown_name(name) + " " + shown(value);
        }
    }
    return text;
}

std::string object_text(SchemaNode const& node) {
    ObjectRules const& rules = *node.object;
    std::string const fixed = fixed_members(rules);
    Names rest;
    std::copy_if(
        rules.required.begin(), rules.required.end(), std::back_inserter(rest), [&](std::string const* name) {
            SchemaNode const* property = rules.property(*name);
            return property == nullptr || (property->constant == nullptr && property->values == nullptr);
        });
    std::string const names = names_text(rest);
    return fixed + (fixed.empty() || names.empty() ? "" : " and ") + names;
}

std::string combined_text(CombinedRules const& rules, int depth) {
    std::string text;
    auto const add = [&](std::string more) { text += (text.empty() || more.empty() ? "" : ", and ") + more; };
    if (rules.reference != nullptr) {
        add(phrase(*rules.reference, depth));
    }
    for (std::size_t i = 0; i < rules.all.size() && i < kListedAlternatives; ++i) {
        add(phrase(*rules.all[i], depth));
    }
    for (Branches const* group : {&rules.any, &rules.one}) {
        if (!group->empty()) {
            add(list_text(*group, depth));
        }
    }
    if (rules.excluded != nullptr) {
        add("not " + phrase(*rules.excluded, depth));
    }
    return text;
}

std::string phrase(SchemaNode const& given, int depth) {
    SchemaNode const& node = behind_references(given);
    if (node.kind != SchemaKind::rules) {
        return node.kind == SchemaKind::always ? "anything" : "nothing";
    }
    std::string text = values_text(node);
    text = text.empty() ? types_text(node) : text;
    for (TypeBits const type : {kNumberType, kStringType, kArrayType}) {
        bool const has = type == kNumberType   ? node.number != nullptr
                         : type == kStringType ? node.string != nullptr
                                               : node.array != nullptr;
        text = text.empty() && has ? type_text(*node.json, type) : text;
    }
    if (node.object) {
        std::string const members = object_text(node);
        text = text.empty() ? "an object" : text;
        text += members.empty() ? "" : " with " + members;
    }
    if (node.combined && depth > 0) {
        std::string const more = combined_text(*node.combined, depth - 1);
        text += (text.empty() || more.empty() ? "" : ", and ") + more;
    }
    if (text.empty()) {
        text = core::find_string(*node.json, "title").value_or("a value");
    }
    return text.size() > kPhraseBytes ? std::string(core::utf8_prefix(text, kPhraseBytes)) + "…" : text;
}

} // namespace

std::string described(Json const& value) {
    switch (value.type()) {
    case Json::value_t::object:
        return "an object";
    case Json::value_t::array:
        return "an array of " + std::to_string(value.size());
    case Json::value_t::string:
        return "the string " + json_quoted(value.get_ref<std::string const&>(), kQuotedBytes);
    case Json::value_t::null:
        return "null";
    default:
        return core::dump_json(value);
    }
}

std::string expectation(SchemaNode const& given, Json const* found) {
    SchemaNode const& node = found == nullptr ? behind_references(given) : given;
    std::string text = values_text(node);
    text = text.empty() ? types_text(node) : text;
    if (text.empty() && found != nullptr) {
        text = implied_text(node, *found);
    }
    return text.empty() ? phrase(node) : text;
}

std::string phrase(SchemaNode const& node) {
    return phrase(node, kPhraseDepth);
}

std::string opposite(SchemaNode const& excluded) {
    return asks_for_presence_only(excluded) ? "an object without " + names_text(excluded.object->required)
                                            : "anything but " + phrase(excluded);
}

std::string alternatives(Branches const& branches) {
    return list_text(branches, kPhraseDepth - 1);
}

bool is_plausible(SchemaNode const& given, Json const& value) {
    SchemaNode const& node = behind_references(given);
    if (node.kind != SchemaKind::rules) {
        return node.kind == SchemaKind::always;
    }
    auto const equals = [](SchemaNode const& rule, Json const& one) {
        return (rule.constant == nullptr || same_json(*rule.constant, one)) &&
               (rule.values == nullptr ||
                std::any_of(rule.values->begin(), rule.values->end(), [&](Json const& each) {
                    return same_json(each, one);
                }));
    };
    if ((node.types & types_of(value)) == 0 || !equals(node, value)) {
        return false;
    }
    if (!value.is_object() || !node.object) {
        return true;
    }
    return std::all_of(
        node.object->properties.begin(), node.object->properties.end(), [&](auto const& property) {
            Json const* member = core::find(value, property.first);
            return member == nullptr || equals(*property.second, *member);
        });
}

std::string condition(SchemaNode const& node, bool holds) {
    if (node.kind != SchemaKind::rules || !node.object) {
        return {};
    }
    for (auto it = node.json->begin(); it != node.json->end(); ++it) {
        if (it.key() != "properties" && it.key() != "required" && it.key() != "type") {
            return {};
        }
    }
    std::string text;
    std::size_t count = 0;
    auto const add = [&](std::string_view name, std::string const& rest) {
        text += (count++ == 0 ? "" : " and ") + shown_name(name) + rest;
    };
    std::string const is = holds ? " is " : " is not ";
    for (auto const& [name, property] : node.object->properties) {
        if (property->constant == nullptr && property->values == nullptr) {
            return {};
        }
        add(name, is + values_text(*property));
    }
    for (std::string const* name : node.object->required) {
        if (node.object->property(*name) == nullptr) {
            add(*name, is + "given");
        }
    }
    // Of several conditions that do not all hold, nothing short can be said.
    return count == 0 || (!holds && count > 1) ? std::string() : text;
}

std::string_view description_of(SchemaNode const& node) {
    auto const own = core::find_string(*node.json, "description");
    return own ? *own : core::find_string(*behind_references(node).json, "description").value_or("");
}

} // namespace protocol
