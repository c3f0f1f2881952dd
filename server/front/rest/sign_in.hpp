#pragma once

#include "server/front/routes.hpp"
#include "server/router/sign_in.hpp"

#include <utility>

namespace server {

/// Signing people in over REST, and the addresses their browsers come back to.
class SignInRoutes {
public:
    /// `sign_in` outlives it. `root`: what `GET /` is when no sign-in comes back there; without it, nothing.
    explicit SignInRoutes(SignIn& sign_in, HttpHandler root = {})
        : sign_in_(sign_in), root_(std::move(root)) {}

    /// `auth/oauth/start`, `auth/oauth/flows/{flow_id}`, `auth/device`, and the callbacks. This object
    /// outlives `routes`' use.
    void add_to(RouteTable& routes);
    /// `auth/oauth/callback` and `/` alone.
    void add_callbacks_to(RouteTable& routes);

private:
    core::Task<HttpReply> start(InboundRequest& request, core::CallContext const& ctx);
    core::Task<HttpReply> start_device(InboundRequest& request, core::CallContext const& ctx);
    core::Task<HttpReply> cancel(InboundRequest& request, core::CallContext const& ctx);
    core::Task<HttpReply> status(InboundRequest& request, core::CallContext const& ctx);
    core::Task<HttpReply> callback(InboundRequest& request, core::CallContext const& ctx);
    core::Task<HttpReply> at_root(InboundRequest& request, core::CallContext const& ctx);
    core::Task<HttpReply> finish(auth::AuthorizationAnswer answer, core::CallContext const& ctx);

    SignIn& sign_in_;
    HttpHandler root_;
};

} // namespace server
