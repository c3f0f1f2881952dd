#include "core/http/http_message.hpp"
#include "server/tools/call_scope.hpp"

#include <algorithm>

namespace server {

namespace {

/// Entries are NAME, or PROJECT/NAME. Where the project is not known yet the name decides.
bool is_listed(std::vector<std::string> const& list, std::string_view project, std::string_view name) {
    return list.empty() || std::any_of(list.begin(), list.end(), [&](std::string_view const entry) {
               std::size_t const slash = entry.find('/');
               if (slash == std::string_view::npos) {
                   return core::iequals(entry, name);
               }
               bool const there = project.empty() || core::iequals(entry.substr(0, slash), project);
               return there && core::iequals(entry.substr(slash + 1), name);
           });
}

} // namespace

bool ConnectorPolicy::allows_project(std::string_view project) const noexcept {
    return projects.empty() ||
           std::any_of(projects.begin(), projects.end(), [project](std::string const& allowed) {
               return core::iequals(allowed, project);
           });
}

bool ConnectorPolicy::allows_repository(std::string_view project, std::string_view repository) const {
    return is_listed(repositories, project, repository);
}

bool ConnectorPolicy::allows_wiki(std::string_view project, std::string_view wiki) const {
    return is_listed(wikis, project, wiki);
}

} // namespace server
