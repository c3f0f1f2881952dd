#include "ado/projects.hpp"
#include "ado/web_links.hpp"
#include "core/http/http_message.hpp"
#include "server/tools/answer.hpp"
#include "server/tools/list_answer.hpp"
#include "server/tools/name_hints.hpp"
#include "server/tools/repository_arguments.hpp"
#include "server/tools/schema_pieces.hpp"
#include "server/tools/text_fold.hpp"
#include "server/tools/tools.hpp"

#include <algorithm>
#include <utility>

namespace server {

namespace {

using core::Json;
using core::Result;
using core::Task;

constexpr std::size_t kDescriptionBytes = 300;

protocol::ToolDescriptor make_descriptor() {
    Json const input{{"organization", schema_organization()},
                     {"name_contains", schema_string()},
                     {"max_bytes", schema_max_bytes()},
                     {"cursor", schema_cursor()}};
    Json const project = schema_object({{"name", schema_string()},
                                        {"id", schema_string()},
                                        {"description", schema_string()},
                                        {"visibility", schema_string()},
                                        {"url", schema_string()}},
                                       {"name", "url"});
    Json const output{{"organization", schema_string()},
                      {"projects", schema_array(project)},
                      {"total", schema_integer()},
                      {"cursor", schema_string()},
                      {"notes", schema_array(schema_string())}};
    return protocol::ToolDescriptor("list_projects",
                                    "List projects",
                                    "Projects of an Azure DevOps organization.",
                                    schema_arguments(input, {}),
                                    schema_object(output, {"projects", "total", "notes"}),
                                    reading_hints());
}

std::string line_of(Json const& project) {
    std::string line(member_text(project, "name"));
    if (std::string_view const visibility = member_text(project, "visibility"); !visibility.empty()) {
        line += ", " + std::string(visibility);
    }
    line +=
        " (id " + std::string(member_text(project, "id")) + ") " + std::string(member_text(project, "url"));
    if (std::string_view const about = member_text(project, "description"); !about.empty()) {
        line += " - " + std::string(about);
    }
    return line + "\n";
}

/// What the connector's allow-list names and this identity does not see.
std::vector<std::string> missing_names(std::vector<ado::Project> const& there,
                                       ConnectorPolicy const& policy) {
    std::vector<std::string> missing;
    for (std::string const& allowed : policy.projects) {
        bool const found = std::any_of(there.begin(), there.end(), [&allowed](ado::Project const& project) {
            return core::iequals(project.name, allowed) || core::iequals(project.id, allowed);
        });
        if (!found) {
            missing.push_back(allowed);
        }
    }
    return missing;
}

class ListProjectsTool final : public OrganizationTool {
public:
    protocol::ToolDescriptor const& descriptor() const noexcept override { return descriptor_; }

    Task<Result<protocol::ToolResult>> run(Json const& args, CallScope const& scope) override {
        ListPage page("projects", "project", "projects", &line_of);
        page.subject = cursor_subject("list_projects", scope.organization, args);
        page.max_bytes = answer_budget(args, scope.limits.search_answer_bytes, scope.limits);
        CO_TRY(CursorPosition const position, cursor_argument(args, page.subject));
        CO_TRY(std::vector<ado::Project> projects, co_await scope.client.list_projects(scope.ctx));
        for (std::string const& name : missing_names(projects, scope.policy)) {
            page.notes.push_back("'" + shorten_text(name, 80) +
                                 "' of the connector's `projects` does not exist, or is not visible to this "
                                 "identity.");
        }
        fill(page, std::move(projects), position, args, scope);
        page.extra["organization"] = scope.organization;
        co_return make_list_answer(std::move(page));
    }

private:
    static void fill(ListPage& page,
                     std::vector<ado::Project> projects,
                     CursorPosition const& position,
                     Json const& args,
                     CallScope const& scope) {
        std::string_view const part = member_text(args, "name_contains");
        std::erase_if(projects, [&](ado::Project const& project) {
            return !may_list(scope.policy, project.name, project.id);
        });
        bool const any = !projects.empty();
        std::erase_if(projects,
                      [&](ado::Project const& project) { return !contains_folded(project.name, part); });
        auto const key = [](ado::Project const& project) {
            return fold_case(project.name) + '\n' + project.id;
        };
        std::sort(projects.begin(), projects.end(), [&key](ado::Project const& a, ado::Project const& b) {
            return key(a) < key(b);
        });
        std::vector<std::string> keys;
        for (ado::Project const& project : projects) {
            keys.push_back(key(project));
        }
        page.total = projects.size();
        for (std::size_t i = index_after(keys, position); i < projects.size(); ++i) {
            page.entries.emplace_back(entry(projects[i], scope), position_after(keys, i));
        }
        if (projects.empty() && any) {
            page.notes.push_back(
                "No project's name contains it; list_projects without `name_contains` shows all.");
        } else if (projects.empty()) {
            page.notes.push_back("This identity sees no project that the connector allows.");
        }
    }

    static Json entry(ado::Project const& project, CallScope const& scope) {
        Json json = Json::object();
        put_text(json, "name", project.name);
        put_text(json, "id", project.id);
        put_text(json, "description", project.description, kDescriptionBytes);
        put_text(json, "visibility", project.visibility);
        json["url"] = ado::project_url(scope.client.organization(), project.name);
        return json;
    }

    protocol::ToolDescriptor descriptor_ = make_descriptor();
};

} // namespace

std::unique_ptr<OrganizationTool> make_list_projects_tool() {
    return std::make_unique<ListProjectsTool>();
}

} // namespace server
