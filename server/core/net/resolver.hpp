#pragma once

#include "core/async.hpp"
#include "core/call_context.hpp"
#include "core/result.hpp"
#include "core/task.hpp"

#include <boost/asio/ip/tcp.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace core {

/// Names to addresses. getaddrinfo cannot be cancelled, so look-ups run on the blocking pool, detached: a
/// caller's deadline holds while the look-up goes on for others. Answers are kept 30 s; a stale one is served
/// while it is refreshed.
class Resolver {
public:
    virtual ~Resolver() = default;
    /// Addresses in the system's preferred order; never empty. Fails with network (not found) or timeout.
    virtual Task<Result<std::vector<asio::ip::tcp::endpoint>>>
    resolve(std::string host, std::uint16_t port, Deadline deadline) = 0;
};

/// `pool` must outlive the resolver's look-ups; `clock` the resolver.
std::unique_ptr<Resolver> make_resolver(asio::any_io_executor executor, BlockingPool& pool, Clock& clock);

/// Asks for one name's addresses; may block. Replaced in tests.
using LookUp = std::function<Result<std::vector<asio::ip::address>>(std::string const& host)>;
std::unique_ptr<Resolver>
make_resolver(asio::any_io_executor executor, BlockingPool& pool, Clock& clock, LookUp look_up);

} // namespace core
