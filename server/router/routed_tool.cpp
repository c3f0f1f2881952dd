#include "server/router/routed_tool.hpp"

#include "core/async.hpp"
#include "core/crypto/random.hpp"
#include "core/log.hpp"
#include "server/router/audit_notes.hpp"
#include "server/router/error_surface.hpp"
#include "server/router/sign_in_question.hpp"
#include "server/router/tool_deadline.hpp"
#include "server/router/url_arguments.hpp"
#include "server/router/write_confirmation.hpp"
#include "server/tools/answer.hpp"
#include "server/tools/mask_secrets.hpp"

#include <algorithm>
#include <utility>

namespace server {

namespace {

using core::Error;
using core::ErrorKind;
using core::Json;
using protocol::ToolResult;

/// How long a token must be good for that is looked at before a write.
constexpr std::chrono::seconds kTokenTtl{60};

Error project_not_allowed(std::string_view project, Connector const& connector) {
    return Error(ErrorKind::forbidden,
                 "Project '" + std::string(project) + "' is not in connector '" + connector.settings().name +
                     "' `projects` allow-list.")
        .with_code("project_not_allowed")
        .with_fix("Use a listed project (list_organizations shows them), or have an administrator add it.")
        .with_not_sent();
}

Error not_listed(std::string_view what, std::string_view name, char const* list, Connector const& connector) {
    return Error(ErrorKind::forbidden,
                 std::string(what) + " '" + std::string(name) + "' is not in connector '" +
                     connector.settings().name + "' `" + list + "` allow-list.")
        .with_code(std::string(list == std::string_view("wikis") ? "wiki" : "repository") + "_not_allowed")
        .with_fix("Use a listed one, or have an administrator add it.")
        .with_not_sent();
}

/// An id names a repository of any project, whatever project stands beside it.
core::Result<void> check_repository(Json const& where, std::string_view project, Connector const& connector) {
    ConnectorPolicy const& policy = connector.settings().policy;
    auto const repository = core::find_string(where, "repository");
    if (repository && !policy.repositories.empty() &&
        (is_uuid(*repository) || !policy.allows_repository(project, *repository))) {
        return core::fail(not_listed("Repository", *repository, "repositories", connector));
    }
    return {};
}

/// What the arguments name must be on the connector's allow-lists.
core::Result<void>
check_names(Json const& args, Connector const& connector, OrganizationDirectory const& directory) {
    ADOMCPD_TRY_VOID(refuse_left_urls(args, directory));
    ConnectorPolicy const& policy = connector.settings().policy;
    auto const named = core::find_string(args, "project");
    if (named && !policy.allows_project(*named)) {
        return core::fail(project_not_allowed(*named, connector));
    }
    std::string const project = chosen_project(args, policy);
    ADOMCPD_TRY_VOID(check_repository(args, project, connector));
    if (Json const* const files = core::find_array(args, "files")) {
        for (Json const& file : *files) {
            ADOMCPD_TRY_VOID(check_repository(file, project, connector));
        }
    }
    // A knowledge source may be named in a wiki's place: those an administrator chose one by one.
    std::vector<std::string> const& sources = directory.sources_of(connector.organization().key());
    auto const wiki = core::find_string(args, "wiki");
    if (wiki && !policy.allows_wiki(project, *wiki) &&
        std::find(sources.begin(), sources.end(), *wiki) == sources.end()) {
        return core::fail(not_listed("Wiki", *wiki, "wikis", connector));
    }
    return {};
}

/// One organization's part in a call that spans several: a trace of its own says who answered.
class OrganizationShare {
public:
    OrganizationShare(protocol::ToolCall const& asked, std::shared_ptr<Connector> connector_)
        : ctx(asked.ctx), call(asked.arguments, asked.caller, ctx, asked.client),
          connector(std::move(connector_)) {
        ctx.trace = std::make_shared<core::CallTrace>();
    }
    OrganizationShare(OrganizationShare const&) = delete;
    OrganizationShare& operator=(OrganizationShare const&) = delete;

    core::CallContext ctx;
    protocol::ToolCall call; ///< refers to the context
    std::shared_ptr<Connector> connector;
};

/// A write under way: owns everything it works on, so that its caller may go away.
class RunningWrite {
    Json args_;
    core::Principal caller_;
    core::CallContext ctx_;
    protocol::SilentClient client_;

public:
    RunningWrite(Json arguments,
                 bool writes_,
                 protocol::ToolCall const& asked,
                 std::shared_ptr<Connector> connector_)
        : args_(std::move(arguments)), caller_(asked.caller), ctx_(asked.ctx),
          client_(asked.client.features()), call(args_, caller_, ctx_, client_),
          connector(std::move(connector_)), writes(writes_) {
        call.inputs = asked.inputs;
        call.state = asked.state;
        call.task_id = asked.task_id;
    }
    RunningWrite(RunningWrite const&) = delete;
    RunningWrite& operator=(RunningWrite const&) = delete;

    protocol::ToolCall call; ///< refers to the members above
    std::shared_ptr<Connector> connector;
    bool writes; ///< false: it only checks
    core::Event done;
    std::optional<core::Result<protocol::ToolResult>> result;
};

class RoutedTool final : public protocol::ToolHandler {
public:
    RoutedTool(std::unique_ptr<OrganizationTool> tool, RoutedToolEnvironment const& env)
        : tool_(std::move(tool)), env_(env) {}

    protocol::ToolDescriptor const& descriptor() const noexcept override { return tool_->descriptor(); }

    void normalize(Json& arguments) const override {
        take_urls_apart(arguments, tool_->descriptor().input_schema, env_.directory);
    }

    core::Task<ToolResult> call(protocol::ToolCall const& call) override {
        core::CallContext const& ctx = call.ctx;
        if (tool_->spans_organizations() && !core::find_string(call.arguments, "organization")) {
            std::vector<std::shared_ptr<Connector>> connectors = enabled_connectors();
            if (connectors.size() > 1 && connectors.size() <= env_.limits.search_organizations) {
                ToolResult spanning = co_await call_over(call, std::move(connectors));
                co_return spanning;
            }
        }
        auto connector = admit(call.arguments, call.caller);
        if (!connector) {
            co_return error_result(connector.error(), error_budget(call.arguments));
        }
        // What goes into the state of the next round, should there be one.
        Json carried = call.state.is_object() ? call.state : Json::object();
        core::Result<ToolResult> result = co_await go_on(call, *connector, carried);
        if (!result) {
            core::log::info("tool.failed",
                            {{"tool", tool_->descriptor().name},
                             {"organization", (*connector)->organization().name()},
                             {"request_id", ctx.request_id},
                             {"kind", core::to_string(result.error().kind())},
                             {"error", core::describe(result.error())}});
            ToolResult failed = error_result(result.error(), error_budget(call.arguments));
            failed.meta = identity_meta(**connector, ctx);
            co_return failed;
        }
        (*connector)->note_accepted(ctx.trace->method, ctx.trace->identity);
        ToolResult answer = std::move(*result);
        // read_file has masked its files before it cut windows out of them.
        if (env_.mask_secrets && tool_->descriptor().name != "read_file") {
            mask_answer(answer, note_budget(call.arguments, answer));
        }
        if (answer.needed) {
            keep_state(*answer.needed, std::move(carried));
        } else {
            answer.meta = identity_meta(**connector, ctx);
        }
        co_return answer;
    }

private:
    /// `max_bytes` holds for errors too.
    std::size_t error_budget(Json const& args) const {
        return answer_budget(args, env_.limits.answer_bytes, env_.limits);
    }

    /// Where a tool's own budget is not told, the smallest one counts that the answer is within.
    std::size_t note_budget(Json const& args, ToolResult const& answer) const {
        std::size_t const usual = env_.limits.search_answer_bytes;
        return answer_budget(
            args, answer.text.size() <= usual ? usual : env_.limits.answer_bytes, env_.limits);
    }

    /// Everything that can be refused without asking the upstream.
    core::Result<std::shared_ptr<Connector>> admit(Json const& args, core::Principal const& caller) const {
        protocol::ToolDescriptor const& about = tool_->descriptor();
        std::optional<std::string_view> const named = core::find_string(args, "organization");
        std::optional<std::string> const implied = named ? std::nullopt : tool_->implied_organization(args);
        ADOMCPD_TRY(std::shared_ptr<Connector> connector,
                    env_.directory.find(implied ? std::optional<std::string_view>(*implied) : named));
        if (!about.hints.read_only) {
            if (!caller.may(core::Role::user)) {
                return core::fail(Error(ErrorKind::forbidden,
                                        "Role '" + std::string(core::to_string(caller.role)) +
                                            "' may not call " + about.name + "; it writes.")
                                      .with_code("role_insufficient")
                                      .with_fix("Use a token with role 'user' or 'administrator'.")
                                      .with_not_sent());
            }
            if (env_.read_only || connector->settings().policy.read_only) {
                return core::fail(Error(ErrorKind::forbidden,
                                        about.name + " is off: " +
                                            (env_.read_only ? std::string("tools.read_only is set.")
                                                            : "connector '" + connector->settings().name +
                                                                  "' is read-only."))
                                      .with_code("read_only")
                                      .with_fix("An administrator can change read_only in the configuration.")
                                      .with_not_sent());
            }
        }
        ADOMCPD_TRY_VOID(check_names(args, *connector, env_.directory));
        return connector;
    }

    std::vector<std::shared_ptr<Connector>> enabled_connectors() const {
        std::vector<std::shared_ptr<Connector>> connectors = env_.directory.all();
        std::erase_if(connectors, [](auto const& connector) { return !connector->settings().enabled; });
        return connectors;
    }

    /// Over all connectors whose allow-lists let the call through. A sign-in is not asked for here: the
    /// others may answer.
    core::Task<ToolResult> call_over(protocol::ToolCall const& call,
                                     std::vector<std::shared_ptr<Connector>> connectors) {
        std::vector<std::unique_ptr<OrganizationShare>> shares;
        std::vector<CallScope> scopes;
        std::optional<Error> refusal;
        for (std::shared_ptr<Connector>& connector : connectors) {
            auto const allowed = check_names(call.arguments, *connector, env_.directory);
            if (!allowed) {
                refusal = refusal ? std::move(refusal) : std::optional(allowed.error());
                continue;
            }
            shares.push_back(std::make_unique<OrganizationShare>(call, std::move(connector)));
            scopes.push_back(scope_of(shares.back()->call, *shares.back()->connector));
        }
        if (scopes.empty()) {
            co_return error_result(*refusal, error_budget(call.arguments));
        }
        core::Result<ToolResult> result =
            co_await tool_->run_over(call.arguments, scopes, std::vector<std::string>());
        ToolResult answer =
            result ? std::move(*result) : error_result(result.error(), error_budget(call.arguments));
        Json identities = Json::array();
        for (auto const& share : shares) {
            core::CallTrace const& trace = *share->ctx.trace;
            if (!trace.identity.empty()) {
                share->connector->note_accepted(trace.method, trace.identity);
            }
            identities.push_back(identity_of(*share->connector, share->ctx));
        }
        if (!result) {
            core::log::info("tool.failed",
                            {{"tool", tool_->descriptor().name},
                             {"organizations", scopes.size()},
                             {"request_id", call.ctx.request_id},
                             {"kind", core::to_string(result.error().kind())},
                             {"error", core::describe(result.error())}});
        }
        answer.meta = Json::object();
        answer.meta["ado-mcpd/identity"] = Json::object();
        answer.meta["ado-mcpd/identity"]["organizations"] = std::move(identities);
        co_return answer;
    }

    /// One round: takes up the answer to a sign-in, does the work, and asks for a sign-in where that is what
    /// it lacks.
    core::Task<core::Result<ToolResult>>
    go_on(protocol::ToolCall const& call, std::shared_ptr<Connector> connector, Json& carried) {
        SignInQuestion const sign_in(env_.sign_in, *connector, call, tool_->descriptor().name);
        CO_TRY_VOID(co_await sign_in.take_answer());
        core::Result<ToolResult> result = core::fail(ErrorKind::internal, "not run");
        if (tool_->descriptor().hints.read_only) {
            result = co_await run(call, *connector);
        } else {
            result = co_await write(call, connector, sign_in.may_ask(), carried);
        }
        if (!result && sign_in.would_help(result.error())) {
            Error cause = result.error();
            CO_TRY(protocol::InputNeeded needed, co_await sign_in.ask(std::move(cause)));
            co_return ToolResult::ask(std::move(needed));
        }
        co_return result;
    }

    /// Everything that can be asked is asked before the write begins.
    core::Task<core::Result<ToolResult>> write(protocol::ToolCall const& call,
                                               std::shared_ptr<Connector> connector,
                                               bool may_sign_in,
                                               Json& carried) {
        if (may_sign_in) {
            CO_TRY(core::AccessToken const token, co_await connector->get(kTokenTtl, call.ctx));
        }
        CallScope const scope = scope_of(call, *connector);
        CO_TRY(WritePlan plan, co_await tool_->plan(call.arguments, scope));
        if (plan.needed) {
            co_return ToolResult::ask(std::move(*plan.needed));
        }
        carried.update(plan.settled);
        CO_TRY_VOID(check_names(plan.arguments, *connector, env_.directory));
        if (plan.writes && connector->settings().policy.confirm_writes) {
            CO_TRY(std::optional<protocol::InputNeeded> needed,
                   co_await confirm_write(plan, tool_->descriptor().name, *connector, call));
            if (needed) {
                co_return ToolResult::ask(std::move(*needed));
            }
        }
        co_return co_await run_to_its_end(std::move(plan.arguments), plan.writes, call, std::move(connector));
    }

    /// The members a question brings along stand beside those of the rounds before. A write keeps one name
    /// over all its rounds, under which it is journalled.
    void keep_state(protocol::InputNeeded& needed, Json carried) const {
        carried.erase("step");
        if (!tool_->descriptor().hints.read_only && !carried.contains(kRoundMember)) {
            carried[kRoundMember] = core::random_uuid();
        }
        if (needed.state.is_object()) {
            carried.update(needed.state);
        }
        needed.state = std::move(carried);
    }

    CallScope scope_of(protocol::ToolCall const& call, Connector& connector) const {
        CallScope scope(connector.organization().name(),
                        connector.client(),
                        connector.settings().policy,
                        env_.writes,
                        env_.limits,
                        call);
        scope.mask_secrets = env_.mask_secrets;
        scope.blobs = env_.blobs;
        return scope;
    }

    core::Task<core::Result<ToolResult>> run(protocol::ToolCall const& call, Connector& connector) {
        ToolDeadline const limit(tool_->descriptor(), env_.limits, env_.clock, call.ctx);
        protocol::ToolCall timed(call.arguments, call.caller, limit.ctx(), call.client);
        timed.inputs = call.inputs;
        timed.state = call.state;
        timed.task_id = call.task_id;
        CallScope const scope = scope_of(timed, connector);
        core::Result<ToolResult> result = co_await tool_->run(timed.arguments, scope);
        if (!result) {
            co_return core::fail(limit.explain(std::move(result.error())));
        }
        co_return result;
    }

    /// A caller that goes away must not leave a write of unknown outcome behind: the write runs on in its own
    /// task, and only the waiting ends.
    core::Task<core::Result<ToolResult>> run_to_its_end(Json arguments,
                                                        bool writes,
                                                        protocol::ToolCall const& call,
                                                        std::shared_ptr<Connector> connector) {
        auto running =
            std::make_shared<RunningWrite>(std::move(arguments), writes, call, std::move(connector));
        env_.running_writes.spawn("write", run_owned(this, running));
        bool const finished = co_await running->done.wait(core::Deadline::never());
        if (!finished || !running->result) {
            co_return core::fail(ErrorKind::cancelled, "the caller went away; the write runs to its end");
        }
        co_return std::move(*running->result);
    }

    /// A write that cannot be recorded is not sent.
    core::Task<core::Result<ToolResult>> run_audited(RunningWrite& running) {
        core::CallContext const& ctx = running.call.ctx;
        core::Principal const& caller = running.call.caller;
        WriteAudit audit(running.writes ? env_.audit : nullptr,
                         running.connector->organization().key(),
                         tool_->descriptor().name,
                         AuditActor(caller.id, caller.name, ctx.request_id));
        ConnectorStatus const status = running.connector->status();
        CO_TRY_VOID(co_await audit.attempted(status.method, status.identity));
        core::Result<ToolResult> result = co_await run(running.call, *running.connector);
        co_await audit.ended(result, *ctx.trace);
        co_return result;
    }

    static core::Task<void> run_owned(RoutedTool* self, std::shared_ptr<RunningWrite> running) {
        try {
            auto result = co_await self->run_audited(*running);
            running->result.emplace(std::move(result));
        } catch (std::exception const& e) {
            core::log::error("tool.exception", {{"tool", self->descriptor().name}, {"what", e.what()}});
            running->result.emplace(core::fail(ErrorKind::internal, "an internal error stopped this call"));
        }
        running->done.set();
    }

    static Json identity_of(Connector const& connector, core::CallContext const& ctx) {
        Json identity = Json::object();
        identity["organization"] = connector.organization().name();
        if (!ctx.trace->method.empty()) {
            identity["method"] = ctx.trace->method;
        }
        if (!ctx.trace->identity.empty()) {
            identity["identity"] = ctx.trace->identity;
        }
        return identity;
    }

    static Json identity_meta(Connector const& connector, core::CallContext const& ctx) {
        Json meta = Json::object();
        meta["ado-mcpd/identity"] = identity_of(connector, ctx);
        return meta;
    }

    std::unique_ptr<OrganizationTool> tool_;
    RoutedToolEnvironment env_;
};

} // namespace

std::unique_ptr<protocol::ToolHandler> make_routed_tool(std::unique_ptr<OrganizationTool> tool,
                                                        RoutedToolEnvironment const& env) {
    return std::make_unique<RoutedTool>(std::move(tool), env);
}

} // namespace server
