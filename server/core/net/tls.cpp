#include "core/net/tls.hpp"

#include "core/check.hpp"
#include "core/net/tls_stream.hpp"

#include <boost/asio/ip/address.hpp>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <map>
#include <mutex>
#include <utility>
#include <vector>

namespace core {
namespace {

struct SslContextFree {
    void operator()(SSL_CTX* context) const noexcept { SSL_CTX_free(context); }
};
using SslContextPtr = std::unique_ptr<SSL_CTX, SslContextFree>;

struct SessionFree {
    void operator()(SSL_SESSION* session) const noexcept { SSL_SESSION_free(session); }
};
using SessionPtr = std::unique_ptr<SSL_SESSION, SessionFree>;

constexpr unsigned char kAlpn[] = {8, 'h', 't', 't', 'p', '/', '1', '.', '1'};

std::string last_tls_error() {
    unsigned long const code = ERR_peek_last_error();
    char const* const reason = ERR_reason_error_string(code);
    return reason != nullptr ? reason : "unknown reason";
}

SslContextPtr make_context(SSL_METHOD const* method) {
    SslContextPtr context(SSL_CTX_new(method));
    ADOMCPD_CHECK(context != nullptr);
    SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
    SSL_CTX_set_mode(context.get(), SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_options(context.get(), SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
    return context;
}

/// What new connections to an origin may resume. A TLS 1.3 ticket is used once; a TLS 1.2 session again and
/// again. A few are kept, because a pool often opens several connections at once.
class SessionCache {
public:
    void put(std::string const& origin, SessionPtr session) {
        std::vector<SessionPtr>& kept = sessions_[origin];
        if (kept.size() >= kPerOrigin) {
            kept.erase(kept.begin());
        }
        kept.push_back(std::move(session));
    }

    /// The newest one; null when there is none.
    SessionPtr take(std::string const& origin) {
        auto const it = sessions_.find(origin);
        if (it == sessions_.end() || it->second.empty()) {
            return nullptr;
        }
        SSL_SESSION* const newest = it->second.back().get();
        if (SSL_SESSION_get_protocol_version(newest) < TLS1_3_VERSION &&
            SSL_SESSION_is_resumable(newest) == 1) {
            SSL_SESSION_up_ref(newest);
            return SessionPtr(newest);
        }
        SessionPtr session = std::move(it->second.back());
        it->second.pop_back();
        return session;
    }

private:
    static constexpr std::size_t kPerOrigin = 8;
    std::map<std::string, std::vector<SessionPtr>> sessions_;
};

/// What the SSL objects of a client refer to; they keep it alive.
struct ClientContext {
    SslContextPtr ssl;
    SessionCache sessions;
    std::string thumbprint; ///< 20 bytes; when not empty the peer is known by it alone
};

/// Hangs on each SSL object, so that the session callback finds its way.
struct SessionTarget {
    ClientContext* context;
    std::string origin;
};

void free_target(void*, void* target, CRYPTO_EX_DATA*, int, long, void*) {
    std::unique_ptr<SessionTarget> const owned(static_cast<SessionTarget*>(target));
}

/// A slot of our own: Asio and others use the application data slot.
int target_index() {
    static int const index = SSL_get_ex_new_index(0, nullptr, nullptr, nullptr, free_target);
    return index;
}

int on_new_session(SSL* ssl, SSL_SESSION* session) {
    auto const* const target = static_cast<SessionTarget const*>(SSL_get_ex_data(ssl, target_index()));
    if (target == nullptr) {
        return 0;
    }
    target->context->sessions.put(target->origin, SessionPtr(session));
    return 1; // the reference is ours now
}

bool is_ip_address(std::string const& host) {
    boost::system::error_code ec;
    asio::ip::make_address(host, ec);
    return !ec;
}

/// Instead of building a chain: the leaf is the one that was named, or it is refused.
int verify_thumbprint(X509_STORE_CTX* store, void* context) {
    std::string const& expected = static_cast<ClientContext const*>(context)->thumbprint;
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    X509 const* const leaf = X509_STORE_CTX_get0_cert(store);
    bool const same = leaf != nullptr && X509_digest(leaf, EVP_sha1(), digest, &size) == 1 &&
                      size == expected.size() && CRYPTO_memcmp(digest, expected.data(), size) == 0;
    X509_STORE_CTX_set_error(store, same ? X509_V_OK : X509_V_ERR_CERT_REJECTED);
    return same ? 1 : 0;
}

/// nullopt when it is not 20 bytes in hexadecimal.
std::optional<std::string> read_thumbprint(std::string_view text) {
    std::string bytes;
    int high = -1;
    for (char const c : text) {
        if (c == ':' || c == ' ') {
            continue;
        }
        int const digit = OPENSSL_hexchar2int(static_cast<unsigned char>(c));
        if (digit < 0) {
            return std::nullopt;
        }
        if (high < 0) {
            high = digit;
        } else {
            bytes.push_back(static_cast<char>(high * 16 + digit));
            high = -1;
        }
    }
    return high < 0 && bytes.size() == 20 ? std::optional(std::move(bytes)) : std::nullopt;
}

Error handshake_error(Error const& error, std::string const& host, SSL* ssl) {
    long const verified = SSL_get_verify_result(ssl);
    if (error.kind() == ErrorKind::tls && verified != X509_V_OK) {
        std::string message =
            "the certificate of " + host + " was refused: " + X509_verify_cert_error_string(verified);
        return Error(ErrorKind::tls, std::move(message))
            .with_code("certificate_refused")
            .with_fix("Check that the address is right; if the certificate was issued by a private "
                      "authority, add that "
                      "authority's certificate to the trusted ones.")
            .with_not_sent();
    }
    return Error(error.kind(), "TLS handshake with " + host + " failed: " + error.message()).with_not_sent();
}

class OpenSslClient final : public TlsClient {
public:
    explicit OpenSslClient(std::shared_ptr<ClientContext> context) : context_(std::move(context)) {}

    Task<Result<std::unique_ptr<ByteStream>>> handshake(asio::ip::tcp::socket socket,
                                                        std::string host,
                                                        std::uint16_t port,
                                                        Deadline deadline) override {
        std::string const origin = host + ":" + std::to_string(port);
        if (host.ends_with('.')) {
            host.pop_back();
        }
        SslPtr ssl(SSL_new(context_->ssl.get()));
        ADOMCPD_CHECK(ssl != nullptr);
        SSL_set_connect_state(ssl.get());
        if (context_->thumbprint.empty()) {
            expect_host(ssl.get(), host);
        }
        auto target = std::make_unique<SessionTarget>();
        target->context = context_.get();
        target->origin = origin;
        SSL_set_ex_data(ssl.get(), target_index(), target.release());
        if (SessionPtr const session = context_->sessions.take(origin)) {
            SSL_set_session(ssl.get(), session.get());
        }

        auto stream = std::make_unique<TlsStream>(std::move(socket), std::move(ssl), context_);
        stream->set_deadline(deadline);
        Result<void> const done = co_await stream->handshake();
        if (!done) {
            Error error = handshake_error(done.error(), host, stream->ssl());
            stream->abort();
            co_return fail(std::move(error));
        }
        ++handshakes_;
        resumed_ += SSL_session_reused(stream->ssl()) == 1 ? 1U : 0U;
        stream->set_deadline(Deadline::never());
        std::unique_ptr<ByteStream> result = std::move(stream);
        co_return result;
    }

    std::size_t resumed() const noexcept override { return resumed_; }
    std::size_t handshakes() const noexcept override { return handshakes_; }

private:
    static void expect_host(SSL* ssl, std::string const& host) {
        int ok = 0;
        if (is_ip_address(host)) {
            ok = X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host.c_str());
        } else {
            SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
            ok = SSL_set1_host(ssl, host.c_str());
            // SNI carries names only (RFC 6066 §3).
            if (ok == 1) {
                ok = static_cast<int>(SSL_ctrl(ssl,
                                               SSL_CTRL_SET_TLSEXT_HOSTNAME,
                                               TLSEXT_NAMETYPE_host_name,
                                               const_cast<char*>(host.c_str()))); // copied, not changed
            }
        }
        ADOMCPD_CHECK(ok == 1); // otherwise a certificate for any name would pass
    }

    std::shared_ptr<ClientContext> context_; ///< the streams hold it too
    std::size_t resumed_ = 0;
    std::size_t handshakes_ = 0;
};

int choose_alpn(SSL*,
                unsigned char const** out,
                unsigned char* out_size,
                unsigned char const* offered,
                unsigned size,
                void*) {
    unsigned char* chosen = nullptr;
    if (SSL_select_next_proto(&chosen, out_size, kAlpn, sizeof(kAlpn), offered, size) !=
        OPENSSL_NPN_NEGOTIATED) {
        return SSL_TLSEXT_ERR_NOACK; // a client that only knows others is answered in HTTP/1.1 all the same
    }
    *out = chosen;
    return SSL_TLSEXT_ERR_OK;
}

Result<std::shared_ptr<SSL_CTX>> load_server_context(std::string const& certificate_file,
                                                     std::string const& key_file) {
    SslContextPtr context = make_context(TLS_server_method());
    // Clients' idle connections are many: their record buffers go. Those to an upstream are few and busy, and
    // keep them.
    SSL_CTX_set_mode(context.get(), SSL_MODE_RELEASE_BUFFERS);
    ERR_clear_error();
    if (SSL_CTX_use_certificate_chain_file(context.get(), certificate_file.c_str()) != 1) {
        return fail(ErrorKind::invalid_argument,
                    "cannot use the certificate in " + certificate_file + ": " + last_tls_error());
    }
    if (SSL_CTX_use_PrivateKey_file(context.get(), key_file.c_str(), SSL_FILETYPE_PEM) != 1) {
        return fail(ErrorKind::invalid_argument,
                    "cannot use the private key in " + key_file + ": " + last_tls_error());
    }
    if (SSL_CTX_check_private_key(context.get()) != 1) {
        return fail(ErrorKind::invalid_argument,
                    "the private key in " + key_file + " does not belong to the certificate in " +
                        certificate_file);
    }
    // Tickets carry the session; nothing is kept here.
    SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
    SSL_CTX_set_alpn_select_cb(context.get(), choose_alpn, nullptr);
    return std::shared_ptr<SSL_CTX>(std::move(context));
}

class OpenSslServer final : public TlsServer {
public:
    OpenSslServer(std::string certificate_file, std::string key_file, std::shared_ptr<SSL_CTX> context)
        : certificate_file_(std::move(certificate_file)), key_file_(std::move(key_file)),
          context_(std::move(context)) {}

    Task<Result<std::unique_ptr<ByteStream>>> handshake(asio::ip::tcp::socket socket,
                                                        Deadline deadline) override {
        std::shared_ptr<SSL_CTX> const context = current();
        SslPtr ssl(SSL_new(context.get()));
        ADOMCPD_CHECK(ssl != nullptr);
        SSL_set_accept_state(ssl.get());
        auto stream = std::make_unique<TlsStream>(std::move(socket), std::move(ssl), context);
        stream->set_deadline(deadline);
        Result<void> const done = co_await stream->handshake();
        if (!done) {
            stream->abort();
            co_return fail(done.error());
        }
        stream->set_deadline(Deadline::never());
        std::unique_ptr<ByteStream> result = std::move(stream);
        co_return result;
    }

    Result<void> reload() override {
        ADOMCPD_TRY(std::shared_ptr<SSL_CTX> fresh, load_server_context(certificate_file_, key_file_));
        std::lock_guard const lock(mutex_);
        context_ = std::move(fresh);
        return {};
    }

private:
    std::shared_ptr<SSL_CTX> current() {
        std::lock_guard const lock(mutex_);
        return context_;
    }

    std::string certificate_file_;
    std::string key_file_;
    std::mutex mutex_;                 ///< reload() may run on the blocking pool
    std::shared_ptr<SSL_CTX> context_; ///< open connections keep the one they began with
};

std::shared_ptr<ClientContext> make_client_context() {
    auto context = std::make_shared<ClientContext>();
    context->ssl = make_context(TLS_client_method());
    SSL_CTX* const ssl = context->ssl.get();
    SSL_CTX_set_verify(ssl, SSL_VERIFY_PEER, nullptr);
    int const alpn_failed = SSL_CTX_set_alpn_protos(ssl, kAlpn, sizeof(kAlpn));
    ADOMCPD_CHECK(alpn_failed == 0);
    SSL_CTX_set_session_cache_mode(ssl, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(ssl, on_new_session);
    return context;
}

} // namespace

Result<std::unique_ptr<TlsClient>> make_pinned_tls_client(std::string_view sha1_thumbprint) {
    std::optional<std::string> thumbprint = read_thumbprint(sha1_thumbprint);
    if (!thumbprint) {
        return fail(ErrorKind::invalid_argument, "the certificate's thumbprint is not 40 hexadecimal digits");
    }
    std::shared_ptr<ClientContext> context = make_client_context();
    context->thumbprint = std::move(*thumbprint);
    SSL_CTX_set_cert_verify_callback(context->ssl.get(), verify_thumbprint, context.get());
    std::unique_ptr<TlsClient> client = std::make_unique<OpenSslClient>(std::move(context));
    return client;
}

Result<std::unique_ptr<TlsClient>> make_tls_client(std::optional<std::string> const& ca_file) {
    std::shared_ptr<ClientContext> context = make_client_context();
    SSL_CTX* const ssl = context->ssl.get();
    ERR_clear_error();
    // The system's store is a directory that is looked into per issuer: nothing is loaded here.
    SSL_CTX_set_default_verify_paths(ssl);
    if (ca_file && SSL_CTX_load_verify_file(ssl, ca_file->c_str()) != 1) {
        return fail(ErrorKind::invalid_argument,
                    "cannot read certificates from " + *ca_file + ": " + last_tls_error());
    }
    std::unique_ptr<TlsClient> client = std::make_unique<OpenSslClient>(std::move(context));
    return client;
}

Result<std::unique_ptr<TlsServer>> make_tls_server(std::string certificate_file, std::string key_file) {
    ADOMCPD_TRY(std::shared_ptr<SSL_CTX> context, load_server_context(certificate_file, key_file));
    std::unique_ptr<TlsServer> server =
        std::make_unique<OpenSslServer>(std::move(certificate_file), std::move(key_file), std::move(context));
    return server;
}

} // namespace core
