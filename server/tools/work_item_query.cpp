#include "server/tools/work_item_query.hpp"

#include "core/http/http_message.hpp"
#include "core/text/utf8.hpp"
#include "server/tools/answer.hpp"
#include "server/tools/list_answer.hpp"
#include "server/tools/repository_arguments.hpp"

#include <algorithm>
#include <utility>

namespace server {

namespace {

constexpr std::size_t kMaxWords = 12;
constexpr std::size_t kMaxQuery = 32'000; ///< characters the service takes
/// One more than a batch: whether items follow is known, and how many when they are few.
constexpr std::size_t kIds = 201;
constexpr std::size_t kMostIds = 20'000; ///< the service finds no more

std::string trimmed(std::string_view text) {
    std::size_t const begin = text.find_first_not_of(" \t\r\n");
    return begin == std::string_view::npos
               ? std::string()
               : std::string(text.substr(begin, text.find_last_not_of(" \t\r\n") - begin + 1));
}

bool is_number(std::string_view text) {
    return !text.empty() && text.size() < 10 &&
           text.find_first_not_of("0123456789") == std::string_view::npos;
}

/// The title is searched for parts of words; long texts, of which the service has a word index, for words.
std::string condition_of(std::string const& word) {
    std::string const quoted = ado::quote_wiql(word);
    std::string condition = "([System.Title] CONTAINS " + quoted +
                            " OR [System.Description] CONTAINS WORDS " + quoted +
                            " OR [Microsoft.VSTS.TCM.ReproSteps] CONTAINS WORDS " + quoted +
                            " OR [System.Tags] CONTAINS " + quoted;
    if (is_number(word)) {
        condition += " OR [System.Id] = " + word;
    }
    return condition + ")";
}

void add_equal(std::vector<std::string>& conditions, std::string_view field, std::string const& value) {
    if (!value.empty()) {
        conditions.push_back("[" + std::string(field) + "] = " + ado::quote_wiql(value));
    }
}

std::string person_condition(std::string const& person) {
    if (core::iequals(person, "me") || core::iequals(person, "@me")) {
        return "[System.AssignedTo] = @Me";
    }
    if (core::iequals(person, "nobody") || core::iequals(person, "unassigned")) {
        return "[System.AssignedTo] = ''";
    }
    return "[System.AssignedTo] = " + ado::quote_wiql(person);
}

} // namespace

core::Result<WorkItemSearch> read_work_item_search(core::Json const& args, CallScope const& scope) {
    WorkItemSearch read;
    read.text = trimmed(member_text(args, "text"));
    read.wiql = trimmed(member_text(args, "wiql"));
    read.type = trimmed(member_text(args, "type"));
    read.state = trimmed(member_text(args, "state"));
    read.assigned_to = trimmed(member_text(args, "assigned_to"));
    read.project = chosen_project(args, scope.policy);
    bool const filtered = !read.type.empty() || !read.state.empty() || !read.assigned_to.empty();
    if (!read.wiql.empty() && (filtered || !read.text.empty())) {
        return core::fail(wrong_argument("`wiql` goes with `project`, `top` and `cursor` only.",
                                         "Put the other conditions into its WHERE clause."));
    }
    if (read.wiql.empty() && read.text.empty() && !filtered) {
        return core::fail(wrong_argument("There is nothing to search for.",
                                         "Pass `text`, `wiql`, or at least one of `type`, `state` and "
                                         "`assigned_to`."));
    }
    if (core::utf16_length(core::to_valid_utf8(read.wiql)) > kMaxQuery) {
        return core::fail(wrong_argument("`wiql` is longer than 32,000 characters."));
    }
    if (search_words(read.text).size() > kMaxWords) {
        return core::fail(wrong_argument("`text` has more than " + std::to_string(kMaxWords) + " words.",
                                         "All words must occur: fewer find more."));
    }
    if (!read.project.empty() && !is_usable_name(read.project)) {
        return core::fail(
            wrong_argument("`" + shorten_text(read.project, 80) + "` is not a name of a project."));
    }
    read.top = number_argument(args, "top", read.top);
    read.max_bytes = answer_budget(args, scope.limits.search_answer_bytes, scope.limits);
    read.subject = cursor_subject("search_work_items", scope.organization, args);
    read.resumed = core::find_string(args, "cursor").has_value();
    ADOMCPD_TRY(read.position, cursor_argument(args, read.subject));
    return read;
}

std::vector<std::string> search_words(std::string_view text) {
    std::vector<std::string> words;
    while (!text.empty()) {
        bool const quoted = text.front() == '"';
        text.remove_prefix(quoted ? 1 : 0);
        std::size_t const end = std::min(text.find_first_of(quoted ? "\"" : " \t\r\n\""), text.size());
        std::string word = trimmed(text.substr(0, end));
        // A quote that opens the next phrase is not taken with the word before it.
        bool const drop = end < text.size() && (quoted || text[end] != '"');
        text.remove_prefix(std::min(end + (drop ? 1 : 0), text.size()));
        if (!word.empty()) {
            words.push_back(std::move(word));
        }
    }
    return words;
}

ado::WiqlQuery make_work_item_query(WorkItemSearch const& search, ConnectorPolicy const& policy) {
    if (!search.wiql.empty()) {
        ado::WiqlQuery query(search.wiql);
        query.project = search.project;
        query.top = std::min(static_cast<std::size_t>(search.position.item) + kIds, kMostIds);
        return query;
    }
    std::vector<std::string> conditions;
    if (!search.project.empty()) {
        add_equal(conditions, "System.TeamProject", search.project);
    } else if (!policy.projects.empty()) {
        std::string names;
        for (std::string const& project : policy.projects) {
            names += (names.empty() ? "" : ", ") + ado::quote_wiql(project);
        }
        conditions.push_back("[System.TeamProject] IN (" + names + ")");
    }
    for (std::string const& word : search_words(search.text)) {
        conditions.push_back(condition_of(word));
    }
    add_equal(conditions, "System.WorkItemType", search.type);
    add_equal(conditions, "System.State", search.state);
    if (!search.assigned_to.empty()) {
        conditions.push_back(person_condition(search.assigned_to));
    }
    if (search.resumed) {
        conditions.push_back("[System.Id] < " + std::to_string(search.position.item));
    }
    std::string text = "SELECT [System.Id] FROM WorkItems WHERE ";
    for (std::size_t i = 0; i < conditions.size(); ++i) {
        text += (i > 0 ? " AND " : "") + conditions[i];
    }
    ado::WiqlQuery query(text + " ORDER BY [System.Id] DESC");
    query.project = search.project;
    query.top = kIds;
    return query;
}

} // namespace server
