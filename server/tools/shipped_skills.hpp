#pragma once

#include "protocol/skill.hpp"

#include <string_view>
#include <vector>

namespace server {

/// A file below server/skills, compiled in.
class ShippedFile {
public:
    ShippedFile(std::string_view path_, std::string_view text_) : path(path_), text(text_) {}

    std::string_view path; ///< `filing-incident-bugs/SKILL.md`
    std::string_view text;
};

std::vector<ShippedFile> const& shipped_files();

/// The skills the daemon ships, for a SkillLibrary.
std::vector<protocol::Skill> shipped_skills();

/// The head of a SKILL.md: `key: value` lines between two lines of `---`, each value a plain YAML scalar on
/// one line. Throws std::logic_error when it is anything else.
core::Json read_frontmatter(std::string_view text);

} // namespace server
