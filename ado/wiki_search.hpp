#pragma once

#include "core/json.hpp"
#include "core/result.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ado {

class WikiSearchRequest {
public:
    WikiSearchRequest() = default;
    explicit WikiSearchRequest(std::string text_) : text(std::move(text_)) {}

    std::string text;
    std::vector<std::string> projects; ///< names; with exactly one its route is used
    std::vector<std::string> wikis;    ///< names
    std::size_t skip = 0;
    std::size_t top = 25;
};

class WikiSearchHit {
public:
    WikiSearchHit() = default;

    std::string project;
    std::string project_id;
    std::string wiki;
    std::string wiki_id;
    std::string mapped_path;
    std::string version; ///< branch
    std::string path;    ///< of the file in git, not of the page: see page_of_file()
    std::string content_id;
    std::vector<std::string> excerpts; ///< plain text around hits in the content
};

class WikiSearchPage {
public:
    WikiSearchPage() = default;

    std::int64_t count = 0;
    std::vector<WikiSearchHit> hits;
    int info_code = 0; ///< see explain_info_code()
};

core::Result<WikiSearchPage> read_wiki_search_page(core::Json& json);

/// A highlight of the search service without its tags, entities decoded.
std::string plain_highlight(std::string_view highlight);

} // namespace ado
