#include "simulator/wiki_paths.hpp"

#include <algorithm>

namespace simulator {
namespace {

/// What a title may hold and a file name may not.
constexpr std::string_view kEncoded = "-:<>*?|\"";

} // namespace

std::string wiki_file(Wiki const& wiki, std::string_view page_path) {
    std::string out = wiki.mapped_path == "/" ? "" : wiki.mapped_path;
    for (char const c : page_path) {
        if (c == ' ') {
            out += '-';
        } else if (kEncoded.find(c) != std::string_view::npos) {
            static constexpr std::string_view kHex = "0123456789ABCDEF";
            out += '%';
            out += kHex[static_cast<unsigned char>(c) >> 4U];
            out += kHex[static_cast<unsigned char>(c) & 15U];
        } else {
            out += c;
        }
    }
    return out + ".md";
}

std::string wiki_page(Wiki const& wiki, std::string_view file_path) {
    std::string const prefix = wiki.mapped_path == "/" ? "" : wiki.mapped_path;
    if (!file_path.starts_with(prefix + "/") || !file_path.ends_with(".md")) {
        return {};
    }
    std::string page(file_path.substr(prefix.size(), file_path.size() - prefix.size() - 3));
    std::replace(page.begin(), page.end(), '-', ' ');
    return percent_decode(page, false);
}

std::vector<std::string> wiki_pages(Wiki const& wiki, Snapshot const& snapshot) {
    std::vector<std::string> out;
    for (auto const& [path, blob] : snapshot.files) {
        auto page = wiki_page(wiki, path);
        if (!page.empty()) {
            out.push_back(std::move(page));
        }
    }
    std::sort(out.begin(), out.end());
    return out;
}

} // namespace simulator
