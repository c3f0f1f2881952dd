#include "simulator/tls_identity.hpp"

#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <memory>
#include <stdexcept>

namespace simulator {
namespace {

template <auto Free>
struct Releaser {
    template <class T>
    void operator()(T* pointer) const {
        Free(pointer);
    }
};
using KeyPtr = std::unique_ptr<EVP_PKEY, Releaser<EVP_PKEY_free>>;
using CertificatePtr = std::unique_ptr<X509, Releaser<X509_free>>;
using BioPtr = std::unique_ptr<BIO, Releaser<BIO_free>>;

constexpr char const* kNames =
    "DNS:localhost,IP:127.0.0.1,IP:::1,DNS:dev.azure.com,DNS:*.dev.azure.com,"
    "DNS:*.visualstudio.com,DNS:*.vssps.visualstudio.com,DNS:*.almsearch.visualstudio.com,"
    "DNS:login.microsoftonline.com";
constexpr long kYear = 365L * 24 * 3600;

void must(bool ok) {
    if (!ok) {
        throw std::runtime_error("cannot make the TLS identity");
    }
}

void add_extension(X509* certificate, X509* issuer, int id, char const* value) {
    X509V3_CTX context{};
    X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
    auto* extension = X509V3_EXT_conf_nid(nullptr, &context, id, value);
    must(extension != nullptr && X509_add_ext(certificate, extension, -1) == 1);
    X509_EXTENSION_free(extension);
}

CertificatePtr make_certificate(char const* name, EVP_PKEY* key) {
    CertificatePtr certificate(X509_new());
    X509_set_version(certificate.get(), 2);
    unsigned long serial = 0;
    RAND_bytes(reinterpret_cast<unsigned char*>(&serial), 7);
    ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate.get()), serial | 1U);
    X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -3600);
    X509_gmtime_adj(X509_getm_notAfter(certificate.get()), kYear);
    X509_set_pubkey(certificate.get(), key);
    auto* subject = X509_get_subject_name(certificate.get());
    X509_NAME_add_entry_by_txt(
        subject, "CN", MBSTRING_UTF8, reinterpret_cast<unsigned char const*>(name), -1, -1, 0);
    return certificate;
}

std::string text_of(BIO* bio) {
    char* data = nullptr;
    // BIO_get_mem_data is a macro with an old-style cast.
    long const length = BIO_ctrl(bio, BIO_CTRL_INFO, 0, static_cast<void*>(&data));
    return {data, static_cast<std::size_t>(length)};
}

std::string pem(X509* certificate) {
    BioPtr const bio(BIO_new(BIO_s_mem()));
    must(PEM_write_bio_X509(bio.get(), certificate) == 1);
    return text_of(bio.get());
}

} // namespace

TlsIdentity make_tls_identity() {
    KeyPtr const ca_key(EVP_EC_gen("P-256"));
    KeyPtr const key(EVP_EC_gen("P-256"));
    must(ca_key != nullptr && key != nullptr);

    auto const ca = make_certificate("ado-simulator test CA", ca_key.get());
    X509_set_issuer_name(ca.get(), X509_get_subject_name(ca.get()));
    add_extension(ca.get(), ca.get(), NID_basic_constraints, "critical,CA:TRUE");
    add_extension(ca.get(), ca.get(), NID_key_usage, "critical,keyCertSign,cRLSign");
    add_extension(ca.get(), ca.get(), NID_subject_key_identifier, "hash");
    must(X509_sign(ca.get(), ca_key.get(), EVP_sha256()) > 0);

    auto const leaf = make_certificate("localhost", key.get());
    X509_set_issuer_name(leaf.get(), X509_get_subject_name(ca.get()));
    add_extension(leaf.get(), ca.get(), NID_basic_constraints, "critical,CA:FALSE");
    add_extension(leaf.get(), ca.get(), NID_key_usage, "critical,digitalSignature");
    add_extension(leaf.get(), ca.get(), NID_ext_key_usage, "serverAuth");
    add_extension(leaf.get(), ca.get(), NID_subject_alt_name, kNames);
    add_extension(leaf.get(), ca.get(), NID_subject_key_identifier, "hash");
    add_extension(leaf.get(), ca.get(), NID_authority_key_identifier, "keyid");
    must(X509_sign(leaf.get(), ca_key.get(), EVP_sha256()) > 0);

    TlsIdentity out;
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned int length = 0;
    must(X509_digest(leaf.get(), EVP_sha1(), digest.data(), &length) == 1);
    for (unsigned int i = 0; i < length; ++i) {
        constexpr char kDigits[] = "0123456789ABCDEF";
        out.thumbprint += kDigits[digest[i] >> 4U];
        out.thumbprint += kDigits[digest[i] & 15U];
    }
    out.ca_pem = pem(ca.get());
    out.certificate_pem = pem(leaf.get()) + out.ca_pem;
    BioPtr const bio(BIO_new(BIO_s_mem()));
    must(PEM_write_bio_PrivateKey(bio.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) == 1);
    out.key_pem = text_of(bio.get());
    return out;
}

bool write_file_atomically(std::string const& path, std::string const& content) {
    std::string const temporary = path + ".tmp" + std::to_string(::getpid());
    int const fd = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (fd < 0) {
        return false;
    }
    bool const written = ::write(fd, content.data(), content.size()) == static_cast<ssize_t>(content.size());
    bool const closed = ::close(fd) == 0;
    if (!written || !closed || std::rename(temporary.c_str(), path.c_str()) != 0) {
        ::unlink(temporary.c_str());
        return false;
    }
    return true;
}

} // namespace simulator
