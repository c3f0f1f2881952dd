#include "ado/web_links.hpp"

#include "core/text/percent_encoding.hpp"

namespace ado {
namespace {

/// For a query value; slashes stay, which is allowed there and reads better.
std::string encode_path(std::string_view text) {
    std::string out;
    for (;;) {
        std::size_t const slash = text.find('/');
        out += core::percent_encode(text.substr(0, slash));
        if (slash == std::string_view::npos) {
            return out;
        }
        out += '/';
        text.remove_prefix(slash + 1);
    }
}

std::string_view version_prefix(VersionType type) noexcept {
    switch (type) {
    case VersionType::branch:
        return "GB";
    case VersionType::tag:
        return "GT";
    case VersionType::commit:
        return "GC";
    case VersionType::none:
        break;
    }
    return "";
}

} // namespace

std::string file_url(Organization const& organization,
                     std::string_view project,
                     std::string_view repository,
                     std::string_view path,
                     VersionDescriptor const& version,
                     std::size_t first_line,
                     std::size_t last_line,
                     std::size_t end_column) {
    std::string url = organization.web_url() + "/" + core::percent_encode(project) + "/_git/" +
                      core::percent_encode(repository) + "?path=" + (path.starts_with('/') ? "" : "/") +
                      encode_path(path);
    if (version.type != VersionType::none) {
        url += "&version=";
        url += version_prefix(version.type);
        url += encode_path(version.version);
    }
    if (first_line != 0) {
        // Without a column the marking ends where the next line begins.
        std::size_t const end_line = end_column != 0 ? last_line : last_line + 1;
        std::size_t const column = end_column != 0 ? end_column : 1;
        url += "&line=" + std::to_string(first_line) + "&lineEnd=" + std::to_string(end_line) +
               "&lineStartColumn=1&lineEndColumn=" + std::to_string(column) + "&lineStyle=plain";
    }
    return url + "&_a=contents";
}

std::string work_item_url(Organization const& organization, std::string_view project, std::int64_t id) {
    std::string url = organization.web_url();
    if (!project.empty()) {
        url += "/" + core::percent_encode(project);
    }
    return url + "/_workitems/edit/" + std::to_string(id);
}

std::string work_item_api_url(Organization const& organization, std::int64_t id) {
    return organization.core_url() + "/_apis/wit/workItems/" + std::to_string(id);
}

} // namespace ado
