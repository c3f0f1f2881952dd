#pragma once

#include "core/clock.hpp"
#include "core/result.hpp"
#include "core/task.hpp"
#include "server/knowledge/document.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace server {

/// What a source was when it was read: where its files are, and up to which commit they are indexed.
class IndexMark {
public:
    std::string repository_id;
    std::string branch;
    std::string mapped_path; ///< of a wiki: the folder that is it
    std::string root_path;   ///< of a wiki: the page that is the source, `/` for all of it
    std::string commit;
    friend bool operator==(IndexMark const&, IndexMark const&) = default;
};

/// How the index of one source stands.
class SourceIndexState {
public:
    explicit SourceIndexState(std::string key_) : key(std::move(key_)) {}
    std::string key; ///< the source's canonical URL
    IndexMark mark;  ///< its commit is empty while the source was never synced to the end
    std::optional<core::SystemTime> synced_at;
    std::optional<core::SystemTime> failed_at; ///< since the last sync that succeeded
    std::string reason;
    std::string code;
    std::string fix;
    std::size_t files = 0;
    std::size_t left_out = 0; ///< too large, no text, or beyond limits.knowledge_files
    bool syncing = false;     ///< by this process or another
};

class IndexedFile {
public:
    IndexedFile(std::string path_, std::string object_id_)
        : path(std::move(path_)), object_id(std::move(object_id_)) {}
    std::string path; ///< in git
    std::string object_id;
    std::string title; ///< words it is found by beside its headings
    std::vector<Section> sections;
};

class IndexQuery {
public:
    std::string text;
    std::vector<std::string> sources; ///< keys
    std::size_t top = 20;
};

/// A file with its best section.
class IndexHit {
public:
    std::string source; ///< key
    std::string path;
    std::string title;
    Section section;
    double score = 0; ///< higher is better
};

class IndexAnswer {
public:
    std::vector<IndexHit> hits;
    std::size_t total = 0; ///< files among the candidates; hits are the best of them
    bool more = false;     ///< there were more candidates than are looked at
};

/// The index of knowledge sources: sections of their files, for ranked search. A cache in a file of its own,
/// which may be deleted at any time and is rebuilt when its version does not fit. Several processes may share
/// it: one of them syncs a source, the others read what is there. Reads never wait for writes.
class KnowledgeIndex {
public:
    virtual ~KnowledgeIndex() = default;

    virtual core::Task<core::Result<std::vector<SourceIndexState>>> states() = 0;
    /// Begins a sync of the source. False while one is under way, here or in another process; the end of a
    /// process ends its syncs.
    virtual core::Task<core::Result<bool>> begin(std::string source) = 0;
    /// Paths and object ids of what is indexed, also by a sync that was cut off.
    virtual core::Task<core::Result<std::map<std::string, std::string>>> files(std::string source) = 0;
    /// Writes and removes in one transaction. Like what follows, only between begin() and the end; conflict
    /// when the source was dropped meanwhile.
    virtual core::Task<core::Result<void>>
    change(std::string source, std::vector<IndexedFile> written, std::vector<std::string> removed) = 0;
    /// The source is as `mark` says.
    virtual core::Task<core::Result<void>>
    finish(std::string source, IndexMark mark, std::size_t left_out) = 0;
    virtual core::Task<core::Result<void>> fail(std::string source, core::Error error) = 0;
    /// Ends the sync without a word: it goes on another time.
    virtual core::Task<core::Result<void>> give_back(std::string source) = 0;
    /// These are still wanted; what no process wanted for a week is dropped.
    virtual core::Task<core::Result<void>> keep(std::vector<std::string> sources) = 0;
    virtual core::Task<core::Result<void>> drop(std::string source) = 0;

    virtual core::Task<core::Result<IndexAnswer>> search(IndexQuery query) = 0;

    /// Vectors by the digests of texts, those that are known.
    virtual core::Task<core::Result<std::map<std::string, std::vector<float>>>>
    vectors(std::string model, std::vector<std::string> digests) = 0;
    virtual core::Task<core::Result<void>>
    save_vectors(std::string model, std::map<std::string, std::vector<float>> vectors) = 0;
};

/// Of the index beside this store.
std::string knowledge_index_path(std::string_view store_path);

/// Opens or makes the file (mode 0600), and empties one that is damaged or of another version. Blocking.
core::Result<std::unique_ptr<KnowledgeIndex>> open_knowledge_index(core::Clock& clock,
                                                                   std::string const& path);

} // namespace server
