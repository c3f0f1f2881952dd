#pragma once

#include "core/http/http_message.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace test {

class RawResponse {
public:
    int status = 0;
    core::HttpHeaders headers;
    std::string body;
};

/// One TCP connection to `http://127.0.0.1:port` on which a test sends whatever bytes it likes.
class RawConnection {
public:
    /// Throws when the connection is refused; see can_connect().
    explicit RawConnection(std::string const& url);
    ~RawConnection();
    RawConnection(RawConnection const&) = delete;
    RawConnection& operator=(RawConnection const&) = delete;

    static bool can_connect(std::string const& url);

    void send(std::string_view bytes);
    /// The next response (framed by Content-Length, as the daemon's are); nullopt when the peer closed before
    /// it was whole. Throws after kPatience.
    std::optional<RawResponse> read_response();
    /// Waits until the peer closed or reset.
    bool wait_closed();
    void close();

private:
    /// False at the end of the stream.
    bool fill();

    int fd_ = -1;
    std::string pending_;
};

} // namespace test
