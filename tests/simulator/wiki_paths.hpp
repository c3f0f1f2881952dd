#pragma once

#include "simulator/world.hpp"

#include <string>
#include <string_view>
#include <vector>

/// A wiki's pages are files: `/How to build-test` lies in `/How-to-build%2Dtest.md`.
namespace simulator {

/// The file of a page, below the wiki's mapped path.
std::string wiki_file(Wiki const& wiki, std::string_view page_path);
/// The page of a file; empty when the file is no page of this wiki.
std::string wiki_page(Wiki const& wiki, std::string_view file_path);
/// All pages, parents before children.
std::vector<std::string> wiki_pages(Wiki const& wiki, Snapshot const& snapshot);

} // namespace simulator
