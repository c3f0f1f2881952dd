#include "protocol/schema.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cctype>
#include <numeric>
#include <utility>

namespace protocol {
namespace {

constexpr std::array<std::string_view, 7> kTypes{
    "object", "array", "string", "integer", "number", "boolean", "null"};

bool is_type_name(Json const& value) {
    return value.is_string() &&
           std::find(kTypes.begin(), kTypes.end(), value.get_ref<std::string const&>()) != kTypes.end();
}

bool is_list_of(Json const& value, bool (*accepts)(Json const&)) {
    return value.is_array() && std::all_of(value.begin(), value.end(), accepts);
}

bool is_string(Json const& value) {
    return value.is_string();
}
bool is_anything(Json const&) {
    return true;
}

void collect(Json const& schema, std::string const& pointer, std::vector<std::string>& findings);

void collect_keyword(std::string const& keyword,
                     Json const& value,
                     std::string const& pointer,
                     std::vector<std::string>& findings) {
    auto const expect = [&](bool good, std::string_view what) {
        if (!good) {
            findings.push_back(pointer + ": must be " + std::string(what));
        }
    };
    if (keyword == "type") {
        expect(is_type_name(value) || (is_list_of(value, is_type_name) && !value.empty()),
               "a type name or a list of type names");
    } else if (keyword == "properties") {
        expect(value.is_object(), "an object of schemas");
        for (auto it = value.begin(); value.is_object() && it != value.end(); ++it) {
            collect(*it, pointer + "/" + it.key(), findings);
        }
    } else if (keyword == "items") {
        collect(value, pointer, findings);
    } else if (keyword == "additionalProperties") {
        if (!value.is_boolean()) {
            collect(value, pointer, findings);
        }
    } else if (keyword == "required") {
        expect(is_list_of(value, is_string), "a list of strings");
    } else if (keyword == "enum") {
        expect(is_list_of(value, is_anything) && !value.empty(), "a list of values");
    } else if (keyword == "minimum" || keyword == "maximum") {
        expect(value.is_number(), "a number");
    } else if (keyword == "minLength" || keyword == "maxLength" || keyword == "minItems" ||
               keyword == "maxItems") {
        expect(value.is_number_unsigned(), "a whole number");
    } else if (keyword == "description" || keyword == "title") {
        expect(value.is_string(), "a string");
    } else if (keyword != "const" && keyword != "default" && !keyword.starts_with("x-")) {
        findings.push_back(pointer + ": unsupported keyword");
    }
}

void collect(Json const& schema, std::string const& pointer, std::vector<std::string>& findings) {
    if (!schema.is_object()) {
        findings.push_back(pointer + ": a schema must be an object");
        return;
    }
    for (auto it = schema.begin(); it != schema.end(); ++it) {
        collect_keyword(it.key(), *it, pointer + "/" + it.key(), findings);
    }
}

std::string folded(std::string_view name) {
    std::string text;
    for (char const c : name) {
        if (c != '_' && c != '-') {
            text += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
        }
    }
    return text;
}

/// Insertions, deletions, replacements and swaps of neighbours.
std::size_t edit_distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> before(b.size() + 1);
    std::vector<std::size_t> last(b.size() + 1);
    std::vector<std::size_t> row(b.size() + 1);
    std::iota(last.begin(), last.end(), std::size_t{0});
    for (std::size_t i = 1; i <= a.size(); ++i) {
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            std::size_t const replaced = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
            row[j] = std::min({last[j] + 1, row[j - 1] + 1, replaced});
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
                row[j] = std::min(row[j], before[j - 2] + 1);
            }
        }
        std::swap(before, last);
        std::swap(last, row);
    }
    return last[b.size()];
}

/// `repo` for `repository`, `project_name` for `project`.
bool begins_alike(std::string_view a, std::string_view b) {
    constexpr std::size_t kFewestLetters = 3;
    return std::min(a.size(), b.size()) >= kFewestLetters && (a.starts_with(b) || b.starts_with(a));
}

} // namespace

std::vector<std::string> check_schema_supported(Json const& schema) {
    std::vector<std::string> findings;
    collect(schema, {}, findings);
    return findings;
}

std::string_view nearest_name(std::string_view name, std::vector<std::string_view> const& candidates) {
    constexpr std::size_t kLongestName = 64; // the distance costs the product of both lengths
    std::string_view nearest;
    if (name.empty() || name.size() > kLongestName) {
        return nearest;
    }
    std::string const wanted = folded(name);
    std::size_t closest = std::max<std::size_t>(wanted.size() / 3, 1);
    for (std::string_view const candidate : candidates) {
        std::size_t const distance = edit_distance(wanted, folded(candidate));
        if (distance < closest || (distance == closest && nearest.empty())) {
            closest = distance;
            nearest = candidate;
        }
    }
    for (std::string_view const candidate : candidates) {
        if (nearest.empty() && begins_alike(wanted, folded(candidate))) {
            nearest = candidate;
        }
    }
    return nearest;
}

} // namespace protocol
