#include "server/front/request_stream.hpp"

namespace server {

void RequestStream::wait_for_head(std::chrono::milliseconds idle) {
    waiting_ = true;
    session_.set_idle(true);
    inner_->set_deadline(core::Deadline::in(clock_, idle));
}

void RequestStream::begin_head() {
    waiting_ = false;
    session_.set_idle(false);
    inner_->set_deadline(core::Deadline::in(clock_, head_));
}

core::Task<core::Result<std::size_t>> RequestStream::read_some(core::asio::mutable_buffer buffer) {
    core::Result<std::size_t> const count = co_await inner_->read_some(buffer);
    if (waiting_ && count && *count != 0) {
        begin_head();
    }
    co_return count;
}

} // namespace server
