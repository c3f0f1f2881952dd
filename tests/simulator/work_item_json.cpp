#include "simulator/work_item_json.hpp"

#include "simulator/work_item_types.hpp"

#include <algorithm>

namespace simulator {
namespace {

/// Only in $expand=all and fields.
bool only_when_expanded(std::string_view field) {
    return field == "System.Id" || field == "System.Rev" || field == "System.AreaId" ||
           field == "System.IterationId" || field == "System.NodeName" || field == "System.AreaLevel1" ||
           field == "System.IterationLevel1" || field == "System.AuthorizedDate" ||
           field == "System.RevisedDate" || field == "System.Watermark" || field == "System.PersonId" ||
           field == "System.AuthorizedAs";
}

Json link(std::string const& href) {
    return {{"href", href}};
}

Json relation_json(Call const& call, WorkItemRelation const& relation) {
    std::string const url = relation.target == 0
                                ? relation.url
                                : call.base_url + "/_apis/wit/workItems/" + std::to_string(relation.target);
    Json attributes = relation.attributes;
    auto const* type = find_relation_type(relation.rel);
    if (relation.target != 0) {
        attributes["isLocked"] = false;
        attributes["name"] = type == nullptr ? relation.rel : type->name;
    }
    return {{"rel", relation.rel}, {"url", url}, {"attributes", attributes}};
}

std::map<std::string, Json> all_values(WorkItem const& item) {
    auto values = item.fields;
    auto const area = find_node(item.project->areas, item.text("System.AreaPath"));
    auto const iteration = find_node(item.project->iterations, item.text("System.IterationPath"));
    values["System.Id"] = item.id;
    values["System.Rev"] = item.rev;
    values["System.AreaId"] = area == nullptr ? 0 : area->id;
    values["System.IterationId"] = iteration == nullptr ? 0 : iteration->id;
    values["System.NodeName"] = area == nullptr ? item.project->name : area->name;
    values["System.AreaLevel1"] = item.project->name;
    values["System.IterationLevel1"] = item.project->name;
    values["System.AuthorizedDate"] = iso_time(item.changed);
    values["System.RevisedDate"] = "9999-01-01T00:00:00Z";
    values["System.CommentCount"] = item.comments.size();
    values["System.Watermark"] = item.id + item.rev;
    for (auto const& relation : item.relations) {
        if (relation.rel == "System.LinkTypes.Hierarchy-Reverse") {
            values["System.Parent"] = relation.target;
        }
    }
    return values;
}

Json value_json(Call const& call, std::string const& field, Json const& value) {
    auto const* definition = find_field(field);
    if (definition != nullptr && definition->type == "identity" && value.is_string()) {
        auto const* identity = member_by_vss_id(*call.organization, value.get_ref<std::string const&>());
        if (identity != nullptr) {
            return identity_json(call, *identity);
        }
    }
    return value;
}

Json links_json(Call const& call, WorkItem const& item) {
    std::string const self = work_item_url(call, item);
    std::string const project = call.base_url + "/" + item.project->id;
    return {{"self", link(self)},
            {"workItemUpdates", link(self + "/updates")},
            {"workItemRevisions", link(self + "/revisions")},
            {"workItemComments", link(self + "/comments")},
            {"html", link(project + "/_workitems/edit/" + std::to_string(item.id))},
            {"workItemType", link(project + "/_apis/wit/workItemTypes/" + percent_encode(item.type))},
            {"fields", link(project + "/_apis/wit/fields")}};
}

} // namespace

Identity const* member_by_vss_id(Organization const& organization, std::string_view vss_id) {
    for (auto const& member : organization.members) {
        if (member.identity->vss_id == vss_id) {
            return member.identity;
        }
    }
    return nullptr;
}

ClassificationNode const* find_node(ClassificationNode const& root, std::string_view path) {
    auto const parts = split(path, '\\');
    if (!iequals(parts.front(), root.name)) {
        return nullptr;
    }
    auto const* node = &root;
    for (std::size_t i = 1; i < parts.size(); ++i) {
        auto const found = std::find_if(node->children.begin(), node->children.end(), [&](auto const& child) {
            return iequals(child.name, parts[i]);
        });
        if (found == node->children.end()) {
            return nullptr;
        }
        node = &*found;
    }
    return node;
}

std::string work_item_url(Call const& call, WorkItem const& item) {
    return call.base_url + "/" + item.project->id + "/_apis/wit/workItems/" + std::to_string(item.id);
}

Json identity_json(Call const& call, Identity const& identity) {
    std::string const avatar = call.base_url + "/_apis/GraphProfile/MemberAvatars/" + identity.descriptor();
    return {{"displayName", identity.display_name},
            {"url",
             "https://spsprodeus1.vssps.visualstudio.com/A" + call.organization->id + "/_apis/Identities/" +
                 identity.vss_id},
            {"_links", {{"avatar", {{"href", avatar}}}}},
            {"id", identity.vss_id},
            {"uniqueName", identity.unique_name},
            {"imageUrl", avatar},
            {"descriptor", identity.descriptor()}};
}

Json work_item_json(Call const& call,
                    WorkItem const& item,
                    std::string_view expand,
                    std::vector<std::string> const& fields) {
    bool const all = iequals(expand, "all") || expand == "4";
    bool const relations = all || iequals(expand, "relations") || expand == "1";
    bool const every_field = all || iequals(expand, "fields") || expand == "2";
    Json out = {{"id", item.id}, {"rev", item.rev}};
    Json values = Json::object();
    for (auto const& [name, value] : all_values(item)) {
        bool const named =
            std::any_of(fields.begin(), fields.end(), [&](auto const& f) { return iequals(f, name); });
        bool const wanted = fields.empty() ? every_field || !only_when_expanded(name) : named;
        if (wanted && !value.is_null()) {
            values[name] = value_json(call, name, value);
        }
    }
    out["fields"] = std::move(values);
    Json formats = Json::object();
    for (auto const& [field, format] : item.formats) {
        formats[field] = format;
    }
    out["multilineFieldsFormat"] = std::move(formats);
    if (relations && !item.relations.empty()) {
        Json list = Json::array();
        for (auto const& relation : item.relations) {
            list.push_back(relation_json(call, relation));
        }
        out["relations"] = std::move(list);
    }
    if (fields.empty()) {
        out["_links"] = links_json(call, item);
    }
    out["url"] = work_item_url(call, item);
    return out;
}

Json comment_json(Call const& call, WorkItem const& item, WorkItemComment const& comment) {
    bool const markdown = comment.format == "markdown";
    auto const who = identity_json(call, *comment.author);
    std::string const when = iso_time(comment.created);
    return {{"workItemId", item.id},
            {"id", comment.id},
            {"version", 1},
            {"text", comment.text},
            {"renderedText", markdown ? "<p>" + html_escape(comment.text) + "</p>" : comment.text},
            {"format", comment.format},
            {"createdBy", who},
            {"createdDate", when},
            {"modifiedBy", who},
            {"modifiedDate", when},
            {"url", work_item_url(call, item) + "/comments/" + std::to_string(comment.id)}};
}

} // namespace simulator
