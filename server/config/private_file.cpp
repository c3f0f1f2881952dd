#include "server/config/private_file.hpp"

#include "core/crypto/digest.hpp"
#include "core/crypto/random.hpp"

#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

namespace server {
namespace {

constexpr std::size_t kMaxSecretBytes = 64 * 1024;

class FileDescriptor {
public:
    explicit FileDescriptor(int fd) noexcept : fd_(fd) {}
    FileDescriptor(FileDescriptor const&) = delete;
    FileDescriptor& operator=(FileDescriptor const&) = delete;
    ~FileDescriptor() {
        if (fd_ >= 0) {
            ::close(fd_);
        }
    }
    int get() const noexcept { return fd_; }
    bool is_open() const noexcept { return fd_ >= 0; }

private:
    int fd_;
};

tl::unexpected<core::Error> system_failure(std::string const& doing, std::string const& path, int code) {
    core::ErrorKind const kind = code == ENOENT   ? core::ErrorKind::not_found
                                 : code == EEXIST ? core::ErrorKind::conflict
                                                  : core::ErrorKind::internal;
    return core::fail(core::Error(kind, "cannot " + doing + " " + path + ": " + errno_text(code))
                          .with_code("file_unusable"));
}

bool in_credentials_directory(std::string const& path) {
    char const* folder = std::getenv("CREDENTIALS_DIRECTORY");
    return folder != nullptr && *folder != '\0' && path.starts_with(std::string(folder) + "/");
}

std::string parent_folder(std::string const& path) {
    std::string parent = std::filesystem::path(path).parent_path().string();
    return parent.empty() ? "." : parent;
}

core::Result<void> sync_folder(std::string const& folder) {
    FileDescriptor const handle(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!handle.is_open() || ::fsync(handle.get()) != 0) {
        return system_failure("sync the folder", folder, errno);
    }
    return {};
}

core::Result<void> write_all(int fd, std::string_view bytes, std::string const& path) {
    while (!bytes.empty()) {
        ssize_t const written = ::write(fd, bytes.data(), bytes.size());
        if (written < 0) {
            if (errno == EINTR) {
                continue;
            }
            return system_failure("write", path, errno);
        }
        bytes.remove_prefix(static_cast<std::size_t>(written));
    }
    if (::fsync(fd) != 0) {
        return system_failure("sync", path, errno);
    }
    return {};
}

core::Result<core::Secret> read_all(int fd, std::string const& path) {
    std::string buffer(kMaxSecretBytes + 1, '\0');
    std::size_t size = 0;
    while (size < buffer.size()) {
        ssize_t const got = ::read(fd, buffer.data() + size, buffer.size() - size);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return system_failure("read", path, errno);
        }
        if (got == 0) {
            break;
        }
        size += static_cast<std::size_t>(got);
    }
    core::Secret content(std::string_view(buffer).substr(0, size));
    core::wipe(buffer.data(), buffer.size());
    if (size > kMaxSecretBytes) {
        return core::fail(core::Error(core::ErrorKind::invalid_argument, path + " is larger than 64 KiB")
                              .with_code("file_unusable"));
    }
    return content;
}

core::Result<core::Secret> without_line_end(core::Secret const& content, std::string const& path) {
    std::string_view text = content.expose();
    while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) {
        text.remove_suffix(1);
    }
    if (text.empty()) {
        return core::fail(
            core::Error(core::ErrorKind::invalid_argument, path + " is empty").with_code("file_unusable"));
    }
    return core::Secret(text);
}

} // namespace

std::string errno_text(int code) {
    return std::generic_category().message(code);
}

core::Result<void>
check_private(std::string const& what, std::string const& path, struct stat const& status, mode_t forbidden) {
    if (status.st_uid != ::geteuid() && status.st_uid != 0) {
        return core::fail(core::Error(core::ErrorKind::forbidden,
                                      what + " " + path + " belongs to user " +
                                          std::to_string(status.st_uid) + ", this program runs as user " +
                                          std::to_string(::geteuid()))
                              .with_code("foreign_owner")
                              .with_fix("chown " + std::to_string(::geteuid()) + " " + path));
    }
    if ((status.st_mode & forbidden) != 0) {
        char mode[8];
        std::snprintf(mode, sizeof mode, "%04o", status.st_mode & 07777U);
        bool const folder = S_ISDIR(status.st_mode);
        return core::fail(core::Error(core::ErrorKind::forbidden,
                                      what + " " + path + " has mode " + mode + ": others can " +
                                          ((forbidden & 0044U) != 0 ? "use" : "change") + " it")
                              .with_code("mode_too_open")
                              .with_fix(std::string(folder ? "chmod 0700 " : "chmod 0600 ") + path));
    }
    return {};
}

core::Result<void> check_private_folder(std::string const& what, std::string const& path) {
    std::string const folder = parent_folder(path);
    struct stat status {};
    if (::stat(folder.c_str(), &status) != 0 || (status.st_mode & S_ISVTX) != 0) {
        return {};
    }
    return check_private(what, folder, status, 0022U);
}

core::Result<void> check_private_path(std::string const& what, std::string const& path) {
    struct stat status {};
    if (::lstat(path.c_str(), &status) != 0) {
        if (errno == ENOENT) {
            return {};
        }
        return system_failure("look at", path, errno);
    }
    if (!S_ISREG(status.st_mode)) {
        bool const link = S_ISLNK(status.st_mode);
        return core::fail(
            core::Error(core::ErrorKind::forbidden,
                        what + " " + path + " is " + (link ? "a symbolic link" : "not a regular file"))
                .with_code(link ? "symbolic_link" : "file_unusable")
                .with_fix("remove " + path));
    }
    return check_private(what, path, status, 0077U);
}

core::Result<core::Secret> read_private_file(std::string const& path, PrivateFile kind) {
    bool const guarded = in_credentials_directory(path);
    int const nofollow = kind == PrivateFile::key && !guarded ? O_NOFOLLOW : 0;
    FileDescriptor const file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | nofollow));
    if (!file.is_open()) {
        if (errno == ELOOP && nofollow != 0) {
            return core::fail(core::Error(core::ErrorKind::forbidden, path + " is a symbolic link")
                                  .with_code("symbolic_link")
                                  .with_fix("name the file itself"));
        }
        return system_failure("read", path, errno);
    }
    struct stat status {};
    if (::fstat(file.get(), &status) != 0) {
        return system_failure("look at", path, errno);
    }
    if (!S_ISREG(status.st_mode)) {
        return core::fail(core::Error(core::ErrorKind::invalid_argument, path + " is not a regular file")
                              .with_code("file_unusable"));
    }
    ADOMCPD_TRY_VOID(check_private("the file", path, status, guarded ? 0007U : 0077U));
    ADOMCPD_TRY(core::Secret const content, read_all(file.get(), path));
    return without_line_end(content, path);
}

core::Result<void> write_private_file(std::string const& path, core::Secret const& content, WriteMode mode) {
    std::string const temporary = path + "." + core::hex_encode(core::random_bytes(6)) + ".tmp";
    {
        FileDescriptor const file(
            ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
        if (!file.is_open()) {
            return system_failure("create", temporary, errno);
        }
        // The mode is what was asked for whatever the umask says.
        core::Result<void> written = ::fchmod(file.get(), 0600) == 0
                                         ? write_all(file.get(), content.expose(), temporary)
                                         : system_failure("set the mode of", temporary, errno);
        if (!written) {
            ::unlink(temporary.c_str());
            return written;
        }
    }
    // A link fails when the name is taken, where a rename would replace what another process just made.
    int const moved = mode == WriteMode::create ? ::link(temporary.c_str(), path.c_str())
                                                : ::rename(temporary.c_str(), path.c_str());
    int const code = errno;
    if (mode == WriteMode::create || moved != 0) {
        ::unlink(temporary.c_str());
    }
    if (moved != 0) {
        return system_failure("create", path, code);
    }
    return sync_folder(parent_folder(path));
}

} // namespace server
