#pragma once

#include "ado/organization.hpp"
#include "ado/patch.hpp"
#include "core/json.hpp"
#include "core/result.hpp"
#include "server/tools/call_scope.hpp"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace server {

/// The work item a create_work_item call describes, checked as far as it can be without asking.
class WorkItemRequest {
public:
    std::string project;
    std::string type;
    std::string title;
    std::string description;       ///< Markdown, as the caller wrote it
    std::string description_field; ///< where this type shows it: a bug's form hides System.Description
    ado::WorkItemPatch patch;
    std::optional<std::string> idempotency_key;
    bool validate_only = false;
    core::Json canonical; ///< the arguments with defaults filled in: what a repeated key must repeat
};

core::Result<WorkItemRequest> read_work_item_request(core::Json const& args,
                                                     ConnectorPolicy const& policy,
                                                     ado::Organization const& organization);

/// What two long texts have in common however the service stored them: letters and digits, without tags and
/// entities.
std::string text_essence(std::string_view text);

} // namespace server
