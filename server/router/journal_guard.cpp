#include "server/router/journal_guard.hpp"

#include "core/async.hpp"
#include "core/crypto/digest.hpp"
#include "core/log.hpp"
#include "server/router/effect_look.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <utility>

namespace server {
namespace {

using core::Error;
using core::ErrorKind;
using core::Result;
using core::Task;

constexpr std::size_t kTwinQueue = 256;
/// Pauses before each look for the effect of a write whose answer was lost.
constexpr std::array<std::chrono::milliseconds, 5> kLookUpPauses{std::chrono::milliseconds(100),
                                                                 std::chrono::milliseconds(300),
                                                                 std::chrono::milliseconds(700),
                                                                 std::chrono::milliseconds(1500),
                                                                 std::chrono::milliseconds(3000)};
/// How long after its call's deadline a process may still be noting down what came of a write.
constexpr std::chrono::seconds kBusyMargin{5};
constexpr std::chrono::hours kLongestCall{1};
/// A refusal that is certain not to have had effect and asks for at most this long a pause is waited out
/// once.
constexpr std::chrono::seconds kShortRetryAfter{10};

std::string hex_digest(core::Json const& value) {
    return core::hex_encode(core::sha256(core::dump_json(value)));
}

Error outcome_unknown(GuardedWrite const& write, Error const& cause) {
    std::string const repeat = write.idempotency_key
                                   ? "Call again with the same idempotency_key: it answers with what was "
                                     "written if it was, and never writes a second time."
                                   : "Look for it before you call again. With an idempotency_key a repeated "
                                     "call is safe.";
    return Error(cause.kind() == ErrorKind::cancelled ? ErrorKind::timeout : cause.kind(),
                 "The request was sent but its answer was lost (" + cause.message() +
                     "). Nothing with this content has appeared so far; it was not sent again.")
        .with_code("outcome_unknown")
        .with_activity_id(cause.activity_id())
        .with_status(cause.status())
        .with_fix(repeat);
}

Error key_conflict() {
    return Error(ErrorKind::invalid_argument,
                 "This idempotency_key was used before with other arguments; nothing was sent.")
        .with_code("idempotency_key_reused")
        .with_fix("Repeat the call with exactly the first arguments, or use a new key for a new item.");
}

class JournalGuard final : public WriteGuard {
public:
    JournalGuard(Journal& journal, core::Clock& clock, JournalGuardSettings settings)
        : journal_(journal), clock_(clock), settings_(settings) {}

    Task<Result<WriteOutcome>> run(GuardedWrite const& write,
                                   Send const& send,
                                   LookUp const& look_up,
                                   core::Principal const& caller,
                                   core::CallContext const& ctx) override {
        std::string const lane_key =
            hex_digest(core::Json(write.organization + '\n' + write.tool + '\n' + hex_digest(write.probe)));
        std::shared_ptr<core::Semaphore> const lane = lane_of(lane_key);
        CO_TRY(core::Semaphore::Permit const permit, co_await lane->acquire(ctx.deadline));

        JournalEntry wanted;
        wanted.caller = caller.id;
        wanted.organization = write.organization;
        wanted.tool = write.tool;
        wanted.idempotency_key = write.idempotency_key;
        wanted.arguments_sha256 = hex_digest(write.arguments);
        wanted.probe = core::dump_json(write.probe);
        wanted.lane = lane_key;
        for (;;) {
            JournalEntry entry = wanted;
            entry.created_at = clock_.system_now();
            entry.busy_until = busy_until(ctx);
            CO_TRY(Journal::Begun begun, co_await journal_.begin(std::move(entry), settings_.key_lifetime));
            if (begun.fresh) {
                co_return co_await send_and_settle(write, send, look_up, begun.entry, ctx);
            }
            if (begun.entry.arguments_sha256 != wanted.arguments_sha256) {
                co_return core::fail(key_conflict());
            }
            std::optional<Result<WriteOutcome>> answer =
                co_await answer_repeated(write, send, look_up, std::move(begun.entry), ctx);
            if (answer) {
                co_return std::move(*answer);
            }
        }
    }

private:
    /// Writes with the same probe queue here. Lanes nobody uses are forgotten.
    std::shared_ptr<core::Semaphore> lane_of(std::string const& key) {
        std::erase_if(lanes_, [](auto const& lane) { return lane.second.expired(); });
        std::shared_ptr<core::Semaphore> lane = lanes_[key].lock();
        if (!lane) {
            lane = std::make_shared<core::Semaphore>(1, kTwinQueue);
            lanes_[key] = lane;
        }
        return lane;
    }

    core::SystemTime busy_until(core::CallContext const& ctx) const {
        auto const rest =
            std::min<std::chrono::steady_clock::duration>(ctx.deadline.remaining(clock_.now()), kLongestCall);
        return clock_.system_now() +
               std::chrono::duration_cast<core::SystemTime::duration>(rest + kBusyMargin);
    }

    Task<Result<WriteOutcome>> send_and_settle(GuardedWrite const& write,
                                               Send const& send,
                                               LookUp const& look_up,
                                               JournalEntry const& entry,
                                               core::CallContext const& ctx) {
        Result<WriteOutcome> sent = co_await send();
        if (!sent && sent.error().not_sent() && worth_waiting(sent.error(), ctx)) {
            co_await clock_.sleep_for(*sent.error().retry_after());
            sent = co_await send();
        }
        if (sent) {
            co_await record(entry.id, *sent);
            co_return sent;
        }
        if (sent.error().not_sent()) {
            co_await mark(entry.id, JournalEntry::State::abandoned);
            co_return sent;
        }
        core::log::warn("write.answer_lost",
                        {{"organization", write.organization},
                         {"tool", write.tool},
                         {"journal_id", entry.id},
                         {"request_id", ctx.request_id},
                         {"reason", sent.error().message()}});
        // From here on it does not say any more what it made: twins may take what they find.
        co_await mark(entry.id, JournalEntry::State::unresolved);
        for (std::chrono::milliseconds const pause : kLookUpPauses) {
            if (ctx.deadline.remaining(clock_.now()) <= pause) {
                break;
            }
            co_await clock_.sleep_for(pause);
            EffectLook look = co_await look_for_effect(journal_, entry, look_up);
            if (look.found) {
                co_return std::move(*look.found);
            }
        }
        co_return core::fail(outcome_unknown(write, sent.error()));
    }

    /// nullopt: the entry is not what it was, begin again.
    Task<std::optional<Result<WriteOutcome>>> answer_repeated(GuardedWrite const& write,
                                                              Send const& send,
                                                              LookUp const& look_up,
                                                              JournalEntry entry,
                                                              core::CallContext const& ctx) {
        using Answer = std::optional<Result<WriteOutcome>>;
        if (entry.state == JournalEntry::State::done) {
            co_return Answer(answer_of(entry));
        }
        // The first call was cut off (crash, lost answer), or another process is at work on it. Its effect
        // may be there, or still on its way.
        bool const settled = is_settled(entry);
        EffectLook look;
        for (std::chrono::milliseconds const pause : kLookUpPauses) {
            if (!settled) {
                if (ctx.deadline.remaining(clock_.now()) <= pause) {
                    break;
                }
                co_await clock_.sleep_for(pause);
                Result<JournalEntry> now = co_await journal_.load(entry.id);
                if (!now) {
                    co_return Answer(core::fail(now.error()));
                }
                if (now->state == JournalEntry::State::done) {
                    co_return Answer(answer_of(*now));
                }
                if (now->state == JournalEntry::State::abandoned) {
                    co_return Answer();
                }
                entry = std::move(*now);
            }
            look = co_await look_for_effect(journal_, entry, look_up);
            if (look.found) {
                look.found->created = false;
                co_return Answer(std::move(*look.found));
            }
            if (settled) {
                break;
            }
        }
        if (settled && look.worked) {
            Result<bool> const ours = co_await journal_.reopen(entry, busy_until(ctx));
            if (!ours) {
                co_return Answer(core::fail(ours.error()));
            }
            if (!*ours) {
                co_return Answer();
            }
            Result<WriteOutcome> sent = co_await send_and_settle(write, send, look_up, entry, ctx);
            co_return Answer(std::move(sent));
        }
        Error const cause(ErrorKind::timeout, "an earlier call with this key");
        co_return Answer(core::fail(outcome_unknown(write, cause)));
    }

    /// Nothing of it can be under way any more.
    bool is_settled(JournalEntry const& entry) const {
        core::SystemTime const now = clock_.system_now();
        bool const busy = entry.state == JournalEntry::State::pending && entry.busy_until > now;
        return !busy && now - entry.sent_at > settings_.settle;
    }

    static Result<WriteOutcome> answer_of(JournalEntry const& entry) {
        WriteOutcome outcome;
        outcome.resource_id = entry.resource_id;
        ADOMCPD_TRY(outcome.result, core::parse_json(entry.result, core::JsonLimits()));
        outcome.created = false;
        return outcome;
    }

    bool worth_waiting(Error const& error, core::CallContext const& ctx) const {
        return error.retry_after() && *error.retry_after() <= kShortRetryAfter &&
               ctx.deadline.remaining(clock_.now()) > *error.retry_after() + std::chrono::seconds(2);
    }

    /// The effect is there whatever happens to the note of it, so a failing disk is logged and not reported
    /// as a failed write.
    Task<void> record(std::int64_t id, WriteOutcome const& outcome) {
        auto const noted =
            co_await journal_.complete(id, outcome.resource_id, core::dump_json(outcome.result));
        if (!noted) {
            core::log::error("journal.complete_failed",
                             {{"journal_id", id}, {"reason", core::describe(noted.error())}});
        }
    }

    Task<void> mark(std::int64_t id, JournalEntry::State state) {
        auto const noted = co_await journal_.set_state(id, state);
        if (!noted) {
            core::log::error("journal.set_state_failed",
                             {{"journal_id", id}, {"reason", core::describe(noted.error())}});
        }
    }

    Journal& journal_;
    core::Clock& clock_;
    JournalGuardSettings settings_;
    std::map<std::string, std::weak_ptr<core::Semaphore>> lanes_;
};

} // namespace

std::unique_ptr<WriteGuard>
make_journal_guard(Journal& journal, core::Clock& clock, JournalGuardSettings settings) {
    return std::make_unique<JournalGuard>(journal, clock, settings);
}

} // namespace server
