#include "server/router/journal_guard.hpp"

#include "core/async.hpp"
#include "core/crypto/digest.hpp"
#include "core/log.hpp"

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
/// After this long no request of ours can still be under way at the upstream: an entry that old and without
/// an effect may be sent again under its key.
constexpr std::chrono::minutes kSettled{5};
/// A refusal that is certain not to have had effect and asks for at most this long a pause is waited out
/// once.
constexpr std::chrono::seconds kShortRetryAfter{10};

/// What a look for the effect came to: nothing found means something only if the look itself worked.
class Look {
public:
    bool worked = false;
    std::optional<WriteOutcome> found;
};

std::string hex_digest(core::Json const& value) {
    return core::hex_encode(core::sha256(core::dump_json(value)));
}

Error outcome_unknown(GuardedWrite const& write, Error const& cause) {
    std::string const repeat = write.idempotency_key
                                   ? "Call again with the same idempotency_key: it answers with the item if "
                                     "it was made after all, and never makes a second one."
                                   : "Look for the item by its title before you call again. With an "
                                     "idempotency_key a repeated call is safe.";
    return Error(cause.kind() == ErrorKind::cancelled ? ErrorKind::timeout : cause.kind(),
                 "The request was sent but its answer was lost (" + cause.message() +
                     "). No item with this title and content has appeared so far; it was not sent again.")
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
    JournalGuard(Journal& journal, core::Clock& clock, std::chrono::hours key_lifetime)
        : journal_(journal), clock_(clock), key_lifetime_(key_lifetime) {}

    Task<Result<WriteOutcome>> run(GuardedWrite const& write,
                                   Send const& send,
                                   LookUp const& look_up,
                                   core::Principal const& caller,
                                   core::CallContext const& ctx) override {
        std::string const lane_key = write.organization + '\n' + write.tool + '\n' + hex_digest(write.probe);
        std::shared_ptr<core::Semaphore> const lane = lane_of(lane_key);
        CO_TRY(core::Semaphore::Permit const permit, co_await lane->acquire(ctx.deadline));

        JournalEntry entry;
        entry.caller = caller.id;
        entry.organization = write.organization;
        entry.tool = write.tool;
        entry.idempotency_key = write.idempotency_key;
        entry.arguments_sha256 = hex_digest(write.arguments);
        entry.probe = core::dump_json(write.probe);
        entry.created_at = clock_.system_now();
        std::string const arguments_sha256 = entry.arguments_sha256;

        CO_TRY(Journal::Begun begun, co_await journal_.begin(std::move(entry), key_lifetime_));
        if (begun.fresh) {
            co_return co_await send_and_settle(write, send, look_up, begun.entry, ctx);
        }
        if (begun.entry.arguments_sha256 != arguments_sha256) {
            co_return core::fail(key_conflict());
        }
        co_return co_await answer_repeated(write, send, look_up, begun.entry, ctx);
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
        Look look = co_await look_repeatedly(write, look_up, entry, ctx);
        if (look.found) {
            co_return std::move(*look.found);
        }
        co_await mark(entry.id, JournalEntry::State::unresolved);
        co_return core::fail(outcome_unknown(write, sent.error()));
    }

    Task<Result<WriteOutcome>> answer_repeated(GuardedWrite const& write,
                                               Send const& send,
                                               LookUp const& look_up,
                                               JournalEntry const& entry,
                                               core::CallContext const& ctx) {
        if (entry.state == JournalEntry::State::done) {
            WriteOutcome outcome;
            outcome.resource_id = entry.resource_id;
            CO_TRY(outcome.result, core::parse_json(entry.result, core::JsonLimits()));
            outcome.created = false;
            co_return outcome;
        }
        // The first call was cut off (crash, lost answer). Its effect may be there, or still on its way.
        bool const settled = clock_.system_now() - entry.created_at > kSettled;
        Look look;
        if (settled) {
            look = co_await look_once(write, look_up, entry);
        } else {
            look = co_await look_repeatedly(write, look_up, entry, ctx);
        }
        if (look.found) {
            look.found->created = false;
            co_return std::move(*look.found);
        }
        if (settled && look.worked) {
            co_return co_await send_and_settle(write, send, look_up, entry, ctx);
        }
        co_return core::fail(
            outcome_unknown(write, Error(ErrorKind::timeout, "an earlier call with this key")));
    }

    bool worth_waiting(Error const& error, core::CallContext const& ctx) const {
        return error.retry_after() && *error.retry_after() <= kShortRetryAfter &&
               ctx.deadline.remaining(clock_.now()) > *error.retry_after() + std::chrono::seconds(2);
    }

    Task<Look> look_repeatedly(GuardedWrite const& write,
                               LookUp const& look_up,
                               JournalEntry const& entry,
                               core::CallContext const& ctx) {
        Look look;
        for (std::chrono::milliseconds const pause : kLookUpPauses) {
            if (ctx.deadline.remaining(clock_.now()) <= pause) {
                break;
            }
            co_await clock_.sleep_for(pause);
            look = co_await look_once(write, look_up, entry);
            if (look.found) {
                break;
            }
        }
        co_return look;
    }

    Task<Look> look_once(GuardedWrite const& write, LookUp const& look_up, JournalEntry const& entry) {
        Look look;
        auto known =
            co_await journal_.known_resources(write.organization, write.tool, entry.created_at - kSettled);
        if (!known) {
            co_return look;
        }
        Result<std::optional<WriteOutcome>> found = co_await look_up(entry.created_at, std::move(*known));
        if (!found) {
            core::log::warn("write.look_up_failed",
                            {{"organization", write.organization},
                             {"journal_id", entry.id},
                             {"reason", core::describe(found.error())}});
            co_return look;
        }
        look.worked = true;
        if (*found) {
            core::log::info("write.found_after_lost_answer",
                            {{"organization", write.organization},
                             {"journal_id", entry.id},
                             {"resource_id", (*found)->resource_id}});
            co_await record(entry.id, **found);
        }
        look.found = std::move(*found);
        co_return look;
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
    std::chrono::hours key_lifetime_;
    std::map<std::string, std::weak_ptr<core::Semaphore>> lanes_;
};

} // namespace

std::unique_ptr<WriteGuard>
make_journal_guard(Journal& journal, core::Clock& clock, std::chrono::hours key_lifetime) {
    return std::make_unique<JournalGuard>(journal, clock, key_lifetime);
}

} // namespace server
