#pragma once

#include "core/async.hpp"
#include "core/clock.hpp"
#include "core/net/tls.hpp"
#include "core/result.hpp"
#include "core/task.hpp"
#include "core/task_group.hpp"
#include "server/config/config.hpp"
#include "server/router/file_watch.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <memory>

namespace server {

/// The listener's certificate and key, read again when their files change. One thread.
class LiveCertificate final {
public:
    /// Reads the files: blocking, before the loop runs or on the pool. `clock` and `pool` outlive it.
    static core::Result<std::unique_ptr<LiveCertificate>> load(core::asio::any_io_executor executor,
                                                               core::Clock& clock,
                                                               core::BlockingPool& pool,
                                                               InboundTlsConfig const& files);
    LiveCertificate(LiveCertificate const&) = delete;
    LiveCertificate& operator=(LiveCertificate const&) = delete;

    std::shared_ptr<core::TlsServer> const& tls() const noexcept { return tls_; }
    /// Follows the files until cancelled (terminal). What cannot be used leaves the old certificate in place.
    core::Task<void> follow();

private:
    LiveCertificate(core::asio::any_io_executor executor, core::Clock& clock, core::BlockingPool& pool);
    void changed();
    static core::Task<void> read_soon(LiveCertificate* self);

    core::Clock& clock_;
    core::BlockingPool& pool_;
    std::shared_ptr<core::TlsServer> tls_; ///< shared with the listener
    FileWatch watch_;
    core::TaskGroup readings_;
    bool waiting_ = false;
};

} // namespace server
