#include "protocol/schema.hpp"

#include "core/text/utf8.hpp"
#include "protocol/json_writer.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <optional>

namespace protocol {
namespace {

constexpr std::size_t kQuotedBytes = 60;
constexpr std::size_t kPointerNameBytes = 128;
constexpr std::size_t kListedNames = 30;

bool is_integer(Json const& value) {
    if (value.is_number_integer()) {
        return true;
    }
    if (!value.is_number_float()) {
        return false;
    }
    double const number = value.get<double>();
    return std::isfinite(number) && std::trunc(number) == number;
}

bool has_type(Json const& value, std::string_view type) {
    if (type == "object") {
        return value.is_object();
    }
    if (type == "array") {
        return value.is_array();
    }
    if (type == "string") {
        return value.is_string();
    }
    if (type == "integer") {
        return is_integer(value);
    }
    if (type == "number") {
        return value.is_number();
    }
    if (type == "boolean") {
        return value.is_boolean();
    }
    return type == "null" && value.is_null();
}

/// The names under `type`, which is a string or an array of strings.
std::vector<std::string_view> types_of(Json const& schema) {
    std::vector<std::string_view> types;
    Json const* type = core::find(schema, "type");
    if (type == nullptr) {
        return types;
    }
    if (type->is_string()) {
        types.emplace_back(type->get_ref<std::string const&>());
    } else if (type->is_array()) {
        for (Json const& one : *type) {
            if (one.is_string()) {
                types.emplace_back(one.get_ref<std::string const&>());
            }
        }
    }
    return types;
}

bool allows_type(Json const& schema, std::string_view type) {
    auto const types = types_of(schema);
    return types.empty() || std::find(types.begin(), types.end(), type) != types.end();
}

// Exact for every 64-bit integer on the platforms this runs on, unlike double.
std::optional<long double> number_of(Json const* value) {
    if (value == nullptr || !value->is_number()) {
        return std::nullopt;
    }
    if (value->is_number_unsigned()) {
        return static_cast<long double>(value->get<std::uint64_t>());
    }
    if (value->is_number_integer()) {
        return static_cast<long double>(value->get<std::int64_t>());
    }
    return static_cast<long double>(value->get<double>());
}

std::size_t code_points(std::string_view text) {
    return static_cast<std::size_t>(std::count_if(
        text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

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

std::string shown(Json const& bound) {
    return core::dump_json(bound);
}

/// ` of 1 to 50 characters`, ` from 0`, … or nothing.
std::string range_text(Json const& schema,
                       char const* low_key,
                       char const* high_key,
                       std::string_view between,
                       std::string_view unit) {
    Json const* low = core::find(schema, low_key);
    Json const* high = core::find(schema, high_key);
    std::string text;
    if (low != nullptr && high != nullptr) {
        text = " " + std::string(between) + " " + shown(*low) + " to " + shown(*high);
    } else if (low != nullptr) {
        text = " of at least " + shown(*low);
    } else if (high != nullptr) {
        text = " of at most " + shown(*high);
    }
    return text.empty() ? text : text + std::string(unit);
}

std::string type_text(Json const& schema, std::string_view type) {
    if (type == "string") {
        return "a string" + range_text(schema, "minLength", "maxLength", "of", " characters");
    }
    if (type == "integer") {
        return "an integer" + range_text(schema, "minimum", "maximum", "from", "");
    }
    if (type == "number") {
        return "a number" + range_text(schema, "minimum", "maximum", "from", "");
    }
    if (type == "array") {
        return "an array" + range_text(schema, "minItems", "maxItems", "of", " items");
    }
    if (type == "boolean") {
        return "true or false";
    }
    return type == "object" ? "an object" : std::string(type);
}

std::string expectation(Json const& schema) {
    if (Json const* only = core::find(schema, "const")) {
        return core::dump_json(*only);
    }
    if (Json const* values = core::find_array(schema, "enum")) {
        std::string text = "one of ";
        for (std::size_t i = 0; i < values->size() && i < kListedNames; ++i) {
            text += (i == 0 ? "" : ", ") + core::dump_json((*values)[i]);
        }
        return values->size() > kListedNames ? text + ", …" : text;
    }
    std::string text;
    for (std::string_view const type : types_of(schema)) {
        text += (text.empty() ? "" : " or ") + type_text(schema, type);
    }
    return text.empty() ? "a value" + range_text(schema, "minimum", "maximum", "from", "") : text;
}

std::string child_pointer(std::string const& parent, std::string_view name) {
    std::string pointer = parent + "/";
    for (char const c : core::utf8_prefix(name, kPointerNameBytes)) {
        pointer += c == '~' ? "~0" : c == '/' ? "~1" : std::string(1, c);
    }
    return pointer;
}

std::string names_hint(std::string_view wrong, Json const* properties) {
    std::vector<std::string_view> known;
    if (properties != nullptr) {
        for (auto it = properties->begin(); it != properties->end(); ++it) {
            known.emplace_back(it.key());
        }
    }
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

class Walker {
public:
    explicit Walker(std::size_t max_problems) : max_problems_(max_problems) {}

    void check(Json const& schema, Json const& value, std::string const& pointer) {
        if (full() || !schema.is_object()) {
            return;
        }
        if (!scalar_ok(schema, value)) {
            add(pointer, described(value), expectation(schema));
            return;
        }
        if (value.is_object()) {
            check_object(schema, value, pointer);
        } else if (Json const* items = value.is_array() ? core::find(schema, "items") : nullptr) {
            for (std::size_t i = 0; i < value.size() && !full(); ++i) {
                check(*items, value[i], pointer + "/" + std::to_string(i));
            }
        }
    }

    std::vector<SchemaProblem> take() { return std::move(problems_); }

private:
    bool full() const { return problems_.size() >= max_problems_; }

    void add(std::string pointer, std::string found, std::string expected, std::string hint = {}) {
        if (!full()) {
            problems_.emplace_back(
                std::move(pointer), std::move(found), std::move(expected), std::move(hint));
        }
    }

    static bool in_range(Json const& schema, char const* low, char const* high, long double measure) {
        auto const minimum = number_of(core::find(schema, low));
        auto const maximum = number_of(core::find(schema, high));
        return (!minimum || measure >= *minimum) && (!maximum || measure <= *maximum);
    }

    /// Everything that is said about this value itself, not about what it contains.
    static bool scalar_ok(Json const& schema, Json const& value) {
        auto const types = types_of(schema);
        if (!types.empty() && std::none_of(types.begin(), types.end(), [&](std::string_view type) {
                return has_type(value, type);
            })) {
            return false;
        }
        if (Json const* only = core::find(schema, "const"); only != nullptr && *only != value) {
            return false;
        }
        if (Json const* values = core::find_array(schema, "enum");
            values != nullptr && std::find(values->begin(), values->end(), value) == values->end()) {
            return false;
        }
        if (auto const number = number_of(&value)) {
            return in_range(schema, "minimum", "maximum", *number);
        }
        if (value.is_string()) {
            return in_range(schema,
                            "minLength",
                            "maxLength",
                            static_cast<long double>(code_points(value.get_ref<std::string const&>())));
        }
        return !value.is_array() ||
               in_range(schema, "minItems", "maxItems", static_cast<long double>(value.size()));
    }

    void check_object(Json const& schema, Json const& value, std::string const& pointer) {
        Json const* properties = core::find_object(schema, "properties");
        if (Json const* required = core::find_array(schema, "required")) {
            for (Json const& name : *required) {
                if (name.is_string() && !value.contains(name.get_ref<std::string const&>())) {
                    add_missing(properties, name.get_ref<std::string const&>(), pointer);
                }
            }
        }
        Json const* additional = core::find(schema, "additionalProperties");
        for (auto it = value.begin(); it != value.end() && !full(); ++it) {
            Json const* property = properties != nullptr ? core::find(*properties, it.key()) : nullptr;
            if (property != nullptr) {
                check(*property, *it, child_pointer(pointer, it.key()));
            } else if (additional != nullptr && additional->is_object()) {
                check(*additional, *it, child_pointer(pointer, it.key()));
            } else if (additional != nullptr && additional->is_boolean() && !additional->get<bool>()) {
                add(child_pointer(pointer, it.key()),
                    "an unknown property",
                    "no such property",
                    names_hint(it.key(), properties));
            }
        }
    }

    void add_missing(Json const* properties, std::string const& name, std::string const& pointer) {
        Json const* property = properties != nullptr ? core::find(*properties, name) : nullptr;
        std::string hint;
        if (property != nullptr) {
            hint = std::string(core::find_string(*property, "description").value_or(""));
        }
        add(child_pointer(pointer, name),
            "nothing",
            property != nullptr ? expectation(*property) + " (required)" : "a value (required)",
            std::move(hint));
    }

    std::size_t max_problems_;
    std::vector<SchemaProblem> problems_;
};

} // namespace

std::string to_string(SchemaProblem const& problem) {
    std::string text = problem.pointer.empty() ? "the value" : "`" + problem.pointer + "`";
    text += ": found " + problem.found + ", expected " + problem.expected;
    return problem.hint.empty() ? text : text + "; " + problem.hint;
}

std::vector<SchemaProblem> validate(Json const& schema, Json const& value, std::size_t max_problems) {
    Walker walker(max_problems);
    walker.check(schema, value, {});
    return walker.take();
}

void normalize_integers(Json const& schema, Json& value) {
    if (value.is_number_float() && is_integer(value) && !types_of(schema).empty() &&
        allows_type(schema, "integer") && !allows_type(schema, "number")) {
        double const number = value.get<double>();
        constexpr double kLargestExact =
            9007199254740992.0; // 2^53: beyond it a double no longer names one integer
        if (std::abs(number) <= kLargestExact) {
            value = static_cast<std::int64_t>(number);
        }
        return;
    }
    if (value.is_object()) {
        Json const* properties = core::find_object(schema, "properties");
        Json const* additional = core::find_object(schema, "additionalProperties");
        for (auto it = value.begin(); it != value.end(); ++it) {
            Json const* property = properties != nullptr ? core::find(*properties, it.key()) : nullptr;
            if (property == nullptr) {
                property = additional;
            }
            if (property != nullptr) {
                normalize_integers(*property, *it);
            }
        }
    } else if (Json const* items = value.is_array() ? core::find_object(schema, "items") : nullptr) {
        for (Json& item : value) {
            normalize_integers(*items, item);
        }
    }
}

} // namespace protocol
