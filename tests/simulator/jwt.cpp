#include "simulator/jwt.hpp"

#include "simulator/digest.hpp"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/rsa.h>

#include <stdexcept>

namespace simulator {
namespace {

struct FreeContext {
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
using ContextPtr = std::unique_ptr<EVP_MD_CTX, FreeContext>;

std::string number(EVP_PKEY const* key, char const* name) {
    BIGNUM* value = nullptr;
    EVP_PKEY_get_bn_param(key, name, &value);
    std::string bytes(static_cast<std::size_t>(BN_num_bytes(value)), '\0');
    BN_bn2bin(value, reinterpret_cast<unsigned char*>(bytes.data()));
    BN_free(value);
    return base64url_encode(bytes);
}

} // namespace

SigningKey::SigningKey() : key_(EVP_RSA_gen(2048)) {
    if (key_ == nullptr) {
        throw std::runtime_error("cannot make an RSA key");
    }
    modulus_ = number(key_.get(), OSSL_PKEY_PARAM_RSA_N);
    exponent_ = number(key_.get(), OSSL_PKEY_PARAM_RSA_E);
    kid_ = base64url_encode(sha1_bytes(modulus_));
}

Json SigningKey::jwk() const {
    return {{"kty", "RSA"},
            {"use", "sig"},
            {"kid", kid_},
            {"x5t", kid_},
            {"n", modulus_},
            {"e", exponent_},
            {"alg", "RS256"}};
}

std::string SigningKey::sign(Json const& claims) const {
    Json const header = {{"typ", "JWT"}, {"alg", "RS256"}, {"x5t", kid_}, {"kid", kid_}};
    std::string text = base64url_encode(dump(header)) + "." + base64url_encode(dump(claims));
    ContextPtr const context(EVP_MD_CTX_new());
    EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key_.get());
    std::string signature(512, '\0');
    std::size_t length = signature.size();
    int const done = EVP_DigestSign(context.get(),
                                    reinterpret_cast<unsigned char*>(signature.data()),
                                    &length,
                                    reinterpret_cast<unsigned char const*>(text.data()),
                                    text.size());
    if (done != 1) {
        throw std::runtime_error("cannot sign");
    }
    signature.resize(length);
    return text + "." + base64url_encode(signature);
}

bool SigningKey::verify(std::string_view signed_part, std::string_view signature) const {
    ContextPtr const context(EVP_MD_CTX_new());
    EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr, key_.get());
    return EVP_DigestVerify(context.get(),
                            reinterpret_cast<unsigned char const*>(signature.data()),
                            signature.size(),
                            reinterpret_cast<unsigned char const*>(signed_part.data()),
                            signed_part.size()) == 1;
}

std::optional<DecodedJwt> decode_jwt(std::string_view token) {
    auto const first = token.find('.');
    auto const second = first == std::string_view::npos ? first : token.find('.', first + 1);
    if (second == std::string_view::npos || token.find('.', second + 1) != std::string_view::npos) {
        return std::nullopt;
    }
    auto const header = base64_decode(token.substr(0, first));
    auto const claims = base64_decode(token.substr(first + 1, second - first - 1));
    auto const signature = base64_decode(token.substr(second + 1));
    if (!header.has_value() || !claims.has_value() || !signature.has_value()) {
        return std::nullopt;
    }
    auto header_json = parse_json(*header);
    auto claims_json = parse_json(*claims);
    if (!header_json.has_value() || !claims_json.has_value() || !header_json->is_object() ||
        !claims_json->is_object()) {
        return std::nullopt;
    }
    return DecodedJwt{
        std::move(*header_json), std::move(*claims_json), std::string(token.substr(0, second)), *signature};
}

} // namespace simulator
