#include "server/store/refresh_lease.hpp"

#include <cerrno>
#include <cstdint>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

namespace server {
namespace {

/// The lock goes with the open file, not with the process: two leases of one process exclude each other too.
class FileLease final : public auth::RefreshLease {
public:
    explicit FileLease(int descriptor) noexcept : descriptor_(descriptor) {}
    ~FileLease() override { ::close(descriptor_); }
    FileLease(FileLease const&) = delete;
    FileLease& operator=(FileLease const&) = delete;

private:
    int descriptor_;
};

/// FNV-1a. Organizations that fall on the same byte wait for each other, and no harm is done.
off_t byte_of(std::string const& organization) noexcept {
    std::uint64_t hash = 14695981039346656037ULL;
    for (char const c : organization) {
        hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
    }
    return static_cast<off_t>(hash >> 2U);
}

auto failed(std::string const& path, int error) {
    return core::fail(core::Error(core::ErrorKind::internal,
                                  "cannot lock " + path + ": " + std::generic_category().message(error))
                          .with_code("store_failed")
                          .with_fix("check that the folder of the store is writable"));
}

} // namespace

core::Result<std::unique_ptr<auth::RefreshLease>> try_refresh_lease(std::string const& path,
                                                                    std::string const& organization) {
    int const descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (descriptor < 0) {
        return failed(path, errno);
    }
    auto lease = std::make_unique<FileLease>(descriptor);
    struct flock lock {};
    lock.l_type = F_WRLCK;
    lock.l_whence = SEEK_SET;
    lock.l_start = byte_of(organization);
    lock.l_len = 1;
    if (::fcntl(descriptor, F_OFD_SETLK, &lock) != 0) {
        if (errno == EAGAIN || errno == EACCES) {
            return std::unique_ptr<auth::RefreshLease>();
        }
        return failed(path, errno);
    }
    return std::unique_ptr<auth::RefreshLease>(std::move(lease));
}

} // namespace server
