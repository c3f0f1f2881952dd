#pragma once

#include "ado/organization.hpp"
#include "core/result.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace ado {

/// A repository or a wiki as its address says it.
class SourceUrl {
public:
    enum class Kind { repository, wiki };

    SourceUrl(Kind kind_, Organization organization_, std::string project_, std::string name_)
        : kind(kind_), organization(std::move(organization_)), project(std::move(project_)),
          name(std::move(name_)) {}

    Kind kind;
    Organization organization;
    std::string project;
    std::string name;                    ///< of the repository or the wiki
    std::optional<std::int64_t> page_id; ///< of a wiki: that page and what is below it
    std::string page_path;               ///< the same by path (`?pagePath=`); empty = the whole wiki

    /// As the service writes it: two addresses of one thing are equal here.
    std::string canonical() const;
};

std::string_view to_string(SourceUrl::Kind kind) noexcept;

/// Reads `…/{project}/_git/{repository}` and `…/{project}/_wiki/wikis/{wiki}[/{page id}[/{title}]]` of
/// dev.azure.com, {organization}.visualstudio.com (with or without DefaultCollection) and `urls.base_url`; a
/// clone address with a user name; `_git/{repository}` without a project, which is that of the same name.
/// Anything else is invalid_argument in words that name the forms.
core::Result<SourceUrl> parse_source_url(std::string_view text, OrganizationUrls const& urls);

} // namespace ado
