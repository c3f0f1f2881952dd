#pragma once

#include "core/task.hpp"
#include "server/tools/call_scope.hpp"
#include "server/tools/work_item_arguments.hpp"
#include "server/tools/work_item_metadata.hpp"

#include <string>
#include <vector>

namespace server {

/// A link as it is sent.
class ItemLink {
public:
    std::string rel;
    std::string url;
    std::string name; ///< of an artifact link: Fixed in Commit
    std::string comment;
};

class ItemLinks {
public:
    ItemLinks() = default;
    std::vector<ItemLink> links;
    std::vector<std::string> notes;
};

/// Addresses of this organization's commits, pull requests, branches and builds become links to the thing
/// itself, those of work items related links; everything else, files too, a hyperlink. So does what cannot be
/// looked up, with a note. References outlive the task.
core::Task<ItemLinks>
resolve_links(std::vector<WantedLink> const& wanted, WorkItemMetadata& metadata, CallScope const& scope);

void add_link(ado::WorkItemPatch& patch, ItemLink const& link);

} // namespace server
