#pragma once

#include "core/json.hpp"
#include "core/result.hpp"
#include "core/task.hpp"
#include "server/tools/call_scope.hpp"
#include "server/tools/knowledge_base.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace server {

/// The sources a call may use: those of its organization in projects the connector allows, and of these the
/// ones `wanted` names (a source, a wiki or a repository; empty = all). None is an error that says how to add
/// one.
core::Result<std::vector<WikiSource>>
usable_sources(KnowledgeBase const& base, CallScope const& scope, std::string_view wanted);

/// What a call names the source by: the wiki or repository where that is enough, else the source's name.
std::string shown_name(WikiSource const& source, std::vector<WikiSource> const& all);

/// The organization a call means that names none: the one with the only sources that fit.
std::optional<std::string> implied_organization_of(KnowledgeBase const& base, std::string_view wanted);

/// Asks for the page behind the id of a source that has only that. The arguments outlive the task.
core::Task<core::Result<void>> settle_root(KnowledgeBase& base, WikiSource& source, CallScope const& scope);

/// The page a person opens, at a heading where `anchor` says so.
std::string wiki_page_url(ado::Organization const& organization,
                          WikiSource const& source,
                          std::string_view path,
                          std::string_view anchor = {});

} // namespace server
