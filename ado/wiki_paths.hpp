#pragma once

#include <optional>
#include <string>
#include <string_view>

/// A page of a wiki lies in a file of git under another name: `/How to build-test` in
/// `/How-to-build%2Dtest.md`, below the folder the wiki is mapped to. Search answers with the one, the pages
/// API takes the other.
namespace ado {

/// The page of a file; nullopt when the file is not below `mapped_path` or no page (`.md`).
std::optional<std::string> page_of_file(std::string_view mapped_path, std::string_view file_path);

/// The file of a page, without regard to whether there is one.
std::string file_of_page(std::string_view mapped_path, std::string_view page_path);

/// Whether `path` is `root` or lies below it, without regard to the case of letters of ASCII; everything lies
/// below `/` and the empty root.
bool is_below(std::string_view root, std::string_view path) noexcept;

} // namespace ado
