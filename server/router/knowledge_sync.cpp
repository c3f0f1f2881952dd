#include "server/router/knowledge_sync.hpp"

#include "ado/git_changes.hpp"
#include "ado/wiki.hpp"
#include "ado/wiki_paths.hpp"
#include "core/log.hpp"
#include "server/tools/clean_text.hpp"
#include "server/tools/parallel.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace server {
namespace {

using core::Error;
using core::ErrorKind;

/// More changes than this are found quicker by listing everything.
constexpr std::size_t kMostChanges = 5000;
constexpr std::size_t kMostRemovals = 500; ///< in one transaction

bool is_too_large(Error const& error) {
    return error.code() == "response_too_large";
}

/// The words of a path and of the first heading: what a file is found by beside its text.
std::string title_of(std::string_view path, std::string const& heading) {
    std::string title(path);
    std::replace(title.begin(), title.end(), '/', ' ');
    title.erase(0, title.find_first_not_of(' '));
    return title.find(heading) == std::string::npos ? title + " " + heading : title;
}

IndexedFile
make_file(IndexMark const& mark, bool is_wiki, std::string path, std::string object_id, std::string bytes) {
    IndexedFile file(std::move(path), std::move(object_id));
    CleanText const clean = clean_text(decode_document(std::move(bytes)));
    Document document = split_document(file.path, clean.text);
    std::string const shown =
        is_wiki ? ado::page_of_file(mark.mapped_path, file.path).value_or(file.path) : file.path;
    file.title = title_of(shown, document.title);
    file.sections = std::move(document.sections);
    return file;
}

/// The contents of a batch in its order; one that is not in the archive is left empty-handed.
core::Result<std::vector<std::optional<std::string>>>
unpack(std::string const& archive, std::vector<std::string> const& ids, std::size_t max_bytes) {
    ADOMCPD_TRY(std::vector<ado::Blob> blobs, ado::read_blobs(archive, max_bytes));
    std::map<std::string, std::string> by_id;
    for (ado::Blob& blob : blobs) {
        by_id.insert_or_assign(std::move(blob.object_id), std::move(blob.content));
    }
    std::vector<std::optional<std::string>> contents;
    for (std::string const& id : ids) {
        auto const found = by_id.find(id);
        contents.push_back(found == by_id.end() ? std::nullopt : std::optional(found->second));
    }
    return contents;
}

} // namespace

KnowledgeSync::KnowledgeSync(KnowledgeIndex& index,
                             ado::Client const& client,
                             ado::SourceUrl const& url,
                             Limits const& limits,
                             core::BlockingPool& pool)
    : index_(index), client_(client), url_(url), limits_(limits), pool_(pool), key_(url.canonical()) {}

core::Task<core::Result<void>> KnowledgeSync::run(std::optional<SourceIndexState> before,
                                                  core::CallContext const& ctx) {
    CO_TRY_VOID(co_await locate(ctx));
    bool const synced = before && before->synced_at;
    left_out_ = synced ? before->left_out : 0;
    if (synced && before->mark == mark_) {
        co_return core::Result<void>();
    }
    CO_TRY(known_, co_await index_.files(key_));
    bool compared = false;
    if (synced && !before->mark.commit.empty() && !mark_.commit.empty()) {
        IndexMark same = before->mark;
        same.commit = mark_.commit;
        if (same == mark_) {
            CO_TRY(compared, co_await compare(before->mark.commit, ctx));
        }
    }
    if (!compared) {
        wanted_.clear();
        removed_.clear();
        left_out_ = 0;
        CO_TRY_VOID(co_await list_all(ctx));
    }
    for (std::size_t at = 0; at < removed_.size(); at += kMostRemovals) {
        auto const first = removed_.begin() + static_cast<std::ptrdiff_t>(at);
        auto const last =
            removed_.begin() + static_cast<std::ptrdiff_t>(std::min(at + kMostRemovals, removed_.size()));
        std::vector<std::string> part(first, last);
        CO_TRY_VOID(co_await index_.change(key_, std::vector<IndexedFile>(), std::move(part)));
    }
    co_return co_await fetch_all(ctx);
}

core::Task<core::Result<void>> KnowledgeSync::locate(core::CallContext const& ctx) {
    if (url_.kind == ado::SourceUrl::Kind::repository) {
        CO_TRY(ado::Repository const repository,
               co_await client_.get_repository(url_.project, url_.name, ctx));
        if (repository.is_disabled) {
            co_return core::fail(
                Error(ErrorKind::forbidden, "Repository '" + repository.name + "' is disabled.")
                    .with_code("repository_disabled")
                    .with_fix("An administrator of the project can enable it in its settings."));
        }
        mark_.repository_id = repository.id;
        mark_.branch = repository.default_branch;
    } else {
        CO_TRY(ado::Wiki const wiki, co_await client_.get_wiki(url_.project, url_.name, ctx));
        mark_.repository_id = wiki.repository_id;
        mark_.branch = wiki.version;
        mark_.mapped_path = wiki.mapped_path.empty() ? "/" : wiki.mapped_path;
        mark_.root_path = url_.page_path.empty() ? "/" : url_.page_path;
        if (url_.page_id) {
            std::int64_t const id = *url_.page_id;
            CO_TRY(ado::WikiPage const page,
                   co_await client_.get_wiki_page(url_.project, wiki.id, id, false, ctx));
            mark_.root_path = page.path;
        }
    }
    if (!mark_.branch.empty()) {
        CO_TRY(mark_.commit,
               co_await client_.get_branch_commit(url_.project, mark_.repository_id, mark_.branch, ctx));
    }
    co_return core::Result<void>();
}

bool KnowledgeSync::belongs(std::string_view path) const {
    if (!is_indexed_format(path)) {
        return false;
    }
    if (url_.kind == ado::SourceUrl::Kind::repository) {
        return true;
    }
    // Other files of a wiki are no pages: nobody could open them there.
    std::optional<std::string> const page = ado::page_of_file(mark_.mapped_path, path);
    return page && ado::is_below(mark_.root_path, *page);
}

bool KnowledgeSync::take(std::string path, std::string object_id, std::size_t size) {
    if (!belongs(path) || object_id.empty()) {
        return false;
    }
    auto const known = known_.find(path);
    bool const same = known != known_.end() && known->second == object_id;
    if (known != known_.end()) {
        known_.erase(known);
    }
    if (same) {
        return true;
    }
    Wanted wanted;
    wanted.path = std::move(path);
    wanted.object_id = std::move(object_id);
    wanted.size = size;
    wanted_.push_back(std::move(wanted));
    return true;
}

void KnowledgeSync::remove(std::string const& path) {
    if (known_.erase(path) != 0) {
        removed_.push_back(path);
    }
}

/// False when the comparison cannot be had: everything must be listed.
core::Task<core::Result<bool>> KnowledgeSync::compare(std::string base, core::CallContext const& ctx) {
    ado::DiffQuery query(std::move(base), mark_.commit);
    std::map<std::string, std::string> const known = known_;
    for (;;) {
        core::Result<ado::CommitDiff> diff =
            co_await client_.diff_commits(url_.project, mark_.repository_id, query, ctx);
        bool const lost =
            !diff && (diff.error().kind() == ErrorKind::not_found ||
                      diff.error().kind() == ErrorKind::invalid_argument || is_too_large(diff.error()));
        bool const rewritten = diff && !diff->common_commit.empty() && diff->common_commit != query.base;
        if (lost || rewritten || (diff && query.skip + diff->entries > kMostChanges)) {
            core::log::info("knowledge.listed_anew", {{"source", key_}, {"base", query.base}});
            known_ = known;
            co_return false;
        }
        if (!diff) {
            co_return core::fail(diff.error());
        }
        for (ado::FileChange& change : diff->changes) {
            if (!change.old_path.empty() && change.old_path != change.path) {
                remove(change.old_path);
            }
            if (change.removed) {
                remove(change.path);
            } else {
                take(std::move(change.path), std::move(change.object_id), 0);
            }
        }
        query.skip += diff->entries;
        if (diff->complete || diff->entries == 0) {
            co_return true;
        }
    }
}

core::Task<core::Result<void>> KnowledgeSync::list_all(core::CallContext const& ctx) {
    if (!mark_.commit.empty()) {
        std::string const folder = mark_.mapped_path.empty() ? std::string("/") : mark_.mapped_path;
        ado::VersionDescriptor const version(ado::VersionType::commit, mark_.commit);
        CO_TRY(ado::FileItem const item,
               co_await client_.get_item(url_.project, mark_.repository_id, folder, version, ctx));
        std::string prefix = folder == "/" ? std::string() : folder;
        std::string tree = item.object_id;
        CO_TRY_VOID(co_await list_folder(std::move(prefix), std::move(tree), ctx));
    }
    for (auto const& [path, object_id] : known_) {
        removed_.push_back(path);
    }
    known_.clear();
    co_return core::Result<void>();
}

/// A tree too large for one answer is asked for folder by folder.
core::Task<core::Result<void>>
KnowledgeSync::list_folder(std::string path, std::string tree, core::CallContext const& ctx) {
    core::Result<std::vector<ado::TreeItem>> items =
        co_await client_.list_tree(url_.project, mark_.repository_id, tree, true, ctx);
    bool const whole = items.has_value();
    if (!whole) {
        if (!is_too_large(items.error())) {
            co_return core::fail(items.error());
        }
        items = co_await client_.list_tree(url_.project, mark_.repository_id, tree, false, ctx);
        if (!items) {
            co_return core::fail(items.error());
        }
    }
    for (ado::TreeItem& item : *items) {
        std::string full = path + "/" + item.path;
        if (item.kind == ado::TreeItemKind::folder && !whole) {
            CO_TRY_VOID(co_await list_folder(std::move(full), std::move(item.object_id), ctx));
        } else if (item.kind == ado::TreeItemKind::file) {
            auto const size = static_cast<std::size_t>(std::max<std::int64_t>(item.size.value_or(0), 0));
            bool const fits =
                size <= limits_.knowledge_file_bytes && wanted_.size() < limits_.knowledge_files;
            if (fits) {
                take(std::move(full), std::move(item.object_id), size);
            } else {
                left_out_ += belongs(full) ? 1U : 0U;
            }
        }
    }
    co_return core::Result<void>();
}

std::vector<KnowledgeSync::Batch> KnowledgeSync::batches() const {
    std::vector<Batch> all;
    std::size_t bytes = 0;
    for (Wanted const& wanted : wanted_) {
        bool const full = all.empty() || all.back().size() >= limits_.knowledge_batch_files ||
                          bytes + wanted.size > limits_.knowledge_batch_bytes;
        if (full) {
            all.emplace_back();
            bytes = 0;
        }
        all.back().push_back(wanted);
        bytes += wanted.size;
    }
    return all;
}

core::Task<core::Result<void>> KnowledgeSync::fetch_all(core::CallContext const& ctx) {
    batches_ = batches();
    ctx_ = &ctx;
    NumberedJob const job = [this](std::size_t number) { return fetch_batch(number); };
    co_await run_parallel(batches_.size(), limits_.knowledge_parallel, job);
    if (failure_) {
        co_return core::fail(std::move(*failure_));
    }
    co_return core::Result<void>();
}

core::Task<void> KnowledgeSync::fetch_batch(std::size_t number) {
    if (failure_) {
        co_return;
    }
    core::Result<void> const done = co_await fetch(std::move(batches_[number]), *ctx_);
    if (!done && !failure_) {
        failure_.emplace(done.error());
    }
}

core::Task<core::Result<void>> KnowledgeSync::fetch(Batch batch, core::CallContext const& ctx) {
    if (singly_ || batch.size() == 1) {
        co_return co_await fetch_singly(std::move(batch), ctx);
    }
    std::vector<std::string> ids;
    for (Wanted const& wanted : batch) {
        ids.push_back(wanted.object_id);
    }
    std::vector<std::string> unique = ids;
    std::sort(unique.begin(), unique.end());
    unique.erase(std::unique(unique.begin(), unique.end()), unique.end());
    core::Result<std::string> archive =
        co_await client_.get_blobs(url_.project, mark_.repository_id, unique, ctx);
    core::Result<std::vector<std::optional<std::string>>> contents =
        core::fail(ErrorKind::internal, "not unpacked");
    if (archive) {
        std::size_t const most = 2 * limits_.knowledge_batch_bytes + limits_.knowledge_file_bytes;
        auto job = [packed = std::move(*archive), ids, most] { return unpack(packed, ids, most); };
        contents = co_await core::run_blocking(pool_, std::move(job));
    } else {
        contents = core::fail(archive.error());
    }
    if (!contents && is_too_large(contents.error())) {
        auto const middle = batch.begin() + static_cast<std::ptrdiff_t>(batch.size() / 2);
        Batch second(std::make_move_iterator(middle), std::make_move_iterator(batch.end()));
        batch.erase(middle, batch.end());
        CO_TRY_VOID(co_await fetch(std::move(batch), ctx));
        co_return co_await fetch(std::move(second), ctx);
    }
    if (!contents) {
        ErrorKind const kind = contents.error().kind();
        if (kind != ErrorKind::not_found && kind != ErrorKind::invalid_argument) {
            co_return core::fail(contents.error());
        }
        singly_ = true;
        co_return co_await fetch_singly(std::move(batch), ctx);
    }
    Batch written;
    Batch missing;
    std::vector<std::string> texts;
    for (std::size_t i = 0; i < batch.size(); ++i) {
        std::optional<std::string>& content = (*contents)[i];
        (content ? written : missing).push_back(std::move(batch[i]));
        if (content) {
            texts.push_back(std::move(*content));
        }
    }
    CO_TRY_VOID(co_await write(std::move(written), std::move(texts)));
    co_return co_await fetch_singly(std::move(missing), ctx);
}

core::Task<core::Result<void>> KnowledgeSync::fetch_singly(Batch batch, core::CallContext const& ctx) {
    for (Wanted& wanted : batch) {
        core::Result<std::string> content =
            co_await client_.get_blob(url_.project, mark_.repository_id, wanted.object_id, ctx);
        if (!content && !is_too_large(content.error())) {
            co_return core::fail(content.error());
        }
        bool const fits = content && content->size() <= limits_.knowledge_file_bytes;
        left_out_ += fits ? 0U : 1U;
        Batch one;
        one.push_back(std::move(wanted));
        std::vector<std::string> texts;
        // One that is too large is noted without text, so that it is not fetched again while it is the same.
        texts.push_back(fits ? std::move(*content) : std::string());
        CO_TRY_VOID(co_await write(std::move(one), std::move(texts)));
    }
    co_return core::Result<void>();
}

core::Task<core::Result<void>> KnowledgeSync::write(Batch batch, std::vector<std::string> contents) {
    if (batch.empty()) {
        co_return core::Result<void>();
    }
    fetched_ += batch.size();
    bool const is_wiki = url_.kind == ado::SourceUrl::Kind::wiki;
    // Taking documents apart is work for a thread of its own.
    auto job = [mark = mark_, is_wiki, batch = std::move(batch), contents = std::move(contents)]() mutable {
        std::vector<IndexedFile> files;
        for (std::size_t i = 0; i < batch.size(); ++i) {
            files.push_back(make_file(mark,
                                      is_wiki,
                                      std::move(batch[i].path),
                                      std::move(batch[i].object_id),
                                      std::move(contents[i])));
        }
        return files;
    };
    std::vector<IndexedFile> files = co_await core::run_blocking(pool_, std::move(job));
    co_return co_await index_.change(key_, std::move(files), std::vector<std::string>());
}

} // namespace server
