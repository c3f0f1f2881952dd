#include "server/app.hpp"

#include "core/crypto/random.hpp"
#include "core/log.hpp"
#include "server/inbound.hpp"
#include "server/router/audit_notes.hpp"
#include "server/router/journal_guard.hpp"
#include "server/router/knowledge_rerank.hpp"
#include "server/router/routed_tool.hpp"

#include <utility>

namespace server {
namespace {

/// How soon a credential stored by another process (the CLI) is taken up.
constexpr std::chrono::milliseconds kStorePoll{500};
/// How often records beyond limits.audit_days are looked for.
constexpr std::chrono::hours kAuditTidying{6};

bool cancelled(core::asio::cancellation_state const& state) noexcept {
    return state.cancelled() != core::asio::cancellation_type::none;
}

protocol::McpLimits mcp_limits(Limits const& limits) {
    protocol::McpLimits mcp;
    mcp.list_page = limits.mcp_list_page;
    mcp.json_depth = limits.json_depth;
    mcp.string_bytes = limits.json_string_bytes;
    mcp.session_idle = limits.mcp_session_idle_ms;
    mcp.sessions_per_principal = limits.mcp_sessions_per_principal;
    mcp.streams_per_principal = limits.mcp_streams_per_principal;
    mcp.tasks_per_principal = limits.mcp_tasks_per_principal;
    mcp.request_state = limits.mcp_request_state_ms;
    mcp.client_answer = limits.mcp_client_answer_ms;
    mcp.heartbeat = limits.mcp_heartbeat_ms;
    mcp.stream_after = limits.mcp_stream_after_ms;
    mcp.replay_events = limits.mcp_replay_events;
    mcp.replay_bytes = limits.mcp_replay_bytes;
    mcp.replay_age = limits.mcp_replay_age_ms;
    mcp.task_after = limits.mcp_task_after_ms;
    mcp.task_ttl = limits.mcp_task_ttl_ms;
    return mcp;
}

} // namespace

App::App(std::shared_ptr<ProcessParts> process, Config config)
    : process_(std::move(process)), config_(std::move(config)), executor_(process_->executor),
      clock_(process_->clock), pool_(process_->pool), store_(process_->store.get()) {}

App::~App() = default;

core::Result<std::unique_ptr<App>> App::make(core::asio::io_context& io, Config config) {
    ADOMCPD_TRY(auto process, ProcessParts::make(io, config.store));
    return make(std::move(process), std::move(config));
}

core::Result<std::unique_ptr<App>> App::make(std::shared_ptr<ProcessParts> process, Config config) {
    std::unique_ptr<App> app(new App(std::move(process), std::move(config)));
    ADOMCPD_TRY_VOID(app->build());
    return app;
}

core::Result<void> App::build() {
    ADOMCPD_TRY(outbound_, Outbound::make(executor_, pool_, clock_, config_));

    credential_audit_ = make_credential_audit(store_->audit());
    core::asio::any_io_executor const counted = detached_.executor(executor_);
    auth::ProviderEnvironment environment(counted, outbound_->once(), clock_);
    environment.observer = credential_audit_.get();
    environment.authority = config_.entra.authority;
    environment.pinned_client = [this](std::string const& thumbprint) {
        return outbound_->pinned(thumbprint);
    };
    parts_ = std::make_unique<ConnectorParts>(
        config_, std::move(environment), outbound_->retrying(), pool_, *store_, *store_);
    parts_->once = &outbound_->once();
    parts_->retry = outbound_->retry_policy();
    directory_ = std::make_unique<OrganizationDirectory>(
        organization_urls(config_), [this](ado::Organization organization) {
            return connector_set_->make_for_credential(std::move(organization));
        });
    connector_set_ = std::make_unique<ConnectorSet>(*parts_, *directory_);
    ADOMCPD_TRY_VOID(connector_set_->declare());
    sources_ = std::make_unique<SourceService>(*parts_, *directory_, *connector_set_, store_->connectors());
    ADOMCPD_TRY_VOID(sources_->declare());
    credentials_ = std::make_unique<CredentialService>(
        *parts_, *directory_, *connector_set_, store_->connectors(), clock_, *store_);
    connectors_ = std::make_unique<ConnectorService>(
        *parts_,
        *directory_,
        *connector_set_,
        store_->connectors(),
        *credentials_,
        WayOut(executor_, outbound_->resolver(), outbound_->tls(), outbound_->once(), outbound_->proxy()));
    pat_files_ = std::make_unique<FileWatch>(
        executor_, [this](std::string const& path) { connector_set_->file_changed(path); });
    if (auto const watched = pat_files_->watch(connector_set_->pat_files()); !watched) {
        core::log::warn("file_watch.failed", {{"reason", core::describe(watched.error())}});
    }

    JournalGuardSettings const once(std::chrono::hours(config_.limits.idempotency_hours),
                                    config_.limits.write_settle_ms);
    writes_ = make_journal_guard(*store_, clock_, once);
    recovery_ = std::make_unique<JournalRecovery>(*store_, *directory_, clock_, config_.limits);
    running_writes_ = std::make_unique<core::TaskGroup>(executor_);
    background_ = std::make_unique<core::TaskGroup>(executor_);

    build_knowledge();

    SignInEnvironment signing_in(config_,
                                 parts_->provider_environment,
                                 outbound_->retrying(),
                                 *store_,
                                 store_->sealer(),
                                 *background_);
    signing_in.directory = directory_.get();
    signing_in.audit = store_;
    sign_in_ = std::make_unique<SignInService>(std::move(signing_in));

    keeper_ = std::make_unique<CredentialKeeper>(*directory_,
                                                 clock_,
                                                 config_.limits.credential_warm_up_ms,
                                                 config_.limits.credential_touch_ms,
                                                 core::random_unit);
    offered_sign_ins_ = std::make_unique<OfferedSignIns>(*sign_in_, clock_);

    blobs_ =
        std::make_unique<BlobCache>(config_.limits.blob_cache_bytes, config_.limits.blob_cache_file_bytes);
    RoutedToolEnvironment routing(
        *directory_, *writes_, *running_writes_, config_.limits, config_.tools.read_only);
    routing.sign_in = offered_sign_ins_.get();
    routing.audit = &store_->audit();
    routing.mask_secrets = config_.tools.mask_secrets;
    routing.clock = &clock_;
    routing.blobs = blobs_.get();
    offer_ =
        std::make_unique<McpOffer>(config_, *directory_, *sources_, *knowledge_, routing, changes_, clock_);
    mcp_ = protocol::make_mcp_server(
        offer_->features(store_->tasks()),
        protocol::ServerParts(
            executor_, clock_, store_->sealer(), changes_, store_->sessions(), mcp_limits(config_.limits)));
    if (config_.inbound.mode == InboundMode::entra) {
        jwts_ =
            auth::make_jwt_verifier(counted, outbound_->retrying(), clock_, jwt_verifier_settings(config_));
    } else {
        tokens_ = auth::make_agent_token_verifier(counted, clock_, *store_);
    }
    return {};
}

/// The index is a cache: without it everything is searched live.
void App::build_knowledge() {
    core::Result<std::unique_ptr<KnowledgeIndex>> index =
        open_knowledge_index(clock_, knowledge_index_path(config_.store.path));
    std::string reason;
    if (index) {
        knowledge_index_ = std::move(*index);
    } else {
        reason = index.error().message();
        core::log::error("knowledge.index_unusable", {{"reason", core::describe(index.error())}});
    }
    knowledge_ = std::make_unique<KnowledgeService>(
        config_, *directory_, *sources_, knowledge_index_.get(), reason, clock_, pool_, *background_);
    if (config_.embeddings && knowledge_index_) {
        knowledge_->set_ranker(make_embedding_ranker(
            *config_.embeddings, config_.limits, outbound_->once(), *knowledge_index_, clock_, pool_));
    }
    sources_->set_states(*knowledge_);
}

core::Task<core::Result<void>> App::start() {
    CO_TRY_VOID(co_await take_up_store());
    background_->spawn("follow_store", follow_store(this));
    background_->spawn("credentials.keep", keeper_->run());
    background_->spawn("pat_files", pat_files_->run());
    background_->spawn("prune_audit", prune_audit(this));
    background_->spawn("writes.recover", recovery_->run());
    if (knowledge_index_) {
        background_->spawn("knowledge", knowledge_->run());
    }
    background_->spawn("mcp.tend", mcp_->tend());
    background_->spawn("mcp.watch", offer_->watch());
    started_ = true;
    co_return core::Result<void>();
}

core::Task<core::Result<void>> App::take_up_store() {
    CO_TRY_VOID(co_await connector_set_->follow_store(store_->connectors()));
    CO_TRY_VOID(co_await sources_->follow_store());
    CO_TRY_VOID(co_await credentials_->follow_store());
    co_return core::Result<void>();
}

void App::tend_inbound() {
    if (jwts_) {
        background_->spawn("inbound.tend", jwts_->tend());
    }
}

core::Task<void> App::follow_store(App* self) {
    // The first turn follows in any case: something may have changed since the store was opened.
    std::int64_t version = -1;
    co_await core::asio::this_coro::throw_if_cancelled(false);
    while (!cancelled(co_await core::asio::this_coro::cancellation_state)) {
        co_await self->clock_.sleep_for(kStorePoll);
        auto const now = co_await self->store_->data_version();
        if (!now || *now == version) {
            continue;
        }
        auto const refreshed = co_await self->store_->refresh();
        if (!refreshed) {
            core::log::warn("store.refresh_failed", {{"reason", core::describe(refreshed.error())}});
            continue; // the next turn tries again
        }
        version = *now;
        auto const followed = co_await self->take_up_store();
        if (!followed) {
            core::log::warn("store.follow_failed", {{"reason", core::describe(followed.error())}});
        }
    }
}

core::Task<void> App::prune_audit(App* self) {
    co_await core::asio::this_coro::throw_if_cancelled(false);
    std::chrono::hours const kept = std::chrono::days(static_cast<int>(self->config_.limits.audit_days));
    while (!cancelled(co_await core::asio::this_coro::cancellation_state)) {
        auto const removed = co_await self->store_->audit().prune(self->clock_.system_now() - kept);
        if (!removed) {
            core::log::error("audit.prune_failed", {{"reason", core::describe(removed.error())}});
        } else if (*removed != 0) {
            core::log::info("audit.pruned", {{"records", *removed}});
        }
        if (cancelled(co_await core::asio::this_coro::cancellation_state)) {
            co_return; // meanwhile: a sleep would not notice any more
        }
        co_await self->clock_.sleep_for(kAuditTidying);
    }
}

core::Task<void> App::stop(core::Deadline deadline) {
    co_await mcp_->stop(deadline);
    while (running_writes_->size() != 0 && !deadline.passed(clock_.now())) {
        co_await clock_.sleep_for(std::chrono::milliseconds(20));
    }
    running_writes_->cancel_all();
    co_await running_writes_->wait();
    background_->cancel_all();
    co_await background_->wait();
    outbound_->shutdown();
}

} // namespace server
