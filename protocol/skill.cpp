#include "protocol/skill.hpp"

#include "core/crypto/digest.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstddef>
#include <set>
#include <stdexcept>
#include <string_view>
#include <utility>

namespace protocol {
namespace {

constexpr std::string_view kScheme = "skill://";
constexpr std::string_view kManifest = "SKILL.md";
constexpr std::size_t kMaxFiles = 512;
constexpr std::size_t kMaxBytes = 16U * 1024 * 1024;
constexpr std::size_t kMaxName = 64;
constexpr std::size_t kMaxDescription = 1024;

bool is_lower_or_digit(char c) noexcept {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

/// Lower-case letters, digits and single hyphens within.
bool is_skill_name(std::string_view name) noexcept {
    bool const ends_well = !name.empty() && name.size() <= kMaxName && is_lower_or_digit(name.front()) &&
                           is_lower_or_digit(name.back());
    return ends_well && name.find("--") == std::string_view::npos &&
           std::all_of(name.begin(), name.end(), [](char c) { return is_lower_or_digit(c) || c == '-'; });
}

/// Characters that stand in a URI as they are: URIs then compare as text.
bool is_plain(char c) noexcept {
    return is_lower_or_digit(c) || (c >= 'A' && c <= 'Z') || c == '-' || c == '.' || c == '_' || c == '~';
}

bool is_file_path(std::string_view path) noexcept {
    for (;;) {
        std::size_t const slash = path.find('/');
        std::string_view const segment = path.substr(0, slash);
        if (segment.empty() || segment == "." || segment == ".." ||
            !std::all_of(segment.begin(), segment.end(), is_plain)) {
            return false;
        }
        if (slash == std::string_view::npos) {
            return true;
        }
        path.remove_prefix(slash + 1);
    }
}

[[noreturn]] void broken(std::string const& skill, std::string_view rule) {
    throw std::logic_error("skill \"" + skill + "\": " + std::string(rule));
}

std::string name_of(Skill const& skill) {
    return std::string(core::find_string(skill.frontmatter, "name").value_or(std::string_view()));
}

std::string folder_uri(Skill const& skill) {
    return std::string(kScheme) + name_of(skill);
}

std::string file_uri(Skill const& skill, SkillFile const& file) {
    return folder_uri(skill) + "/" + file.path;
}

void check(Skill const& skill) {
    std::string const name = name_of(skill);
    if (!is_skill_name(name)) {
        broken(name, "a name is 1 to 64 lower-case letters, digits and single hyphens");
    }
    auto const description = core::find_string(skill.frontmatter, "description");
    if (!description || description->empty() || description->size() > kMaxDescription) {
        broken(name, "a description has 1 to 1024 bytes");
    }
    if (skill.files.size() > kMaxFiles) {
        broken(name, "more than 512 files");
    }
    std::size_t bytes = 0;
    std::set<std::string_view> paths;
    for (SkillFile const& file : skill.files) {
        if (!is_file_path(file.path)) {
            broken(name, "\"" + file.path + "\" is no path of a file below the skill's folder");
        }
        if (!paths.insert(file.path).second) {
            broken(name, "\"" + file.path + "\" is there twice");
        }
        if (file.path == kManifest && file.mime_type != "text/markdown") {
            broken(name, "SKILL.md is text/markdown");
        }
        bytes += file.text.size();
    }
    if (paths.count(kManifest) == 0) {
        broken(name, "there is no SKILL.md");
    }
    for (std::string_view const path : paths) {
        for (std::size_t slash = path.find('/'); slash != std::string_view::npos;
             slash = path.find('/', slash + 1)) {
            if (paths.count(path.substr(0, slash)) != 0) {
                broken(name, "\"" + std::string(path.substr(0, slash)) + "\" is a file and a folder");
            }
        }
    }
    if (bytes > kMaxBytes) {
        broken(name, "more than 16 MiB");
    }
}

Json entry_of(Skill const& skill) {
    Json resources = Json::array();
    for (SkillFile const& file : skill.files) {
        Json resource = Json::object();
        resource["uri"] = file_uri(skill, file);
        resource["digest"] = "sha256:" + core::hex_encode(core::sha256(file.text));
        resource["size"] = file.text.size();
        resources.push_back(std::move(resource));
    }
    Json entry = Json::object();
    entry["uri"] = folder_uri(skill) + "/" + std::string(kManifest);
    entry["frontmatter"] = skill.frontmatter;
    entry["resources"] = std::move(resources);
    return entry;
}

ResourceDescriptor describe(Skill const& skill, SkillFile const& file) {
    ResourceDescriptor descriptor(file_uri(skill, file), name_of(skill) + "/" + file.path);
    descriptor.mime_type = file.mime_type;
    descriptor.size = file.text.size();
    if (file.path == kManifest) {
        descriptor.name = name_of(skill);
        descriptor.description = std::string(*core::find_string(skill.frontmatter, "description"));
    }
    return descriptor;
}

/// The files below `prefix`, and each sub-folder once, where its first file stands.
std::vector<ResourceDescriptor> children(Skill const& skill, std::string const& prefix) {
    std::vector<ResourceDescriptor> found;
    std::set<std::string> folders;
    for (SkillFile const& file : skill.files) {
        if (!file.path.starts_with(prefix)) {
            continue;
        }
        std::size_t const slash = file.path.find('/', prefix.size());
        if (slash == std::string::npos) {
            found.push_back(describe(skill, file));
            continue;
        }
        std::string const folder = file.path.substr(0, slash);
        if (folders.insert(folder).second) {
            ResourceDescriptor descriptor(folder_uri(skill) + "/" + folder, folder.substr(prefix.size()));
            descriptor.mime_type = "inode/directory";
            found.push_back(std::move(descriptor));
        }
    }
    return found;
}

} // namespace

SkillLibrary::SkillLibrary(std::vector<Skill> skills) : skills_(std::move(skills)) {
    std::set<std::string> names;
    for (Skill const& skill : skills_) {
        check(skill);
        if (!names.insert(name_of(skill)).second) {
            broken(name_of(skill), "two skills have this name");
        }
        entries_.push_back(entry_of(skill));
    }
}

Json const* SkillLibrary::find(std::string_view uri) const noexcept {
    auto const it = std::find_if(entries_.begin(), entries_.end(), [uri](Json const& entry) {
        return core::find_string(entry, "uri") == uri;
    });
    return it == entries_.end() ? nullptr : &*it;
}

std::optional<std::vector<ResourceDescriptor>> SkillLibrary::directory(std::string_view uri) const {
    if (uri.size() > kScheme.size() && uri.ends_with('/')) {
        uri.remove_suffix(1);
    }
    for (Skill const& skill : skills_) {
        std::string const root = folder_uri(skill);
        if (uri == root) {
            return children(skill, "");
        }
        if (uri.starts_with(root + "/")) {
            std::vector<ResourceDescriptor> found =
                children(skill, std::string(uri.substr(root.size() + 1)) + "/");
            return found.empty() ? std::nullopt : std::optional(std::move(found));
        }
    }
    return std::nullopt;
}

bool SkillLibrary::owns(std::string_view uri) const noexcept {
    return uri.starts_with(kScheme);
}

std::vector<ResourceDescriptor> SkillLibrary::resources() const {
    std::vector<ResourceDescriptor> listed;
    for (Skill const& skill : skills_) {
        for (SkillFile const& file : skill.files) {
            listed.push_back(describe(skill, file));
        }
    }
    return listed;
}

core::Task<ResourceResult> SkillLibrary::read(ResourceRead const& call) {
    for (Skill const& skill : skills_) {
        for (SkillFile const& file : skill.files) {
            if (file_uri(skill, file) == call.uri) {
                std::vector<ResourceContents> contents;
                contents.emplace_back(std::string(call.uri), file.mime_type, file.text);
                ResourceResult result(std::move(contents));
                result.ttl = std::chrono::hours(1);
                co_return result;
            }
        }
    }
    co_return ResourceResult::not_found();
}

} // namespace protocol
