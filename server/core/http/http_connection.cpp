#include "core/http/http_connection.hpp"

#include "core/http/wiped_text.hpp"
#include "core/text/base64.hpp"
#include "core/text/byte_scan.hpp"

#include <algorithm>
#include <array>

namespace core {
namespace {

bool has_control(std::string_view text) noexcept {
    auto const is_control = [](auto c) {
        return (c < static_cast<unsigned char>(0x20)) | (c == static_cast<unsigned char>(0x7F));
    };
    return find_byte(text, 0, is_control) != text.size();
}

bool has_line_break(std::string_view text) noexcept {
    auto const is_break = [](auto c) {
        return (c == static_cast<unsigned char>('\r')) | (c == static_cast<unsigned char>('\n')) |
               (c == static_cast<unsigned char>('\0'));
    };
    return find_byte(text, 0, is_break) != text.size();
}

constexpr std::array<bool, 256> make_token_characters() {
    std::array<bool, 256> allowed{};
    for (char const c : std::string_view("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                         "!#$%&'*+-.^_`|~")) {
        allowed[static_cast<unsigned char>(c)] = true;
    }
    return allowed;
}

constexpr std::array<bool, 256> kTokenCharacters = make_token_characters();

bool is_token(std::string_view text) noexcept {
    return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
        return kTokenCharacters[static_cast<unsigned char>(c)];
    });
}

/// The credential fields and the empty line that ends the head.
class CredentialFields {
public:
    CredentialFields(HttpRequest const& req, Secret const* proxy_authorization)
        : fields_(kNames + size_of(proxy_authorization) + (req.credential.size() + 3) / 3 * 4) {
        if (size_of(proxy_authorization) != 0) {
            fields_.append("Proxy-Authorization: ").append(proxy_authorization->expose()).append("\r\n");
        }
        if (!req.credential.empty() && req.auth_scheme == AuthScheme::bearer) {
            fields_.append("Authorization: Bearer ").append(req.credential.expose()).append("\r\n");
        } else if (!req.credential.empty()) {
            WipedText pair(req.credential.size() + 1);
            pair.append(":").append(req.credential.expose());
            WipedText const encoded(base64_encode(pair.text()));
            fields_.append("Authorization: Basic ").append(encoded.text()).append("\r\n");
        }
        fields_.append("\r\n");
    }
    std::string const& text() const noexcept { return fields_.text(); }

private:
    static constexpr std::size_t kNames = 64; // both field names, the scheme and the line ends
    static std::size_t size_of(Secret const* secret) noexcept {
        return secret != nullptr ? secret->size() : 0;
    }

    WipedText fields_;
};

} // namespace

std::optional<Error> check_request(HttpRequest const& req) {
    bool const target_is_sound = req.url.target.starts_with('/') && !has_control(req.url.target) &&
                                 req.url.target.find(' ') == std::string::npos;
    auto const fields = req.headers.fields();
    bool const fields_are_sound =
        std::all_of(fields.begin(), fields.end(), [](HttpHeaders::Field const& field) {
            return is_token(field.first) && !has_line_break(field.second);
        });
    if (!target_is_sound || !fields_are_sound || !is_token(req.method) || has_control(req.url.origin.host)) {
        return Error(ErrorKind::invalid_argument, "the request holds characters that HTTP does not allow")
            .with_not_sent();
    }
    if (has_control(req.credential.expose())) {
        return Error(ErrorKind::invalid_argument, "the credential holds characters that HTTP does not allow")
            .with_not_sent();
    }
    return std::nullopt;
}

Task<Result<HttpResponse>> HttpConnection::exchange(HttpRequest const& req, Deadline deadline) {
    stream_->set_deadline(deadline);
    reader_->set_max_body_bytes(req.max_response_bytes);
    {
        std::string_view const body =
            req.secret_body.empty() ? std::string_view(req.body) : req.secret_body.expose();
        std::string const head = serialize_request_head(req, body.size(), form_.absolute_target);
        CredentialFields const credentials(req, form_.proxy_authorization_value);
        std::array<asio::const_buffer, 3> const parts{
            asio::buffer(head), asio::buffer(credentials.text()), asio::buffer(body)};
        std::span<asio::const_buffer const> const span(parts);
        Result<void> const written = co_await stream_->write(span);
        if (!written) {
            co_return fail(written.error());
        }
    }
    Result<HttpResponse> response = co_await reader_->read(req.method == "HEAD");
    stream_->set_deadline(Deadline::never());
    co_return response;
}

} // namespace core
