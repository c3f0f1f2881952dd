#include "core/http/http_message.hpp"
#include "server/knowledge/knowledge_index.hpp"
#include "support/manual_clock.hpp"
#include "support/run_coro.hpp"
#include "support/temp_dir.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include <sys/stat.h>

namespace {

using server::IndexAnswer;
using server::IndexedFile;
using server::IndexHit;
using server::IndexMark;
using server::IndexQuery;
using server::KnowledgeIndex;
using server::Section;

std::string const kHandbook = "https://dev.azure.com/contoso/Web/_wiki/wikis/Handbook";
std::string const kDocs = "https://dev.azure.com/contoso/Web/_git/docs";

Section section(std::string heading, std::string text, std::size_t line = 1) {
    Section made;
    made.heading = std::move(heading);
    made.anchor = "anchor";
    made.first_line = line;
    made.last_line = line + 1;
    made.text = std::move(text);
    return made;
}

IndexedFile file(std::string path, std::string title, std::vector<Section> sections) {
    std::string const id = "id-of-" + path;
    IndexedFile made(std::move(path), id);
    made.title = std::move(title);
    made.sections = std::move(sections);
    return made;
}

class KnowledgeIndexTest : public testing::Test {
protected:
    KnowledgeIndexTest() { open(); }

    void open() {
        index.reset();
        auto opened = server::open_knowledge_index(clock, path());
        ASSERT_TRUE(opened) << core::describe(opened.error());
        index = std::move(*opened);
    }
    std::string path() const { return (directory.path() / "knowledge.db").string(); }

    void fill(std::string const& source, std::vector<IndexedFile> files, std::string const& commit = "c1") {
        auto const begun = loop.run(index->begin(source));
        ASSERT_TRUE(begun && *begun);
        auto const changed = loop.run(index->change(source, std::move(files), {}));
        ASSERT_TRUE(changed) << core::describe(changed.error());
        IndexMark mark;
        mark.commit = commit;
        mark.branch = "main";
        ASSERT_TRUE(loop.run(index->finish(source, mark, 0)));
    }
    IndexAnswer search(std::string const& text, std::vector<std::string> sources = {kHandbook}) {
        IndexQuery query;
        query.text = text;
        query.sources = std::move(sources);
        auto answer = loop.run(index->search(std::move(query)));
        EXPECT_TRUE(answer) << (answer ? "" : core::describe(answer.error()));
        return answer ? *answer : IndexAnswer();
    }
    std::vector<std::string> paths(std::string const& text, std::vector<std::string> sources = {kHandbook}) {
        std::vector<std::string> found;
        for (IndexHit const& hit : search(text, std::move(sources)).hits) {
            found.push_back(hit.path);
        }
        return found;
    }

    test::TempDir directory;
    test::ManualClock clock;
    test::Loop loop;
    std::unique_ptr<KnowledgeIndex> index;
};

using Paths = std::vector<std::string>;

TEST_F(KnowledgeIndexTest, TheFileIsPrivate) {
    struct stat status {};
    ASSERT_EQ(::stat(path().c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777U, 0600U);
}

TEST_F(KnowledgeIndexTest, HeadingsAndTitlesCountMoreThanText) {
    fill(kHandbook,
         {file("/text.md",
               "Something",
               {section("Other", "the rollback is mentioned here among many other words")}),
          file("/heading.md", "Something", {section("Rollback", "how it is done, step by step, with care")}),
          file("/title.md", "Rollback", {section("Start", "how it is done, step by step, with care")})});
    Paths const found = paths("rollback");
    ASSERT_EQ(found.size(), 3U);
    EXPECT_EQ(found.back(), "/text.md");
}

TEST_F(KnowledgeIndexTest, WordsAreFoundByTheirStemsWithoutCaseAndAccents) {
    fill(kHandbook, {file("/a.md", "A", {section("", "Restarting the Caf\xC3\xA9 queues")})});
    for (char const* const text : {"restart", "RESTARTED", "cafe", "queue", "\"cafe queue\"", "resta*"}) {
        EXPECT_EQ(paths(text), (Paths{"/a.md"})) << text;
    }
    EXPECT_EQ(paths("\"queue cafe\""), Paths());
}

TEST_F(KnowledgeIndexTest, NeighbouringSectionsSpeakForEachOther) {
    fill(kHandbook,
         {file("/apart.md",
               "Apart",
               {section("One", "certificate renewal of the gateway"),
                section("Two", "nothing of interest in this part"),
                section("Three", "nothing of interest in that part")}),
          file("/together.md",
               "Together",
               {section("One", "certificate renewal of the gateway"),
                section("Two", "the pager alarm of the certificate"),
                section("Three", "nothing of interest in that part")})});
    Paths const found = paths("certificate pager alarm gateway");
    ASSERT_EQ(found.size(), 2U);
    EXPECT_EQ(found.front(), "/together.md");
}

TEST_F(KnowledgeIndexTest, AFileIsFoundOnceByItsBestSection) {
    fill(kHandbook,
         {file("/a.md",
               "A",
               {section("Intro", "the queue is one thing among many others that are told of here", 1),
                section("Queue", "queue queue", 40)})});
    IndexAnswer const answer = search("queue");
    ASSERT_EQ(answer.hits.size(), 1U);
    EXPECT_EQ(answer.total, 1U);
    EXPECT_EQ(answer.hits[0].section.heading, "Queue");
    EXPECT_EQ(answer.hits[0].section.first_line, 40U);
    EXPECT_EQ(answer.hits[0].section.anchor, "anchor");
    EXPECT_EQ(answer.hits[0].source, kHandbook);
}

TEST_F(KnowledgeIndexTest, ASearchKeepsToItsSources) {
    fill(kHandbook, {file("/a.md", "A", {section("", "shared word")})});
    fill(kDocs, {file("/b.md", "B", {section("", "shared word")})});
    EXPECT_EQ(paths("shared", {kHandbook}), (Paths{"/a.md"}));
    EXPECT_EQ(paths("shared", {kDocs}), (Paths{"/b.md"}));
    EXPECT_EQ(paths("shared", {kDocs, kHandbook}).size(), 2U);
    EXPECT_EQ(paths("source1", {kDocs, kHandbook}), Paths())
        << "what marks the source is no word of its texts";
}

TEST_F(KnowledgeIndexTest, SomeWordsAreEnoughWhereNoSectionHasAll) {
    fill(kHandbook,
         {file("/a.md", "A", {section("", "alpha beta")}), file("/b.md", "B", {section("", "gamma")})});
    EXPECT_EQ(paths("alpha beta unheardof"), (Paths{"/a.md"}));
    EXPECT_EQ(paths("unheardof"), Paths());
    EXPECT_EQ(paths("gamma alpha").size(), 2U);
}

TEST_F(KnowledgeIndexTest, AChangeReplacesAndRemovesFiles) {
    fill(kHandbook,
         {file("/a.md", "A", {section("", "old words")}), file("/b.md", "B", {section("", "old words")})});
    ASSERT_TRUE(*loop.run(index->begin(kHandbook)));
    ASSERT_TRUE(
        loop.run(index->change(kHandbook, {file("/a.md", "A", {section("", "new words")})}, {"/b.md"})));
    ASSERT_TRUE(loop.run(index->finish(kHandbook, IndexMark(), 3)));
    EXPECT_EQ(paths("old"), Paths());
    EXPECT_EQ(paths("new"), (Paths{"/a.md"}));
    auto const files = loop.run(index->files(kHandbook));
    ASSERT_TRUE(files);
    EXPECT_EQ(files->size(), 1U);
    auto const states = loop.run(index->states());
    ASSERT_TRUE(states && states->size() == 1U);
    EXPECT_EQ((*states)[0].files, 1U);
    EXPECT_EQ((*states)[0].left_out, 3U);
}

TEST_F(KnowledgeIndexTest, OneSyncOfASourceAtATimeAlsoFromAnotherProcess) {
    auto const other = server::open_knowledge_index(clock, path());
    ASSERT_TRUE(other);
    EXPECT_TRUE(*loop.run(index->begin(kHandbook)));
    EXPECT_FALSE(*loop.run(index->begin(kHandbook)));
    EXPECT_FALSE(*loop.run((*other)->begin(kHandbook)));
    auto const seen = loop.run((*other)->states());
    ASSERT_TRUE(seen && seen->size() == 1U);
    EXPECT_TRUE((*seen)[0].syncing);
    EXPECT_FALSE(loop.run((*other)->change(kHandbook, {}, {})));
    open(); // the process ends in the middle
    EXPECT_TRUE(*loop.run((*other)->begin(kHandbook)));
}

TEST_F(KnowledgeIndexTest, AFailureIsRememberedUntilTheNextSuccess) {
    ASSERT_TRUE(*loop.run(index->begin(kHandbook)));
    core::Error error =
        core::Error(core::ErrorKind::unauthorized, "Sign in").with_code("sign_in").with_fix("Do it");
    ASSERT_TRUE(loop.run(index->fail(kHandbook, std::move(error))));
    auto states = loop.run(index->states());
    ASSERT_TRUE(states && states->size() == 1U);
    EXPECT_EQ((*states)[0].reason, "Sign in");
    EXPECT_EQ((*states)[0].code, "sign_in");
    EXPECT_EQ((*states)[0].fix, "Do it");
    EXPECT_TRUE((*states)[0].failed_at);
    EXPECT_FALSE((*states)[0].synced_at);
    fill(kHandbook, {});
    states = loop.run(index->states());
    EXPECT_FALSE((*states)[0].failed_at);
    EXPECT_EQ((*states)[0].mark.commit, "c1");
}

TEST_F(KnowledgeIndexTest, WhatIsInItOutlivesTheProcessAndWhatIsDroppedIsGone) {
    fill(kHandbook, {file("/a.md", "A", {section("", "words")})});
    open();
    EXPECT_EQ(paths("words"), (Paths{"/a.md"}));
    ASSERT_TRUE(loop.run(index->drop(kHandbook)));
    EXPECT_EQ(paths("words"), Paths());
    EXPECT_TRUE(loop.run(index->states())->empty());
}

TEST_F(KnowledgeIndexTest, WhatNobodyWantsForAWeekIsDropped) {
    fill(kHandbook, {file("/a.md", "A", {section("", "words")})});
    fill(kDocs, {file("/b.md", "B", {section("", "words")})});
    clock.advance(std::chrono::hours(24 * 6));
    ASSERT_TRUE(loop.run(index->keep({kDocs})));
    EXPECT_EQ(loop.run(index->states())->size(), 2U);
    clock.advance(std::chrono::hours(24 * 2));
    ASSERT_TRUE(loop.run(index->keep({kDocs})));
    auto const states = loop.run(index->states());
    ASSERT_EQ(states->size(), 1U);
    EXPECT_EQ((*states)[0].key, kDocs);
}

TEST_F(KnowledgeIndexTest, ADamagedOrForeignFileIsMadeAnew) {
    fill(kHandbook, {file("/a.md", "A", {section("", "words")})});
    index.reset();
    {
        std::ofstream damaged(path(), std::ios::binary | std::ios::trunc);
        damaged << std::string(20000, 'x');
    }
    open();
    EXPECT_TRUE(loop.run(index->states())->empty());
    fill(kHandbook, {file("/a.md", "A", {section("", "words")})});
    EXPECT_EQ(paths("words"), (Paths{"/a.md"}));
}

TEST_F(KnowledgeIndexTest, VectorsAreKeptByModelAndText) {
    ASSERT_TRUE(loop.run(index->save_vectors("m1", {{"d1", {1.0F, 2.5F}}, {"d2", {3.0F}}})));
    auto const known = loop.run(index->vectors("m1", {"d1", "d3"}));
    ASSERT_TRUE(known);
    EXPECT_EQ(known->size(), 1U);
    EXPECT_EQ(known->at("d1"), (std::vector<float>{1.0F, 2.5F}));
    EXPECT_TRUE(loop.run(index->vectors("m2", {"d1"}))->empty());
}

} // namespace
