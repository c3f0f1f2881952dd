#include "ado/code_search.hpp"

#include "ado/fetch.hpp"
#include "ado/readers.hpp"
#include "core/http/http_message.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <utility>

namespace ado {
namespace {

CodeMatch read_match(core::Json& json) {
    CodeMatch match;
    match.char_offset =
        static_cast<std::size_t>(std::max<std::int64_t>(core::find_int(json, "charOffset").value_or(0), 0));
    match.length = core::find_int(json, "length").value_or(0);
    auto const small = [&json](std::string_view key) {
        constexpr std::int64_t kMax = 1'000'000'000;
        return static_cast<std::uint32_t>(
            std::clamp<std::int64_t>(core::find_int(json, key).value_or(0), 0, kMax));
    };
    match.line = small("line");
    match.column = small("column");
    match.type = take_string(json, "type");
    match.snippet = take_string(json, "codeSnippet");
    return match;
}

std::vector<CodeMatch> read_matches(core::Json& matches, std::string_view key) {
    std::vector<CodeMatch> out;
    if (core::Json* const list = member_array(matches, key)) {
        out.reserve(list->size());
        for (core::Json& item : *list) {
            out.push_back(read_match(item));
        }
    }
    return out;
}

CodeSearchHit read_hit(core::Json& json) {
    CodeSearchHit hit;
    hit.file_name = take_string(json, "fileName");
    hit.path = take_string(json, "path");
    hit.content_id = take_string(json, "contentId");
    if (core::Json* const project = member_object(json, "project")) {
        hit.project = take_string(*project, "name");
        hit.project_id = take_string(*project, "id");
    }
    if (core::Json* const repository = member_object(json, "repository")) {
        hit.repository = take_string(*repository, "name");
        hit.repository_id = take_string(*repository, "id");
        hit.repository_type = take_string(*repository, "type");
    }
    if (core::Json* const versions = member_array(json, "versions")) {
        for (core::Json& version : *versions) {
            std::string branch = bare_branch(take_string(version, "branchName"));
            hit.versions.emplace_back(std::move(branch), take_string(version, "changeId"));
        }
    }
    if (!hit.versions.empty()) {
        hit.branch = hit.versions.front().branch;
        hit.commit = hit.versions.front().commit;
    }
    if (core::Json* const matches = member_object(json, "matches")) {
        hit.matches = read_matches(*matches, "content");
        hit.file_name_matches = read_matches(*matches, "fileName");
    }
    return hit;
}

} // namespace

core::Result<CodeSearchPage> read_code_search_page(core::Json& json) {
    core::Json* const results = member_array(json, "results");
    if (results == nullptr) {
        return core::fail(unreadable_answer("code search results without a list"));
    }
    CodeSearchPage page;
    page.info_code =
        static_cast<int>(std::clamp<std::int64_t>(core::find_int(json, "infoCode").value_or(0), 0, 1000));
    page.hits.reserve(results->size());
    for (core::Json& item : *results) {
        page.hits.push_back(read_hit(item));
    }
    page.count = core::find_int(json, "count").value_or(static_cast<std::int64_t>(page.hits.size()));
    return page;
}

core::Result<RepositoryIndexStatus> read_index_status(core::Json& json) {
    core::Json* const branches = member_array(json, "indexedBranches");
    if (branches == nullptr && !core::find(json, "id")) {
        return core::fail(unreadable_answer("an index status without branches"));
    }
    RepositoryIndexStatus status;
    status.id = take_string(json, "id");
    status.name = take_string(json, "name");
    if (branches != nullptr) {
        for (core::Json& item : *branches) {
            IndexedBranch branch;
            branch.name = bare_branch(take_string(item, "name"));
            branch.last_indexed_commit = take_string(item, "lastIndexedChangeId");
            branch.last_processed_time = take_string(item, "lastProcessedTime");
            status.branches.push_back(std::move(branch));
        }
    }
    return status;
}

bool RepositoryIndexStatus::indexes(std::string_view branch) const noexcept {
    return std::any_of(branches.begin(), branches.end(), [branch](IndexedBranch const& indexed) {
        return indexed.name == branch;
    });
}

InfoCodeMeaning explain_info_code(int code) noexcept {
    InfoCodeMeaning meaning;
    auto const set = [&meaning](IndexNote note, std::string_view sentence) {
        meaning.note = note;
        meaning.sentence = sentence;
    };
    switch (code) {
    case 0:
        break;
    case 1:
        set(IndexNote::not_indexed_yet,
            "The organization is being indexed anew: results are incomplete for now.");
        break;
    case 2:
        set(IndexNote::not_indexed_yet, "Indexing of the organization has not started yet.");
        break;
    case 3:
        set(IndexNote::query_mistake, "The search service calls the request invalid.");
        break;
    case 4:
        set(IndexNote::query_mistake, "A word may not begin with a wildcard (* or ?).");
        break;
    case 5:
        set(IndexNote::query_mistake, "A code type filter (such as class:) takes one word only.");
        break;
    case 6:
    case 7:
        set(IndexNote::not_indexed_yet, "The organization is being indexed: results are incomplete for now.");
        break;
    case 8:
        set(IndexNote::trimmed, "The service returned fewer results than were asked for.");
        break;
    case 9:
        set(IndexNote::not_indexed_yet, "Branches are being indexed: results are incomplete for now.");
        break;
    case 11:
        set(IndexNote::other, "Some work items are not accessible.");
        break;
    case 19:
        set(IndexNote::query_mistake,
            "A quoted phrase cannot be combined with a code type filter (such as class:).");
        break;
    case 20:
        set(IndexNote::query_mistake,
            "A wildcard cannot be combined with a code type filter (such as class:).");
        break;
    default:
        set(IndexNote::other, "The search service marked the answer with an internal code.");
        break;
    }
    return meaning;
}

std::string quote_search_term(std::string_view term) {
    bool const is_operator = term == "AND" || term == "OR" || term == "NOT" || term == "NEAR" ||
                             term == "BEFORE" || term == "AFTER";
    if (!term.empty() && !is_operator && term.find_first_of(" \t\r\n()[]:*?\"\\") == std::string_view::npos) {
        return std::string(term);
    }
    std::string quoted = "\"";
    for (char const c : term) {
        if (c == '"' || c == '\\') {
            quoted += '\\';
        }
        quoted += c;
    }
    quoted += '"';
    return quoted;
}

} // namespace ado
