#pragma once

#include "core/async.hpp"
#include "core/net/stream.hpp"

#include <algorithm>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace test {

/// A ByteStream without a socket: gives out `input` in pieces of at most `chunk` bytes, then ends as told;
/// keeps what was written.
class ScriptedStream final : public core::ByteStream {
public:
    enum class AtEnd {
        eof,   ///< an orderly end
        reset, ///< ErrorKind::network
        wait,  ///< nothing comes until feed(), close_peer(), abort() or cancellation
    };

    explicit ScriptedStream(std::string input = {},
                            std::size_t chunk = std::string::npos,
                            AtEnd at_end = AtEnd::eof)
        : input_(std::move(input)), chunk_(chunk), at_end_(at_end) {}

    /// More bytes from the peer.
    void feed(std::string_view bytes) {
        input_.append(bytes);
        std::exchange(news_, std::make_shared<core::Event>())->set();
    }
    /// The peer closes after what was fed.
    void close_peer() {
        at_end_ = AtEnd::eof;
        std::exchange(news_, std::make_shared<core::Event>())->set();
    }
    void fail_writes() { writes_fail_ = true; }
    /// A peer that does not read: writes wait for read_again() or abort().
    void stop_reading() { writes_wait_ = true; }
    void read_again() {
        writes_wait_ = false;
        std::exchange(news_, std::make_shared<core::Event>())->set();
    }
    void set_stale() { stale_ = true; }

    std::string const& written() const noexcept { return written_; }
    void clear_written() { written_.clear(); }
    std::size_t writes() const noexcept { return writes_; }
    bool closed() const noexcept { return closed_; }
    bool aborted() const noexcept { return aborted_; }
    core::Deadline deadline() const noexcept { return deadline_; }
    std::size_t unread() const noexcept { return input_.size() - position_; }

    core::Task<core::Result<std::size_t>> read_some(core::asio::mutable_buffer buffer) override {
        while (true) {
            if (aborted_) {
                co_return core::fail(core::ErrorKind::cancelled, "the stream was aborted");
            }
            std::size_t const count = std::min({buffer.size(), chunk_, unread()});
            if (count != 0) {
                std::memcpy(buffer.data(), input_.data() + position_, count);
                position_ += count;
                co_return count;
            }
            if (at_end_ == AtEnd::eof) {
                co_return std::size_t{0};
            }
            if (at_end_ == AtEnd::reset) {
                co_return core::fail(core::ErrorKind::network, "connection reset by peer");
            }
            auto const news = news_;
            bool const came = co_await news->wait(deadline_);
            if (!came) {
                co_return core::fail(core::ErrorKind::timeout,
                                     "the deadline passed, or the read was cancelled");
            }
        }
    }

    core::Task<core::Result<void>> write(std::span<core::asio::const_buffer const> buffers) override {
        while (writes_wait_ && !aborted_) {
            auto const news = news_;
            co_await news->wait(core::Deadline::never());
        }
        if (writes_fail_ || aborted_) {
            co_return core::fail(core::ErrorKind::network, "broken pipe");
        }
        ++writes_;
        for (core::asio::const_buffer const& buffer : buffers) {
            written_.append(static_cast<char const*>(buffer.data()), buffer.size());
        }
        co_return core::Result<void>();
    }

    void set_deadline(core::Deadline deadline) override { deadline_ = deadline; }

    bool peer_closed() noexcept override { return aborted_ || (unread() == 0 && at_end_ != AtEnd::wait); }

    bool is_stale() noexcept override { return stale_ || unread() != 0 || at_end_ != AtEnd::wait; }

    core::Task<void> close() override {
        closed_ = true;
        co_return;
    }
    void abort() noexcept override {
        aborted_ = true;
        news_->set();
    }
    std::string peer() const override { return "scripted:0"; }

private:
    std::string input_;
    std::size_t chunk_;
    AtEnd at_end_;
    std::size_t position_ = 0;
    std::string written_;
    std::size_t writes_ = 0;
    bool writes_fail_ = false;
    bool writes_wait_ = false;
    bool stale_ = false;
    bool closed_ = false;
    bool aborted_ = false;
    core::Deadline deadline_ = core::Deadline::never();
    std::shared_ptr<core::Event> news_ = std::make_shared<core::Event>();
};

} // namespace test
