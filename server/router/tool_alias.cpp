#include "server/router/tool_alias.hpp"

#include "protocol/schema.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace server {
namespace {

using core::Json;

/// Takes any arguments, because those of the tool behind it are checked there: an alias costs next to
/// nothing until it is called.
protocol::ToolDescriptor describe(ToolAlias const& alias, protocol::ToolDescriptor const& tool) {
    protocol::ToolDescriptor descriptor(
        std::string(alias.other), tool.title, tool.description, Json{{"type", "object"}}, Json(), tool.hints);
    descriptor.task_use = tool.task_use;
    descriptor.asks_first = tool.asks_first;
    descriptor.required_capabilities = tool.required_capabilities;
    descriptor.listed = false;
    return descriptor;
}

class AliasedTool final : public protocol::ToolHandler {
public:
    AliasedTool(ToolAlias const& alias, protocol::ToolHandler& tool)
        : alias_(alias), tool_(tool), descriptor_(describe(alias, tool.descriptor())) {}

    protocol::ToolDescriptor const& descriptor() const noexcept override { return descriptor_; }

    void normalize(Json& arguments) const override {
        for (ArgumentAlias const& argument : alias_.arguments) {
            auto const found = arguments.find(std::string(argument.other));
            std::string const name(argument.name);
            if (found == arguments.end() || arguments.contains(name)) {
                continue;
            }
            Json value = std::move(*found);
            arguments.erase(found);
            // The official server takes lists where one name is meant.
            if (value.is_array() && value.size() == 1) {
                Json one = value.front();
                value = std::move(one);
            }
            arguments[name] = std::move(value);
        }
        tool_.normalize(arguments);
    }

    core::Task<protocol::ToolResult> call(protocol::ToolCall const& call) override {
        auto const problems = protocol::validate(tool_.descriptor().input_schema, call.arguments);
        if (!problems.empty()) {
            std::string text = tool_.descriptor().name + " (" + std::string(alias_.other) +
                               " is another name of it) was not called, because its arguments are wrong:\n";
            for (auto const& problem : problems) {
                text += protocol::to_string(problem) + "\n";
            }
            co_return protocol::ToolResult::error(std::move(text));
        }
        co_return co_await tool_.call(call);
    }

private:
    ToolAlias const& alias_;
    protocol::ToolHandler& tool_;
    protocol::ToolDescriptor descriptor_;
};

} // namespace

std::vector<ToolAlias> const& tool_aliases() {
    static std::vector<ToolAlias> const aliases{
        {"search_workitem",
         "search_work_items",
         {{"searchText", "text"}, {"workItemType", "type"}, {"assignedTo", "assigned_to"}}},
        {"wit_get_work_item", "get_work_item", {}},
        {"wit_create_work_item", "create_work_item", {{"workItemType", "type"}}},
        {"wit_update_work_item", "update_work_item", {}},
        {"wit_add_work_item_comment", "add_work_item_comment", {{"workItemId", "id"}, {"comment", "text"}}},
        {"core_list_projects", "list_projects", {{"projectNameFilter", "name_contains"}}},
        {"repo_list_repos_by_project", "list_repositories", {{"repoNameFilter", "name_contains"}}},
        {"repo_get_file_content", "read_file", {{"repositoryId", "repository"}, {"version", "ref"}}},
        {"repo_list_directory", "list_files", {{"repositoryId", "repository"}, {"version", "ref"}}},
        {"repo_search_commits", "list_commits", {{"repositoryId", "repository"}, {"version", "ref"}}},
        {"wiki_get_page_content", "read_wiki_page", {{"wikiIdentifier", "wiki"}}}};
    return aliases;
}

std::string_view aliased_tool(std::string_view name) noexcept {
    std::vector<ToolAlias> const& aliases = tool_aliases();
    auto const found = std::find_if(
        aliases.begin(), aliases.end(), [name](ToolAlias const& alias) { return alias.other == name; });
    return found == aliases.end() ? name : found->name;
}

std::unique_ptr<protocol::ToolHandler> make_aliased_tool(ToolAlias const& alias,
                                                         protocol::ToolHandler& tool) {
    return std::make_unique<AliasedTool>(alias, tool);
}

} // namespace server
