#pragma once

#include "core/result.hpp"
#include "core/task.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace server {

/// Tells when one of some files is written, replaced, removed or gets another mode, also where a symbolic
/// link on the way to it is turned (mounted secrets are). By inotify: nothing is read, nothing polled. What a
/// file system changes from afar (NFS) is not seen. One thread.
class FileWatch {
public:
    /// `changed` gets the path as it was given to watch().
    FileWatch(core::asio::any_io_executor executor, std::function<void(std::string const&)> changed);

    /// Blocking; before the loop runs. Fails when the kernel gives no watches.
    core::Result<void> watch(std::vector<std::string> const& paths);
    /// Until cancelled (terminal); at once when nothing is watched.
    core::Task<void> run();

private:
    void add(std::string const& path, std::string const& place);
    void read_events(std::string_view bytes);

    core::asio::posix::stream_descriptor events_;
    std::function<void(std::string const&)> changed_;
    /// Watch descriptor -> name in that folder -> path as given.
    std::map<int, std::multimap<std::string, std::string>> watched_;
};

} // namespace server
