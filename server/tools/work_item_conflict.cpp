#include "server/tools/work_item_conflict.hpp"

#include "core/http/http_message.hpp"
#include "server/tools/clean_text.hpp"
#include "server/tools/list_answer.hpp"
#include "server/tools/name_hints.hpp"
#include "server/tools/work_item_view.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace server {

namespace {

using core::Json;
using core::Task;

constexpr std::size_t kShownBytes = 80;
constexpr std::size_t kDifferences = 8;
/// What changes with every revision and says nothing.
constexpr std::array<std::string_view, 10> kBookkeeping = {"System.Id",
                                                           "System.Rev",
                                                           "System.ChangedDate",
                                                           "System.ChangedBy",
                                                           "System.AuthorizedDate",
                                                           "System.AuthorizedAs",
                                                           "System.RevisedDate",
                                                           "System.Watermark",
                                                           "System.PersonId",
                                                           "Microsoft.VSTS.Common.StateChangeDate"};

std::string shown(ado::WorkItem const& item, std::string const& field) {
    Json const* const value = core::find(item.fields, field);
    if (value == nullptr || value->is_null()) {
        return "(empty)";
    }
    return shorten_text(field_line(*value), kShownBytes);
}

bool is_bookkeeping(std::string_view field) {
    return std::find(kBookkeeping.begin(), kBookkeeping.end(), field) != kBookkeeping.end();
}

} // namespace

std::vector<std::string> differences(ado::WorkItem const& before, ado::WorkItem const& now) {
    std::vector<std::string> fields;
    for (Json const* const side : {&before.fields, &now.fields}) {
        for (auto const& [field, value] : side->items()) {
            bool const known = std::find(fields.begin(), fields.end(), field) != fields.end();
            if (!known && !is_bookkeeping(field) && before.field(field) != now.field(field)) {
                fields.push_back(field);
            }
        }
    }
    std::vector<std::string> out;
    for (std::string const& field : fields) {
        out.push_back(clean_line(field) + ": " + shown(before, field) + " -> " + shown(now, field));
    }
    return out;
}

Task<core::Error> revision_conflict(ado::WorkItem const& now, std::int64_t expected, CallScope const& scope) {
    std::string message = "Work item " + std::to_string(now.id) + " is at revision " +
                          std::to_string(now.rev) + ", not " + std::to_string(expected) +
                          "; nothing was changed.";
    std::string const who = shown(now, "System.ChangedBy");
    if (now.rev > expected) {
        message += " Last changed by " + who + " on " + shown(now, "System.ChangedDate") + ".";
        auto const before =
            co_await scope.client.get_work_item_revision(now.project, now.id, expected, scope.ctx);
        if (before) {
            std::vector<std::string> const changes = differences(*before, now);
            std::string list;
            for (std::size_t i = 0; i < std::min(changes.size(), kDifferences); ++i) {
                list += (i > 0 ? "; " : "") + changes[i];
            }
            if (changes.size() > kDifferences) {
                list += " and " + std::to_string(changes.size() - kDifferences) + " more";
            }
            message += list.empty() ? " No field differs." : " Changed since: " + list + ".";
        }
    }
    co_return core::Error(core::ErrorKind::conflict, std::move(message))
        .with_code("rev_conflict")
        .with_fix("If the change still makes sense, repeat it with expected_rev " + std::to_string(now.rev) +
                  ".")
        .with_not_sent();
}

Task<core::Error>
with_transitions(core::Error error, ado::WorkItem const& item, std::string wanted, CallScope const& scope) {
    auto const type = co_await scope.client.get_work_item_type(item.project, item.type, scope.ctx);
    if (!type) {
        co_return error;
    }
    std::vector<std::string> reachable;
    for (ado::StateTransition const& transition : type->transitions) {
        if (core::iequals(transition.from, item.state)) {
            for (std::string const& to : transition.to) {
                if (!core::iequals(to, item.state)) {
                    reachable.push_back(to);
                }
            }
        }
    }
    if (reachable.empty()) {
        for (ado::WorkItemState const& state : type->states) {
            reachable.push_back(state.name);
        }
    }
    std::string const from = "From '" + shorten_text(clean_line(item.state), kShownBytes) + "' it can go to";
    std::string fix = describe_names(wanted, std::move(reachable), from);
    fix += (error.fix().empty() ? "" : " ") + error.fix();
    co_return std::move(error).with_fix(std::move(fix));
}

} // namespace server
