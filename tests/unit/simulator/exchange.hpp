#pragma once

#include "simulator/router.hpp"

#include <string>

/// Talks to a simulator without a socket.
namespace simulator::testing {

class Exchange {
public:
    explicit Exchange(std::uint64_t seed = 7) : simulator(seed, Settings()) {}

    Simulator simulator;

    World& world() { return *simulator.state().world; }

    std::string pat(std::string const& organization, std::string const& name) {
        for (auto const& candidate : world().pats) {
            if (candidate.organization == organization && candidate.name == name) {
                return candidate.token;
            }
        }
        return {};
    }

    static Request request(std::string method, std::string const& target, std::string body = "") {
        Request out;
        out.method = std::move(method);
        out.set_target(target);
        out.host = "localhost:1";
        out.headers = {{"x-tfs-fedauthredirect", "Suppress"}, {"accept", "application/json"}};
        out.body = std::move(body);
        return out;
    }

    Reply send(Request request, std::string const& pat_token) {
        if (!pat_token.empty()) {
            request.headers.emplace_back("authorization", "Basic " + base64_encode(":" + pat_token));
        }
        return simulator.handle(request);
    }

    Reply send_bearer(Request request, std::string const& token) {
        request.headers.emplace_back("authorization", "Bearer " + token);
        return simulator.handle(request);
    }

    Reply get(std::string const& target, std::string const& pat_token) {
        return send(request("GET", target), pat_token);
    }

    Reply post(std::string const& target, Json const& body, std::string const& pat_token) {
        auto message = request("POST", target, dump(body));
        message.headers.emplace_back("content-type", "application/json");
        return send(std::move(message), pat_token);
    }

    Reply
    write(std::string method, std::string const& target, Json const& patch, std::string const& pat_token) {
        auto message = request(std::move(method), target, dump(patch));
        message.headers.emplace_back("content-type", "application/json-patch+json");
        return send(std::move(message), pat_token);
    }

    Reply form(std::string const& target, NameValues const& values) {
        std::string body;
        for (auto const& [name, value] : values) {
            body += (body.empty() ? "" : "&") + name + "=" + percent_encode(value);
        }
        auto message = request("POST", target, body);
        message.headers.emplace_back("content-type", "application/x-www-form-urlencoded");
        return simulator.handle(message);
    }

    static Json json(Reply const& reply) { return parse_json(reply.body).value_or(Json::object()); }
    static std::string type_key(Reply const& reply) { return string_member(json(reply), "typeKey"); }
    static std::string header(Reply const& reply, std::string_view name) {
        for (auto const& [key, value] : reply.headers) {
            if (iequals(key, name)) {
                return value;
            }
        }
        return {};
    }
};

inline Json title_patch(std::string const& title) {
    return Json::array({{{"op", "add"}, {"path", "/fields/System.Title"}, {"value", title}}});
}

} // namespace simulator::testing
