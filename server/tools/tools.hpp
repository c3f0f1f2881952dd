#pragma once

#include "server/tools/call_scope.hpp"

#include <memory>

namespace server {

std::unique_ptr<OrganizationTool> make_search_code_tool();
std::unique_ptr<OrganizationTool> make_read_file_tool();
std::unique_ptr<OrganizationTool> make_create_work_item_tool();

} // namespace server
