#include "server/config/environment.hpp"

#include <algorithm>
#include <cctype>
#include <cstdlib>

namespace server {
namespace {

bool is_name(std::string_view name) noexcept {
    auto const word = [](unsigned char c) { return std::isalnum(c) != 0 || c == '_'; };
    return !name.empty() && std::isdigit(static_cast<unsigned char>(name.front())) == 0 &&
           std::all_of(name.begin(), name.end(), word);
}

/// What stands between the braces; the value, or why there is none.
void expand_one(std::string_view reference, Environment const& environment, Expansion& out) {
    auto const separator = reference.find(":-");
    std::string const name(reference.substr(0, separator));
    if (!is_name(name)) {
        out.problem = "${" + std::string(reference) + "}, which is not ${NAME} or ${NAME:-default}";
        return;
    }
    std::optional<std::string> value = environment(name);
    if (separator != std::string_view::npos && (!value || value->empty())) {
        value = std::string(reference.substr(separator + 2));
    }
    if (!value) {
        out.problem = "${" + name + "}, but the environment variable " + name + " is not set";
        return;
    }
    out.text += *value;
    out.expanded = true;
}

} // namespace

Environment process_environment() {
    return [](std::string const& name) -> std::optional<std::string> {
        // Read before threads start, or while nobody writes the environment: this program never does.
        char const* value = std::getenv(name.c_str());
        return value != nullptr ? std::optional<std::string>(value) : std::nullopt;
    };
}

Expansion expand_environment(std::string_view text, Environment const& environment) {
    Expansion out;
    while (!text.empty() && out.problem.empty()) {
        if (text.starts_with("$${")) {
            out.text += "${";
            text.remove_prefix(3);
        } else if (text.starts_with("${")) {
            auto const end = text.find('}');
            if (end == std::string_view::npos) {
                out.problem = "\"${\" without a closing brace";
                break;
            }
            expand_one(text.substr(2, end - 2), environment, out);
            text.remove_prefix(end + 1);
        } else {
            out.text += text.front();
            text.remove_prefix(1);
        }
    }
    return out;
}

} // namespace server
