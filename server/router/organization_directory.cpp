#include "server/router/organization_directory.hpp"

#include <utility>

namespace server {

OrganizationDirectory::OrganizationDirectory(ado::OrganizationUrls urls, ConnectorFactory factory)
    : urls_(std::move(urls)), factory_(std::move(factory)) {}

void OrganizationDirectory::add(std::shared_ptr<Connector> connector) {
    std::string key = connector->organization().key();
    by_key_.insert_or_assign(std::move(key), std::move(connector));
}

core::Result<ado::Organization> OrganizationDirectory::parse(std::string_view organization) const {
    return ado::parse_organization(organization, urls_);
}

std::string OrganizationDirectory::known_names() const {
    std::string names;
    for (auto const& [key, connector] : by_key_) {
        names.append(names.empty() ? "" : ", ").append(connector->organization().name());
    }
    return names;
}

core::Result<std::shared_ptr<Connector>>
OrganizationDirectory::find(std::optional<std::string_view> organization) const {
    if (by_key_.empty()) {
        return core::fail(
            core::Error(core::ErrorKind::not_found, "No organization is connected yet.")
                .with_code("organization_not_configured")
                .with_fix("Declare a connector in the configuration, or attach a credential with "
                          "`ado-mcpd login`, `ado-mcpd pat set` or POST /api/v1/azuredevops/auth/pat.")
                .with_not_sent());
    }
    if (!organization) {
        if (by_key_.size() == 1) {
            return by_key_.begin()->second;
        }
        return core::fail(core::Error(core::ErrorKind::invalid_argument,
                                      "Several organizations are connected: " + known_names() + ".")
                              .with_code("organization_required")
                              .with_fix("Pass `organization` with one of these names.")
                              .with_not_sent());
    }
    // A bare name is its own key in lower case; only addresses must be taken apart.
    if (ado::is_organization_name(*organization)) {
        auto const named = by_key_.find(core::to_lower_ascii(*organization));
        if (named != by_key_.end()) {
            return named->second;
        }
    }
    ADOMCPD_TRY(ado::Organization const wanted, parse(*organization));
    auto const it = by_key_.find(wanted.key());
    if (it == by_key_.end()) {
        return core::fail(
            core::Error(core::ErrorKind::not_found,
                        "Organization '" + wanted.name() + "' is not connected. Connected: " + known_names() +
                            ".")
                .with_code("organization_unknown")
                .with_fix("Use one of the connected names, or have an administrator add a connector.")
                .with_not_sent());
    }
    return it->second;
}

core::Result<std::shared_ptr<Connector>> OrganizationDirectory::find_or_make(std::string_view organization) {
    ADOMCPD_TRY(ado::Organization wanted, parse(organization));
    auto const it = by_key_.find(wanted.key());
    if (it != by_key_.end()) {
        return it->second;
    }
    std::shared_ptr<Connector> made = factory_(std::move(wanted));
    add(made);
    return made;
}

std::shared_ptr<Connector> OrganizationDirectory::find_named(std::string_view name) const {
    for (auto const& [key, connector] : by_key_) {
        if (core::iequals(connector->settings().name, name)) {
            return connector;
        }
    }
    return nullptr;
}

std::shared_ptr<Connector> OrganizationDirectory::find_key(std::string const& key) const {
    auto const it = by_key_.find(key);
    return it == by_key_.end() ? nullptr : it->second;
}

void OrganizationDirectory::remove(std::string const& key) {
    by_key_.erase(key);
}

std::vector<std::string> const& OrganizationDirectory::sources_of(std::string const& key) const {
    static std::vector<std::string> const none;
    auto const it = sources_.find(key);
    return it == sources_.end() ? none : it->second;
}

void OrganizationDirectory::remove_undeclared(std::string const& key) {
    auto const it = by_key_.find(key);
    if (it != by_key_.end() && !it->second->settings().declared) {
        by_key_.erase(it);
    }
}

std::vector<std::shared_ptr<Connector>> OrganizationDirectory::all() const {
    std::vector<std::shared_ptr<Connector>> result;
    result.reserve(by_key_.size());
    for (auto const& [key, connector] : by_key_) {
        result.push_back(connector);
    }
    return result;
}

} // namespace server
