#pragma once

#include "core/result.hpp"
#include "core/secret.hpp"

#include <string>

#include <sys/stat.h>

namespace server {

/// Files that only the daemon's own user may see: secrets named in the configuration, the store and its key.
/// What others can read or replace is refused with the command that mends it.

/// How strict read_private_file is.
enum class PrivateFile {
    secret, ///< named by an operator: symbolic links are followed (mounted secrets are links)
    key,    ///< made by the daemon: a symbolic link is refused
};

/// The file without line breaks at its end, at most 64 KiB; an empty one is refused. Below
/// $CREDENTIALS_DIRECTORY, which the service manager guards, only access for everybody is refused. Fails with
/// not_found when there is none.
core::Result<core::Secret> read_private_file(std::string const& path, PrivateFile kind = PrivateFile::secret);

enum class WriteMode {
    create,  ///< fails with conflict when the file exists
    replace, ///< takes the place of an existing one at once
};

/// Durable (file and folder synced) and complete or not there at all; mode 0600.
core::Result<void> write_private_file(std::string const& path, core::Secret const& content, WriteMode mode);

/// Owner and mode of something already opened or looked at; `what` and `path` are for the message,
/// `forbidden` are mode bits that must not be set.
core::Result<void>
check_private(std::string const& what, std::string const& path, struct stat const& status, mode_t forbidden);

/// The folder of `path`: nobody else may write to it, unless what lies there can only be replaced by its
/// owner (sticky). A missing one passes: whatever opens the file says so.
core::Result<void> check_private_folder(std::string const& what, std::string const& path);

/// A file that may be there or not: no symbolic link, a regular file, nobody else's to look into.
core::Result<void> check_private_path(std::string const& what, std::string const& path);

/// "no such file or directory" for an errno.
std::string errno_text(int code);

} // namespace server
