#include "auth/secret_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string_view>
#include <system_error>
#include <vector>

namespace auth {
namespace {

class File {
public:
    explicit File(int descriptor) noexcept : descriptor_(descriptor) {}
    ~File() {
        if (descriptor_ >= 0) {
            ::close(descriptor_);
        }
    }
    File(File const&) = delete;
    File& operator=(File const&) = delete;
    int get() const noexcept { return descriptor_; }

private:
    int descriptor_;
};

auto cannot_read(std::string const& path, std::string const& why) {
    return core::fail(core::ErrorKind::invalid_argument, "cannot read " + path + ": " + why);
}

std::string_view trim(std::string_view text) noexcept {
    constexpr std::string_view kSpace = " \t\r\n";
    std::size_t const first = text.find_first_not_of(kSpace);
    if (first == std::string_view::npos) {
        return {};
    }
    return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

} // namespace

core::Result<core::Secret>
read_secret_file(std::string const& path, std::size_t max_bytes, bool follow_links) {
    int const flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | (follow_links ? 0 : O_NOFOLLOW);
    File const file(::open(path.c_str(), flags));
    if (file.get() < 0) {
        return cannot_read(path, std::generic_category().message(errno));
    }
    struct stat info {};
    if (::fstat(file.get(), &info) != 0 || !S_ISREG(info.st_mode)) {
        return cannot_read(path, "not a regular file");
    }
    std::vector<char> buffer(max_bytes + 1);
    std::size_t size = 0;
    while (size < buffer.size()) {
        ssize_t const count = ::read(file.get(), buffer.data() + size, buffer.size() - size);
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count < 0) {
            return cannot_read(path, std::generic_category().message(errno));
        }
        if (count == 0) {
            break;
        }
        size += static_cast<std::size_t>(count);
    }
    core::Secret secret(trim(std::string_view(buffer.data(), size)));
    core::wipe(buffer.data(), buffer.size());
    if (size > max_bytes) {
        return cannot_read(path, "larger than " + std::to_string(max_bytes) + " bytes");
    }
    if (secret.empty()) {
        return cannot_read(path, "it is empty");
    }
    return secret;
}

} // namespace auth
