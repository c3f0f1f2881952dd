#include "ado/wiki_paths.hpp"

#include "core/http/http_message.hpp"
#include "core/text/percent_encoding.hpp"

#include <algorithm>

namespace ado {
namespace {

constexpr std::string_view kSuffix = ".md";
/// What a title may hold and a file name may not.
constexpr std::string_view kEncoded = "-:<>*?|\"";

std::string_view folder_of(std::string_view mapped_path) {
    while (mapped_path.ends_with('/')) {
        mapped_path.remove_suffix(1);
    }
    return mapped_path;
}

} // namespace

std::optional<std::string> page_of_file(std::string_view mapped_path, std::string_view file_path) {
    std::string_view const folder = folder_of(mapped_path);
    if (!is_below(folder, file_path) || file_path.size() <= folder.size() + 1 ||
        !core::iequals(file_path.substr(file_path.size() - std::min(file_path.size(), kSuffix.size())),
                       kSuffix)) {
        return std::nullopt;
    }
    file_path.remove_prefix(folder.size());
    file_path.remove_suffix(kSuffix.size());
    std::string page(file_path);
    std::replace(page.begin(), page.end(), '-', ' ');
    std::optional<std::string> decoded = core::percent_decode(page);
    return decoded ? decoded : std::optional(std::move(page));
}

std::string file_of_page(std::string_view mapped_path, std::string_view page_path) {
    std::string file(folder_of(mapped_path));
    for (char const c : page_path) {
        if (c == ' ') {
            file += '-';
        } else if (kEncoded.find(c) != std::string_view::npos) {
            file += core::percent_encode(std::string_view(&c, 1));
            if (file.ends_with('-')) {
                file.replace(file.size() - 1, 1, "%2D"); // unreserved elsewhere
            }
        } else {
            file += c;
        }
    }
    return file.append(kSuffix);
}

bool is_below(std::string_view root, std::string_view path) noexcept {
    root = folder_of(root);
    return core::iequals(path.substr(0, root.size()), root) &&
           (path.size() == root.size() || root.empty() || path[root.size()] == '/');
}

} // namespace ado
