#pragma once

#include "core/principal.hpp"
#include "server/front/http_exchange.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace server {

class Route {
public:
    /// `role`: what the caller must have; nullopt = anyone.
    Route(std::string method_, std::string pattern_, std::optional<core::Role> role_, HttpHandler handler_)
        : method(std::move(method_)), pattern(std::move(pattern_)), role(role_),
          handler(std::move(handler_)) {}

    std::string method;
    std::string pattern; ///< `/api/v1/things/{name}`
    std::optional<core::Role> role;
    HttpHandler handler;
    bool json_rpc = false; ///< refusals are JSON-RPC errors instead of problem+json
    bool head = true; ///< of GET: a HEAD may be asked; false for event streams and for visits with an effect
    bool probe =
        false; ///< asked by machines every few seconds, by IP address: no info line, Host may be an address
    /// A page of somebody else sends the browser here: its Origin is foreign by design, and something in the
    /// request itself, checked by the handler, is what lets it in.
    bool any_origin = false;
    /// Any page may read the answer (`Access-Control-Allow-Origin: *`), preflights included: only for what
    /// everybody may know.
    bool for_every_page = false;
};

class RouteMatch {
public:
    Route const* route = nullptr; ///< nullptr: no such path, or not with this method
    std::vector<std::pair<std::string, std::string>> parameters;
    std::vector<std::string> allowed; ///< methods of the path; empty = no such path
    bool json_rpc = false;
    bool probe = false;
    bool for_every_page = false;
};

/// Which handler answers which method and path. Paths match without case and with or without a slash at the
/// end; a HEAD goes to the handler of GET, save where there is none. Filled at start-up, then constant.
class RouteTable {
public:
    void add(Route route);
    RouteMatch match(std::string_view method, std::string_view path) const;
    /// Every route, in the order they were added.
    std::vector<Route const*> all() const;

private:
    class Entry {
    public:
        Entry(Route route_, std::vector<std::string> segments_)
            : route(std::move(route_)), segments(std::move(segments_)) {}
        Route route;
        std::vector<std::string> segments;
    };
    std::vector<Entry> entries_;
};

} // namespace server
