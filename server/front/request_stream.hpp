#pragma once

#include "core/clock.hpp"
#include "core/net/stream.hpp"
#include "server/front/session_registry.hpp"

#include <chrono>
#include <memory>
#include <string>
#include <utility>

namespace server {

/// The stream a request is read from. It notices the first byte of a head: from then on the head has its own,
/// shorter deadline (a slow sender cannot renew it byte by byte), and the session counts as busy.
class RequestStream final : public core::ByteStream {
public:
    RequestStream(std::unique_ptr<core::ByteStream> inner,
                  core::Clock& clock,
                  std::chrono::milliseconds head,
                  SessionRegistry::Session& session)
        : inner_(std::move(inner)), clock_(clock), head_(head), session_(session) {
        session_.attach(*inner_);
    }
    ~RequestStream() override { session_.detach(); }
    RequestStream(RequestStream const&) = delete;
    RequestStream& operator=(RequestStream const&) = delete;

    /// Nothing of the next request is here yet.
    void wait_for_head(std::chrono::milliseconds idle);
    /// Its first bytes are.
    void begin_head();

    core::Task<core::Result<std::size_t>> read_some(core::asio::mutable_buffer buffer) override;
    core::Task<core::Result<void>> write(std::span<core::asio::const_buffer const> buffers) override {
        return inner_->write(buffers);
    }
    void set_deadline(core::Deadline deadline) override { inner_->set_deadline(deadline); }
    bool peer_closed() noexcept override { return inner_->peer_closed(); }
    bool is_stale() noexcept override { return inner_->is_stale(); }
    core::Task<void> close() override { return inner_->close(); }
    void abort() noexcept override { inner_->abort(); }
    std::string peer() const override { return inner_->peer(); }

private:
    std::unique_ptr<core::ByteStream> inner_;
    core::Clock& clock_;
    std::chrono::milliseconds head_;
    SessionRegistry::Session& session_;
    bool waiting_ = false;
};

} // namespace server
