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

/// What a Bearer challenge may tell beside its realm (RFC 6750 §3, RFC 9728 §5.1); what is empty is left out.
class BearerHint {
public:
    BearerHint() = default;
    BearerHint(std::string resource_metadata_, std::string scope_)
        : resource_metadata(std::move(resource_metadata_)), scope(std::move(scope_)) {}
    std::string resource_metadata; ///< URL of the RFC 9728 document
    std::string scope;             ///< what a token needs for this request, blanks between several
};

/// For a request without a token: `Bearer realm="ado-mcpd"` and the hint.
std::string bearer_challenge(BearerHint const& hint = {});

/// For a token that was refused: `error` is `invalid_token` (401) or `insufficient_scope` (403), the
/// description a sentence; what does not belong into a quoted string of RFC 6750 is replaced in it.
std::string
refusal_challenge(std::string_view error, std::string_view description, BearerHint const& hint = {});

} // namespace auth
