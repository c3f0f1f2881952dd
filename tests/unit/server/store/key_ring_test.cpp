#include "server/store/envelope_key_ring.hpp"

#include "core/text/base64.hpp"
#include "support/temporary_folder.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include <sys/stat.h>

namespace {

using server::KeyRing;

std::string key_line(char fill) {
    return core::base64_encode(std::string(32, fill)) + "\n";
}

TEST(KeyRing, ReadsOneKeyALine) {
    auto const ring = KeyRing::parse(core::Secret("# first\n" + key_line('a') + "\n  " + key_line('b')), "f");
    ASSERT_TRUE(ring) << ring.error().message();
    EXPECT_EQ(ring->size(), 2U);
    EXPECT_TRUE(ring->first().bytes.equals(std::string(32, 'a')));
    EXPECT_EQ(ring->first().id, "3ba3f5f4"); // SHA-256 of 32 times "a"
    EXPECT_NE(ring->find(ring->first().id), nullptr);
    EXPECT_EQ(ring->find("00000000"), nullptr);
}

TEST(KeyRing, NamesTheLineThatIsNoKey) {
    for (std::string const& bad : {std::string("short\n"),
                                   core::base64_encode(std::string(31, 'a')) + "\n",
                                   core::base64_encode(std::string(33, 'a')) + "\n",
                                   std::string("not base64 at all!\n"),
                                   key_line('a')}) {
        auto const ring = KeyRing::parse(core::Secret(key_line('a') + bad), "store.key");
        ASSERT_FALSE(ring) << bad;
        EXPECT_TRUE(ring.error().message().starts_with("store.key:2: ")) << ring.error().message();
        EXPECT_EQ(ring.error().code(), "key_file_invalid");
    }
    EXPECT_FALSE(KeyRing::parse(core::Secret("# nothing\n"), "f"));
}

TEST(KeyRing, IsMadeForANewStoreOnly) {
    test::TemporaryFolder const folder;
    std::string const file = folder.path("store.key");
    auto const refused = server::load_key_ring(file, false);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code(), "key_file_missing");
    EXPECT_FALSE(std::filesystem::exists(file));

    auto const made = server::load_key_ring(file, true);
    ASSERT_TRUE(made) << made.error().message();
    struct stat status {};
    ASSERT_EQ(::stat(file.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 07777U, 0600U);
    auto const again = server::load_key_ring(file, true);
    ASSERT_TRUE(again);
    EXPECT_EQ(again->first().id, made->first().id);
}

TEST(KeyRing, PrefersTheServiceManagersCredential) {
    test::TemporaryFolder const folder;
    test::TemporaryFolder const credentials;
    credentials.write("store.key", key_line('c'), 0400);
    test::ScopedVariable const variable("CREDENTIALS_DIRECTORY", credentials.path());
    auto const ring = server::load_key_ring(folder.write("store.key", key_line('a')), false);
    ASSERT_TRUE(ring) << ring.error().message();
    EXPECT_TRUE(ring->first().bytes.equals(std::string(32, 'c')));
}

TEST(KeyRing, RefusesAFileOthersCanRead) {
    test::TemporaryFolder const folder;
    auto const ring = server::load_key_ring(folder.write("store.key", key_line('a'), 0640), false);
    ASSERT_FALSE(ring);
    EXPECT_EQ(ring.error().code(), "mode_too_open");
}

TEST(KeyRing, RefusesAFolderOthersCanWriteToUnlessItIsSticky) {
    test::TemporaryFolder const folder;
    std::filesystem::create_directory(folder.path("keys"));
    std::string const file = folder.write("keys/store.key", key_line('a'));
    ::chmod(folder.path("keys").c_str(), 0777);
    auto const refused = server::load_key_ring(file, false);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code(), "mode_too_open");
    EXPECT_EQ(refused.error().fix(), "chmod 0700 " + folder.path("keys"));
    ::chmod(folder.path("keys").c_str(), 01777);
    EXPECT_TRUE(server::load_key_ring(file, false));
}

TEST(KeyRing, RefusesASymbolicLink) {
    test::TemporaryFolder const folder;
    folder.write("real.key", key_line('a'));
    std::filesystem::create_symlink(folder.path("real.key"), folder.path("store.key"));
    auto const ring = server::load_key_ring(folder.path("store.key"), false);
    ASSERT_FALSE(ring);
    EXPECT_EQ(ring.error().code(), "symbolic_link");
}

TEST(KeyRing, NewKeyGoesOnTopAndOldOnesGoWhenNothingNeedsThem) {
    test::TemporaryFolder const folder;
    std::string const file = folder.write("store.key", key_line('a') + key_line('b'));
    auto const before = server::load_key_ring(file, false);
    ASSERT_TRUE(before);
    auto const added = server::prepend_new_key(file);
    ASSERT_TRUE(added) << added.error().message();
    auto const after = server::load_key_ring(file, false);
    ASSERT_TRUE(after);
    EXPECT_EQ(after->first().id, *added);
    EXPECT_EQ(after->size(), 3U);
    auto const dropped = server::drop_keys(file, {before->ids()[1]});
    ASSERT_TRUE(dropped);
    EXPECT_EQ(*dropped, std::vector<std::string>{before->ids()[0]});
    EXPECT_EQ(server::load_key_ring(file, false)->ids(),
              (std::vector<std::string>{*added, before->ids()[1]}));
    EXPECT_TRUE(server::drop_keys(file, {before->ids()[1]})->empty());
}

} // namespace
