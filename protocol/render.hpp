#pragma once

#include "protocol/completion.hpp"
#include "protocol/list_pages.hpp"
#include "protocol/prompt.hpp"
#include "protocol/resource.hpp"
#include "protocol/server_features.hpp"
#include "protocol/server_identity.hpp"
#include "protocol/tool.hpp"
#include "protocol/version.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Results as each revision writes them, as JSON text.
namespace protocol {

/// What handlers honour, and no more.
Json render_capabilities(ServerFeatures const& features, Revision revision);
/// Name and version, and the title for revisions that know one.
std::string render_server_info(ServerIdentity const& identity, Revision revision);
/// The result of `initialize`. `revision` is the negotiated one.
std::string render_initialize(ServerFeatures const& features, Revision revision);
/// The result of `server/discover`.
std::string render_discover(ServerFeatures const& features);

std::vector<ListItem> render_tools(std::vector<ToolHandler*> const& tools, Revision revision);
std::vector<ListItem> render_prompts(std::vector<PromptHandler*> const& prompts, Revision revision);
std::vector<ListItem> render_resources(std::vector<ResourceDescriptor> const& resources, Revision revision);
std::vector<ListItem> render_templates(std::vector<ResourceTemplate> const& templates, Revision revision);

/// What ends a result object. `server_info` is rendered text; used by 2026-07-28 only, as the rest of it is.
class ResultTail {
public:
    ResultTail(Revision revision_, std::string_view server_info_)
        : revision(revision_), server_info(server_info_) {}

    Revision revision;
    std::string_view server_info;
    std::string_view result_type = "complete";
    std::optional<std::chrono::milliseconds> ttl; ///< set: a cacheable result
    bool is_private = false;                      ///< of the cache: depends on who asks
};

/// Ends an object that `out` has begun: `resultType`, cache hints, `_meta`, and the brace. `empty`: nothing
/// was written after the opening brace yet.
void end_result(std::string& out, ResultTail const& tail, Json const& meta, bool empty);

/// Appends the result of `tools/call`.
void append_call_result(std::string& out, ToolResult const& result, ResultTail const& tail);
void append_prompt_result(std::string& out, PromptResult const& result, ResultTail const& tail);
void append_read_result(std::string& out, ResourceResult const& result, ResultTail const& tail);
void append_completions(std::string& out, Completions const& completions, ResultTail const& tail);
/// `input_required` of 2026-07-28. `request_state`: sealed; empty = none.
void append_input_required(std::string& out,
                           std::vector<InputRequest> const& requests,
                           std::string_view request_state,
                           std::string_view server_info);
/// `{KEY: {method, params}}`
Json input_requests_json(std::vector<InputRequest> const& requests);

} // namespace protocol
