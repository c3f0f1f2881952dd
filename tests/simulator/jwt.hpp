#pragma once

#include "simulator/message.hpp"

#include <openssl/evp.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace simulator {

/// An RSA key that signs RS256 tokens.
class SigningKey {
public:
    SigningKey();
    std::string const& kid() const { return kid_; }
    Json jwk() const;
    std::string sign(Json const& claims) const;
    bool verify(std::string_view signed_part, std::string_view signature) const;

private:
    struct Free {
        void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
    };
    std::unique_ptr<EVP_PKEY, Free> key_;
    std::string modulus_;
    std::string exponent_;
    std::string kid_;
};

/// The authority's keys, made when first needed: an RSA key takes its time.
class KeyRing {
public:
    SigningKey const& current() { return made(current_); }
    SigningKey const& spare() { return made(spare_); }     ///< published too: there are always several
    SigningKey const& foreign() { return made(foreign_); } ///< never published: what it signs is a forgery

private:
    static SigningKey const& made(std::unique_ptr<SigningKey const>& slot) {
        if (slot == nullptr) {
            slot = std::make_unique<SigningKey const>();
        }
        return *slot;
    }
    std::unique_ptr<SigningKey const> current_;
    std::unique_ptr<SigningKey const> spare_;
    std::unique_ptr<SigningKey const> foreign_;
};

class DecodedJwt {
public:
    Json header;
    Json claims;
    std::string signed_part;
    std::string signature;
};
/// nullopt when it is not three base64url parts of which two are JSON objects. Nothing is verified.
std::optional<DecodedJwt> decode_jwt(std::string_view token);

} // namespace simulator
