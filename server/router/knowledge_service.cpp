#include "server/router/knowledge_service.hpp"

#include "core/http/http_message.hpp"
#include "core/log.hpp"
#include "server/router/connector_factory.hpp"
#include "server/router/knowledge_sync.hpp"

#include <boost/asio/this_coro.hpp>

#include <algorithm>
#include <exception>
#include <utility>

namespace server {
namespace {

using core::Error;
using core::ErrorKind;

constexpr std::chrono::milliseconds kTurn{500};
/// How often the index is looked at for what other processes did.
constexpr std::chrono::seconds kLook{5};
constexpr std::chrono::hours kKeep{6};

bool cancelled(core::asio::cancellation_state const& state) noexcept {
    return state.cancelled() != core::asio::cancellation_type::none;
}

/// Not all sources of one age at the same moment: up to a tenth earlier, always the same for one source.
std::chrono::milliseconds spread(std::chrono::milliseconds interval, std::string const& key) {
    std::size_t const part = std::hash<std::string>()(key) % 100;
    return interval - interval * static_cast<int>(part) / 1000;
}

} // namespace

KnowledgeService::KnowledgeService(Config const& config,
                                   OrganizationDirectory& directory,
                                   SourceService const& source_list,
                                   KnowledgeIndex* index,
                                   std::string reason,
                                   core::Clock& clock,
                                   core::BlockingPool& pool,
                                   core::TaskGroup& background)
    : config_(config), directory_(directory), source_list_(source_list), index_(index),
      reason_(std::move(reason)), clock_(clock), pool_(pool), background_(background) {}

KnowledgeService::~KnowledgeService() = default;

core::Task<void> KnowledgeService::run() {
    return keep_in_step(this);
}

// g++ 12 puts a pointer in front of this coroutine's frame, where nobody expects it, when it returns early
// for a missing index and sleeps in one expression: App does the former, `begin` is the latter's own line.
core::Task<void> KnowledgeService::keep_in_step(KnowledgeService* self) {
    co_await core::asio::this_coro::throw_if_cancelled(false);
    co_await self->take_states();
    core::SteadyTime const begin = self->clock_.now() + self->config_.limits.knowledge_first_ms;
    co_await self->clock_.sleep_until(begin);
    while (!cancelled(co_await core::asio::this_coro::cancellation_state)) {
        co_await self->look();
        self->start_due();
        co_await self->clock_.sleep_for(kTurn);
    }
}

core::Task<void> KnowledgeService::look() {
    core::SteadyTime const now = clock_.now();
    if (now >= look_at_) {
        look_at_ = now + kLook;
        co_await take_states();
    }
    if (now >= keep_at_) {
        keep_at_ = now + kKeep;
        std::vector<std::string> keys;
        for (ListedSource const& source : source_list_.listed()) {
            keys.push_back(source.url.canonical());
        }
        auto const kept = co_await index_->keep(std::move(keys));
        if (!kept) {
            core::log::warn("knowledge.keep_failed", {{"reason", core::describe(kept.error())}});
        }
    }
}

core::Task<void> KnowledgeService::take_states() {
    auto states = co_await index_->states();
    if (!states) {
        core::log::warn("knowledge.index_failed", {{"reason", core::describe(states.error())}});
        co_return;
    }
    states_.clear();
    for (SourceIndexState& state : *states) {
        std::string const key = state.key;
        states_.emplace(key, std::move(state));
    }
}

bool KnowledgeService::is_due(ListedSource const& source) const {
    std::string const key = source.url.canonical();
    auto const state = states_.find(key);
    if (running_.contains(key) || (state != states_.end() && state->second.syncing)) {
        return false;
    }
    if (requested_.contains(key) || state == states_.end()) {
        return true;
    }
    core::SystemTime const now = clock_.system_now();
    if (state->second.failed_at) {
        auto const failed = state_at_failure_.find(key);
        std::shared_ptr<Connector> const connector = directory_.find_key(source.url.organization.key());
        // Somebody signed in meanwhile.
        bool const mended = failed != state_at_failure_.end() && connector &&
                            connector->status().state != failed->second &&
                            connector->status().state == "connected";
        return mended || now - *state->second.failed_at >= config_.limits.knowledge_retry_ms;
    }
    return !state->second.synced_at ||
           now - *state->second.synced_at >= spread(config_.limits.knowledge_sync_ms, key);
}

void KnowledgeService::start_due() {
    for (ListedSource& source : source_list_.listed()) {
        if (running_.size() >= config_.limits.knowledge_syncs) {
            return;
        }
        std::shared_ptr<Connector> connector = directory_.find_key(source.url.organization.key());
        if (!connector || !connector->settings().enabled || !is_due(source)) {
            continue;
        }
        std::string const key = source.url.canonical();
        running_.insert(key);
        requested_.erase(key);
        background_.spawn("knowledge.sync", sync(this, std::move(source), std::move(connector)));
    }
}

core::Task<void>
KnowledgeService::sync(KnowledgeService* self, ListedSource source, std::shared_ptr<Connector> connector) {
    co_await core::asio::this_coro::throw_if_cancelled(false);
    std::string const key = source.url.canonical();
    auto const begun = co_await self->index_->begin(key);
    if (begun && *begun) {
        co_await self->take_states();
        core::Result<void> done = core::fail(ErrorKind::internal, "the sync was cut off");
        try {
            done = co_await self->sync_begun(source, *connector);
        } catch (std::exception const& e) {
            core::log::error("knowledge.exception", {{"source", source.name}, {"what", e.what()}});
        }
        bool const stopped = cancelled(co_await core::asio::this_coro::cancellation_state);
        core::Result<void> noted;
        if (!done && !stopped) {
            core::log::warn("knowledge.sync_failed",
                            {{"source", source.name}, {"reason", core::describe(done.error())}});
            self->state_at_failure_.insert_or_assign(key, connector->status().state);
            noted = co_await self->index_->fail(key, done.error());
        } else if (!done) {
            noted = co_await self->index_->give_back(key);
        }
        if (!noted) {
            core::log::warn("knowledge.index_failed",
                            {{"source", source.name}, {"reason", core::describe(noted.error())}});
        }
        co_await self->take_states();
    }
    self->running_.erase(key);
}

core::Task<core::Result<void>> KnowledgeService::sync_begun(ListedSource const& source,
                                                            Connector& connector) {
    if (!connector.settings().policy.allows_project(source.url.project)) {
        co_return core::fail(Error(ErrorKind::forbidden,
                                   "Project '" + source.url.project + "' is not in connector '" +
                                       connector.settings().name + "' `projects` allow-list.")
                                 .with_code("project_not_allowed")
                                 .with_fix("Add the project to the connector's `projects`."));
    }
    core::SteadyTime const began = clock_.now();
    core::CallContext const ctx("sync-" + source.name,
                                core::Deadline::at(began + config_.limits.knowledge_run_ms));
    KnowledgeSync sync(*index_, connector.client(), source.url, config_.limits, pool_);
    std::optional<SourceIndexState> before = state_of(source.url.canonical());
    CO_TRY_VOID(co_await sync.run(std::move(before), ctx));
    connector.note_accepted(ctx.trace->method, ctx.trace->identity);
    CO_TRY_VOID(co_await index_->finish(source.url.canonical(), sync.mark(), sync.left_out()));
    core::log::info(
        "knowledge.synced",
        {{"source", source.name},
         {"commit", sync.mark().commit},
         {"fetched", sync.fetched()},
         {"requests", ctx.trace->upstream_requests},
         {"ms", std::chrono::duration_cast<std::chrono::milliseconds>(clock_.now() - began).count()}});
    co_return core::Result<void>();
}

bool KnowledgeService::serves_of(std::string const& organization, std::map<std::string, bool>& known) const {
    auto const [it, is_new] = known.try_emplace(organization, false);
    if (is_new) {
        std::shared_ptr<Connector> const connector = directory_.find_key(organization);
        std::string const state = connector ? connector->status().state : std::string();
        it->second = state == "connected" || state == "refreshing" || state == "degraded" ||
                     state == "expiring" || state == "throttled";
    }
    return it->second;
}

std::vector<WikiSource> KnowledgeService::sources(std::string const& organization) const {
    std::vector<WikiSource> all;
    std::map<std::string, bool> serves; // by organization: looked at once a call
    for (ListedSource const& listed : source_list_.listed()) {
        if (!organization.empty() && listed.url.organization.key() != organization) {
            continue;
        }
        WikiSource source(listed.url.canonical());
        source.name = listed.name;
        source.is_wiki = listed.url.kind == ado::SourceUrl::Kind::wiki;
        source.organization = listed.url.organization.key();
        source.project = listed.url.project;
        source.target = listed.url.name;
        source.page_id = listed.url.page_id;
        if (source.is_wiki && !source.page_id) {
            source.root_path = listed.url.page_path.empty() ? "/" : listed.url.page_path;
        }
        if (auto const root = roots_.find(source.key); root != roots_.end()) {
            source.root_path = root->second;
        }
        auto const state = states_.find(source.key);
        // An index answers for an identity that may read the source: none answers where nobody may.
        bool const served = serves_of(source.organization, serves);
        if (served && state != states_.end() && state->second.synced_at) {
            source.synced_at = state->second.synced_at;
            source.mark = state->second.mark;
            if (source.is_wiki && source.page_id) {
                source.root_path = source.mark.root_path;
            }
        }
        all.push_back(std::move(source));
    }
    return all;
}

core::Result<ado::SourceUrl> KnowledgeService::parse_url(std::string_view url) const {
    return ado::parse_source_url(url, organization_urls(config_));
}

void KnowledgeService::learn_root(std::string const& key, std::string path) {
    roots_.insert_or_assign(key, std::move(path));
}

core::Task<core::Result<KnowledgeAnswer>> KnowledgeService::search(IndexQuery query,
                                                                   core::CallContext const& ctx) {
    if (index_ == nullptr) {
        co_return core::fail(ErrorKind::internal, "there is no index: " + reason_);
    }
    std::size_t const top = query.top;
    if (ranker_) {
        // The ranking of the first hits does not depend on how many of them are asked for.
        query.top = std::max(top, config_.limits.knowledge_rerank_hits);
    }
    std::string const text = query.text;
    KnowledgeAnswer answer;
    CO_TRY(answer.found, co_await index_->search(std::move(query)));
    if (ranker_) {
        answer.note = co_await ranker_->rank(text, answer.found.hits, ctx);
        if (answer.found.hits.size() > top) {
            answer.found.hits.erase(answer.found.hits.begin() + static_cast<std::ptrdiff_t>(top),
                                    answer.found.hits.end());
        }
    }
    co_return answer;
}

std::optional<SourceIndexState> KnowledgeService::state_of(std::string const& key) const {
    if (index_ == nullptr) {
        SourceIndexState state(key);
        state.failed_at = clock_.system_now();
        state.reason = reason_;
        state.code = "index_unusable";
        return state;
    }
    auto const state = states_.find(key);
    return state == states_.end() ? std::nullopt : std::optional(state->second);
}

core::Result<void> KnowledgeService::request_sync(std::string const& key) {
    if (index_ == nullptr) {
        return core::fail(Error(ErrorKind::internal, "There is no index: " + reason_)
                              .with_code("index_unusable")
                              .with_not_sent());
    }
    if (!running_.contains(key)) {
        requested_.insert(key);
    }
    return {};
}

void KnowledgeService::forget(std::string const& key) {
    requested_.erase(key);
    roots_.erase(key);
    states_.erase(key);
    if (index_ != nullptr) {
        background_.spawn("knowledge.drop", drop(this, key));
    }
}

core::Task<void> KnowledgeService::drop(KnowledgeService* self, std::string key) {
    auto const dropped = co_await self->index_->drop(std::move(key));
    if (!dropped) {
        core::log::warn("knowledge.index_failed", {{"reason", core::describe(dropped.error())}});
    }
}

} // namespace server
