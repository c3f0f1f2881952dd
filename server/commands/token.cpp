#include "server/commands/token.hpp"

#include "auth/agent_token.hpp"
#include "core/log.hpp"
#include "core/principal.hpp"
#include "server/commands/command_run.hpp"
#include "server/commands/exit_codes.hpp"
#include "server/commands/expires_option.hpp"
#include "server/commands/table.hpp"
#include "server/config/expiry.hpp"
#include "server/config/load_config.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdio>
#include <utility>

namespace server {
namespace {

core::Result<std::unique_ptr<CommandRun>> prepare(TokenOptions const& options) {
    ADOMCPD_TRY(Config config, load_config(options.config));
    core::log::configure(core::log::Level::warn, config.log.format);
    return CommandRun::make(std::move(config));
}

core::Json expiry_cell(auth::AgentTokenRecord const& record) {
    return record.expires_at ? core::Json(core::format_utc(*record.expires_at)) : core::Json();
}

core::Json used_cell(auth::AgentTokenRecord const& record) {
    return record.last_used_at ? core::Json(core::format_utc(*record.last_used_at)) : core::Json();
}

std::string state_of(auth::AgentTokenRecord const& record, core::SystemTime now) {
    if (record.revoked) {
        return "revoked";
    }
    return auth::is_active(record, now) ? "active" : "expired";
}

core::Result<auth::NewAgentToken> create(TokenOptions const& options) {
    auto const role = core::parse_role(options.role);
    if (!role) {
        return core::fail(core::Error(core::ErrorKind::invalid_argument, "--role is none of the roles")
                              .with_code("usage")
                              .with_fix("choose reader, user or administrator"));
    }
    ADOMCPD_TRY(std::unique_ptr<CommandRun> const run, prepare(options));
    ADOMCPD_TRY(std::optional<core::SystemTime> const expires,
                parse_expires_option(options.expires, run->clock()));
    std::unique_ptr<CredentialStores> const stores = run->store().acting_as(local_actor());
    return run->wait_for(auth::make_agent_token(*stores, run->clock(), options.name, *role, expires));
}

core::Result<auth::NewAgentToken> rotate(TokenOptions const& options) {
    std::optional<std::chrono::seconds> overlap = parse_lifetime(options.overlap);
    if (options.overlap == "0") {
        overlap = std::chrono::seconds(0);
    }
    if (!overlap) {
        return core::fail(
            core::Error(core::ErrorKind::invalid_argument, "--overlap cannot be understood")
                .with_code("usage")
                .with_fix("write how long the old token goes on working, as 24h or 7d; 0 ends it at once"));
    }
    ADOMCPD_TRY(std::unique_ptr<CommandRun> const run, prepare(options));
    ADOMCPD_TRY(std::optional<core::SystemTime> const expires,
                parse_expires_option(options.expires, run->clock()));
    std::unique_ptr<CredentialStores> const stores = run->store().acting_as(local_actor());
    return run->wait_for(auth::rotate_agent_token(*stores, run->clock(), options.name, *overlap, expires));
}

core::Result<Table> list(TokenOptions const& options) {
    ADOMCPD_TRY(std::unique_ptr<CommandRun> const run, prepare(options));
    ADOMCPD_TRY(auto const tokens, run->wait_for(run->store().list_agent_tokens()));
    Table table("tokens", {"id", "name", "role", "state", "created_at", "expires_at", "last_used_at"});
    for (auth::AgentTokenRecord const& token : tokens) {
        table.add({token.id,
                   token.name,
                   std::string(core::to_string(token.role)),
                   state_of(token, run->clock().system_now()),
                   core::format_utc(token.created_at),
                   expiry_cell(token),
                   used_cell(token)});
    }
    return table;
}

core::Result<std::string> revoke(TokenOptions const& options) {
    ADOMCPD_TRY(std::unique_ptr<CommandRun> const run, prepare(options));
    ADOMCPD_TRY(auto const tokens, run->wait_for(run->store().list_agent_tokens()));
    std::string id = options.id;
    auto const named = [&](auth::AgentTokenRecord const& token) {
        return token.name == options.id && !token.revoked;
    };
    if (std::count_if(tokens.begin(), tokens.end(), named) == 1) {
        id = std::find_if(tokens.begin(), tokens.end(), named)->id;
    }
    std::unique_ptr<CredentialStores> const stores = run->store().acting_as(local_actor());
    ADOMCPD_TRY(bool const known, run->wait_for(stores->revoke_agent_token(id)));
    if (!known) {
        return core::fail(
            core::Error(core::ErrorKind::not_found, "no token has the id \"" + options.id + "\"")
                .with_code("token_not_found")
                .with_fix(
                    "`ado-mcpd token list` shows ids and names; a name must be that of one active token"));
    }
    return "Revoked the token " + id + ".";
}

/// The one place where a secret is shown: there is no other way to hand it over, and only its hash is kept.
int show(core::Result<auth::NewAgentToken> const& made, bool json) {
    if (!made) {
        return report_error(made.error());
    }
    auth::AgentTokenRecord const& record = made->record;
    std::string const token(made->token.expose());
    if (json) {
        core::Json const out = {{"id", record.id},
                                {"name", record.name},
                                {"role", std::string(core::to_string(record.role))},
                                {"expires_at", expiry_cell(record)},
                                {"token", token}};
        std::printf("%s\n", core::dump_json_pretty(out).c_str());
    } else {
        std::printf("%s\n", token.c_str());
        std::fprintf(stderr,
                     "Token %s (%s, %s, %s). It is shown this once.\n",
                     record.id.c_str(),
                     record.name.c_str(),
                     std::string(core::to_string(record.role)).c_str(),
                     record.expires_at ? ("until " + core::format_utc(*record.expires_at)).c_str()
                                       : "without an end");
    }
    return kExitDone;
}

} // namespace

int run_token_create(TokenOptions const& options) {
    return show(create(options), options.json);
}

int run_token_rotate(TokenOptions const& options) {
    return show(rotate(options), options.json);
}

int run_token_list(TokenOptions const& options) {
    auto const table = list(options);
    if (!table) {
        return report_error(table.error());
    }
    table->print(options.json);
    return kExitDone;
}

int run_token_revoke(TokenOptions const& options) {
    auto const outcome = revoke(options);
    if (!outcome) {
        return report_error(outcome.error());
    }
    std::printf("%s\n", outcome->c_str());
    return kExitDone;
}

} // namespace server
