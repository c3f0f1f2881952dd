#pragma once

#include "simulator/message.hpp"
#include "simulator/state.hpp"

#include <optional>

/// The Entra authority: metadata, keys, authorize, device code and the token endpoint.
namespace simulator {

/// nullopt when the path is none of the authority's. `route` gets the name it is counted under.
std::optional<Reply> entra_request(State& state, Request const& request, std::string& route);
/// Whether a path without a telling host belongs to the authority.
bool is_entra_path(Request const& request);
std::string entra_route_name(Request const& request);

/// Makes access tokens (and remembers them). Shared with the managed identity endpoint.
class TokenRequest {
public:
    Identity const* identity = nullptr;
    std::string client_id;
    std::string audience;
    std::string scope; ///< delegated: what `scp` says
    std::string issuer;
    bool delegated = false;
    std::string managed_identity_resource_id; ///< of managed identities
    long long lifetime_s = 0;
};
std::string issue_token(State& state, TokenRequest const& wanted);
/// Seconds an access token lives: the setting, or 60 to 90 minutes at random.
long long access_token_lifetime(State const& state);
std::string token_issuer(Request const& request, std::string_view tenant_id);

/// `organizations` and `common`, which stand for the home tenant of whoever signs in.
bool is_pseudo_tenant(std::string_view tenant);
/// The directory object of a person in the tenant of the path; null when there is none.
Identity const* identity_at(State const& state, std::string_view person, std::string_view tenant);

Reply token_endpoint(State& state, Request const& request, std::string_view tenant);
Reply device_code_endpoint(State& state, Request const& request, std::string_view tenant);
Reply authorize_endpoint(State& state, Request const& request, std::string_view tenant);
/// client_credentials with a secret or an assertion.
Reply client_credentials(State& state,
                         Request const& request,
                         std::string_view tenant,
                         NameValues const& form);
/// nullopt when the client has shown what it must (or is public and showed nothing).
std::optional<Reply>
authenticate_client(State& state, Application const& application, NameValues const& form, bool required);
std::string form_value(NameValues const& form, std::string_view name);
/// Reads the `claims` parameter of a request and counts, under `counter`, one that asks for more than the
/// client's own capabilities (xms_cc). The refusal for what is no JSON object.
std::optional<Reply> read_claims(State& state, NameValues const& form, std::string const& counter);

} // namespace simulator
