#pragma once

#include "core/call_context.hpp"
#include "core/clock.hpp"
#include "core/json.hpp"
#include "core/result.hpp"
#include "core/task.hpp"
#include "server/router/connector_admin.hpp"

#include <nlohmann/json.hpp>

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace server {

/// A knowledge source as the API shows it.
class SourceView {
public:
    explicit SourceView(std::string name_) : name(std::move(name_)) {}
    std::string name;
    std::string kind; ///< repository | wiki
    std::string url;  ///< as the service writes it
    std::string description;
    std::string organization;
    std::string project;
    std::string target; ///< the repository or the wiki
    std::optional<std::int64_t> page_id;
    std::string page_path;
    std::string connector; ///< whose credentials read it
    std::string state;     ///< of the connector
    core::Json index;      ///< as describe_index() has it; null where no index is kept
    bool declared = false;
    std::string etag;
    std::optional<core::SystemTime> created_at;
    std::optional<core::SystemTime> updated_at;
    bool created = false;
};

/// What it is and whose credentials read it; `repository` or `wiki` is the target.
core::Json describe_source(SourceView const& view);

/// What reading a source once found.
class SourceProof {
public:
    explicit SourceProof(std::string name_) : name(std::move(name_)) {}
    std::string name;
    std::string kind;
    std::string id;    ///< of the repository or the wiki
    std::string title; ///< its name, or the page's path
    std::string branch;
    std::string method; ///< of the credential
    std::string identity;
    std::optional<core::Error> failure;
};

/// Managing knowledge sources: repositories and wikis by their URL. Errors as ConnectorAdmin's, with
/// `source_not_found`, `source_declared`, `source_name_taken`, `source_url_taken` and `source_url_invalid`.
/// The context outlives the task.
class SourceAdmin {
public:
    virtual ~SourceAdmin() = default;

    virtual core::Task<core::Result<std::vector<SourceView>>> list(core::CallContext const& ctx) = 0;
    virtual core::Task<core::Result<SourceView>> get(std::string name, core::CallContext const& ctx) = 0;
    virtual core::Task<core::Result<SourceView>> put(std::string name,
                                                     core::Json document,
                                                     WriteCondition condition,
                                                     core::Principal caller,
                                                     core::CallContext const& ctx) = 0;
    virtual core::Task<core::Result<std::string>> remove(std::string name,
                                                         WriteCondition condition,
                                                         core::Principal caller,
                                                         core::CallContext const& ctx) = 0;
    /// Reads the repository, the wiki or the page once, with the organization's connector.
    virtual core::Task<core::Result<SourceProof>> test(std::string name, core::CallContext const& ctx) = 0;
    /// Has its index brought up to date soon; how it stands until then.
    virtual core::Task<core::Result<SourceView>> sync(std::string name, core::CallContext const& ctx) = 0;
};

} // namespace server
