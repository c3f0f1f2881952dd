#include "ado/git.hpp"
#include "ado/web_links.hpp"
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

protocol::ToolDescriptor make_descriptor() {
    Json const input{{"organization", schema_organization()},
                     {"project", schema_string("All the connector allows otherwise")},
                     {"name_contains", schema_string()},
                     {"max_bytes", schema_max_bytes()},
                     {"cursor", schema_cursor()}};
    Json const repository = schema_object({{"project", schema_string()},
                                           {"name", schema_string()},
                                           {"id", schema_string()},
                                           {"default_branch", schema_string()},
                                           {"size", schema_integer("Bytes")},
                                           {"disabled", {{"type", "boolean"}}},
                                           {"url", schema_string()}},
                                          {"project", "name", "disabled", "url"});
    Json const output{{"organization", schema_string()},
                      {"repositories", schema_array(repository)},
                      {"total", schema_integer()},
                      {"cursor", schema_string()},
                      {"notes", schema_array(schema_string())}};
    return protocol::ToolDescriptor("list_repositories",
                                    "List repositories",
                                    "Git repositories with project and default branch.",
                                    schema_arguments(input, {}),
                                    schema_object(output, {"repositories", "total", "notes"}),
                                    reading_hints());
}

std::string line_of(Json const& repository) {
    std::string line =
        std::string(member_text(repository, "project")) + "/" + std::string(member_text(repository, "name"));
    if (core::find_bool(repository, "disabled").value_or(false)) {
        line += ", disabled";
    }
    std::string_view const branch = member_text(repository, "default_branch");
    line += branch.empty() ? ", no default branch" : ", default branch " + std::string(branch);
    if (auto const size = core::find_int(repository, "size")) {
        line += ", " + std::to_string(*size) + " bytes";
    }
    return line + " (id " + std::string(member_text(repository, "id")) + ") " +
           std::string(member_text(repository, "url")) + "\n";
}

class ListRepositoriesTool final : public OrganizationTool {
public:
    protocol::ToolDescriptor const& descriptor() const noexcept override { return descriptor_; }

    Task<Result<protocol::ToolResult>> run(Json const& args, CallScope const& scope) override {
        ListPage page("repositories", "repository", "repositories", &line_of);
        page.subject = cursor_subject("list_repositories", scope.organization, args);
        page.max_bytes = answer_budget(args, scope.limits.search_answer_bytes, scope.limits);
        CO_TRY(CursorPosition const position, cursor_argument(args, page.subject));
        // One request lists all projects' repositories; of a single allowed project only its own are asked
        // for.
        std::string project(member_text(args, "project"));
        if (!project.empty() && !is_usable_name(project)) {
            co_return core::fail(
                wrong_argument("`" + shorten_text(project, 80) + "` is not a name of a project."));
        }
        if (project.empty() && scope.policy.projects.size() == 1) {
            project = scope.policy.projects.front();
        }
        auto repositories = co_await scope.client.list_repositories(project, scope.ctx);
        if (!repositories) {
            UsedNames const used(project, {});
            core::Error error = co_await with_names_there(repositories.error(), used, scope);
            co_return core::fail(std::move(error));
        }
        fill(page, std::move(*repositories), position, args, scope);
        page.extra["organization"] = scope.organization;
        co_return make_list_answer(std::move(page));
    }

private:
    static void fill(ListPage& page,
                     std::vector<ado::Repository> repositories,
                     CursorPosition const& position,
                     Json const& args,
                     CallScope const& scope) {
        std::string_view const part = member_text(args, "name_contains");
        std::erase_if(repositories, [&](ado::Repository const& repository) {
            return !may_list(scope.policy, repository.project, repository.project_id) ||
                   !scope.policy.allows_repository(repository.project, repository.name);
        });
        std::size_t const allowed = repositories.size();
        std::erase_if(repositories, [&](ado::Repository const& repository) {
            return !contains_folded(repository.name, part);
        });
        auto const key = [](ado::Repository const& repository) {
            return fold_case(repository.project) + '\n' + fold_case(repository.name) + '\n' + repository.id;
        };
        std::sort(repositories.begin(),
                  repositories.end(),
                  [&key](ado::Repository const& a, ado::Repository const& b) { return key(a) < key(b); });
        std::vector<std::string> keys;
        for (ado::Repository const& repository : repositories) {
            keys.push_back(key(repository));
        }
        page.total = repositories.size();
        for (std::size_t i = index_after(keys, position); i < repositories.size(); ++i) {
            page.entries.emplace_back(entry(repositories[i], scope), position_after(keys, i));
        }
        if (repositories.empty() && allowed > 0) {
            page.notes.push_back("No repository's name contains it; without `name_contains` it is " +
                                 count_of(allowed, "repository", "repositories") + ".");
        } else if (repositories.empty()) {
            page.notes.push_back("There is no repository here that this identity may read.");
        }
    }

    static Json entry(ado::Repository const& repository, CallScope const& scope) {
        Json json = Json::object();
        put_text(json, "project", repository.project);
        put_text(json, "name", repository.name);
        put_text(json, "id", repository.id);
        put_text(json, "default_branch", repository.default_branch);
        if (repository.size > 0) {
            json["size"] = repository.size;
        }
        json["disabled"] = repository.is_disabled;
        json["url"] = ado::repository_url(scope.client.organization(), repository.project, repository.name);
        return json;
    }

    protocol::ToolDescriptor descriptor_ = make_descriptor();
};

} // namespace

std::unique_ptr<OrganizationTool> make_list_repositories_tool() {
    return std::make_unique<ListRepositoriesTool>();
}

} // namespace server
