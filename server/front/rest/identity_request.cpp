#include "server/front/rest/identity_request.hpp"

#include "core/json.hpp"
#include "core/text/percent_encoding.hpp"
#include "server/router/connector_document.hpp"

#include <nlohmann/json.hpp>

#include <utility>

namespace server {
namespace {

constexpr std::size_t kLongestId = 512;

core::Error invalid(std::string code, std::string message) {
    return core::Error(core::ErrorKind::invalid_argument, std::move(message))
        .with_code(std::move(code))
        .with_fix(
            "Send JSON {\"organization\": …, \"client_id\": …, \"federated_client_id\": …, "
            "\"federated_tenant_id\": …}; object_id or resource_id may stand in place of client_id. All "
            "but the organization may be left out, the last two only together.");
}

/// nullptr for a name that is none of ours.
std::string* member_of(IdentityRequest& asked, std::string_view name) {
    if (name == "organization") {
        return &asked.organization;
    }
    if (name == "client_id" || name == "clientId") {
        return &asked.client_id;
    }
    if (name == "object_id" || name == "objectId") {
        return &asked.object_id;
    }
    if (name == "resource_id" || name == "resourceId") {
        return &asked.resource_id;
    }
    if (name == "federated_client_id" || name == "federatedClientId") {
        return &asked.federated_client_id;
    }
    return name == "federated_tenant_id" || name == "federatedTenantId" ? &asked.federated_tenant_id
                                                                        : nullptr;
}

core::Result<void> take(IdentityRequest& asked, std::string_view name, std::string_view value) {
    std::string* const member = member_of(asked, name);
    if (member == nullptr) {
        return core::fail(invalid("invalid_body",
                                  "'" + std::string(name.substr(0, 64)) + "' is no member of the request."));
    }
    if (value.size() > kLongestId) {
        return core::fail(invalid("invalid_body", "'" + std::string(name) + "' is too long."));
    }
    *member = core::trim_ows(value);
    return {};
}

core::Result<void> take_pairs(IdentityRequest& asked, std::string_view encoded) {
    std::optional<core::QueryPairs> const pairs = core::parse_query(encoded);
    if (!pairs) {
        return core::fail(invalid("invalid_body", "The form or the query is not well-formed."));
    }
    for (auto const& [name, value] : *pairs) {
        ADOMCPD_TRY_VOID(take(asked, name, value));
    }
    return {};
}

core::Result<void> take_json(IdentityRequest& asked, std::string_view body) {
    core::JsonLimits limits;
    limits.max_depth = 4;
    core::Result<core::Json> const object = core::parse_json(body, limits);
    if (!object || !object->is_object()) {
        return core::fail(invalid("invalid_body", "The body is not a JSON object."));
    }
    for (auto const& [name, value] : object->items()) {
        if (value.is_null()) {
            continue;
        }
        auto const* const text = value.get_ptr<std::string const*>();
        if (text == nullptr) {
            return core::fail(invalid("invalid_body", "'" + name + "' must be a string."));
        }
        ADOMCPD_TRY_VOID(take(asked, name, *text));
    }
    return {};
}

} // namespace

core::Result<IdentityRequest> read_identity_request(InboundRequest const& request) {
    IdentityRequest asked{std::string()};
    ADOMCPD_TRY_VOID(take_pairs(asked, request.query));
    std::string const type = request.media_type();
    if (type == "application/x-www-form-urlencoded") {
        ADOMCPD_TRY_VOID(take_pairs(asked, request.body));
    } else if (request.body.empty()) {
        // All of it stands in the query.
    } else if (type == "application/json" || type.ends_with("+json")) {
        ADOMCPD_TRY_VOID(take_json(asked, request.body));
    } else {
        return core::fail(
            invalid("unsupported_media_type", "The body must be JSON or a form, said so by Content-Type.")
                .with_status(415));
    }
    if (asked.organization.empty()) {
        return core::fail(invalid("missing_organization", "The request names no organization."));
    }
    ADOMCPD_TRY_VOID(check_one_identity(asked.client_id, asked.object_id, asked.resource_id));
    if (asked.federated_client_id.empty() != asked.federated_tenant_id.empty()) {
        return core::fail(invalid("federation_incomplete",
                                  "Only one of federated_client_id and federated_tenant_id is given."));
    }
    return asked;
}

} // namespace server
