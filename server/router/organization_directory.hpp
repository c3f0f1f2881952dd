#pragma once

#include "ado/organization.hpp"
#include "core/json.hpp"
#include "core/result.hpp"
#include "server/router/connector.hpp"

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace server {

/// Makes the connector of an organization that the configuration does not declare (its credential came by API
/// or CLI).
using ConnectorFactory = std::function<std::shared_ptr<Connector>(ado::Organization)>;

/// Organization name or URL -> connector. Connectors are shared with the calls under way, so that one can be
/// replaced or removed while it serves: such a call finishes on what it began with. One thread.
class OrganizationDirectory {
public:
    OrganizationDirectory(ado::OrganizationUrls urls, ConnectorFactory factory);

    /// In the place of the one its organization has, if any.
    void add(std::shared_ptr<Connector> connector);
    /// The one meant: by name or URL; without one, the only one there is. Errors list what there is.
    core::Result<std::shared_ptr<Connector>> find(std::optional<std::string_view> organization) const;
    /// The one of this organization, made if there is none yet.
    core::Result<std::shared_ptr<Connector>> find_or_make(std::string_view organization);
    core::Result<ado::Organization> parse(std::string_view organization) const;
    ado::OrganizationUrls const& urls() const noexcept { return urls_; }
    /// By the connector's name, without regard to case; nullptr when there is none.
    std::shared_ptr<Connector> find_named(std::string_view name) const;
    std::shared_ptr<Connector> find_key(std::string const& key) const;
    void remove(std::string const& key);
    /// Takes an undeclared connector out. Declared ones stay.
    void remove_undeclared(std::string const& key);
    /// Names of the knowledge sources of each organization, by its key.
    void set_sources(std::map<std::string, std::vector<std::string>> sources) {
        sources_ = std::move(sources);
    }
    std::vector<std::string> const& sources_of(std::string const& key) const;
    /// How the indexes of an organization's sources stand, as a list.
    using SourceReport = std::function<core::Json(std::string const& key)>;
    void set_source_report(SourceReport report) { report_ = std::move(report); }
    SourceReport const& source_report() const noexcept { return report_; }
    /// In order of their names.
    std::vector<std::shared_ptr<Connector>> all() const;

private:
    std::string known_names() const;

    ado::OrganizationUrls urls_;
    ConnectorFactory factory_;
    std::map<std::string, std::shared_ptr<Connector>> by_key_;
    std::map<std::string, std::vector<std::string>> sources_;
    SourceReport report_;
};

} // namespace server
