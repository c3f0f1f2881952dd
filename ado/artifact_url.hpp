#pragma once

#include "ado/organization.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace ado {

/// What the address of a page of this organization shows, where a work item can be linked to the thing
/// itself.
class ArtifactUrl {
public:
    enum class Kind { commit, pull_request, branch, build, work_item };

    ArtifactUrl(Kind kind_, std::string project_, std::string repository_, std::string value_);

    Kind kind;
    std::string project;    ///< may be empty for work items and builds
    std::string repository; ///< of commits, pull requests and branches
    std::string value;      ///< hash, number, name
};

/// nullopt for every other address: of another organization, of a file, of anywhere else.
std::optional<ArtifactUrl> parse_artifact_url(std::string_view url, Organization const& organization);

/// `vstfs:///Git/Commit/{project}%2F{repository}%2F{hash}`. Ids of project and repository are not needed for
/// builds. Not for work items, which are linked by their REST address.
std::string
artifact_id(ArtifactUrl const& artifact, std::string_view project_id, std::string_view repository_id);

/// What the service calls such a link: `Fixed in Commit`.
std::string_view artifact_link_name(ArtifactUrl::Kind kind) noexcept;

} // namespace ado
