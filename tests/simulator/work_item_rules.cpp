#include "simulator/work_item_rules.hpp"

#include "simulator/ado_errors.hpp"
#include "simulator/unicode.hpp"
#include "simulator/work_item_types.hpp"
#include "simulator/world.hpp"

#include <algorithm>

namespace simulator {
namespace {

class Violation {
public:
    std::string field;
    std::string name;
    std::string flags; ///< camelCase, comma and space separated
    std::string error; ///< PascalCase, for the message
    int code = 0;
};

Reply rule_error(std::vector<Violation> const& violations) {
    auto const& first = violations.front();
    auto const text = [](Violation const& v) {
        return "TF401320: Rule Error for field " + v.name + ". Error code: " + v.error + ".";
    };
    Json errors = Json::array();
    for (auto const& violation : violations) {
        errors.push_back({{"fieldReferenceName", violation.field},
                          {"fieldStatusFlags", violation.flags},
                          {"errorMessage", text(violation)},
                          {"fieldStatusCode", violation.code},
                          {"ruleValidationErrors", nullptr}});
    }
    return ado_error(400,
                     "RuleValidationException",
                     text(first),
                     {{"ErrorMessage", text(first)},
                      {"FieldStatusFlags", first.flags},
                      {"FieldReferenceName", first.field},
                      {"RuleValidationErrors", errors}});
}

std::string as_text(Json const& value) {
    return value.is_string() ? value.get<std::string>() : value.dump();
}

bool is_allowed(TypeField const& field, Json const& value) {
    auto const text = as_text(value);
    auto const& allowed = field.allowed_values;
    return std::any_of(allowed.begin(), allowed.end(), [&](auto const& a) { return iequals(a, text); });
}

bool is_blank(Json const& value) {
    return value.is_null() || (value.is_string() && trim(value.get_ref<std::string const&>()).empty());
}

bool has_right_type(FieldDefinition const& field, Json const& value) {
    if (field.type == "integer") {
        long long number = 0;
        return value.is_number_integer() ||
               (value.is_string() && to_int(value.get_ref<std::string const&>(), number));
    }
    if (field.type == "double") {
        if (value.is_number()) {
            return true;
        }
        auto const text = as_text(value);
        return !text.empty() && text.find_first_not_of("0123456789.+-eE") == std::string::npos;
    }
    if (field.type == "dateTime") {
        return value.is_string() && parse_time(value.get_ref<std::string const&>()).has_value();
    }
    return !value.is_object() && !value.is_array();
}

std::optional<Violation>
check_value(FieldDefinition const& field, TypeField const* in_type, Json const& value) {
    Violation found{field.reference_name, field.name, "", "", 0};
    if (!has_right_type(field, value)) {
        found.flags = "invalidType";
        found.error = "InvalidType";
        found.code = 64;
        return found;
    }
    if (field.type == "string" && value.is_string() &&
        utf8_to_utf16(value.get_ref<std::string const&>()).size() > 255) {
        found.flags = "invalidTooLong";
        found.error = "InvalidTooLong";
        found.code = 524'296;
        return found;
    }
    if (in_type != nullptr && !in_type->allowed_values.empty() && !is_allowed(*in_type, value)) {
        found.flags = "hasValues, limitedToValues, invalidListValue";
        found.error = "HasValues, LimitedToValues, InvalidListValue";
        found.code = 524'354;
        return found;
    }
    return std::nullopt;
}

/// The service keeps tags apart by semicolons, each once, in its own spacing.
std::string normal_tags(std::string_view text) {
    std::vector<std::string> tags;
    for (auto const& part : split(replace_all(std::string(text), ",", ";"), ';')) {
        std::string const tag(trim(part));
        bool const known =
            std::any_of(tags.begin(), tags.end(), [&](auto const& t) { return iequals(t, tag); });
        if (!tag.empty() && !known) {
            tags.push_back(tag);
        }
    }
    return join(tags, "; ");
}

Json normal_value(FieldDefinition const& field, Json const& value) {
    if (field.type == "integer" && value.is_string()) {
        long long number = 0;
        to_int(value.get_ref<std::string const&>(), number);
        return number;
    }
    if (field.type == "double" && value.is_string()) {
        return std::strtod(value.get_ref<std::string const&>().c_str(), nullptr);
    }
    if (field.reference_name == "System.Tags") {
        return normal_tags(as_text(value));
    }
    if (field.type == "string" && value.is_number()) {
        return value.dump();
    }
    return value;
}

class Patch {
public:
    Patch(WriteContext const& context, WorkItem& draft, PatchResult& result)
        : context_(context), draft_(draft), result_(result),
          type_(*find_work_item_type(draft.project->process, draft.type)) {}

    void apply(Json const& document) {
        if (!document.is_array()) {
            refuse(binding_error("You must pass a valid patch document in the body of the request."));
            return;
        }
        for (auto const& operation : document) {
            apply_one(operation);
            if (result_.refusal.has_value()) {
                return;
            }
        }
        for (auto const& [field, format] : wanted_formats_) {
            if (!touched_.contains(field)) {
                refuse(argument_error("The multilineFieldsFormat of " + field +
                                      " can only be changed together with the content of the field."));
                return;
            }
            draft_.formats[field] = format;
        }
    }

private:
    void refuse(Reply reply) {
        if (!result_.refusal.has_value()) {
            result_.refusal = std::move(reply);
        }
    }
    void violate(FieldDefinition const& field, std::string flags, std::string error, int code) {
        refuse(rule_error({{field.reference_name, field.name, std::move(flags), std::move(error), code}}));
    }

    void apply_one(Json const& operation) {
        std::string const op = lower(string_member(operation, "op"));
        std::string const path = string_member(operation, "path");
        Json const value = operation.is_object() && operation.contains("value") ? operation["value"] : Json();
        if (op.empty() || path.empty()) {
            refuse(binding_error("You must pass a valid patch document in the body of the request."));
        } else if (op == "test") {
            test(path, value);
        } else if (op != "add" && op != "replace" && op != "remove") {
            refuse(argument_error("The patch operation '" + op + "' is not supported for work items."));
        } else if (istarts_with(path, "/fields/")) {
            set_field(path.substr(8), op == "remove" ? Json() : value);
        } else if (istarts_with(path, "/multilineFieldsFormat/")) {
            set_format(path.substr(23), as_text(value));
        } else if (istarts_with(path, "/relations/")) {
            change_relation(op, path.substr(11), value);
        } else {
            refuse(
                argument_error("The path '" + path + "' of the patch document is not valid for work items."));
        }
    }

    void test(std::string const& path, Json const& value) {
        bool const rev = iequals(path, "/rev");
        auto const* field =
            istarts_with(path, "/fields/") ? find_field(std::string_view(path).substr(8)) : nullptr;
        Json actual = rev ? Json(draft_.rev) : Json();
        if (field != nullptr && draft_.fields.contains(field->reference_name)) {
            actual = draft_.fields.at(field->reference_name);
        }
        if (as_text(actual) != as_text(value)) {
            refuse(ado_error(412,
                             "TestPatchOperationFailedException",
                             "VS403351: Test Operation for path " + path + " failed, value " +
                                 as_text(actual) + " was not equal to test value " + as_text(value) + "."));
        }
    }

    void set_format(std::string const& name, std::string const& format) {
        auto const* field = find_field(name);
        if (field == nullptr || (field->type != "html" && field->type != "history")) {
            refuse(argument_error("The field " + name + " is not a multiline field."));
        } else if (!iequals(format, "markdown") && !iequals(format, "html")) {
            refuse(argument_error("The format '" + format + "' is not one of Markdown and Html."));
        } else {
            wanted_formats_[field->reference_name] = lower(format);
        }
    }

    void set_field(std::string const& name, Json value) {
        auto const* field = find_field(name);
        if (field == nullptr) {
            refuse(
                ado_error(400, "WorkItemFieldNotFoundException", "TF51535: Cannot find field " + name + "."));
            return;
        }
        touched_[field->reference_name] = true;
        if (field->read_only && !context_.bypass_rules) {
            violate(*field, "readOnly", "ReadOnly", 16);
            return;
        }
        if (field->reference_name == "System.History") {
            add_history(value);
            return;
        }
        if (field->reference_name == "System.AreaPath" || field->reference_name == "System.IterationPath") {
            set_tree_path(*field, as_text(value));
            return;
        }
        if (is_blank(value)) {
            result_.fields_changed = draft_.fields.erase(field->reference_name) > 0 || result_.fields_changed;
            return;
        }
        if (field->type == "identity") {
            set_identity(*field, value);
            return;
        }
        if (!context_.bypass_rules) {
            if (auto const violation = check_value(*field, type_.find_field(field->reference_name), value)) {
                refuse(rule_error({*violation}));
                return;
            }
        }
        store(*field, normal_value(*field, value));
    }

    void store(FieldDefinition const& field, Json value) {
        if (field.reference_name == "System.State" && draft_.text("System.State") != as_text(value)) {
            draft_.fields["Microsoft.VSTS.Common.StateChangeDate"] = iso_time(context_.now);
            draft_.fields["System.Reason"] = "Moved to state " + as_text(value);
        }
        draft_.fields[field.reference_name] = std::move(value);
        result_.fields_changed = true;
    }

    void set_tree_path(FieldDefinition const& field, std::string const& path) {
        auto const& root =
            field.reference_name == "System.AreaPath" ? draft_.project->areas : draft_.project->iterations;
        auto const parts = split(path, '\\');
        auto const* node = iequals(parts.front(), root.name) ? &root : nullptr;
        for (std::size_t i = 1; i < parts.size() && node != nullptr; ++i) {
            auto const found = std::find_if(node->children.begin(),
                                            node->children.end(),
                                            [&](auto const& child) { return iequals(child.name, parts[i]); });
            node = found == node->children.end() ? nullptr : &*found;
        }
        if (node == nullptr) {
            int const id = draft_.id == 0 ? -1 : draft_.id;
            refuse(ado_error(400,
                             "WorkItemInvalidTreeNameException",
                             "TF401347: Invalid tree name given for work item " + std::to_string(id) +
                                 ", field '" + field.reference_name + "'."));
            return;
        }
        store(field, path);
    }

    void set_identity(FieldDefinition const& field, Json const& value) {
        std::string const text = value.is_object() ? string_member(value, "uniqueName") : as_text(value);
        auto const* identity = context_.organization.find_identity(text);
        if (identity == nullptr) {
            refuse(ado_error(400,
                             "WorkItemFieldInvalidException",
                             "The identity value '" + text + "' for field '" + field.name +
                                 "' is an unknown identity."));
            return;
        }
        store(field, identity->vss_id);
    }

    void add_history(Json const& value) {
        WorkItemComment comment;
        comment.id = context_.organization.work_items.next_comment_id();
        comment.text = value.is_object() ? string_member(value, "text") : as_text(value);
        comment.format = value.is_object() ? lower(string_member(value, "format", "html")) : "html";
        comment.author = &context_.author;
        comment.created = context_.now;
        draft_.comments.push_back(std::move(comment));
        result_.fields_changed = true;
        result_.history_added = true;
    }

    void change_relation(std::string const& op, std::string const& where, Json const& value) {
        if (op == "remove") {
            long long index = -1;
            if (!to_int(where, index) || index < 0 ||
                index >= static_cast<long long>(draft_.relations.size())) {
                refuse(argument_error("The relation index '" + where + "' is out of range."));
                return;
            }
            draft_.relations.erase(draft_.relations.begin() + index);
            return;
        }
        WorkItemRelation relation;
        relation.rel = string_member(value, "rel");
        relation.url = string_member(value, "url");
        if (value.is_object() && value.contains("attributes") && value["attributes"].is_object()) {
            relation.attributes = value["attributes"];
        }
        auto const* type = find_relation_type(relation.rel);
        if (type == nullptr || relation.url.empty()) {
            refuse(ado_error(
                400, "WorkItemResourceLinkException", "Unrecognized relation type '" + relation.rel + "'."));
            return;
        }
        if (type->is_work_item_link && !set_target(*type, relation)) {
            return;
        }
        auto const twin = std::find_if(draft_.relations.begin(), draft_.relations.end(), [&](auto const& r) {
            return r.rel == relation.rel && r.target == relation.target && r.url == relation.url;
        });
        if (twin != draft_.relations.end()) {
            refuse(ado_error(
                400, "WorkItemRelationAlreadyExistsException", "VS403653: Relation already exists."));
            return;
        }
        draft_.relations.push_back(std::move(relation));
    }

    bool set_target(RelationType const& type, WorkItemRelation& relation) {
        long long id = 0;
        bool const number = to_int(relation.url.substr(relation.url.rfind('/') + 1), id);
        auto const* target = number ? context_.organization.work_items.find(id) : nullptr;
        if (target == nullptr || target->id == draft_.id) {
            refuse(work_item_not_found(id));
            return false;
        }
        bool const second_parent = type.reference_name == "System.LinkTypes.Hierarchy-Reverse" &&
                                   std::any_of(draft_.relations.begin(),
                                               draft_.relations.end(),
                                               [&](auto const& r) { return r.rel == type.reference_name; });
        if (second_parent) {
            refuse(ado_error(400,
                             "WorkItemLinkAddExtraParentException",
                             "TF201036: You cannot add a Parent link between work items " +
                                 std::to_string(draft_.id) + " and " + std::to_string(id) +
                                 " because a work item can have only one Parent link."));
            return false;
        }
        relation.target = target->id;
        relation.url.clear();
        return true;
    }

    WriteContext const& context_;
    WorkItem& draft_;
    PatchResult& result_;
    WorkItemType const& type_;
    std::map<std::string, bool> touched_;
    std::map<std::string, std::string> wanted_formats_;
};

} // namespace

PatchResult apply_patch(WriteContext const& context, Json const& patch, WorkItem& draft) {
    PatchResult result;
    Patch(context, draft, result).apply(patch);
    return result;
}

std::optional<Reply> check_rules(WriteContext const& context, WorkItem const& item) {
    if (context.bypass_rules) {
        return std::nullopt;
    }
    auto const* type = find_work_item_type(item.project->process, item.type);
    for (auto const& entry : type->fields) {
        auto const& field = *entry.field;
        // The server fills these itself.
        bool const own =
            field.reference_name == "System.AreaId" || field.reference_name == "System.IterationId";
        auto const found = item.fields.find(field.reference_name);
        if (entry.always_required && !own && (found == item.fields.end() || is_blank(found->second))) {
            bool const listed = !entry.allowed_values.empty();
            // One field at a time: the next one shows on the next try.
            return rule_error({{field.reference_name,
                                field.name,
                                listed ? "required, hasValues, limitedToValues, allowsOldValue, invalidEmpty"
                                       : "required, invalidEmpty",
                                listed ? "Required, HasValues, LimitedToValues, AllowsOldValue, InvalidEmpty"
                                       : "Required, InvalidEmpty",
                                524'289}});
        }
    }
    return std::nullopt;
}

void mirror_relations(Organization& organization,
                      WorkItem const& item,
                      std::vector<WorkItemRelation> const& before) {
    auto const has = [](std::vector<WorkItemRelation> const& list, WorkItemRelation const& wanted) {
        return std::any_of(list.begin(), list.end(), [&](auto const& r) {
            return r.rel == wanted.rel && r.target == wanted.target;
        });
    };
    for (auto const& relation : before) {
        auto const* type = find_relation_type(relation.rel);
        auto* other = relation.target == 0 ? nullptr : organization.work_items.find(relation.target);
        if (other != nullptr && type != nullptr && !has(item.relations, relation)) {
            std::erase_if(other->relations,
                          [&](auto const& r) { return r.rel == type->opposite && r.target == item.id; });
        }
    }
    for (auto const& relation : item.relations) {
        auto const* type = find_relation_type(relation.rel);
        auto* other = relation.target == 0 ? nullptr : organization.work_items.find(relation.target);
        if (other == nullptr || type == nullptr || has(before, relation)) {
            continue;
        }
        WorkItemRelation mirrored;
        mirrored.rel = type->opposite;
        mirrored.target = item.id;
        mirrored.attributes = relation.attributes;
        // The order of relations is nobody's promise: new ones come first here.
        other->relations.insert(other->relations.begin(), std::move(mirrored));
    }
}

} // namespace simulator
