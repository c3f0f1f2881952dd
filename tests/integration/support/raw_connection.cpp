#include "integration/support/raw_connection.hpp"

#include "integration/support/process.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <utility>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace test {
namespace {

std::runtime_error failure(char const* what) {
    return std::runtime_error(std::string(what) + ": " + std::strerror(errno));
}

/// -1 when the connection was refused.
int open_connection(std::string const& url) {
    auto const parsed = core::Url::parse(url);
    if (!parsed) {
        throw std::runtime_error("not a URL: " + url);
    }
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(parsed->origin.port);
    ::inet_pton(AF_INET, parsed->origin.host.c_str(), &address.sin_addr);
    int const fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        throw failure("socket");
    }
    sockaddr generic{};
    std::memcpy(&generic, &address, sizeof(generic));
    if (::connect(fd, &generic, sizeof(address)) != 0) {
        ::close(fd);
        return -1;
    }
    return fd;
}

} // namespace

RawConnection::RawConnection(std::string const& url) : fd_(open_connection(url)) {
    if (fd_ < 0) {
        throw std::runtime_error("cannot connect to " + url);
    }
}

RawConnection::~RawConnection() {
    close();
}

bool RawConnection::can_connect(std::string const& url) {
    int const fd = open_connection(url);
    if (fd >= 0) {
        ::close(fd);
    }
    return fd >= 0;
}

void RawConnection::send(std::string_view bytes) {
    while (!bytes.empty()) {
        ssize_t const sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR) {
            continue;
        }
        if (sent < 0) {
            return; // the peer refused and closed; what it said can still be read
        }
        bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
}

bool RawConnection::fill() {
    pollfd waiting{fd_, POLLIN, 0};
    int const patience = static_cast<int>(std::chrono::milliseconds(kPatience).count());
    if (::poll(&waiting, 1, patience) == 0) {
        throw std::runtime_error("the peer neither answered nor closed");
    }
    std::array<char, 16384> buffer{};
    ssize_t const got = ::recv(fd_, buffer.data(), buffer.size(), 0);
    if (got > 0) {
        pending_.append(buffer.data(), static_cast<std::size_t>(got));
    }
    return got > 0;
}

std::optional<RawResponse> RawConnection::read_response() {
    std::size_t end = pending_.find("\r\n\r\n");
    while (end == std::string::npos) {
        if (!fill()) {
            return std::nullopt;
        }
        end = pending_.find("\r\n\r\n");
    }
    RawResponse response;
    std::string_view head = std::string_view(pending_).substr(0, end + 2);
    response.status = std::stoi(std::string(head.substr(head.find(' ') + 1, 3)));
    head.remove_prefix(head.find("\r\n") + 2);
    while (!head.empty()) {
        std::size_t const line_end = head.find("\r\n");
        std::string_view const line = head.substr(0, line_end);
        std::size_t const colon = line.find(':');
        response.headers.add(std::string(line.substr(0, colon)),
                             std::string(core::trim_ows(line.substr(colon + 1))));
        head.remove_prefix(line_end + 2);
    }
    std::size_t const length = std::stoul(std::string(response.headers.get("Content-Length").value_or("0")));
    while (pending_.size() < end + 4 + length) {
        if (!fill()) {
            return std::nullopt;
        }
    }
    response.body = pending_.substr(end + 4, length);
    pending_.erase(0, end + 4 + length);
    return response;
}

bool RawConnection::wait_closed() {
    while (fill()) {
    }
    return true;
}

void RawConnection::close() {
    if (fd_ >= 0) {
        ::close(std::exchange(fd_, -1));
    }
}

} // namespace test
