#pragma once

#include <boost/asio/buffer.hpp>

#include <cstddef>
#include <cstring>
#include <memory>
#include <string_view>

namespace core {

/// Bytes read off a stream and not yet taken, always in one piece. Internal to core/http.
class ReadBuffer {
public:
    explicit ReadBuffer(std::size_t capacity) : initial_(capacity) {}

    std::string_view data() const noexcept { return {bytes_.get() + begin_, end_ - begin_}; }
    bool empty() const noexcept { return begin_ == end_; }
    void consume(std::size_t count) noexcept {
        begin_ += count;
        if (begin_ == end_) {
            begin_ = end_ = 0;
        }
    }
    /// Room to read into; moves or grows what is kept when less than a quarter is free.
    boost::asio::mutable_buffer prepare() {
        if (capacity_ == 0) {
            resize(initial_);
        } else if (capacity_ - end_ < capacity_ / 4) {
            if (begin_ >= capacity_ / 4) {
                std::memmove(bytes_.get(), bytes_.get() + begin_, end_ - begin_);
                end_ -= begin_;
                begin_ = 0;
            } else {
                resize(capacity_ * 2);
            }
        }
        return {bytes_.get() + end_, capacity_ - end_};
    }
    void commit(std::size_t count) noexcept { end_ += count; }
    /// Gives everything back while nothing is read for long. Only when empty().
    void release() noexcept {
        bytes_.reset();
        capacity_ = 0;
    }
    /// Gives back what an unusual message made it grow to. Only when empty().
    void shrink() noexcept {
        if (capacity_ != initial_) {
            release();
        }
    }

private:
    void resize(std::size_t capacity) {
        auto larger = std::make_unique_for_overwrite<char[]>(capacity);
        if (!empty()) {
            std::memcpy(larger.get(), bytes_.get() + begin_, end_ - begin_);
        }
        end_ -= begin_;
        begin_ = 0;
        bytes_ = std::move(larger);
        capacity_ = capacity;
    }

    std::size_t initial_;
    std::size_t capacity_ = 0;
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
    std::unique_ptr<char[]> bytes_;
};

} // namespace core
