#include "server/tools/shipped_skills.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <stdexcept>

namespace {

using core::Json;

TEST(ShippedSkills, KeepTheRulesOfTheExtension) {
    protocol::SkillLibrary const library(server::shipped_skills());
    std::vector<std::string> uris;
    for (Json const& entry : library.entries()) {
        uris.push_back(entry.at("uri"));
    }
    EXPECT_EQ(uris,
              (std::vector<std::string>{"skill://filing-incident-bugs/SKILL.md",
                                        "skill://finding-code-behind-errors/SKILL.md",
                                        "skill://cross-tenant-setup/SKILL.md"}));
}

TEST(ShippedSkills, AreTheFilesOfTheSourceTree) {
    std::filesystem::path const root(ADOMCPD_SKILLS);
    std::set<std::string> compiled;
    for (server::ShippedFile const& file : server::shipped_files()) {
        std::ifstream stored(root / file.path);
        std::stringstream text;
        text << stored.rdbuf();
        EXPECT_EQ(text.str(), file.text) << file.path;
        compiled.emplace(file.path);
    }
    std::set<std::string> in_tree;
    for (auto const& entry : std::filesystem::recursive_directory_iterator(root)) {
        if (entry.path().extension() == ".md") {
            in_tree.insert(std::filesystem::relative(entry.path(), root).string());
        }
    }
    EXPECT_EQ(compiled, in_tree);
}

TEST(ShippedSkills, EachFolderIsNamedAsItsSkill) {
    std::vector<protocol::Skill> const skills = server::shipped_skills();
    std::set<std::string> folders;
    for (server::ShippedFile const& file : server::shipped_files()) {
        folders.emplace(file.path.substr(0, file.path.find('/')));
    }
    for (protocol::Skill const& skill : skills) {
        EXPECT_EQ(folders.count(skill.frontmatter.at("name")), 1U);
        EXPECT_GT(skill.files.size(), 1U);
    }
    EXPECT_EQ(folders.size(), skills.size());
}

TEST(ShippedSkills, MentionOnlyFilesAndSkillsThatAreThere) {
    std::set<std::string> names;
    std::vector<protocol::Skill> const skills = server::shipped_skills();
    for (protocol::Skill const& skill : skills) {
        names.insert(skill.frontmatter.at("name"));
        for (protocol::SkillFile const& file : skill.files) {
            names.insert(file.path);
        }
    }
    for (protocol::Skill const& skill : skills) {
        for (protocol::SkillFile const& file : skill.files) {
            for (std::size_t at = file.text.find("`references/"); at != std::string::npos;
                 at = file.text.find("`references/", at + 1)) {
                std::string const named = file.text.substr(at + 1, file.text.find('`', at + 1) - at - 1);
                EXPECT_EQ(names.count(named), 1U) << named;
            }
            for (std::size_t at = file.text.find("skill `"); at != std::string::npos;
                 at = file.text.find("skill `", at + 1)) {
                std::string const named = file.text.substr(at + 7, file.text.find('`', at + 7) - at - 7);
                EXPECT_EQ(names.count(named), 1U) << named;
            }
        }
    }
}

TEST(ReadFrontmatter, TakesPlainLinesAsYamlWould) {
    EXPECT_EQ(server::read_frontmatter("---\nname: a-b\ndescription: One, two; it's 3.\n---\n# x\n"),
              (Json{{"name", "a-b"}, {"description", "One, two; it's 3."}}));
}

TEST(ReadFrontmatter, RefusesWhatYamlWouldReadAsSomethingElse) {
    for (std::string const line : {"name",
                                   "name:",
                                   "name: ",
                                   "name: \"a\"",
                                   "name: [a]",
                                   "name: a: b",
                                   "name: a #b",
                                   "name: 1.5",
                                   "name: - a",
                                   "name: a ",
                                   "name: a:"}) {
        SCOPED_TRACE(line);
        EXPECT_THROW(server::read_frontmatter("---\n" + line + "\n---\n"), std::logic_error);
    }
    EXPECT_THROW(server::read_frontmatter("# no head\n"), std::logic_error);
    EXPECT_THROW(server::read_frontmatter("---\nname: a\n"), std::logic_error);
}

} // namespace
