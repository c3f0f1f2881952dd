#include "server/front/rest/pat_request.hpp"

#include "auth/pat_format.hpp"
#include "core/json.hpp"
#include "core/text/percent_encoding.hpp"
#include "server/config/expiry.hpp"

#include <nlohmann/json.hpp>

#include <array>

namespace server {
namespace {

constexpr std::array<std::string_view, 2> kTokenNames{"pat", "accessToken"};
constexpr std::string_view kShapes =
    "Send the form organization=…&pat=…, or JSON {\"organization\": …, \"pat\": …}.";

/// The fields of a request before they are judged; wiped when it goes out of scope.
class RawFields {
public:
    RawFields() = default;
    RawFields(RawFields const&) = delete;
    RawFields& operator=(RawFields const&) = delete;
    ~RawFields() { core::wipe(token.data(), token.size()); }

    std::optional<std::string> organization;
    std::string token;
    bool has_token = false;
    std::string expires;
};

void wipe(std::string& text) noexcept {
    core::wipe(text.data(), text.size());
    text.clear();
}

void wipe(core::QueryPairs& pairs) noexcept {
    for (auto& [name, value] : pairs) {
        core::wipe(value.data(), value.size());
    }
}

/// Every string in it: a token may have been put where nobody looks for one.
void wipe(core::Json& value) noexcept {
    if (auto* const text = value.get_ptr<std::string*>()) {
        core::wipe(text->data(), text->size());
    } else if (value.is_structured()) {
        for (core::Json& member : value) {
            wipe(member);
        }
    }
}

core::Error invalid(std::string code, std::string message) {
    return core::Error(core::ErrorKind::invalid_argument, std::move(message))
        .with_code(std::move(code))
        .with_fix(std::string(kShapes));
}

core::Result<void> take_token(RawFields& fields, std::string_view value) {
    if (fields.has_token) {
        return core::fail(invalid("ambiguous_token", "The request carries more than one token."));
    }
    fields.has_token = true;
    fields.token = value;
    return {};
}

core::Result<void> take_organization(RawFields& fields, std::string_view value) {
    std::string text(core::trim_ows(value));
    if (fields.organization && !core::iequals(*fields.organization, text)) {
        return core::fail(
            invalid("ambiguous_organization", "The request names two different organizations."));
    }
    fields.organization = std::move(text);
    return {};
}

core::Result<void> take_pairs(RawFields& fields, core::QueryPairs const& pairs) {
    for (auto const& [name, value] : pairs) {
        if (name == "organization") {
            ADOMCPD_TRY_VOID(take_organization(fields, value));
        } else if (name == "expires") {
            fields.expires = value;
        } else if (name == kTokenNames[0] || name == kTokenNames[1]) {
            ADOMCPD_TRY_VOID(take_token(fields, value));
        }
    }
    return {};
}

core::Result<void> take_query(RawFields& fields, std::string_view query) {
    std::optional<core::QueryPairs> pairs = core::parse_query(query);
    if (!pairs) {
        return core::fail(invalid("invalid_query", "The query string is not well-formed."));
    }
    bool exposed = false;
    core::Result<void> taken;
    for (auto const& [name, value] : *pairs) {
        exposed = exposed || name == kTokenNames[0] || name == kTokenNames[1];
        if (taken && name == "organization") {
            taken = take_organization(fields, value);
        }
    }
    wipe(*pairs);
    if (exposed) {
        return core::fail(
            core::Error(core::ErrorKind::invalid_argument, "A token may not be sent in the URL.")
                .with_code("token_in_url")
                .with_fix(
                    "URLs end up in logs along the way: revoke this PAT, and send the new one in the body."));
    }
    return taken;
}

core::Result<void> take_form(RawFields& fields, std::string_view body) {
    std::optional<core::QueryPairs> pairs = core::parse_query(body);
    if (!pairs) {
        return core::fail(invalid("invalid_body", "The form is not well-formed."));
    }
    core::Result<void> taken = take_pairs(fields, *pairs);
    wipe(*pairs);
    return taken;
}

core::Result<void> take_members(RawFields& fields, core::Json const& object) {
    for (auto const& [name, value] : object.items()) {
        bool const token = name == kTokenNames[0] || name == kTokenNames[1];
        bool const known = token || name == "organization" || name == "expires";
        if (!known || (name == "expires" && value.is_null())) {
            continue;
        }
        auto const* const text = value.get_ptr<std::string const*>();
        if (text == nullptr) {
            return core::fail(invalid("invalid_body", "'" + name + "' must be a string."));
        }
        if (token) {
            ADOMCPD_TRY_VOID(take_token(fields, *text));
        } else if (name == "organization") {
            ADOMCPD_TRY_VOID(take_organization(fields, *text));
        } else {
            fields.expires = *text;
        }
    }
    return {};
}

core::Result<void> take_json(RawFields& fields, std::string_view body) {
    core::JsonLimits limits;
    limits.max_depth = 4;
    core::Result<core::Json> object = core::parse_json(body, limits);
    if (!object || !object->is_object()) {
        // The parser's words may quote what it stumbled over.
        return core::fail(invalid("invalid_body", "The body is not a JSON object."));
    }
    core::Result<void> taken = take_members(fields, *object);
    wipe(*object);
    return taken;
}

core::Result<void> take_body(RawFields& fields, InboundRequest const& request) {
    std::string const type = request.media_type();
    if (type == "application/x-www-form-urlencoded") {
        return take_form(fields, request.body);
    }
    if (type == "application/json" || type.ends_with("+json")) {
        return take_json(fields, request.body);
    }
    return core::fail(
        invalid("unsupported_media_type", "The body must be a form or JSON, said so by Content-Type.")
            .with_status(415));
}

} // namespace

core::Result<PatRequest> read_pat_request(InboundRequest& request, core::SystemTime now) {
    RawFields fields;
    core::Result<void> taken = take_query(fields, request.query);
    if (taken) {
        taken = take_body(fields, request);
    }
    wipe(request.body);
    wipe(request.query);
    ADOMCPD_TRY_VOID(std::move(taken));

    if (!fields.organization || fields.organization->empty()) {
        return core::fail(invalid("missing_organization", "The request names no organization."));
    }
    if (!fields.has_token) {
        return core::fail(invalid("missing_pat", "The request carries no PAT."));
    }
    ADOMCPD_TRY(auth::NormalizedPat pat, auth::normalize_pat(fields.token));
    std::string_view const warning = pat.warning();
    PatRequest result(std::move(*fields.organization), std::move(pat.pat));
    result.warning = warning;
    if (!fields.expires.empty()) {
        result.expires = parse_expiry(fields.expires);
        if (!result.expires) {
            return core::fail(core::Error(core::ErrorKind::invalid_argument, "'expires' is not a date.")
                                  .with_code("invalid_expires")
                                  .with_fix("Write it as 2027-03-01 or 2027-03-01T12:00:00Z."));
        }
        if (*result.expires <= now) {
            return core::fail(core::Error(core::ErrorKind::invalid_argument, "'expires' lies in the past.")
                                  .with_code("invalid_expires")
                                  .with_fix("Make a new PAT in Azure DevOps and send that one."));
        }
    }
    return result;
}

} // namespace server
