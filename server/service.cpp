#include "server/service.hpp"

#include "server/inbound.hpp"
#include "server/store/admin_token.hpp"

#include <boost/asio/this_coro.hpp>

#include <chrono>
#include <utility>

namespace server {
namespace {

/// Between looks whether anything still runs.
constexpr std::chrono::milliseconds kRestPoll{50};

std::unique_ptr<Authenticator> authenticator_of(App& app) {
    InboundConfig const& inbound = app.config().inbound;
    return inbound.mode == InboundMode::none
               ? make_anonymous_authenticator(inbound.anonymous_role)
               : make_token_authenticator(app.tokens(), how_to_get_a_token(inbound));
}

std::optional<ResourceMetadata> metadata_of(Config const& config) {
    if (config.inbound.mode != InboundMode::entra) {
        return std::nullopt;
    }
    return ResourceMetadata(resource_metadata_settings(config));
}

HostPolicy hosts_of(Config const& config, std::string const& listen_host) {
    return HostPolicy(config.allowed_hosts, config.allowed_origins, config.public_url, listen_host);
}

} // namespace

Service::Service(std::unique_ptr<App> app, core::TaskGroup& writers, std::function<Readiness()> readiness)
    : app_(std::move(app)), authenticator_(authenticator_of(*app_)), metadata_(metadata_of(config())),
      gate_(*authenticator_, metadata_ ? &*metadata_ : nullptr),
      mcp_(protocol::make_mcp_http_endpoint(app_->mcp())), mcp_route_(*mcp_, config().limits),
      credential_routes_(app_->credentials(), app_->clock()), connector_routes_(app_->connectors()),
      source_routes_(app_->sources()),
      audit_routes_(app_->store().audit(), app_->clock(), config().limits.audit_page_records),
      sign_in_routes_(app_->sign_in()), hosts_(hosts_of(config(), config().listen.host)),
      front_(routes_, hosts_, gate_, config().limits, app_->clock(), writers) {
    add_routes();
    if (!config().health_listen) {
        add_health_routes(routes_, std::move(readiness));
        return;
    }
    add_health_routes(health_routes_, std::move(readiness));
    health_hosts_.emplace(hosts_of(config(), config().health_listen->host));
    health_front_.emplace(health_routes_, *health_hosts_, gate_, config().limits, app_->clock(), writers);
}

void Service::add_routes() {
    if (metadata_) {
        metadata_->add_to(routes_);
    }
    mcp_route_.add_to(routes_);
    credential_routes_.add_to(routes_);
    connector_routes_.add_to(routes_);
    source_routes_.add_to(routes_);
    add_openapi_route(routes_);
    audit_routes_.add_to(routes_);
    sign_in_routes_.add_to(routes_);
}

core::Task<core::Result<void>> Service::start() {
    if (config().inbound.mode == InboundMode::token) {
        CO_TRY_VOID(co_await ensure_admin_token(app_->store(), app_->clock(), config().store.path));
    }
    CO_TRY_VOID(co_await app_->start());
    app_->tend_inbound();
    co_return core::Result<void>();
}

core::Task<void> Service::stop(core::Deadline deadline) {
    end_streams();
    co_await app_->stop(deadline);
}

core::Task<void> Service::come_to_rest() {
    co_await core::asio::this_coro::throw_if_cancelled(false);
    co_await mcp_->wait();
    core::asio::cancellation_state state = co_await core::asio::this_coro::cancellation_state;
    while (!app_->at_rest() && state.cancelled() == core::asio::cancellation_type::none) {
        co_await app_->clock().sleep_for(kRestPoll);
        state = co_await core::asio::this_coro::cancellation_state;
    }
}

} // namespace server
