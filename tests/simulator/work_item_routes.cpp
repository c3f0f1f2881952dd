#include "simulator/route.hpp"
#include "simulator/wiql.hpp"
#include "simulator/work_item_json.hpp"
#include "simulator/work_item_rules.hpp"
#include "simulator/work_item_types.hpp"
#include "simulator/work_item_write.hpp"

#include <algorithm>

namespace simulator {
namespace {

constexpr std::size_t kMaxBatch = 200;
constexpr std::size_t kMaxWiqlText = 32'000;
constexpr std::size_t kMaxWiqlResults = 20'000;

std::vector<std::string> field_list(std::string_view text) {
    std::vector<std::string> out;
    for (auto const& part : split(text, ',')) {
        if (!trim(part).empty()) {
            out.emplace_back(trim(part));
        }
    }
    return out;
}

std::optional<Reply> check_fields(std::vector<std::string> const& fields, std::string_view expand) {
    if (!fields.empty() && !expand.empty() && !iequals(expand, "none") && !iequals(expand, "links")) {
        return argument_error("The expand parameter can not be used with the fields parameter.");
    }
    for (auto const& field : fields) {
        if (find_field(field) == nullptr) {
            return ado_error(
                400, "WorkItemFieldNotFoundException", "TF51535: Cannot find field " + field + ".");
        }
    }
    return std::nullopt;
}

Reply get_one(Call& call) {
    long long id = 0;
    if (!to_int(call.param("id"), id) || id < 1) {
        return no_controller("/" + join(call.request.segments, "/"));
    }
    auto const fields = field_list(call.request.param("fields"));
    auto const expand = call.request.param("$expand");
    if (auto refusal = check_fields(fields, expand)) {
        return *refusal;
    }
    auto const* item = visible_work_item(call, id);
    return item == nullptr ? work_item_not_found(id)
                           : json_reply(work_item_json(call, *item, expand, fields));
}

Reply many(Call& call,
           std::vector<long long> const& ids,
           std::vector<std::string> const& fields,
           std::string_view expand,
           bool omit) {
    if (ids.size() > kMaxBatch) {
        return ado_error(400,
                         "VssPropertyValidationException",
                         "VS403474: You requested " + std::to_string(ids.size()) +
                             " work items which exceeds the limit of 200.");
    }
    if (auto refusal = check_fields(fields, expand)) {
        return *refusal;
    }
    Json list = Json::array();
    for (auto const id : ids) {
        auto const* item = visible_work_item(call, id);
        if (item != nullptr) {
            list.push_back(work_item_json(call, *item, expand, fields));
        } else if (omit) {
            list.push_back(nullptr);
        } else {
            return work_item_not_found(id);
        }
    }
    return list_reply(list);
}

Reply get_list(Call& call) {
    std::vector<long long> ids;
    for (auto const& part : split(call.request.param("ids"), ',')) {
        long long id = 0;
        if (!to_int(trim(part), id)) {
            return argument_error("The ids of the request are not valid.");
        }
        ids.push_back(id);
    }
    return many(call,
                ids,
                field_list(call.request.param("fields")),
                call.request.param("$expand"),
                iequals(call.request.param("errorpolicy"), "omit"));
}

Reply get_batch(Call& call) {
    auto const body = parse_json(call.request.body);
    if (!body.has_value() || !body->is_object() || !body->contains("ids") || !(*body)["ids"].is_array()) {
        return binding_error("The ids of the request could not be read.");
    }
    std::vector<long long> ids;
    for (auto const& id : (*body)["ids"]) {
        if (!id.is_number_integer()) {
            return binding_error("Error converting value \"" + dump(id) +
                                 "\" to type 'System.Int32'. Path 'ids'.");
        }
        ids.push_back(id.get<long long>());
    }
    std::vector<std::string> fields;
    if (body->contains("fields") && (*body)["fields"].is_array()) {
        for (auto const& field : (*body)["fields"]) {
            fields.push_back(field.is_string() ? field.get<std::string>() : "");
        }
    }
    return many(call,
                ids,
                fields,
                string_member(*body, "$expand"),
                iequals(string_member(*body, "errorPolicy"), "omit"));
}

Reply create(Call& call) {
    auto patch = read_patch(call.request);
    return patch.refusal.has_value() ? *patch.refusal
                                     : create_work_item(call, call.param("type"), patch.document);
}

Reply update(Call& call) {
    auto patch = read_patch(call.request);
    if (patch.refusal.has_value()) {
        return *patch.refusal;
    }
    long long id = 0;
    if (!to_int(call.param("id"), id)) {
        return no_controller("/" + join(call.request.segments, "/"));
    }
    return update_work_item(call, id, patch.document);
}

Reply remove(Call& call) {
    long long id = 0;
    auto* item = to_int(call.param("id"), id) ? visible_work_item(call, id) : nullptr;
    if (item == nullptr) {
        return work_item_not_found(id);
    }
    item->deleted = true;
    return json_reply({{"id", item->id},
                       {"type", item->type},
                       {"name", item->text("System.Title")},
                       {"project", item->project->name},
                       {"deletedDate", iso_time(call.state.now())},
                       {"deletedBy", call.caller.identity->display_name},
                       {"code", 200},
                       {"url", call.base_url + "/_apis/wit/recyclebin/" + std::to_string(item->id)}});
}

Json column_json(Call const& call, std::string const& reference_name) {
    auto const* field = find_field(reference_name);
    return {{"referenceName", reference_name},
            {"name", field == nullptr ? reference_name : field->name},
            {"url", call.base_url + "/_apis/wit/fields/" + reference_name}};
}

Json reference_json(Call const& call, int id) {
    return {{"id", id}, {"url", call.base_url + "/_apis/wit/workItems/" + std::to_string(id)}};
}

Json result_json(Call const& call, WiqlQuery const& query, WiqlResult const& result, std::size_t top) {
    Json columns = Json::array();
    for (auto const& column : query.columns) {
        columns.push_back(column_json(call, column));
    }
    Json sort = Json::array();
    for (auto const& order : query.order) {
        sort.push_back({{"field", column_json(call, order.field)}, {"descending", order.descending}});
    }
    Json out = {{"queryType", query.links ? "oneHop" : "flat"},
                {"queryResultType", query.links ? "workItemLink" : "workItem"},
                {"asOf", iso_time(call.state.now())},
                {"columns", columns}};
    if (!sort.empty()) {
        out["sortColumns"] = sort;
    }
    Json list = Json::array();
    if (query.links) {
        for (auto const& relation : result.links) {
            Json entry = {{"target", reference_json(call, relation.target)}};
            if (!relation.rel.empty()) {
                entry = {{"rel", relation.rel},
                         {"source", reference_json(call, relation.attributes["source"].get<int>())},
                         {"target", reference_json(call, relation.target)}};
            }
            list.push_back(std::move(entry));
        }
        out["workItemRelations"] = std::move(list);
        return out;
    }
    for (std::size_t i = 0; i < result.ids.size() && i < top; ++i) {
        list.push_back(reference_json(call, result.ids[i]));
    }
    out["workItems"] = std::move(list);
    return out;
}

Reply wiql_error(std::string const& message) {
    return ado_error(400, "WorkItemTrackingQueryException", message);
}

Reply wiql(Call& call) {
    auto const body = parse_json(call.request.body);
    std::string const text = body.has_value() ? string_member(*body, "query") : "";
    if (text.empty()) {
        return binding_error("The query of the request could not be read.");
    }
    if (text.size() > kMaxWiqlText) {
        return wiql_error("VS402626: The query is too long. The limit is 32,000 characters.");
    }
    auto const query = parse_wiql(text);
    if (!query.error.empty()) {
        return wiql_error(query.error);
    }
    WiqlContext context;
    context.organization = call.organization;
    context.project = call.project;
    context.me = call.caller.identity;
    context.now = call.state.now();
    context.time_precision = call.request.flag("timeprecision");
    auto result = run_wiql(query, context);
    if (!result.error.empty()) {
        return wiql_error(result.error);
    }
    std::erase_if(result.ids, [&](int id) { return visible_work_item(call, id) == nullptr; });
    auto const top = call.request.int_param("$top", static_cast<long long>(kMaxWiqlResults));
    if (result.ids.size() > kMaxWiqlResults && !call.request.has_param("$top")) {
        return wiql_error("VS402337: The number of work items returned exceeds the size limit of 20000. "
                          "Change the query to "
                          "return fewer items.");
    }
    return json_reply(result_json(call, query, result, static_cast<std::size_t>(std::max(0LL, top))));
}

Reply add_comment(Call& call) {
    long long id = 0;
    auto* item = to_int(call.param("id"), id) ? visible_work_item(call, id) : nullptr;
    if (item == nullptr) {
        return work_item_not_found(id);
    }
    auto const body = parse_json(call.request.body);
    std::string const text = body.has_value() ? string_member(*body, "text") : "";
    if (text.empty()) {
        return argument_error("The text of the comment must not be empty.");
    }
    auto const format = call.request.param("format");
    WorkItemComment comment;
    comment.id = call.organization->work_items.next_comment_id();
    comment.text = text;
    comment.format = iequals(format, "markdown") || format == "0" ? "markdown" : "html";
    comment.author = call.caller.identity;
    comment.created = call.state.now();
    item->comments.push_back(comment);
    item->rev += 1;
    item->changed = comment.created;
    item->fields["System.ChangedDate"] = iso_time(item->changed);
    item->fields["System.ChangedBy"] = call.caller.identity->vss_id;
    item->revisions.push_back(item->fields);
    return json_reply(comment_json(call, *item, comment));
}

Reply list_comments(Call& call) {
    long long id = 0;
    auto* item = to_int(call.param("id"), id) ? visible_work_item(call, id) : nullptr;
    if (item == nullptr) {
        return work_item_not_found(id);
    }
    std::vector<WorkItemComment const*> all;
    for (auto const& comment : item->comments) {
        all.push_back(&comment);
    }
    if (!iequals(call.request.param("order"), "asc")) {
        std::reverse(all.begin(), all.end());
    }
    auto const top = static_cast<std::size_t>(std::clamp(call.request.int_param("$top", 200), 1LL, 200LL));
    auto const skip = static_cast<std::size_t>(std::max(0LL, call.request.int_param("continuationtoken", 0)));
    Json comments = Json::array();
    for (std::size_t i = skip; i < all.size() && comments.size() < top; ++i) {
        comments.push_back(comment_json(call, *item, *all[i]));
    }
    Json out = {{"totalCount", all.size()}, {"count", comments.size()}, {"comments", comments}};
    if (skip + comments.size() < all.size()) {
        std::string const token = std::to_string(skip + comments.size());
        out["continuationToken"] = token;
        out["nextPage"] = work_item_url(call, *item) + "/comments?continuationToken=" + token;
    }
    return json_reply(out);
}

Reply one_revision(Call& call) {
    long long id = 0;
    long long rev = 0;
    auto const* item = to_int(call.param("id"), id) ? visible_work_item(call, id) : nullptr;
    if (item == nullptr) {
        return work_item_not_found(id);
    }
    auto const known = static_cast<long long>(item->revisions.size());
    if (!to_int(call.param("rev"), rev) || rev < 1 || rev > known) {
        return ado_error(404,
                         "WorkItemRevisionNotFoundException",
                         "VS402494: Revision " + call.param("rev") + " of work item " + std::to_string(id) +
                             " does not exist.");
    }
    WorkItem old = *item;
    old.rev = static_cast<int>(rev);
    old.fields = item->revisions[static_cast<std::size_t>(rev - 1)];
    return json_reply(work_item_json(call, old, call.request.param("$expand"), {}));
}

Reply revisions(Call& call) {
    long long id = 0;
    auto const* item = to_int(call.param("id"), id) ? visible_work_item(call, id) : nullptr;
    if (item == nullptr) {
        return work_item_not_found(id);
    }
    Json list = Json::array();
    for (std::size_t i = 0; i < item->revisions.size(); ++i) {
        WorkItem old = *item;
        old.rev = static_cast<int>(i) + 1;
        old.fields = item->revisions[i];
        list.push_back(work_item_json(call, old, "none", {}));
    }
    return list_reply(list);
}

} // namespace

std::vector<Route> work_item_routes() {
    using S = Service;
    return {
        Route(S::core, "POST", "wit/workitems/${type}", "workitems.create", "vso.work_write", create)
            .with_project(),
        Route(S::core, "PATCH", "wit/workitems/${type}", "workitems.create", "vso.work_write", create)
            .with_project(),
        {S::core, "GET", "wit/workitems/{id}", "workitems.get", "vso.work", get_one},
        {S::core, "PATCH", "wit/workitems/{id}", "workitems.update", "vso.work_write", update},
        {S::core, "DELETE", "wit/workitems/{id}", "workitems.delete", "vso.work_write", remove},
        {S::core, "GET", "wit/workitems", "workitems.list", "vso.work", get_list},
        {S::core, "POST", "wit/workitemsbatch", "workitemsbatch", "vso.work", get_batch},
        {S::core, "POST", "wit/wiql", "wiql", "vso.work", wiql},
        Route(S::core, "POST", "wit/workitems/{id}/comments", "comments.add", "vso.work_write", add_comment)
            .preview()
            .with_project(),
        Route(S::core, "GET", "wit/workitems/{id}/comments", "comments", "vso.work", list_comments)
            .preview()
            .with_project(),
        {S::core, "GET", "wit/workitems/{id}/revisions", "revisions", "vso.work", revisions},
        {S::core, "GET", "wit/workitems/{id}/revisions/{rev}", "revision", "vso.work", one_revision},
    };
}

} // namespace simulator
