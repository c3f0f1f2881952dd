#include "ado/classification.hpp"
#include "ado/type_rules.hpp"
#include "ado/work_items.hpp"
#include "server/tools/answer.hpp"
#include "server/tools/clean_text.hpp"
#include "server/tools/list_answer.hpp"
#include "server/tools/name_hints.hpp"
#include "server/tools/parallel.hpp"
#include "server/tools/project_question.hpp"
#include "server/tools/schema_pieces.hpp"
#include "server/tools/tools.hpp"
#include "server/tools/work_item_view.hpp"

#include <algorithm>
#include <optional>
#include <utility>

namespace server {

namespace {

using core::Json;
using core::Result;
using core::Task;

constexpr std::size_t kNameBytes = 200;

protocol::ToolDescriptor make_descriptor() {
    Json const input{{"organization", schema_organization()},
                     {"project", schema_string()},
                     {"type", schema_string("Task, Bug ...; without it the types there are")},
                     {"max_bytes", schema_max_bytes()}};
    Json const field = schema_object({{"reference_name", schema_string()},
                                      {"name", schema_string()},
                                      {"required", {{"type", "boolean"}}},
                                      {"default", schema_string()},
                                      {"allowed_values", schema_array(schema_string())}},
                                     {"reference_name", "name", "required"});
    Json output = Json::object();
    for (char const* const name : {"organization", "project", "type"}) {
        output[name] = schema_string();
    }
    for (char const* const name :
         {"types", "required_fields", "states", "other_fields", "area_paths", "iteration_paths", "notes"}) {
        output[name] = schema_array(schema_string());
    }
    output["fields"] = schema_array(field);
    return protocol::ToolDescriptor(
        "describe_work_item_type",
        "Describe work item type",
        "What create_work_item takes for a type: required fields, allowed values, states, "
        "area and iteration paths.",
        schema_arguments(input, {}),
        schema_object(output, {"project", "notes"}),
        reading_hints());
}

/// A type's description before it is cut to its budget: arrays of strings, and the fields worth an entry.
class Description {
public:
    Json structured = Json::object();
    std::vector<std::string> notes;
};

void put_list(Description& description, char const* key, std::vector<std::string> const& values) {
    Json list = Json::array();
    for (std::string const& value : values) {
        list.push_back(shorten_text(clean_line(value), kNameBytes));
    }
    description.structured[key] = std::move(list);
}

Json field_entry(ado::FieldRule const& rule) {
    Json entry = Json::object();
    put_text(entry, "reference_name", rule.reference_name, kNameBytes);
    entry["name"] = shorten_text(clean_line(rule.name), kNameBytes);
    entry["required"] = rule.required;
    put_text(entry, "default", rule.preset, kNameBytes);
    if (!rule.allowed_values.empty()) {
        Json values = Json::array();
        for (std::string const& value : rule.allowed_values) {
            values.push_back(shorten_text(clean_line(value), kNameBytes));
        }
        entry["allowed_values"] = std::move(values);
    }
    return entry;
}

void put_fields(Description& description, std::vector<ado::FieldRule> const& rules) {
    std::vector<std::string> required;
    std::vector<std::string> others;
    std::vector<std::string> states;
    Json fields = Json::array();
    for (ado::FieldRule const& rule : rules) {
        if (rule.required) {
            required.push_back(rule.reference_name);
        }
        if (rule.reference_name == "System.State") {
            states = rule.allowed_values;
        } else if (rule.required || !rule.preset.empty() || !rule.allowed_values.empty()) {
            fields.push_back(field_entry(rule));
        } else if (is_listed_field(rule.reference_name)) {
            others.push_back(rule.reference_name);
        }
    }
    put_list(description, "required_fields", required);
    put_list(description, "states", states);
    put_list(description, "other_fields", others);
    description.structured["fields"] = std::move(fields);
}

std::string joined(Json const& list, std::string_view between) {
    std::string text;
    for (Json const& value : list) {
        text += (text.empty() ? "" : std::string(between)) + value.get<std::string>();
    }
    return text;
}

std::string field_text(Json const& field) {
    std::string line = "  " + std::string(member_text(field, "reference_name")) + " (" +
                       std::string(member_text(field, "name")) + ")";
    if (core::find_bool(field, "required").value_or(false)) {
        line += ", required";
    }
    if (std::string_view const preset = member_text(field, "default"); !preset.empty()) {
        line += ", default " + std::string(preset);
    }
    if (Json const* const values = core::find_array(field, "allowed_values")) {
        line += ": " + joined(*values, " | ");
    }
    return line + "\n";
}

/// Cuts the longest lists until both forms fit.
class Writer {
public:
    Writer(Description description, std::size_t max_bytes)
        : structured_(std::move(description.structured)), notes_(std::move(description.notes)),
          max_bytes_(max_bytes) {}

    protocol::ToolResult write() {
        for (;;) {
            protocol::ToolResult result = render();
            bool const fits =
                result.text.size() <= max_bytes_ && core::dump_json(result.structured).size() <= max_bytes_;
            if (fits || !cut_longest()) {
                return result;
            }
        }
    }

private:
    /// Halves the list that takes most; false when nothing is left to cut.
    bool cut_longest() {
        Json* longest = nullptr;
        std::size_t most = 0;
        auto const consider = [&](Json& list) {
            std::size_t const bytes = list.empty() ? 0 : core::dump_json(list).size();
            if (bytes > most) {
                most = bytes;
                longest = &list;
            }
        };
        for (char const* const key :
             {"area_paths", "iteration_paths", "other_fields", "types", "states", "required_fields"}) {
            if (structured_.contains(key)) {
                consider(structured_[key]);
            }
        }
        if (structured_.contains("fields")) {
            std::size_t values = 0;
            for (Json& field : structured_["fields"]) {
                if (field.contains("allowed_values")) {
                    values += core::dump_json(field["allowed_values"]).size();
                    consider(field["allowed_values"]);
                }
            }
            // Fields without their values go last.
            if (values == 0 || longest == nullptr) {
                consider(structured_["fields"]);
            }
        }
        if (longest == nullptr) {
            return false;
        }
        longest->erase(longest->begin() + static_cast<std::ptrdiff_t>(longest->size() / 2), longest->end());
        cut_ = true;
        return true;
    }

    protocol::ToolResult render() const {
        std::vector<std::string> notes = notes_;
        if (cut_) {
            notes.push_back("Lists were cut to fit max_bytes: a larger one shows more.");
        }
        std::string text = std::string(member_text(structured_, "type"));
        text = (text.empty() ? "Types" : "Type " + text) + " in project " +
               std::string(member_text(structured_, "project")) + "\n" + marker_.begin();
        for (auto const& [key, words] : {std::pair("types", "types: "),
                                         std::pair("required_fields", "required: "),
                                         std::pair("states", "states: ")}) {
            if (Json const* const list = core::find_array(structured_, key)) {
                text += words + joined(*list, ", ") + "\n";
            }
        }
        if (Json const* const fields = core::find_array(structured_, "fields")) {
            text += "fields:\n";
            for (Json const& field : *fields) {
                text += field_text(field);
            }
        }
        for (auto const& [key, words] : {std::pair("other_fields", "other fields: "),
                                         std::pair("area_paths", "area paths: "),
                                         std::pair("iteration_paths", "iteration paths: ")}) {
            if (Json const* const list = core::find_array(structured_, key)) {
                text += words + joined(*list, ", ") + "\n";
            }
        }
        text += marker_.end() + note_lines(notes);
        Json structured = structured_;
        structured["notes"] = notes;
        return protocol::ToolResult(std::move(text), std::move(structured));
    }

    Json structured_;
    std::vector<std::string> notes_;
    std::size_t max_bytes_;
    bool cut_ = false;
    ContentMarker marker_;
};

/// Both answers a description is made of, fetched side by side.
class Lookup {
public:
    Lookup(std::string project_, std::string type_, CallScope const& scope_)
        : project(std::move(project_)), type(std::move(type_)), scope(scope_) {}
    std::string project;
    std::string type;
    CallScope const& scope;
    std::optional<Result<std::vector<ado::FieldRule>>> rules;
    std::optional<Result<ado::ClassificationPaths>> paths;
};

Task<void> look_up(Lookup& lookup, std::size_t number) {
    if (number == 0) {
        auto rules =
            co_await lookup.scope.client.list_field_rules(lookup.project, lookup.type, lookup.scope.ctx);
        lookup.rules.emplace(std::move(rules));
        co_return;
    }
    auto paths = co_await lookup.scope.client.list_classification(lookup.project, lookup.scope.ctx);
    lookup.paths.emplace(std::move(paths));
}

class DescribeWorkItemTypeTool final : public OrganizationTool {
public:
    protocol::ToolDescriptor const& descriptor() const noexcept override { return descriptor_; }

    Task<Result<protocol::ToolResult>> run(Json const& args, CallScope const& scope) override {
        std::string const project = chosen_project(args, scope.policy);
        std::string const type(member_text(args, "type"));
        if (project.empty()) {
            co_return core::fail(project_missing());
        }
        if (!is_usable_name(project) || (!type.empty() && !is_usable_name(type))) {
            co_return core::fail(wrong_argument("`project` or `type` is not a name."));
        }
        Description description;
        description.structured["organization"] = scope.organization;
        put_text(description.structured, "project", project, kNameBytes);
        if (type.empty()) {
            CO_TRY_VOID(co_await list_types(description, project, scope));
        } else {
            put_text(description.structured, "type", type, kNameBytes);
            CO_TRY_VOID(co_await describe(description, project, type, scope));
        }
        std::size_t const budget = answer_budget(args, scope.limits.search_answer_bytes, scope.limits);
        co_return Writer(std::move(description), budget).write();
    }

private:
    static Task<Result<void>>
    list_types(Description& description, std::string const& project, CallScope const& scope) {
        auto const types = co_await scope.client.list_work_item_types(project, scope.ctx);
        if (!types) {
            UsedNames const used(project, {});
            core::Error error = co_await with_names_there(types.error(), used, scope);
            co_return core::fail(std::move(error));
        }
        std::vector<std::string> names;
        for (ado::WorkItemType const& type : *types) {
            if (!type.is_disabled) {
                names.push_back(type.name);
            }
        }
        put_list(description, "types", names);
        description.notes.push_back("Pass `type` for its fields.");
        co_return Result<void>();
    }

    static Task<Result<void>> describe(Description& description,
                                       std::string const& project,
                                       std::string const& type,
                                       CallScope const& scope) {
        constexpr std::size_t kRequests = 2;
        Lookup lookup(project, type, scope);
        NumberedJob const job = [&lookup](std::size_t number) { return look_up(lookup, number); };
        co_await run_parallel(kRequests, kRequests, job);
        if (!*lookup.rules) {
            UsedNames used(project, {});
            used.type = type;
            core::Error error = co_await with_names_there(lookup.rules->error(), used, scope);
            co_return core::fail(std::move(error));
        }
        put_fields(description, **lookup.rules);
        if (*lookup.paths) {
            put_list(description, "area_paths", (*lookup.paths)->areas);
            put_list(description, "iteration_paths", (*lookup.paths)->iterations);
        } else {
            description.notes.push_back("Area and iteration paths could not be read: " +
                                        shorten_text(clean_line(lookup.paths->error().message()), 300));
        }
        co_return Result<void>();
    }

    protocol::ToolDescriptor descriptor_ = make_descriptor();
};

} // namespace

std::unique_ptr<OrganizationTool> make_describe_work_item_type_tool() {
    return std::make_unique<DescribeWorkItemTypeTool>();
}

} // namespace server
