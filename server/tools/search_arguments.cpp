#include "server/tools/search_arguments.hpp"

#include "server/tools/answer.hpp"

#include <algorithm>
#include <optional>
#include <utility>

namespace server {

namespace {

std::string text_argument(core::Json const& args, std::string_view name) {
    return std::string(core::find_string(args, name).value_or(std::string_view()));
}

std::size_t number_argument(core::Json const& args, std::string_view name, std::size_t usual) {
    std::optional<std::int64_t> const value = core::find_int(args, name);
    return value && *value >= 0 ? static_cast<std::size_t>(*value) : usual;
}

std::string rooted(std::string path) {
    return path.empty() || path.front() == '/' ? path : "/" + path;
}

bool is_extension(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
               c == '-' || c == '+' || c == '#' || c == '.';
    });
}

} // namespace

core::Result<SearchArguments> read_search_arguments(core::Json const& args, CallScope const& scope) {
    SearchArguments read;
    read.query = text_argument(args, "query");
    if (read.query.find_first_not_of(" \t\r\n") == std::string::npos) {
        return core::fail(wrong_argument("`query` is empty."));
    }
    read.parsed = parse_search_query(read.query);
    read.project = chosen_project(args, scope.policy);
    read.repository = text_argument(args, "repository");
    for (std::string const* const name : {&read.project, &read.repository}) {
        if (!name->empty() && !is_usable_name(*name)) {
            return core::fail(wrong_argument("`" + *name + "` is not a name of a project or repository."));
        }
    }
    read.branch = std::string(bare_branch(core::find_string(args, "branch").value_or(std::string_view())));
    read.path = rooted(text_argument(args, "path"));
    read.extension = text_argument(args, "extension");
    read.extension.erase(0, std::min(read.extension.find_first_not_of("*."), read.extension.size()));
    if (!is_extension(read.extension)) {
        return core::fail(wrong_argument("`extension` is not a file extension.", "Pass one such as `cpp`."));
    }
    read.top = number_argument(args, "top", read.top);
    read.context_lines = number_argument(args, "context_lines", read.context_lines);
    read.max_bytes = answer_budget(args, scope.limits.search_answer_bytes, scope.limits);
    if (!read.repository.empty() && read.project.empty()) {
        read.notes.push_back(
            "`repository` was searched by name in every project, because no `project` was given.");
    }
    return read;
}

core::Result<void>
read_search_cursor(core::Json const& args, std::string_view organizations, SearchArguments& into) {
    into.subject = cursor_subject("search_code", organizations, args);
    std::optional<std::string_view> const cursor = core::find_string(args, "cursor");
    if (!cursor) {
        return {};
    }
    ADOMCPD_TRY(into.position, read_cursor(*cursor, into.subject));
    if (into.position.item >= kMaxReach) {
        return core::fail(wrong_argument("Azure DevOps lists no more than the first 2,000 files of a search.",
                                         "Narrow the query: add a project, repository, path or extension."));
    }
    return {};
}

std::size_t hits_before(SearchArguments const& arguments) noexcept {
    return arguments.position.item - std::min(arguments.position.item, kMaxSkip);
}

ado::CodeSearchRequest make_search_request(SearchArguments const& arguments, ConnectorPolicy const& policy) {
    ado::CodeSearchRequest request;
    if (!arguments.project.empty()) {
        request.projects.push_back(arguments.project);
    } else {
        request.projects = policy.projects;
    }
    std::string terms;
    if (!arguments.extension.empty()) {
        terms += " ext:" + ado::quote_search_term(arguments.extension);
    }
    if (!arguments.repository.empty()) {
        // The repository filter is refused without a project filter; the term of the query language is not.
        if (request.projects.empty()) {
            terms += " repo:" + ado::quote_search_term(arguments.repository);
        } else {
            request.repositories.push_back(arguments.repository);
        }
    } else if (!request.projects.empty()) {
        // What the allow-list lets through is all that has to be found. The answer is looked through again.
        for (std::string const& allowed : policy.repositories) {
            request.repositories.push_back(allowed.substr(allowed.find('/') + 1));
        }
    }
    // A term beside `a OR b` would bind to `b` alone.
    bool const grouped = arguments.parsed.alternatives && !terms.empty();
    request.text = (grouped ? "(" + arguments.query + ")" : arguments.query) + terms;
    if (!arguments.branch.empty()) {
        request.branches.push_back(arguments.branch);
    }
    if (!arguments.path.empty()) {
        request.paths.push_back(arguments.path);
    }
    request.skip = std::min(arguments.position.item, kMaxSkip);
    request.top = arguments.top + hits_before(arguments);
    return request;
}

} // namespace server
