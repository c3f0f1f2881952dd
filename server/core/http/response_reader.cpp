#include "core/http/http_codec.hpp"

#include "core/http/http_parser.hpp"
#include "core/http/read_buffer.hpp"

#include <boost/beast/http/error.hpp>

#include <optional>
#include <utility>

namespace core {
namespace {

namespace http = boost::beast::http;

constexpr std::size_t kBufferBytes = 32U * 1024;
constexpr std::uint32_t kMaxHeadBytes = 64U * 1024;
constexpr std::size_t kMaxFields = 200;
constexpr std::size_t kMaxChunkHead = 8U * 1024;
constexpr int kMaxInterim = 16;

class StreamResponseReader final : public HttpResponseReader {
public:
    StreamResponseReader(ByteStream& stream, std::size_t max_body_bytes)
        : stream_(stream), max_body_bytes_(max_body_bytes), buffer_(kBufferBytes) {}

    void set_max_body_bytes(std::size_t bytes) noexcept override { max_body_bytes_ = bytes; }
    bool any_byte() const noexcept override { return any_byte_; }
    bool keep_alive() const noexcept override { return keep_alive_; }

    Task<Result<HttpResponse>> read(bool head_request) override {
        any_byte_ = !buffer_.empty();
        keep_alive_ = false;
        HttpResponse response;
        for (int interim = 0; interim < kMaxInterim; ++interim) {
            response = HttpResponse();
            MessageParser<false> parser(response.headers, response.body, kMaxFields);
            parser.header_limit(kMaxHeadBytes);
            parser.body_limit(max_body_bytes_);
            parser.eager(true);
            parser.skip(head_request);
            Result<void> const done = co_await read_message(parser);
            if (!done) {
                co_return fail(done.error());
            }
            if (parser.status >= 200 || parser.status == 101) {
                response.status = parser.status;
                keep_alive_ = parser.keep_alive() && buffer_.empty() && parser.status != 101;
                if (buffer_.empty()) {
                    buffer_.shrink();
                }
                co_return std::move(response);
            }
        }
        co_return fail(ErrorKind::protocol, "the peer sends interim responses without end");
    }

private:
    Task<Result<void>> read_message(MessageParser<false>& parser) {
        while (!parser.is_done()) {
            boost::beast::error_code ec = http::error::need_more;
            if (!buffer_.empty()) {
                std::size_t const taken = parser.put(asio::buffer(buffer_.data()), ec);
                buffer_.consume(taken);
                if (ec && ec != http::error::need_more) {
                    co_return fail(error_of(ec));
                }
                if (parser.is_header_done() && !coding_is_known(parser)) {
                    co_return fail(ErrorKind::protocol,
                                   "the peer uses a transfer coding that is not supported");
                }
                if (ec && parser.is_header_done() && buffer_.data().size() > kMaxChunkHead) {
                    co_return fail(ErrorKind::protocol, "malformed response: a chunk's head is too large");
                }
            }
            if (parser.is_done()) {
                break;
            }
            Result<std::size_t> const count = co_await stream_.read_some(buffer_.prepare());
            if (!count) {
                co_return fail(count.error());
            }
            buffer_.commit(*count);
            any_byte_ = any_byte_ || *count != 0;
            if (*count == 0) {
                if (!parser.got_some()) {
                    co_return fail(ErrorKind::network, "the peer closed the connection without an answer");
                }
                boost::beast::error_code ended;
                parser.put_eof(ended);
                if (ended) {
                    co_return fail(ErrorKind::network, "the connection ended in the middle of an answer");
                }
            }
        }
        co_return Result<void>();
    }

    /// Looked at once per message; without a known coding the length of the body is a guess.
    static bool coding_is_known(MessageParser<false>& parser) {
        return parser.chunked() || !parser.has_transfer_encoding;
    }

    Error error_of(boost::beast::error_code ec) const {
        if (ec == http::error::body_limit) {
            return Error(ErrorKind::protocol,
                         "the answer is larger than " + std::to_string(max_body_bytes_) + " bytes")
                .with_code("response_too_large");
        }
        return {ErrorKind::protocol, "malformed response: " + ec.message()};
    }

    ByteStream& stream_;
    std::size_t max_body_bytes_;
    ReadBuffer buffer_;
    bool any_byte_ = false;
    bool keep_alive_ = false;
};

} // namespace

std::unique_ptr<HttpResponseReader> make_response_reader(ByteStream& stream, std::size_t max_body_bytes) {
    return std::make_unique<StreamResponseReader>(stream, max_body_bytes);
}

} // namespace core
