#include "server/router/effect_look.hpp"

#include "core/log.hpp"

#include <chrono>
#include <string>
#include <utility>
#include <vector>

namespace server {
namespace {

/// Twins of one content that other processes took meanwhile; each is one more look.
constexpr int kMostTwins = 50;
/// How much older than the entry others may be whose resources count as known: more than a look reaches back.
constexpr std::chrono::minutes kKnownBefore{10};

} // namespace

core::Task<EffectLook>
look_for_effect(Journal& journal, JournalEntry const& entry, WriteGuard::LookUp const& look_up) {
    EffectLook look;
    auto known =
        co_await journal.known_resources(entry.organization, entry.tool, entry.created_at - kKnownBefore);
    if (!known) {
        co_return look;
    }
    std::vector<std::string> taken = std::move(*known);
    for (int i = 0; i < kMostTwins; ++i) {
        core::Result<std::optional<WriteOutcome>> found = co_await look_up(entry.created_at, taken);
        if (!found) {
            core::log::warn("write.look_up_failed",
                            {{"organization", entry.organization},
                             {"journal_id", entry.id},
                             {"reason", core::describe(found.error())}});
            co_return look;
        }
        if (!*found) {
            look.worked = true;
            co_return look;
        }
        std::string const resource = (*found)->resource_id;
        std::string result = core::dump_json((*found)->result);
        auto const claim = co_await journal.claim(entry.id, resource, std::move(result));
        if (!claim) {
            core::log::error("journal.claim_failed",
                             {{"journal_id", entry.id}, {"reason", core::describe(claim.error())}});
            co_return look;
        }
        if (*claim == Journal::Claim::claimed) {
            core::log::info("write.found_after_lost_answer",
                            {{"organization", entry.organization},
                             {"tool", entry.tool},
                             {"journal_id", entry.id},
                             {"resource_id", resource}});
            look.worked = true;
            look.found = std::move(*found);
            co_return look;
        }
        if (*claim == Journal::Claim::contested) {
            co_return look;
        }
        taken.push_back(resource);
    }
    co_return look;
}

} // namespace server
