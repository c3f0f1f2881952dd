#pragma once

#include "core/json.hpp"
#include "protocol/resource.hpp"

#include <string>
#include <utility>
#include <vector>

/// The skills extension (io.modelcontextprotocol/skills, SEP-2640).
namespace protocol {

/// A file of a skill, below its folder.
class SkillFile {
public:
    SkillFile(std::string path_, std::string mime_type_, std::string text_)
        : path(std::move(path_)), mime_type(std::move(mime_type_)), text(std::move(text_)) {}

    std::string path; ///< `SKILL.md`, `references/fields.md`
    std::string mime_type;
    std::string text;
};

class Skill {
public:
    /// `frontmatter`: the YAML head of SKILL.md as JSON, with `name` and `description`.
    Skill(Json frontmatter_, std::vector<SkillFile> files_)
        : frontmatter(std::move(frontmatter_)), files(std::move(files_)) {}

    Json frontmatter;
    std::vector<SkillFile> files; ///< SKILL.md among them
};

/// The skills of a server: listed with digests and sizes, readable as `skill://NAME/…` resources, folders
/// listable. Fixed after construction.
class SkillLibrary final : public ResourceSource {
public:
    /// Throws std::logic_error when a skill breaks a rule of the extension (name, SKILL.md, 512 files, 16
    /// MiB).
    explicit SkillLibrary(std::vector<Skill> skills);

    /// Entries as skills/list shows them.
    std::vector<Json> const& entries() const noexcept { return entries_; }
    Json const* find(std::string_view uri) const noexcept;
    /// Children of a folder URI as resources; nullopt when it is no folder.
    std::optional<std::vector<ResourceDescriptor>> directory(std::string_view uri) const;

    bool owns(std::string_view uri) const noexcept override;
    std::vector<ResourceDescriptor> resources() const override;
    std::vector<ResourceTemplate> templates() const override { return {}; }
    core::Task<ResourceResult> read(ResourceRead const& call) override;
    bool can_subscribe(std::string_view) const noexcept override { return false; }

private:
    std::vector<Skill> skills_;
    std::vector<Json> entries_;
};

} // namespace protocol
