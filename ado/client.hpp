#pragma once

#include "ado/client_options.hpp"
#include "ado/code_search.hpp"
#include "ado/connection_data.hpp"
#include "ado/fwd.hpp"
#include "ado/git.hpp"
#include "ado/organization.hpp"
#include "ado/patch.hpp"
#include "ado/transport.hpp"
#include "core/async.hpp"
#include "core/call_context.hpp"
#include "core/http/http_client.hpp"
#include "core/result.hpp"
#include "core/task.hpp"
#include "core/token_source.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace ado {

/// One organization of Azure DevOps over REST. Every method may run concurrently with others on the client's
/// thread; the arguments taken by reference outlive the returned task; cancelling (terminal) aborts the
/// request in flight. Projects and repositories are names or ids.
class Client final {
public:
    /// What is passed by reference or pointer outlives the client. With `pool` large answers are parsed off
    /// the loop.
    Client(Organization organization,
           core::HttpClient& http,
           core::TokenSource& tokens,
           Throttle& throttle,
           core::Clock& clock,
           ClientLimits limits,
           core::BlockingPool* pool = nullptr);

    Organization const& organization() const noexcept { return transport_.organization(); }

    /// Who we are. Needs no particular scope. An anonymous answer is unauthorized.
    core::Task<core::Result<ConnectionData>> connection_data(core::CallContext const& ctx) const;

    /// Every project that is set up and visible, page by page; at most 10,000.
    core::Task<core::Result<std::vector<Project>>> list_projects(core::CallContext const& ctx) const;

    core::Task<core::Result<CodeSearchPage>> search_code(CodeSearchRequest const& request,
                                                         core::CallContext const& ctx) const;
    core::Task<core::Result<RepositoryIndexStatus>> get_repository_index_status(
        std::string const& project, std::string const& repository, core::CallContext const& ctx) const;

    /// A file with its text, or a folder's own entry, in one request. `project` may be empty when
    /// `repository` is an id.
    core::Task<core::Result<FileItem>> get_item(std::string const& project,
                                                std::string const& repository,
                                                std::string const& path,
                                                VersionDescriptor const& version,
                                                core::CallContext const& ctx) const;
    /// The same without the text: what it costs to learn the object id.
    core::Task<core::Result<FileItem>> get_item_info(std::string const& project,
                                                     std::string const& repository,
                                                     std::string const& path,
                                                     VersionDescriptor const& version,
                                                     core::CallContext const& ctx) const;
    /// The bytes of a blob, whatever they are; `object_id` as FileItem has it.
    core::Task<core::Result<std::string>> get_blob(std::string const& project,
                                                   std::string const& repository,
                                                   std::string const& object_id,
                                                   core::CallContext const& ctx) const;
    core::Task<core::Result<Repository>> get_repository(std::string const& project,
                                                        std::string const& repository,
                                                        core::CallContext const& ctx) const;
    /// Of one project, or of all when `project` is empty.
    core::Task<core::Result<std::vector<Repository>>> list_repositories(std::string const& project,
                                                                        core::CallContext const& ctx) const;

    core::Task<core::Result<Wiki>>
    get_wiki(std::string const& project, std::string const& wiki, core::CallContext const& ctx) const;
    /// A page by its id or path; `content` brings its text along.
    core::Task<core::Result<WikiPage>> get_wiki_page(std::string const& project,
                                                     std::string const& wiki,
                                                     std::int64_t page_id,
                                                     bool content,
                                                     core::CallContext const& ctx) const;
    core::Task<core::Result<WikiPage>> get_wiki_page(std::string const& project,
                                                     std::string const& wiki,
                                                     std::string const& path,
                                                     bool content,
                                                     core::CallContext const& ctx) const;
    core::Task<core::Result<WikiSearchPage>> search_wiki(WikiSearchRequest const& request,
                                                         core::CallContext const& ctx) const;
    /// A folder's own entry and what lies in it, or with `whole` everything below it; of a file, the file
    /// alone. Sizes are not known.
    core::Task<core::Result<std::vector<TreeItem>>> list_items(std::string const& project,
                                                               std::string const& repository,
                                                               std::string const& path,
                                                               VersionDescriptor const& version,
                                                               bool whole,
                                                               core::CallContext const& ctx) const;
    /// The same of a folder's tree object, with sizes; paths are relative to it.
    core::Task<core::Result<std::vector<TreeItem>>> list_tree(std::string const& project,
                                                              std::string const& repository,
                                                              std::string const& tree_id,
                                                              bool whole,
                                                              core::CallContext const& ctx) const;
    /// Newest first.
    core::Task<core::Result<std::vector<CommitInfo>>> list_commits(std::string const& project,
                                                                   std::string const& repository,
                                                                   CommitQuery const& query,
                                                                   core::CallContext const& ctx) const;
    /// The commit a branch points at; not_found when there is no such branch.
    core::Task<core::Result<std::string>> get_branch_commit(std::string const& project,
                                                            std::string const& repository,
                                                            std::string const& branch,
                                                            core::CallContext const& ctx) const;
    /// Changed files between two commits, `top` of them behind the first `skip`.
    core::Task<core::Result<CommitDiff>> diff_commits(std::string const& project,
                                                      std::string const& repository,
                                                      DiffQuery const& query,
                                                      core::CallContext const& ctx) const;
    /// Several blobs in one request, as the zip archive the service packs: see read_blobs().
    core::Task<core::Result<std::string>> get_blobs(std::string const& project,
                                                    std::string const& repository,
                                                    std::vector<std::string> const& object_ids,
                                                    core::CallContext const& ctx) const;
    /// Bare names; the first thousand.
    core::Task<core::Result<std::vector<std::string>>> list_branches(std::string const& project,
                                                                     std::string const& repository,
                                                                     core::CallContext const& ctx) const;

    /// Never sent twice by this client once it may have reached the service: see Error::not_sent().
    core::Task<core::Result<WorkItem>> create_work_item(std::string const& project,
                                                        std::string const& type,
                                                        WorkItemPatch const& patch,
                                                        WriteOptions const& options,
                                                        core::CallContext const& ctx) const;
    /// Whole fields are set, links added or removed; the answer has the item's links. The same promise.
    core::Task<core::Result<WorkItem>> update_work_item(std::string const& project,
                                                        std::int64_t id,
                                                        WorkItemPatch const& patch,
                                                        WriteOptions const& options,
                                                        core::CallContext const& ctx) const;
    /// The same promise. HTML is the service's own form.
    core::Task<core::Result<Comment>> add_comment(std::string const& project,
                                                  std::int64_t id,
                                                  std::string const& text,
                                                  TextFormat format,
                                                  core::CallContext const& ctx) const;
    /// The item as it was at revision `rev`.
    core::Task<core::Result<WorkItem>> get_work_item_revision(std::string const& project,
                                                              std::int64_t id,
                                                              std::int64_t rev,
                                                              core::CallContext const& ctx) const;
    /// People and service identities whose name or account begins with or holds `text`.
    core::Task<core::Result<std::vector<Identity>>> find_identities(std::string const& text,
                                                                    core::CallContext const& ctx) const;
    /// All fields, with links.
    core::Task<core::Result<WorkItem>> get_work_item(std::int64_t id, core::CallContext const& ctx) const;
    /// The fields that have a value; links to other items and pages only with `relations`.
    core::Task<core::Result<WorkItem>>
    get_work_item_values(std::int64_t id, bool relations, core::CallContext const& ctx) const;
    /// Newest first, at most `top` of them. `project` is the item's.
    core::Task<core::Result<CommentPage>> list_comments(std::string const& project,
                                                        std::int64_t id,
                                                        std::size_t top,
                                                        core::CallContext const& ctx) const;
    /// At most 200 ids; those that do not exist or are not visible are left out. `fields` empty = all.
    core::Task<core::Result<std::vector<WorkItem>>> get_work_items(std::vector<std::int64_t> const& ids,
                                                                   std::vector<std::string> const& fields,
                                                                   core::CallContext const& ctx) const;
    /// Ids in the query's order; of a query for links, each item once.
    core::Task<core::Result<std::vector<std::int64_t>>> query_wiql(WiqlQuery const& query,
                                                                   core::CallContext const& ctx) const;
    core::Task<core::Result<std::vector<WorkItemType>>>
    list_work_item_types(std::string const& project, core::CallContext const& ctx) const;
    /// One type with its states and the ways between them.
    core::Task<core::Result<WorkItemType>> get_work_item_type(std::string const& project,
                                                              std::string const& type,
                                                              core::CallContext const& ctx) const;
    /// What the type's fields take, with allowed values.
    core::Task<core::Result<std::vector<FieldRule>>>
    list_field_rules(std::string const& project, std::string const& type, core::CallContext const& ctx) const;
    /// Areas and iterations in one request.
    core::Task<core::Result<ClassificationPaths>> list_classification(std::string const& project,
                                                                      core::CallContext const& ctx) const;
    /// As System.AreaPath takes them: `Contoso\Web`. The project's root is the first.
    core::Task<core::Result<std::vector<std::string>>> list_area_paths(std::string const& project,
                                                                       core::CallContext const& ctx) const;

private:
    Transport transport_;
};

} // namespace ado
