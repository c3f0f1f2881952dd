#pragma once

#include "simulator/route.hpp"

#include <memory>

namespace simulator {

/// The whole simulator without its sockets: a request in, a reply out. One thread.
class Simulator {
public:
    Simulator(std::uint64_t seed, Settings const& settings);

    Reply handle(Request const& request);
    State& state() { return *state_; }

private:
    Reply dispatch(Request const& request, RouteKey& key);
    Reply azure_devops(Request const& request, RouteKey& key);
    Reply organization_request(Call& call, std::size_t api_at, Service service, RouteKey& key);
    template <class Answer>
    Reply with_faults(RouteKey const& key, Answer answer);

    std::unique_ptr<State> state_;
    std::vector<Route> routes_;
};

/// Adds what Azure DevOps puts on every answer.
void add_service_headers(Request const& request, Call const* call, Reply& reply);

} // namespace simulator
