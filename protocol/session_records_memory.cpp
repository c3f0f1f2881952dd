#include "protocol/expiring_map.hpp"
#include "protocol/letter_limits.hpp"
#include "protocol/session_records.hpp"

#include <deque>
#include <unordered_set>

namespace protocol {
namespace {

constexpr std::size_t kForgottenPerWrite = 64;
/// One process saves and listens: nobody is further behind.
constexpr std::size_t kRecentlySaved = 1'000;

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
        ++saved_;
        recently_saved_.emplace_back(saved_, session);
        if (recently_saved_.size() > kRecentlySaved) {
            recently_saved_.pop_front();
        }
        states_.put(std::move(session), std::move(state), until);
        co_return core::Result<void>();
    }

    core::Task<core::Result<SavedStates>> saved_since(std::optional<std::int64_t> mark) override {
        SavedStates saved;
        saved.mark = saved_;
        for (auto const& [number, session] : recently_saved_) {
            std::string const* const state = states_.find(session, clock_.system_now());
            if (mark && number > *mark && state != nullptr) {
                saved.states.emplace_back(session, *state);
            }
        }
        co_return saved;
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

    core::Task<core::Result<std::vector<SessionLetter>>>
    collect(std::vector<std::string> addresses) override {
        forget_old_letters();
        std::unordered_set<std::string_view> const wanted(addresses.begin(), addresses.end());
        std::vector<SessionLetter> out;
        std::deque<Kept> others;
        for (Kept& kept : letters_) {
            if (wanted.contains(SessionLetter::address(kept.letter.session, kept.letter.key))) {
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
    std::int64_t saved_ = 0;
    std::deque<std::pair<std::int64_t, std::string>> recently_saved_; ///< number and session
    std::deque<Kept> letters_;                                        ///< oldest first
};

} // namespace

std::unique_ptr<SessionRecords> make_memory_session_records(core::Clock& clock) {
    return std::make_unique<MemorySessionRecords>(clock);
}

} // namespace protocol
