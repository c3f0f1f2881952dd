#pragma once

#include "ado/client.hpp"
#include "ado/git_lists.hpp"
#include "ado/source_url.hpp"
#include "core/async.hpp"
#include "core/call_context.hpp"
#include "server/config/limits.hpp"
#include "server/knowledge/knowledge_index.hpp"

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace server {

/// Brings the index of one source up to its branch's head. What changed since the last sync is asked for by
/// comparing commits; the first time, and where the last commit is not in the branch's history any more (a
/// force push), everything is listed and compared by object ids. Only files that changed are fetched, many in
/// one request. What was written stays when it is cut off: the next one fetches what is missing.
class KnowledgeSync {
public:
    /// Referents outlive it.
    KnowledgeSync(KnowledgeIndex& index,
                  ado::Client const& client,
                  ado::SourceUrl const& url,
                  Limits const& limits,
                  core::BlockingPool& pool);

    /// Between begin() and the end of a sync, which is the caller's. `before`: how the index stands.
    /// Cancelling ends it after the write under way. Once only.
    core::Task<core::Result<void>> run(std::optional<SourceIndexState> before, core::CallContext const& ctx);

    /// What run() brought the index to.
    IndexMark const& mark() const noexcept { return mark_; }
    std::size_t left_out() const noexcept { return left_out_; }
    std::size_t fetched() const noexcept { return fetched_; }

private:
    /// A file to fetch.
    class Wanted {
    public:
        std::string path;
        std::string object_id;
        std::size_t size = 0; ///< 0 = not known
    };
    using Batch = std::vector<Wanted>;

    core::Task<core::Result<void>> locate(core::CallContext const& ctx);
    core::Task<core::Result<bool>> compare(std::string base, core::CallContext const& ctx);
    core::Task<core::Result<void>> list_all(core::CallContext const& ctx);
    core::Task<core::Result<void>>
    list_folder(std::string path, std::string tree, core::CallContext const& ctx);
    core::Task<core::Result<void>> fetch_all(core::CallContext const& ctx);
    core::Task<void> fetch_batch(std::size_t number);
    core::Task<core::Result<void>> fetch(Batch batch, core::CallContext const& ctx);
    core::Task<core::Result<void>> fetch_singly(Batch batch, core::CallContext const& ctx);
    core::Task<core::Result<void>> write(Batch batch, std::vector<std::string> contents);
    bool belongs(std::string_view path) const;
    bool take(std::string path, std::string object_id, std::size_t size);
    void remove(std::string const& path);
    std::vector<Batch> batches() const;

    KnowledgeIndex& index_;
    ado::Client const& client_;
    ado::SourceUrl const& url_;
    Limits const& limits_;
    core::BlockingPool& pool_;
    std::string key_;
    IndexMark mark_;
    std::map<std::string, std::string> known_; ///< indexed files that were not seen to be gone
    std::vector<Wanted> wanted_;
    std::vector<std::string> removed_;
    std::size_t left_out_ = 0;
    std::size_t fetched_ = 0;
    std::vector<Batch> batches_;
    core::CallContext const* ctx_ = nullptr;
    std::optional<core::Error> failure_; ///< of one batch: the others do not begin any more
    bool singly_ = false;                ///< this service does not know how to pack blobs
};

} // namespace server
