#pragma once

#include "core/clock.hpp"
#include "core/json.hpp"
#include "core/result.hpp"
#include "server/front/http_exchange.hpp"
#include "server/router/connector_admin.hpp"

#include <optional>
#include <string>

namespace server {

/// What the resources of the REST API have in common.

/// The body as a JSON object. invalid_argument otherwise; status() is 415 for another media type.
core::Result<core::Json> read_json_object(InboundRequest const& request);

/// If-Match and If-None-Match. invalid_argument for what is no list of entity tags; weak ones never match
/// (RFC 9110 §13.1.1).
core::Result<WriteCondition> read_condition(InboundRequest const& request);

/// What a PUT or PATCH of a resource brings.
class ResourceChange {
public:
    core::Json document; ///< an object
    WriteCondition condition;
};
core::Result<ResourceChange> read_change(InboundRequest const& request);

/// `{name}` of the route.
std::string resource_name(InboundRequest const& request);
/// One resource with its ETag; with `created_at` (a path) also where it was made, as Location.
HttpReply
resource_reply(int status, core::Json const& body, std::string const& etag, std::string const& created_at);

/// problem+json; the codes precondition_failed, precondition_required and unsupported_media_type have the
/// statuses of HTTP for them.
HttpReply rest_problem(core::Error const& error);

/// Members that are empty or absent are left out.
void put_text(core::Json& object, char const* name, std::string const& value);
void put_time(core::Json& object, char const* name, std::optional<core::SystemTime> const& value);

core::Json describe_method(CredentialMethodStatus const& status);

} // namespace server
