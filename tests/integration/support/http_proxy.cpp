#include "integration/support/http_proxy.hpp"

#include "core/http/http_message.hpp"
#include "core/text/base64.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <stdexcept>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace test {
namespace {

constexpr int kTurnMs = 50; ///< how soon a thread notices that it shall end

sockaddr loopback(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    sockaddr generic{};
    static_assert(sizeof(generic) == sizeof(address));
    std::memcpy(&generic, &address, sizeof(generic));
    return generic;
}

bool send_all(int fd, std::string_view bytes) {
    while (!bytes.empty()) {
        ssize_t const sent = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent <= 0) {
            return false;
        }
        bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
}

/// False at the end of either side.
bool pass_on(int from, int to) {
    std::array<char, 16'384> buffer{};
    ssize_t const got = ::recv(from, buffer.data(), buffer.size(), 0);
    return got > 0 && send_all(to, {buffer.data(), static_cast<std::size_t>(got)});
}

std::string field_of(std::string_view head, std::string_view name) {
    std::size_t at = 0;
    while ((at = head.find("\r\n", at)) != std::string_view::npos) {
        at += 2;
        std::string_view const line = head.substr(at, head.find("\r\n", at) - at);
        std::size_t const colon = line.find(':');
        if (colon != std::string_view::npos && core::iequals(line.substr(0, colon), name)) {
            return std::string(core::trim_ows(line.substr(colon + 1)));
        }
    }
    return {};
}

std::string refusal(std::string const& status, std::string const& more = {}) {
    return "HTTP/1.1 " + status + "\r\n" + more + "Content-Length: 0\r\nConnection: close\r\n\r\n";
}

} // namespace

HttpProxy::HttpProxy(std::uint16_t target_port, std::string_view credentials)
    : target_port_(target_port),
      authorization_(credentials.empty() ? "" : "Basic " + core::base64_encode(credentials)) {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr const any = loopback(0);
    sockaddr_in bound{};
    socklen_t size = sizeof(bound);
    sockaddr generic{};
    bool const works = listener_ >= 0 && ::bind(listener_, &any, sizeof(any)) == 0 &&
                       ::listen(listener_, 64) == 0 && ::getsockname(listener_, &generic, &size) == 0;
    if (!works) {
        throw std::runtime_error("the proxy cannot listen");
    }
    std::memcpy(&bound, &generic, sizeof(bound));
    port_ = ntohs(bound.sin_port);
    accepting_ = std::thread([this] { accept_all(); });
}

HttpProxy::~HttpProxy() {
    stopping_ = true;
    accepting_.join();
    for (std::thread& one : serving_) {
        one.join();
    }
    ::close(listener_);
}

std::string HttpProxy::url(std::string const& userinfo) const {
    return "http://" + userinfo + (userinfo.empty() ? "" : "@") + "127.0.0.1:" + std::to_string(port_);
}

std::vector<std::string> HttpProxy::asked() const {
    std::lock_guard const lock(mutex_);
    return asked_;
}

bool HttpProxy::was_asked_for(std::string const& host_and_port) const {
    std::vector<std::string> const all = asked();
    return std::find(all.begin(), all.end(), host_and_port) != all.end();
}

void HttpProxy::accept_all() {
    while (!stopping_) {
        pollfd waiting{listener_, POLLIN, 0};
        if (::poll(&waiting, 1, kTurnMs) != 1) {
            continue;
        }
        int const client = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
        if (client >= 0) {
            serving_.emplace_back([this, client] {
                serve(client);
                ::close(client);
            });
        }
    }
}

void HttpProxy::serve(int client) {
    std::string head;
    while (head.find("\r\n\r\n") == std::string::npos) {
        pollfd waiting{client, POLLIN, 0};
        if (stopping_) {
            return;
        }
        if (::poll(&waiting, 1, kTurnMs) != 1) {
            continue;
        }
        std::array<char, 4096> buffer{};
        ssize_t const got = ::recv(client, buffer.data(), buffer.size(), 0);
        if (got <= 0) {
            return;
        }
        head.append(buffer.data(), static_cast<std::size_t>(got));
    }
    if (!head.starts_with("CONNECT ")) {
        send_all(client, refusal("405 Method Not Allowed"));
        return;
    }
    {
        std::lock_guard const lock(mutex_);
        asked_.push_back(head.substr(8, head.find(' ', 8) - 8));
    }
    if (!authorization_.empty() && field_of(head, "Proxy-Authorization") != authorization_) {
        send_all(
            client,
            refusal("407 Proxy Authentication Required", "Proxy-Authenticate: Basic realm=\"test\"\r\n"));
        return;
    }
    if (int const status = refusal_) {
        send_all(client, refusal(std::to_string(status) + " No"));
        return;
    }
    int const upstream = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr const target = loopback(target_port_);
    bool going = upstream >= 0 && ::connect(upstream, &target, sizeof(target)) == 0 &&
                 send_all(client, "HTTP/1.1 200 Connection established\r\n\r\n");
    while (going && !stopping_) {
        std::array<pollfd, 2> both{pollfd{client, POLLIN, 0}, pollfd{upstream, POLLIN, 0}};
        if (::poll(both.data(), both.size(), kTurnMs) <= 0) {
            continue;
        }
        going = (both[0].revents == 0 || pass_on(client, upstream)) &&
                (both[1].revents == 0 || pass_on(upstream, client));
    }
    if (upstream >= 0) {
        ::close(upstream);
    }
}

} // namespace test
