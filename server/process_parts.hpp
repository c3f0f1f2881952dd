#pragma once

#include "core/async.hpp"
#include "core/clock.hpp"
#include "core/result.hpp"
#include "server/config/config.hpp"
#include "server/store/state_store.hpp"

#include <boost/asio/io_context.hpp>

#include <memory>

namespace server {

/// What a process has once, whatever configurations come into force while it runs. Apps share it, so that
/// one can take another's place.
class ProcessParts {
public:
    /// Opens the store: blocking, before the loop runs. `io` outlives the parts.
    static core::Result<std::shared_ptr<ProcessParts>> make(core::asio::io_context& io,
                                                            StoreConfig const& config);
    explicit ProcessParts(core::asio::any_io_executor executor_);
    ProcessParts(ProcessParts const&) = delete;
    ProcessParts& operator=(ProcessParts const&) = delete;

    core::asio::any_io_executor executor;
    core::SystemClock clock;
    core::BlockingPool pool;
    std::unique_ptr<StateStore> store;
};

} // namespace server
