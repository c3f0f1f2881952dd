#include "simulator/route.hpp"
#include "simulator/work_item_json.hpp"
#include "simulator/work_item_types.hpp"

#include <algorithm>

namespace simulator {
namespace {

WorkItemType const* named_type(Call const& call) {
    return find_work_item_type(call.project->process, call.param("type"));
}

Reply type_not_found(Call const& call) {
    return ado_error(404,
                     "WorkItemTypeNotFoundException",
                     "VS402323: Work item type " + call.param("type") + " does not exist in project " +
                         call.project->name + " or you do not have permission to access it.");
}

Json field_instance(Call const& call, TypeField const& entry, bool values) {
    auto const& field = *entry.field;
    Json json = {{"defaultValue",
                  entry.default_value.is_number() ? Json(entry.default_value.dump()) : entry.default_value}};
    if (values) {
        Json allowed = Json::array();
        for (auto const& value : entry.allowed_values) {
            allowed.push_back(value);
        }
        if (field.type == "identity") {
            for (auto const& member : call.organization->members) {
                allowed.push_back(identity_json(call, *member.identity));
            }
        }
        json["allowedValues"] = std::move(allowed);
    }
    json["helpText"] = "";
    json["alwaysRequired"] = entry.always_required;
    json["dependentFields"] = Json::array();
    json["referenceName"] = field.reference_name;
    json["name"] = field.name;
    json["url"] = call.project_url() + "/_apis/wit/fields/" + field.reference_name;
    return json;
}

Json type_json(Call const& call, WorkItemType const& type) {
    Json fields = Json::array();
    for (auto const& entry : type.fields) {
        Json field = field_instance(call, entry, false);
        if (field["defaultValue"].is_null()) {
            field.erase("defaultValue"); // unlike in the list of a type's fields
        }
        fields.push_back(std::move(field));
    }
    Json states = Json::array();
    Json transitions = {{"", Json::array({{{"to", type.states.front().name}, {"actions", nullptr}}})}};
    for (auto const& state : type.states) {
        states.push_back({{"name", state.name}, {"color", state.color}, {"category", state.category}});
        Json targets = Json::array();
        for (auto const& other : type.states) {
            targets.push_back({{"to", other.name}, {"actions", nullptr}});
        }
        transitions[state.name] = std::move(targets);
    }
    return {{"name", type.name},
            {"referenceName", type.reference_name},
            {"description", type.description},
            {"color", type.color},
            {"icon",
             {{"id", "icon_clipboard"}, {"url", call.base_url + "/_apis/wit/workItemIcons/icon_clipboard"}}},
            {"isDisabled", false},
            {"fields", fields},
            {"fieldInstances", fields},
            {"transitions", transitions},
            {"states", states},
            {"url", call.project_url() + "/_apis/wit/workItemTypes/" + percent_encode(type.name)}};
}

Reply types(Call& call) {
    Json list = Json::array();
    for (auto const& type : work_item_types(call.project->process)) {
        list.push_back(type_json(call, type));
    }
    return list_reply(list);
}

Reply one_type(Call& call) {
    auto const* type = named_type(call);
    return type == nullptr ? type_not_found(call) : json_reply(type_json(call, *type));
}

bool wants_values(Call const& call) {
    auto const expand = call.request.param("$expand");
    return iequals(expand, "allowedValues") || iequals(expand, "all");
}

Reply type_fields(Call& call) {
    auto const* type = named_type(call);
    if (type == nullptr) {
        return type_not_found(call);
    }
    Json list = Json::array();
    for (auto const& entry : type->fields) {
        list.push_back(field_instance(call, entry, wants_values(call)));
    }
    return list_reply(list);
}

Reply one_type_field(Call& call) {
    auto const* type = named_type(call);
    if (type == nullptr) {
        return type_not_found(call);
    }
    auto const* definition = find_field(call.param("field"));
    auto const* entry = definition == nullptr ? nullptr : type->find_field(definition->reference_name);
    if (entry == nullptr) {
        return ado_error(
            404, "WorkItemFieldNotFoundException", "TF51535: Cannot find field " + call.param("field") + ".");
    }
    return json_reply(field_instance(call, *entry, wants_values(call)));
}

Reply type_states(Call& call) {
    auto const* type = named_type(call);
    if (type == nullptr) {
        return type_not_found(call);
    }
    Json list = Json::array();
    for (auto const& state : type->states) {
        list.push_back({{"name", state.name}, {"color", state.color}, {"category", state.category}});
    }
    return list_reply(list);
}

Json field_json(Call const& call, FieldDefinition const& field) {
    return {{"name", field.name},
            {"referenceName", field.reference_name},
            {"type", field.type},
            {"usage", "workItem"},
            {"readOnly", field.read_only},
            {"isIdentity", field.type == "identity"},
            {"isPicklist", false},
            {"url", call.project_url() + "/_apis/wit/fields/" + field.reference_name}};
}

Reply fields(Call& call) {
    Json list = Json::array();
    for (auto const& field : all_fields()) {
        list.push_back(field_json(call, field));
    }
    return list_reply(list);
}

Reply one_field(Call& call) {
    auto const* field = find_field(call.param("field"));
    return field == nullptr ? ado_error(404,
                                        "WorkItemFieldNotFoundException",
                                        "TF51535: Cannot find field " + call.param("field") + ".")
                            : json_reply(field_json(call, *field));
}

class Tree {
public:
    std::string structure; ///< area | iteration
    std::string folder;    ///< Areas | Iterations
    std::string level;     ///< Area | Iteration: the level the tree API shows and field values leave out
    ClassificationNode const* root = nullptr;
};

std::optional<Tree> tree_of(Call const& call, std::string_view group) {
    if (iequals(group, "areas")) {
        return Tree{"area", "Areas", "Area", &call.project->areas};
    }
    if (iequals(group, "iterations")) {
        return Tree{"iteration", "Iterations", "Iteration", &call.project->iterations};
    }
    return std::nullopt;
}

Json node_json(Call const& call,
               Tree const& tree,
               ClassificationNode const& node,
               std::vector<std::string> const& above,
               long long depth) {
    std::string path = "\\" + call.project->name + "\\" + tree.level;
    std::string url = call.project_url() + "/_apis/wit/classificationNodes/" + tree.folder;
    for (auto const& name : above) {
        path += "\\" + name;
        url += "/" + percent_encode(name);
    }
    Json json = {{"id", node.id},
                 {"identifier", node.identifier},
                 {"name", node.name},
                 {"structureType", tree.structure},
                 {"hasChildren", !node.children.empty()}};
    if (depth > 0 && !node.children.empty()) {
        Json children = Json::array();
        for (auto const& child : node.children) {
            auto names = above;
            names.push_back(child.name);
            children.push_back(node_json(call, tree, child, names, depth - 1));
        }
        json["children"] = std::move(children);
    }
    json["path"] = path;
    json["url"] = url;
    return json;
}

Reply nodes(Call& call) {
    auto const depth = call.request.int_param("$depth", 0);
    auto const tree = tree_of(call, call.param("group"));
    if (!tree.has_value()) {
        return argument_error("The structure group must be Areas or Iterations.");
    }
    auto const* node = tree->root;
    std::vector<std::string> above;
    for (auto const& name : split(call.param("path"), '/')) {
        if (name.empty()) {
            continue;
        }
        auto const found = std::find_if(node->children.begin(), node->children.end(), [&](auto const& child) {
            return iequals(child.name, name);
        });
        if (found == node->children.end()) {
            return ado_error(404,
                             "WorkItemTrackingTreeNodeNotFoundException",
                             "VS402485: The " + tree->structure +
                                 " path does not exist: " + call.param("path") + ".");
        }
        node = &*found;
        above.push_back(node->name);
    }
    return json_reply(node_json(call, *tree, *node, above, depth));
}

Reply roots(Call& call) {
    auto const depth = call.request.int_param("$depth", 0);
    Json list = Json::array();
    for (auto const* group : {"areas", "iterations"}) {
        auto const tree = tree_of(call, group);
        list.push_back(node_json(call, *tree, *tree->root, {}, depth));
    }
    return list_reply(list);
}

Reply relations(Call& call) {
    Json list = Json::array();
    for (auto const& type : relation_types()) {
        Json attributes = {{"usage", type.is_work_item_link ? "workItemLink" : "resourceLink"},
                           {"editable", true},
                           {"enabled", true},
                           {"acyclic", type.reference_name.find("Hierarchy") != std::string::npos},
                           {"directional", type.opposite != type.reference_name},
                           {"isForward", type.forward}};
        if (!type.opposite.empty()) {
            attributes["oppositeEndReferenceName"] = type.opposite;
        }
        list.push_back({{"attributes", attributes},
                        {"referenceName", type.reference_name},
                        {"name", type.name},
                        {"url", call.base_url + "/_apis/wit/workItemRelationTypes/" + type.reference_name}});
    }
    return list_reply(list);
}

} // namespace

std::vector<Route> work_item_type_routes() {
    using S = Service;
    std::vector<Route> routes = {
        {S::core, "GET", "wit/workitemtypes", "workitemtypes", "vso.work", types},
        {S::core, "GET", "wit/workitemtypes/{type}", "workitemtype", "vso.work", one_type},
        {S::core, "GET", "wit/workitemtypes/{type}/fields", "typefields", "vso.work", type_fields},
        {S::core, "GET", "wit/workitemtypes/{type}/fields/{field}", "typefield", "vso.work", one_type_field},
        {S::core, "GET", "wit/workitemtypes/{type}/states", "typestates", "vso.work", type_states},
        {S::core, "GET", "wit/classificationnodes", "classificationnodes", "vso.work", roots},
        {S::core, "GET", "wit/classificationnodes/{group}/{*path}", "classificationnode", "vso.work", nodes},
    };
    for (auto& route : routes) {
        route.with_project();
    }
    routes.emplace_back(S::core, "GET", "wit/fields", "fields", "vso.work", fields);
    routes.emplace_back(S::core, "GET", "wit/fields/{field}", "field", "vso.work", one_field);
    routes.emplace_back(S::core, "GET", "wit/workitemrelationtypes", "relationtypes", "vso.work", relations);
    return routes;
}

} // namespace simulator
