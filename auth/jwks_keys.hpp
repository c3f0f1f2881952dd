#pragma once

#include "auth/jwt_token.hpp"
#include "core/result.hpp"

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace auth {

/// A public key that signatures may be checked with, and how. One thread.
class VerificationKey {
public:
    ~VerificationKey();
    VerificationKey(VerificationKey&&) noexcept;
    VerificationKey& operator=(VerificationKey&&) noexcept;

    /// Whether `jwt` (compact, as parse_jwt() took it apart) carries a signature of this key by one of its
    /// algorithms. Some 20 microseconds for 2048-bit RSA: done where it is asked for.
    bool has_signed(std::string_view jwt) const;
    bool allows(std::string_view algorithm) const noexcept;

    std::string id;         ///< kid, may be empty
    std::string thumbprint; ///< x5t, may be empty
    /// Entra: who this key may sign for, possibly with `{tenantid}`; empty = anybody of its set.
    std::string issuer;
    /// What the key was made for: by its `alg`, else what its type and the configuration allow. The token
    /// has no say in it (RFC 8725 §3.1).
    std::vector<SignatureAlgorithm> algorithms;

private:
    friend class KeyReader;
    class Handle;
    VerificationKey();
    std::unique_ptr<Handle> handle_;
};

class KeySetRules {
public:
    std::size_t max_bytes = 256U * 1024;
    std::size_t max_keys = 100;
    std::vector<SignatureAlgorithm> algorithms{SignatureAlgorithm::rs256};
};

/// A JSON Web Key Set (RFC 7517 §5) as far as it is of use.
class KeySet {
public:
    /// By `kid`, else (a token without one) by `x5t`; nullptr when there is none.
    VerificationKey const* find(JwtToken const& token) const noexcept;

    std::vector<VerificationKey> keys;
    std::size_t skipped = 0; ///< symmetric, for encryption, too short, of an unknown type or algorithm
    std::string digest;      ///< of the document's text
};

/// RSA keys of 2048 to 8192 bits and the curves of the allowed algorithms; others are skipped. Fails with
/// protocol when it is no key set, holds more keys than allowed, or none of use.
core::Result<KeySet> parse_key_set(std::string_view text, KeySetRules const& rules);

} // namespace auth
