#include "core/secret.hpp"

#include <openssl/crypto.h>

#include <cstring>
#include <type_traits>
#include <utility>

namespace core {

static_assert(!std::is_copy_constructible_v<Secret> && !std::is_convertible_v<Secret, std::string_view>);
static_assert(!fmt::is_formattable<Secret>::value);

Secret::Secret() noexcept = default;

Secret::Secret(std::string_view bytes) : bytes_(std::make_unique<char[]>(bytes.size())), size_(bytes.size()) {
    if (size_ != 0) {
        std::memcpy(bytes_.get(), bytes.data(), size_);
    }
}

Secret::Secret(Secret&& other) noexcept
    : bytes_(std::move(other.bytes_)), size_(std::exchange(other.size_, 0)) {}

Secret& Secret::operator=(Secret&& other) noexcept {
    if (this != &other) {
        wipe();
        bytes_ = std::move(other.bytes_);
        size_ = std::exchange(other.size_, 0);
    }
    return *this;
}

Secret::~Secret() {
    wipe();
}

std::string_view Secret::expose() const noexcept {
    return {bytes_.get(), size_};
}

Secret Secret::clone() const {
    return Secret(expose());
}

bool Secret::equals(std::string_view other) const noexcept {
    return other.size() == size_ && CRYPTO_memcmp(bytes_.get(), other.data(), size_) == 0;
}

void Secret::wipe() noexcept {
    core::wipe(bytes_.get(), size_);
}

void wipe(void* bytes, std::size_t size) noexcept {
    if (bytes != nullptr && size != 0) {
        ::explicit_bzero(bytes, size); // as sure as OPENSSL_cleanse, and it clears by vectors
    }
}

} // namespace core
