#pragma once

#include "ado/code_search.hpp"
#include "ado/connection_data.hpp"
#include "ado/git.hpp"
#include "core/json.hpp"
#include "core/result.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

/// From the service's JSON to values. They take strings out of the document instead of copying them, survive
/// missing members and members of the wrong type, and fail (upstream) only when an answer is of another shape
/// altogether.
namespace ado {

class Project;
class WorkItem;
class WorkItemType;

core::Result<ConnectionData> read_connection_data(core::Json& json);

core::Result<CodeSearchPage> read_code_search_page(core::Json& json);
core::Result<RepositoryIndexStatus> read_index_status(core::Json& json);

core::Result<FileItem> read_file_item(std::string_view text);
core::Result<Repository> read_repository(core::Json& json);
core::Result<std::vector<Repository>> read_repositories(core::Json& json);

/// Of one page.
core::Result<std::vector<Project>> read_projects(core::Json& json);

core::Result<WorkItem> read_work_item(core::Json& json);
core::Result<std::vector<WorkItem>> read_work_items(core::Json& json);
core::Result<std::vector<std::int64_t>> read_wiql_ids(core::Json& json);
core::Result<std::vector<WorkItemType>> read_work_item_types(core::Json& json);
core::Result<WorkItemType> read_work_item_type(core::Json& json);

// Shared by the readers.

/// The member's text, moved out; empty when absent or not a string.
std::string take_string(core::Json& object, std::string_view key);
/// The member when it is an object or array, to be taken apart; nullptr otherwise.
core::Json* member_object(core::Json& object, std::string_view key) noexcept;
core::Json* member_array(core::Json& object, std::string_view key) noexcept;
/// `refs/heads/main` -> `main`.
std::string bare_branch(std::string name);

} // namespace ado
