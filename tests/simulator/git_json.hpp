#pragma once

#include "simulator/route.hpp"
#include "simulator/unicode.hpp"

namespace simulator {

/// What a versionDescriptor was resolved to.
class Version {
public:
    CommitPtr commit;  ///< shared with the repository
    std::string label; ///< "Branch: main", for messages
};
/// Reads `<prefix>version` and `<prefix>versionType` of the query; without them the default branch.
std::optional<Reply>
resolve_version(Request const& request, Repository const& repository, std::string_view prefix, Version& out);
Reply version_not_found(Repository const& repository, std::string_view label);

/// The repository the path names, null when there is none or the caller may not see it.
Repository* visible_repository(Call& call);
std::string repository_url(Call const& call, Repository const& repository);
Json project_json(Call const& call, Project const& project);
Json repository_json(Call const& call, Repository const& repository);
Json item_json(Call const& call,
               Repository const& repository,
               Version const& version,
               TreeEntry const& entry,
               bool latest_change);
/// Adds `content` and `contentMetadata` when the query asks for them.
void add_item_content(Request const& request, std::string const& path, Blob const& blob, Json& item);
Json tree_json(Call const& call,
               Repository const& repository,
               Snapshot const& snapshot,
               std::string const& folder,
               std::string const& id,
               bool recursive);
Json commit_json(Call const& call, Repository const& repository, Commit const& commit, bool details);

} // namespace simulator
