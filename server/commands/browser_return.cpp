#include "server/commands/browser_return.hpp"

#include <chrono>
#include <string>
#include <utility>

namespace server {
namespace {

constexpr char const* kAddress = "127.0.0.1";
constexpr std::chrono::seconds kLastPage{2};
/// A browser opens a few at once, some of them only in case.
constexpr std::size_t kConnections = 16;

} // namespace

BrowserReturn::BrowserReturn(core::asio::any_io_executor executor, core::Clock& clock, SignIn& sign_in)
    : sign_in_routes_(sign_in), hosts_({}, {}, std::string(), kAddress),
      authenticator_(make_anonymous_authenticator(core::Role::reader)), gate_(*authenticator_),
      writers_(std::move(executor)), front_(routes_, hosts_, gate_, limits_, clock, writers_) {
    sign_in_routes_.add_callbacks_to(routes_);
}

core::Result<std::unique_ptr<BrowserReturn>>
BrowserReturn::open(core::asio::any_io_executor executor, core::Clock& clock, SignIn& sign_in) {
    std::unique_ptr<BrowserReturn> self(new BrowserReturn(executor, clock, sign_in));
    ListenAddress address;
    address.host = kAddress;
    address.port = 0;
    ListenerOptions options;
    options.connections = kConnections;
    ADOMCPD_TRY(self->listener_, open_listener(std::move(executor), clock, address, nullptr, options));
    return self;
}

void BrowserReturn::start() {
    HttpFront const& front = front_;
    listener_->start([&front](std::unique_ptr<core::ByteStream> stream, SessionRegistry::Session& session) {
        return serve_http(front, std::move(stream), session);
    });
}

core::Task<void> BrowserReturn::drain() {
    co_await listener_->drain(kLastPage);
}

} // namespace server
