#include "server/config/config_reader.hpp"

#include "core/http/http_message.hpp"
#include "server/config/config_section.hpp"
#include "server/config/expiry.hpp"
#include "server/config/limits_table.hpp"
#include "server/config/listen_address.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>
#include <utility>

namespace server {
namespace {

template <class Value>
using Names = std::pair<std::string_view, Value>;

/// The value behind a word; the schema lists the words, so an unknown one has been reported.
template <class Value, std::size_t N>
void read_word(ConfigSection const& in,
               std::string_view key,
               std::array<Names<Value>, N> const& names,
               Value& into) {
    auto const word = in.text(key);
    for (auto const& [name, value] : names) {
        if (word && *word == name) {
            into = value;
        }
    }
}

constexpr std::array kLevels{Names<core::log::Level>{"debug", core::log::Level::debug},
                             Names<core::log::Level>{"info", core::log::Level::info},
                             Names<core::log::Level>{"warn", core::log::Level::warn},
                             Names<core::log::Level>{"error", core::log::Level::error},
                             Names<core::log::Level>{"off", core::log::Level::off}};
constexpr std::array kFormats{Names<core::log::Format>{"json", core::log::Format::json},
                              Names<core::log::Format>{"text", core::log::Format::text}};
constexpr std::array kModes{Names<InboundMode>{"token", InboundMode::token},
                            Names<InboundMode>{"entra", InboundMode::entra},
                            Names<InboundMode>{"none", InboundMode::none}};
constexpr std::array kMethods{Names<AuthMethod>{"managed_identity", AuthMethod::managed_identity},
                              Names<AuthMethod>{"oauth", AuthMethod::oauth},
                              Names<AuthMethod>{"pat", AuthMethod::pat}};
using SourceKind = auth::ManagedIdentitySourceKind;
constexpr std::array kSources{Names<SourceKind>{"auto", SourceKind::automatic},
                              Names<SourceKind>{"imds", SourceKind::imds},
                              Names<SourceKind>{"app_service", SourceKind::app_service},
                              Names<SourceKind>{"app_service_2017", SourceKind::app_service_2017},
                              Names<SourceKind>{"azure_ml", SourceKind::azure_ml},
                              Names<SourceKind>{"arc", SourceKind::arc},
                              Names<SourceKind>{"service_fabric", SourceKind::service_fabric},
                              Names<SourceKind>{"cloud_shell", SourceKind::cloud_shell},
                              Names<SourceKind>{"workload_identity", SourceKind::workload_identity}};

std::optional<ListenAddress> read_address(ConfigSection const& root, std::string_view key) {
    auto const text = root.text(key);
    auto const address = text ? parse_listen_address(*text) : std::nullopt;
    if (text && !address) {
        root.problem(key, quoted_text(*text), "an IP address and a port, as 127.0.0.1:8931 or [::1]:8931");
    }
    return address;
}

void read_listening(ConfigSection const& root, Config& config) {
    if (auto address = read_address(root, "listen")) {
        config.listen = std::move(*address);
    }
    config.health_listen = read_address(root, "health_listen");
    if (config.health_listen && config.health_listen->port != 0 &&
        config.health_listen->to_string() == config.listen.to_string()) {
        config.health_listen.reset(); // the same listener, as when it is absent
    }
    root.read_url("public_url", config.public_url);
    if (ConfigSection const tls = root.section("tls"); tls.present()) {
        InboundTlsConfig files;
        files.certificate_file = tls.path("certificate_file", true).value_or("");
        files.key_file = tls.path("key_file", true).value_or("");
        config.tls = std::move(files);
    }
    config.allowed_hosts = root.texts("allowed_hosts");
    for (std::size_t i = 0; i < config.allowed_hosts.size(); ++i) {
        if (config.allowed_hosts[i].find_first_of("/@ *") != std::string::npos ||
            config.allowed_hosts[i].empty()) {
            root.problem_in_list(
                "allowed_hosts",
                i,
                quoted_text(config.allowed_hosts[i]),
                "a host name as clients write it in the Host header, with or without a port");
        }
    }
    config.allowed_origins = root.texts("allowed_origins");
    for (std::size_t i = 0; i < config.allowed_origins.size(); ++i) {
        std::string const& origin = config.allowed_origins[i];
        auto const scheme = origin.find("://");
        if (scheme == std::string::npos || scheme == 0 || scheme + 3 == origin.size() ||
            origin.find_first_of("/@ *", scheme + 3) != std::string::npos) {
            root.problem_in_list("allowed_origins",
                                 i,
                                 quoted_text(origin),
                                 "an origin: scheme://host or scheme://host:port, nothing behind it");
        }
    }
}

void read_store(ConfigSection const& store, StoreConfig& config) {
    constexpr std::string_view kScheme = "sqlite:";
    if (auto const url = store.text("url")) {
        std::string_view path = *url;
        if (url->starts_with("postgresql:") || url->starts_with("postgres:")) {
            store.problem("url",
                          "a postgresql: URL, but this build has no PostgreSQL backend",
                          "sqlite:PATH, as sqlite:/var/lib/ado-mcpd/state.db");
        } else if (!path.starts_with(kScheme) || path.size() == kScheme.size()) {
            store.problem("url", quoted_text(*url), "sqlite:PATH, as sqlite:/var/lib/ado-mcpd/state.db");
        } else {
            path.remove_prefix(kScheme.size());
            // sqlite:///var/x is how URL libraries write the absolute path /var/x.
            path.remove_prefix(path.starts_with("///") ? 2 : 0);
            config.path = store.absolute(std::string(path));
        }
    }
    if (auto file = store.path("key_file", false)) {
        config.key_file = std::move(*file);
    }
}

void read_inbound(ConfigSection const& inbound, InboundConfig& config) {
    read_word(inbound, "mode", kModes, config.mode);
    if (auto const role = core::parse_role(inbound.text("anonymous_role").value_or(""))) {
        config.anonymous_role = *role;
    }
}

/// The proxy's URL may hold a password: it goes into a Secret, and only its host is shown.
void read_proxy(ConfigSection const& outbound, OutboundConfig& config) {
    auto text = outbound.text("proxy");
    if (!text) {
        return;
    }
    auto const scheme = text->find("://");
    auto const at = text->rfind('@');
    bool const has_user = scheme != std::string::npos && at != std::string::npos && at > scheme;
    std::string const shown = has_user ? text->substr(0, scheme + 3) + text->substr(at + 1) : *text;
    auto const url = core::Url::parse(shown);
    if (!url || url->origin.is_tls() || url->target != "/") {
        outbound.problem("proxy", "something else", "http://[user:password@]host:port");
    } else {
        config.proxy_url = core::Secret(*text);
        config.proxy_shown = url->origin.to_string();
    }
}

/// Members that mean nothing to the method would be silently ignored otherwise.
void refuse_foreign_members(ConfigSection const& in, AuthMethod method) {
    constexpr std::array<Names<AuthMethod>, 8> kMembers{
        Names<AuthMethod>{"client_id", AuthMethod::managed_identity},
        Names<AuthMethod>{"object_id", AuthMethod::managed_identity},
        Names<AuthMethod>{"resource_id", AuthMethod::managed_identity},
        Names<AuthMethod>{"federated_client_id", AuthMethod::managed_identity},
        Names<AuthMethod>{"federated_tenant_id", AuthMethod::managed_identity},
        Names<AuthMethod>{"tenant", AuthMethod::oauth},
        Names<AuthMethod>{"pat_file", AuthMethod::pat},
        Names<AuthMethod>{"expires", AuthMethod::pat}};
    for (auto const& [key, owner] : kMembers) {
        if (owner != method && in.has(key)) {
            in.problem(key,
                       "a key of method " + std::string(to_string(owner)),
                       "only keys of method " + std::string(to_string(method)));
        }
    }
}

AuthMethodConfig read_method(ConfigSection const& in) {
    AuthMethodConfig config;
    read_word(in, "method", kMethods, config.method);
    if (in.text("method")) {
        refuse_foreign_members(in, config.method);
    }
    in.read("client_id", config.client_id);
    in.read("object_id", config.object_id);
    in.read("resource_id", config.resource_id);
    std::string const& other = config.client_id.empty() ? config.resource_id : config.client_id;
    if (!config.object_id.empty() && !other.empty()) {
        in.problem("object_id", "another name of an identity", "one of client_id, object_id and resource_id");
    } else if (!config.client_id.empty() && !config.resource_id.empty()) {
        in.problem(
            "resource_id", "another name of an identity", "one of client_id, object_id and resource_id");
    }
    in.read("federated_client_id", config.federated_client_id);
    in.read("federated_tenant_id", config.federated_tenant_id);
    if (config.federated_client_id.empty() != config.federated_tenant_id.empty()) {
        bool const no_client = config.federated_client_id.empty();
        in.problem(no_client ? "federated_client_id" : "federated_tenant_id",
                   "nothing, beside " +
                       std::string(no_client ? "federated_tenant_id" : "federated_client_id"),
                   "federated_client_id and federated_tenant_id, both or neither");
    }
    in.read("tenant", config.tenant);
    config.pat = in.secret_file("pat_file");
    config.pat_file = in.path("pat_file", false).value_or("");
    if (auto const expires = in.text("expires")) {
        config.expires = parse_expiry(*expires);
        if (!config.expires) {
            in.problem("expires", quoted_text(*expires), "a date, as 2027-03-01 or 2027-03-01T12:00:00Z");
        } else if (!in.has("pat_file")) {
            in.problem(
                "expires", "a date without pat_file", "pat_file beside it; a stored PAT has its own date");
        }
    }
    return config;
}

std::vector<AuthMethodConfig> read_methods(ConfigSection const& in) {
    std::vector<AuthMethodConfig> methods;
    for (ConfigSection const& item : in.sections("auth")) {
        methods.push_back(read_method(item));
    }
    return methods;
}

ConnectorConfig read_connector(ConfigSection const& in) {
    ConnectorConfig config;
    in.read("name", config.name);
    in.read("organization", config.organization);
    in.read("enabled", config.enabled);
    config.auth = read_methods(in);
    config.projects = in.texts("projects");
    config.repositories = in.texts("repositories");
    config.wikis = in.texts("wikis");
    in.read("read_only", config.read_only);
    in.read("fallback", config.fallback);
    in.read("default_project", config.default_project);
    in.read("confirm_writes", config.confirm_writes);
    if (auto const role = core::parse_role(in.text("sign_in_role").value_or(""))) {
        config.sign_in_role = *role;
        bool const has_oauth = std::any_of(config.auth.begin(), config.auth.end(), [](auto const& method) {
            return method.method == AuthMethod::oauth;
        });
        if (config.sign_in_role != core::Role::administrator && !has_oauth) {
            in.problem("sign_in_role",
                       std::string(core::to_string(config.sign_in_role)) + " without method oauth",
                       "administrator, or method oauth in auth");
        }
    }
    return config;
}

void read_limits(ConfigSection const& in, Limits& limits) {
    for (LimitEntry const& entry : limit_entries()) {
        auto const value = in.integer(entry.name);
        if (value && *value >= entry.minimum && *value <= entry.maximum) {
            set_limit(limits, entry, *value);
        }
    }
}

} // namespace

Config read_config(core::Json const& document, std::string const& folder, ConfigProblems& problems) {
    Config config;
    ConfigSection const root(document.is_object() ? &document : nullptr, "", folder, problems);
    read_listening(root, config);
    ConfigSection const log = root.section("log");
    read_word(log, "level", kLevels, config.log.level);
    read_word(log, "format", kFormats, config.log.format);
    read_store(root.section("store"), config.store);
    ConfigSection const inbound = root.section("inbound");
    read_inbound(inbound, config.inbound);

    ConfigSection const azure_devops = root.section("azure_devops");
    azure_devops.read_url("base_url", config.azure_devops.base_url);
    azure_devops.read_url("search_url", config.azure_devops.search_url);
    azure_devops.read_url("identity_url", config.azure_devops.identity_url);
    azure_devops.read("api_version", config.azure_devops.api_version);

    ConfigSection const entra = root.section("entra");
    entra.read_url("authority", config.entra.authority);
    read_inbound_entra(inbound.section("entra"),
                       config.entra.authority,
                       config.inbound.mode == InboundMode::entra,
                       config.inbound.entra);
    entra.read("client_id", config.entra.client_id);
    if (config.entra.client_id == "developer") {
        config.entra.client_id = kDeveloperClientId;
    }
    config.entra.client_secret = entra.secret_file("client_secret_file");

    ConfigSection const identity = root.section("managed_identity");
    read_word(identity, "source", kSources, config.managed_identity.source);
    config.managed_identity.imds_url = "http://169.254.169.254";
    identity.read_url("imds_url", config.managed_identity.imds_url);

    ConfigSection const outbound = root.section("outbound");
    config.outbound.ca_file = outbound.path("ca_file", true);
    read_proxy(outbound, config.outbound);

    for (ConfigSection const& item : root.sections("connectors")) {
        config.connectors.push_back(read_connector(item));
    }
    for (ConfigSection const& item : root.sections("knowledge_sources")) {
        KnowledgeSourceConfig source;
        item.read("name", source.name);
        item.read("url", source.url);
        item.read("description", source.description);
        source.auth = read_methods(item);
        config.knowledge_sources.push_back(std::move(source));
    }
    ConfigSection const embeddings = root.section("knowledge").section("embeddings");
    if (embeddings.present()) {
        EmbeddingsConfig& read = config.embeddings.emplace();
        embeddings.read_url("url", read.url);
        embeddings.read("model", read.model);
        read.api_key = embeddings.secret_file("api_key_file");
    }
    ConfigSection const tools = root.section("tools");
    config.tools.enable = tools.texts("enable");
    config.tools.disable = tools.texts("disable");
    tools.read("read_only", config.tools.read_only);
    tools.read("mask_secrets", config.tools.mask_secrets);
    tools.read("mark_writes", config.tools.mark_writes);
    root.read("core_dumps", config.core_dumps);
    read_limits(root.section("limits"), config.limits);
    return config;
}

} // namespace server
