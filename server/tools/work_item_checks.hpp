#pragma once

#include "ado/patch.hpp"
#include "core/error.hpp"
#include "server/tools/work_item_metadata.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace server {

/// What the rules say against a patch, one sentence a field, each with what would be right: required fields
/// that are missing (only where a new item is `created`), areas and iterations that do not exist, values of
/// priority, severity and state that are not among the allowed ones. Other lists of values may be mere
/// suggestions: the service judges them.
std::vector<std::string> problems_of(TypeFacts const& facts, ado::WorkItemPatch const& patch, bool created);

/// The problems as the error of a call of which nothing was sent; nullopt when there are none.
std::optional<core::Error> check_patch(TypeFacts const& facts, ado::WorkItemPatch const& patch, bool created);

/// A refusal of the service, its fix completed by what the rules know of the fields it names: allowed values,
/// the nearest name or path, and whatever else is wrong with the patch.
core::Error
explain_refusal(core::Error error, TypeFacts const& facts, ado::WorkItemPatch const& patch, bool created);

/// True for refusals that explain_refusal() can say more about.
bool is_about_rules(core::Error const& error);

/// `Did you mean …` over the type's fields.
std::string nearest_fields(TypeFacts const& facts, std::string_view name);

} // namespace server
