#pragma once

#include "core/json.hpp"
#include "core/text/base64.hpp"

#include <nlohmann/json.hpp>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

/// Tokens of an issuer of the test's own, signed by OpenSSL and not by the library that verifies them.
namespace test {

class SigningKey {
public:
    static SigningKey rsa(std::string kid, unsigned bits = 2048) {
        return SigningKey(std::move(kid), EVP_RSA_gen(bits));
    }
    static SigningKey p256(std::string kid) { return SigningKey(std::move(kid), EVP_EC_gen("P-256")); }

    std::string const& kid() const noexcept { return kid_; }

    core::Json jwk() const {
        if (EVP_PKEY_is_a(key_.get(), "RSA") == 1) {
            return {{"kty", "RSA"},
                    {"use", "sig"},
                    {"kid", kid_},
                    {"n", number(OSSL_PKEY_PARAM_RSA_N)},
                    {"e", number(OSSL_PKEY_PARAM_RSA_E)}};
        }
        return {{"kty", "EC"},
                {"crv", "P-256"},
                {"use", "sig"},
                {"kid", kid_},
                {"x", number(OSSL_PKEY_PARAM_EC_PUB_X, 32)},
                {"y", number(OSSL_PKEY_PARAM_EC_PUB_Y, 32)}};
    }

    /// What a confused verifier would take for the secret of HS256.
    std::string public_pem() const {
        std::unique_ptr<BIO, decltype(&BIO_free)> const out(BIO_new(BIO_s_mem()), &BIO_free);
        PEM_write_bio_PUBKEY(out.get(), key_.get());
        char* text = nullptr;
        long const size = BIO_get_mem_data(out.get(), &text);
        return {text, static_cast<std::size_t>(size)};
    }

    /// PKCS #1 v1.5 for RSA, the two numbers side by side for EC (RFC 7518 §3.3, §3.4).
    std::string sign(std::string_view text, EVP_MD const* digest = EVP_sha256(), bool pss = false) const {
        std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> const context(EVP_MD_CTX_new(),
                                                                              &EVP_MD_CTX_free);
        EVP_PKEY_CTX* options = nullptr;
        EVP_DigestSignInit(context.get(), &options, digest, nullptr, key_.get());
        if (pss) {
            EVP_PKEY_CTX_set_rsa_padding(options, RSA_PKCS1_PSS_PADDING);
            EVP_PKEY_CTX_set_rsa_pss_saltlen(options, RSA_PSS_SALTLEN_DIGEST);
        }
        std::string signature(1024, '\0');
        std::size_t size = signature.size();
        if (EVP_DigestSign(context.get(),
                           reinterpret_cast<unsigned char*>(signature.data()),
                           &size,
                           reinterpret_cast<unsigned char const*>(text.data()),
                           text.size()) != 1) {
            throw std::runtime_error("cannot sign");
        }
        signature.resize(size);
        return EVP_PKEY_is_a(key_.get(), "EC") == 1 ? raw_ecdsa(signature) : signature;
    }

private:
    SigningKey(std::string kid, EVP_PKEY* key) : kid_(std::move(kid)), key_(key, &EVP_PKEY_free) {
        if (!key_) {
            throw std::runtime_error("cannot make a key");
        }
    }

    std::string number(char const* name, int size = 0) const {
        BIGNUM* value = nullptr;
        EVP_PKEY_get_bn_param(key_.get(), name, &value);
        std::string bytes(static_cast<std::size_t>(size == 0 ? BN_num_bytes(value) : size), '\0');
        BN_bn2binpad(value, reinterpret_cast<unsigned char*>(bytes.data()), static_cast<int>(bytes.size()));
        BN_free(value);
        return core::base64url_encode(bytes);
    }

    static std::string raw_ecdsa(std::string const& der) {
        auto const* at = reinterpret_cast<unsigned char const*>(der.data());
        std::unique_ptr<ECDSA_SIG, decltype(&ECDSA_SIG_free)> const parsed(
            d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der.size())), &ECDSA_SIG_free);
        std::string raw(64, '\0');
        auto* out = reinterpret_cast<unsigned char*>(raw.data());
        BN_bn2binpad(ECDSA_SIG_get0_r(parsed.get()), out, 32);
        BN_bn2binpad(ECDSA_SIG_get0_s(parsed.get()), out + 32, 32);
        return raw;
    }

    std::string kid_;
    std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key_;
};

inline std::string jwt_text(std::string_view header, std::string_view claims) {
    return core::base64url_encode(header) + "." + core::base64url_encode(claims);
}

/// RS256 (or ES256) with the key's own kid.
inline std::string
mint(SigningKey const& key, core::Json const& claims, core::Json header = core::Json::object()) {
    core::Json full = {
        {"typ", "JWT"}, {"alg", key.jwk().at("kty") == "EC" ? "ES256" : "RS256"}, {"kid", key.kid()}};
    full.update(header);
    std::string const text = jwt_text(full.dump(), claims.dump());
    return text + "." + core::base64url_encode(key.sign(text));
}

inline std::string key_set(std::vector<core::Json> const& keys) {
    return core::Json{{"keys", keys}}.dump();
}

} // namespace test
