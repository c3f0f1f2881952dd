#pragma once

#include "core/http/http_message.hpp"
#include "core/net/stream.hpp"
#include "core/result.hpp"
#include "core/task.hpp"

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace core {

/// Beast's parsers driven by hand over a ByteStream: one instantiation for TCP, TLS and scripted streams.

class HttpRequestHead {
public:
    std::string method;
    std::string target; ///< as received: path and query
    unsigned version = 11;
    HttpHeaders headers;
    bool keep_alive = true;
};

class HttpParseLimits {
public:
    std::size_t head_bytes = 16U * 1024;
    std::size_t body_bytes = 1024U * 1024;
    std::size_t header_fields = 100;
};

/// Reads requests off one connection. Keeps what was read beyond the current message.
class HttpRequestReader {
public:
    virtual ~HttpRequestReader() = default;
    /// The next head; nullopt at a clean end of the stream. A malformed or oversized one fails with protocol
    /// and the status to answer with in Error::status() (400, 413, 431, 501, 505).
    virtual Task<Result<std::optional<HttpRequestHead>>> read_head() = 0;
    /// The body that belongs to the last head. Answers `Expect: 100-continue` first. 413 when over the limit.
    virtual Task<Result<std::string>> read_body() = 0;
    /// True when bytes of a following request are already buffered.
    virtual bool has_buffered() const noexcept = 0;
    /// Gives buffers back that hold nothing; the next read takes new ones.
    virtual void release_memory() noexcept = 0;
};

std::unique_ptr<HttpRequestReader> make_request_reader(ByteStream& stream, HttpParseLimits limits);

/// Head of a response, ending with the empty line. `content_length` nullopt: no Content-Length field
/// (streams, 204).
std::string serialize_response_head(int status,
                                    HttpHeaders const& headers,
                                    std::optional<std::size_t> content_length,
                                    bool keep_alive);

std::string_view reason_phrase(int status) noexcept;

/// Head of a request without the Authorization field, which the client writes apart so that it can wipe it,
/// and without the empty line that ends it.
std::string serialize_request_head(HttpRequest const& req, std::size_t content_length, bool absolute_target);

/// Reads one response. `head_request`: no body follows. Fails with protocol, and whatever the stream fails
/// with; `any_byte` tells whether anything had arrived (the stale-connection rule asks).
class HttpResponseReader {
public:
    virtual ~HttpResponseReader() = default;
    virtual Task<Result<HttpResponse>> read(bool head_request) = 0;
    virtual bool any_byte() const noexcept = 0;
    /// For the reads to come; a keep-alive connection has one reader.
    virtual void set_max_body_bytes(std::size_t bytes) noexcept = 0;
    /// After read(): the connection may serve another request.
    virtual bool keep_alive() const noexcept = 0;
};

std::unique_ptr<HttpResponseReader> make_response_reader(ByteStream& stream, std::size_t max_body_bytes);

} // namespace core
