#include "simulator/work_item_write.hpp"

#include "simulator/work_item_json.hpp"
#include "simulator/work_item_rules.hpp"
#include "simulator/work_item_types.hpp"

namespace simulator {
namespace {

/// Rules may be bypassed and notifications suppressed by those who hold everything.
std::optional<Reply> check_switches(Call const& call) {
    bool const special = call.request.flag("bypassrules") || call.request.flag("suppressnotifications");
    bool const allowed = call.caller.pat != nullptr && call.caller.pat->scopes.contains("app_token");
    if (special && !allowed) {
        return ado_error(
            403,
            "AccessCheckException",
            "VS403283: You do not have permission to bypass rules or to suppress notifications.");
    }
    return std::nullopt;
}

WorkItem new_draft(Call const& call, WorkItemType const& type) {
    WorkItem draft;
    draft.project = call.project;
    draft.type = type.name;
    draft.created = call.state.now();
    std::string const when = iso_time(draft.created);
    draft.fields = {{"System.AreaPath", call.project->name},
                    {"System.IterationPath", call.project->name},
                    {"System.TeamProject", call.project->name},
                    {"System.WorkItemType", type.name},
                    {"System.State", type.states.front().name},
                    {"System.Reason", type.initial_reason},
                    {"System.CreatedDate", when},
                    {"System.CreatedBy", call.caller.identity->vss_id},
                    {"System.ChangedDate", when},
                    {"System.ChangedBy", call.caller.identity->vss_id},
                    {"Microsoft.VSTS.Common.StateChangeDate", when}};
    for (auto const& field : type.fields) {
        if (!field.default_value.is_null()) {
            draft.fields[field.field->reference_name] = field.default_value;
        }
    }
    return draft;
}

} // namespace

PatchBody read_patch(Request const& request) {
    PatchBody out;
    auto const type = request.header("content-type");
    std::string const media(trim(type.substr(0, type.find(';'))));
    if (!iequals(media, "application/json-patch+json")) {
        out.refusal = ado_error(400,
                                "VssRequestContentTypeNotSupportedException",
                                "The request indicated a Content-Type of \"" + media +
                                    "\" for method type \"" + request.method +
                                    "\" which is not supported. Valid content types for this method are: "
                                    "application/json-patch+json.");
        return out;
    }
    auto document = parse_json(request.body);
    if (!document.has_value()) {
        out.refusal = binding_error("You must pass a valid patch document in the body of the request.");
        return out;
    }
    out.document = std::move(*document);
    return out;
}

WorkItem* visible_work_item(Call& call, long long id) {
    auto* item = call.organization->work_items.find(id);
    bool const here = item != nullptr && (call.project == nullptr || call.project == item->project);
    return here && call.may_see(*item->project) ? item : nullptr;
}

Reply create_work_item(Call& call, std::string_view type_name, Json const& patch) {
    auto const* type = find_work_item_type(call.project->process, type_name);
    if (type == nullptr) {
        return ado_error(404,
                         "WorkItemTypeNotFoundException",
                         "VS402323: Work item type " + std::string(type_name) +
                             " does not exist in project " + call.project->name +
                             " or you do not have permission to access it.");
    }
    if (auto refusal = check_switches(call)) {
        return *refusal;
    }
    WorkItem draft = new_draft(call, *type);
    WriteContext const context{
        *call.organization, *call.caller.identity, call.state.now(), call.request.flag("bypassrules")};
    auto const result = apply_patch(context, patch, draft);
    if (result.refusal.has_value()) {
        return *result.refusal;
    }
    if (auto refusal = check_rules(context, draft)) {
        return *refusal;
    }
    draft.changed = call.state.now();
    draft.indexed_at = draft.changed + call.state.settings.work_item_index_lag;
    draft.revisions.push_back(draft.fields);
    auto const expand = call.request.param("$expand");
    if (call.request.flag("validateonly")) {
        draft.id = -1;
        return json_reply(work_item_json(call, draft, expand, {}));
    }
    auto& stored = call.organization->work_items.add(std::move(draft));
    mirror_relations(*call.organization, stored, {});
    return json_reply(work_item_json(call, stored, expand.empty() ? "relations" : expand, {}));
}

Reply update_work_item(Call& call, long long id, Json const& patch) {
    auto* item = visible_work_item(call, id);
    if (item == nullptr) {
        return work_item_not_found(id);
    }
    if (auto refusal = check_switches(call)) {
        return *refusal;
    }
    WriteContext const context{
        *call.organization, *call.caller.identity, call.state.now(), call.request.flag("bypassrules")};
    WorkItem draft = *item;
    auto const result = apply_patch(context, patch, draft);
    if (result.refusal.has_value()) {
        return *result.refusal;
    }
    if (auto refusal = check_rules(context, draft)) {
        return *refusal;
    }
    auto const expand = call.request.param("$expand");
    if (result.fields_changed) { // links alone do not raise the revision
        draft.rev += 1;
        draft.changed = call.state.now();
        draft.fields["System.ChangedDate"] = iso_time(draft.changed);
        draft.fields["System.ChangedBy"] = call.caller.identity->vss_id;
        draft.indexed_at = draft.changed + call.state.settings.work_item_index_lag;
        draft.revisions.push_back(draft.fields);
    }
    if (call.request.flag("validateonly")) {
        return json_reply(work_item_json(call, draft, expand, {}));
    }
    auto const before = item->relations;
    *item = std::move(draft);
    mirror_relations(*call.organization, *item, before);
    return json_reply(work_item_json(call, *item, expand.empty() ? "relations" : expand, {}));
}

} // namespace simulator
