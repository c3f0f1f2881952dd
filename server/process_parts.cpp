#include "server/process_parts.hpp"

#include <utility>

namespace server {
namespace {

constexpr std::size_t kBlockingThreads = 2;

} // namespace

ProcessParts::ProcessParts(core::asio::any_io_executor executor_)
    : executor(std::move(executor_)), pool(kBlockingThreads) {}

core::Result<std::shared_ptr<ProcessParts>> ProcessParts::make(core::asio::io_context& io,
                                                               StoreConfig const& config) {
    auto parts = std::make_shared<ProcessParts>(io.get_executor());
    StateStoreOptions options;
    options.path = config.path;
    options.key_file = config.key_file;
    ADOMCPD_TRY(parts->store, open_state_store(parts->executor, parts->clock, std::move(options)));
    return parts;
}

} // namespace server
