#include "simulator/git_store.hpp"

#include "simulator/digest.hpp"

#include <gtest/gtest.h>

namespace simulator {
namespace {

TEST(GitStore, GivesTheIdsGitGives) {
    // `printf 'hello\n' | git hash-object --stdin`, and the tree and commit made of it.
    EXPECT_EQ(git_object_id("blob", "hello\n"), "ce013625030ba8dba906f756967f9e9ca394464a");
    EXPECT_EQ(git_object_id("tree", ""), "4b825dc642cb6eb9a060e54bf8d69288fbee4904");
    GitRepository repository;
    auto const commit =
        repository.commit("main", {{"/hello.txt", "hello\n"}}, {"A", "a@b.example"}, "First", from_unix(0));
    EXPECT_EQ(commit->tree_id, "aaa96ced2d9a1c8e72c56b253a0e2fe78393feb7");
}

TEST(GitStore, ListsFoldersOneLevelOrAll) {
    GitRepository repository;
    auto const commit = repository.commit("main",
                                          {{"/a/b/c.txt", "1"}, {"/a/d.txt", "2"}, {"/e.txt", "3"}},
                                          {"A", "a@b.example"},
                                          "First",
                                          from_unix(0));
    auto const top = list_folder(*commit->snapshot, "/", false);
    ASSERT_EQ(top.size(), 2U);
    EXPECT_TRUE(top[0].is_folder);
    EXPECT_EQ(top[0].path, "/a");
    EXPECT_EQ(list_folder(*commit->snapshot, "/", true).size(), 5U);
}

TEST(GitStore, RemembersWhoTouchedWhat) {
    GitRepository repository;
    Author const author{"A", "a@b.example"};
    auto const first =
        repository.commit("main", {{"/x/a.txt", "1"}, {"/b.txt", "1"}}, author, "First", from_unix(0));
    auto const second = repository.commit("main", {{"/b.txt", "2"}}, author, "Second", from_unix(10));
    EXPECT_EQ(repository.last_change(second, "/x/a.txt"), first);
    EXPECT_EQ(repository.last_change(second, "/x"), first);
    EXPECT_EQ(repository.last_change(second, "/b.txt"), second);
    EXPECT_EQ(second->changes.at("/b.txt"), ChangeType::edit);
    EXPECT_EQ(repository.history(second).size(), 2U);
}

TEST(GitStore, BranchesFromAnotherBranch) {
    GitRepository repository;
    Author const author{"A", "a@b.example"};
    auto const base = repository.commit("main", {{"/a.txt", "1"}}, author, "First", from_unix(0));
    auto const tip =
        repository.commit("topic", {{"/a.txt", std::nullopt}}, author, "Remove", from_unix(1), "main");
    EXPECT_EQ(tip->parents.front(), base->id);
    EXPECT_TRUE(tip->snapshot->files.empty());
    EXPECT_EQ(repository.branch("main"), base);
}

} // namespace
} // namespace simulator
