#include "server/front/rest/openapi.hpp"

#include <string>

namespace server {
namespace {

core::Task<HttpReply> answer() {
    HttpReply reply(200, "application/json", std::string(openapi_text()));
    co_return reply;
}

} // namespace

void add_openapi_route(RouteTable& routes) {
    routes.add(Route("GET", "/api/openapi.json", std::nullopt, [](InboundRequest&, core::CallContext const&) {
        return answer();
    }));
}

} // namespace server
