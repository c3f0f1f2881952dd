#include "server/config/config_section.hpp"

#include "core/http/http_message.hpp"
#include "core/text/utf8.hpp"
#include "server/config/private_file.hpp"

#include <nlohmann/json.hpp>

#include <cerrno>
#include <filesystem>

#include <unistd.h>

namespace server {

std::string quoted_text(std::string_view text) {
    constexpr std::size_t kShown = 100;
    std::string_view const head = core::utf8_prefix(text, kShown);
    return "\"" + std::string(head) + (head.size() < text.size() ? "…\"" : "\"");
}

bool is_plain_url(std::string_view text) {
    return text.find_first_of("?#@ ") == std::string_view::npos && core::Url::parse(text).has_value();
}

bool ConfigSection::has(std::string_view key) const {
    return object_ != nullptr && core::find(*object_, key) != nullptr;
}

ConfigSection ConfigSection::section(std::string_view key) const {
    core::Json const* member = object_ != nullptr ? core::find_object(*object_, key) : nullptr;
    return ConfigSection(member, pointer(key), *folder_, *problems_);
}

std::vector<ConfigSection> ConfigSection::sections(std::string_view key) const {
    std::vector<ConfigSection> out;
    core::Json const* member = object_ != nullptr ? core::find_array(*object_, key) : nullptr;
    for (std::size_t i = 0; member != nullptr && i < member->size(); ++i) {
        core::Json const& item = (*member)[i];
        // Positions count items that are no objects too: a connector's index is its place in the file.
        out.emplace_back(
            item.is_object() ? &item : nullptr, pointer_child(pointer(key), i), *folder_, *problems_);
    }
    return out;
}

std::optional<std::string> ConfigSection::text(std::string_view key) const {
    auto const value = object_ != nullptr ? core::find_string(*object_, key) : std::nullopt;
    return value ? std::optional<std::string>(*value) : std::nullopt;
}

std::optional<bool> ConfigSection::flag(std::string_view key) const {
    return object_ != nullptr ? core::find_bool(*object_, key) : std::nullopt;
}

std::optional<std::int64_t> ConfigSection::integer(std::string_view key) const {
    return object_ != nullptr ? core::find_int(*object_, key) : std::nullopt;
}

std::vector<std::string> ConfigSection::texts(std::string_view key) const {
    std::vector<std::string> out;
    core::Json const* member = object_ != nullptr ? core::find_array(*object_, key) : nullptr;
    for (std::size_t i = 0; member != nullptr && i < member->size(); ++i) {
        if ((*member)[i].is_string()) {
            out.push_back((*member)[i].get<std::string>());
        }
    }
    return out;
}

std::vector<std::pair<std::string, std::string>> ConfigSection::text_members(std::string_view key) const {
    std::vector<std::pair<std::string, std::string>> out;
    core::Json const* member = object_ != nullptr ? core::find_object(*object_, key) : nullptr;
    if (member == nullptr) {
        return out;
    }
    for (auto const& [name, value] : member->items()) {
        if (value.is_string()) {
            out.emplace_back(name, value.get<std::string>());
        }
    }
    return out;
}

void ConfigSection::read(std::string_view key, std::string& into) const {
    if (auto value = text(key)) {
        into = std::move(*value);
    }
}

void ConfigSection::read(std::string_view key, bool& into) const {
    into = flag(key).value_or(into);
}

void ConfigSection::read_url(std::string_view key, std::string& into) const {
    auto value = text(key);
    if (!value) {
        return;
    }
    if (!is_plain_url(*value)) {
        // Not shown when it may carry a password.
        problem(key,
                value->find('@') == std::string::npos ? quoted_text(*value) : "a URL with a user in it",
                "an absolute http:// or https:// URL without user, query or fragment");
        return;
    }
    while (value->ends_with('/')) {
        value->pop_back();
    }
    into = std::move(*value);
}

std::string ConfigSection::absolute(std::string const& path) const {
    return std::filesystem::absolute(std::filesystem::path(*folder_) / path).lexically_normal().string();
}

std::optional<std::string> ConfigSection::path(std::string_view key, bool must_exist) const {
    auto value = text(key);
    if (!value) {
        return std::nullopt;
    }
    std::string full = absolute(*value);
    if (must_exist && ::access(full.c_str(), R_OK) != 0) {
        problem(key, quoted_text(full) + " (" + errno_text(errno) + ")", "a file this program can read");
        return std::nullopt;
    }
    return full;
}

core::Secret ConfigSection::secret_file(std::string_view key) const {
    auto const file = path(key, false);
    if (!file) {
        return {};
    }
    core::Result<core::Secret> secret = read_private_file(*file);
    if (!secret) {
        core::Error const& error = secret.error();
        problem(key,
                error.message(),
                "a file that holds the secret and that only this program's user can read" +
                    (error.fix().empty() ? "" : " (" + error.fix() + ")"));
        return {};
    }
    return std::move(*secret);
}

void ConfigSection::problem(std::string_view key, std::string found, std::string expected) const {
    problems_->add(pointer(key), std::move(found), std::move(expected));
}

void ConfigSection::problem_in_list(std::string_view key,
                                    std::size_t index,
                                    std::string found,
                                    std::string expected) const {
    problems_->add(pointer_child(pointer(key), index), std::move(found), std::move(expected));
}

} // namespace server
