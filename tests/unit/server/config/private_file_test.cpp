#include "server/config/private_file.hpp"

#include "support/temporary_folder.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include <sys/stat.h>
#include <unistd.h>

namespace {

using server::PrivateFile;
using server::WriteMode;

mode_t mode_of(std::string const& path) {
    struct stat status {};
    EXPECT_EQ(::stat(path.c_str(), &status), 0) << path;
    return status.st_mode & 07777U;
}

TEST(PrivateFile, ReadsWithoutTheLineBreakAtTheEnd) {
    test::TemporaryFolder const folder;
    for (char const* content : {"secret", "secret\n", "secret\r\n", "secret\n\n"}) {
        auto const read = server::read_private_file(folder.write("f", content));
        ASSERT_TRUE(read) << read.error().message();
        EXPECT_TRUE(read->equals("secret")) << content;
    }
}

TEST(PrivateFile, RefusesModesThatLetOthersRead) {
    test::TemporaryFolder const folder;
    for (mode_t const mode : {0640U, 0604U, 0620U, 0601U}) {
        std::string const file = folder.write("f", "secret", mode);
        auto const read = server::read_private_file(file);
        ASSERT_FALSE(read) << mode;
        EXPECT_EQ(read.error().code(), "mode_too_open");
        EXPECT_EQ(read.error().fix(), "chmod 0600 " + file);
    }
    EXPECT_TRUE(server::read_private_file(folder.write("f", "secret", 0400)));
}

TEST(PrivateFile, RefusesWhatIsNoSecret) {
    test::TemporaryFolder const folder;
    EXPECT_EQ(server::read_private_file(folder.path("missing")).error().kind(), core::ErrorKind::not_found);
    EXPECT_FALSE(server::read_private_file(folder.path()));
    EXPECT_FALSE(server::read_private_file(folder.write("empty", "\n")));
    EXPECT_FALSE(server::read_private_file(folder.write("large", std::string(64 * 1024 + 1, 'x'))));
    std::string const pipe = folder.path("pipe");
    ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
    EXPECT_FALSE(server::read_private_file(pipe)); // and does not wait for a writer
}

TEST(PrivateFile, FollowsLinksToMountedSecretsButNotToKeys) {
    test::TemporaryFolder const folder;
    std::filesystem::create_symlink(folder.write("f", "secret"), folder.path("link"));
    EXPECT_TRUE(server::read_private_file(folder.path("link"), PrivateFile::secret));
    auto const key = server::read_private_file(folder.path("link"), PrivateFile::key);
    ASSERT_FALSE(key);
    EXPECT_EQ(key.error().code(), "symbolic_link");
}

TEST(PrivateFile, TrustsTheServiceManagersCredentialsToTheGroup) {
    test::TemporaryFolder const folder;
    test::ScopedVariable const variable("CREDENTIALS_DIRECTORY", folder.path());
    EXPECT_TRUE(server::read_private_file(folder.write("f", "secret", 0440)));
    EXPECT_FALSE(server::read_private_file(folder.write("f", "secret", 0444)));
}

TEST(PrivateFile, IsWrittenForItsOwnerAloneWhateverTheUmask) {
    test::TemporaryFolder const folder;
    std::string const file = folder.path("f");
    mode_t const before = ::umask(0);
    auto const written = server::write_private_file(file, core::Secret("one"), WriteMode::create);
    ::umask(before);
    ASSERT_TRUE(written) << written.error().message();
    EXPECT_EQ(mode_of(file), 0600U);
    EXPECT_TRUE(server::read_private_file(file)->equals("one"));
}

TEST(PrivateFile, CreateKeepsWhatIsThereReplaceDoesNot) {
    test::TemporaryFolder const folder;
    std::string const file = folder.write("f", "one");
    auto const created = server::write_private_file(file, core::Secret("two"), WriteMode::create);
    ASSERT_FALSE(created);
    EXPECT_EQ(created.error().kind(), core::ErrorKind::conflict);
    EXPECT_TRUE(server::read_private_file(file)->equals("one"));
    ASSERT_TRUE(server::write_private_file(file, core::Secret("three"), WriteMode::replace));
    EXPECT_TRUE(server::read_private_file(file)->equals("three"));
    auto const entries = std::filesystem::directory_iterator(folder.path());
    EXPECT_EQ(std::distance(begin(entries), end(entries)), 1); // nothing temporary is left
}

} // namespace
