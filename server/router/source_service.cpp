#include "server/router/source_service.hpp"

#include "core/log.hpp"
#include "server/router/connector_document.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace server {
namespace {

using core::Error;
using core::ErrorKind;
using core::Json;

constexpr std::size_t kLongestDescription = 2000;

Error invalid(std::string code, std::string message, std::string fix = {}) {
    return Error(ErrorKind::invalid_argument, std::move(message))
        .with_code(std::move(code))
        .with_fix(std::move(fix))
        .with_not_sent();
}

Error conflict(std::string code, std::string message, std::string fix) {
    return Error(ErrorKind::conflict, std::move(message))
        .with_code(std::move(code))
        .with_fix(std::move(fix))
        .with_not_sent();
}

Error not_found(std::string const& name) {
    return Error(ErrorKind::not_found, "There is no knowledge source '" + name + "'.")
        .with_code("source_not_found")
        .with_fix("GET /api/v2/repos lists them.");
}

Error changed_meanwhile(std::string const& name) {
    return conflict("precondition_failed",
                    "Knowledge source '" + name + "' is not as If-Match or If-None-Match expects it.",
                    "Read it again, and repeat the change with the ETag of that answer in If-Match.");
}

std::string etag_of(std::int64_t generation) {
    return "\"" + std::to_string(generation) + "\"";
}

Json document_of(std::string const& url, std::string const& description) {
    Json document = Json::object();
    document["url"] = url;
    document["description"] = description;
    return document;
}

} // namespace

core::Json describe_source(SourceView const& view) {
    Json json = Json::object();
    json["name"] = view.name;
    json["kind"] = view.kind;
    json["organization"] = view.organization;
    json["project"] = view.project;
    json[view.kind] = view.target;
    if (view.page_id) {
        json["page_id"] = *view.page_id;
    }
    for (auto const& [member, text] : {std::pair("page_path", &view.page_path),
                                       std::pair("connector", &view.connector),
                                       std::pair("state", &view.state)}) {
        if (!text->empty()) {
            json[member] = *text;
        }
    }
    return json;
}

SourceService::SourceService(ConnectorParts const& parts,
                             OrganizationDirectory& directory,
                             ConnectorSet& set,
                             ConnectorStore& store)
    : parts_(parts), directory_(directory), set_(set), store_(store) {}

core::Result<void> SourceService::declare() {
    for (KnowledgeSourceConfig const& config : parts_.config.knowledge_sources) {
        ADOMCPD_TRY(ado::SourceUrl url, ado::parse_source_url(config.url, organization_urls(parts_.config)));
        Source source(config.name, std::move(url));
        source.description = config.description;
        source.declared = true;
        sources_.insert_or_assign(core::to_lower_ascii(config.name), std::move(source));
    }
    publish();
    return {};
}

void SourceService::publish() {
    std::vector<std::pair<ado::Organization, std::string>> names;
    for (auto const& [key, source] : sources_) {
        names.emplace_back(source.url.organization, source.name);
    }
    set_.set_sources(names);
}

core::Task<core::Result<void>> SourceService::follow_store() {
    CO_TRY(std::vector<StoredDocument> const records, co_await store_.list_sources());
    std::map<std::string, Source> now;
    for (auto const& [key, source] : sources_) {
        if (source.declared) {
            now.emplace(key, source);
        }
    }
    bool changed = false;
    for (StoredDocument const& record : records) {
        std::string const key = core::to_lower_ascii(record.name);
        auto const known = sources_.find(key);
        if (known != sources_.end() && known->second.generation == record.generation) {
            now.emplace(key, known->second);
            continue;
        }
        auto const document = core::parse_json(record.document, core::JsonLimits());
        core::Result<Source> source =
            document ? read(record.name, *document) : core::Result<Source>(core::fail(document.error()));
        if (!source) {
            core::log::warn("store.source_unusable",
                            {{"source", record.name}, {"reason", source.error().message()}});
            continue;
        }
        source->generation = record.generation;
        source->created_at = record.created_at;
        source->updated_at = record.updated_at;
        changed = now.emplace(key, std::move(*source)).second || changed;
    }
    changed = changed || now.size() != sources_.size();
    sources_ = std::move(now);
    if (changed) {
        publish();
    }
    co_return core::Result<void>();
}

SourceService::Source const* SourceService::find(std::string const& name) const {
    auto const it = sources_.find(core::to_lower_ascii(name));
    return it == sources_.end() ? nullptr : &it->second;
}

SourceView SourceService::view(Source const& source) const {
    SourceView view(source.name);
    view.kind = to_string(source.url.kind);
    view.url = source.url.canonical();
    view.description = source.description;
    view.organization = source.url.organization.name();
    view.project = source.url.project;
    view.target = source.url.name;
    view.page_id = source.url.page_id;
    view.page_path = source.url.page_path;
    view.declared = source.declared;
    view.etag = etag_of(source.generation);
    if (source.generation != 0) {
        view.created_at = source.created_at;
        view.updated_at = source.updated_at;
    }
    if (states_ != nullptr) {
        view.index = describe_index(states_->state_of(view.url));
    }
    if (std::shared_ptr<Connector> const connector = directory_.find_key(source.url.organization.key())) {
        view.connector = connector->settings().name;
        view.state = connector->status().state;
    }
    return view;
}

std::vector<SourceView> SourceService::views() const {
    std::vector<SourceView> all;
    for (auto const& [key, source] : sources_) {
        all.push_back(view(source));
    }
    return all;
}

std::vector<ListedSource> SourceService::listed() const {
    std::vector<ListedSource> all;
    for (auto const& [key, source] : sources_) {
        all.emplace_back(source.name, source.url);
    }
    return all;
}

void SourceService::set_states(KnowledgeStates& states) {
    states_ = &states;
    directory_.set_source_report([this](std::string const& organization) {
        Json report = Json::array();
        for (auto const& [key, source] : sources_) {
            if (source.url.organization.key() == organization) {
                Json entry = describe_index(states_->state_of(source.url.canonical()));
                entry["name"] = source.name;
                report.push_back(std::move(entry));
            }
        }
        return report;
    });
}

core::Task<core::Result<SourceView>> SourceService::sync(std::string name, core::CallContext const& ctx) {
    Source const* const known = find(name);
    if (known == nullptr) {
        co_return core::fail(not_found(name));
    }
    if (states_ != nullptr) {
        CO_TRY_VOID(states_->request_sync(known->url.canonical()));
    }
    core::log::info("source.sync_requested", {{"source", known->name}, {"request_id", ctx.request_id}});
    co_return view(*known);
}

core::Task<core::Result<std::vector<SourceView>>> SourceService::list(core::CallContext const&) {
    co_return views();
}

core::Task<core::Result<SourceView>> SourceService::get(std::string name, core::CallContext const&) {
    Source const* const source = find(name);
    if (source == nullptr) {
        co_return core::fail(not_found(name));
    }
    co_return view(*source);
}

/// The product's shape `{"name", "type": "CodeRepo", "properties": {"url", "type": "AzureDevOps",
/// "description"}}`, or the properties alone.
core::Result<SourceService::Source> SourceService::read(std::string const& name, Json const& document) const {
    ADOMCPD_TRY_VOID(check_connector_name(name));
    if (!document.is_object()) {
        return core::fail(invalid("source_invalid", "The body is not a JSON object."));
    }
    constexpr std::array<std::string_view, 4> kTypes{"CodeRepo", "Wiki", "AzureDevOps", "Repository"};
    Json const* const properties = core::find_object(document, "properties");
    for (Json const* const object : {&document, properties}) {
        if (object == nullptr) {
            continue;
        }
        for (auto const& [member, value] : object->items()) {
            bool const known = member == "name" || member == "type" || member == "url" ||
                               member == "description" || (object == &document && member == "properties");
            if (!known) {
                return core::fail(
                    invalid("source_invalid",
                            "'" + member + "' is not a member of a knowledge source.",
                            "Send {\"url\": …, \"description\": …}, in \"properties\" or alone."));
            }
            if (member != "properties" && !value.is_string() && !value.is_null()) {
                return core::fail(invalid("source_invalid", "'" + member + "' must be a string."));
            }
        }
    }
    Json const flat = unwrap_properties(document);
    for (Json const* const object : {&document, &flat}) {
        auto const type = core::find_string(*object, "type");
        bool const fits = !type || std::any_of(kTypes.begin(), kTypes.end(), [&type](std::string_view known) {
            return core::iequals(known, *type);
        });
        if (!fits) {
            return core::fail(
                invalid("source_type_unsupported",
                        "'" + std::string(*type) + "' is no type of source that is served here.",
                        "Azure DevOps repositories (CodeRepo) and wikis (Wiki) are."));
        }
    }
    auto const said_name = core::find_string(document, "name");
    if (said_name && !core::iequals(*said_name, name)) {
        return core::fail(invalid("source_invalid", "'name' is not that of the address."));
    }
    auto const url = core::find_string(flat, "url");
    if (!url) {
        return core::fail(invalid("source_url_missing", "The request names no 'url'."));
    }
    std::string description(core::find_string(flat, "description").value_or(""));
    if (description.size() > kLongestDescription) {
        return core::fail(invalid("source_invalid", "'description' is longer than 2000 bytes."));
    }
    ADOMCPD_TRY(ado::SourceUrl parsed, ado::parse_source_url(*url, organization_urls(parts_.config)));
    Source source(name, std::move(parsed));
    source.description = std::move(description);
    return source;
}

core::Result<void> SourceService::check_free(Source const& source) const {
    for (auto const& [key, other] : sources_) {
        if (!core::iequals(other.name, source.name) && other.url.canonical() == source.url.canonical()) {
            return core::fail(conflict("source_url_taken",
                                       "A knowledge source for this URL already exists",
                                       "It is '" + other.name + "': change that one, or delete it first."));
        }
    }
    return {};
}

core::Task<core::Result<SourceView>> SourceService::put(std::string name,
                                                        core::Json document,
                                                        WriteCondition condition,
                                                        core::Principal caller,
                                                        core::CallContext const& ctx) {
    CO_TRY(Source source, read(name, document));
    Source const* const known = find(name);
    if (known != nullptr && known->declared) {
        co_return core::fail(conflict("source_declared",
                                      "Knowledge source '" + known->name +
                                          "' is declared in the configuration: it is read-only here.",
                                      "Change it in " + parts_.config.source + " and restart."));
    }
    CO_TRY_VOID(check_free(source));
    std::int64_t const generation = known == nullptr ? 0 : known->generation;
    bool const fits =
        !(condition.must_be_new && known != nullptr) &&
        !(condition.says_match && (known == nullptr || !condition.matches(etag_of(generation))));
    if (!fits) {
        co_return core::fail(changed_meanwhile(name));
    }
    bool const is_new = known == nullptr;
    if (!is_new && !condition.says_match) {
        bool const same =
            known->url.canonical() == source.url.canonical() && known->description == source.description;
        if (same) {
            co_return view(*known);
        }
        co_return core::fail(conflict("precondition_required",
                                      "Changing knowledge source '" + name +
                                          "' needs If-Match, so that no other change is lost.",
                                      "Send the ETag of the answer you read it from in If-Match, or "
                                      "`If-Match: *` to change it whatever it says."));
    }
    Precondition const expected = condition.any ? Precondition::any() : Precondition::generation(generation);
    std::string text = core::dump_json(document_of(source.url.canonical(), source.description));
    StoredDocument record(source.name, source.url.organization.key(), std::move(text));
    std::size_t const most = parts_.config.limits.stored_sources;
    AuditActor actor(caller.id, caller.name, ctx.request_id);
    CO_TRY(StoredDocument const saved,
           co_await store_.save_source(std::move(record), expected, most, std::move(actor)));
    source.generation = saved.generation;
    source.created_at = saved.created_at;
    source.updated_at = saved.updated_at;
    core::log::info("source.stored",
                    {{"source", source.name},
                     {"organization", source.url.organization.name()},
                     {"request_id", ctx.request_id}});
    std::string const key = core::to_lower_ascii(name);
    sources_.insert_or_assign(key, std::move(source));
    publish();
    SourceView shown = view(sources_.at(key));
    shown.created = is_new;
    co_return shown;
}

core::Task<core::Result<std::string>> SourceService::remove(std::string name,
                                                            WriteCondition condition,
                                                            core::Principal caller,
                                                            core::CallContext const& ctx) {
    Source const* const known = find(name);
    if (known == nullptr) {
        co_return core::fail(not_found(name));
    }
    if (known->declared) {
        co_return core::fail(conflict("source_declared",
                                      "Knowledge source '" + known->name +
                                          "' is declared in the configuration: it is read-only here.",
                                      "Take it out of " + parts_.config.source + " and restart."));
    }
    if (condition.must_be_new || (condition.says_match && !condition.matches(etag_of(known->generation)))) {
        co_return core::fail(changed_meanwhile(name));
    }
    std::string kept = known->name;
    Precondition const expected = condition.says_match && !condition.any
                                      ? Precondition::generation(known->generation)
                                      : Precondition::any();
    AuditActor actor(caller.id, caller.name, ctx.request_id);
    CO_TRY(bool const removed, co_await store_.remove_source(kept, expected, std::move(actor)));
    if (!removed) {
        co_return core::fail(not_found(name));
    }
    if (states_ != nullptr) {
        states_->forget(known->url.canonical());
    }
    sources_.erase(core::to_lower_ascii(kept));
    publish();
    core::log::info("source.removed", {{"source", kept}, {"request_id", ctx.request_id}});
    co_return kept;
}

core::Task<core::Result<SourceProof>> SourceService::test(std::string name, core::CallContext const& ctx) {
    Source const* const known = find(name);
    if (known == nullptr) {
        co_return core::fail(not_found(name));
    }
    Source const source = *known; // it may be changed while it is tried
    std::shared_ptr<Connector> const connector = directory_.find_key(source.url.organization.key());
    if (!connector) {
        co_return core::fail(not_found(name));
    }
    SourceProof proof(source.name);
    proof.kind = to_string(source.url.kind);
    if (!connector->settings().policy.allows_project(source.url.project)) {
        proof.failure.emplace(Error(ErrorKind::forbidden,
                                    "Project '" + source.url.project + "' is not in connector '" +
                                        connector->settings().name + "' `projects` allow-list.")
                                  .with_code("project_not_allowed")
                                  .with_fix("Add the project to the connector's `projects`."));
        co_return proof;
    }
    core::CallContext const asked(ctx.request_id, ctx.deadline);
    core::Result<void> const seen = co_await look(source, *connector, proof, asked);
    proof.method = asked.trace->method;
    proof.identity = asked.trace->identity;
    if (!seen) {
        proof.failure.emplace(seen.error());
    } else {
        connector->note_accepted(proof.method, proof.identity);
    }
    co_return proof;
}

} // namespace server
