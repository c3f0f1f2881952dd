#include "protocol/skill.hpp"

#include "core/crypto/digest.hpp"
#include "support/run_coro.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <stdexcept>

namespace {

using core::Json;
using protocol::ResourceDescriptor;
using protocol::Skill;
using protocol::SkillFile;
using protocol::SkillLibrary;

std::string const kManifest = "---\nname: file-bug\ndescription: Files bugs.\n---\n# Filing\n";

Skill file_bug() {
    std::vector<SkillFile> files;
    files.emplace_back("SKILL.md", "text/markdown", kManifest);
    files.emplace_back("references/fields.md", "text/markdown", "fields");
    files.emplace_back("references/deep/more.json", "application/json", "{}");
    files.emplace_back("template.txt", "text/plain", "t");
    return Skill(Json{{"name", "file-bug"}, {"description", "Files bugs."}}, std::move(files));
}

SkillLibrary library() {
    std::vector<Skill> skills;
    skills.push_back(file_bug());
    return SkillLibrary(std::move(skills));
}

protocol::ResourceResult read(SkillLibrary& library, std::string_view uri) {
    core::Principal const caller("agent", "agent", core::Role::reader);
    core::CallContext const ctx("request", core::Deadline::never());
    protocol::SilentClient client{protocol::ClientFeatures()};
    protocol::ResourceRead const call(uri, caller, ctx, client);
    return test::run_coro(library.read(call));
}

std::vector<std::string> uris(std::vector<ResourceDescriptor> const& resources) {
    std::vector<std::string> out;
    for (ResourceDescriptor const& resource : resources) {
        out.push_back(resource.uri + " " + resource.mime_type);
    }
    return out;
}

TEST(SkillLibrary, AnEntryNamesEveryFileWithItsDigestAndSize) {
    SkillLibrary const skills = library();
    ASSERT_EQ(skills.entries().size(), 1U);
    Json const& entry = skills.entries()[0];
    EXPECT_EQ(entry.at("uri"), "skill://file-bug/SKILL.md");
    EXPECT_EQ(entry.at("frontmatter"), (Json{{"name", "file-bug"}, {"description", "Files bugs."}}));
    Json const& resources = entry.at("resources");
    ASSERT_EQ(resources.size(), 4U);
    EXPECT_EQ(resources[0].at("uri"), "skill://file-bug/SKILL.md");
    EXPECT_EQ(resources[0].at("size"), kManifest.size());
    EXPECT_EQ(resources[0].at("digest"), "sha256:" + core::hex_encode(core::sha256(kManifest)));
    EXPECT_EQ(resources[1].at("uri"), "skill://file-bug/references/fields.md");
    EXPECT_EQ(skills.find("skill://file-bug/SKILL.md"), &entry);
    EXPECT_EQ(skills.find("skill://file-bug"), nullptr);
    EXPECT_EQ(skills.find("skill://other/SKILL.md"), nullptr);
}

TEST(SkillLibrary, ListsItsFilesAndTheManifestUnderItsOwnNameAndDescription) {
    SkillLibrary const skills = library();
    std::vector<ResourceDescriptor> const listed = skills.resources();
    ASSERT_EQ(listed.size(), 4U);
    EXPECT_EQ(listed[0].name, "file-bug");
    EXPECT_EQ(listed[0].description, "Files bugs.");
    EXPECT_EQ(listed[0].mime_type, "text/markdown");
    EXPECT_EQ(listed[0].size, kManifest.size());
    EXPECT_EQ(listed[1].name, "file-bug/references/fields.md");
}

TEST(SkillLibrary, AFolderShowsItsFilesAndSubfolders) {
    SkillLibrary const skills = library();
    auto const root = skills.directory("skill://file-bug");
    ASSERT_TRUE(root);
    EXPECT_EQ(uris(*root),
              (std::vector<std::string>{"skill://file-bug/SKILL.md text/markdown",
                                        "skill://file-bug/references inode/directory",
                                        "skill://file-bug/template.txt text/plain"}));
    EXPECT_EQ((*root)[1].name, "references");
    auto const sub = skills.directory("skill://file-bug/references/");
    ASSERT_TRUE(sub);
    EXPECT_EQ(uris(*sub),
              (std::vector<std::string>{"skill://file-bug/references/fields.md text/markdown",
                                        "skill://file-bug/references/deep inode/directory"}));
}

TEST(SkillLibrary, WhatIsNoFolderIsNotListed) {
    SkillLibrary const skills = library();
    for (std::string_view const uri : {"skill://file-bug/SKILL.md",
                                       "skill://file-bug/ref",
                                       "skill://file-bug/references/../references",
                                       "skill://other",
                                       "skill://",
                                       "file-bug",
                                       ""}) {
        SCOPED_TRACE(uri);
        EXPECT_FALSE(skills.directory(uri));
    }
}

TEST(SkillLibrary, ReadsAFileByItsUri) {
    SkillLibrary skills = library();
    auto const manifest = read(skills, "skill://file-bug/SKILL.md");
    ASSERT_EQ(manifest.contents.size(), 1U);
    EXPECT_EQ(manifest.contents[0].uri, "skill://file-bug/SKILL.md");
    EXPECT_EQ(manifest.contents[0].mime_type, "text/markdown");
    EXPECT_EQ(manifest.contents[0].text, kManifest);
    EXPECT_FALSE(manifest.contents[0].is_binary);
    EXPECT_EQ(read(skills, "skill://file-bug/references/deep/more.json").contents.at(0).text, "{}");
}

TEST(SkillLibrary, WhatIsNotThereIsNotFound) {
    SkillLibrary skills = library();
    for (std::string_view const uri : {"skill://file-bug",
                                       "skill://file-bug/references",
                                       "skill://file-bug/nothing.md",
                                       "skill://file-bug/references/../SKILL.md",
                                       "skill://other/SKILL.md"}) {
        SCOPED_TRACE(uri);
        EXPECT_TRUE(skills.owns(uri));
        EXPECT_TRUE(read(skills, uri).contents.empty());
    }
    EXPECT_FALSE(skills.owns("ado://contoso"));
}

TEST(SkillLibrary, RefusesASkillThatBreaksARule) {
    Json const fine{{"name", "a-1"}, {"description", "d"}};
    auto const file = [](std::string path, std::string mime = "text/markdown") {
        return SkillFile(std::move(path), std::move(mime), "x");
    };
    auto const make = [](Json frontmatter, std::vector<SkillFile> files) {
        std::vector<Skill> skills;
        skills.emplace_back(std::move(frontmatter), std::move(files));
        return SkillLibrary(std::move(skills));
    };
    EXPECT_NO_THROW(make(fine, {file("SKILL.md")}));
    std::vector<std::string> names{"", "A", "a--b", "-a", "a-", "a_b", "a/b"};
    names.emplace_back(65, 'a');
    for (std::string const& name : names) {
        SCOPED_TRACE(name);
        EXPECT_THROW(make(Json{{"name", name}, {"description", "d"}}, {file("SKILL.md")}), std::logic_error);
    }
    EXPECT_THROW(make(Json{{"name", "a"}}, {file("SKILL.md")}), std::logic_error);
    EXPECT_THROW(make(fine, {}), std::logic_error);
    EXPECT_THROW(make(fine, {file("SKILL.md", "text/plain")}), std::logic_error);
    EXPECT_THROW(make(fine, {file("SKILL.md"), file("SKILL.md")}), std::logic_error);
    EXPECT_THROW(make(fine, {file("SKILL.md"), file("a"), file("a/b")}), std::logic_error);
    for (std::string const path : {"", "/a", "a/", "../a", "a/./b", "a b", "a%2fb"}) {
        SCOPED_TRACE(path);
        EXPECT_THROW(make(fine, {file("SKILL.md"), file(path)}), std::logic_error);
    }
    std::vector<SkillFile> many{file("SKILL.md")};
    for (int i = 0; i < 512; ++i) {
        many.push_back(file("f" + std::to_string(i)));
    }
    EXPECT_THROW(make(fine, many), std::logic_error);
    EXPECT_THROW(
        make(fine, {file("SKILL.md"), SkillFile("big", "text/plain", std::string(16U * 1024 * 1024, 'x'))}),
        std::logic_error);
}

TEST(SkillLibrary, TwoSkillsCannotHaveOneName) {
    std::vector<Skill> skills;
    skills.push_back(file_bug());
    skills.push_back(file_bug());
    EXPECT_THROW(SkillLibrary(std::move(skills)), std::logic_error);
}

} // namespace
