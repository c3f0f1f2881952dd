#include "server/router/pat_reach.hpp"

#include "ado/client.hpp"
#include "ado/throttle.hpp"
#include "server/router/fixed_token.hpp"

#include <algorithm>
#include <utility>

namespace server {

core::Task<bool> pat_works_elsewhere(core::AccessToken pat,
                                     std::vector<ado::Organization> const& others,
                                     core::HttpClient& http,
                                     core::Clock& clock,
                                     core::CallContext const& ctx) {
    FixedToken source(std::move(pat));
    // A trace of its own: whom another organization takes us for is no part of this call.
    core::CallContext const probe(ctx.request_id, ctx.deadline);
    for (std::size_t i = 0; i < std::min(others.size(), kReachProbes); ++i) {
        ado::Throttle throttle(clock, ado::ThrottleLimits());
        ado::Organization target = others[i];
        ado::Client const client(std::move(target), http, source, throttle, clock, ado::ClientLimits());
        auto const who = co_await client.connection_data(probe);
        if (who && who->authenticated) {
            co_return true;
        }
    }
    co_return false;
}

} // namespace server
