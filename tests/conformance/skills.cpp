#include "fixtures.hpp"

namespace conformance {
namespace {

using protocol::Skill;
using protocol::SkillFile;

/// The first one listed: the suite reads its folder and wants a folder in it.
Skill report_skill() {
    Json frontmatter{{"name", "incident-report"},
                     {"description", "How an incident report is written."},
                     {"license", "MIT"}};
    frontmatter["metadata"] = Json{{"audience", "on-call"}};
    std::vector<SkillFile> files;
    files.emplace_back("SKILL.md",
                       "text/markdown",
                       "---\n"
                       "name: incident-report\n"
                       "description: How an incident report is written.\n"
                       "license: MIT\n"
                       "metadata:\n"
                       "  audience: on-call\n"
                       "---\n"
                       "# Incident report\n\nSay what happened, when, and what was done. Fields: "
                       "[fields](references/fields.md).\n");
    files.emplace_back("references/fields.md", "text/markdown", "# Fields\n\n- title\n- severity\n");
    files.emplace_back("references/templates/short.txt", "text/plain", "Title:\nSeverity:\n");
    return Skill(std::move(frontmatter), std::move(files));
}

Skill small_skill() {
    std::vector<SkillFile> files;
    files.emplace_back("SKILL.md",
                       "text/markdown",
                       "---\n"
                       "name: triage\n"
                       "description: Which incident comes first.\n"
                       "---\n"
                       "The one that hurts most people comes first.\n");
    return Skill(Json{{"name", "triage"}, {"description", "Which incident comes first."}}, std::move(files));
}

} // namespace

std::unique_ptr<protocol::SkillLibrary> make_skills() {
    std::vector<Skill> skills;
    skills.push_back(report_skill());
    skills.push_back(small_skill());
    return std::make_unique<protocol::SkillLibrary>(std::move(skills));
}

} // namespace conformance
