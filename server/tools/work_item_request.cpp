#include "server/tools/work_item_request.hpp"

#include "ado/web_links.hpp"
#include "server/tools/answer.hpp"
#include "server/tools/project_question.hpp"
#include "server/tools/text_essence.hpp"

#include <utility>

namespace server {

namespace {

using core::Json;
using core::Result;

void put_line(ado::WorkItemPatch& patch, std::string_view field, std::optional<std::string> const& value) {
    if (value && !value->empty()) {
        patch.set(field, *value);
    }
}

} // namespace

Result<WorkItemRequest> read_work_item_request(Json const& args, ConnectorPolicy const& policy) {
    WorkItemRequest request;
    request.project = chosen_project(args, policy);
    if (request.project.empty()) {
        return core::fail(project_missing());
    }
    if (!is_usable_name(request.project)) {
        return core::fail(wrong_argument("`" + request.project + "` is not a name of a project."));
    }
    std::string_view const type = text_argument(args, "type");
    request.type = type.empty() ? std::string("Task") : std::string(type);
    if (!is_usable_name(request.type)) {
        return core::fail(wrong_argument("`" + request.type + "` is not a work item type."));
    }
    ADOMCPD_TRY(request.arguments, read_work_item_arguments(args));
    if (!request.arguments.title) {
        return core::fail(wrong_argument("`title` is missing."));
    }
    std::string_view const key = core::find_string(args, "idempotency_key").value_or(std::string_view());
    if (!key.empty()) {
        request.idempotency_key = std::string(key);
    }
    request.validate_only = core::find_bool(args, "validate_only").value_or(false);
    request.canonical = args;
    for (char const* const name : {"idempotency_key", "organization", "validate_only"}) {
        request.canonical.erase(name);
    }
    request.canonical["project"] = request.project;
    request.canonical["type"] = request.type;
    return request;
}

ado::WorkItemPatch build_patch(WorkItemRequest const& request,
                               ResolvedArguments const& resolved,
                               TextForm const& form,
                               std::string const& marker,
                               ado::Organization const& organization) {
    WorkItemArguments const& given = request.arguments;
    ado::WorkItemPatch patch;
    patch.set("System.Title", request.title());
    if (given.description && !given.description->empty()) {
        put_text(patch, form.description_field, *given.description, form.html);
    }
    put_line(patch, "System.AreaPath", given.area_path);
    put_line(patch, "System.IterationPath", given.iteration_path);
    if (given.priority) {
        patch.set(kPriority, *given.priority);
    }
    put_line(patch, kSeverity, given.severity);
    if (!resolved.assigned_to.empty()) {
        patch.set("System.AssignedTo", resolved.assigned_to);
    }
    std::vector<std::string> tags = given.tags;
    if (!marker.empty()) {
        tags.push_back(marker);
    }
    if (!tags.empty()) {
        patch.set_tags(tags);
    }
    for (auto const& [field, value] : resolved.fields) {
        if (!value.is_null()) {
            put_field(patch, field, value, form.html);
        }
    }
    if (given.parent_id) {
        patch.add_relation(kParentLink, ado::work_item_api_url(organization, *given.parent_id), "");
    }
    for (ItemLink const& link : resolved.links) {
        add_link(patch, link);
    }
    return patch;
}

CreationProbe probe_of(WorkItemRequest const& request, std::string const& marker) {
    CreationProbe probe;
    probe.project = request.project;
    probe.type = request.type;
    probe.title = request.title();
    probe.text_sha256 = text_digests(request.arguments.description.value_or(std::string()));
    probe.marker = marker;
    return probe;
}

} // namespace server
