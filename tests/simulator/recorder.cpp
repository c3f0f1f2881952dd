#include "simulator/recorder.hpp"

#include "simulator/text.hpp"

#include <stdexcept>

namespace simulator {

Recorder::Recorder(std::string const& file) : out_(file, std::ios::trunc) {
    if (!out_) {
        throw std::runtime_error("cannot write " + file);
    }
}

void Recorder::note(Request const& request, std::string const& service, Reply const& reply) {
    bool const azure_devops = service == "core" || service == "search" || service == "vssps";
    if (!azure_devops || reply.delivery == Delivery::hang) {
        return;
    }
    Json request_headers = Json::object();
    for (auto const& [name, value] : request.headers) {
        request_headers[name] = name == "authorization" ? "" : value;
    }
    Json headers = Json::object();
    if (!reply.content_type.empty()) {
        headers["content-type"] = reply.content_type;
    }
    for (auto const& [name, value] : reply.headers) {
        headers[lower(name)] = value;
    }
    Json const line = {{"method", request.method},
                       {"url", "https://" + request.host + request.target},
                       {"status", reply.status},
                       {"reqHeaders", std::move(request_headers)},
                       {"reqBody", request.body.empty() ? Json(nullptr) : Json(request.body)},
                       {"headers", std::move(headers)},
                       {"body", reply.body}};
    // A reader may come at any time: whole lines, at once.
    out_ << dump(line) + "\n" << std::flush;
}

} // namespace simulator
