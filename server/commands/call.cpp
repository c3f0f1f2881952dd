#include "server/commands/call.hpp"

#include "core/crypto/random.hpp"
#include "core/http/http_client.hpp"
#include "core/json.hpp"
#include "core/log.hpp"
#include "protocol/mcp_http.hpp"
#include "server/app.hpp"
#include "server/commands/command_run.hpp"
#include "server/commands/daemon_client.hpp"
#include "server/commands/exit_codes.hpp"
#include "server/config/load_config.hpp"
#include "server/version.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <nlohmann/json.hpp>

#include <chrono>
#include <cstdio>
#include <iostream>
#include <iterator>
#include <optional>
#include <string>
#include <utility>

namespace server {
namespace {

using core::Json;

constexpr char const* kRevision = "2026-07-28";
constexpr std::chrono::seconds kCallTime{120};

std::string request_body(std::string const& tool, Json arguments) {
    Json meta = Json::object();
    meta["io.modelcontextprotocol/protocolVersion"] = kRevision;
    meta["io.modelcontextprotocol/clientCapabilities"] = Json::object();
    meta["io.modelcontextprotocol/clientInfo"] = Json{{"name", "ado-mcpd call"}, {"version", kVersion}};
    Json params = Json::object();
    params["name"] = tool;
    params["arguments"] = std::move(arguments);
    params["_meta"] = std::move(meta);
    Json message = Json::object();
    message["jsonrpc"] = "2.0";
    message["id"] = 1;
    message["method"] = "tools/call";
    message["params"] = std::move(params);
    return core::dump_json(message);
}

core::HttpHeaders request_headers(std::string const& tool) {
    core::HttpHeaders headers;
    headers.add("Content-Type", "application/json");
    headers.add("Accept", "application/json");
    headers.add("MCP-Protocol-Version", kRevision);
    headers.add("Mcp-Method", "tools/call");
    headers.add("Mcp-Name", tool);
    return headers;
}

std::string daemon_url(Config const& config, CallOptions const& options) {
    return options.url.empty() ? daemon_base_url(config) + "/mcp" : options.url;
}

core::Result<core::HttpResponse>
call_daemon(Config const& config, CallOptions const& options, std::string body) {
    auto url = core::Url::parse(daemon_url(config, options));
    if (!url) {
        return core::fail(core::Error(core::ErrorKind::invalid_argument, "--url is not an http or https URL")
                              .with_code("usage"));
    }
    core::HttpRequest request("POST", *url);
    request.headers = request_headers(options.tool);
    request.credential = caller_token(config);
    request.body = std::move(body);
    return ask_daemon(config, std::move(request));
}

core::Task<core::Result<std::string>> run_in_process(App& app, CallOptions const& options, std::string body) {
    CO_TRY_VOID(co_await app.start());
    core::HttpHeaders const headers = request_headers(options.tool);
    std::string const method = "POST";
    core::Principal const caller("local", "local", core::Role::administrator);
    auto const endpoint = protocol::make_mcp_http_endpoint(app.mcp());
    auto const admitted = endpoint->admit(method, headers, std::move(body), caller);
    protocol::ClosedChannel channel;
    core::CallContext const ctx(core::random_uuid(), core::Deadline::in(app.clock(), kCallTime));
    protocol::McpHttpReply reply = co_await endpoint->run(*admitted, caller, ctx, channel);
    co_await app.stop(core::Deadline::in(app.clock(), app.config().limits.drain_ms));
    co_return std::move(reply.body);
}

/// No daemon answers: the same store, credentials and tools in this process. Whoever can read the store's key
/// may.
core::Result<std::string> call_in_process(Config config, CallOptions const& options, std::string body) {
    core::asio::io_context io(1);
    ADOMCPD_TRY(std::unique_ptr<App> const app, App::make(io, std::move(config)));
    std::optional<core::Result<std::string>> answer;
    core::asio::co_spawn(io,
                         run_in_process(*app, options, std::move(body)),
                         [&](std::exception_ptr, core::Result<std::string> result) {
                             answer.emplace(std::move(result));
                             io.stop();
                         });
    io.run();
    return std::move(*answer);
}

int refused(Config const& config, core::HttpResponse const& response) {
    std::fprintf(stderr,
                 "ado-mcpd: the daemon refused the call (HTTP %d).\n  fix: %s\n",
                 response.status,
                 token_fix(config, response.status).c_str());
    return kExitCredentialRefused;
}

int print_answer(std::string const& body, bool text_only) {
    auto const message = core::parse_json(body, core::JsonLimits{.max_bytes = body.size(), .max_depth = 128});
    if (!message) {
        std::fprintf(stderr, "ado-mcpd: the answer is not JSON: %s\n", message.error().message().c_str());
        return kExitFailed;
    }
    Json const* result = core::find_object(*message, "result");
    if (result == nullptr) {
        Json const* error = core::find_object(*message, "error");
        std::string const text = error != nullptr ? core::dump_json(*error) : body;
        std::fprintf(stderr, "ado-mcpd: %s\n", text.c_str());
        return kExitFailed;
    }
    bool const failed = core::find_bool(*result, "isError").value_or(false);
    if (text_only) {
        Json const* content = core::find_array(*result, "content");
        for (Json const& block : content != nullptr ? *content : Json::array()) {
            std::printf("%s\n", std::string(core::find_string(block, "text").value_or("")).c_str());
        }
    } else {
        std::printf("%s\n", core::dump_json_pretty(*result).c_str());
    }
    return failed ? kExitFailed : kExitDone;
}

core::Result<Json> read_arguments(std::string const& text) {
    std::string given = text;
    if (text == "-") {
        given.assign(std::istreambuf_iterator<char>(std::cin), std::istreambuf_iterator<char>());
    }
    if (given.empty()) {
        return Json::object();
    }
    auto parsed = core::parse_json(given, core::JsonLimits());
    if (!parsed || !parsed->is_object()) {
        return core::fail(core::ErrorKind::invalid_argument, "the arguments are not a JSON object");
    }
    return parsed;
}

} // namespace

int run_call(CallOptions const& options) {
    auto arguments = read_arguments(options.arguments);
    if (!arguments) {
        std::fprintf(stderr, "ado-mcpd: %s\n", arguments.error().message().c_str());
        return kExitUsage;
    }
    auto config = load_config(options.config);
    if (!config) {
        return report_error(config.error());
    }
    core::log::configure(core::log::Level::warn, config->log.format);
    std::string const body = request_body(options.tool, std::move(*arguments));

    auto response = call_daemon(*config, options, body);
    if (response) {
        if (response->status == 401 || response->status == 403) {
            return refused(*config, *response);
        }
        return print_answer(response->body, options.text);
    }
    if (!options.url.empty() || !response.error().not_sent()) {
        return report_error(response.error());
    }
    auto answer = call_in_process(std::move(*config), options, body);
    core::log::flush();
    if (!answer) {
        return report_error(answer.error());
    }
    return print_answer(*answer, options.text);
}

} // namespace server
