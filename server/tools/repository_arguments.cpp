#include "server/tools/repository_arguments.hpp"

#include "server/tools/answer.hpp"
#include "server/tools/list_answer.hpp"
#include "server/tools/read_arguments.hpp"

#include <optional>
#include <utility>

namespace server {

namespace {

/// The service takes no longer paths.
constexpr std::size_t kMaxPath = 4096;

std::string normal_path(std::string_view text) {
    std::string path = text.starts_with('/') ? std::string(text) : "/" + std::string(text);
    while (path.size() > 1 && path.back() == '/') {
        path.pop_back();
    }
    return path;
}

} // namespace

UsedNames RepositoryArguments::names() const {
    UsedNames used(project, repository);
    if (version.type == ado::VersionType::branch) {
        used.branch = version.version;
    }
    return used;
}

core::Result<RepositoryArguments>
read_repository_arguments(std::string_view tool, core::Json const& args, CallScope const& scope) {
    RepositoryArguments read;
    read.repository = std::string(member_text(args, "repository"));
    if (!is_usable_name(read.repository)) {
        return core::fail(
            wrong_argument("`" + shorten_text(read.repository, 80) + "` is not a name of a repository.",
                           "list_repositories shows the names."));
    }
    read.project = chosen_project(args, scope.policy);
    if (!read.project.empty() && !is_usable_name(read.project)) {
        return core::fail(
            wrong_argument("`" + shorten_text(read.project, 80) + "` is not a name of a project."));
    }
    // An id names a repository of any project, whatever project stands in the address beside it.
    bool const by_id = is_uuid(read.repository);
    if (by_id && !(scope.policy.projects.empty() && scope.policy.repositories.empty())) {
        return core::fail(
            wrong_argument("This connector is limited to certain projects or repositories, so none "
                           "can be named by its id.",
                           "Pass the repository's name and its `project`."));
    }
    if (!by_id && read.project.empty()) {
        return core::fail(
            wrong_argument("`project` is missing: a repository's name is unique only in its project.",
                           "Pass `project`; list_repositories with `name_contains` shows where it is."));
    }
    read.path = normal_path(member_text(args, "path"));
    if (read.path.size() > kMaxPath) {
        return core::fail(wrong_argument("`path` is longer than " + std::to_string(kMaxPath) + " bytes."));
    }
    read.version = parse_ref(member_text(args, "ref"));
    read.max_bytes = answer_budget(args, scope.limits.search_answer_bytes, scope.limits);
    read.subject = cursor_subject(tool, scope.organization, args);
    read.resumed = core::find_string(args, "cursor").has_value();
    ADOMCPD_TRY(read.position, cursor_argument(args, read.subject));
    return read;
}

std::size_t number_argument(core::Json const& args, std::string_view name, std::size_t usual) {
    std::optional<std::int64_t> const value = core::find_int(args, name);
    return value && *value > 0 ? static_cast<std::size_t>(*value) : usual;
}

core::Result<CursorPosition> cursor_argument(core::Json const& args, std::string_view subject) {
    std::optional<std::string_view> const cursor = core::find_string(args, "cursor");
    if (!cursor) {
        return CursorPosition();
    }
    return read_cursor(*cursor, subject);
}

} // namespace server
