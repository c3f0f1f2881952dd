#include "protocol/dispatcher.hpp"

#include "core/log.hpp"
#include "protocol/envelope.hpp"
#include "protocol/json_writer.hpp"
#include "protocol/render.hpp"
#include "protocol/schema.hpp"

#include <boost/asio/this_coro.hpp>

#include <algorithm>
#include <exception>
#include <optional>

namespace protocol {
namespace {

namespace asio = boost::asio;

constexpr std::array<std::string_view, 8> kMethods{"server/discover",
                                                   "initialize",
                                                   "ping",
                                                   "tools/list",
                                                   "tools/call",
                                                   "notifications/initialized",
                                                   "notifications/cancelled",
                                                   "notifications/progress"};

RpcReply failure(RequestId const& id, RpcError const& error) {
    return RpcReply(error_response(id, error), error.code, true);
}

RpcReply invalid_params(RequestId const& id, std::string message) {
    return failure(id, RpcError(rpc_code::invalid_params, "Invalid params: " + std::move(message)));
}

RpcReply success(RequestId const& id, std::string_view result) {
    return RpcReply(result_response(id, result), 0, false);
}

ToolResult bad_arguments(std::string_view tool, std::vector<SchemaProblem> const& problems) {
    std::string text = "The arguments of " + std::string(tool) + " do not fit its schema:";
    for (SchemaProblem const& problem : problems) {
        text += "\n- " + to_string(problem);
    }
    if (problems.size() == kMaxSchemaProblems) {
        text += "\n- there may be more";
    }
    text += "\nNothing was done. Correct this and call the tool again.";
    return ToolResult::error(std::move(text));
}

/// What a client sees of a bug: nothing but the number under which the log has the rest.
RpcReply internal_error(RequestId const& id, core::CallContext const& ctx) {
    Json data = Json::object();
    data["requestId"] = ctx.request_id;
    return failure(id, RpcError(rpc_code::internal_error, "Internal error", std::move(data)));
}

} // namespace

Dispatcher::Dispatcher(ServerIdentity const& identity, std::vector<ToolHandler*> const& tools)
    : tools_(tools), server_info_(render_server_info(identity, kModernRevision)),
      discover_(render_discover(identity)) {
    for (Revision const revision : kRevisions) {
        initialize_[index_of(revision)] = is_modern(revision) ? "" : render_initialize(identity, revision);
        tool_lists_[index_of(revision)] = render_tool_list(identity, tools_, revision);
    }
}

std::string_view Dispatcher::known_method(std::string_view method) noexcept {
    auto const it = std::find(kMethods.begin(), kMethods.end(), method);
    return it == kMethods.end() ? std::string_view() : *it;
}

core::Task<RpcReply> Dispatcher::handle(RpcMessage& request,
                                        Revision revision,
                                        core::Principal const& caller,
                                        core::CallContext const& ctx) const {
    if (request.method != "tools/call") {
        co_return answer(request, revision);
    }
    auto const trace_parent = is_modern(revision) ? trace_parent_of(request.params) : std::nullopt;
    if (!trace_parent) {
        co_return co_await call_tool(request, revision, caller, ctx);
    }
    core::CallContext traced = ctx;
    traced.traceparent = *trace_parent;
    co_return co_await call_tool(request, revision, caller, traced);
}

RpcReply Dispatcher::answer(RpcMessage const& request, Revision revision) const {
    std::string const& method = request.method;
    if (method == "tools/list") {
        Json const* cursor = core::find(request.params, "cursor");
        if (cursor != nullptr && !cursor->is_null()) {
            return invalid_params(request.id, "there is one page, and no cursor was handed out");
        }
        return success(request.id, tool_lists_[index_of(revision)]);
    }
    if (is_modern(revision) && method == "server/discover") {
        return success(request.id, discover_);
    }
    if (!is_modern(revision) && method == "ping") {
        return success(request.id, "{}");
    }
    if (!is_modern(revision) && method == "initialize") {
        if (!core::find_string(request.params, "protocolVersion")) {
            return invalid_params(request.id, "params.protocolVersion must be a string");
        }
        return success(request.id, initialize_[index_of(revision)]);
    }
    return failure(request.id,
                   RpcError(rpc_code::method_not_found, "Method not found: " + json_quoted(request.method)));
}

core::Task<RpcReply> Dispatcher::call_tool(RpcMessage& request,
                                           Revision revision,
                                           core::Principal const& caller,
                                           core::CallContext const& ctx) const {
    auto const name = core::find_string(request.params, "name");
    if (!name) {
        co_return invalid_params(request.id, "params.name must be a string");
    }
    RegisteredTool const* tool = tools_.find(*name);
    if (tool == nullptr) {
        RpcError const unknown(rpc_code::invalid_params, tools_.unknown_tool_message(*name));
        co_return failure(request.id, unknown);
    }
    Json arguments = Json::object();
    if (auto const it = request.params.find("arguments"); it != request.params.end()) {
        if (!it->is_object()) {
            co_return invalid_params(request.id, "params.arguments must be an object");
        }
        arguments = std::move(*it);
    }
    ToolDescriptor const& descriptor = tool->handler->descriptor();
    auto const problems = tool->input.validate(arguments);
    if (!problems.empty()) {
        ToolResult const refused = bad_arguments(descriptor.name, problems);
        co_return tool_reply(request.id, refused, revision);
    }
    tool->input.normalize_integers(arguments);

    auto const cancellation = co_await asio::this_coro::cancellation_state;
    std::optional<ToolResult> result;
    try {
        ToolResult answered = co_await tool->handler->call(arguments, caller, ctx);
        result.emplace(std::move(answered));
    } catch (std::exception const& e) {
        if (cancellation.cancelled() != asio::cancellation_type::none) {
            throw; // not a fault of the tool: nobody waits for the answer any more
        }
        core::log::error("tool.exception",
                         {{"tool", descriptor.name}, {"request_id", ctx.request_id}, {"what", e.what()}});
    } catch (...) {
        core::log::error("tool.exception", {{"tool", descriptor.name}, {"request_id", ctx.request_id}});
    }
    if (!result) {
        co_return internal_error(request.id, ctx);
    }
    co_return tool_reply(request.id, *result, revision);
}

RpcReply Dispatcher::tool_reply(RequestId const& id, ToolResult const& result, Revision revision) const {
    // Escapes make text a little longer; structured content mostly repeats it.
    std::string body = begin_result(id, result.text.size() + result.text.size() / 8 + 512);
    append_call_result(body, result, revision, server_info_);
    body += '}';
    return RpcReply(std::move(body), 0, result.is_error);
}

} // namespace protocol
