#pragma once

#include "core/secret.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace core {

/// Text on its way to the wire that holds a secret: overwritten when it goes. Internal to core/http.
class WipedText {
public:
    /// `capacity`: all that will be appended; growing would leave a copy behind.
    explicit WipedText(std::size_t capacity) { text_.reserve(capacity); }
    explicit WipedText(std::string&& text) noexcept : text_(std::move(text)) {}
    ~WipedText() { wipe(text_.data(), text_.size()); }
    WipedText(WipedText const&) = delete;
    WipedText& operator=(WipedText const&) = delete;

    WipedText& append(std::string_view text) {
        text_.append(text);
        return *this;
    }
    std::string const& text() const noexcept { return text_; }

private:
    std::string text_;
};

} // namespace core
