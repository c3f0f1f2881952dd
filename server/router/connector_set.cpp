#include "server/router/connector_set.hpp"

#include "ado/source_url.hpp"
#include "core/log.hpp"
#include "server/config/connector_name.hpp"
#include "server/router/connector_document.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <set>
#include <utility>

namespace server {
namespace {

AuthMethodConfig copy(AuthMethodConfig const& method) {
    AuthMethodConfig made;
    made.method = method.method;
    made.client_id = method.client_id;
    made.federated_client_id = method.federated_client_id;
    made.federated_tenant_id = method.federated_tenant_id;
    made.tenant = method.tenant;
    made.pat = method.pat.clone();
    made.pat_file = method.pat_file;
    made.expires = method.expires;
    return made;
}

/// A sign-in may have been stored for a connector that was there already.
bool holds_credential(Connector const* connector) {
    return connector != nullptr && std::any_of(connector->providers().begin(),
                                               connector->providers().end(),
                                               [](auto const& entry) { return entry.stored; });
}

core::Result<ConnectorConfig> read_record(StoredDocument const& record) {
    ADOMCPD_TRY(core::Json const document, core::parse_json(record.document, core::JsonLimits()));
    return read_connector_document(record.name, document);
}

} // namespace

class ConnectorSet::Entry {
public:
    explicit Entry(ado::Organization organization_) : organization(std::move(organization_)) {}

    bool wanted() const noexcept {
        return declared != nullptr || stored != nullptr || identity || credential || sourced;
    }
    ConnectorConfig const* config() const noexcept {
        return declared != nullptr ? declared : stored != nullptr ? &stored->config : nullptr;
    }
    ConnectorOrigin origin() const noexcept {
        return declared != nullptr ? ConnectorOrigin::configuration
               : stored != nullptr ? ConnectorOrigin::api
                                   : ConnectorOrigin::credential;
    }

    ado::Organization organization;
    ConnectorConfig const* declared = nullptr;
    std::shared_ptr<StoredConnector const> stored; ///< shared with whoever looks at it
    std::optional<StoredIdentity> identity;
    bool credential = false; ///< a grant or a PAT is stored, or about to be
    bool sourced = false;    ///< a knowledge source lies in it
    std::string made_of;     ///< what the connector in the directory was made of
};

ConnectorSet::ConnectorSet(ConnectorParts const& parts, OrganizationDirectory& directory)
    : parts_(parts), directory_(directory), urls_(organization_urls(parts.config)) {}

ConnectorSet::~ConnectorSet() = default;

ConnectorSet::Entry& ConnectorSet::entry_of(ado::Organization const& organization) {
    std::unique_ptr<Entry>& entry = entries_[organization.key()];
    if (!entry) {
        entry = std::make_unique<Entry>(organization);
    }
    return *entry;
}

std::string ConnectorSet::implicit_name(std::string const& key) const {
    std::string const plain = is_connector_name(key) ? key : "org-" + key;
    auto const taken = [&](std::string const& name) {
        return std::any_of(entries_.begin(), entries_.end(), [&](auto const& other) {
            ConnectorConfig const* const config = other.second->config();
            return config != nullptr && core::iequals(config->name, name);
        });
    };
    std::string name = plain;
    for (int suffix = 2; taken(name); ++suffix) {
        name = plain + "-" + std::to_string(suffix);
    }
    return name;
}

void ConnectorSet::settle(std::string const& key) {
    auto const it = entries_.find(key);
    if (it == entries_.end()) {
        return;
    }
    Entry& entry = *it->second;
    std::shared_ptr<Connector> const before = directory_.find_key(key);
    if (!entry.wanted() && !holds_credential(before.get())) {
        directory_.remove(key);
        entries_.erase(it);
        return;
    }
    ConnectorConfig const* const config = entry.config();
    std::string const name = config != nullptr ? config->name : implicit_name(key);
    std::string made_of = name + "\n" + std::string(to_string(entry.origin()));
    made_of += entry.declared == nullptr && entry.stored
                   ? "\n" + std::to_string(entry.stored->record.generation)
                   : std::string("\n");
    made_of += entry.identity ? "\n" + std::to_string(entry.identity->generation) : std::string("\n");
    if (before && made_of == entry.made_of) {
        return;
    }
    ConnectorRecipe recipe(name, entry.organization, entry.origin());
    recipe.config = config;
    recipe.identity = entry.identity ? &*entry.identity : nullptr;
    recipe.replaces = before.get();
    directory_.add(make_connector(parts_, recipe));
    entry.made_of = std::move(made_of);
}

core::Result<void> ConnectorSet::declare() {
    std::set<std::string> keys;
    for (ConnectorConfig const& config : parts_.config.connectors) {
        ADOMCPD_TRY(ado::Organization const organization,
                    ado::parse_organization(config.organization, urls_));
        entry_of(organization).declared = &config;
        keys.insert(organization.key());
    }
    // All first: their addresses go into the entries.
    std::vector<ado::Organization> homes;
    for (KnowledgeSourceConfig const& source : parts_.config.knowledge_sources) {
        ADOMCPD_TRY(ado::SourceUrl const url, ado::parse_source_url(source.url, urls_));
        if (source.auth.empty() || keys.contains(url.organization.key())) {
            continue;
        }
        ConnectorConfig config;
        config.name = implicit_name(url.organization.key());
        config.organization = url.organization.name();
        std::transform(source.auth.begin(), source.auth.end(), std::back_inserter(config.auth), copy);
        from_sources_.push_back(std::move(config));
        homes.push_back(url.organization);
        keys.insert(url.organization.key());
    }
    for (std::size_t i = 0; i < homes.size(); ++i) {
        entry_of(homes[i]).declared = &from_sources_[i];
    }
    for (std::string const& key : keys) {
        settle(key);
    }
    return {};
}

core::Task<core::Result<void>> ConnectorSet::follow_store(ConnectorStore& store) {
    // Each list is taken up as soon as it is there: while another one is waited for, a change of our own may
    // be stored and taken up, and must not be undone by what was read before it.
    CO_TRY(std::vector<StoredDocument> connectors, co_await store.list_connectors());
    std::vector<StoredIdentity> known_identities;
    for (auto const& [key, entry] : entries_) {
        if (entry->identity) {
            known_identities.push_back(*entry->identity);
        }
    }
    apply(std::move(connectors), std::move(known_identities));
    CO_TRY(std::vector<StoredIdentity> identities, co_await store.list_identities());
    std::vector<StoredDocument> known_connectors;
    for (auto const& [key, entry] : entries_) {
        if (entry->stored) {
            known_connectors.push_back(entry->stored->record);
        }
    }
    apply(std::move(known_connectors), std::move(identities));
    co_return core::Result<void>();
}

void ConnectorSet::apply(std::vector<StoredDocument> connectors, std::vector<StoredIdentity> identities) {
    std::set<std::string> stored;
    for (StoredDocument& record : connectors) {
        auto const known = stored_for(record.organization);
        if (known && known->record.generation == record.generation) {
            stored.insert(record.organization);
            continue;
        }
        core::Result<ConnectorConfig> config = read_record(record);
        auto const organization = ado::parse_organization(record.organization, urls_);
        if (!config || !organization) {
            if (std::exchange(unusable_[record.name], record.generation) != record.generation) {
                core::log::warn(
                    "store.connector_unusable",
                    {{"connector", record.name},
                     {"organization", record.organization},
                     {"reason", config ? organization.error().message() : config.error().message()}});
            }
            continue;
        }
        stored.insert(record.organization);
        put_stored(std::move(record), std::move(*config));
    }
    std::set<std::string> attached;
    for (StoredIdentity& identity : identities) {
        attached.insert(identity.organization);
        StoredIdentity const* const known = identity_of(identity.organization);
        if (known == nullptr || known->generation != identity.generation) {
            put_identity(std::move(identity));
        }
    }
    std::vector<std::string> keys;
    for (auto const& [key, entry] : entries_) {
        keys.push_back(key);
    }
    for (std::string const& key : keys) {
        if (!stored.contains(key)) {
            drop_stored(key);
        }
        if (!attached.contains(key)) {
            drop_identity(key);
        }
    }
}

std::shared_ptr<Connector> ConnectorSet::make_for_credential(ado::Organization organization) {
    std::string const key = organization.key();
    entry_of(organization).credential = true;
    settle(key);
    return directory_.find_key(key);
}

void ConnectorSet::drop_credential(std::string const& key) {
    auto const it = entries_.find(key);
    if (it != entries_.end()) {
        it->second->credential = false;
        settle(key);
    }
}

void ConnectorSet::put_stored(StoredDocument record, ConnectorConfig config) {
    auto const organization = ado::parse_organization(config.organization, urls_);
    if (!organization) {
        return; // checked before it was stored; the configuration has changed since
    }
    std::string const key = organization->key();
    // A connector that moved to another organization leaves the one it had.
    std::shared_ptr<StoredConnector const> const before = stored_named(record.name);
    auto made = std::make_shared<StoredConnector const>(std::move(record), std::move(config));
    Entry& entry = entry_of(*organization);
    if (entry.declared != nullptr && entry.stored == nullptr) {
        core::log::warn("connector.shadowed",
                        {{"connector", made->record.name},
                         {"organization", organization->name()},
                         {"reason", "the configuration declares a connector of this organization"}});
    }
    entry.stored = std::move(made);
    settle(key);
    if (before && before->record.organization != key) {
        drop_stored(before->record.organization);
    }
}

void ConnectorSet::drop_stored(std::string const& key) {
    auto const it = entries_.find(key);
    if (it != entries_.end() && it->second->stored != nullptr) {
        it->second->stored.reset();
        settle(key);
    }
}

void ConnectorSet::put_identity(StoredIdentity identity) {
    auto const organization = ado::parse_organization(identity.organization, urls_);
    if (!organization) {
        return;
    }
    entry_of(*organization).identity.emplace(std::move(identity));
    settle(organization->key());
}

void ConnectorSet::drop_identity(std::string const& key) {
    auto const it = entries_.find(key);
    if (it != entries_.end() && it->second->identity) {
        it->second->identity.reset();
        settle(key);
    }
}

void ConnectorSet::set_sources(std::vector<std::pair<ado::Organization, std::string>> const& sources) {
    std::map<std::string, std::vector<std::string>> names;
    for (auto const& [organization, name] : sources) {
        entry_of(organization);
        names[organization.key()].push_back(name);
    }
    std::vector<std::string> keys;
    for (auto const& [key, entry] : entries_) {
        entry->sourced = names.contains(key);
        keys.push_back(key);
    }
    directory_.set_sources(std::move(names));
    for (std::string const& key : keys) {
        settle(key);
    }
}

std::shared_ptr<StoredConnector const> ConnectorSet::stored_named(std::string_view name) const {
    for (auto const& [key, entry] : entries_) {
        if (entry->stored && core::iequals(entry->stored->record.name, name)) {
            return entry->stored;
        }
    }
    return nullptr;
}

std::shared_ptr<StoredConnector const> ConnectorSet::stored_for(std::string const& key) const {
    auto const it = entries_.find(key);
    return it == entries_.end() ? nullptr : it->second->stored;
}

StoredIdentity const* ConnectorSet::identity_of(std::string const& key) const {
    auto const it = entries_.find(key);
    return it == entries_.end() || !it->second->identity ? nullptr : &*it->second->identity;
}

ConnectorConfig const* ConnectorSet::config_of(std::string const& key) const {
    auto const it = entries_.find(key);
    return it == entries_.end() ? nullptr : it->second->config();
}

std::vector<std::string> ConnectorSet::pat_files() const {
    std::set<std::string> files;
    for (auto const& [key, entry] : entries_) {
        ConnectorConfig const* const config = entry->config();
        if (config == nullptr) {
            continue;
        }
        for (AuthMethodConfig const& method : config->auth) {
            if (!method.pat_file.empty()) {
                files.insert(method.pat_file);
            }
        }
    }
    return {files.begin(), files.end()};
}

void ConnectorSet::file_changed(std::string const& path) {
    for (auto const& [key, entry] : entries_) {
        ConnectorConfig const* const config = entry->config();
        bool const uses = config != nullptr &&
                          std::any_of(config->auth.begin(), config->auth.end(), [&](auto const& method) {
                              return method.pat_file == path;
                          });
        if (std::shared_ptr<Connector> const connector = uses ? directory_.find_key(key) : nullptr) {
            connector->pat_file_changed();
            core::log::info("pat_file.changed",
                            {{"organization", connector->organization().name()}, {"file", path}});
        }
    }
}

} // namespace server
