#include "server/router/connector_service.hpp"

#include "core/log.hpp"
#include "server/router/connector_document.hpp"
#include "server/router/credential_report.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <utility>

namespace server {
namespace {

using core::Error;
using core::ErrorKind;
using core::Json;

Error not_found(std::string const& name) {
    return Error(ErrorKind::not_found, "There is no connector '" + name + "'.")
        .with_code("connector_not_found")
        .with_fix("GET /api/v2/extendedAgent/connectors lists them.");
}

Error conflict(std::string code, std::string message, std::string fix) {
    return Error(ErrorKind::conflict, std::move(message))
        .with_code(std::move(code))
        .with_fix(std::move(fix))
        .with_not_sent();
}

Error changed_meanwhile(std::string const& name) {
    return conflict("precondition_failed",
                    "Connector '" + name + "' is not as If-Match or If-None-Match expects it.",
                    "Read it again, and repeat the change with the ETag of that answer in If-Match.");
}

Error needs_if_match(std::string const& name) {
    return conflict("precondition_required",
                    "Changing connector '" + name + "' needs If-Match, so that no other change is lost.",
                    "Send the ETag of the answer you read it from in If-Match, or `If-Match: *` to change it "
                    "whatever it says.");
}

std::string etag_of(std::int64_t generation) {
    return "\"" + std::to_string(generation) + "\"";
}

/// What is expected of the record, once the condition has been compared with what is known here.
core::Result<Precondition> precondition_of(WriteCondition const& condition,
                                           StoredConnector const* stored,
                                           Connector const* shown,
                                           std::string const& name) {
    std::int64_t const generation = stored == nullptr ? 0 : stored->record.generation;
    if (condition.must_be_new && shown != nullptr) {
        return core::fail(changed_meanwhile(name));
    }
    if (condition.says_match && (shown == nullptr || !condition.matches(etag_of(generation)))) {
        return core::fail(changed_meanwhile(name));
    }
    if (condition.any) {
        return Precondition::any();
    }
    return Precondition::generation(generation);
}

/// Connectors without a record say what follows from their credentials.
ConnectorConfig implied_config(Connector const& connector, StoredIdentity const* identity) {
    ConnectorConfig config;
    config.name = connector.settings().name;
    config.organization = connector.organization().name();
    for (ConnectorProvider const& entry : connector.providers()) {
        if (entry.absent()) {
            continue;
        }
        AuthMethodConfig method;
        if (entry.provider->method() == "managed_identity") {
            method = identity != nullptr ? identity_method(*identity) : AuthMethodConfig();
            method.method = AuthMethod::managed_identity;
        } else {
            method.method = entry.provider->method() == "oauth" ? AuthMethod::oauth : AuthMethod::pat;
        }
        config.auth.push_back(std::move(method));
    }
    return config;
}

} // namespace

bool WriteCondition::matches(std::string const& etag) const {
    return any || std::find(etags.begin(), etags.end(), etag) != etags.end();
}

ConnectorService::ConnectorService(ConnectorParts const& parts,
                                   OrganizationDirectory& directory,
                                   ConnectorSet& set,
                                   ConnectorStore& store,
                                   CredentialAdmin& credentials,
                                   WayOut out)
    : parts_(parts), directory_(directory), set_(set), store_(store), credentials_(credentials),
      walk_(parts, std::move(out)) {}

ConnectorView ConnectorService::view(Connector const& connector) const {
    std::string const& key = connector.organization().key();
    ConnectorView view(connector.settings().name);
    view.organization = connector.organization().name();
    view.url = connector.organization().web_url();
    view.origin = connector.settings().origin;
    view.status = connector.status();
    OrganizationCredentials credentials = describe_credentials(connector);
    view.methods = std::move(credentials.methods);
    view.notes = connector.notes();
    view.knowledge_sources = directory_.sources_of(key);
    ConnectorConfig const* const config = set_.config_of(key);
    view.settings = config != nullptr ? connector_document(*config)
                                      : connector_document(implied_config(connector, set_.identity_of(key)));
    std::int64_t generation = 0;
    std::shared_ptr<StoredConnector const> const stored = set_.stored_for(key);
    if (stored && view.origin == ConnectorOrigin::api) {
        generation = stored->record.generation;
        view.created_at = stored->record.created_at;
        view.updated_at = stored->record.updated_at;
    }
    view.etag = etag_of(generation);
    return view;
}

core::Result<std::shared_ptr<Connector>> ConnectorService::find(std::string const& name) const {
    std::shared_ptr<Connector> connector = directory_.find_named(name);
    if (!connector) {
        return core::fail(not_found(name));
    }
    return connector;
}

core::Result<void> ConnectorService::check_changeable(Connector const* found) const {
    if (found != nullptr && found->settings().declared) {
        return core::fail(conflict("connector_declared",
                                   "Connector '" + found->settings().name +
                                       "' is declared in the configuration: it is read-only here.",
                                   "Change it in " + parts_.config.source + " and restart."));
    }
    return {};
}

core::Result<ado::Organization> ConnectorService::check_free(std::string const& name,
                                                             ConnectorConfig const& config) const {
    ADOMCPD_TRY(ado::Organization organization,
                check_connector_organization(config.organization, organization_urls(parts_.config)));
    std::shared_ptr<Connector> const other = directory_.find_key(organization.key());
    bool const taken = other && other->settings().origin != ConnectorOrigin::credential &&
                       !core::iequals(other->settings().name, name);
    if (taken) {
        return core::fail(
            conflict("connector_organization_taken",
                     "A connector for this organization already exists",
                     "Change the connector '" + other->settings().name + "' instead, or delete it first."));
    }
    std::shared_ptr<Connector> const named = directory_.find_named(name);
    std::shared_ptr<StoredConnector const> const stored = set_.stored_named(name);
    bool const same_connector = !named || named->organization().key() == organization.key() || stored;
    if (!same_connector) {
        return core::fail(conflict("connector_name_taken",
                                   "A connector with this name already exists",
                                   "It is that of organization '" + named->organization().name() +
                                       "': choose another name."));
    }
    return organization;
}

core::Task<core::Result<std::vector<ConnectorView>>> ConnectorService::list(core::CallContext const&) {
    std::vector<ConnectorView> views;
    for (std::shared_ptr<Connector> const& connector : directory_.all()) {
        views.push_back(view(*connector));
    }
    co_return views;
}

core::Task<core::Result<ConnectorView>> ConnectorService::get(std::string name, core::CallContext const&) {
    CO_TRY(std::shared_ptr<Connector> const connector, find(name));
    co_return view(*connector);
}

core::Task<core::Result<ConnectorView>> ConnectorService::put(std::string name,
                                                              core::Json document,
                                                              WriteCondition condition,
                                                              core::Principal caller,
                                                              core::CallContext const& ctx) {
    core::Json const flat = unwrap_properties(document);
    CO_TRY(ConnectorConfig config, read_connector_document(name, flat));
    std::shared_ptr<Connector> const shown = directory_.find_named(name);
    CO_TRY_VOID(check_changeable(shown.get()));
    CO_TRY(ado::Organization const organization, check_free(name, config));
    std::shared_ptr<StoredConnector const> const stored = set_.stored_named(name);
    CO_TRY(Precondition const expected, precondition_of(condition, stored.get(), shown.get(), name));
    if (stored && !condition.says_match) {
        if (connector_document(stored->config) == connector_document(config)) {
            co_return view(*shown);
        }
        co_return core::fail(needs_if_match(name));
    }
    CO_TRY(ConnectorView saved, co_await save(std::move(config), expected, std::move(caller), ctx));
    saved.created = !stored;
    co_return saved;
}

core::Task<core::Result<ConnectorView>> ConnectorService::patch(std::string name,
                                                                core::Json changes,
                                                                WriteCondition condition,
                                                                core::Principal caller,
                                                                core::CallContext const& ctx) {
    CO_TRY(std::shared_ptr<Connector> const connector, find(name));
    CO_TRY_VOID(check_changeable(connector.get()));
    if (!condition.says_match) {
        co_return core::fail(needs_if_match(name));
    }
    std::string const key = connector->organization().key();
    std::shared_ptr<StoredConnector const> const stored = set_.stored_for(key);
    CO_TRY(Precondition const expected, precondition_of(condition, stored.get(), connector.get(), name));
    core::Json document = stored ? connector_document(stored->config)
                                 : connector_document(implied_config(*connector, set_.identity_of(key)));
    core::Json const flat = unwrap_properties(changes);
    if (!flat.is_object()) {
        co_return core::fail(Error(ErrorKind::invalid_argument, "The body is not a JSON object.")
                                 .with_code("connector_invalid"));
    }
    document.merge_patch(flat);
    std::string const kept = connector->settings().name;
    CO_TRY(ConnectorConfig config, read_connector_document(kept, document));
    CO_TRY(ado::Organization const organization, check_free(kept, config));
    CO_TRY(ConnectorView saved, co_await save(std::move(config), expected, std::move(caller), ctx));
    co_return saved;
}

core::Task<core::Result<ConnectorView>> ConnectorService::save(ConnectorConfig config,
                                                               Precondition expected,
                                                               core::Principal caller,
                                                               core::CallContext const& ctx) {
    CO_TRY(ado::Organization const organization,
           check_connector_organization(config.organization, organization_urls(parts_.config)));
    std::string const key = organization.key();
    std::string text = core::dump_json(connector_document(config));
    StoredDocument record(config.name, key, std::move(text));
    std::size_t const most = parts_.config.limits.stored_connectors;
    AuditActor actor(caller.id, caller.name, ctx.request_id);
    CO_TRY(StoredDocument saved,
           co_await store_.save_connector(std::move(record), expected, most, std::move(actor)));
    core::log::info("connector.stored",
                    {{"connector", saved.name}, {"organization", key}, {"request_id", ctx.request_id}});
    set_.put_stored(std::move(saved), std::move(config));
    std::shared_ptr<Connector> const connector = directory_.find_key(key);
    if (!connector) {
        co_return core::fail(ErrorKind::internal, "the stored connector was not taken up");
    }
    co_return view(*connector);
}

core::Task<core::Result<std::string>> ConnectorService::remove(std::string name,
                                                               WriteCondition condition,
                                                               core::Principal caller,
                                                               core::CallContext const& ctx) {
    CO_TRY(std::shared_ptr<Connector> const connector, find(name));
    CO_TRY_VOID(check_changeable(connector.get()));
    std::string const key = connector->organization().key();
    std::string kept = connector->settings().name;
    std::shared_ptr<StoredConnector const> const stored = set_.stored_for(key);
    CO_TRY(Precondition const expected, precondition_of(condition, stored.get(), connector.get(), name));
    if (stored) {
        AuditActor actor(caller.id, caller.name, ctx.request_id);
        CO_TRY(bool const removed,
               co_await store_.remove_connector(stored->record.name, expected, std::move(actor)));
        if (!removed) {
            co_return core::fail(not_found(name));
        }
        set_.drop_stored(key);
    }
    // In the store they are gone already; this makes the providers and whoever else remembers forget them.
    core::Result<std::string> const forgotten = co_await credentials_.remove(key, caller, ctx);
    if (!forgotten && forgotten.error().kind() != ErrorKind::not_found) {
        co_return core::fail(forgotten.error());
    }
    core::log::info("connector.removed",
                    {{"connector", kept}, {"organization", key}, {"request_id", ctx.request_id}});
    co_return kept;
}

core::Task<core::Result<LegReport>> ConnectorService::walk(std::shared_ptr<Connector> connector,
                                                           core::CallContext const& ctx) {
    std::string const key = connector->organization().key();
    ConnectorConfig const* const config = set_.config_of(key);
    // Copies: what they come from may change while the walk goes on.
    std::optional<AuthMethodConfig> identity;
    for (std::size_t i = 0; config != nullptr && i < config->auth.size(); ++i) {
        AuthMethodConfig const& method = config->auth[i];
        if (method.method == AuthMethod::managed_identity) {
            StoredIdentity copied(key);
            copied.client_id = method.client_id;
            copied.object_id = method.object_id;
            copied.resource_id = method.resource_id;
            copied.federated_client_id = method.federated_client_id;
            copied.federated_tenant_id = method.federated_tenant_id;
            identity.emplace(identity_method(copied));
        }
    }
    StoredIdentity const* const attached = set_.identity_of(key);
    if (!identity && attached != nullptr) {
        identity.emplace(identity_method(*attached));
    }
    std::vector<ado::Organization> others;
    for (std::shared_ptr<Connector> const& other : directory_.all()) {
        if (other->organization().key() != key) {
            others.push_back(other->organization());
        }
    }
    AuthMethodConfig const* const used = identity ? &*identity : nullptr;
    LegReport report = co_await walk_.run(std::move(connector), used, std::move(others), ctx);
    Leg const* const pat = report.find("token.pat");
    if (pat != nullptr && pat->code == "pat_all_organizations") {
        co_await credentials_.note_reach(key, ctx);
    }
    co_return report;
}

core::Task<core::Result<LegReport>> ConnectorService::test(std::string name, core::CallContext const& ctx) {
    CO_TRY(std::shared_ptr<Connector> connector, find(name));
    core::Result<LegReport> report = co_await walk(std::move(connector), ctx);
    co_return report;
}

core::Task<core::Result<LegReport>> ConnectorService::test_organization(std::string organization,
                                                                        core::CallContext const& ctx) {
    CO_TRY(ado::Organization wanted, directory_.parse(organization));
    std::shared_ptr<Connector> connector = directory_.find_key(wanted.key());
    if (connector) {
        core::Result<LegReport> report = co_await walk(std::move(connector), ctx);
        co_return report;
    }
    LegReport report = co_await walk_.run_without_credential(std::move(wanted), ctx);
    co_return report;
}

} // namespace server
