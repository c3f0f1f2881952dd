#include "ado/web_links.hpp"

#include "core/text/percent_encoding.hpp"

#include <array>
#include <charconv>

namespace ado {
namespace {

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

void append_number(std::string& url, std::string_view name, std::size_t number) {
    std::array<char, 20> digits{};
    auto const end = std::to_chars(digits.data(), digits.data() + digits.size(), number);
    url.append(name).append(digits.data(), end.ptr);
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
    std::string const& root = organization.web_url();
    std::string url;
    // Most names need few escapes: one allocation, nearly always.
    url.reserve(root.size() + project.size() + repository.size() + path.size() + version.version.size() +
                160);
    url += root;
    url += '/';
    core::append_percent_encoded(url, project);
    url += "/_git/";
    core::append_percent_encoded(url, repository);
    url += path.starts_with('/') ? "?path=" : "?path=/";
    // Slashes are allowed in a query and read better there.
    core::append_percent_encoded(url, path, true);
    if (version.type != VersionType::none) {
        url += "&version=";
        url += version_prefix(version.type);
        core::append_percent_encoded(url, version.version, true);
    }
    if (first_line != 0) {
        // Without a column the marking ends where the next line begins.
        append_number(url, "&line=", first_line);
        append_number(url, "&lineEnd=", end_column != 0 ? last_line : last_line + 1);
        append_number(url, "&lineStartColumn=1&lineEndColumn=", end_column != 0 ? end_column : 1);
        url += "&lineStyle=plain";
    }
    url += "&_a=contents";
    return url;
}

std::string project_url(Organization const& organization, std::string_view project) {
    return organization.web_url() + "/" + core::percent_encode(project);
}

std::string
repository_url(Organization const& organization, std::string_view project, std::string_view repository) {
    std::string url = organization.web_url();
    if (!project.empty()) {
        url += "/" + core::percent_encode(project);
    }
    return url + "/_git/" + core::percent_encode(repository);
}

std::string commit_url(Organization const& organization,
                       std::string_view project,
                       std::string_view repository,
                       std::string_view commit) {
    return repository_url(organization, project, repository) + "/commit/" + core::percent_encode(commit);
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
