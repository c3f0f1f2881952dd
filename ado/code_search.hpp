#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ado {

class CodeSearchRequest {
public:
    CodeSearchRequest() = default;
    explicit CodeSearchRequest(std::string text_) : text(std::move(text_)) {}

    std::string text; ///< the service's query language, see quote_search_term()
    /// Names, not ids. With exactly one project its route is used. A repository filter needs a project: the
    /// client refuses the request otherwise, as the service would.
    std::vector<std::string> projects;
    std::vector<std::string> repositories;
    std::vector<std::string> branches;      ///< indexed ones only; none = the default branch
    std::vector<std::string> paths;         ///< folder prefixes
    std::vector<std::string> code_elements; ///< def, class, comment, ...
    std::size_t skip = 0;                   ///< at most 1000
    std::size_t top = 25;                   ///< 1 to 1000
};

/// One place in a file. Offsets count UTF-16 code units of the decoded text as the index saw it.
class CodeMatch {
public:
    CodeMatch() = default;
    CodeMatch(std::size_t char_offset_, std::int64_t length_) : char_offset(char_offset_), length(length_) {}

    std::size_t char_offset = 0;
    std::int64_t length = 0; ///< -1 for a hit in the file's name
    std::uint32_t line = 0;  ///< as the service says: nearly always 0, never trust it
    std::uint32_t column = 0;
    std::string type;    ///< content, strlit, ...
    std::string snippet; ///< codeSnippet, nearly always empty
};

class CodeVersion {
public:
    CodeVersion() = default;
    CodeVersion(std::string branch_, std::string commit_)
        : branch(std::move(branch_)), commit(std::move(commit_)) {}

    std::string branch;
    std::string commit; ///< changeId: the commit the index saw
};

class CodeSearchHit {
public:
    CodeSearchHit() = default;

    std::string project;
    std::string project_id;
    std::string repository;
    std::string repository_id;
    std::string repository_type; ///< git, tfvc, custom
    std::string path;            ///< leading slash
    std::string file_name;
    std::string branch;     ///< of the first version
    std::string commit;     ///< of the first version; fetch the file at this one, not at the branch's tip
    std::string content_id; ///< blob id
    std::vector<CodeVersion> versions;
    std::vector<CodeMatch> matches; ///< in the content; the first hundred
    std::vector<CodeMatch> file_name_matches;
};

class CodeSearchPage {
public:
    CodeSearchPage() = default;

    std::int64_t count = 0; ///< matching files, not hits
    std::vector<CodeSearchHit> hits;
    int info_code = 0; ///< see explain_info_code()
};

/// What an infoCode says about the answer.
enum class IndexNote {
    none,
    not_indexed_yet, ///< 1, 2, 6, 7, 9: the answer is incomplete, asking again later helps
    query_mistake,   ///< 3, 4, 5, 19, 20: the query must be written differently
    trimmed,         ///< 8: fewer results than asked for
    other,
};

class InfoCodeMeaning {
public:
    IndexNote note = IndexNote::none;
    std::string_view sentence; ///< for the reader; empty for `none`
};

InfoCodeMeaning explain_info_code(int code) noexcept;

/// The term as the query language takes it literally: quoted and escaped when it holds anything special.
std::string quote_search_term(std::string_view term);

class IndexedBranch {
public:
    IndexedBranch() = default;

    std::string name;
    std::string last_indexed_commit;
    std::string last_processed_time;
};

/// What the code search index knows of a repository; explains an empty answer.
class RepositoryIndexStatus {
public:
    RepositoryIndexStatus() = default;

    std::string id;
    std::string name;
    std::vector<IndexedBranch> branches;
    bool indexes(std::string_view branch) const noexcept;
};

} // namespace ado
