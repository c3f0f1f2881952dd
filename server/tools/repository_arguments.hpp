#pragma once

#include "ado/git.hpp"
#include "core/json.hpp"
#include "core/result.hpp"
#include "server/tools/call_scope.hpp"
#include "server/tools/cursor.hpp"
#include "server/tools/name_hints.hpp"

#include <cstddef>
#include <string>

namespace server {

/// What every tool over one repository asks for, with the connector's defaults filled in.
class RepositoryArguments {
public:
    std::string project; ///< empty only for a repository named by its id
    std::string repository;
    std::string path; ///< leading slash, none at the end; `/` is the root
    ado::VersionDescriptor version;
    std::size_t max_bytes = 0;
    std::string subject; ///< what a cursor of this call belongs to
    CursorPosition position;
    bool resumed = false; ///< a cursor was given

    UsedNames names() const;
};

core::Result<RepositoryArguments>
read_repository_arguments(std::string_view tool, core::Json const& args, CallScope const& scope);

/// `usual` when absent; the schema has checked the range.
std::size_t number_argument(core::Json const& args, std::string_view name, std::size_t usual);

/// The cursor of a call, when there is one.
core::Result<CursorPosition> cursor_argument(core::Json const& args, std::string_view subject);

} // namespace server
