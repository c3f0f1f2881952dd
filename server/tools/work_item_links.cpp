#include "server/tools/work_item_links.hpp"

#include "ado/artifact_url.hpp"
#include "ado/web_links.hpp"
#include "server/tools/clean_text.hpp"
#include "server/tools/list_answer.hpp"

#include <charconv>
#include <optional>
#include <utility>

namespace server {

namespace {

using Kind = ado::ArtifactUrl::Kind;

ItemLink hyperlink(WantedLink const& wanted) {
    ItemLink link;
    link.rel = "Hyperlink";
    link.url = wanted.url;
    link.comment = wanted.comment;
    return link;
}

ItemLink
artifact_link(WantedLink const& wanted, ado::ArtifactUrl const& artifact, ado::Repository const& in) {
    ItemLink link;
    link.rel = "ArtifactLink";
    link.url = ado::artifact_id(artifact, in.project_id, in.id);
    link.name = ado::artifact_link_name(artifact.kind);
    link.comment = wanted.comment;
    return link;
}

ItemLink related_link(WantedLink const& wanted, ado::ArtifactUrl const& artifact, CallScope const& scope) {
    std::int64_t id = 0;
    std::from_chars(artifact.value.data(), artifact.value.data() + artifact.value.size(), id);
    ItemLink link;
    link.rel = "System.LinkTypes.Related";
    link.url = ado::work_item_api_url(scope.client.organization(), id);
    link.comment = wanted.comment;
    return link;
}

} // namespace

core::Task<ItemLinks>
resolve_links(std::vector<WantedLink> const& wanted, WorkItemMetadata& metadata, CallScope const& scope) {
    ItemLinks out;
    for (WantedLink const& one : wanted) {
        std::optional<ado::ArtifactUrl> const artifact =
            ado::parse_artifact_url(one.url, scope.client.organization());
        if (!artifact) {
            out.links.push_back(hyperlink(one));
        } else if (artifact->kind == Kind::work_item) {
            out.links.push_back(related_link(one, *artifact, scope));
        } else if (artifact->kind == Kind::build) {
            ado::Repository const none;
            out.links.push_back(artifact_link(one, *artifact, none));
        } else if (!scope.policy.allows_project(artifact->project)) {
            out.links.push_back(hyperlink(one));
        } else {
            auto const repository =
                co_await metadata.repository(scope, artifact->project, artifact->repository);
            bool const found = repository && !repository->id.empty() && !repository->project_id.empty();
            out.links.push_back(found ? artifact_link(one, *artifact, *repository) : hyperlink(one));
            if (!found) {
                out.notes.push_back("Linked as a plain address, because its repository could not be read: " +
                                    shorten_text(clean_line(one.url), 200));
            }
        }
    }
    co_return out;
}

void add_link(ado::WorkItemPatch& patch, ItemLink const& link) {
    if (link.name.empty()) {
        patch.add_relation(link.rel, link.url, link.comment);
    } else {
        patch.add_artifact(link.url, link.name, link.comment);
    }
}

} // namespace server
