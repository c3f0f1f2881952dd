#pragma once

#include <optional>
#include <string>
#include <string_view>

/// The `claims` parameter (OpenID Connect Core §5.5) as Entra uses it for Continuous Access Evaluation: what
/// a resource or the token endpoint asks for goes back to the authority in it.
namespace auth {

/// The claims a refused token's WWW-Authenticate value asks for: `Bearer … error="insufficient_claims",
/// claims="<base64 of JSON>"`. nullopt when it asks for none, or for something that is no JSON object.
std::optional<std::string> claims_of_challenge(std::string_view challenge);

/// Both requests in one. Where they contradict each other, `more` wins; what is no JSON object counts as
/// nothing.
std::string merge_claims(std::string_view claims, std::string_view more);

/// `claims` (may be empty) together with what this daemon says of itself with every request for a person's
/// token: that it understands a claims challenge (`xms_cc` with `cp1`).
std::string with_capabilities(std::string_view claims);

} // namespace auth
