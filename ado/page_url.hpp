#pragma once

#include "ado/git.hpp"
#include "ado/organization.hpp"
#include "core/result.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace ado {

/// What the address of a page of Azure DevOps names, as someone copied it; what it does not name is empty.
class PageUrl {
public:
    explicit PageUrl(Organization organization_) : organization(std::move(organization_)) {}

    Organization organization;
    std::string project;
    std::string repository;
    std::string path; ///< of a file or folder in it
    VersionDescriptor version;
    std::size_t start_line = 0; ///< 0: none is marked
    std::size_t end_line = 0;
    std::string wiki;
    std::optional<std::int64_t> page_id;
    std::string page_path;
    std::optional<std::int64_t> work_item;
};

/// Whether a text an argument takes is an address: a scheme, or a host of Azure DevOps, stands in front.
bool is_page_url(std::string_view text) noexcept;

/// Pages of an organization, project, repository, file (with version and lines), commit, wiki page and work
/// item, on the hosts parse_organization() knows; of any other page in these, organization and project.
core::Result<PageUrl> parse_page_url(std::string_view text, OrganizationUrls const& urls);

} // namespace ado
