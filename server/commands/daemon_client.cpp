#include "server/commands/daemon_client.hpp"

#include "auth/tenant_lookup.hpp"
#include "core/crypto/random.hpp"
#include "server/config/private_file.hpp"
#include "server/outbound.hpp"
#include "server/store/admin_token.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <chrono>
#include <cstdlib>
#include <optional>
#include <utility>

namespace server {
namespace {

constexpr char const* kTokenVariable = "ADO_MCPD_TOKEN";
constexpr std::chrono::seconds kCallTime{120};

core::Task<core::Result<core::HttpResponse>>
send(Outbound& outbound, core::Clock& clock, core::HttpRequest const& request) {
    core::CallContext const ctx(core::random_uuid(), core::Deadline::in(clock, kCallTime));
    co_return co_await outbound.once().send(request, ctx);
}

} // namespace

std::string daemon_base_url(Config const& config) {
    return std::string(config.tls ? "https://" : "http://") + config.listen.to_string();
}

core::Secret caller_token(Config const& config) {
    if (char const* token = std::getenv(kTokenVariable); token != nullptr && *token != '\0') {
        return core::Secret(token);
    }
    if (config.inbound.mode == InboundMode::entra) {
        return {};
    }
    auto token = read_private_file(admin_token_path(config.store.path));
    return token ? std::move(*token) : core::Secret();
}

std::string token_fix(Config const& config, int status) {
    std::string const variable = kTokenVariable;
    if (config.inbound.mode != InboundMode::entra) {
        return "put a token from `ado-mcpd token create` into " + variable;
    }
    InboundEntraConfig const& entra = config.inbound.entra;
    if (status == 403) {
        return "the token in " + variable +
               " is good, but its roles and scopes allow too little; inbound.entra.roles says what they mean";
    }
    std::string const& audience = entra.audiences.front();
    if (!entra.issuer.empty()) {
        return "put an access token of " + entra.issuer + " for audience " + audience + " into " + variable;
    }
    std::string const resource = auth::is_tenant_id(audience) ? "api://" + audience : audience;
    return "put an access token for " + audience + " into " + variable + ", for example: export " + variable +
           "=$(az account get-access-token --tenant " + entra.tenant + " --resource " + resource +
           " --query accessToken --output tsv)";
}

core::Result<core::HttpResponse> ask_daemon(Config const& config, core::HttpRequest request) {
    core::asio::io_context io(1);
    core::SystemClock clock;
    core::BlockingPool pool(1);
    ADOMCPD_TRY(std::unique_ptr<Outbound> const outbound,
                Outbound::make(io.get_executor(), pool, clock, config));
    std::optional<core::Result<core::HttpResponse>> answer;
    core::asio::co_spawn(io,
                         send(*outbound, clock, request),
                         [&](std::exception_ptr, core::Result<core::HttpResponse> result) {
                             answer.emplace(std::move(result));
                             outbound->shutdown();
                             io.stop();
                         });
    io.run();
    return std::move(*answer);
}

} // namespace server
