#pragma once

#include "core/task_group.hpp"
#include "protocol/catalogue.hpp"
#include "protocol/jsonrpc.hpp"
#include "protocol/mcp_server.hpp"
#include "protocol/render.hpp"
#include "protocol/request_run.hpp"
#include "protocol/rounds.hpp"
#include "protocol/sessions.hpp"

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace protocol {

class TaskEngine;

/// The answer to one request.
class RpcReply {
public:
    RpcReply(std::string body_, int error_code_, bool failed_)
        : body(std::move(body_)), error_code(error_code_), failed(failed_) {}

    std::string body; ///< the whole JSON-RPC response
    int error_code;   ///< 0 when it holds a result
    bool failed;      ///< an error, or a tool result with isError
};

RpcReply failure(RequestId const& id, RpcError const& error);
RpcReply invalid_params(RequestId const& id, std::string message);

/// The McpServer as its transports know it: methods of both eras over one set of features.
class McpCore final : public McpServer {
public:
    McpCore(ServerFeatures features, ServerParts parts);
    ~McpCore() override;
    McpCore(McpCore const&) = delete;
    McpCore& operator=(McpCore const&) = delete;

    void set_tools(std::vector<ToolHandler*> tools) override;
    void set_prompts(std::vector<PromptHandler*> prompts) override;
    core::Task<void> tend() override;
    core::Task<void> stop(core::Deadline deadline) override;

    /// Answers one request whose envelope and headers were found good; subscriptions/listen and what belongs
    /// to a session are the transports'. `request` is used up; all references outlive the task. Cancellation
    /// reaches the handler and leaves as the exception that Asio throws for it.
    core::Task<RpcReply> handle(RpcMessage& request, RequestScope const& scope);
    /// The same for what needs no handler; nullopt when it does. `ping` and an unchanged list cost next to
    /// nothing this way.
    std::optional<RpcReply> answer_at_once(RpcMessage const& request, Revision revision) const;

    std::shared_ptr<Catalogue const> catalogue() const noexcept { return catalogue_; }
    ServerFeatures const& features() const noexcept { return features_; }
    ServerParts const& parts() const noexcept { return parts_; }
    Sessions& sessions() noexcept { return sessions_; }
    TaskEngine* tasks() noexcept { return tasks_.get(); }
    std::string const& server_info() const noexcept { return server_info_; }
    bool can_subscribe(std::string_view uri) const noexcept;
    /// Whether there is anything that subscriptions/listen could tell of.
    bool announces() const noexcept {
        return features_.tools_change || features_.prompts_change || features_.resources_change ||
               features_.subscriptions || features_.tasks != nullptr;
    }
    /// Called about four times a second while anything is under way, and now and then otherwise.
    void on_tick(std::function<void()> hook) { ticks_.push_back(std::move(hook)); }
    /// `method` when some revision here knows it, else empty: for log fields and metric labels.
    static std::string_view known_method(std::string_view method) noexcept;

    /// Runs one call to a result, all rounds of the initialize era included. An exception becomes a refusal
    /// with -32603; cancellation passes.
    core::Task<ToolResult> run_tool(ToolHandler& handler, ToolCall& call, RequestScope const& scope);
    RpcReply tool_reply(RequestId const& id, ToolResult const& result, Revision revision) const;
    /// `input_required`, or -32021 when the client cannot answer. 2026-07-28 only.
    RpcReply needed_reply(RequestId const& id,
                          InputNeeded const& needed,
                          ClientFeatures const& client,
                          RoundBinding const& binding) const;
    /// The result alone, as tasks keep it.
    std::string tool_result_text(ToolResult const& result, Revision revision) const;

    RunningRequests& running() noexcept { return running_; }

private:
    core::Task<RpcReply> dispatch(RpcMessage& request, RequestScope const& scope);
    core::Task<RpcReply> call_tool(RpcMessage& request, RequestScope const& scope);
    core::Task<RpcReply> get_prompt(RpcMessage& request, RequestScope const& scope);
    core::Task<RpcReply> read_resource(RpcMessage& request, RequestScope const& scope);
    core::Task<RpcReply> complete(RpcMessage& request, RequestScope const& scope);
    RpcReply list_reply(RpcMessage const& request,
                        std::string_view name,
                        std::vector<ListItem> const& items,
                        Revision revision) const;
    std::optional<RpcReply> answer_skills(RpcMessage const& request, Revision revision) const;
    RpcReply resource_missing(RequestId const& id, std::string_view uri, Revision revision) const;
    ResultTail tail(Revision revision) const { return ResultTail(revision, server_info_); }
    std::vector<ResourceDescriptor> listed_resources() const;

    ServerFeatures features_;
    ServerParts parts_;
    Sessions sessions_{parts_};
    std::shared_ptr<Catalogue const> catalogue_; ///< shared with the calls under way
    std::string server_info_;
    std::string discover_;
    std::array<std::string, kRevisions.size()> initialize_;
    RunningRequests running_;
    std::vector<std::function<void()>> ticks_;
    std::unique_ptr<TaskEngine> tasks_;
};

} // namespace protocol
