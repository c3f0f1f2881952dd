#pragma once

#include "auth/credential_observer.hpp"
#include "auth/jwt_verifier.hpp"
#include "auth/token_verifier.hpp"
#include "core/async.hpp"
#include "core/clock.hpp"
#include "core/counted_executor.hpp"
#include "core/task_group.hpp"
#include "protocol/mcp_server.hpp"
#include "server/config/config.hpp"
#include "server/mcp_offer.hpp"
#include "server/outbound.hpp"
#include "server/process_parts.hpp"
#include "server/router/connector_factory.hpp"
#include "server/router/connector_service.hpp"
#include "server/router/connector_set.hpp"
#include "server/router/credential_keeper.hpp"
#include "server/router/credential_service.hpp"
#include "server/router/file_watch.hpp"
#include "server/router/journal_recovery.hpp"
#include "server/router/knowledge_service.hpp"
#include "server/router/offered_sign_ins.hpp"
#include "server/router/organization_directory.hpp"
#include "server/router/sign_in_service.hpp"
#include "server/router/source_service.hpp"
#include "server/store/state_store.hpp"
#include "server/tools/blob_cache.hpp"
#include "server/tools/write_guard.hpp"

#include <boost/asio/io_context.hpp>

#include <memory>
#include <vector>

namespace server {

/// The composition root below the listeners: builds and owns what one configuration asks for, outbound stack,
/// connectors, tools and the MCP server. `ado-mcpd serve` puts listeners in front of it, `ado-mcpd call` uses
/// it in process.
class App {
public:
    /// Opens the store and reads the CA file: blocking, before the loop runs. `io` outlives the app.
    static core::Result<std::unique_ptr<App>> make(core::asio::io_context& io, Config config);
    /// The same beside an app that serves, on the store of `process`; config.store is not looked at.
    /// Blocking: on the pool.
    static core::Result<std::unique_ptr<App>> make(std::shared_ptr<ProcessParts> process, Config config);
    ~App();
    App(App const&) = delete;
    App& operator=(App const&) = delete;

    /// Takes up what is stored, and begins to follow changes by other processes.
    core::Task<core::Result<void>> start();
    /// Keeps what inbound tokens are checked with fresh, until stop(): for a process that has a listener.
    void tend_inbound();
    /// What is stored, again: beside what start() does by itself, for changes made through another app of
    /// this process.
    core::Task<core::Result<void>> take_up_store();
    /// Lets writes under way finish (until `deadline`), then stops background work and closes connections.
    core::Task<void> stop(core::Deadline deadline);
    /// After stop(): nothing refers to the app any more that runs by itself (a token fetch nobody waits for),
    /// so that it may be destroyed while the loop goes on.
    bool at_rest() const noexcept { return detached_.outstanding() == 0; }

    Config const& config() const noexcept { return config_; }
    std::shared_ptr<ProcessParts> const& process() const noexcept { return process_; }
    core::Clock& clock() noexcept { return clock_; }
    StateStore& store() noexcept { return *store_; }
    protocol::McpServer& mcp() noexcept { return *mcp_; }
    CredentialAdmin& credentials() noexcept { return *credentials_; }
    ConnectorService& connectors() noexcept { return *connectors_; }
    SourceAdmin& sources() noexcept { return *sources_; }
    SignInService& sign_in() noexcept { return *sign_in_; }
    /// Of inbound tokens, whichever inbound.mode asks for.
    auth::TokenVerifier& tokens() noexcept { return jwts_ ? *jwts_ : *tokens_; }
    bool started() const noexcept { return started_; }

private:
    App(std::shared_ptr<ProcessParts> process, Config config);
    core::Result<void> build();
    void build_knowledge();
    static core::Task<void> follow_store(App* self);
    static core::Task<void> prune_audit(App* self);

    std::shared_ptr<ProcessParts> process_; ///< shared with the app that takes this one's place
    Config config_;
    core::asio::any_io_executor executor_;
    core::WorkCount detached_;
    core::Clock& clock_;
    core::BlockingPool& pool_;
    StateStore* store_;
    std::unique_ptr<auth::CredentialObserver> credential_audit_;
    std::unique_ptr<Outbound> outbound_;
    std::unique_ptr<ConnectorParts> parts_;
    std::unique_ptr<OrganizationDirectory> directory_;
    std::unique_ptr<ConnectorSet> connector_set_;
    std::unique_ptr<SourceService> sources_;
    std::unique_ptr<CredentialService> credentials_;
    std::unique_ptr<ConnectorService> connectors_;
    std::unique_ptr<FileWatch> pat_files_;
    std::unique_ptr<WriteGuard> writes_;
    std::unique_ptr<JournalRecovery> recovery_;
    std::unique_ptr<core::TaskGroup> running_writes_;
    std::unique_ptr<core::TaskGroup> background_;
    std::unique_ptr<KnowledgeIndex> knowledge_index_; ///< none when its file cannot be used
    std::unique_ptr<KnowledgeService> knowledge_;
    std::unique_ptr<SignInService> sign_in_;
    std::unique_ptr<OfferedSignIns> offered_sign_ins_;
    std::unique_ptr<CredentialKeeper> keeper_;
    protocol::ChangeHub changes_;
    std::unique_ptr<BlobCache> blobs_;
    std::unique_ptr<McpOffer> offer_;
    std::unique_ptr<protocol::McpServer> mcp_;
    std::unique_ptr<auth::TokenVerifier> tokens_; ///< agent tokens; none with inbound.mode entra
    std::unique_ptr<auth::JwtVerifier> jwts_;     ///< with inbound.mode entra
    bool started_ = false;
};

} // namespace server
