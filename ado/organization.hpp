#pragma once

#include "core/http/http_message.hpp"
#include "core/result.hpp"

#include <string>
#include <string_view>
#include <utility>

namespace ado {

/// Where Azure DevOps is, as the configuration's `azure_devops` section says it.
class OrganizationUrls {
public:
    std::string base_url = "https://dev.azure.com"; ///< cloud, or an Azure DevOps Server collection root
    std::string search_url = "https://almsearch.dev.azure.com";
    std::string identity_url = "https://vssps.dev.azure.com";
};

/// One organization (or collection of an Azure DevOps Server): its name and the base URLs of its services.
/// Names compare without case: key() is what to index by.
class Organization {
public:
    Organization(std::string name, core::Url core_base, core::Url search_base, core::Url identity_base);

    /// As it was written; for display and URLs.
    std::string const& name() const noexcept { return name_; }
    /// Canonical: lower case.
    std::string const& key() const noexcept { return key_; }

    /// Base URLs; `target` begins with `/` and does not end with one, unless it is the root.
    core::Url const& core_base() const noexcept { return core_base_; }
    core::Url const& search_base() const noexcept { return search_base_; }
    core::Url const& identity_base() const noexcept { return identity_base_; }

    /// The same as text without a slash at the end: `https://dev.azure.com/contoso`. Pages for people live
    /// under web_url().
    std::string const& core_url() const noexcept { return core_url_; }
    std::string search_url() const;
    std::string identity_url() const;
    std::string const& web_url() const noexcept { return core_url_; }

private:
    std::string name_;
    std::string key_;
    core::Url core_base_;
    core::Url search_base_;
    core::Url identity_base_;
    std::string core_url_; ///< every link begins with it
};

/// 1-50 letters, digits and hyphens; a letter or digit first, no hyphen last.
bool is_organization_name(std::string_view name) noexcept;

/// Accepts a bare name, https://dev.azure.com/x[/...], https://x.visualstudio.com[/...] and URLs under
/// `urls.base_url` when that is not the cloud. A credential is only ever sent to the hosts of `urls`: any
/// other URL is invalid_argument.
core::Result<Organization> parse_organization(std::string_view text, OrganizationUrls const& urls);

} // namespace ado
