#pragma once

#include "ado/git.hpp"
#include "ado/organization.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace ado {

/// The page that shows a file at a version with the given lines (1-based, inclusive) marked. `end_column` is
/// one past the last marked character; 0 marks up to the start of the line after. `first_line` 0 links to the
/// file alone.
std::string file_url(Organization const& organization,
                     std::string_view project,
                     std::string_view repository,
                     std::string_view path,
                     VersionDescriptor const& version,
                     std::size_t first_line,
                     std::size_t last_line,
                     std::size_t end_column = 0);

std::string project_url(Organization const& organization, std::string_view project);
/// The page that shows a repository's files.
std::string
repository_url(Organization const& organization, std::string_view project, std::string_view repository);
std::string commit_url(Organization const& organization,
                       std::string_view project,
                       std::string_view repository,
                       std::string_view commit);

/// The page a person opens to edit the item.
std::string work_item_url(Organization const& organization, std::string_view project, std::int64_t id);

/// The REST address by which a relation names another work item (parent, related).
std::string work_item_api_url(Organization const& organization, std::int64_t id);

} // namespace ado
