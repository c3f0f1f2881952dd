#include "ado/routes.hpp"

#include "core/text/percent_encoding.hpp"

namespace ado {
namespace {

std::string_view version_word(VersionType type) noexcept {
    switch (type) {
    case VersionType::tag:
        return "tag";
    case VersionType::commit:
        return "commit";
    case VersionType::branch:
    case VersionType::none:
        break;
    }
    return "branch";
}

} // namespace

std::string project_route(std::string const& project) {
    return project.empty() ? std::string() : "/" + core::percent_encode(project);
}

std::string repository_route(std::string const& project, std::string const& repository) {
    std::string route;
    route.reserve(256); // the callers append the rest of a request
    if (!project.empty()) {
        route += '/';
        core::append_percent_encoded(route, project);
    }
    route += "/_apis/git/repositories/";
    core::append_percent_encoded(route, repository);
    return route;
}

void append_version(std::string& target, std::string_view prefix, VersionDescriptor const& version) {
    if (version.type == VersionType::none) {
        return;
    }
    target.append("&").append(prefix).append("version=");
    core::append_percent_encoded(target, version.version);
    target.append("&").append(prefix).append("versionType=");
    target += version_word(version.type);
}

} // namespace ado
