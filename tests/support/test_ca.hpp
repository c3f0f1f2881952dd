#pragma once

#include "support/temp_dir.hpp"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

namespace test {

/// A certificate authority made in the process (P-256), and the leaf certificates it issues; as PEM files in
/// a temporary directory, the form the code under test reads them in.
class TestCa {
public:
    struct Leaf {
        std::string certificate_file;
        std::string key_file;
    };

    explicit TestCa(std::string const& name = "Test CA")
        : key_(make_key()), certificate_(make_certificate(name, key_)) {
        X509_set_issuer_name(certificate_.get(), X509_get_subject_name(certificate_.get()));
        add_extension(NID_basic_constraints, "critical,CA:TRUE");
        sign(certificate_.get());
        ca_file_ = dir_.write("ca.pem", pem_of(certificate_.get()));
    }

    std::string const& ca_file() const noexcept { return ca_file_; }

    /// `alternative_names` as OpenSSL writes them: `DNS:localhost,IP:127.0.0.1`.
    Leaf issue(std::string const& name, std::string const& alternative_names) {
        Key const key = make_key();
        Certificate const certificate = make_certificate(name, key);
        X509_set_issuer_name(certificate.get(), X509_get_subject_name(certificate_.get()));
        add_extension(certificate.get(), NID_subject_alt_name, alternative_names);
        sign(certificate.get());
        std::string const stem = "leaf-" + std::to_string(++issued_);
        Leaf leaf;
        leaf.certificate_file = dir_.write(stem + ".pem", pem_of(certificate.get()));
        leaf.key_file = dir_.write(stem + ".key", pem_of(key.get()));
        return leaf;
    }

private:
    template <auto Free>
    struct With {
        template <class T>
        void operator()(T* object) const noexcept {
            Free(object);
        }
    };
    using Key = std::unique_ptr<EVP_PKEY, With<EVP_PKEY_free>>;
    using Certificate = std::unique_ptr<X509, With<X509_free>>;

    static void require(bool ok) {
        if (!ok) {
            throw std::runtime_error("cannot make a test certificate");
        }
    }

    static Key make_key() {
        Key key(EVP_EC_gen("P-256"));
        require(key != nullptr);
        return key;
    }

    static Certificate make_certificate(std::string const& name, Key const& key) {
        static long serial = 0;
        Certificate certificate(X509_new());
        require(certificate != nullptr);
        X509_set_version(certificate.get(), 2);
        ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), ++serial);
        X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -3600);
        X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 86400);
        X509_set_pubkey(certificate.get(), key.get());
        auto const* const text = reinterpret_cast<unsigned char const*>(name.c_str());
        X509_NAME_add_entry_by_txt(
            X509_get_subject_name(certificate.get()), "CN", MBSTRING_UTF8, text, -1, -1, 0);
        return certificate;
    }

    void add_extension(int id, std::string const& value) { add_extension(certificate_.get(), id, value); }
    static void add_extension(X509* certificate, int id, std::string const& value) {
        std::unique_ptr<X509_EXTENSION, With<X509_EXTENSION_free>> const extension(
            X509V3_EXT_conf_nid(nullptr, nullptr, id, value.c_str()));
        require(extension != nullptr && X509_add_ext(certificate, extension.get(), -1) == 1);
    }

    void sign(X509* certificate) { require(X509_sign(certificate, key_.get(), EVP_sha256()) != 0); }

    template <class Write>
    static std::string pem_with(Write write) {
        std::unique_ptr<BIO, With<BIO_free_all>> const bio(BIO_new(BIO_s_mem()));
        require(bio != nullptr && write(bio.get()) == 1);
        char* bytes = nullptr;
        long const size = BIO_ctrl(bio.get(), BIO_CTRL_INFO, 0, &bytes);
        return {bytes, static_cast<std::size_t>(size)};
    }
    static std::string pem_of(X509* certificate) {
        return pem_with([&](BIO* bio) { return PEM_write_bio_X509(bio, certificate); });
    }
    static std::string pem_of(EVP_PKEY* key) {
        return pem_with([&](BIO* bio) {
            return PEM_write_bio_PrivateKey(bio, key, nullptr, nullptr, 0, nullptr, nullptr);
        });
    }

    TempDir dir_;
    Key key_;
    Certificate certificate_;
    std::string ca_file_;
    int issued_ = 0;
};

} // namespace test
