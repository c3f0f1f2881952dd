#include "core/crypto/aead.hpp"

#include "core/crypto/random.hpp"
#include "core/secret.hpp"

#include <openssl/evp.h>

#include <memory>

namespace core {
namespace {

unsigned char const* bytes_of(std::string_view text) noexcept {
    return reinterpret_cast<unsigned char const*>(text.data());
}
unsigned char* bytes_of(std::string& text) noexcept {
    return reinterpret_cast<unsigned char*>(text.data());
}

struct FreeContext {
    void operator()(EVP_CIPHER_CTX* context) const noexcept { EVP_CIPHER_CTX_free(context); }
};
using Context = std::unique_ptr<EVP_CIPHER_CTX, FreeContext>;

struct FreeCipher {
    void operator()(EVP_CIPHER* cipher) const noexcept { EVP_CIPHER_free(cipher); }
};

/// Fetched once: what EVP_aes_256_gcm() names is looked up in the providers at every use.
EVP_CIPHER const* aes_256_gcm() {
    static std::unique_ptr<EVP_CIPHER, FreeCipher> const fetched(
        EVP_CIPHER_fetch(nullptr, "AES-256-GCM", nullptr));
    return fetched ? fetched.get() : EVP_aes_256_gcm();
}

} // namespace

PlainText::~PlainText() {
    wipe(bytes.data(), bytes.size());
}

std::optional<std::string> aead_seal(std::string_view key, std::string_view aad, std::string_view plain) {
    std::string out = random_bytes(kAeadNonceBytes);
    out.resize(kAeadNonceBytes + plain.size() + kAeadTagBytes);
    Context const context(EVP_CIPHER_CTX_new());
    unsigned char* const cipher = bytes_of(out) + kAeadNonceBytes;
    int length = 0;
    int tail = 0;
    if (!context ||
        EVP_EncryptInit_ex(context.get(), aes_256_gcm(), nullptr, bytes_of(key), bytes_of(out)) != 1 ||
        EVP_EncryptUpdate(context.get(), nullptr, &length, bytes_of(aad), static_cast<int>(aad.size())) !=
            1 ||
        EVP_EncryptUpdate(context.get(), cipher, &length, bytes_of(plain), static_cast<int>(plain.size())) !=
            1 ||
        EVP_EncryptFinal_ex(context.get(), cipher + length, &tail) != 1 ||
        EVP_CIPHER_CTX_ctrl(
            context.get(), EVP_CTRL_GCM_GET_TAG, static_cast<int>(kAeadTagBytes), cipher + plain.size()) !=
            1) {
        return std::nullopt;
    }
    return out;
}

bool aead_open(std::string_view key, std::string_view aad, std::string_view sealed, PlainText& plain) {
    if (sealed.size() < kAeadNonceBytes + kAeadTagBytes) {
        return false;
    }
    std::string_view const nonce = sealed.substr(0, kAeadNonceBytes);
    std::string_view const cipher =
        sealed.substr(kAeadNonceBytes, sealed.size() - kAeadNonceBytes - kAeadTagBytes);
    std::string tag(sealed.substr(sealed.size() - kAeadTagBytes));
    plain.bytes.resize(cipher.size());
    Context const context(EVP_CIPHER_CTX_new());
    int length = 0;
    int tail = 0;
    return context != nullptr &&
           EVP_DecryptInit_ex(context.get(), aes_256_gcm(), nullptr, bytes_of(key), bytes_of(nonce)) == 1 &&
           EVP_DecryptUpdate(context.get(), nullptr, &length, bytes_of(aad), static_cast<int>(aad.size())) ==
               1 &&
           EVP_DecryptUpdate(context.get(),
                             bytes_of(plain.bytes),
                             &length,
                             bytes_of(cipher),
                             static_cast<int>(cipher.size())) == 1 &&
           EVP_CIPHER_CTX_ctrl(
               context.get(), EVP_CTRL_GCM_SET_TAG, static_cast<int>(kAeadTagBytes), tag.data()) == 1 &&
           EVP_DecryptFinal_ex(context.get(), bytes_of(plain.bytes) + length, &tail) == 1;
}

} // namespace core
