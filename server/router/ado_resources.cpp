#include "server/router/ado_resources.hpp"

#include "core/log.hpp"
#include "core/text/base64.hpp"
#include "server/router/error_surface.hpp"
#include "server/router/organization_report.hpp"
#include "server/tools/answer.hpp"
#include "server/tools/clean_text.hpp"
#include "server/tools/mask_secrets.hpp"
#include "server/tools/read_arguments.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>
#include <utility>

namespace server {
namespace {

using core::Error;
using core::ErrorKind;
using core::Json;
using protocol::ResourceContents;
using protocol::ResourceResult;

constexpr char kJsonType[] = "application/json";
/// What stands at a commit stays there.
constexpr std::chrono::hours kFixed{1};
/// Where git looks for a zero byte to tell a binary file.
constexpr std::size_t kBinaryProbe = 8000;

bool is_binary(ado::FileItem const& item) {
    return item.is_binary || !item.has_content ||
           std::string_view(item.content).substr(0, kBinaryProbe).find('\0') != std::string_view::npos;
}

std::string text_type(std::string const& said) {
    bool const is_text = said.starts_with("text/") || said == kJsonType || said.ends_with("+json") ||
                         said.ends_with("/xml") || said.ends_with("+xml");
    return is_text && clean_line(said) == said ? said : "text/plain";
}

std::string binary_type(std::string const& said) {
    bool const usable =
        said.find('/') != std::string::npos && !said.starts_with("text/") && clean_line(said) == said;
    return usable ? said : "application/octet-stream";
}

Error too_large(std::string const& path, std::size_t bytes, std::size_t limit, bool binary) {
    Error error(ErrorKind::invalid_argument,
                path + " has " + std::to_string(bytes) + " bytes, more than one answer may hold (" +
                    std::to_string(limit) + ").");
    return std::move(error)
        .with_code("too_large")
        .with_fix(binary ? "Open it on its page in Azure DevOps."
                         : "Read a range of its lines with the tool read_file.");
}

/// Refused before anything is sent.
core::Result<void> check_place(AdoUri const& wanted, Connector const& connector) {
    ConnectorPolicy const& policy = connector.settings().policy;
    // A repository's id names it in whatever project it is.
    bool const any_id = policy.projects.empty() && policy.repositories.empty();
    if (!policy.allows_project(wanted.project) || (!any_id && is_uuid(wanted.repository))) {
        return core::fail(
            Error(ErrorKind::forbidden,
                  "Connector '" + connector.settings().name +
                      "' is limited to certain projects, and this is in none of them.")
                .with_code("project_not_allowed")
                .with_fix("Use a project that list_organizations shows, and the repository's name.")
                .with_not_sent());
    }
    if (!wanted.repository.empty() && !policy.allows_repository(wanted.project, wanted.repository)) {
        return core::fail(Error(ErrorKind::forbidden,
                                "Repository '" + wanted.repository + "' is not in connector '" +
                                    connector.settings().name + "' `repositories` allow-list.")
                              .with_code("repository_not_allowed")
                              .with_fix("Use a listed one, or have an administrator add it.")
                              .with_not_sent());
    }
    return {};
}

Json meta_of(Connector const& connector, ado::FileItem const& item, core::CallContext const& ctx) {
    Json identity = Json::object();
    identity["organization"] = connector.organization().name();
    identity["method"] = ctx.trace->method;
    identity["identity"] = ctx.trace->identity;
    Json meta = Json::object();
    meta["ado-mcpd/identity"] = std::move(identity);
    meta["ado-mcpd/untrusted"] = true;
    if (!item.commit_id.empty()) {
        meta["ado-mcpd/commit"] = clean_line(item.commit_id);
    }
    return meta;
}

} // namespace

std::vector<protocol::ResourceDescriptor> AdoResources::resources() const {
    std::vector<protocol::ResourceDescriptor> listed;
    for (std::shared_ptr<Connector> const& connector : directory_.all()) {
        std::string const& name = connector->organization().name();
        protocol::ResourceDescriptor descriptor(organization_uri(name), name);
        descriptor.title = "Azure DevOps organization " + name;
        descriptor.description = "How its connector stands, as whom it works, and what may be done there";
        descriptor.mime_type = kJsonType;
        listed.push_back(std::move(descriptor));
    }
    return listed;
}

std::vector<protocol::ResourceTemplate> AdoResources::templates() const {
    protocol::ResourceTemplate file(std::string(kAdoFileTemplate), "file");
    file.title = "File in a repository";
    file.description =
        "A file of an Azure DevOps repository. `version` is a branch, tag:NAME or a full commit "
        "id; without it the default branch";
    std::vector<protocol::ResourceTemplate> templates;
    templates.push_back(std::move(file));
    return templates;
}

bool AdoResources::can_subscribe(std::string_view uri) const noexcept {
    std::vector<std::shared_ptr<Connector>> const connectors = directory_.all();
    return std::any_of(connectors.begin(), connectors.end(), [uri](auto const& connector) {
        return organization_uri(connector->organization().name()) == uri;
    });
}

ResourceResult AdoResources::failed(Error const& error, std::string_view uri) const {
    if (error.kind() == ErrorKind::not_found) {
        return ResourceResult::not_found();
    }
    bool const askers_fault =
        error.kind() == ErrorKind::invalid_argument || error.kind() == ErrorKind::forbidden;
    Json data = Json::object();
    data["uri"] = std::string(uri);
    if (!error.code().empty()) {
        data["code"] = error.code();
    }
    int const code = askers_fault ? protocol::rpc_code::invalid_params : protocol::rpc_code::internal_error;
    return ResourceResult::refuse(
        protocol::RpcError(code, error_text(error, limits_.answer_bytes), std::move(data)));
}

core::Task<ResourceResult> AdoResources::read(protocol::ResourceRead const& call) {
    auto const wanted = parse_ado_uri(call.uri);
    if (!wanted) {
        co_return failed(wanted.error(), call.uri);
    }
    auto const connector = directory_.find(std::string_view(wanted->organization));
    if (!connector) {
        co_return ResourceResult::not_found();
    }
    if (!wanted->names_file()) {
        std::vector<ResourceContents> contents;
        contents.emplace_back(
            std::string(call.uri),
            kJsonType,
            core::dump_json_pretty(organization_report(directory_, **connector, read_only_)));
        co_return ResourceResult(std::move(contents));
    }
    auto result = co_await read_file(*wanted, *connector, call);
    if (!result) {
        core::log::info("resource.failed",
                        {{"organization", (*connector)->organization().name()},
                         {"request_id", call.ctx.request_id},
                         {"kind", core::to_string(result.error().kind())},
                         {"error", core::describe(result.error())}});
        co_return failed(result.error(), call.uri);
    }
    (*connector)->note_accepted(call.ctx.trace->method, call.ctx.trace->identity);
    co_return std::move(*result);
}

core::Task<core::Result<ResourceResult>> AdoResources::read_file(AdoUri wanted,
                                                                 std::shared_ptr<Connector> connector,
                                                                 protocol::ResourceRead const& call) const {
    CO_TRY_VOID(check_place(wanted, *connector));
    ado::VersionDescriptor const version = parse_ref(wanted.version);
    CO_TRY(ado::FileItem item,
           co_await connector->client().get_item(
               wanted.project, wanted.repository, wanted.path, version, call.ctx));
    if (item.is_folder) {
        co_return core::fail(wrong_argument(clean_line(wanted.path) + " is a folder.", "Name a file in it."));
    }
    std::vector<ResourceContents> contents;
    Json meta = meta_of(*connector, item, call.ctx);
    if (is_binary(item)) {
        CO_TRY(std::string const bytes,
               co_await connector->client().get_blob(
                   wanted.project, wanted.repository, item.object_id, call.ctx));
        std::string encoded = core::base64_encode(bytes);
        if (encoded.size() > limits_.answer_bytes) {
            co_return core::fail(
                too_large(clean_line(wanted.path), bytes.size(), limits_.answer_bytes, true));
        }
        contents.push_back(ResourceContents::binary(
            std::string(call.uri), binary_type(item.content_type), std::move(encoded)));
    } else {
        if (item.content.size() > limits_.answer_bytes) {
            co_return core::fail(
                too_large(clean_line(wanted.path), item.content.size(), limits_.answer_bytes, false));
        }
        std::size_t const masked = masks_ ? mask_secrets(item.content).places.size() : 0;
        if (masked > 0) {
            meta["ado-mcpd/masked_secrets"] = masked;
        }
        CleanText clean = clean_text(std::move(item.content));
        if (clean.removed > 0) {
            meta["ado-mcpd/removed_characters"] = clean.removed;
        }
        contents.emplace_back(std::string(call.uri), text_type(item.content_type), std::move(clean.text));
    }
    contents.back().meta = std::move(meta);
    ResourceResult result(std::move(contents));
    if (version.type == ado::VersionType::commit) {
        result.ttl = kFixed;
    }
    co_return result;
}

} // namespace server
