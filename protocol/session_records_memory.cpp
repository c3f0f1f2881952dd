#include "protocol/expiring_map.hpp"
#include "protocol/letter_limits.hpp"
#include "protocol/session_records.hpp"

#include <deque>
#include <unordered_set>

namespace protocol {
namespace {

constexpr std::size_t kForgottenPerWrite = 64;

class MemorySessionRecords final : public SessionRecords {
public:
    explicit MemorySessionRecords(core::Clock& clock) : clock_(clock) {}

    bool is_revoked(std::string const& session) const noexcept override {
        return revoked_.find(session, clock_.system_now()) != nullptr;
    }

    core::Task<core::Result<void>> revoke(std::string session, core::SystemTime until) override {
        put_if_later(revoked_, std::move(session), until, until);
        co_return core::Result<void>();
    }

    void note_seen(std::string const& session, core::SystemTime at, core::SystemTime until) override {
        put_if_later(seen_, session, at, until);
    }

    core::Task<core::Result<std::optional<core::SystemTime>>> last_seen(std::string session) override {
        core::SystemTime const* const seen = seen_.find(session, clock_.system_now());
        co_return seen != nullptr ? std::optional(*seen) : std::nullopt;
    }

    core::Task<core::Result<std::optional<std::string>>> load_state(std::string session) override {
        std::string const* const state = states_.find(session, clock_.system_now());
        co_return state != nullptr ? std::optional(*state) : std::nullopt;
    }

    core::Task<core::Result<void>>
    save_state(std::string session, std::string state, core::SystemTime until) override {
        states_.forget_expired(clock_.system_now(), kForgottenPerWrite);
        states_.put(std::move(session), std::move(state), until);
        co_return core::Result<void>();
    }

    core::Task<core::Result<void>> leave(SessionLetter letter) override {
        forget_old_letters();
        WaitingLetters waiting;
        waiting.all = letters_.size();
        for (Kept const& kept : letters_) {
            waiting.of_session += kept.letter.session == letter.session ? 1U : 0U;
            waiting.bytes += size_of(kept.letter);
        }
        CO_TRY_VOID(waiting.admit(letter));
        letters_.emplace_back(std::move(letter), clock_.system_now());
        co_return core::Result<void>();
    }

    core::Task<core::Result<std::vector<SessionLetter>>> collect(std::vector<std::string> sessions) override {
        forget_old_letters();
        std::unordered_set<std::string_view> const wanted(sessions.begin(), sessions.end());
        std::vector<SessionLetter> out;
        std::deque<Kept> others;
        for (Kept& kept : letters_) {
            if (wanted.contains(kept.letter.session)) {
                out.push_back(std::move(kept.letter));
            } else {
                others.push_back(std::move(kept));
            }
        }
        letters_ = std::move(others);
        co_return out;
    }

private:
    struct Kept {
        Kept(SessionLetter letter_, core::SystemTime left_at_)
            : letter(std::move(letter_)), left_at(left_at_) {}
        SessionLetter letter;
        core::SystemTime left_at;
    };

    void put_if_later(ExpiringMap<core::SystemTime>& map,
                      std::string session,
                      core::SystemTime at,
                      core::SystemTime until) {
        core::SystemTime const now = clock_.system_now();
        map.forget_expired(now, kForgottenPerWrite);
        core::SystemTime const* const kept = map.find(session, now);
        if (until > now && (kept == nullptr || *kept < at)) {
            map.put(std::move(session), at, until);
        }
    }

    void forget_old_letters() {
        core::SystemTime const before = clock_.system_now() - kLetterLifetime;
        while (!letters_.empty() && letters_.front().left_at <= before) {
            letters_.pop_front();
        }
    }

    core::Clock& clock_;
    ExpiringMap<core::SystemTime> revoked_; ///< the value is its end
    ExpiringMap<core::SystemTime> seen_;
    ExpiringMap<std::string> states_;
    std::deque<Kept> letters_; ///< oldest first
};

} // namespace

std::unique_ptr<SessionRecords> make_memory_session_records(core::Clock& clock) {
    return std::make_unique<MemorySessionRecords>(clock);
}

} // namespace protocol
