#include "server/router/journal_recovery.hpp"

#include "core/crypto/random.hpp"
#include "core/log.hpp"
#include "server/router/effect_look.hpp"
#include "server/tools/write_effects.hpp"

#include <boost/asio/this_coro.hpp>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace server {
namespace {

/// How often entries that are old enough are forgotten.
constexpr std::chrono::hours kTidying{6};
/// For one entry: it must not hold up the others.
constexpr std::chrono::seconds kOneLook{20};

bool cancelled(core::asio::cancellation_state const& state) noexcept {
    return state.cancelled() != core::asio::cancellation_type::none;
}

/// Everything one look works on.
class Search {
public:
    Search(std::string tool_,
           core::Json probe_,
           std::shared_ptr<Connector> connector_,
           core::CallContext ctx_)
        : tool(std::move(tool_)), probe(std::move(probe_)), connector(std::move(connector_)),
          ctx(std::move(ctx_)) {}
    std::string tool;
    core::Json probe;
    std::shared_ptr<Connector> connector;
    core::CallContext ctx;
};

core::Task<core::Result<std::optional<WriteOutcome>>>
look(Search const& search, core::SystemTime since, std::vector<std::string> known) {
    co_return co_await find_effect(
        search.tool, search.probe, search.connector->client(), since, std::move(known), search.ctx);
}

} // namespace

core::Task<bool> JournalRecovery::settle(JournalEntry const& entry) {
    auto const connector = directory_.find(entry.organization);
    auto probe = core::parse_json(entry.probe, core::JsonLimits());
    if (!connector || !(*connector)->settings().enabled || !probe || !leaves_effects(entry.tool)) {
        co_return false;
    }
    Search const search(
        entry.tool,
        std::move(*probe),
        *connector,
        core::CallContext("recovery-" + core::random_uuid(), core::Deadline::in(clock_, kOneLook)));
    WriteGuard::LookUp const finder = [&search](core::SystemTime since, std::vector<std::string> known) {
        return look(search, since, std::move(known));
    };
    EffectLook const found = co_await look_for_effect(journal_, entry, finder);
    if (found.found) {
        co_return true;
    }
    core::SystemTime const now = clock_.system_now();
    bool const busy = entry.state == JournalEntry::State::pending && entry.busy_until > now;
    if (!found.worked || busy || now - entry.sent_at <= limits_.write_settle_ms) {
        co_return false;
    }
    auto const abandoned = co_await journal_.abandon(entry);
    if (!abandoned) {
        core::log::error("journal.abandon_failed",
                         {{"journal_id", entry.id}, {"reason", core::describe(abandoned.error())}});
        co_return false;
    }
    if (*abandoned) {
        core::log::info(
            "write.never_happened",
            {{"organization", entry.organization}, {"tool", entry.tool}, {"journal_id", entry.id}});
    }
    co_return *abandoned;
}

core::Task<std::size_t> JournalRecovery::settle_open() {
    std::size_t settled = 0;
    auto const open = co_await journal_.list_open();
    if (!open) {
        core::log::error("journal.list_failed", {{"reason", core::describe(open.error())}});
        co_return settled;
    }
    for (JournalEntry const& entry : *open) {
        bool const done = co_await settle(entry);
        settled += done ? 1 : 0;
    }
    if (!open->empty()) {
        core::log::info("journal.recovered", {{"open", open->size()}, {"settled", settled}});
    }
    co_return settled;
}

core::Task<void> JournalRecovery::prune() {
    // A key answers as long as it lives, whatever the days say.
    auto const kept = std::max<std::chrono::hours>(std::chrono::days(static_cast<int>(limits_.journal_days)),
                                                   std::chrono::hours(limits_.idempotency_hours));
    auto const forgotten = co_await journal_.forget_before(clock_.system_now() - kept);
    if (!forgotten) {
        core::log::error("journal.prune_failed", {{"reason", core::describe(forgotten.error())}});
    } else if (*forgotten != 0) {
        core::log::info("journal.pruned", {{"entries", *forgotten}});
    }
}

core::Task<void> JournalRecovery::run() {
    co_await core::asio::this_coro::throw_if_cancelled(false);
    core::SteadyTime tidied{};
    for (;;) {
        std::size_t const settled = co_await settle_open();
        static_cast<void>(settled);
        if (tidied == core::SteadyTime{} || clock_.now() - tidied >= kTidying) {
            co_await prune();
            tidied = clock_.now();
        }
        if (cancelled(co_await core::asio::this_coro::cancellation_state)) {
            co_return; // meanwhile: a sleep would not notice any more
        }
        co_await clock_.sleep_for(limits_.write_recovery_ms);
        if (cancelled(co_await core::asio::this_coro::cancellation_state)) {
            co_return;
        }
    }
}

} // namespace server
