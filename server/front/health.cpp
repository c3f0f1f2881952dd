#include "server/front/health.hpp"

#include "core/json.hpp"

#include <nlohmann/json.hpp>

#include <utility>

namespace server {
namespace {

core::Task<HttpReply> respond(int status, core::Json body) {
    co_return json_reply(status, body);
}

void add_probe(RouteTable& routes, char const* path, HttpHandler handler) {
    Route route("GET", path, std::nullopt, std::move(handler));
    route.probe = true;
    routes.add(std::move(route));
}

} // namespace

void add_health_routes(RouteTable& routes, std::function<Readiness()> readiness) {
    add_probe(routes, "/healthz", [](InboundRequest&, core::CallContext const&) {
        return respond(200, core::Json{{"status", "ok"}});
    });
    add_probe(
        routes, "/readyz", [readiness = std::move(readiness)](InboundRequest&, core::CallContext const&) {
            Readiness const state = readiness();
            core::Json body = {{"status", state.ready ? "ready" : "not_ready"}};
            if (!state.ready) {
                body["reasons"] = state.reasons;
            }
            return respond(state.ready ? 200 : 503, std::move(body));
        });
}

} // namespace server
