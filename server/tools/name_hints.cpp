#include "server/tools/name_hints.hpp"

#include "ado/projects.hpp"
#include "ado/work_items.hpp"
#include "core/http/http_message.hpp"
#include "protocol/schema.hpp"
#include "server/tools/clean_text.hpp"
#include "server/tools/list_answer.hpp"
#include "server/tools/text_fold.hpp"

#include <algorithm>
#include <utility>

namespace server {

namespace {

constexpr std::size_t kNamed = 8;
constexpr std::size_t kNameBytes = 80;

bool is_about(core::Error const& error, std::initializer_list<std::string_view> codes) {
    return std::find(codes.begin(), codes.end(), std::string_view(error.code())) != codes.end();
}

std::vector<std::string> allowed_names(std::vector<ado::Project> const& projects,
                                       ConnectorPolicy const& policy) {
    std::vector<std::string> names;
    for (ado::Project const& project : projects) {
        if (may_list(policy, project.name, project.id)) {
            names.push_back(project.name);
        }
    }
    return names;
}

core::Error with_more_to_do(core::Error error, std::string const& hint) {
    if (hint.empty()) {
        return error;
    }
    std::string fix = error.fix();
    fix += (fix.empty() ? "" : " ") + hint;
    return std::move(error).with_fix(std::move(fix));
}

core::Task<core::Error>
name_projects(core::Error const& error, UsedNames const& used, CallScope const& scope) {
    auto const projects = co_await scope.client.list_projects(scope.ctx);
    if (!projects) {
        co_return error;
    }
    std::vector<std::string> names = allowed_names(*projects, scope.policy);
    co_return with_more_to_do(error, describe_names(used.project, std::move(names), "Projects"));
}

core::Task<core::Error>
name_repositories(core::Error const& error, UsedNames const& used, CallScope const& scope) {
    auto const repositories = co_await scope.client.list_repositories(used.project, scope.ctx);
    if (!repositories) {
        co_return error;
    }
    std::vector<std::string> names;
    for (ado::Repository const& repository : *repositories) {
        if (!may_list(scope.policy, repository.project, repository.project_id) ||
            !scope.policy.allows_repository(repository.project, repository.name)) {
            continue;
        }
        bool const meant =
            core::iequals(repository.name, used.repository) || core::iequals(repository.id, used.repository);
        if (meant && repository.is_disabled) {
            co_return with_more_to_do(error,
                                      "The repository " + clean_line(repository.name) +
                                          " is disabled; an administrator can enable it in the project's "
                                          "repository settings.");
        }
        if (!repository.is_disabled) {
            names.push_back(repository.name);
        }
    }
    co_return with_more_to_do(error, describe_names(used.repository, std::move(names), "Repositories there"));
}

core::Task<core::Error>
name_branches(core::Error const& error, UsedNames const& used, CallScope const& scope) {
    auto branches = co_await scope.client.list_branches(used.project, used.repository, scope.ctx);
    if (!branches) {
        co_return error;
    }
    std::string hint = branches->empty()
                           ? "The repository is empty: it has no branch yet."
                           : describe_names(used.branch, std::move(*branches), "Branches there");
    co_return with_more_to_do(error, hint);
}

core::Task<core::Error> name_types(core::Error const& error, UsedNames const& used, CallScope const& scope) {
    auto const types = co_await scope.client.list_work_item_types(used.project, scope.ctx);
    if (!types) {
        co_return error;
    }
    std::vector<std::string> names;
    for (ado::WorkItemType const& type : *types) {
        if (!type.is_disabled) {
            names.push_back(type.name);
        }
    }
    co_return with_more_to_do(error, describe_names(used.type, std::move(names), "Types there"));
}

} // namespace

std::string describe_names(std::string_view wrong, std::vector<std::string> names, std::string_view what) {
    if (names.empty()) {
        return {};
    }
    std::vector<std::string_view> const candidates(names.begin(), names.end());
    std::string const nearest = clean_line(protocol::nearest_name(wrong, candidates));
    std::string text;
    if (!nearest.empty() && nearest != wrong) {
        text = "Did you mean '" + shorten_text(nearest, kNameBytes) + "'? ";
    }
    // Of many the nearest comes first, then those that hold the word or begin like it.
    std::string const folded = fold_case(wrong);
    auto const distance = [&](std::string const& name) {
        std::string const candidate = fold_case(name);
        bool const akin = folded.size() > 1 && (candidate.find(folded) != std::string::npos ||
                                                candidate.starts_with(folded.substr(0, 2)));
        return clean_line(name) == nearest ? 0 : akin ? 1 : 2;
    };
    std::stable_sort(names.begin(), names.end(), [&distance](std::string const& a, std::string const& b) {
        return distance(a) < distance(b);
    });
    text += std::string(what) + ": ";
    for (std::size_t i = 0; i < std::min(names.size(), kNamed); ++i) {
        text += (i > 0 ? ", " : "") + shorten_text(clean_line(names[i]), kNameBytes);
    }
    if (names.size() > kNamed) {
        text += " and " + std::to_string(names.size() - kNamed) + " more";
    }
    return text + ".";
}

bool may_list(ConnectorPolicy const& policy, std::string_view project, std::string_view project_id) {
    return policy.allows_project(project) || (!project_id.empty() && policy.allows_project(project_id));
}

core::Task<core::Error>
with_names_there(core::Error const& error, UsedNames const& used, CallScope const& scope) {
    if (!used.project.empty() && is_about(error, {"TF200016", "VS800075"})) {
        co_return co_await name_projects(error, used, scope);
    }
    if (!used.repository.empty() && is_about(error, {"TF401019"})) {
        co_return co_await name_repositories(error, used, scope);
    }
    if (!used.repository.empty() && is_about(error, {"TF401175", "VS403403"})) {
        co_return co_await name_branches(error, used, scope);
    }
    if (!used.type.empty() && is_about(error, {"VS402323"})) {
        co_return co_await name_types(error, used, scope);
    }
    co_return error;
}

} // namespace server
