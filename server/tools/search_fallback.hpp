#pragma once

#include "core/error.hpp"
#include "core/result.hpp"
#include "core/task.hpp"
#include "server/tools/call_scope.hpp"
#include "server/tools/search_answer.hpp"
#include "server/tools/search_arguments.hpp"

#include <string>

namespace server {

/// Whether the search service is what failed (it is not installed, or is down), and the search is about one
/// repository with words that can be looked for without it.
bool can_search_by_listing(core::Error const& error,
                           SearchArguments const& arguments,
                           CallScope const& scope);

/// The same search by reading through the repository's files, as far as limits.search_fallback_… go: the
/// tree in two requests, then the texts, those in the cache without a request. `arguments.position.after` is
/// the commit an earlier page began with. Words and phrases count; code types (class:) are plain words here,
/// and NOT is ignored. The arguments and the scope outlive the task.
core::Task<core::Result<SearchFindings>>
search_by_listing(std::string reason, SearchArguments const& arguments, CallScope const& scope);

} // namespace server
