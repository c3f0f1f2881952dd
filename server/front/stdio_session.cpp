#include "server/front/stdio_session.hpp"

#include "core/log.hpp"

#include <boost/asio/post.hpp>

#include <array>
#include <cerrno>
#include <cstring>
#include <deque>
#include <fcntl.h>
#include <mutex>
#include <poll.h>
#include <string>
#include <sys/eventfd.h>
#include <thread>
#include <unistd.h>
#include <utility>

namespace server {
namespace {

namespace asio = boost::asio;

constexpr int kInput = 0;
constexpr int kOutput = 1;
constexpr int kLogs = 2;
constexpr std::size_t kReadBytes = 64U * 1024;

class Descriptor {
public:
    explicit Descriptor(int fd) noexcept : fd_(fd) {}
    Descriptor(Descriptor const&) = delete;
    Descriptor& operator=(Descriptor const&) = delete;
    ~Descriptor() {
        if (fd_ >= 0) {
            ::close(fd_);
        }
    }
    int get() const noexcept { return fd_; }

private:
    int fd_;
};

/// False when the reader of our output is gone.
bool write_all(int fd, std::string_view text) {
    while (!text.empty()) {
        ssize_t const count = ::write(fd, text.data(), text.size());
        if (count > 0) {
            text.remove_prefix(static_cast<std::size_t>(count));
        } else if (count < 0 && errno == EAGAIN) {
            pollfd ready{fd, POLLOUT, 0};
            ::poll(&ready, 1, -1);
        } else if (count < 0 && errno != EINTR) {
            return false;
        }
    }
    return true;
}

class ProcessPipes final : public StdioPipes, private protocol::LineSink {
public:
    ProcessPipes(asio::any_io_executor executor, int output, std::size_t line_bytes)
        : executor_(std::move(executor)), line_bytes_(line_bytes), output_(output),
          wake_(::eventfd(0, EFD_CLOEXEC)), output_thread_(1) {}
    ~ProcessPipes() override {
        stop();
        if (reader_.joinable()) {
            reader_.join();
        }
    }

    protocol::LineSink& sink() noexcept override { return *this; }

    core::Task<void> run(protocol::McpStdioEndpoint& endpoint) override {
        endpoint_ = &endpoint;
        reader_ = std::thread([this] { read_lines(); });
        co_await ended_.wait(core::Deadline::never());
    }

    void stop() override {
        std::uint64_t const one = 1;
        // The counter cannot overflow from this; the reader wakes, or has ended already.
        [[maybe_unused]] ssize_t const written = ::write(wake_.get(), &one, sizeof(one));
        ended_.set();
    }

    core::Task<void> flush(core::Clock& clock, core::Deadline deadline) override {
        while (pending_ != 0 && !deadline.passed(clock.now())) {
            co_await clock.sleep_for(std::chrono::milliseconds(5));
        }
    }

private:
    void write(std::string line) override {
        line += '\n';
        ++pending_;
        asio::post(output_thread_.threads(), [this, line = std::move(line)] {
            bool const written = write_all(output_.get(), line);
            asio::post(executor_, [this, written] {
                --pending_;
                if (!written && !ended_.is_set()) {
                    core::log::info("stdio.output_closed", {});
                    stop();
                }
            });
        });
    }

    /// On the reader's own thread.
    void read_lines() {
        std::string line;
        bool too_long = false;
        std::array<char, kReadBytes> buffer{};
        std::array<pollfd, 2> watched{pollfd{kInput, POLLIN, 0}, pollfd{wake_.get(), POLLIN, 0}};
        for (;;) {
            if (::poll(watched.data(), watched.size(), -1) < 0 && errno != EINTR) {
                break;
            }
            if (watched[1].revents != 0) {
                break;
            }
            if (watched[0].revents == 0) {
                continue;
            }
            ssize_t const count = ::read(kInput, buffer.data(), buffer.size());
            if (count < 0 && (errno == EINTR || errno == EAGAIN)) {
                continue;
            }
            if (count <= 0) {
                break;
            }
            std::string_view rest(buffer.data(), static_cast<std::size_t>(count));
            while (!rest.empty()) {
                std::size_t const end = rest.find('\n');
                std::string_view const part = rest.substr(0, end);
                too_long = too_long || line.size() + part.size() > line_bytes_;
                if (!too_long) {
                    line += part;
                }
                if (end == std::string_view::npos) {
                    break;
                }
                hand_over(std::exchange(line, std::string()), std::exchange(too_long, false));
                rest.remove_prefix(end + 1);
            }
        }
        if (!line.empty()) {
            hand_over(std::move(line), false); // the last line may lack its end
        }
        asio::post(executor_, [this] { ended_.set(); });
    }

    void hand_over(std::string line, bool too_long) {
        asio::post(executor_, [this, line = std::move(line), too_long]() mutable {
            if (too_long) {
                endpoint_->refuse_long_line(line_bytes_);
            } else {
                endpoint_->receive(std::move(line));
            }
        });
    }

    asio::any_io_executor executor_;
    std::size_t line_bytes_;
    Descriptor output_;
    Descriptor wake_;
    core::BlockingPool output_thread_;
    protocol::McpStdioEndpoint* endpoint_ = nullptr;
    core::Event ended_;
    std::size_t pending_ = 0;
    std::thread reader_;
};

} // namespace

core::Result<std::unique_ptr<StdioPipes>> StdioPipes::take_over(core::asio::any_io_executor executor,
                                                                std::size_t line_bytes) {
    int const output = ::fcntl(kOutput, F_DUPFD_CLOEXEC, kLogs + 1);
    if (output < 0 || ::dup2(kLogs, kOutput) < 0) {
        return core::fail(core::ErrorKind::internal,
                          std::string("standard output cannot be taken over: ") + std::strerror(errno));
    }
    return std::make_unique<ProcessPipes>(std::move(executor), output, line_bytes);
}

} // namespace server
