#include "server/tools/shipped_skills.hpp"

#include <nlohmann/json.hpp>

#include <stdexcept>
#include <string>
#include <utility>

namespace server {

namespace {

constexpr std::string_view kManifest = "SKILL.md";
constexpr std::string_view kFence = "---";

std::string_view next_line(std::string_view& text) {
    std::size_t const end = text.find('\n');
    if (end == std::string_view::npos) {
        throw std::logic_error("a SKILL.md has no end of its head");
    }
    std::string_view const line = text.substr(0, end);
    text.remove_prefix(end + 1);
    return line;
}

/// What YAML would read as something else than this very text.
bool is_plain_scalar(std::string_view value) {
    constexpr std::string_view kIndicators = "-?:,[]{}#&*!|>'\"%@` ";
    return !value.empty() && kIndicators.find(value.front()) == std::string_view::npos &&
           value.back() != ' ' && value.back() != ':' && value.find(": ") == std::string_view::npos &&
           value.find(" #") == std::string_view::npos &&
           value.find_first_not_of("0123456789.+-eE") != std::string_view::npos;
}

std::string_view mime_type_of(std::string_view path) {
    return path.ends_with(".md")     ? "text/markdown"
           : path.ends_with(".json") ? "application/json"
                                     : "text/plain";
}

} // namespace

core::Json read_frontmatter(std::string_view text) {
    if (next_line(text) != kFence) {
        throw std::logic_error("a SKILL.md begins with its head");
    }
    core::Json frontmatter = core::Json::object();
    for (std::string_view line = next_line(text); line != kFence; line = next_line(text)) {
        std::size_t const colon = line.find(": ");
        std::string_view const value = colon == std::string_view::npos ? "" : line.substr(colon + 2);
        if (!is_plain_scalar(value)) {
            throw std::logic_error("unreadable line in the head of a SKILL.md: " + std::string(line));
        }
        frontmatter[std::string(line.substr(0, colon))] = std::string(value);
    }
    return frontmatter;
}

std::vector<protocol::Skill> shipped_skills() {
    std::vector<protocol::Skill> skills;
    for (ShippedFile const& file : shipped_files()) {
        std::string_view const path = file.path.substr(file.path.find('/') + 1);
        if (path == kManifest) {
            skills.emplace_back(read_frontmatter(file.text), std::vector<protocol::SkillFile>());
        }
        skills.back().files.emplace_back(
            std::string(path), std::string(mime_type_of(path)), std::string(file.text));
    }
    return skills;
}

} // namespace server
