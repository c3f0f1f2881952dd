#pragma once

#include "auth/providers.hpp"
#include "core/log.hpp"
#include "core/principal.hpp"
#include "core/secret.hpp"
#include "server/config/inbound_config.hpp"
#include "server/config/limits.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// The configuration as a value nobody changes once it is loaded. Read, checked and filled with defaults by
/// load_config (load_config.hpp); published as deploy/config.schema.json.
namespace server {

class ListenAddress {
public:
    std::string host = "127.0.0.1"; ///< an IP address
    std::uint16_t port = 8931;
    bool is_loopback() const noexcept;
    std::string to_string() const;
};

class InboundTlsConfig {
public:
    std::string certificate_file;
    std::string key_file;
};

class LogConfig {
public:
    core::log::Level level = core::log::Level::info;
    core::log::Format format = core::log::Format::json;
};

class StoreConfig {
public:
    std::string path = "/var/lib/ado-mcpd/state.db"; ///< from `sqlite:PATH`
    std::string key_file = "/etc/ado-mcpd/store.key";
};

class AzureDevOpsConfig {
public:
    std::string base_url = "https://dev.azure.com";
    std::string search_url = "https://almsearch.dev.azure.com";
    std::string identity_url = "https://vssps.dev.azure.com";
    std::string api_version = "7.1"; ///< what an older Azure DevOps Server knows is less
};

/// What the word `developer` stands for in entra.client_id: the public client people may sign in with when
/// nobody registered an application, as azure-identity's interactive and device-code credentials do. Only
/// loopback redirects are registered for it.
inline constexpr std::string_view kDeveloperClientId = "04b07795-8ddb-461a-bbee-02f9e1bf7b46";

class EntraConfig {
public:
    std::string authority = "https://login.microsoftonline.com";
    std::string client_id; ///< empty = none; the word `developer` has been replaced by the id it stands for
    core::Secret client_secret;
};

class OutboundConfig {
public:
    std::optional<std::string> ca_file;
    core::Secret proxy_url;  ///< may carry a password; empty = $HTTPS_PROXY, else none
    std::string proxy_shown; ///< the same without user and password
};

enum class AuthMethod { managed_identity, oauth, pat };
std::string_view to_string(AuthMethod method) noexcept;

class AuthMethodConfig {
public:
    AuthMethod method = AuthMethod::pat;
    std::string client_id;           ///< managed_identity: the user-assigned identity, by one of three
    std::string object_id;           ///< its principal
    std::string resource_id;         ///< its Azure resource id
    std::string federated_client_id; ///< managed_identity: both or neither
    std::string federated_tenant_id;
    std::string tenant;   ///< oauth, optional
    core::Secret pat;     ///< pat, from pat_file
    std::string pat_file; ///< read again when it changes
    std::optional<core::SystemTime> expires;
};

class ConnectorConfig {
public:
    std::string name;
    std::string organization; ///< as written: name or URL
    bool enabled = true;
    std::vector<AuthMethodConfig> auth;
    std::vector<std::string> projects;     ///< allow-list; empty = all
    std::vector<std::string> repositories; ///< the same: NAME or PROJECT/NAME
    std::vector<std::string> wikis;        ///< the same
    bool read_only = false;
    bool fallback = true;
    std::string default_project; ///< empty = none
    bool confirm_writes = false; ///< a person says yes to each write first
    /// Who may have a person sign in from within a call; anyone below administrator only with method oauth.
    core::Role sign_in_role = core::Role::administrator;
};

class KnowledgeSourceConfig {
public:
    std::string name;
    std::string url;
    std::string description;
    std::vector<AuthMethodConfig> auth; ///< empty = that of the organization's connector
};

/// A provider that re-ranks hits of search_wiki.
class EmbeddingsConfig {
public:
    std::string url; ///< `/embeddings` is below it
    std::string model;
    core::Secret api_key; ///< empty = none is sent
};

class ToolsConfig {
public:
    std::vector<std::string> enable; ///< empty = all
    std::vector<std::string> disable;
    bool read_only = false;
    bool mask_secrets = true; ///< in what tools answer
    bool mark_writes = false; ///< a tag on each item made, by which a lost one is found
};

class Config {
public:
    std::string source; ///< path of the file, or "built-in defaults"
    ListenAddress listen;
    std::optional<ListenAddress> health_listen;
    std::string public_url; ///< empty = none
    std::optional<InboundTlsConfig> tls;
    std::vector<std::string> allowed_hosts;
    std::vector<std::string> allowed_origins;
    LogConfig log;
    StoreConfig store;
    InboundConfig inbound;
    AzureDevOpsConfig azure_devops;
    EntraConfig entra;
    auth::ManagedIdentityConfig managed_identity;
    OutboundConfig outbound;
    std::vector<ConnectorConfig> connectors;
    std::vector<KnowledgeSourceConfig> knowledge_sources;
    std::optional<EmbeddingsConfig> embeddings; ///< knowledge.embeddings
    ToolsConfig tools;
    bool core_dumps = false; ///< a dump of this process holds secrets
    Limits limits;
};

} // namespace server
