#include "auth/tenant_lookup.hpp"
#include "core/http/connector.hpp"
#include "core/net/tcp_stream.hpp"
#include "server/router/leg_timer.hpp"
#include "server/router/leg_walk.hpp"

#include <boost/asio/ip/tcp.hpp>

#include <utility>

namespace server {
namespace {

constexpr char kDnsFix[] =
    "Check the host's name and this machine's DNS. Where only a proxy may look names up, "
    "set outbound.proxy or HTTPS_PROXY.";
constexpr char kTcpFix[] = "Let this machine open TCP connections to it (firewall, routes), or set "
                           "outbound.proxy or HTTPS_PROXY.";
constexpr char kTlsFix[] = "Where a proxy or firewall inspects TLS, put its certificate authority into "
                           "outbound.ca_file; otherwise check this machine's clock and its certificates.";
constexpr char kProxyFix[] =
    "Check outbound.proxy or HTTPS_PROXY: its address, user and password, and whether "
    "it lets this destination through.";

std::string address_list(std::vector<core::asio::ip::tcp::endpoint> const& endpoints) {
    std::string text;
    for (auto const& endpoint : endpoints) {
        text += text.empty() ? "" : ", ";
        text += endpoint.address().to_string();
    }
    return text;
}

void skip(LegReport& report, char const* name, char const* title, std::string why) {
    report.legs.emplace_back(name, title).skip(std::move(why));
}

} // namespace

core::CallContext LegWalk::leg_context(core::CallContext const& ctx) const {
    return ctx.shortened(core::Deadline::in(parts_.provider_environment.clock, parts_.config.limits.leg_ms));
}

core::Task<LegReport> LegWalk::run_without_credential(ado::Organization organization,
                                                      core::CallContext const& ctx) const {
    LegReport report(organization.name());
    bool const reached = co_await walk_network(organization, report, ctx);
    if (reached) {
        co_await walk_tenant(organization, report, ctx);
    }
    co_return report;
}

core::Task<bool>
LegWalk::walk_network(ado::Organization organization, LegReport& report, core::CallContext const& ctx) const {
    core::Origin origin = organization.core_base().origin;
    bool const proxied = out_.proxy != nullptr && !core::bypasses_proxy(origin.host, out_.proxy->no_proxy);
    bool reached = false;
    if (proxied) {
        reached = co_await walk_proxied(std::move(origin), report, ctx);
    } else {
        reached = co_await walk_direct(std::move(origin), report, ctx);
    }
    co_return reached;
}

core::Task<LegWalk::Endpoints> LegWalk::walk_name(core::Origin origin,
                                                  std::string title,
                                                  char const* fix,
                                                  LegReport& report,
                                                  core::CallContext const& ctx) const {
    Timer timer(parts_.provider_environment.clock, report, "dns", std::move(title));
    core::CallContext const leg = leg_context(ctx);
    auto const found = co_await out_.resolver.resolve(origin.host, origin.port, leg.deadline);
    if (!found) {
        timer.leg().fail(found.error(), fix);
        co_return Endpoints();
    }
    timer.leg().pass(address_list(*found));
    co_return *found;
}

core::Task<bool>
LegWalk::walk_direct(core::Origin origin, LegReport& report, core::CallContext const& ctx) const {
    core::Clock& clock = parts_.provider_environment.clock;
    Endpoints const endpoints = co_await walk_name(origin, "Name of " + origin.host, kDnsFix, report, ctx);
    if (endpoints.empty()) {
        co_return false;
    }
    std::unique_ptr<core::TcpStream> stream;
    {
        Timer timer(clock, report, "tcp", "Connection to " + origin.authority());
        core::CallContext const leg = leg_context(ctx);
        core::Error last(core::ErrorKind::network, "no address");
        for (auto const& endpoint : endpoints) {
            auto candidate = std::make_unique<core::TcpStream>(core::asio::ip::tcp::socket(out_.executor));
            candidate->set_deadline(leg.deadline);
            core::Result<void> const connected = co_await candidate->connect(endpoint);
            if (connected) {
                stream = std::move(candidate);
                break;
            }
            last = connected.error();
        }
        if (!stream) {
            timer.leg().fail(last, kTcpFix);
            co_return false;
        }
        timer.leg().pass("connected to " + stream->peer());
    }
    skip(report, "proxy", "Proxy", "none for this host");
    if (!origin.is_tls()) {
        skip(report, "tls", "TLS", "plain http");
        co_await stream->close();
        co_return true;
    }
    Timer timer(clock, report, "tls", "TLS with " + origin.host);
    core::CallContext const leg = leg_context(ctx);
    auto socket = stream->release();
    auto const secured =
        co_await out_.tls.handshake(std::move(socket), origin.host, origin.port, leg.deadline);
    if (!secured) {
        timer.leg().fail(secured.error(), kTlsFix);
        co_return false;
    }
    timer.leg().pass("the certificate is trusted and names the host");
    (*secured)->set_deadline(leg.deadline);
    co_await (*secured)->close();
    co_return true;
}

/// The proxy itself first, then one anonymous request through it: its refusal tells the proxy from what lies
/// behind it.
core::Task<bool>
LegWalk::walk_proxied(core::Origin origin, LegReport& report, core::CallContext const& ctx) const {
    core::Clock& clock = parts_.provider_environment.clock;
    core::Origin const proxy = out_.proxy->proxy;
    Endpoints const endpoints =
        co_await walk_name(proxy, "Name of the proxy " + proxy.host, kProxyFix, report, ctx);
    if (endpoints.empty()) {
        co_return false;
    }
    {
        Timer timer(clock, report, "tcp", "Connection to the proxy " + proxy.authority());
        core::CallContext const leg = leg_context(ctx);
        core::TcpStream stream{core::asio::ip::tcp::socket(out_.executor)};
        stream.set_deadline(leg.deadline);
        core::asio::ip::tcp::endpoint const endpoint = endpoints.front();
        core::Result<void> const connected = co_await stream.connect(endpoint);
        if (!connected) {
            timer.leg().fail(connected.error(), kProxyFix);
            co_return false;
        }
        timer.leg().pass("connected to " + stream.peer());
        stream.abort();
    }
    Timer timer(clock, report, "proxy", "Tunnel through the proxy to " + origin.authority());
    core::CallContext const leg = leg_context(ctx);
    core::Url url(origin, "/");
    core::HttpRequest request("HEAD", std::move(url));
    request.idempotent = true;
    auto const answer = co_await out_.once.send(request, leg);
    if (answer) {
        timer.leg().pass("an answer came through it");
        report.legs.emplace_back("tls", "TLS with " + origin.host)
            .pass("the certificate is trusted and names the host");
        co_return true;
    }
    if (answer.error().kind() == core::ErrorKind::tls) {
        timer.leg().pass("it opened the tunnel");
        report.legs.emplace_back("tls", "TLS with " + origin.host).fail(answer.error(), kTlsFix);
        co_return false;
    }
    timer.leg().fail(answer.error(), kProxyFix);
    co_return false;
}

core::Task<void>
LegWalk::walk_tenant(ado::Organization organization, LegReport& report, core::CallContext const& ctx) const {
    Timer timer(parts_.provider_environment.clock, report, "tenant", "Tenant of the organization");
    core::CallContext const leg = leg_context(ctx);
    std::string base = parts_.config.azure_devops.identity_url;
    std::string name = organization.name();
    auto const tenant = co_await auth::lookup_tenant(out_.once, std::move(base), std::move(name), leg);
    if (tenant) {
        parts_.tenants->note(organization.name(), *tenant);
        timer.leg().pass(*tenant == auth::kOrganizationsTenant
                             ? "backed by Microsoft accounts, no tenant of its own"
                             : "tenant " + *tenant);
        co_return;
    }
    if (tenant.error().kind() == core::ErrorKind::not_found) {
        timer.leg().warn(tenant.error().message(), tenant.error().fix());
        timer.leg().code = "tenant_unknown";
        co_return;
    }
    timer.leg().fail(tenant.error());
}

} // namespace server
