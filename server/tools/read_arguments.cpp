#include "server/tools/read_arguments.hpp"

#include "server/tools/answer.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

namespace server {

namespace {

using core::Json;
using core::Result;

std::size_t line_argument(Json const& args, std::string_view name, std::size_t usual) {
    std::optional<std::int64_t> const line = core::find_int(args, name);
    return line && *line > 0 ? static_cast<std::size_t>(*line) : usual;
}

Result<WantedFile> read_one(Json const& entry, Json const& args) {
    WantedFile file;
    auto const inherited = [&](char const* name) {
        std::optional<std::string_view> const own = core::find_string(entry, name);
        return std::string(own ? *own : core::find_string(args, name).value_or(std::string_view()));
    };
    file.repository = inherited("repository");
    if (file.repository.empty()) {
        return core::fail(wrong_argument("`repository` is missing.", "Pass the name of the repository."));
    }
    if (!is_usable_name(file.repository)) {
        return core::fail(wrong_argument("`" + file.repository + "` is not a name of a repository."));
    }
    file.path = std::string(core::find_string(entry, "path").value_or(std::string_view()));
    if (file.path.find_first_not_of('/') == std::string::npos) {
        return core::fail(
            wrong_argument("`path` is missing.", "Pass the path of a file, such as /src/main.cpp."));
    }
    if (file.path.front() != '/') {
        file.path.insert(file.path.begin(), '/');
    }
    file.version = parse_ref(inherited("ref"));
    file.start_line = line_argument(entry, "start_line", 1);
    file.end_line = line_argument(entry, "end_line", 0);
    if (file.end_line != 0 && file.end_line < file.start_line) {
        return core::fail(wrong_argument("`end_line` lies before `start_line`."));
    }
    return file;
}

/// An id names a repository of any project, whatever project stands in the address beside it.
Result<void> check_project(ReadArguments const& read, ConnectorPolicy const& policy) {
    for (WantedFile const& file : read.files) {
        bool const by_id = is_uuid(file.repository);
        if (by_id && !(policy.projects.empty() && policy.repositories.empty())) {
            return core::fail(
                wrong_argument("This connector is limited to certain projects or repositories, so none can "
                               "be named by its id.",
                               "Pass the repository's name and its `project`."));
        }
        if (!by_id && read.project.empty()) {
            return core::fail(
                wrong_argument("`project` is missing: a repository's name is unique only in its project.",
                               "Pass `project`, or have a default_project set for the connector."));
        }
    }
    return {};
}

} // namespace

ado::VersionDescriptor parse_ref(std::string_view text) {
    constexpr std::string_view kTag = "tag:";
    if (text.starts_with(kTag)) {
        return ado::VersionDescriptor(ado::VersionType::tag, std::string(text.substr(kTag.size())));
    }
    return ado::VersionDescriptor::parse(text);
}

std::string read_file_subject(Json const& args, CallScope const& scope) {
    return cursor_subject("read_file", scope.organization, args);
}

Result<ReadArguments> read_file_arguments(Json const& args, CallScope const& scope) {
    ReadArguments read;
    read.project = chosen_project(args, scope.policy);
    if (!read.project.empty() && !is_usable_name(read.project)) {
        return core::fail(wrong_argument("`" + read.project + "` is not a name of a project."));
    }
    Json const* const list = core::find_array(args, "files");
    bool const single = core::find_string(args, "path").has_value();
    if (single == (list != nullptr)) {
        return core::fail(wrong_argument("Pass either `path` or `files`, not both and not neither."));
    }
    if (list != nullptr) {
        for (Json const& entry : *list) {
            ADOMCPD_TRY(WantedFile file, read_one(entry, args));
            read.files.push_back(std::move(file));
        }
    } else {
        ADOMCPD_TRY(WantedFile file, read_one(args, args));
        read.files.push_back(std::move(file));
    }
    ADOMCPD_TRY_VOID(check_project(read, scope.policy));
    read.max_bytes = answer_budget(args, scope.limits.answer_bytes, scope.limits);
    if (std::optional<std::string_view> const cursor = core::find_string(args, "cursor")) {
        ADOMCPD_TRY(read.position, read_cursor(*cursor, read_file_subject(args, scope)));
        if (read.position.item >= read.files.size()) {
            return core::fail(wrong_argument("`cursor` lies past the last file."));
        }
        std::string const& byte = read.position.after;
        std::from_chars(byte.data(), byte.data() + byte.size(), read.start_byte);
    }
    return read;
}

} // namespace server
