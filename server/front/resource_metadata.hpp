#pragma once

#include "core/http/http_message.hpp"
#include "core/principal.hpp"
#include "server/front/routes.hpp"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace server {

class ResourceMetadataSettings {
public:
    std::string
        public_url;   ///< what clients use, without a slash at the end; empty = as each request names us
    bool tls = false; ///< of the listener, for URLs made from a request's Host
    std::vector<std::string> authorization_servers; ///< issuers
    std::string scope_prefix; ///< in front of a scope when a client asks for it (`https://azuresre.dev/`)
    std::map<std::string, core::Role, std::less<>> scopes; ///< each with the most it lets a client do
};

/// Where a client that has no token finds out how to get one: protected resource metadata (RFC 9728), which
/// the challenges of the gate point to.
class ResourceMetadata {
public:
    explicit ResourceMetadata(ResourceMetadataSettings settings);

    /// `/.well-known/oauth-protected-resource` for the server as a whole, and with `/mcp` behind it for the
    /// MCP endpoint. Open to everybody and to every page: there is nothing in it to protect, and browser
    /// clients start here. This object outlives `routes`' use.
    void add_to(RouteTable& routes) const;

    /// URL of the MCP endpoint's document (RFC 9728 §3.1), for the host the request names, which has been
    /// checked.
    std::string url(core::HttpHeaders const& request) const;
    /// As a client has to ask for it: the scope that lets it do least among those that let it act as
    /// `needed`; empty when none does.
    std::string scope_for(core::Role needed) const;

private:
    std::string base_url(core::HttpHeaders const& request) const;
    HttpReply document(core::HttpHeaders const& request, std::string_view path) const;

    ResourceMetadataSettings settings_;
    std::string base_path_; ///< of public_url, for proxies that serve us below one
};

} // namespace server
