#pragma once

#include "ado/patch.hpp"
#include "core/json.hpp"
#include "core/result.hpp"
#include "server/tools/call_scope.hpp"
#include "server/tools/created_item.hpp"
#include "server/tools/work_item_draft.hpp"

#include <nlohmann/json.hpp>

#include <optional>
#include <string>

namespace server {

/// The work item a create_work_item call describes, checked as far as it can be without asking.
class WorkItemRequest {
public:
    std::string project;
    std::string type;
    WorkItemArguments arguments;
    std::optional<std::string> idempotency_key;
    bool validate_only = false;
    core::Json canonical; ///< the arguments with defaults filled in: what a repeated key must repeat

    std::string const& title() const { return *arguments.title; }
};

core::Result<WorkItemRequest> read_work_item_request(core::Json const& args, ConnectorPolicy const& policy);

/// `marker`: a tag of ours; empty = none.
ado::WorkItemPatch build_patch(WorkItemRequest const& request,
                               ResolvedArguments const& resolved,
                               TextForm const& form,
                               std::string const& marker,
                               ado::Organization const& organization);

CreationProbe probe_of(WorkItemRequest const& request, std::string const& marker);

} // namespace server
