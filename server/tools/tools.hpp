#pragma once

#include "server/tools/call_scope.hpp"
#include "server/tools/work_item_metadata.hpp"

#include <memory>

namespace server {

class KnowledgeBase; // server/tools/knowledge_base.hpp

std::unique_ptr<OrganizationTool> make_search_code_tool();
std::unique_ptr<OrganizationTool> make_read_file_tool();
std::unique_ptr<OrganizationTool> make_list_projects_tool();
std::unique_ptr<OrganizationTool> make_list_repositories_tool();
std::unique_ptr<OrganizationTool> make_list_files_tool();
std::unique_ptr<OrganizationTool> make_list_commits_tool();
/// `base` outlives the two.
std::unique_ptr<OrganizationTool> make_search_wiki_tool(KnowledgeBase& base);
std::unique_ptr<OrganizationTool> make_read_wiki_page_tool(KnowledgeBase& base);
std::unique_ptr<OrganizationTool> make_search_work_items_tool();
std::unique_ptr<OrganizationTool> make_get_work_item_tool();
std::unique_ptr<OrganizationTool> make_describe_work_item_type_tool();
/// The tools that write work items share what they know of projects.
std::unique_ptr<OrganizationTool>
make_create_work_item_tool(std::shared_ptr<WorkItemMetadata> metadata = std::make_shared<WorkItemMetadata>());
std::unique_ptr<OrganizationTool>
make_update_work_item_tool(std::shared_ptr<WorkItemMetadata> metadata = std::make_shared<WorkItemMetadata>());
std::unique_ptr<OrganizationTool> make_add_work_item_comment_tool(
    std::shared_ptr<WorkItemMetadata> metadata = std::make_shared<WorkItemMetadata>());

} // namespace server
