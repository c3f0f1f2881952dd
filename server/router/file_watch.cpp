#include "server/router/file_watch.hpp"

#include "core/log.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <set>

#include <sys/inotify.h>

namespace server {
namespace {

constexpr std::uint32_t kEvents =
    IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_CREATE | IN_DELETE | IN_ATTRIB;
/// Several events fit in; one with the longest name does.
constexpr std::size_t kBuffer = 8192;
/// Mounted secrets are reached over a link of this name, which is turned when they change.
constexpr std::string_view kMountedLink = "..data";

} // namespace

FileWatch::FileWatch(core::asio::any_io_executor executor, std::function<void(std::string const&)> changed)
    : events_(std::move(executor)), changed_(std::move(changed)) {}

core::Result<void> FileWatch::watch(std::vector<std::string> const& paths) {
    if (paths.empty()) {
        return {};
    }
    int const descriptor = ::inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (descriptor < 0) {
        return core::fail(core::Error(core::ErrorKind::internal,
                                      std::string("files cannot be watched: ") + std::strerror(errno))
                              .with_code("file_watch_failed")
                              .with_fix("raise fs.inotify.max_user_instances"));
    }
    events_.assign(descriptor);
    for (std::string const& path : paths) {
        add(path, path);
        std::error_code failure;
        std::string const target = std::filesystem::canonical(path, failure).string();
        if (!failure && target != path) {
            add(path, target);
        }
    }
    return {};
}

void FileWatch::add(std::string const& path, std::string const& place) {
    std::filesystem::path const file(place);
    int const descriptor = ::inotify_add_watch(events_.native_handle(), file.parent_path().c_str(), kEvents);
    if (descriptor < 0) {
        core::log::warn("file_watch.failed", {{"file", path}, {"reason", std::strerror(errno)}});
        return;
    }
    watched_[descriptor].emplace(file.filename().string(), path);
}

void FileWatch::read_events(std::string_view bytes) {
    std::set<std::string> changed;
    while (bytes.size() >= sizeof(inotify_event)) {
        inotify_event event{};
        std::memcpy(&event, bytes.data(), sizeof event);
        std::size_t const size = sizeof event + event.len;
        if (size > bytes.size()) {
            break;
        }
        std::string_view name = bytes.substr(sizeof event, event.len);
        name = name.substr(0, name.find('\0'));
        bytes.remove_prefix(size);
        bool const lost = (event.mask & IN_Q_OVERFLOW) != 0;
        for (auto const& [descriptor, files] : watched_) {
            for (auto const& [file, path] : files) {
                if (lost || (descriptor == event.wd && (file == name || name == kMountedLink))) {
                    changed.insert(path);
                }
            }
        }
    }
    for (std::string const& path : changed) {
        changed_(path);
    }
}

core::Task<void> FileWatch::run() {
    co_await core::asio::this_coro::throw_if_cancelled(false);
    std::array<char, kBuffer> buffer{};
    while (events_.is_open()) {
        core::asio::mutable_buffer const room = core::asio::buffer(buffer);
        auto const [failure, count] = co_await events_.async_read_some(room, core::tok);
        auto const state = co_await core::asio::this_coro::cancellation_state;
        if (failure || state.cancelled() != core::asio::cancellation_type::none) {
            co_return;
        }
        read_events(std::string_view(buffer.data(), count));
    }
}

} // namespace server
