#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

#include <fmt/core.h>
#include <nlohmann/json_fwd.hpp>

namespace core {

/// Bytes that must not be printed, logged, compared with == or copied by accident. Move-only; the one heap
/// block it lives in never moves and is wiped when freed. `expose()` is the only way to the bytes; a lint
/// test lists the files that may call it.
class Secret {
public:
    Secret() noexcept;
    explicit Secret(std::string_view bytes);
    Secret(Secret&&) noexcept;
    Secret& operator=(Secret&&) noexcept;
    Secret(Secret const&) = delete;
    Secret& operator=(Secret const&) = delete;
    ~Secret();

    std::string_view expose() const noexcept;
    Secret clone() const;
    /// Constant time in the length of the secret.
    bool equals(std::string_view other) const noexcept;
    bool empty() const noexcept { return size_ == 0; }
    std::size_t size() const noexcept { return size_; }

private:
    void wipe() noexcept;

    std::unique_ptr<char[]> bytes_;
    std::size_t size_ = 0;
};

/// Overwrites a buffer that held a secret on its way (a header line, a form body) in a way the optimiser
/// keeps.
void wipe(void* bytes, std::size_t size) noexcept;

template <class Stream>
Stream& operator<<(Stream&, Secret const&) = delete;

template <class Json>
void to_json(Json&, Secret const&) = delete;

} // namespace core

template <>
struct fmt::formatter<core::Secret> {
    formatter() = delete;
};
