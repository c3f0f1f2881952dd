#pragma once

#include "ado/source_url.hpp"
#include "core/clock.hpp"
#include "core/result.hpp"
#include "core/task.hpp"
#include "server/knowledge/knowledge_index.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace server {

/// A knowledge source as the wiki tools use it.
class WikiSource {
public:
    explicit WikiSource(std::string key_) : key(std::move(key_)) {}
    std::string key;  ///< its canonical URL; the name of its index
    std::string name; ///< as it was added
    bool is_wiki = true;
    std::string organization; ///< key
    std::string project;
    std::string target; ///< the wiki or the repository
    std::optional<std::int64_t> page_id;
    /// The page that is the source, with what is below it: `/` for a whole wiki, empty while only its id is
    /// known.
    std::string root_path;
    std::optional<core::SystemTime> synced_at; ///< absent: there is no index yet
    IndexMark mark;                            ///< of the index
};

class KnowledgeAnswer {
public:
    IndexAnswer found;
    std::string note; ///< our words on the ranking; may be empty
};

/// The knowledge sources and their index, as far as tools need them. One thread.
class KnowledgeBase {
public:
    virtual ~KnowledgeBase() = default;
    /// In order of their names. Of every organization when `organization` (a key) is empty.
    virtual std::vector<WikiSource> sources(std::string const& organization) const = 0;
    virtual core::Result<ado::SourceUrl> parse_url(std::string_view url) const = 0;
    /// The page of a source whose URL names its id only.
    virtual void learn_root(std::string const& key, std::string path) = 0;
    /// Only sources that have an index. The context outlives the task.
    virtual core::Task<core::Result<KnowledgeAnswer>> search(IndexQuery query,
                                                             core::CallContext const& ctx) = 0;
};

} // namespace server
