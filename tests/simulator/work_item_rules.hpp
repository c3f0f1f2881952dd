#pragma once

#include "simulator/message.hpp"
#include "simulator/work_item.hpp"

#include <optional>

namespace simulator {

class Organization;
class WorkItemType;

/// What a write may do and who does it.
class WriteContext {
public:
    Organization& organization;
    Identity const& author;
    TimePoint now;
    bool bypass_rules = false;
};

/// Applies a JSON Patch document to a draft of a work item (id 0 = a new one). The draft is only worth
/// keeping when nothing is returned. Links go into the draft; link_targets() makes their other ends
/// afterwards.
class PatchResult {
public:
    std::optional<Reply> refusal;
    bool fields_changed = false; ///< links alone do not raise the revision
    bool history_added = false;
};
PatchResult apply_patch(WriteContext const& context, Json const& patch, WorkItem& draft);

/// Required and allowed values, after the patch. nullopt when all rules hold.
std::optional<Reply> check_rules(WriteContext const& context, WorkItem const& item);

/// Makes the relations of other items agree with those of `item`, which had `before`.
void mirror_relations(Organization& organization,
                      WorkItem const& item,
                      std::vector<WorkItemRelation> const& before);

} // namespace simulator
