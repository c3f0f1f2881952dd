#pragma once

#include "core/json.hpp"
#include "core/secret.hpp"
#include "server/config/config_problem.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace server {

/// One object of the document with its place: typed access to its members, problems reported at them. Members
/// of a wrong type read as absent, because the schema has reported them.
class ConfigSection {
public:
    ConfigSection(core::Json const* object,
                  std::string pointer,
                  std::string const& folder,
                  ConfigProblems& problems)
        : object_(object), pointer_(std::move(pointer)), folder_(&folder), problems_(&problems) {}

    bool present() const noexcept { return object_ != nullptr; }
    bool has(std::string_view key) const;
    ConfigSection section(std::string_view key) const;
    std::vector<ConfigSection> sections(std::string_view key) const;

    std::optional<std::string> text(std::string_view key) const;
    std::optional<bool> flag(std::string_view key) const;
    std::optional<std::int64_t> integer(std::string_view key) const;
    std::vector<std::string> texts(std::string_view key) const;
    /// The members of an object that are texts.
    std::vector<std::pair<std::string, std::string>> text_members(std::string_view key) const;

    void read(std::string_view key, std::string& into) const;
    void read(std::string_view key, bool& into) const;

    /// An absolute http or https URL without user, query or fragment; a slash at the end is taken off.
    void read_url(std::string_view key, std::string& into) const;
    /// A path, made absolute. With `must_exist` the file has to be readable now.
    std::optional<std::string> path(std::string_view key, bool must_exist) const;
    /// The content of the file the key names.
    core::Secret secret_file(std::string_view key) const;

    void problem(std::string_view key, std::string found, std::string expected) const;
    void
    problem_in_list(std::string_view key, std::size_t index, std::string found, std::string expected) const;
    std::string pointer(std::string_view key) const { return pointer_child(pointer_, key); }
    std::string absolute(std::string const& path) const;

private:
    core::Json const* object_; ///< nullptr: absent
    std::string pointer_;
    std::string const* folder_;
    ConfigProblems* problems_;
};

/// `"text"`, shortened, for messages.
std::string quoted_text(std::string_view text);
/// An http or https URL as read_url wants it.
bool is_plain_url(std::string_view text);

} // namespace server
