#include "simulator/wiki_paths.hpp"

#include <gtest/gtest.h>

namespace simulator {
namespace {

TEST(WikiPaths, MapPagesToFilesAndBack) {
    Wiki wiki;
    EXPECT_EQ(wiki_file(wiki, "/How to build-test"), "/How-to-build%2Dtest.md");
    EXPECT_EQ(wiki_page(wiki, "/How-to-build%2Dtest.md"), "/How to build-test");
    EXPECT_EQ(wiki_file(wiki, "/On call/What next?"), "/On-call/What-next%3F.md");
    EXPECT_EQ(wiki_page(wiki, "/image.png"), "");
}

TEST(WikiPaths, LeaveOutTheMappedPath) {
    Wiki wiki;
    wiki.mapped_path = "/docs";
    EXPECT_EQ(wiki_file(wiki, "/Getting started"), "/docs/Getting-started.md");
    EXPECT_EQ(wiki_page(wiki, "/docs/Getting-started.md"), "/Getting started");
    EXPECT_EQ(wiki_page(wiki, "/other/Getting-started.md"), "");
}

} // namespace
} // namespace simulator
