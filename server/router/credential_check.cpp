#include "server/router/credential_check.hpp"

#include "ado/client.hpp"
#include "ado/throttle.hpp"
#include "server/router/fixed_token.hpp"

#include <utility>

namespace server {
namespace {

/// No repository has this id. A token that may read code is told so (404); one that may not is refused (401).
constexpr char const* kNoRepository = "00000000-0000-0000-0000-000000000000";

} // namespace

core::Task<core::Result<CredentialCheck>> check_credential(ado::Organization organization,
                                                           core::AccessToken token,
                                                           std::string const& api_version,
                                                           core::HttpClient& http,
                                                           core::Clock& clock,
                                                           core::CallContext const& ctx) {
    FixedToken source(std::move(token));
    ado::Throttle throttle(clock, ado::ThrottleLimits());
    ado::ClientLimits limits;
    limits.use_version(api_version);
    ado::Client const client(std::move(organization), http, source, throttle, clock, limits);

    CO_TRY(ado::ConnectionData const who, co_await client.connection_data(ctx));
    std::string const no_project;
    std::string const no_repository = kNoRepository;
    auto const repository = co_await client.get_repository(no_project, no_repository, ctx);
    if (!repository && repository.error().kind() != core::ErrorKind::not_found) {
        co_return core::fail(repository.error());
    }
    CredentialCheck check;
    check.identity = who.name;
    co_return check;
}

} // namespace server
