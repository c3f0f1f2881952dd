#pragma once

#include "core/json.hpp"
#include "core/result.hpp"
#include "server/router/organization_directory.hpp"

namespace server {

/// The one place that takes pasted addresses apart. An `organization`, `project`, `repository`, `path`, `id`,
/// `parent_id` or `wiki` that is one becomes what it names, and what else it names (version, lines, …) goes
/// into those arguments of `schema` that are not given; also within `files`. So the allow-lists see names
/// whatever was pasted. One that cannot be understood, or says something else than another argument, stays.
void take_urls_apart(core::Json& arguments, core::Json const& schema, OrganizationDirectory const& directory);

/// invalid_argument for an address that take_urls_apart() left where a name belongs.
core::Result<void> refuse_left_urls(core::Json const& arguments, OrganizationDirectory const& directory);

} // namespace server
