#include "auth/jwt_rules.hpp"

#include "auth/tenant_lookup.hpp"
#include "auth/token_refusal.hpp"
#include "core/http/http_message.hpp"
#include "core/text/utf8.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace auth {
namespace {

using core::Json;
using core::Role;

/// In the year 2255; not much later, nanoseconds since 1970 leave 64 bits.
constexpr std::int64_t kLatest = 9'000'000'000;
constexpr std::size_t kLongestName = 128;
constexpr std::string_view kApiScheme = "api://";

std::string text_of(Json const& claims, std::string_view name) {
    return std::string(core::find_string(claims, name).value_or(std::string_view()));
}

tl::unexpected<core::Error> refuse(std::string_view why, std::string detail) {
    return core::fail(refused_token(why, std::move(detail)));
}

tl::unexpected<core::Error> grants_nothing(std::string message, std::string fix) {
    return core::fail(core::Error(core::ErrorKind::forbidden, std::move(message))
                          .with_code("insufficient_scope")
                          .with_fix(std::move(fix)));
}

/// Absent is nullopt; anything but a whole number of seconds that a clock can hold is refused. RFC 7519 lets
/// a NumericDate have fractions; nobody sends them, and what does is more likely to mean something else.
core::Result<std::optional<core::SystemTime>> time_of(Json const& claims, std::string_view name) {
    if (core::find(claims, name) == nullptr) {
        return std::optional<core::SystemTime>();
    }
    std::optional<std::int64_t> const seconds = core::find_int(claims, name);
    if (!seconds || *seconds < 0 || *seconds > kLatest) {
        return refuse("is not valid", std::string(name) + " is no time");
    }
    return std::optional(core::SystemTime(std::chrono::seconds(*seconds)));
}

/// RFC 7519 §4.1.3: one text or several.
core::Result<std::vector<std::string>> audiences_of(Json const& claims) {
    std::vector<std::string> found;
    Json const* audience = core::find(claims, "aud");
    if (audience != nullptr && audience->is_string()) {
        found.push_back(audience->get<std::string>());
    } else if (audience != nullptr && audience->is_array()) {
        for (Json const& entry : *audience) {
            if (!entry.is_string()) {
                return refuse("is not valid", "aud holds something that is no text");
            }
            found.push_back(entry.get<std::string>());
        }
    }
    if (found.empty()) {
        return refuse("is not meant for this server", "no aud");
    }
    return found;
}

/// Texts of a claim that is an array of them, or one text.
std::vector<std::string> texts_of(Json const& claims, std::string_view name) {
    std::vector<std::string> texts;
    if (Json const* list = core::find_array(claims, name)) {
        for (Json const& entry : *list) {
            if (entry.is_string()) {
                texts.push_back(entry.get<std::string>());
            }
        }
    } else if (auto const one = core::find_string(claims, name)) {
        texts.emplace_back(*one);
    }
    return texts;
}

/// Entra's `scp` and RFC 9068's `scope`: names with blanks between; nullopt when the token has neither.
std::optional<std::vector<std::string>> scopes_of(Json const& claims) {
    bool present = false;
    std::vector<std::string> scopes;
    for (char const* const name : {"scp", "scope"}) {
        present = present || core::find(claims, name) != nullptr;
        for (std::string const& text : texts_of(claims, name)) {
            std::string_view left = text;
            while (!left.empty()) {
                std::string_view const scope = left.substr(0, left.find(' '));
                if (!scope.empty()) {
                    scopes.emplace_back(scope);
                }
                left.remove_prefix(std::min(left.size(), scope.size() + 1));
            }
        }
    }
    return present ? std::optional(std::move(scopes)) : std::nullopt;
}

void raise(std::optional<Role>& role, Role to) noexcept {
    role = role ? std::max(*role, to) : to;
}

/// The highest role any of the names stands for.
std::optional<Role> highest(std::vector<std::string> const& names,
                            std::map<std::string, Role, std::less<>> const& meaning) {
    std::optional<Role> found;
    for (std::string const& name : names) {
        if (auto const it = meaning.find(core::to_lower_ascii(name)); it != meaning.end()) {
            raise(found, it->second);
        }
    }
    return found;
}

/// Entra, application permissions: no person took part. Without the optional claim idtyp it shows in the
/// subject, which is the service principal itself.
bool is_app_only(Json const& claims) {
    if (auto const type = core::find_string(claims, "idtyp")) {
        return *type == "app";
    }
    auto const subject = core::find_string(claims, "sub");
    return subject && subject == core::find_string(claims, "oid");
}

/// For logs and answers: short, without control characters.
std::string shown_name(Json const& claims, std::string const& client) {
    for (char const* const claim :
         {"preferred_username", "upn", "unique_name", "name", "app_displayname", "email"}) {
        std::string name(core::utf8_prefix(core::find_string(claims, claim).value_or(""), kLongestName));
        std::erase_if(name, [](char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7f'; });
        if (!name.empty()) {
            return name;
        }
    }
    return client.empty() ? text_of(claims, "sub") : client;
}

std::string client_of(Json const& claims) {
    for (char const* const claim : {"azp", "appid", "client_id"}) {
        if (std::string client = text_of(claims, claim); !client.empty()) {
            return client;
        }
    }
    return {};
}

/// (tid, oid) in Entra: the only pair that is never given to somebody else. Elsewhere (iss, sub).
core::Result<std::string> identity_of(Json const& claims, std::string_view issuer, JwtRules const& rules) {
    std::string const subject = text_of(claims, "sub");
    if (!rules.entra) {
        if (subject.empty()) {
            return refuse("is not valid", "no sub");
        }
        return std::string(issuer) + " " + subject;
    }
    std::string const tenant = core::to_lower_ascii(text_of(claims, "tid"));
    std::string const object = core::to_lower_ascii(text_of(claims, "oid"));
    if (!is_tenant_id(tenant) || issuer.find("/" + tenant + "/") == std::string_view::npos) {
        return refuse("was not issued by the tenant this server trusts", "tid is not that of iss");
    }
    if (!is_tenant_id(object)) {
        return refuse("is not valid", "oid is no object id");
    }
    return tenant + "/" + object;
}

core::Result<Role> role_of(Json const& claims, JwtRules const& rules, std::string const& client) {
    std::optional<Role> granted = highest(texts_of(claims, "roles"), rules.roles);
    if (std::optional<Role> const by_group = highest(texts_of(claims, "groups"), rules.roles)) {
        raise(granted, *by_group);
    }
    if (!granted) {
        granted = rules.default_role;
    }
    std::optional<std::vector<std::string>> const scopes = scopes_of(claims);
    bool const alone = scopes ? false : !rules.entra || is_app_only(claims);
    if (alone) {
        bool const known = rules.clients.empty() ||
                           std::any_of(rules.clients.begin(), rules.clients.end(), [&](auto const& allowed) {
                               return core::iequals(allowed, client);
                           });
        if (!known) {
            return grants_nothing("This application may not call without a person.",
                                  "Have an administrator add its client id to inbound.entra.clients.");
        }
    } else {
        std::optional<Role> const most = highest(scopes.value_or(std::vector<std::string>()), rules.scopes);
        if (!most) {
            return grants_nothing(
                "The bearer token has no scope that is of use here.",
                "Ask for a token with one of the scopes in this server's resource metadata.");
        }
        if (granted) {
            granted = std::min(*granted, *most);
        }
    }
    if (!granted) {
        return grants_nothing(
            "Access Required: the bearer token carries no role that is known here.",
            "Have an administrator assign SRE Agent Reader, Standard User or Administrator, "
            "or map your role or group in inbound.entra.roles.");
    }
    return *granted;
}

} // namespace

std::map<std::string, Role, std::less<>> known_role_names() {
    using Name = std::pair<std::string_view, Role>;
    constexpr std::array kNames{Name{"reader", Role::reader},
                                Name{"user", Role::user},
                                Name{"standard user", Role::user},
                                Name{"author", Role::user},
                                Name{"admin", Role::administrator},
                                Name{"administrator", Role::administrator}};
    std::map<std::string, Role, std::less<>> names;
    for (auto const& [name, role] : kNames) {
        std::string together(name);
        std::erase(together, ' ');
        names.emplace(name, role);
        names.emplace(together, role);
        names.emplace("sre agent " + std::string(name), role);
        names.emplace("sreagent." + together, role);
    }
    return names;
}

std::vector<std::string> audience_forms(std::string_view audience) {
    std::vector<std::string> forms{std::string(audience)};
    if (audience.starts_with(kApiScheme)) {
        if (is_tenant_id(audience.substr(kApiScheme.size()))) {
            forms.emplace_back(audience.substr(kApiScheme.size()));
        }
    } else if (is_tenant_id(audience)) {
        forms.push_back(std::string(kApiScheme) + std::string(audience));
    }
    return forms;
}

core::Result<void> check_claims(Json const& claims, JwtRules const& rules, core::SystemTime now) {
    ADOMCPD_TRY(std::vector<std::string> const audiences, audiences_of(claims));
    bool const ours = std::any_of(audiences.begin(), audiences.end(), [&rules](std::string const& audience) {
        return std::find(rules.audiences.begin(), rules.audiences.end(), audience) != rules.audiences.end();
    });
    if (!ours) {
        return refuse("is not meant for this server", "aud is " + audiences.front());
    }
    ADOMCPD_TRY(std::optional<core::SystemTime> const expires, time_of(claims, "exp"));
    ADOMCPD_TRY(std::optional<core::SystemTime> const begins, time_of(claims, "nbf"));
    ADOMCPD_TRY(std::optional<core::SystemTime> const issued, time_of(claims, "iat"));
    if (!expires) {
        return refuse("is not valid", "no exp");
    }
    if (*expires + rules.skew <= now) {
        return refuse("has expired", "exp is " + core::format_utc(*expires));
    }
    if (begins && *begins - rules.skew > now) {
        return refuse("is not valid yet", "nbf is " + core::format_utc(*begins));
    }
    if (issued && *issued - rules.skew > now) {
        return refuse("is not valid yet", "iat is " + core::format_utc(*issued));
    }
    // An id token tells a client who signed in; it was never meant to be shown to a server (OpenID Connect
    // Core 1.0 §2).
    for (char const* const claim : {"nonce", "at_hash", "c_hash"}) {
        if (core::find(claims, claim) != nullptr) {
            return refuse("is not an access token", std::string("it has ") + claim);
        }
    }
    return {};
}

core::Result<core::Principal>
principal_of_claims(Json const& claims, std::string_view issuer, JwtRules const& rules) {
    ADOMCPD_TRY(std::string id, identity_of(claims, issuer, rules));
    std::string const client = client_of(claims);
    ADOMCPD_TRY(Role const role, role_of(claims, rules, client));
    return core::Principal(std::move(id), shown_name(claims, client), role);
}

core::SystemTime end_of_claims(Json const& claims, JwtRules const& rules) {
    std::int64_t const seconds = core::find_int(claims, "exp").value_or(0);
    return core::SystemTime(std::chrono::seconds(seconds)) + rules.skew;
}

} // namespace auth
