#include "server/front/routes.hpp"

#include "core/http/http_message.hpp"
#include "core/text/percent_encoding.hpp"

#include <algorithm>

namespace server {
namespace {

/// Split before decoding, so that an encoded slash stays inside its segment. nullopt on a broken escape.
std::optional<std::vector<std::string>> split_path(std::string_view path) {
    std::vector<std::string> segments;
    if (!path.starts_with('/')) {
        return std::nullopt;
    }
    path.remove_prefix(1);
    if (path.ends_with('/')) {
        path.remove_suffix(1);
    }
    while (!path.empty()) {
        std::size_t const slash = path.find('/');
        std::optional<std::string> segment = core::percent_decode(path.substr(0, slash));
        if (!segment) {
            return std::nullopt;
        }
        segments.push_back(std::move(*segment));
        path = slash == std::string_view::npos ? std::string_view() : path.substr(slash + 1);
    }
    return segments;
}

bool is_parameter(std::string_view segment) noexcept {
    return segment.starts_with('{') && segment.ends_with('}');
}

bool fits(std::vector<std::string> const& pattern,
          std::vector<std::string> const& path,
          std::vector<std::pair<std::string, std::string>>& parameters) {
    if (pattern.size() != path.size()) {
        return false;
    }
    parameters.clear();
    for (std::size_t i = 0; i < path.size(); ++i) {
        if (is_parameter(pattern[i])) {
            if (path[i].empty()) {
                return false;
            }
            parameters.emplace_back(pattern[i].substr(1, pattern[i].size() - 2), path[i]);
        } else if (!core::iequals(pattern[i], path[i])) {
            return false;
        }
    }
    return true;
}

} // namespace

void RouteTable::add(Route route) {
    std::vector<std::string> segments = split_path(route.pattern).value_or(std::vector<std::string>());
    entries_.emplace_back(std::move(route), std::move(segments));
}

std::vector<Route const*> RouteTable::all() const {
    std::vector<Route const*> routes;
    for (Entry const& entry : entries_) {
        routes.push_back(&entry.route);
    }
    return routes;
}

RouteMatch RouteTable::match(std::string_view method, std::string_view path) const {
    RouteMatch match;
    std::optional<std::vector<std::string>> const segments = split_path(path);
    if (!segments) {
        return match;
    }
    std::string_view const wanted = method == "HEAD" ? "GET" : method;
    std::vector<std::pair<std::string, std::string>> parameters;
    bool exact = false;
    bool headless = true; // no GET that a HEAD could go to
    for (Entry const& entry : entries_) {
        if (!fits(entry.segments, *segments, parameters)) {
            continue;
        }
        // A literal path wins over one with a parameter in its place (`auth/pat` over `auth/{organization}`),
        // but it does not hide the methods only the other one has.
        bool const literal = parameters.empty();
        match.json_rpc = match.json_rpc || entry.route.json_rpc;
        match.probe = match.probe || entry.route.probe;
        match.for_every_page = match.for_every_page || entry.route.for_every_page;
        if (std::find(match.allowed.begin(), match.allowed.end(), entry.route.method) ==
            match.allowed.end()) {
            match.allowed.push_back(entry.route.method);
        }
        headless = headless && (entry.route.method != "GET" || !entry.route.head);
        if (method == "HEAD" && !entry.route.head) {
            continue;
        }
        if (entry.route.method == wanted && (match.route == nullptr || (literal && !exact))) {
            match.route = &entry.route;
            match.parameters = parameters;
            exact = literal;
        }
    }
    if (!headless) {
        match.allowed.emplace_back("HEAD");
    }
    return match;
}

} // namespace server
