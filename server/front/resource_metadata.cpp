#include "server/front/resource_metadata.hpp"

#include "core/json.hpp"

#include <nlohmann/json.hpp>

#include <optional>
#include <utility>

namespace server {
namespace {

constexpr std::string_view kWellKnown = "/.well-known/oauth-protected-resource";
constexpr std::string_view kMcpPath = "/mcp";

core::Task<HttpReply> respond(HttpReply reply) {
    co_return reply;
}

} // namespace

ResourceMetadata::ResourceMetadata(ResourceMetadataSettings settings) : settings_(std::move(settings)) {
    if (std::optional<core::Url> const url = core::Url::parse(settings_.public_url)) {
        base_path_ = url->target == "/" ? "" : url->target;
    }
}

void ResourceMetadata::add_to(RouteTable& routes) const {
    std::string const well_known(kWellKnown);
    // A proxy may serve us below a path: RFC 9728 §3.1 puts that path behind the well-known one.
    std::vector<std::string> paths{"", std::string(kMcpPath)};
    if (!base_path_.empty()) {
        paths.push_back(base_path_);
        paths.push_back(base_path_ + std::string(kMcpPath));
    }
    for (std::string const& path : paths) {
        bool const for_mcp = path.ends_with(kMcpPath);
        auto answer = [this, for_mcp](InboundRequest& request, core::CallContext const& /*ctx*/) {
            return respond(document(request.headers, for_mcp ? kMcpPath : std::string_view()));
        };
        Route route("GET", well_known + path, std::nullopt, std::move(answer));
        route.for_every_page = true;
        routes.add(std::move(route));
    }
}

std::string ResourceMetadata::base_url(core::HttpHeaders const& request) const {
    if (!settings_.public_url.empty()) {
        return settings_.public_url;
    }
    return std::string(settings_.tls ? "https://" : "http://") +
           std::string(request.get("Host").value_or("localhost"));
}

std::string ResourceMetadata::url(core::HttpHeaders const& request) const {
    std::string base = base_url(request);
    base.resize(base.size() - base_path_.size());
    return base + std::string(kWellKnown) + base_path_ + std::string(kMcpPath);
}

std::string ResourceMetadata::scope_for(core::Role needed) const {
    std::string const* least = nullptr;
    core::Role least_role = core::Role::administrator;
    for (auto const& [scope, role] : settings_.scopes) {
        if (role >= needed && (least == nullptr || role < least_role)) {
            least = &scope;
            least_role = role;
        }
    }
    return least == nullptr ? std::string() : settings_.scope_prefix + *least;
}

HttpReply ResourceMetadata::document(core::HttpHeaders const& request, std::string_view path) const {
    core::Json scopes = core::Json::array();
    for (auto const& [scope, role] : settings_.scopes) {
        scopes.push_back(settings_.scope_prefix + scope);
    }
    core::Json const body = {{"resource", base_url(request) + std::string(path)},
                             {"authorization_servers", settings_.authorization_servers},
                             {"scopes_supported", std::move(scopes)},
                             {"bearer_methods_supported", {"header"}},
                             {"resource_name", "ado-mcpd"}};
    HttpReply reply = json_reply(200, body);
    reply.headers.set("Cache-Control", "public, max-age=300");
    return reply;
}

} // namespace server
