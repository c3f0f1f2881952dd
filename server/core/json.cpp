#include "core/json.hpp"

#include "core/json_reader.hpp"

#include <nlohmann/json.hpp>

#include <limits>

namespace core {
namespace {

class Extent {
public:
    std::size_t depth = 0;        ///< of the deepest container
    std::size_t string_bytes = 0; ///< of the longest string
};

/// Without building anything; malformed text is the parser's matter.
Extent measure(std::string_view text) noexcept {
    Extent extent;
    std::size_t depth = 0;
    bool in_string = false;
    std::size_t begin = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        char const c = text[i];
        if (in_string) {
            if (c == '\\') {
                ++i;
            } else if (c == '"') {
                in_string = false;
                extent.string_bytes = std::max(extent.string_bytes, i - begin);
            }
            continue;
        }
        switch (c) {
        case '"':
            in_string = true;
            begin = i + 1;
            break;
        case '{':
        case '[':
            extent.depth = std::max(extent.depth, ++depth);
            break;
        case '}':
        case ']':
            depth -= depth != 0 ? 1 : 0;
            break;
        default:
            break;
        }
    }
    return extent;
}

} // namespace

Result<Json> parse_json(std::string_view text, JsonLimits const& limits) {
    if (text.size() > limits.max_bytes) {
        return fail(ErrorKind::protocol,
                    "JSON text has " + std::to_string(text.size()) + " bytes, the limit is " +
                        std::to_string(limits.max_bytes));
    }
    if (std::optional<Json> sound = read_sound_json(text, limits)) {
        return std::move(*sound);
    }
    // What is left is wrong or unusual: the library decides, and says where.
    Extent const extent = measure(text);
    if (extent.string_bytes > limits.max_string_bytes) {
        return fail(ErrorKind::protocol,
                    "JSON holds a string of " + std::to_string(extent.string_bytes) +
                        " bytes, the limit is " + std::to_string(limits.max_string_bytes));
    }
    if (extent.depth > limits.max_depth) {
        return fail(ErrorKind::protocol,
                    "JSON is nested deeper than " + std::to_string(limits.max_depth) + " levels");
    }
    if (text.starts_with("\xEF\xBB\xBF")) {
        text.remove_prefix(3);
    }
    try {
        return Json::parse(text.begin(), text.end());
    } catch (Json::parse_error const& e) {
        return fail(ErrorKind::protocol, "not JSON: error at byte " + std::to_string(e.byte));
    } catch (Json::exception const&) {
        // A number outside the range of double.
        return fail(ErrorKind::protocol, "not JSON: a number is out of range");
    }
}

std::string dump_json(Json const& value) {
    return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string dump_json_pretty(Json const& value) {
    return value.dump(2, ' ', false, Json::error_handler_t::replace);
}

Json const* find(Json const& object, std::string_view key) noexcept {
    if (!object.is_object()) {
        return nullptr;
    }
    auto const it = object.find(key);
    return it == object.end() ? nullptr : &*it;
}

Json const* find_object(Json const& object, std::string_view key) noexcept {
    Json const* member = find(object, key);
    return member != nullptr && member->is_object() ? member : nullptr;
}

Json const* find_array(Json const& object, std::string_view key) noexcept {
    Json const* member = find(object, key);
    return member != nullptr && member->is_array() ? member : nullptr;
}

std::optional<std::string_view> find_string(Json const& object, std::string_view key) noexcept {
    Json const* member = find(object, key);
    if (member == nullptr || !member->is_string()) {
        return std::nullopt;
    }
    return std::string_view(member->get_ref<std::string const&>());
}

std::optional<std::int64_t> find_int(Json const& object, std::string_view key) noexcept {
    Json const* member = find(object, key);
    if (member == nullptr || !member->is_number_integer()) {
        return std::nullopt;
    }
    if (member->is_number_unsigned() &&
        member->get<std::uint64_t>() > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
        return std::nullopt;
    }
    return member->get<std::int64_t>();
}

std::optional<bool> find_bool(Json const& object, std::string_view key) noexcept {
    Json const* member = find(object, key);
    if (member == nullptr || !member->is_boolean()) {
        return std::nullopt;
    }
    return member->get<bool>();
}

} // namespace core
