#include "protocol/mcp_core.hpp"

#include "core/log.hpp"
#include "protocol/envelope.hpp"
#include "protocol/json_writer.hpp"
#include "protocol/render.hpp"
#include "protocol/schema.hpp"
#include "protocol/task_engine.hpp"

#include <boost/asio/this_coro.hpp>

#include <exception>

namespace protocol {
namespace {

namespace asio = boost::asio;

/// A handler that asks again and again must not keep a client busy for ever.
constexpr int kMostRounds = 10;

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
RpcError internal_error(core::CallContext const& ctx) {
    Json data = Json::object();
    data["requestId"] = ctx.request_id;
    return RpcError(rpc_code::internal_error, "Internal error", std::move(data));
}

void log_bug(std::string_view what, std::string_view where, core::CallContext const& ctx) {
    core::log::error("handler.exception",
                     {{"handler", where}, {"request_id", ctx.request_id}, {"what", what}});
}

std::string words_of(core::Error const& error) {
    return error.fix().empty() ? error.message() : error.message() + " " + error.fix();
}

ToolResult unanswered(core::Error const& error) {
    return ToolResult::error(words_of(error) + " Nothing was done.");
}

/// Calls the handler by `run` until it needs nothing more of the client: in the initialize era the client is
/// asked in between, later the asking is the answer. `failed` words what the client did not answer. An
/// exception becomes a refusal with -32603; cancellation passes.
template <class Result, class Call, class Run, class Failed>
core::Task<Result>
run_rounds(Call& call, RequestScope const& scope, std::string_view name, Run run, Failed failed) {
    auto const cancellation = co_await asio::this_coro::cancellation_state;
    std::optional<Result> result;
    for (int rounds = 0; rounds < kMostRounds; ++rounds) {
        result.reset();
        try {
            core::Task<Result> work = run();
            Result answered = co_await std::move(work);
            result.emplace(std::move(answered));
        } catch (std::exception const& e) {
            if (cancellation.cancelled() != asio::cancellation_type::none) {
                throw; // not a fault of the handler: nobody waits for the answer any more
            }
            log_bug(e.what(), name, call.ctx);
        } catch (...) {
            log_bug("not a std::exception", name, call.ctx);
        }
        if (!result) {
            co_return Result::refuse(internal_error(call.ctx));
        }
        if (!result->needed || is_modern(scope.revision)) {
            co_return std::move(*result);
        }
        core::Task<core::Result<Json>> asking = ask_client(std::move(result->needed->requests), scope);
        core::Result<Json> answers = co_await std::move(asking);
        if (!answers) {
            co_return failed(answers.error());
        }
        call.inputs = std::move(*answers);
        call.state = std::move(result->needed->state);
    }
    core::Error const endless(core::ErrorKind::internal, "The client was asked too many times.");
    co_return failed(endless);
}

template <class Result>
Result refusal_of(core::Error const& error) {
    return Result::refuse(RpcError(rpc_code::invalid_params, words_of(error)));
}

} // namespace

core::Task<RpcReply> McpCore::handle(RpcMessage& request, RequestScope const& scope) {
    if (auto reply = answer_at_once(request, scope.revision)) {
        co_return std::move(*reply);
    }
    auto const trace_parent =
        is_modern(scope.revision) ? trace_parent_of(request.params) : std::optional<std::string>();
    if (!trace_parent) {
        co_return co_await dispatch(request, scope);
    }
    core::CallContext traced = scope.ctx;
    traced.traceparent = *trace_parent;
    RequestScope inner(scope.revision, scope.caller, traced, scope.features, scope.outlet);
    inner.log_level = scope.log_level;
    co_return co_await dispatch(request, inner);
}

core::Task<RpcReply> McpCore::dispatch(RpcMessage& request, RequestScope const& scope) {
    std::string const& method = request.method;
    if (method == "tools/call") {
        return call_tool(request, scope);
    }
    if (method == "prompts/get") {
        return get_prompt(request, scope);
    }
    if (method == "resources/read") {
        return read_resource(request, scope);
    }
    return method == "completion/complete" ? complete(request, scope) : tasks_->handle(request, scope);
}

core::Task<ToolResult> McpCore::run_tool(ToolHandler& handler, ToolCall& call, RequestScope const& scope) {
    auto run = [&handler, &call] { return handler.call(call); };
    auto failed = [](core::Error const& error) { return unanswered(error); };
    return run_rounds<ToolResult>(call, scope, handler.descriptor().name, run, failed);
}

core::Task<RpcReply> McpCore::call_tool(RpcMessage& request, RequestScope const& scope) {
    auto const name = core::find_string(request.params, "name");
    if (!name) {
        co_return invalid_params(request.id, "params.name must be a string");
    }
    std::shared_ptr<Catalogue const> const catalogue = catalogue_;
    RegisteredTool const* tool = catalogue->tools.find(*name);
    if (tool == nullptr) {
        RpcError const unknown(rpc_code::invalid_params, catalogue->tools.unknown_tool_message(*name));
        co_return failure(request.id, unknown);
    }
    ToolDescriptor const& descriptor = tool->handler->descriptor();
    Json arguments = Json::object();
    if (auto const it = request.params.find("arguments"); it != request.params.end()) {
        if (!it->is_object()) {
            co_return invalid_params(request.id, "params.arguments must be an object");
        }
        arguments = std::move(*it);
    }
    bool const modern = is_modern(scope.revision);
    tool->handler->normalize(arguments);
    auto const problems = tool->input.validate(arguments);
    if (!problems.empty()) {
        ToolResult const refused = bad_arguments(descriptor.name, problems);
        co_return tool_reply(request.id, refused, scope.revision);
    }
    tool->input.normalize_integers(arguments);
    RoundBinding const* bound = nullptr;
    std::optional<RoundBinding> binding;
    std::optional<Round> round;
    if (modern && is_retry(request.params)) {
        binding.emplace(scope.caller, request.method, descriptor.name, arguments);
        bound = &*binding;
        auto opened =
            open_round(request.params, *binding, parts_.sealer, parts_.clock, parts_.limits.request_state);
        if (!opened) {
            co_return failure(request.id, opened.error());
        }
        round.emplace(std::move(*opened));
    }
    if (tasks_ && modern) {
        bool const at_once = descriptor.task_use != TaskUse::when_slow;
        if (descriptor.task_use == TaskUse::required && !scope.features.tasks) {
            co_return failure(request.id, TaskEngine::extension_missing());
        }
        if (scope.features.tasks && (at_once || descriptor.required_capabilities.is_null())) {
            core::Task<RpcReply> work =
                tasks_->call(request, scope, *tool, std::move(arguments), std::move(round));
            RpcReply reply = co_await std::move(work);
            co_return reply;
        }
    }
    RequestRun run(scope, request.params, parts_.clock);
    RunningRequests::Entry const under_way(running_, run);
    ToolCall call(arguments, scope.caller, scope.ctx, run);
    if (round) {
        call.inputs = std::move(round->inputs);
        call.state = std::move(round->state);
    }
    core::Task<ToolResult> work = run_tool(*tool->handler, call, scope);
    ToolResult const result = co_await std::move(work);
    run.finish();
    if (result.needed && bound == nullptr) {
        binding.emplace(scope.caller, request.method, descriptor.name, arguments);
        bound = &*binding;
    }
    if (result.needed) {
        co_return needed_reply(request.id, *result.needed, scope.features, *bound);
    }
    co_return tool_reply(request.id, result, scope.revision);
}

RpcReply McpCore::needed_reply(RequestId const& id,
                               InputNeeded const& needed,
                               ClientFeatures const& client,
                               RoundBinding const& binding) const {
    if (auto const missing = missing_capabilities(needed.requests, client)) {
        return failure(id, *missing);
    }
    std::string const state = needed.state.is_null()
                                  ? std::string()
                                  : seal_state(needed.state, binding, parts_.sealer, parts_.clock);
    std::string body = begin_result(id, 512);
    append_input_required(body, needed.requests, state, server_info_);
    body += '}';
    return RpcReply(std::move(body), 0, false);
}

std::string McpCore::tool_result_text(ToolResult const& result, Revision revision) const {
    std::string text;
    append_call_result(text, result, tail(revision));
    return text;
}

RpcReply McpCore::tool_reply(RequestId const& id, ToolResult const& result, Revision revision) const {
    if (result.refusal) {
        return failure(id, *result.refusal);
    }
    // Escapes make text a little longer; structured content mostly repeats it.
    std::string body = begin_result(id, result.text.size() + result.text.size() / 8 + 512);
    append_call_result(body, result, tail(revision));
    body += '}';
    return RpcReply(std::move(body), 0, result.is_error);
}

core::Task<RpcReply> McpCore::get_prompt(RpcMessage& request, RequestScope const& scope) {
    auto const name = core::find_string(request.params, "name");
    std::shared_ptr<Catalogue const> const catalogue = catalogue_;
    PromptHandler* const handler = name ? catalogue->find_prompt(*name) : nullptr;
    if (handler == nullptr) {
        co_return name ? invalid_params(request.id, "there is no prompt " + json_quoted(*name))
                       : invalid_params(request.id, "params.name must be a string");
    }
    Json arguments = Json::object();
    if (Json const* given = core::find(request.params, "arguments"); given != nullptr && !given->is_null()) {
        bool strings = given->is_object();
        for (auto it = given->begin(); strings && it != given->end(); ++it) {
            strings = it->is_string();
        }
        if (!strings) {
            co_return invalid_params(request.id, "params.arguments must be an object of strings");
        }
        arguments = *given;
    }
    for (PromptArgument const& argument : handler->descriptor().arguments) {
        if (argument.required && !arguments.contains(argument.name)) {
            co_return invalid_params(request.id,
                                     "the prompt " + handler->descriptor().name + " needs the argument " +
                                         argument.name + ": " + argument.description);
        }
    }
    RoundBinding const binding(scope.caller, request.method, *name, arguments);
    auto round =
        open_round(request.params, binding, parts_.sealer, parts_.clock, parts_.limits.request_state);
    if (!round) {
        co_return failure(request.id, round.error());
    }
    RequestRun run(scope, request.params, parts_.clock);
    RunningRequests::Entry const under_way(running_, run);
    PromptCall call(arguments, scope.caller, scope.ctx, run);
    call.inputs = std::move(round->inputs);
    call.state = std::move(round->state);
    auto ask = [handler, &call] { return handler->get(call); };
    core::Task<PromptResult> work =
        run_rounds<PromptResult>(call, scope, handler->descriptor().name, ask, refusal_of<PromptResult>);
    PromptResult const result = co_await std::move(work);
    run.finish();
    if (result.refusal) {
        co_return failure(request.id, *result.refusal);
    }
    if (result.needed) {
        co_return needed_reply(request.id, *result.needed, scope.features, binding);
    }
    std::string body = begin_result(request.id, 2048);
    append_prompt_result(body, result, tail(scope.revision));
    body += '}';
    co_return RpcReply(std::move(body), 0, false);
}

core::Task<RpcReply> McpCore::read_resource(RpcMessage& request, RequestScope const& scope) {
    auto const uri = core::find_string(request.params, "uri");
    if (!uri) {
        co_return invalid_params(request.id, "params.uri must be a string");
    }
    ResourceSource* source = nullptr;
    for (ResourceSource* candidate : features_.resources) {
        if (source == nullptr && candidate->owns(*uri)) {
            source = candidate;
        }
    }
    if (source == nullptr) {
        co_return resource_missing(request.id, *uri, scope.revision);
    }
    RoundBinding const binding(scope.caller, request.method, *uri, Json());
    auto round =
        open_round(request.params, binding, parts_.sealer, parts_.clock, parts_.limits.request_state);
    if (!round) {
        co_return failure(request.id, round.error());
    }
    RequestRun run(scope, request.params, parts_.clock);
    RunningRequests::Entry const under_way(running_, run);
    ResourceRead call(*uri, scope.caller, scope.ctx, run);
    call.inputs = std::move(round->inputs);
    call.state = std::move(round->state);
    auto ask = [source, &call] { return source->read(call); };
    core::Task<ResourceResult> work =
        run_rounds<ResourceResult>(call, scope, "resources/read", ask, refusal_of<ResourceResult>);
    ResourceResult const result = co_await std::move(work);
    run.finish();
    if (result.refusal) {
        co_return failure(request.id, *result.refusal);
    }
    if (result.needed) {
        co_return needed_reply(request.id, *result.needed, scope.features, binding);
    }
    if (result.contents.empty()) {
        co_return resource_missing(request.id, *uri, scope.revision);
    }
    std::string body = begin_result(request.id, 4096);
    ResultTail end = tail(scope.revision);
    end.ttl = result.ttl;
    end.is_private = true; // what may be read depends on the caller's role and the connector
    append_read_result(body, result, end);
    body += '}';
    co_return RpcReply(std::move(body), 0, false);
}

core::Task<RpcReply> McpCore::complete(RpcMessage& request, RequestScope const& scope) {
    Json const* ref = core::find_object(request.params, "ref");
    Json const* argument = core::find_object(request.params, "argument");
    auto const type = ref != nullptr ? core::find_string(*ref, "type") : std::nullopt;
    auto const name = argument != nullptr ? core::find_string(*argument, "name") : std::nullopt;
    auto const value = argument != nullptr ? core::find_string(*argument, "value") : std::nullopt;
    bool const prompt = type == "ref/prompt";
    auto const target =
        ref != nullptr ? core::find_string(*ref, prompt ? "name" : "uri") : std::optional<std::string_view>();
    if ((!prompt && type != "ref/resource") || !target) {
        co_return invalid_params(
            request.id,
            R"(params.ref must be {"type":"ref/prompt","name"} or {"type":"ref/resource","uri"})");
    }
    if (!name || !value) {
        co_return invalid_params(request.id, "params.argument must have the strings name and value");
    }
    if (prompt && catalogue_->find_prompt(*target) == nullptr) {
        co_return invalid_params(request.id, "there is no prompt " + json_quoted(*target));
    }
    SilentClient client(scope.features);
    CompletionRequest asked(scope.caller, scope.ctx, client);
    (prompt ? asked.prompt : asked.uri_template) = std::string(*target);
    asked.argument = std::string(*name);
    asked.value = std::string(*value);
    asked.settled = Json::object();
    Json const* context = core::find_object(request.params, "context");
    if (Json const* settled = context != nullptr ? core::find_object(*context, "arguments") : nullptr) {
        asked.settled = *settled;
    }
    Completions const completions = co_await features_.completer->complete(asked);
    std::string body = begin_result(request.id, 1024);
    append_completions(body, completions, tail(scope.revision));
    body += '}';
    co_return RpcReply(std::move(body), 0, false);
}

} // namespace protocol
