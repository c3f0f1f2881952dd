#include "core/http/http_codec.hpp"

#include "core/http/http_parser.hpp"
#include "core/text/byte_scan.hpp"

#include <boost/beast/http/status.hpp>

namespace core {
namespace {

/// A line break inside a value would begin a field of somebody else's choice.
void append_value(std::string& out, std::string_view value) {
    auto const is_break = [](auto c) {
        return (c == static_cast<unsigned char>('\r')) | (c == static_cast<unsigned char>('\n')) |
               (c == static_cast<unsigned char>('\0'));
    };
    std::size_t at = out.size();
    out.append(value);
    for (; (at = find_byte(out, at, is_break)) < out.size(); ++at) {
        out[at] = ' ';
    }
}

void append_field(std::string& out, std::string_view name, std::string_view value) {
    out.append(name).append(": ");
    append_value(out, value);
    out.append("\r\n");
}

} // namespace

bool has_folded_line(std::string_view head) noexcept {
    for (std::size_t i = head.find('\n'); i != std::string_view::npos; i = head.find('\n', i + 1)) {
        if (i + 1 < head.size() && (head[i + 1] == ' ' || head[i + 1] == '\t')) {
            return true;
        }
    }
    return false;
}

std::string_view reason_phrase(int status) noexcept {
    auto const known = boost::beast::http::int_to_status(static_cast<unsigned>(status));
    if (known == boost::beast::http::status::unknown) {
        return "";
    }
    auto const text = boost::beast::http::obsolete_reason(known);
    return {text.data(), text.size()};
}

std::string serialize_response_head(int status,
                                    HttpHeaders const& headers,
                                    std::optional<std::size_t> content_length,
                                    bool keep_alive) {
    std::string out;
    out.reserve(512);
    out.append("HTTP/1.1 ")
        .append(std::to_string(status))
        .append(" ")
        .append(reason_phrase(status))
        .append("\r\n");
    for (auto const& [name, value] : headers.fields()) {
        append_field(out, name, value);
    }
    if (content_length) {
        append_field(out, "Content-Length", std::to_string(*content_length));
    }
    if (!keep_alive) {
        out.append("Connection: close\r\n");
    }
    out.append("\r\n");
    return out;
}

std::string serialize_request_head(HttpRequest const& req, std::size_t content_length, bool absolute_target) {
    std::string out;
    out.reserve(512 + req.url.target.size());
    out.append(req.method).append(" ");
    if (absolute_target) {
        out.append(req.url.origin.to_string());
    }
    out.append(req.url.target).append(" HTTP/1.1\r\n");
    append_field(out, "Host", req.url.origin.authority());
    for (auto const& [name, value] : req.headers.fields()) {
        append_field(out, name, value);
    }
    // A method that usually has a body says so when it has none (RFC 9110 §8.6).
    bool const expects_body = req.method == "POST" || req.method == "PUT" || req.method == "PATCH";
    if (content_length != 0 || expects_body) {
        append_field(out, "Content-Length", std::to_string(content_length));
    }
    return out;
}

} // namespace core
