#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace test {

/// An HTTP proxy on a port of its own that opens tunnels (CONNECT) and nothing else. Whatever host is asked
/// for, the tunnel ends at `target_port` of this machine: names that only the proxy knows lead somewhere.
class HttpProxy {
public:
    /// `credentials`: `user:password` a client must present; empty = none.
    explicit HttpProxy(std::uint16_t target_port, std::string_view credentials = {});
    ~HttpProxy();
    HttpProxy(HttpProxy const&) = delete;
    HttpProxy& operator=(HttpProxy const&) = delete;

    /// `http://[userinfo@]127.0.0.1:port`
    std::string url(std::string const& userinfo = {}) const;
    /// From now on every tunnel is refused with this status; 0 = opened again.
    void refuse(int status) { refusal_ = status; }
    /// The hosts tunnels were asked for, `host:port`, in order; refused ones too.
    std::vector<std::string> asked() const;
    bool was_asked_for(std::string const& host_and_port) const;

private:
    void accept_all();
    void serve(int client);

    std::uint16_t target_port_;
    std::string authorization_; ///< the header's value
    int listener_ = -1;
    std::uint16_t port_ = 0;
    std::atomic<int> refusal_{0};
    std::atomic<bool> stopping_{false};
    mutable std::mutex mutex_;
    std::vector<std::string> asked_;
    std::vector<std::thread> serving_;
    std::thread accepting_;
};

} // namespace test
