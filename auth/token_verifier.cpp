#include "auth/token_verifier.hpp"

#include "auth/agent_token.hpp"
#include "auth/token_refusal.hpp"
#include "core/crypto/digest.hpp"
#include "core/log.hpp"
#include "core/single_flight.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>

#include <map>
#include <optional>
#include <string>
#include <utility>

namespace auth {
namespace {

using core::Principal;
using core::Result;
using core::Task;

using Record = std::optional<AgentTokenRecord>;

/// More than any installation has tokens; bounds what a flood of invented ids can make us remember.
constexpr std::size_t kRememberedIds = 1024;

class AgentTokenVerifier final : public TokenVerifier {
public:
    AgentTokenVerifier(core::asio::any_io_executor executor, core::Clock& clock, AgentTokenStore& store)
        : executor_(std::move(executor)), clock_(clock), store_(store) {}

    Task<Result<Principal>> verify(std::string_view bearer, core::CallContext const& ctx) override;

private:
    class Entry {
    public:
        explicit Entry(core::asio::any_io_executor executor)
            : flight(std::move(executor), [](Record const& found) { return found; }) {}
        core::SingleFlight<Record> flight; ///< callers that find the record stale share one read
        Record record;
        core::SteadyTime read_at = core::SteadyTime::min();
        std::optional<core::SteadyTime> noted_at; ///< when its use was last written down
        bool known = false;
    };

    Task<Result<Record>> find(std::string id, core::CallContext const& ctx);
    static Task<Result<Record>>
    read(AgentTokenStore* store, core::Clock* clock, std::shared_ptr<Entry> entry, std::string id);
    std::shared_ptr<Entry> entry_of(std::string const& id);
    void note_use(Entry& entry, AgentTokenRecord const& record);
    static Task<void> note(AgentTokenStore* store, std::string id, core::SystemTime when);
    bool is_current(Entry const& entry) const noexcept {
        return entry.known && clock_.now() - entry.read_at < kAgentTokenTtl;
    }

    core::asio::any_io_executor executor_;
    core::Clock& clock_;
    AgentTokenStore& store_;
    std::map<std::string, std::shared_ptr<Entry>, std::less<>> entries_; ///< shared with reads under way
};

std::shared_ptr<AgentTokenVerifier::Entry> AgentTokenVerifier::entry_of(std::string const& id) {
    auto it = entries_.find(id);
    if (it != entries_.end()) {
        return it->second;
    }
    if (entries_.size() >= kRememberedIds) {
        // Everything stale goes first; if all of it is fresh, somebody invents ids, and nothing is worth
        // keeping.
        std::erase_if(entries_, [this](auto const& item) { return !is_current(*item.second); });
        if (entries_.size() >= kRememberedIds) {
            entries_.clear();
        }
    }
    return entries_.emplace(id, std::make_shared<Entry>(executor_)).first->second;
}

Task<Result<Record>> AgentTokenVerifier::read(AgentTokenStore* store,
                                              core::Clock* clock,
                                              std::shared_ptr<Entry> entry,
                                              std::string id) {
    // Whoever started the read must be waiting before it can end.
    auto executor = co_await core::asio::this_coro::executor;
    co_await core::asio::post(executor, core::tok);
    core::SteadyTime const asked_at = clock->now();
    Result<Record> found = co_await store->find_agent_token(std::move(id));
    if (found) {
        entry->record = *found;
        entry->read_at = asked_at;
        entry->known = true;
    }
    co_return found;
}

Task<Result<Record>> AgentTokenVerifier::find(std::string id, core::CallContext const& ctx) {
    std::shared_ptr<Entry> const entry = entry_of(id);
    if (is_current(*entry)) {
        co_return entry->record;
    }
    if (!entry->flight.in_flight()) {
        entry->flight.start(
            [store = &store_, clock = &clock_, entry, id] { return read(store, clock, entry, id); });
    }
    Result<Record> found = co_await entry->flight.join(ctx.deadline);
    co_return found;
}

Task<Result<Principal>> AgentTokenVerifier::verify(std::string_view bearer, core::CallContext const& ctx) {
    std::optional<AgentTokenParts> const parts = parse_agent_token(bearer);
    if (!parts) {
        co_return core::fail(refused_token("is not valid"));
    }
    std::string const digest = core::sha256(parts->secret);
    Result<Record> found = co_await find(std::string(parts->id), ctx);
    if (!found) {
        co_return core::fail(std::move(found).error());
    }
    // An unknown id takes the same way as a wrong secret.
    std::string const nobody(digest.size(), '\0');
    std::string const& expected = found->has_value() ? (*found)->secret_sha256 : nobody;
    bool const matches = core::constant_time_equal(digest, expected);
    if (!matches || !found->has_value()) {
        co_return core::fail(refused_token("is not valid"));
    }
    AgentTokenRecord const& record = **found;
    if (record.revoked) {
        co_return core::fail(refused_token("has been revoked"));
    }
    if (record.expires_at && *record.expires_at <= clock_.system_now()) {
        co_return core::fail(refused_token("has expired"));
    }
    note_use(*entry_of(record.id), record);
    co_return Principal(record.id, record.name, record.role);
}

void AgentTokenVerifier::note_use(Entry& entry, AgentTokenRecord const& record) {
    core::SteadyTime const now = clock_.now();
    if (entry.noted_at && now - *entry.noted_at < kAgentTokenNote) {
        return;
    }
    entry.noted_at = now;
    // Nobody waits for it: a request is not to be slower because its token is watched.
    core::asio::co_spawn(executor_, note(&store_, record.id, clock_.system_now()), core::asio::detached);
}

Task<void> AgentTokenVerifier::note(AgentTokenStore* store, std::string id, core::SystemTime when) {
    Result<void> const noted = co_await store->note_agent_token_use(std::move(id), when);
    if (!noted) {
        core::log::warn("inbound.note_failed", {{"error", core::describe(noted.error())}});
    }
}

} // namespace

std::unique_ptr<TokenVerifier>
make_agent_token_verifier(core::asio::any_io_executor executor, core::Clock& clock, AgentTokenStore& store) {
    return std::make_unique<AgentTokenVerifier>(std::move(executor), clock, store);
}

} // namespace auth
