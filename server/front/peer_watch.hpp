#pragma once

#include "core/net/stream.hpp"
#include "core/task.hpp"
#include "server/front/http_exchange.hpp"

namespace server {

/// PeerWatch over a stream: runs `work` beside ByteStream::wait_peer_closed. When the caller itself is
/// cancelled, `work` is cancelled and waited for, then boost::system::system_error(operation_aborted) is
/// thrown. `stream` outlives the task.
core::Task<HttpReply> run_while_connected(core::ByteStream& stream, core::Task<HttpReply> work);

} // namespace server
