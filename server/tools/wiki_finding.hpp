#pragma once

#include "server/tools/call_scope.hpp"
#include "server/tools/cursor.hpp"
#include "server/tools/knowledge_base.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace server {

/// The arguments of search_wiki, read.
class WikiQuery {
public:
    std::string text;
    std::vector<std::string> terms;
    std::size_t first = 0; ///< how many results were given before
    std::size_t top = 8;
    std::size_t max_bytes = 0;
    std::string subject; ///< of the cursor
    std::size_t wanted() const noexcept { return first + top + 1; }
};

/// A page or file that was found. Its texts are clean.
class FoundPage {
public:
    explicit FoundPage(WikiSource const& source_) : source(&source_) {}
    WikiSource const* source;
    std::string path; ///< as read_wiki_page takes it
    std::string heading;
    std::string anchor;
    std::size_t start_line = 0; ///< of the section; 0 = not known
    std::size_t end_line = 0;
    std::string snippet;
};

/// What one place that was searched has found, best first.
class WikiFindings {
public:
    std::vector<FoundPage> pages;
    std::optional<std::size_t> total; ///< all it has; nullopt = more than it told
    std::vector<std::string> notes;
    std::optional<core::Error> failure;
};

/// Searches the index. `sources` have one. The arguments of these outlive their task.
core::Task<WikiFindings> search_indexed(KnowledgeBase& base,
                                        WikiQuery const& query,
                                        std::vector<WikiSource const*> const& sources,
                                        CallScope const& scope);
/// Asks the service's wiki search, for all these wikis in one request.
core::Task<WikiFindings> search_live_wikis(WikiQuery const& query,
                                           std::vector<WikiSource const*> const& wikis,
                                           CallScope const& scope);
/// Asks the service's code search for the documents of one repository.
core::Task<WikiFindings>
search_live_repository(WikiQuery const& query, WikiSource const& repository, CallScope const& scope);

} // namespace server
