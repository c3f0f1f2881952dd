#include "server/tools/search_notes.hpp"

#include "server/tools/answer.hpp"
#include "server/tools/clean_text.hpp"

#include <string_view>

namespace server {

namespace {

constexpr std::size_t kNamedBranches = 10;

std::string indexed_branches(ado::RepositoryIndexStatus const& status) {
    std::string names;
    std::size_t named = 0;
    for (ado::IndexedBranch const& branch : status.branches) {
        if (named == kNamedBranches) {
            return names + ", and " + std::to_string(status.branches.size() - named) + " more";
        }
        names += (named == 0 ? "" : ", ") + clean_line(branch.name);
        ++named;
    }
    return names.empty() ? "none" : names;
}

void explain_index(SearchArguments const& arguments,
                   core::Result<ado::RepositoryIndexStatus> const& index,
                   std::optional<core::Result<ado::Repository>> const& about,
                   std::vector<std::string>& notes) {
    std::string const repository = "Repository '" + arguments.repository + "'";
    if (about && *about && (*about)->is_disabled) {
        notes.push_back(repository + " is disabled: nothing in it can be searched or read until an "
                                     "administrator of the project enables it.");
        return;
    }
    if (about && *about && (*about)->default_branch.empty()) {
        notes.push_back(repository + " is empty: it has no branch.");
        return;
    }
    if (about && !*about && about->error().kind() == core::ErrorKind::not_found) {
        notes.push_back("There is no repository '" + arguments.repository + "' in project '" +
                        arguments.project +
                        "' that this identity may read, so it is not in the search index; "
                        "list_repositories shows the names.");
        return;
    }
    if (!index) {
        if (index.error().kind() == core::ErrorKind::not_found) {
            notes.push_back(repository + " is not in the search index of project '" + arguments.project +
                            "': check its name; a fork, a disabled or an empty repository is never indexed.");
        }
        return;
    }
    if (!arguments.branch.empty() && !index->indexes(arguments.branch)) {
        notes.push_back(
            "Branch '" + arguments.branch + "' of repository '" + arguments.repository +
            "' is not indexed for search; indexed: " + indexed_branches(*index) +
            ". Search one of these, read files of the branch with read_file, or have it added in the "
            "repository's settings (searchable branches).");
        return;
    }
    if (index->branches.empty()) {
        notes.push_back(repository + " has no indexed branch yet.");
        return;
    }
    for (ado::IndexedBranch const& branch : index->branches) {
        bool const meant = arguments.branch.empty() || bare_branch(branch.name) == arguments.branch;
        if (meant && !branch.last_processed_time.empty()) {
            notes.push_back("The index saw branch '" + clean_line(branch.name) + "' last at " +
                            clean_line(branch.last_processed_time) + "; newer pushes are not searched yet.");
            return;
        }
    }
}

} // namespace

std::vector<std::string>
explain_page(SearchArguments const& arguments, ado::CodeSearchPage const& page, EmptyReasons const& reasons) {
    std::vector<std::string> notes;
    ado::InfoCodeMeaning const meaning = ado::explain_info_code(page.info_code);
    if (meaning.note != ado::IndexNote::none && !meaning.sentence.empty()) {
        notes.emplace_back(meaning.sentence);
    }
    if (!page.hits.empty()) {
        return notes;
    }
    if (arguments.position.item > 0) {
        notes.emplace_back("There are no further results.");
        return notes;
    }
    if (arguments.parsed.leading_wildcard && meaning.note != ado::IndexNote::query_mistake) {
        notes.emplace_back(
            "A word may not begin with `*` or `?`; put the wildcard behind its beginning (`pars*`).");
    }
    if (meaning.note == ado::IndexNote::query_mistake || meaning.note == ado::IndexNote::not_indexed_yet) {
        return notes;
    }
    if (reasons.index) {
        explain_index(arguments, *reasons.index, reasons.repository, notes);
    }
    if (arguments.branch.empty()) {
        notes.emplace_back("Only default branches were searched; pass `branch` for another indexed one.");
    } else if (!reasons.index) {
        notes.push_back("Branch '" + arguments.branch +
                        "' answers only if it is indexed; pass `project` and "
                        "`repository` too to learn whether it is.");
    }
    notes.emplace_back(
        "Search matches whole words, all of them: try fewer words, or `word*` for beginnings.");
    return notes;
}

} // namespace server
