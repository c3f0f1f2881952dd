#pragma once

#include "core/http/http_client.hpp"
#include "core/http/http_codec.hpp"
#include "core/net/stream.hpp"

#include <memory>
#include <utility>

namespace core {

/// How requests on a connection are written: directly, or to a proxy that forwards plain HTTP.
class RequestForm {
public:
    RequestForm() = default;
    explicit RequestForm(Secret const& proxy_authorization) noexcept
        : absolute_target(true), proxy_authorization_value(&proxy_authorization) {}

    bool absolute_target = false;
    Secret const* proxy_authorization_value = nullptr; ///< belongs to the proxy settings
};

/// One connection to an origin and what reads its answers. Internal to core/http.
class HttpConnection {
public:
    HttpConnection(std::unique_ptr<ByteStream> stream, RequestForm form, std::shared_ptr<void const> counted)
        : stream_(std::move(stream)), form_(form), counted_(std::move(counted)),
          reader_(make_response_reader(*stream_, 0)) {}

    /// One request and its answer. `req` must outlive the task. On error, and unless keep_alive(), the
    /// connection is of no more use. Error::not_sent() is true when not one byte left.
    Task<Result<HttpResponse>> exchange(HttpRequest const& req, Deadline deadline);
    bool keep_alive() const noexcept { return reader_->keep_alive(); }
    /// True when something of the answer arrived before exchange() failed.
    bool any_byte() const noexcept { return reader_->any_byte(); }
    bool is_stale() noexcept { return stream_->is_stale(); }

private:
    std::unique_ptr<ByteStream> stream_;
    RequestForm form_;
    std::shared_ptr<void const> counted_; ///< its use count is the number of open connections
    std::unique_ptr<HttpResponseReader> reader_;
};

/// `Authorization` and `Proxy-Authorization` values, and everything else about a request that must not break
/// its framing. nullopt when all is well.
std::optional<Error> check_request(HttpRequest const& req);

} // namespace core
