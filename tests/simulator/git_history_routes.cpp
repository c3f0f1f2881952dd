#include "simulator/git_json.hpp"
#include "simulator/route.hpp"

#include <algorithm>

namespace simulator {
namespace {

constexpr long long kMaxRefs = 1000;

/// The repository of the path when its history may be read, else the refusal.
std::optional<Reply> readable(Call& call, Repository*& out) {
    out = visible_repository(call);
    if (out == nullptr || out->disabled || call.caller.stakeholder()) {
        return repository_not_found(call.param("repository"));
    }
    return std::nullopt;
}

Json ref_json(Call const& call, Repository const& repository, std::string const& name, Commit const& commit) {
    return {{"name", name},
            {"objectId", commit.id},
            {"creator", {{"displayName", commit.author.name}, {"uniqueName", commit.author.email}}},
            {"url", repository_url(call, repository) + "/refs?filter=" + percent_encode(name.substr(5))}};
}

Reply refs(Call& call) {
    Repository* repository = nullptr;
    if (auto refusal = readable(call, repository)) {
        return *refusal;
    }
    std::string filter(call.request.param("filter"));
    auto const contains = call.request.param("filtercontains");
    Json all = Json::array();
    auto const add = [&](std::string const& prefix, auto const& named) {
        for (auto const& [name, commit] : named) {
            std::string const full = prefix + name;
            bool const wanted = std::string_view(full).substr(5).starts_with(filter) &&
                                (contains.empty() || full.find(contains) != std::string::npos);
            if (wanted) {
                all.push_back(ref_json(call, *repository, full, *commit));
            }
        }
    };
    add("refs/heads/", repository->git.branches());
    add("refs/tags/", repository->git.tags());
    auto const top = std::clamp(call.request.int_param("$top", kMaxRefs), 1LL, kMaxRefs);
    auto const skip = static_cast<std::size_t>(std::max(0LL, call.request.int_param("continuationtoken", 0)));
    Json page = Json::array();
    for (std::size_t i = skip; i < all.size() && page.size() < static_cast<std::size_t>(top); ++i) {
        page.push_back(all[i]);
    }
    Reply reply = list_reply(page, true);
    if (skip + page.size() < all.size()) {
        reply.with("x-ms-continuationtoken", std::to_string(skip + page.size()));
    }
    return reply;
}

bool author_matches(Commit const& commit, std::string_view wanted) {
    return wanted.empty() || icontains(commit.author.name, wanted) || icontains(commit.author.email, wanted);
}

bool touches(Commit const& commit, std::string const& path) {
    if (path.empty() || path == "/") {
        return true;
    }
    auto const below = commit.changes.lower_bound(path + "/");
    return commit.changes.contains(path) ||
           (below != commit.changes.end() && below->first.starts_with(path + "/"));
}

Reply commits(Call& call) {
    Repository* repository = nullptr;
    if (auto refusal = readable(call, repository)) {
        return *refusal;
    }
    auto const& request = call.request;
    if (repository->git.empty()) {
        return list_reply(Json::array());
    }
    Version version;
    if (auto refusal = resolve_version(request, *repository, "searchcriteria.itemversion.", version)) {
        return *refusal;
    }
    std::string path(request.param("searchcriteria.itempath"));
    if (!path.empty() && !path.starts_with('/')) {
        path.insert(0, "/");
    }
    auto const from = parse_time(request.param("searchcriteria.fromdate"));
    auto const to = parse_time(request.param("searchcriteria.todate"));
    auto top = request.int_param("searchcriteria.$top", request.int_param("$top", 100));
    auto skip = request.int_param("searchcriteria.$skip", request.int_param("$skip", 0));
    Json list = Json::array();
    for (auto const& commit : repository->git.history(version.commit)) {
        bool const in_time = (!from.has_value() || commit->date >= from->time) &&
                             (!to.has_value() || commit->date <= to->time);
        if (!in_time || !touches(*commit, path) ||
            !author_matches(*commit, request.param("searchcriteria.author"))) {
            continue;
        }
        if (skip > 0) {
            --skip;
            continue;
        }
        if (top-- <= 0) {
            break;
        }
        list.push_back(commit_json(call, *repository, *commit, false));
    }
    return list_reply(list);
}

Reply commit_not_found(Repository const& repository, std::string const& id) {
    return ado_error(404,
                     "GitCommitDoesNotExistException",
                     "TF401229: The commit '" + id + "' does not exist in the repository " + repository.name +
                         ".");
}

Reply one_commit(Call& call) {
    Repository* repository = nullptr;
    if (auto refusal = readable(call, repository)) {
        return *refusal;
    }
    auto const commit = repository->git.find_commit(lower(call.param("commit")));
    return commit == nullptr ? commit_not_found(*repository, call.param("commit"))
                             : json_reply(commit_json(call, *repository, *commit, true));
}

Json change_json(Call const& call,
                 Repository const& repository,
                 Commit const& commit,
                 std::string const& path,
                 ChangeType type) {
    auto const file = commit.snapshot->files.find(path);
    Json item = {{"gitObjectType", "blob"}, {"path", path}, {"commitId", commit.id}};
    if (file != commit.snapshot->files.end()) {
        item["objectId"] = file->second->id;
    }
    item["url"] = repository_url(call, repository) + "/items" + percent_encode(path, "/") +
                  "?versionType=Commit&version=" + commit.id;
    return {{"item", item},
            {"changeType",
             type == ChangeType::add    ? "add"
             : type == ChangeType::edit ? "edit"
                                        : "delete"}};
}

Reply changes(Call& call) {
    Repository* repository = nullptr;
    if (auto refusal = readable(call, repository)) {
        return *refusal;
    }
    auto const commit = repository->git.find_commit(lower(call.param("commit")));
    if (commit == nullptr) {
        return commit_not_found(*repository, call.param("commit"));
    }
    auto const top = call.request.int_param("top", 100);
    auto skip = call.request.int_param("skip", 0);
    Json list = Json::array();
    int adds = 0;
    int edits = 0;
    int deletes = 0;
    for (auto const& [path, type] : commit->changes) {
        ++(type == ChangeType::add ? adds : type == ChangeType::edit ? edits : deletes);
        if (skip-- <= 0 && static_cast<long long>(list.size()) < top) {
            list.push_back(change_json(call, *repository, *commit, path, type));
        }
    }
    return json_reply(
        {{"changeCounts", {{"Add", adds}, {"Edit", edits}, {"Delete", deletes}}}, {"changes", list}});
}

Json branch_stats(Call const& call,
                  Repository const& repository,
                  std::string const& name,
                  CommitPtr const& tip) {
    auto const base = repository.git.branch(repository.default_branch);
    auto const theirs = repository.git.history(tip);
    auto const ours = repository.git.history(base);
    auto const missing = [](std::vector<CommitPtr> const& in, std::vector<CommitPtr> const& from) {
        return std::count_if(from.begin(), from.end(), [&](auto const& c) {
            return std::find(in.begin(), in.end(), c) == in.end();
        });
    };
    return {{"commit", commit_json(call, repository, *tip, true)},
            {"name", name},
            {"aheadCount", missing(ours, theirs)},
            {"behindCount", missing(theirs, ours)},
            {"isBaseVersion", name == repository.default_branch}};
}

Reply branches(Call& call) {
    Repository* repository = nullptr;
    if (auto refusal = readable(call, repository)) {
        return *refusal;
    }
    if (repository->git.empty()) {
        return ado_error(400,
                         "ArgumentException",
                         "VS403403: Cannot find any branches for the " + repository->name + " repository.");
    }
    auto const wanted = call.request.param("name");
    if (!wanted.empty()) {
        auto const tip = repository->git.branch(wanted);
        return tip == nullptr ? version_not_found(*repository, "Branch: " + std::string(wanted))
                              : json_reply(branch_stats(call, *repository, std::string(wanted), tip));
    }
    Json list = Json::array();
    for (auto const& [name, tip] : repository->git.branches()) {
        list.push_back(branch_stats(call, *repository, name, tip));
    }
    return list_reply(list);
}

Reply diffs(Call& call) {
    Repository* repository = nullptr;
    if (auto refusal = readable(call, repository)) {
        return *refusal;
    }
    auto const& request = call.request;
    auto const resolve = [&](std::string_view side, Version& out) -> std::optional<Reply> {
        std::string const prefix(side);
        Request plain;
        plain.query = {{"x.version", std::string(request.param(prefix + "version"))},
                       {"x.versiontype", std::string(request.param(prefix + "versiontype"))}};
        return resolve_version(plain, *repository, "x.", out);
    };
    Version base;
    Version target;
    if (auto refusal = resolve("base", base)) {
        return *refusal;
    }
    if (auto refusal = resolve("target", target)) {
        return *refusal;
    }
    auto const top = static_cast<std::size_t>(std::max(1LL, request.int_param("$top", 100)));
    auto skip = request.int_param("$skip", 0);
    Json list = Json::array();
    bool all = true;
    auto const add = [&](std::string const& path, ChangeType type) {
        if (skip-- > 0) {
            return;
        }
        if (list.size() >= top) {
            all = false;
            return;
        }
        list.push_back(change_json(call, *repository, *target.commit, path, type));
    };
    auto const ours = repository->git.history(base.commit);
    auto const theirs = repository->git.history(target.commit);
    auto const common = std::find_if(theirs.begin(), theirs.end(), [&](auto const& commit) {
        return std::find(ours.begin(), ours.end(), commit) != ours.end();
    });
    auto const& before = base.commit->snapshot->files;
    auto const& after = target.commit->snapshot->files;
    for (auto const& [path, blob] : after) {
        auto const old = before.find(path);
        if (old == before.end() || old->second != blob) {
            add(path, old == before.end() ? ChangeType::add : ChangeType::edit);
        }
    }
    for (auto const& [path, blob] : before) {
        if (!after.contains(path)) {
            add(path, ChangeType::remove);
        }
    }
    return json_reply({{"allChangesIncluded", all},
                       {"changes", list},
                       {"commonCommit", common == theirs.end() ? std::string() : (*common)->id},
                       {"baseCommit", base.commit->id},
                       {"targetCommit", target.commit->id}});
}

} // namespace

std::vector<Route> git_history_routes() {
    using S = Service;
    return {
        {S::core, "GET", "git/repositories/{repository}/refs", "refs", "vso.code", refs},
        {S::core, "GET", "git/repositories/{repository}/commits", "commits", "vso.code", commits},
        {S::core, "GET", "git/repositories/{repository}/commits/{commit}", "commit", "vso.code", one_commit},
        {S::core,
         "GET",
         "git/repositories/{repository}/commits/{commit}/changes",
         "changes",
         "vso.code",
         changes},
        {S::core, "GET", "git/repositories/{repository}/stats/branches", "branchstats", "vso.code", branches},
        {S::core, "GET", "git/repositories/{repository}/diffs/commits", "diffs", "vso.code", diffs},
    };
}

} // namespace simulator
