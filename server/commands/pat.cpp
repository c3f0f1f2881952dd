#include "server/commands/pat.hpp"

#include "ado/organization.hpp"
#include "auth/pat_format.hpp"
#include "core/crypto/random.hpp"
#include "server/commands/command_run.hpp"
#include "server/commands/exit_codes.hpp"
#include "server/commands/expires_option.hpp"
#include "server/commands/secret_input.hpp"
#include "server/commands/table.hpp"
#include "server/config/load_config.hpp"
#include "server/router/connector_factory.hpp"
#include "server/router/credential_check.hpp"

#include <nlohmann/json.hpp>

#include <chrono>
#include <cstdio>
#include <utility>

namespace server {
namespace {

constexpr std::chrono::seconds kVerifyTime{60};

core::Task<core::Result<std::string>>
identity_of(CommandRun& run, ado::Organization const& organization, core::Secret pat) {
    core::CallContext const ctx(core::random_uuid(), core::Deadline::in(run.clock(), kVerifyTime));
    core::AccessToken candidate(
        std::move(pat), core::AuthScheme::basic, core::SystemTime::max(), core::SystemTime::max(), "pat");
    ado::Organization target = organization;
    auto checking = check_credential(std::move(target),
                                     std::move(candidate),
                                     run.config().azure_devops.api_version,
                                     run.outbound().retrying(),
                                     run.clock(),
                                     ctx);
    CO_TRY(CredentialCheck const check, co_await std::move(checking));
    co_return check.identity;
}

core::Result<std::unique_ptr<CommandRun>> prepare(PatOptions const& options) {
    ADOMCPD_TRY(Config config, load_config(options.config));
    core::log::configure(core::log::Level::warn, config.log.format);
    return CommandRun::make(std::move(config));
}

core::Result<std::string> store_pat(PatOptions const& options) {
    ADOMCPD_TRY(std::unique_ptr<CommandRun> const run, prepare(options));
    ADOMCPD_TRY(ado::Organization const organization,
                ado::parse_organization(options.organization, organization_urls(run->config())));
    ADOMCPD_TRY(std::optional<core::SystemTime> const expires,
                parse_expires_option(options.expires, run->clock()));
    ADOMCPD_TRY(core::Secret const entered, read_secret_input("PAT for " + organization.name() + ": "));
    ADOMCPD_TRY(auth::NormalizedPat pat, auth::normalize_pat(entered));
    if (!pat.known_format) {
        std::fprintf(stderr, "warning: %s\n", std::string(pat.warning()).c_str());
    }
    std::string identity;
    if (options.verify) {
        ADOMCPD_TRY(identity, run->wait_for(identity_of(*run, organization, pat.pat.clone())));
    }
    auth::StoredPat record(std::move(pat.pat));
    record.expires_at = expires;
    record.identity = identity;
    record.stored_at = run->clock().system_now();
    std::unique_ptr<CredentialStores> const stores = run->store().acting_as(local_actor());
    ADOMCPD_TRY_VOID(run->wait_for(stores->save_pat(organization.key(), record)));
    return identity.empty()
               ? "Stored the PAT of " + organization.name() + " without trying it."
               : "Connected to Azure DevOps: organization " + organization.name() + ", as " + identity + ".";
}

core::Result<Table> list(PatOptions const& options) {
    ADOMCPD_TRY(std::unique_ptr<CommandRun> const run, prepare(options));
    std::string wanted;
    if (!options.organization.empty()) {
        ADOMCPD_TRY(ado::Organization const organization,
                    ado::parse_organization(options.organization, organization_urls(run->config())));
        wanted = organization.key();
    }
    ADOMCPD_TRY(auto const pats, run->wait_for(run->store().list_pats()));
    Table table("pats", {"organization", "identity", "expires_at", "stored_at"});
    for (auto const& pat : pats) {
        if (wanted.empty() || pat.organization == wanted) {
            table.add({pat.organization,
                       pat.identity.empty() ? core::Json() : core::Json(pat.identity),
                       pat.expires_at ? core::Json(core::format_utc(*pat.expires_at)) : core::Json(),
                       core::format_utc(pat.stored_at)});
        }
    }
    return table;
}

core::Result<std::string> remove(PatOptions const& options) {
    ADOMCPD_TRY(std::unique_ptr<CommandRun> const run, prepare(options));
    ADOMCPD_TRY(ado::Organization const organization,
                ado::parse_organization(options.organization, organization_urls(run->config())));
    std::unique_ptr<CredentialStores> const stores = run->store().acting_as(local_actor());
    ADOMCPD_TRY(bool const removed, run->wait_for(stores->remove_pat(organization.key())));
    if (!removed) {
        return core::fail(
            core::Error(core::ErrorKind::not_found, "no PAT is stored for " + organization.name())
                .with_code("pat_not_found")
                .with_fix("`ado-mcpd pat list` shows what is stored"));
    }
    return "Removed the PAT of " + organization.name() + ".";
}

int finish(core::Result<std::string> const& outcome) {
    if (!outcome) {
        return report_error(outcome.error());
    }
    std::printf("%s\n", outcome->c_str());
    return kExitDone;
}

} // namespace

int run_pat_set(PatOptions const& options) {
    return finish(store_pat(options));
}

int run_pat_list(PatOptions const& options) {
    auto const table = list(options);
    if (!table) {
        return report_error(table.error());
    }
    table->print(options.json);
    return kExitDone;
}

int run_pat_remove(PatOptions const& options) {
    return finish(remove(options));
}

} // namespace server
