#include "server/router/file_watch.hpp"

#include "support/run_coro.hpp"
#include "support/temporary_folder.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace {

class FileWatch : public testing::Test {
protected:
    void start(std::vector<std::string> const& paths) {
        ASSERT_TRUE(watch_.watch(paths));
        running_.emplace(loop_.spawn(watch_.run()));
        loop_.poll();
    }
    ~FileWatch() override {
        if (running_) {
            running_->cancel();
            loop_.wait(*running_);
        }
    }
    void write(std::string const& path, std::string const& text) { std::ofstream(path) << text; }
    /// Runs the loop until the change was told, and forgets it.
    std::string next() {
        loop_.run_until([this] { return !changed_.empty(); });
        loop_.poll();
        std::string const last = changed_.back();
        changed_.clear();
        return last;
    }

    test::TemporaryFolder folder_;
    test::Loop loop_;
    std::vector<std::string> changed_;
    server::FileWatch watch_{loop_.executor(), [this](std::string const& path) { changed_.push_back(path); }};
    std::optional<test::Loop::Spawned<void>> running_;
};

TEST_F(FileWatch, TellsOfAFileThatIsWrittenReplacedOrRemoved) {
    std::string const pat = folder_.path("pat");
    write(pat, "one");
    start({pat});
    write(pat, "two");
    EXPECT_EQ(next(), pat);
    write(folder_.path("new"), "three");
    std::filesystem::rename(folder_.path("new"), pat);
    EXPECT_EQ(next(), pat);
    std::filesystem::remove(pat);
    EXPECT_EQ(next(), pat);
    write(pat, "four");
    EXPECT_EQ(next(), pat);
}

TEST_F(FileWatch, IsSilentAboutItsNeighbours) {
    std::string const pat = folder_.path("pat");
    write(pat, "one");
    start({pat});
    write(folder_.path("state.db"), "x");
    loop_.poll();
    write(pat, "two"); // comes after it
    EXPECT_EQ(next(), pat);
    EXPECT_TRUE(changed_.empty());
}

TEST_F(FileWatch, FollowsMountedSecretsWhoseLinkIsTurned) {
    std::filesystem::create_directories(folder_.path("v1"));
    std::filesystem::create_directories(folder_.path("v2"));
    write(folder_.path("v1/pat"), "one");
    write(folder_.path("v2/pat"), "two");
    std::filesystem::create_directory_symlink("v1", folder_.path("..data"));
    std::filesystem::create_symlink("..data/pat", folder_.path("pat"));
    start({folder_.path("pat")});
    std::filesystem::create_directory_symlink("v2", folder_.path("..next"));
    std::filesystem::rename(folder_.path("..next"), folder_.path("..data"));
    EXPECT_EQ(next(), folder_.path("pat"));
}

TEST_F(FileWatch, NothingToWatchIsNoWork) {
    start({});
    EXPECT_TRUE(running_->done());
}

} // namespace
