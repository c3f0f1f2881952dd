#include "server/store/envelope.hpp"

#include "core/crypto/random.hpp"

#include <openssl/evp.h>

#include <cstddef>
#include <memory>
#include <optional>

namespace server {
namespace {

constexpr char kVersion = 1;
constexpr std::size_t kKeyIdBytes = 8;
constexpr std::size_t kKeyBytes = 32;
constexpr std::size_t kNonceBytes = 12;
constexpr std::size_t kTagBytes = 16;
constexpr std::size_t kSealedKeyBytes = kNonceBytes + kKeyBytes + kTagBytes;
constexpr std::size_t kHeadBytes = 1 + kKeyIdBytes;
constexpr std::size_t kLeastBytes = kHeadBytes + kSealedKeyBytes + kNonceBytes + kTagBytes;

unsigned char const* bytes_of(std::string_view text) noexcept {
    return reinterpret_cast<unsigned char const*>(text.data());
}
unsigned char* bytes_of(std::string& text) noexcept {
    return reinterpret_cast<unsigned char*>(text.data());
}

/// A buffer of plain text on its way; wiped when it goes.
class PlainText {
public:
    explicit PlainText(std::size_t size = 0) : bytes(size, '\0') {}
    PlainText(PlainText const&) = delete;
    PlainText& operator=(PlainText const&) = delete;
    ~PlainText() { core::wipe(bytes.data(), bytes.size()); }
    std::string bytes;
};

struct FreeContext {
    void operator()(EVP_CIPHER_CTX* context) const noexcept { EVP_CIPHER_CTX_free(context); }
};
using Context = std::unique_ptr<EVP_CIPHER_CTX, FreeContext>;

/// nonce | ciphertext | tag; nullopt when OpenSSL fails.
std::optional<std::string> gcm_seal(std::string_view key, std::string_view aad, std::string_view plain) {
    std::string out = core::random_bytes(kNonceBytes);
    out.resize(kNonceBytes + plain.size() + kTagBytes);
    Context const context(EVP_CIPHER_CTX_new());
    unsigned char* const cipher = bytes_of(out) + kNonceBytes;
    int length = 0;
    int tail = 0;
    if (!context ||
        EVP_EncryptInit_ex(context.get(), EVP_aes_256_gcm(), nullptr, bytes_of(key), bytes_of(out)) != 1 ||
        EVP_EncryptUpdate(context.get(), nullptr, &length, bytes_of(aad), static_cast<int>(aad.size())) !=
            1 ||
        EVP_EncryptUpdate(context.get(), cipher, &length, bytes_of(plain), static_cast<int>(plain.size())) !=
            1 ||
        EVP_EncryptFinal_ex(context.get(), cipher + length, &tail) != 1 ||
        EVP_CIPHER_CTX_ctrl(
            context.get(), EVP_CTRL_GCM_GET_TAG, static_cast<int>(kTagBytes), cipher + plain.size()) != 1) {
        return std::nullopt;
    }
    return out;
}

/// False when the tag does not fit: `plain` then holds nothing to be used.
bool gcm_open(std::string_view key, std::string_view aad, std::string_view sealed, PlainText& plain) {
    std::string_view const nonce = sealed.substr(0, kNonceBytes);
    std::string_view const cipher = sealed.substr(kNonceBytes, sealed.size() - kNonceBytes - kTagBytes);
    std::string tag(sealed.substr(sealed.size() - kTagBytes));
    plain.bytes.resize(cipher.size());
    Context const context(EVP_CIPHER_CTX_new());
    int length = 0;
    int tail = 0;
    return context != nullptr &&
           EVP_DecryptInit_ex(context.get(), EVP_aes_256_gcm(), nullptr, bytes_of(key), bytes_of(nonce)) ==
               1 &&
           EVP_DecryptUpdate(context.get(), nullptr, &length, bytes_of(aad), static_cast<int>(aad.size())) ==
               1 &&
           EVP_DecryptUpdate(context.get(),
                             bytes_of(plain.bytes),
                             &length,
                             bytes_of(cipher),
                             static_cast<int>(cipher.size())) == 1 &&
           EVP_CIPHER_CTX_ctrl(
               context.get(), EVP_CTRL_GCM_SET_TAG, static_cast<int>(kTagBytes), tag.data()) == 1 &&
           EVP_DecryptFinal_ex(context.get(), bytes_of(plain.bytes) + length, &tail) == 1;
}

void append_size(std::string& out, std::size_t size) {
    for (unsigned shift = 32; shift != 0;) {
        shift -= 8;
        out += static_cast<char>(static_cast<unsigned char>(size >> shift));
    }
}

/// Every part with its length in front, so that no two names run together to the same bytes.
std::string associated_data(char const* purpose, std::string_view key_id, RecordName const& record) {
    std::string out(1, kVersion);
    auto const append = [&out](std::string_view part) {
        append_size(out, part.size());
        out += part;
    };
    append(purpose);
    append(key_id);
    append(record.kind);
    append(record.organization);
    append(std::to_string(record.generation));
    for (std::string const& part : record.bound) {
        append(part);
    }
    return out;
}

tl::unexpected<core::Error> refused(RecordName const& record, std::string code, std::string why) {
    return core::fail(
        core::Error(core::ErrorKind::internal, record.describe() + " cannot be decrypted: " + why)
            .with_code(std::move(code)));
}

std::optional<std::vector<core::Secret>> split(std::string_view plain) {
    std::vector<core::Secret> out;
    while (!plain.empty()) {
        if (plain.size() < 4) {
            return std::nullopt;
        }
        std::size_t size = 0;
        for (char const c : plain.substr(0, 4)) {
            size = (size << 8U) | static_cast<unsigned char>(c);
        }
        plain.remove_prefix(4);
        if (size > plain.size()) {
            return std::nullopt;
        }
        out.emplace_back(plain.substr(0, size));
        plain.remove_prefix(size);
    }
    return out;
}

} // namespace

std::string_view envelope_key_id(std::string_view envelope) noexcept {
    return envelope.size() < kLeastBytes || envelope.front() != kVersion ? std::string_view()
                                                                         : envelope.substr(1, kKeyIdBytes);
}

core::Result<std::string>
seal_envelope(KeyRing const& keys, RecordName const& record, std::span<core::Secret const* const> secrets) {
    std::size_t size = 0;
    for (core::Secret const* secret : secrets) {
        size += 4 + secret->size();
    }
    PlainText plain;
    plain.bytes.reserve(size); // it must not move: what it leaves behind would not be wiped
    for (core::Secret const* secret : secrets) {
        append_size(plain.bytes, secret->size());
        plain.bytes += secret->expose();
    }
    PlainText data_key;
    data_key.bytes = core::random_bytes(kKeyBytes);
    KeyRing::Key const& wrapping = keys.first();
    auto const sealed_key =
        gcm_seal(wrapping.bytes.expose(), associated_data("key", wrapping.id, record), data_key.bytes);
    auto const sealed =
        gcm_seal(data_key.bytes, associated_data("secrets", wrapping.id, record), plain.bytes);
    if (!sealed_key || !sealed) {
        return core::fail(core::ErrorKind::internal, record.describe() + " could not be encrypted");
    }
    return std::string(1, kVersion) + wrapping.id + *sealed_key + *sealed;
}

core::Result<std::vector<core::Secret>>
open_envelope(KeyRing const& keys, RecordName const& record, std::string_view envelope) {
    if (envelope.size() < kLeastBytes) {
        return refused(record, "envelope_malformed", "it is cut short");
    }
    if (envelope.front() != kVersion) {
        return refused(record,
                       "envelope_version",
                       "its format version is " +
                           std::to_string(static_cast<unsigned char>(envelope.front())) +
                           ", this program knows 1");
    }
    std::string_view const key_id = envelope_key_id(envelope);
    KeyRing::Key const* wrapping = keys.find(key_id);
    if (wrapping == nullptr) {
        return refused(record, "envelope_unknown_key", "its key is not in the key file");
    }
    PlainText data_key;
    if (!gcm_open(wrapping->bytes.expose(),
                  associated_data("key", key_id, record),
                  envelope.substr(kHeadBytes, kSealedKeyBytes),
                  data_key)) {
        return refused(record, "envelope_tampered", "it was changed, or belongs to another record");
    }
    PlainText plain;
    if (!gcm_open(data_key.bytes,
                  associated_data("secrets", key_id, record),
                  envelope.substr(kHeadBytes + kSealedKeyBytes),
                  plain)) {
        return refused(record, "envelope_tampered", "it was changed, or belongs to another record");
    }
    auto secrets = split(plain.bytes);
    if (!secrets) {
        return refused(record, "envelope_malformed", "its content has another form");
    }
    return std::move(*secrets);
}

} // namespace server
