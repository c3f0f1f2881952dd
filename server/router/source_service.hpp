#pragma once

#include "ado/source_url.hpp"
#include "server/router/connector_set.hpp"
#include "server/router/knowledge_states.hpp"
#include "server/router/source_admin.hpp"
#include "server/store/connector_store.hpp"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace server {

/// A source by its name and address alone.
class ListedSource {
public:
    ListedSource(std::string name_, ado::SourceUrl url_) : name(std::move(name_)), url(std::move(url_)) {}
    std::string name;
    ado::SourceUrl url;
};

/// Knowledge sources, declared and stored. One thread; referents outlive it.
class SourceService final : public SourceAdmin {
public:
    SourceService(ConnectorParts const& parts,
                  OrganizationDirectory& directory,
                  ConnectorSet& set,
                  ConnectorStore& store);

    /// Those of the configuration.
    core::Result<void> declare();
    /// Takes up what the store holds now.
    core::Task<core::Result<void>> follow_store();

    /// As they are now, in order of their names.
    std::vector<SourceView> views() const;
    std::vector<ListedSource> listed() const;
    /// Where their indexes are kept; it outlives this.
    void set_states(KnowledgeStates& states);

    core::Task<core::Result<std::vector<SourceView>>> list(core::CallContext const& ctx) override;
    core::Task<core::Result<SourceView>> get(std::string name, core::CallContext const& ctx) override;
    core::Task<core::Result<SourceView>> put(std::string name,
                                             core::Json document,
                                             WriteCondition condition,
                                             core::Principal caller,
                                             core::CallContext const& ctx) override;
    core::Task<core::Result<std::string>> remove(std::string name,
                                                 WriteCondition condition,
                                                 core::Principal caller,
                                                 core::CallContext const& ctx) override;
    core::Task<core::Result<SourceProof>> test(std::string name, core::CallContext const& ctx) override;
    core::Task<core::Result<SourceView>> sync(std::string name, core::CallContext const& ctx) override;

private:
    class Source {
    public:
        Source(std::string name_, ado::SourceUrl url_) : name(std::move(name_)), url(std::move(url_)) {}
        std::string name;
        ado::SourceUrl url;
        std::string description;
        bool declared = false;
        std::int64_t generation = 0;
        core::SystemTime created_at{};
        core::SystemTime updated_at{};
    };

    SourceView view(Source const& source) const;
    Source const* find(std::string const& name) const;
    core::Result<Source> read(std::string const& name, core::Json const& document) const;
    core::Result<void> check_free(Source const& source) const;
    void publish();
    core::Task<core::Result<void>>
    look(Source const& source, Connector& connector, SourceProof& proof, core::CallContext const& ctx) const;

    ConnectorParts const& parts_;
    OrganizationDirectory& directory_;
    ConnectorSet& set_;
    ConnectorStore& store_;
    KnowledgeStates* states_ = nullptr;
    std::map<std::string, Source> sources_; ///< by name in lower case
};

} // namespace server
