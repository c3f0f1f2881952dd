#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// WWW-Authenticate values (RFC 9110 §11.6.1), read and written.
namespace auth {

class AuthChallenge {
public:
    explicit AuthChallenge(std::string scheme_) : scheme(std::move(scheme_)) {}
    /// First parameter of that name (names compare without case).
    std::optional<std::string_view> parameter(std::string_view name) const noexcept;

    std::string scheme;
    std::vector<std::pair<std::string, std::string>> parameters;
};

/// Every challenge of one field value, in order; what cannot be read is skipped.
std::vector<AuthChallenge> parse_challenges(std::string_view field_value);

/// For a request without a token: `Bearer realm="ado-mcpd"`, with `resource_metadata` when the URL is not
/// empty (RFC 9728).
std::string bearer_challenge(std::string_view resource_metadata = {});

/// For a token that was refused: `error="invalid_token"` and the description, a sentence without quotes or
/// backslashes.
std::string invalid_token_challenge(std::string_view description, std::string_view resource_metadata = {});

} // namespace auth
