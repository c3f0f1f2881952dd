#pragma once

#include "core/result.hpp"
#include "core/task.hpp"
#include "server/router/connector_factory.hpp"
#include "server/router/organization_directory.hpp"
#include "server/store/connector_store.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace server {

/// A connector of the store, read.
class StoredConnector {
public:
    StoredConnector(StoredDocument record_, ConnectorConfig config_)
        : record(std::move(record_)), config(std::move(config_)) {}
    StoredDocument record;
    ConnectorConfig config;
};

/// Which organizations have a connector, and from what each is made: declared in the configuration, made
/// through the API, or standing for a credential or a knowledge source that is stored. Keeps the directory in
/// step; what changes takes the place of what was there, and calls under way finish on what they began with.
/// One thread; referents outlive it.
class ConnectorSet {
public:
    ConnectorSet(ConnectorParts const& parts, OrganizationDirectory& directory);
    ~ConnectorSet();
    ConnectorSet(ConnectorSet const&) = delete;
    ConnectorSet& operator=(ConnectorSet const&) = delete;

    /// Connectors of the configuration, and of its knowledge sources that bring their own credentials.
    core::Result<void> declare();
    /// Takes up what the store holds now: connectors, attached identities. Others may have written it.
    core::Task<core::Result<void>> follow_store(ConnectorStore& store);

    /// For the directory: the connector of an organization that gets a credential.
    std::shared_ptr<Connector> make_for_credential(ado::Organization organization);
    /// No grant and no PAT of the organization is stored any more.
    void drop_credential(std::string const& key);

    void put_stored(StoredDocument record, ConnectorConfig config);
    void drop_stored(std::string const& key);
    void put_identity(StoredIdentity identity);
    void drop_identity(std::string const& key);
    /// Names of the knowledge sources of each organization.
    void set_sources(std::vector<std::pair<ado::Organization, std::string>> const& sources);

    /// nullptr when the API has made none of this name (without case) or for this organization.
    std::shared_ptr<StoredConnector const> stored_named(std::string_view name) const;
    std::shared_ptr<StoredConnector const> stored_for(std::string const& key) const;
    StoredIdentity const* identity_of(std::string const& key) const;
    /// What the connector of this organization was made from; nullptr when nothing is said about it.
    ConnectorConfig const* config_of(std::string const& key) const;

    /// A configured PAT's file changed: the next call reads it.
    void file_changed(std::string const& path);
    /// Files of configured PATs.
    std::vector<std::string> pat_files() const;

private:
    class Entry;

    Entry& entry_of(ado::Organization const& organization);
    /// Makes, replaces or removes the connector as what is known asks for.
    void settle(std::string const& key);
    std::string implicit_name(std::string const& key) const;
    void apply(std::vector<StoredDocument> connectors, std::vector<StoredIdentity> identities);

    ConnectorParts const& parts_;
    OrganizationDirectory& directory_;
    ado::OrganizationUrls urls_;
    std::map<std::string, std::unique_ptr<Entry>> entries_; ///< by key
    std::vector<ConnectorConfig> from_sources_;             ///< connectors that declared sources bring along
    std::map<std::string, std::int64_t> unusable_;          ///< records told of in the log, with generation
};

} // namespace server
