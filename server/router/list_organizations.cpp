#include "server/router/routed_tool.hpp"

#include "server/router/error_surface.hpp"
#include "server/router/organization_report.hpp"
#include "server/tools/cursor.hpp"
#include "server/tools/list_answer.hpp"

#include <optional>
#include <utility>

namespace server {
namespace {

using core::Json;

constexpr std::string_view kSubject = "list_organizations";
/// A cursor, its line and its member; the frame of the structured form.
constexpr std::size_t kFrameBytes = 256;
/// Texts are not cut shorter than this to make one organization fit.
constexpr std::size_t kShortestText = 24;
constexpr char const* kCutNote = "Cut to fit the answer.";

Json string_schema() {
    return Json{{"type", "string"}};
}

Json strings_schema() {
    return Json{{"type", "array"}, {"items", string_schema()}};
}

protocol::ToolDescriptor make_descriptor() {
    Json input = Json::object();
    input["type"] = "object";
    input["properties"] = Json::object();
    input["properties"]["cursor"] = string_schema();
    input["additionalProperties"] = false;

    Json item_properties = Json::object();
    for (char const* name : {"name",
                             "connector",
                             "state",
                             "reason",
                             "fix",
                             "method",
                             "identity",
                             "tenant",
                             "since",
                             "default_project"}) {
        item_properties[name] = string_schema();
    }
    item_properties["read_only"] = Json{{"type", "boolean"}};
    item_properties["confirm_writes"] =
        Json{{"type", "boolean"}, {"description", "A person is asked before each write"}};
    item_properties["projects"] = strings_schema();
    item_properties["knowledge_sources"] = strings_schema();
    item_properties["knowledge_indexes"] = Json{{"type", "array"}, {"items", Json{{"type", "object"}}}};
    item_properties["notes"] = strings_schema();
    Json item = Json::object();
    item["type"] = "object";
    item["properties"] = std::move(item_properties);
    item["required"] =
        Json::array({"name", "connector", "state", "read_only", "projects", "knowledge_sources"});

    Json list = Json::object();
    list["type"] = "array";
    list["items"] = std::move(item);
    Json output = Json::object();
    output["type"] = "object";
    output["properties"] = Json::object();
    output["properties"]["organizations"] = std::move(list);
    output["properties"]["cursor"] = string_schema();
    output["required"] = Json::array({"organizations"});

    protocol::ToolHints hints;
    hints.read_only = true;
    hints.idempotent = true;
    hints.open_world = false;
    return {"list_organizations",
            "List organizations",
            "Connected Azure DevOps organizations: state, identity, credential method, allowed projects. An "
            "empty "
            "`projects` means all.",
            std::move(input),
            std::move(output),
            hints};
}

/// Takes away from the largest list or text of the entry; false when nothing is left to take. A list keeps
/// one element: empty ones mean something else.
bool cut(Json& entry) {
    Json* largest = nullptr;
    std::size_t most = 0;
    for (auto& [key, value] : entry.items()) {
        bool const name = key == "name" || key == "connector" || key == "state";
        bool const can_lose =
            value.is_array()
                ? value.size() > 1
                : value.is_string() && !name && value.get_ref<std::string const&>().size() > kShortestText;
        std::size_t const bytes = can_lose ? core::dump_json(value).size() : 0;
        if (bytes > most) {
            most = bytes;
            largest = &value;
        }
    }
    if (largest == nullptr) {
        return false;
    }
    if (largest->is_array()) {
        largest->erase(largest->begin() + static_cast<std::ptrdiff_t>(largest->size() / 2), largest->end());
    } else {
        auto const& text = largest->get_ref<std::string const&>();
        *largest = shorten_text(text, std::max(kShortestText, text.size() / 2));
    }
    return true;
}

class ListOrganizationsTool final : public protocol::ToolHandler {
public:
    ListOrganizationsTool(OrganizationDirectory& directory, Limits const& limits, bool read_only)
        : directory_(directory), limits_(limits), read_only_(read_only), descriptor_(make_descriptor()) {}

    protocol::ToolDescriptor const& descriptor() const noexcept override { return descriptor_; }

    core::Task<protocol::ToolResult> call(protocol::ToolCall const& call) override {
        std::optional<std::string> after;
        if (auto const given = core::find_string(call.arguments, "cursor")) {
            core::Result<CursorPosition> position = read_cursor(*given, kSubject);
            if (!position) {
                co_return error_result(position.error(), limits_.answer_bytes);
            }
            after = std::move(position->after);
        }
        co_return list(after);
    }

private:
    protocol::ToolResult list(std::optional<std::string> const& after) const {
        Json organizations = Json::array();
        std::string text;
        std::size_t json_bytes = 0;
        std::string last;
        std::string cursor;
        std::size_t const room = limits_.answer_bytes - std::min(limits_.answer_bytes, kFrameBytes);
        for (std::shared_ptr<Connector> const& connector : directory_.all()) {
            std::string const& key = connector->organization().key();
            if (after && key <= *after) {
                continue;
            }
            Json entry = organization_report(directory_, *connector, read_only_);
            std::string line = describe(entry);
            std::size_t bytes = core::dump_json(entry).size() + 1;
            bool const first = organizations.empty();
            if (first && (line.size() > room || bytes > room)) {
                entry["notes"] = Json::array({kCutNote});
                while ((describe(entry).size() > room || core::dump_json(entry).size() >= room) &&
                       cut(entry)) {
                }
                line = describe(entry);
                bytes = core::dump_json(entry).size() + 1;
            } else if (!first && (text.size() + line.size() > room || json_bytes + bytes > room)) {
                CursorPosition position;
                position.after = last;
                cursor = write_cursor(position, kSubject);
                break;
            }
            text += line;
            json_bytes += bytes;
            last = key;
            organizations.push_back(std::move(entry));
        }
        if (organizations.empty() && after) {
            text = "No further organization.";
        } else if (organizations.empty()) {
            text = "No organization is connected. An administrator can attach one: `ado-mcpd login`, "
                   "`ado-mcpd pat set`, "
                   "or a connector in the configuration.";
        }
        Json structured = Json::object();
        structured["organizations"] = std::move(organizations);
        if (!cursor.empty()) {
            text += "cursor: " + cursor + "\n";
            structured["cursor"] = std::move(cursor);
        }
        return protocol::ToolResult(std::move(text), std::move(structured));
    }

    static std::string describe_sources(Json const& entry) {
        Json const* const sources = core::find_array(entry, "knowledge_sources");
        if (sources == nullptr || sources->empty()) {
            return {};
        }
        std::string line = ", knowledge sources:";
        Json const* const indexes = core::find_array(entry, "knowledge_indexes");
        for (Json const& source : *sources) {
            line += " " + source.get<std::string>();
            for (Json const& index : indexes != nullptr ? *indexes : Json::array()) {
                if (core::find_string(index, "name") != source.get_ref<std::string const&>()) {
                    continue;
                }
                line += " (" + std::string(core::find_string(index, "state").value_or(""));
                if (auto const at = core::find_string(index, "synced_at")) {
                    line += ", as of " + std::string(*at);
                }
                if (auto const reason = core::find_string(index, "reason")) {
                    line += ": " + std::string(*reason);
                }
                line += ")";
            }
            line += ";";
        }
        return line;
    }

    static std::string describe(Json const& entry) {
        std::string line(*core::find_string(entry, "name"));
        line += ": " + std::string(*core::find_string(entry, "state"));
        if (auto const method = core::find_string(entry, "method")) {
            line += ", by " + std::string(*method);
        }
        if (auto const identity = core::find_string(entry, "identity")) {
            line += " as " + std::string(*identity);
        }
        if (core::find_bool(entry, "read_only").value_or(false)) {
            line += ", read-only";
        }
        if (core::find_bool(entry, "confirm_writes").value_or(false)) {
            line += ", a person confirms each write";
        }
        if (Json const* projects = core::find_array(entry, "projects");
            projects != nullptr && !projects->empty()) {
            line += ", projects:";
            for (Json const& project : *projects) {
                line += " " + project.get<std::string>() + ";";
            }
        }
        line += describe_sources(entry);
        if (auto const reason = core::find_string(entry, "reason")) {
            line += " (" + std::string(*reason) + ")";
        }
        if (auto const fix = core::find_string(entry, "fix")) {
            line += " Fix: " + std::string(*fix);
        }
        // The state's own reason says the same when it is about the token's end.
        Json const* const notes = core::find_array(entry, "notes");
        bool const said = *core::find_string(entry, "state") == "expiring";
        for (Json const& note : notes != nullptr && !said ? *notes : Json::array()) {
            line += " Note: " + note.get<std::string>();
        }
        return line + "\n";
    }

    OrganizationDirectory& directory_;
    Limits const& limits_;
    bool read_only_;
    protocol::ToolDescriptor descriptor_;
};

} // namespace

std::unique_ptr<protocol::ToolHandler>
make_list_organizations_tool(OrganizationDirectory& directory, Limits const& limits, bool read_only) {
    return std::make_unique<ListOrganizationsTool>(directory, limits, read_only);
}

} // namespace server
