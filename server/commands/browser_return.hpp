#pragma once

#include "core/clock.hpp"
#include "core/result.hpp"
#include "core/task.hpp"
#include "server/config/limits.hpp"
#include "server/front/host_policy.hpp"
#include "server/front/http_session.hpp"
#include "server/front/inbound_gate.hpp"
#include "server/front/listener.hpp"
#include "server/front/rest/sign_in.hpp"
#include "server/front/routes.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <cstdint>
#include <memory>

namespace server {

/// A listener on a loopback port of its own that answers nothing but the browser's return from a sign-in.
class BrowserReturn {
public:
    /// Binds. `sign_in` and `clock` outlive it.
    static core::Result<std::unique_ptr<BrowserReturn>>
    open(core::asio::any_io_executor executor, core::Clock& clock, SignIn& sign_in);

    std::uint16_t port() const noexcept { return listener_->port(); }
    void start();
    /// Once, before it goes: lets the browser have its page.
    core::Task<void> drain();

private:
    BrowserReturn(core::asio::any_io_executor executor, core::Clock& clock, SignIn& sign_in);

    Limits limits_;
    SignInRoutes sign_in_routes_;
    RouteTable routes_;
    HostPolicy hosts_;
    std::unique_ptr<Authenticator> authenticator_;
    InboundGate gate_;
    core::TaskGroup writers_;
    HttpFront front_;
    std::unique_ptr<Listener> listener_;
};

} // namespace server
