#include "ado/artifact_url.hpp"

#include "ado/git.hpp"
#include "ado/url_segments.hpp"
#include "core/text/percent_encoding.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace ado {
namespace {

constexpr std::string_view kEncodedSlash = "%2F";

/// What follows the organization in the address; nullopt when it is another one.
std::optional<std::string_view> behind_organization(std::string_view url, Organization const& organization) {
    auto const behind = [url](std::string_view base) -> std::optional<std::string_view> {
        bool const here = url.size() > base.size() && core::iequals(url.substr(0, base.size()), base) &&
                          url[base.size()] == '/';
        return here ? std::optional(url.substr(base.size() + 1)) : std::nullopt;
    };
    if (auto const rest = behind(organization.web_url())) {
        return rest;
    }
    // The older host of the same organization.
    if (organization.core_base().origin.host != "dev.azure.com") {
        return std::nullopt;
    }
    auto rest = behind("https://" + organization.name() + ".visualstudio.com");
    constexpr std::string_view kCollection = "DefaultCollection/";
    if (rest && core::iequals(rest->substr(0, kCollection.size()), kCollection)) {
        rest->remove_prefix(kCollection.size());
    }
    return rest;
}

bool is_number(std::string_view text) noexcept {
    return !text.empty() && text.size() <= 10 &&
           std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

class Reader {
public:
    Reader(std::vector<std::string> segments, core::QueryPairs query)
        : segments_(std::move(segments)), query_(std::move(query)) {}

    std::optional<ArtifactUrl> read() const {
        std::size_t const at = !segments_.empty() && segments_[0].starts_with('_') ? 0 : 1;
        if (at >= segments_.size()) {
            return std::nullopt;
        }
        std::string const project = at == 0 ? std::string() : segments_[0];
        std::string const& area = segments_[at];
        if (core::iequals(area, "_git") && at + 1 < segments_.size()) {
            return git(project.empty() ? segments_[at + 1] : project, at + 1);
        }
        if (core::iequals(area, "_build")) {
            std::string const build = value("buildId");
            return is_number(build) ? std::optional(ArtifactUrl(ArtifactUrl::Kind::build, project, {}, build))
                                    : std::nullopt;
        }
        if (core::iequals(area, "_workitems")) {
            std::string const& last = segments_.back();
            return is_number(last)
                       ? std::optional(ArtifactUrl(ArtifactUrl::Kind::work_item, project, {}, last))
                       : std::nullopt;
        }
        return std::nullopt;
    }

private:
    std::string value(std::string_view name) const {
        return std::string(core::find_value(query_, name).value_or(std::string_view()));
    }

    std::optional<ArtifactUrl> git(std::string const& project, std::size_t at) const {
        std::string const& repository = segments_[at];
        if (at + 2 < segments_.size()) {
            std::string const& what = segments_[at + 1];
            std::string const& which = segments_[at + 2];
            if (core::iequals(what, "commit") && is_commit_id(which)) {
                return ArtifactUrl(ArtifactUrl::Kind::commit, project, repository, which);
            }
            if (core::iequals(what, "pullrequest") && is_number(which)) {
                return ArtifactUrl(ArtifactUrl::Kind::pull_request, project, repository, which);
            }
            return std::nullopt;
        }
        constexpr std::string_view kBranch = "GB";
        std::string const version = value("version");
        bool const of_branch = at + 1 == segments_.size() && value("path").empty() &&
                               version.size() > kBranch.size() && version.starts_with(kBranch);
        return of_branch
                   ? std::optional(ArtifactUrl(
                         ArtifactUrl::Kind::branch, project, repository, version.substr(kBranch.size())))
                   : std::nullopt;
    }

    std::vector<std::string> segments_;
    core::QueryPairs query_;
};

} // namespace

ArtifactUrl::ArtifactUrl(Kind kind_, std::string project_, std::string repository_, std::string value_)
    : kind(kind_), project(std::move(project_)), repository(std::move(repository_)),
      value(std::move(value_)) {}

std::optional<ArtifactUrl> parse_artifact_url(std::string_view url, Organization const& organization) {
    std::optional<std::string_view> const rest = behind_organization(url, organization);
    if (!rest) {
        return std::nullopt;
    }
    std::string_view path = rest->substr(0, rest->find('#'));
    std::size_t const mark = path.find('?');
    std::optional<core::QueryPairs> query =
        core::parse_query(mark == std::string_view::npos ? std::string_view() : path.substr(mark + 1));
    std::optional<std::vector<std::string>> segments = path_segments(path.substr(0, mark));
    if (!query || !segments) {
        return std::nullopt;
    }
    return Reader(std::move(*segments), std::move(*query)).read();
}

std::string
artifact_id(ArtifactUrl const& artifact, std::string_view project_id, std::string_view repository_id) {
    std::string place(project_id);
    place.append(kEncodedSlash).append(repository_id).append(kEncodedSlash);
    switch (artifact.kind) {
    case ArtifactUrl::Kind::commit:
        return "vstfs:///Git/Commit/" + place + artifact.value;
    case ArtifactUrl::Kind::pull_request:
        return "vstfs:///Git/PullRequestId/" + place + artifact.value;
    case ArtifactUrl::Kind::branch:
        return "vstfs:///Git/Ref/" + place + "GB" + core::percent_encode(artifact.value);
    case ArtifactUrl::Kind::build:
        return "vstfs:///Build/Build/" + artifact.value;
    case ArtifactUrl::Kind::work_item:
        break;
    }
    return {};
}

std::string_view artifact_link_name(ArtifactUrl::Kind kind) noexcept {
    switch (kind) {
    case ArtifactUrl::Kind::commit:
        return "Fixed in Commit";
    case ArtifactUrl::Kind::pull_request:
        return "Pull Request";
    case ArtifactUrl::Kind::branch:
        return "Branch";
    case ArtifactUrl::Kind::build:
        return "Build";
    case ArtifactUrl::Kind::work_item:
        break;
    }
    return "";
}

} // namespace ado
