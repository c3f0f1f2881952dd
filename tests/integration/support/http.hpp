#pragma once

#include "core/async.hpp"
#include "core/clock.hpp"
#include "core/http/http_client.hpp"

#include <boost/asio/io_context.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace test {

/// Blocking requests over real sockets, each object with an event loop and connections of its own. One thread
/// at a time; give each thread its own object.
class Http {
public:
    /// `ca_file`: a private authority to trust. `connections`: how many requests are under way at once.
    explicit Http(std::optional<std::string> const& ca_file = std::nullopt, std::size_t connections = 64);
    ~Http();
    Http(Http const&) = delete;
    Http& operator=(Http const&) = delete;

    core::Result<core::HttpResponse> send(core::HttpRequest request);
    /// All side by side; the answers in the order of the requests.
    std::vector<core::Result<core::HttpResponse>> send_all(std::vector<core::HttpRequest> const& requests);
    /// Sends, waits until `reached` holds, and hangs up in the middle of the answer.
    void send_and_leave(core::HttpRequest request, std::function<bool()> const& reached);

private:
    using Answer = std::optional<core::Result<core::HttpResponse>>;
    static core::Task<void> exchange(Http* self, core::HttpRequest const* request, Answer* answer);

    core::asio::io_context io_{1};
    core::SystemClock clock_;
    core::BlockingPool pool_{1};
    std::unique_ptr<core::TlsClient> tls_;
    std::unique_ptr<core::Resolver> resolver_;
    std::unique_ptr<core::PooledHttpClient> client_;
};

/// `GET` or, with a body, `POST`.
core::HttpRequest make_request(std::string const& url, std::string body = {}, std::string content_type = {});

} // namespace test
