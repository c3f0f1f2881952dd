#include "core/http/http_codec.hpp"

#include "core/http/http_parser.hpp"
#include "core/http/read_buffer.hpp"

#include <boost/beast/http/error.hpp>

#include <optional>
#include <utility>

namespace core {
namespace {

namespace http = boost::beast::http;

constexpr std::size_t kBufferBytes = 16U * 1024;
/// A chunk's size line with its extensions, or the trailer; without a cap of its own a body never begins or
/// ends.
constexpr std::size_t kMaxChunkHead = 8U * 1024;

Error refused(int status, std::string message) {
    return Error(ErrorKind::protocol, std::move(message)).with_status(status);
}

class StreamRequestReader final : public HttpRequestReader {
public:
    StreamRequestReader(ByteStream& stream, HttpParseLimits limits)
        : stream_(stream), limits_(limits), buffer_(kBufferBytes) {}

    Task<Result<std::optional<HttpRequestHead>>> read_head() override {
        if (parser_ && !parser_->is_done()) {
            // The last body was not wanted; its bytes are in front of the next head all the same.
            Result<std::string> const dropped = co_await read_body();
            if (!dropped) {
                co_return fail(dropped.error());
            }
        }
        start_message();
        std::string head;
        while (!parser_->is_header_done()) {
            skip_empty_lines();
            bool const half_empty_line = !parser_->got_some() && buffer_.data() == "\r";
            if (!buffer_.empty() && !half_empty_line) {
                boost::beast::error_code ec;
                std::size_t const taken = parser_->put(asio::buffer(buffer_.data()), ec);
                head.append(buffer_.data().substr(0, taken));
                if (ec && ec != http::error::need_more) {
                    co_return fail(error_of(ec, head));
                }
                buffer_.consume(taken);
                if (head.size() > limits_.head_bytes) {
                    co_return fail(refused(431, "the request head is too large"));
                }
                if (!ec || parser_->is_header_done()) {
                    continue;
                }
                // The parser goes on looking for the right line ends; do not wait for what will not come.
                if (has_bare_newline(buffer_.data())) {
                    co_return fail(refused(400, "malformed request: lines end with CR LF"));
                }
            }
            Result<std::size_t> const count = co_await fill();
            if (!count) {
                co_return fail(count.error());
            }
            if (*count == 0 && buffer_.empty() && head.empty()) {
                parser_.reset();
                co_return std::optional<HttpRequestHead>();
            }
            if (*count == 0) {
                co_return fail(ErrorKind::network, "the connection ended in the middle of a request head");
            }
        }
        if (has_folded_line(head)) {
            co_return fail(refused(400, "a header field is folded over several lines"));
        }
        std::optional<Error> const bad = check_fields();
        if (bad) {
            co_return fail(*bad);
        }
        HttpRequestHead result;
        result.method = std::move(parser_->method);
        result.target = std::move(parser_->target);
        result.version = static_cast<unsigned>(parser_->version);
        result.keep_alive = parser_->keep_alive();
        auto const expect = headers_.get("Expect");
        continue_wanted_ = expect && iequals(*expect, "100-continue") && parser_->version >= 11;
        result.headers = std::move(headers_);
        co_return std::optional<HttpRequestHead>(std::move(result));
    }

    Task<Result<std::string>> read_body() override {
        while (parser_ && !parser_->is_done()) {
            if (buffer_.empty() && std::exchange(continue_wanted_, false)) {
                static constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
                asio::const_buffer const line = asio::buffer(kContinue);
                std::span<asio::const_buffer const> const lines(&line, 1);
                Result<void> const written = co_await stream_.write(lines);
                if (!written) {
                    co_return fail(written.error());
                }
            }
            boost::beast::error_code ec = http::error::need_more;
            if (!buffer_.empty()) {
                std::size_t const taken = parser_->put(asio::buffer(buffer_.data()), ec);
                buffer_.consume(taken);
                if (ec && ec != http::error::need_more) {
                    co_return fail(error_of(ec, {}));
                }
                if (ec && buffer_.data().size() > kMaxChunkHead) {
                    co_return fail(refused(400, "a chunk's head is too large"));
                }
            }
            if (parser_->is_done()) {
                break;
            }
            if (buffer_.empty() || ec) {
                Result<std::size_t> const count = co_await fill();
                if (!count) {
                    co_return fail(count.error());
                }
                if (*count == 0) {
                    co_return fail(ErrorKind::network,
                                   "the connection ended in the middle of a request body");
                }
            }
        }
        co_return std::exchange(body_, {});
    }

    bool has_buffered() const noexcept override { return !buffer_.empty(); }

    void release_memory() noexcept override {
        if (buffer_.empty()) {
            buffer_.release();
        }
    }

private:
    void start_message() {
        headers_ = HttpHeaders();
        body_.clear();
        continue_wanted_ = false;
        parser_.emplace(headers_, body_, limits_.header_fields);
        parser_->header_limit(static_cast<std::uint32_t>(limits_.head_bytes));
        parser_->body_limit(limits_.body_bytes);
        parser_->eager(false);
    }

    /// RFC 9112 §2.2: empty lines in front of a request line are passed over.
    void skip_empty_lines() noexcept {
        while (!parser_->got_some() && buffer_.data().starts_with("\r\n")) {
            buffer_.consume(2);
        }
    }

    Task<Result<std::size_t>> fill() {
        Result<std::size_t> const count = co_await stream_.read_some(buffer_.prepare());
        if (count) {
            buffer_.commit(*count);
        }
        co_return count;
    }

    static bool has_bare_newline(std::string_view text) noexcept {
        for (std::size_t i = text.find('\n'); i != std::string_view::npos; i = text.find('\n', i + 1)) {
            if (i == 0 || text[i - 1] != '\r') {
                return true;
            }
        }
        return false;
    }

    /// What Beast lets pass and two programs in a row could read differently (request smuggling).
    std::optional<Error> check_fields() const {
        std::size_t const encodings = headers_.count("Transfer-Encoding");
        if (encodings != 0) {
            if (parser_->version < 11 || encodings > 1 || headers_.count("Content-Length") != 0) {
                return refused(400, "Transfer-Encoding is not allowed here");
            }
            if (!iequals(*headers_.get("Transfer-Encoding"), "chunked")) {
                return refused(501, "this transfer coding is not supported");
            }
        }
        if (headers_.count("Content-Length") > 1) {
            return refused(400, "Content-Length is given more than once");
        }
        if (auto const length = headers_.get("Content-Length")) {
            if (length->find_first_not_of("0123456789") != std::string_view::npos) {
                return refused(400, "Content-Length is not a number");
            }
        }
        std::size_t const hosts = headers_.count("Host");
        if (hosts > 1 || (hosts == 0 && parser_->version >= 11)) {
            return refused(400, "exactly one Host field is required");
        }
        return std::nullopt;
    }

    Error error_of(boost::beast::error_code ec, std::string_view head) const {
        if (parser_->too_many_fields) {
            return refused(431, "the request has too many header fields");
        }
        if (ec == http::error::header_limit) {
            return refused(431, "the request head is too large");
        }
        if (ec == http::error::body_limit) {
            return refused(
                413, "the request body is larger than " + std::to_string(limits_.body_bytes) + " bytes");
        }
        if (ec == http::error::bad_version && is_other_http_version(head)) {
            return refused(505, "only HTTP/1.0 and HTTP/1.1 are spoken here");
        }
        return refused(400, "malformed request: " + ec.message());
    }

    /// A request line that ends in ` HTTP/` and another number; whatever else has a bad version is no HTTP at
    /// all.
    bool is_other_http_version(std::string_view head) const noexcept {
        std::string_view line = head.empty() ? buffer_.data() : head;
        line = line.substr(0, line.find('\n'));
        std::size_t const mark = line.find(" HTTP/");
        if (mark == std::string_view::npos) {
            return false;
        }
        std::string_view const version = line.substr(mark + 6);
        return !version.empty() && version[0] >= '0' && version[0] <= '9' && !version.starts_with("1.1") &&
               !version.starts_with("1.0");
    }

    ByteStream& stream_;
    HttpParseLimits limits_;
    ReadBuffer buffer_;
    HttpHeaders headers_;
    std::string body_;
    bool continue_wanted_ = false;
    std::optional<MessageParser<true>> parser_; ///< of the current message; writes into headers_ and body_
};

} // namespace

std::unique_ptr<HttpRequestReader> make_request_reader(ByteStream& stream, HttpParseLimits limits) {
    return std::make_unique<StreamRequestReader>(stream, limits);
}

} // namespace core
