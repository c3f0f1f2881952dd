#pragma once

#include "ado/organization.hpp"
#include "ado/patch.hpp"
#include "ado/work_items.hpp"
#include "core/result.hpp"
#include "server/tools/work_item_draft.hpp"

#include <string>
#include <vector>

namespace server {

/// What has to be written so that an item is as asked for. Computed against the item as it was read: what is
/// so already is left out, so that the same change computed again after a lost answer is empty.
class WorkItemChange {
public:
    ado::WorkItemPatch patch;
    std::vector<std::string> changed;   ///< names of arguments and fields
    std::vector<std::string> described; ///< `state: Active -> Resolved`, for the person who confirms it
    bool only_links = false;            ///< these do not raise the revision
    /// It holds only for the item as it was read: tags merged into those there were, a link removed by its
    /// place in the list.
    bool needs_same_revision = false;
    bool removes_links = false; ///< sent twice it would remove what moved into the place
};

/// `item` with its relations.
WorkItemChange work_item_change(ado::WorkItem const& item,
                                WorkItemArguments const& arguments,
                                ResolvedArguments const& resolved,
                                TextForm const& form,
                                ado::Organization const& organization);

/// Addresses of links that `now` lacks although nobody asked to remove them: parents do not count.
std::vector<std::string> lost_links(ado::WorkItem const& before, ado::WorkItem const& now);

/// Tags as the item has them with those asked for: a tag that begins with `-` is taken away.
std::vector<std::string> merged_tags(ado::WorkItem const& item, std::vector<std::string> const& wanted);

} // namespace server
