#pragma once

#include "auth/jwks_source.hpp"
#include "auth/jwt_rules.hpp"
#include "auth/token_verifier.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace auth {

class JwtVerifierSettings {
public:
    /// Whose tokens are taken. Entra has two of them for each tenant: v2.0, and v1.0 for applications whose
    /// accessTokenAcceptedVersion is not 2.
    std::vector<JwksPlace> issuers;
    JwtRules rules;
    JwksLimits limits;
    std::size_t token_bytes = 16U * 1024;
    std::size_t remembered = 1024; ///< verified tokens, so that a hot one costs a digest
};

/// The two issuers of `tenant` (an id or a verified domain) at `authority`, the v2.0 one first. Their
/// metadata has to name an issuer of that tenant: its id as the only segment of the path, `/v2.0` behind it
/// or nothing.
std::vector<JwksPlace> entra_issuers(std::string_view authority, std::string_view tenant);
/// One OpenID Connect issuer: what its metadata calls it has to be `issuer` itself (Discovery 1.0 §4.3).
JwksPlace openid_issuer(std::string issuer);

/// Verifies access tokens that are JWTs: structure, claims, then the signature by a key of the issuer, then
/// what the claims grant. Besides what TokenVerifier says it fails with forbidden and code
/// `insufficient_scope` (the token is good and grants nothing here), and with overloaded and code
/// `inbound_keys_unavailable` (the issuer's keys cannot be had: neither right nor wrong).
class JwtVerifier : public TokenVerifier {
public:
    /// Fetches keys at once and keeps them fresh, until cancelled (terminal). Run it once; the verifier
    /// outlives it.
    virtual core::Task<void> tend() = 0;
};

/// `http` and `clock` outlive it, and the fetches it started.
std::unique_ptr<JwtVerifier> make_jwt_verifier(core::asio::any_io_executor executor,
                                               core::HttpClient& http,
                                               core::Clock& clock,
                                               JwtVerifierSettings settings);

} // namespace auth
