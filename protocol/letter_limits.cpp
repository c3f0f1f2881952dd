#include "protocol/letter_limits.hpp"

namespace protocol {
namespace {

constexpr std::size_t kPerSession = 64;
constexpr std::size_t kAtMost = 4096;
constexpr std::size_t kBytesAtMost = 16 * 1024 * 1024;

} // namespace

core::Result<void> WaitingLetters::admit(SessionLetter const& letter) const {
    if (of_session < kPerSession && all < kAtMost && bytes + size_of(letter) <= kBytesAtMost) {
        return {};
    }
    return core::fail(core::Error(core::ErrorKind::overloaded,
                                  "too many messages wait for the replica that runs the session")
                          .with_code("letters_full")
                          .with_retry_after(kLetterLifetime)
                          .with_not_sent());
}

std::size_t size_of(SessionLetter const& letter) noexcept {
    return letter.session.size() + letter.key.size() + letter.body.size();
}

} // namespace protocol
