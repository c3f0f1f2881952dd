#pragma once

#include "ado/git.hpp"
#include "core/json.hpp"
#include "core/result.hpp"
#include "server/tools/call_scope.hpp"
#include "server/tools/cursor.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace server {

class WantedFile {
public:
    std::string repository;
    std::string path; ///< leading slash
    ado::VersionDescriptor version;
    std::size_t start_line = 1;
    std::size_t end_line = 0; ///< 0 = to the end
};

/// What a read_file call asks for, with the connector's defaults filled in.
class ReadArguments {
public:
    std::string project; ///< empty only for repositories named by id
    std::vector<WantedFile> files;
    std::size_t max_bytes = 0;
    CursorPosition position;    ///< file to begin with, and its line (0 = the one asked for)
    std::size_t start_byte = 0; ///< of that line: where the cursor's answer had to cut it
};

core::Result<ReadArguments> read_file_arguments(core::Json const& args, CallScope const& scope);

/// What a cursor of this call belongs to.
std::string read_file_subject(core::Json const& args, CallScope const& scope);

/// `main`, `refs/heads/main`, `refs/tags/v1`, `tag:v1` or 40 hex digits of a commit; empty is the default
/// branch.
ado::VersionDescriptor parse_ref(std::string_view text);

} // namespace server
