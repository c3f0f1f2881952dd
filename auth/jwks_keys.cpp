#include "auth/jwks_keys.hpp"

#include "core/crypto/digest.hpp"
#include "core/text/base64.hpp"

#include <cjose/jwk.h>
#include <cjose/jws.h>
#include <openssl/err.h>

#include <algorithm>
#include <optional>
#include <utility>

namespace auth {

using core::Json;

class VerificationKey::Handle {
public:
    explicit Handle(cjose_jwk_t* key_) : key(key_) {}
    ~Handle() { cjose_jwk_release(key); }
    Handle(Handle const&) = delete;
    Handle& operator=(Handle const&) = delete;
    cjose_jwk_t* key;
};

namespace {

constexpr std::size_t kLeastRsaBits = 2048; ///< RFC 7518 §3.3
constexpr std::size_t kMostRsaBits = 8192;  ///< beyond, one verification takes longer than a request should
constexpr std::size_t kMemberBytes = 512;

class ReleaseJws {
public:
    void operator()(cjose_jws_t* jws) const noexcept { cjose_jws_release(jws); }
};

/// What is left in OpenSSL's error queue of this thread would be taken for a failure of the next TLS
/// connection.
class ClearedErrors {
public:
    ClearedErrors() = default;
    ~ClearedErrors() { ERR_clear_error(); }
    ClearedErrors(ClearedErrors const&) = delete;
    ClearedErrors& operator=(ClearedErrors const&) = delete;
};

std::string short_text(Json const& object, std::string_view name) {
    std::string_view const text = core::find_string(object, name).value_or(std::string_view());
    return text.size() <= kMemberBytes ? std::string(text) : std::string();
}

bool is_rsa(SignatureAlgorithm algorithm) noexcept {
    using enum SignatureAlgorithm;
    return algorithm == rs256 || algorithm == rs384 || algorithm == rs512 || algorithm == ps256 ||
           algorithm == ps384 || algorithm == ps512;
}

std::string_view curve_of(SignatureAlgorithm algorithm) noexcept {
    switch (algorithm) {
    case SignatureAlgorithm::es256:
        return "P-256";
    case SignatureAlgorithm::es384:
        return "P-384";
    case SignatureAlgorithm::es512:
        return "P-521";
    default:
        return {};
    }
}

bool fits(SignatureAlgorithm algorithm, Json const& key) {
    std::string_view const type = core::find_string(key, "kty").value_or("");
    if (is_rsa(algorithm)) {
        return type == "RSA";
    }
    return type == "EC" && core::find_string(key, "crv").value_or("") == curve_of(algorithm);
}

/// RFC 7517 §4.2, §4.3: absent means not restricted.
bool is_for_signatures(Json const& key) {
    if (Json const* use = core::find(key, "use"); use != nullptr && *use != "sig") {
        return false;
    }
    Json const* operations = core::find(key, "key_ops");
    return operations == nullptr ||
           (operations->is_array() &&
            std::find(operations->begin(), operations->end(), Json("verify")) != operations->end());
}

/// Of the number itself: leading zeros do not make a key longer.
std::size_t bits_of(std::string_view big_endian) noexcept {
    std::size_t const first = big_endian.find_first_not_of('\0');
    if (first == std::string_view::npos) {
        return 0;
    }
    std::size_t bits = (big_endian.size() - first) * 8;
    for (unsigned top = static_cast<unsigned char>(big_endian[first]); (top & 0x80U) == 0; top <<= 1U) {
        --bits;
    }
    return bits;
}

bool is_sound_rsa(Json const& key) {
    auto const modulus = core::base64url_decode(core::find_string(key, "n").value_or(""));
    auto const exponent = core::base64url_decode(core::find_string(key, "e").value_or(""));
    if (!modulus || !exponent) {
        return false;
    }
    std::size_t const size = bits_of(*modulus);
    std::size_t const exponent_bits = bits_of(*exponent);
    bool const odd = !exponent->empty() && (static_cast<unsigned char>(exponent->back()) & 1U) != 0;
    return size >= kLeastRsaBits && size <= kMostRsaBits && odd && exponent_bits >= 2 && exponent_bits <= 33;
}

} // namespace

VerificationKey::VerificationKey() = default;
VerificationKey::~VerificationKey() = default;
VerificationKey::VerificationKey(VerificationKey&&) noexcept = default;
VerificationKey& VerificationKey::operator=(VerificationKey&&) noexcept = default;

bool VerificationKey::allows(std::string_view algorithm) const noexcept {
    return std::any_of(algorithms.begin(), algorithms.end(), [algorithm](SignatureAlgorithm allowed) {
        return to_string(allowed) == algorithm;
    });
}

bool VerificationKey::has_signed(std::string_view jwt) const {
    ClearedErrors const cleared;
    cjose_err error{};
    std::unique_ptr<cjose_jws_t, ReleaseJws> const jws(cjose_jws_import(jwt.data(), jwt.size(), &error));
    if (!jws) {
        return false;
    }
    char const* const algorithm = cjose_header_get(cjose_jws_get_protected(jws.get()), CJOSE_HDR_ALG, &error);
    return algorithm != nullptr && allows(algorithm) && cjose_jws_verify(jws.get(), handle_->key, &error);
}

class KeyReader {
public:
    explicit KeyReader(KeySetRules const& rules) : rules_(rules) {}

    std::optional<VerificationKey> read(Json const& json) const {
        VerificationKey key;
        key.algorithms = algorithms_of(json);
        bool const rsa = core::find_string(json, "kty").value_or("") == "RSA";
        if (key.algorithms.empty() || !is_for_signatures(json) || (rsa && !is_sound_rsa(json))) {
            return std::nullopt;
        }
        key.id = short_text(json, "kid");
        key.thumbprint = short_text(json, "x5t");
        key.issuer = short_text(json, "issuer");
        if (key.id.empty() && key.thumbprint.empty()) {
            return std::nullopt;
        }
        key.handle_ = import(json);
        return key.handle_ ? std::optional(std::move(key)) : std::nullopt;
    }

private:
    std::vector<SignatureAlgorithm> algorithms_of(Json const& json) const {
        std::vector<SignatureAlgorithm> algorithms;
        Json const* own = core::find(json, "alg");
        for (SignatureAlgorithm const algorithm : rules_.algorithms) {
            if (fits(algorithm, json) &&
                (own == nullptr ||
                 (own->is_string() && own->get_ref<std::string const&>() == to_string(algorithm)))) {
                algorithms.push_back(algorithm);
            }
        }
        return algorithms;
    }

    /// The public members only: whatever else the document says of the key does not reach the library.
    static std::unique_ptr<VerificationKey::Handle> import(Json const& json) {
        Json plain = Json::object();
        for (char const* const name : {"kty", "n", "e", "crv", "x", "y"}) {
            if (auto const text = core::find_string(json, name)) {
                plain[name] = std::string(*text);
            }
        }
        ClearedErrors const cleared;
        std::string const text = core::dump_json(plain);
        cjose_err error{};
        cjose_jwk_t* const key = cjose_jwk_import(text.data(), text.size(), &error);
        return key == nullptr ? nullptr : std::make_unique<VerificationKey::Handle>(key);
    }

    KeySetRules const& rules_;
};

VerificationKey const* KeySet::find(JwtToken const& token) const noexcept {
    bool const by_id = !token.key_id.empty();
    if (!by_id && token.thumbprint.empty()) {
        return nullptr;
    }
    auto const it = std::find_if(keys.begin(), keys.end(), [&](VerificationKey const& key) {
        return by_id ? key.id == token.key_id : key.thumbprint == token.thumbprint;
    });
    return it == keys.end() ? nullptr : &*it;
}

core::Result<KeySet> parse_key_set(std::string_view text, KeySetRules const& rules) {
    core::JsonLimits limits;
    limits.max_bytes = rules.max_bytes;
    limits.max_depth = 8;
    ADOMCPD_TRY(Json const document, core::parse_json(text, limits));
    Json const* list = core::find_array(document, "keys");
    if (list == nullptr) {
        return core::fail(core::ErrorKind::protocol, "the key set has no array `keys`");
    }
    if (list->size() > rules.max_keys) {
        return core::fail(core::ErrorKind::protocol,
                          "the key set holds " + std::to_string(list->size()) + " keys, the limit is " +
                              std::to_string(rules.max_keys));
    }
    KeySet set;
    KeyReader const reader(rules);
    for (Json const& entry : *list) {
        if (std::optional<VerificationKey> key = reader.read(entry)) {
            set.keys.push_back(std::move(*key));
        } else {
            ++set.skipped;
        }
    }
    if (set.keys.empty()) {
        return core::fail(core::ErrorKind::protocol,
                          "the key set holds no key for signatures by an allowed algorithm");
    }
    set.digest = core::sha256(text);
    return set;
}

} // namespace auth
