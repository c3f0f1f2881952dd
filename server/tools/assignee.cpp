#include "server/tools/assignee.hpp"

#include "ado/identities.hpp"
#include "core/http/http_message.hpp"
#include "core/log.hpp"
#include "server/tools/answer.hpp"
#include "server/tools/clean_text.hpp"
#include "server/tools/list_answer.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace server {

namespace {

using core::Result;
using core::Task;

constexpr std::size_t kListed = 8;
constexpr std::size_t kNameBytes = 120;

std::string shown(ado::Identity const& person) {
    std::string text = shorten_text(clean_line(person.name), kNameBytes);
    if (!person.account.empty() && person.account != person.name) {
        text += " <" + shorten_text(clean_line(person.account), kNameBytes) + ">";
    }
    return text;
}

std::string list_of(std::vector<ado::Identity> const& people) {
    std::string text;
    for (std::size_t i = 0; i < std::min(people.size(), kListed); ++i) {
        text += (i > 0 ? ", " : "") + shown(people[i]);
    }
    if (people.size() > kListed) {
        text += " and " + std::to_string(people.size() - kListed) + " more";
    }
    return text;
}

/// The word of a name that tells most: the look-up goes by beginnings and parts of names.
std::string longest_word(std::string_view name) {
    std::string_view longest;
    name = name.substr(0, name.find('@')); // behind it everybody is the same
    while (!name.empty()) {
        std::size_t const end = std::min(name.find_first_of(" .@<>,"), name.size());
        if (end > longest.size()) {
            longest = name.substr(0, end);
        }
        name.remove_prefix(std::min(end + 1, name.size()));
    }
    return std::string(longest);
}

void keep_active(std::vector<ado::Identity>& people) {
    std::erase_if(people, [](ado::Identity const& person) { return !person.is_active; });
}

std::string sent_name(ado::Identity const& person) {
    return person.account.empty() ? person.name : person.account;
}

} // namespace

bool is_unknown_identity(core::Error const& error) {
    return error.message().find("unknown identity") != std::string::npos;
}

Task<Result<std::string>> resolve_assignee(std::string name, CallScope const& scope) {
    if (name.empty() || name.find_first_of("@<") != std::string::npos || is_uuid(name)) {
        co_return name;
    }
    Result<std::vector<ado::Identity>> found = co_await scope.client.find_identities(name, scope.ctx);
    if (!found) {
        if (found.error().kind() == core::ErrorKind::unauthorized) {
            co_return core::fail(found.error());
        }
        core::log::info("assignee.not_looked_up",
                        {{"organization", scope.organization}, {"reason", core::describe(found.error())}});
        co_return name;
    }
    std::vector<ado::Identity>& people = *found;
    keep_active(people);
    std::vector<ado::Identity> same_name;
    std::copy_if(people.begin(), people.end(), std::back_inserter(same_name), [&name](auto const& person) {
        return core::iequals(person.name, name) || core::iequals(person.account, name);
    });
    if (same_name.size() == 1) {
        co_return sent_name(same_name.front());
    }
    if (same_name.empty() && people.size() == 1) {
        co_return sent_name(people.front());
    }
    std::vector<ado::Identity> const& meant = same_name.empty() ? people : same_name;
    if (!meant.empty()) {
        co_return core::fail(wrong_argument("`assigned_to` '" + clean_line(name) + "' may be any of " +
                                                std::to_string(meant.size()) + " people.",
                                            "Pass one of: " + list_of(meant) + "."));
    }
    core::Error error =
        wrong_argument("`assigned_to` '" + clean_line(name) + "' is nobody in " + scope.organization + ".",
                       "Pass an e-mail address.");
    co_return core::fail(co_await with_people(std::move(error), name, scope));
}

Task<core::Error> with_people(core::Error error, std::string name, CallScope const& scope) {
    std::string const word = longest_word(name);
    if (word.empty()) {
        co_return error;
    }
    auto found = co_await scope.client.find_identities(word, scope.ctx);
    if (!found) {
        co_return error;
    }
    keep_active(*found);
    if (found->empty()) {
        co_return error;
    }
    std::string fix =
        error.fix() + (error.fix().empty() ? "" : " ") + "Similar names: " + list_of(*found) + ".";
    co_return std::move(error).with_fix(std::move(fix));
}

} // namespace server
