#include "simulator/message.hpp"

#include <algorithm>

namespace simulator {
namespace {

std::string_view find_value(NameValues const& pairs, std::string_view name) noexcept {
    for (auto const& [key, value] : pairs) {
        if (key == name) {
            return value;
        }
    }
    return {};
}

} // namespace

std::string dump(Json const& value) {
    return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::optional<Json> parse_json(std::string_view text) {
    if (text.starts_with("\xEF\xBB\xBF")) {
        text.remove_prefix(3);
    }
    Json value = Json::parse(text, nullptr, false);
    if (value.is_discarded()) {
        return std::nullopt;
    }
    return value;
}

std::string string_member(Json const& object, std::string_view name, std::string_view fallback) {
    if (object.is_object()) {
        auto const found = object.find(std::string(name));
        if (found != object.end() && found->is_string()) {
            return found->get<std::string>();
        }
    }
    return std::string(fallback);
}

long long int_member(Json const& object, std::string_view name, long long fallback) {
    if (object.is_object()) {
        auto const found = object.find(std::string(name));
        if (found != object.end() && found->is_number()) {
            return found->get<long long>();
        }
        long long value = 0;
        if (found != object.end() && found->is_string() &&
            to_int(found->get_ref<std::string const&>(), value)) {
            return value;
        }
    }
    return fallback;
}

void Request::set_target(std::string_view raw) {
    target = std::string(raw);
    auto const question = raw.find('?');
    auto const path = raw.substr(0, question);
    for (auto const& part : split(path, '/')) {
        if (!part.empty()) {
            segments.push_back(percent_decode(part, false));
        }
    }
    if (question != std::string_view::npos) {
        query = parse_form(raw.substr(question + 1));
        for (auto& [name, value] : query) {
            name = lower(name);
        }
    }
}

std::string_view Request::header(std::string_view lower_name) const noexcept {
    return find_value(headers, lower_name);
}
std::string_view Request::param(std::string_view lower_name) const noexcept {
    return find_value(query, lower_name);
}

bool Request::has_param(std::string_view lower_name) const noexcept {
    return std::any_of(
        query.begin(), query.end(), [&](auto const& pair) { return pair.first == lower_name; });
}

bool Request::flag(std::string_view lower_name) const noexcept {
    auto const value = param(lower_name);
    return iequals(value, "true") || value == "1";
}

long long Request::int_param(std::string_view lower_name, long long fallback) const noexcept {
    long long value = 0;
    return to_int(param(lower_name), value) ? value : fallback;
}

std::string_view Request::host_name() const noexcept {
    std::string_view const name = host;
    auto const colon = name.rfind(':');
    bool const has_port =
        colon != std::string_view::npos && (!name.starts_with('[') || name.find(']') < colon);
    return has_port ? name.substr(0, colon) : name;
}

bool Reply::has_header(std::string_view name) const noexcept {
    return std::any_of(
        headers.begin(), headers.end(), [&](auto const& pair) { return iequals(pair.first, name); });
}

Reply json_reply(Json const& value, int status) {
    return {status, "application/json; charset=utf-8", dump(value)};
}

Reply empty_reply(int status) {
    return {status, "", ""};
}

Reply list_reply(Json const& values, bool value_first) {
    std::string const count = std::to_string(values.size());
    std::string const list = dump(values);
    std::string body = value_first ? "{\"value\":" + list + ",\"count\":" + count + "}"
                                   : "{\"count\":" + count + ",\"value\":" + list + "}";
    return {200, "application/json; charset=utf-8", std::move(body)};
}

} // namespace simulator
