#include "support/endpoint_fixture.hpp"

#include "official_schema/official_schema.hpp"

#include <boost/system/system_error.hpp>
#include <gtest/gtest.h>

#include <stdexcept>
#include <utility>

namespace test {
namespace {

constexpr char const* kVersionKey = "io.modelcontextprotocol/protocolVersion";
constexpr char const* kSessionHeader = "Mcp-Session-Id";

protocol::ToolDescriptor echo_tool() {
    protocol::ToolHints hints;
    hints.read_only = true;
    hints.idempotent = true;
    return protocol::ToolDescriptor(
        "echo",
        "Echo",
        "Says its arguments again.",
        Json::parse(R"({"type":"object","additionalProperties":false,
        "properties":{"query":{"type":"string","description":"What to look for.","minLength":1,"maxLength":20},
                      "top":{"type":"integer","minimum":1,"maximum":50,"default":10},
                      "paths":{"type":"array","maxItems":3,"items":{"type":"string"}},
                      "mode":{"type":"string","enum":["fast","deep"]}},
        "required":["query"]})"),
        Json::parse(R"({"type":"object","properties":{"echo":{"type":"object"}}})"),
        hints);
}

protocol::ToolResult answer_echo(protocol::ToolCall const& call) {
    Json structured = Json::object();
    structured["echo"] = call.arguments;
    protocol::ToolResult result("echo: " + call.arguments.dump(), std::move(structured));
    result.meta = Json::object();
    result.meta["ado-mcpd/identity"] = "someone";
    return result;
}

protocol::ToolResult answer_fail(protocol::ToolCall const&) {
    auto result = protocol::ToolResult::error("It failed. Do this.");
    result.structured = Json::object();
    return result;
}

protocol::ToolResult answer_crash(protocol::ToolCall const&) {
    throw std::runtime_error("internals: db at 10.0.0.7");
}

protocol::ToolResult answer_route(protocol::ToolCall const&) {
    return protocol::ToolResult("routed", Json());
}

std::string session_of(HeaderList const& headers) {
    return std::string(to_headers(headers).get(kSessionHeader).value_or(""));
}

bool claims_modern(Json const& message) {
    Json const* params = core::find_object(message, "params");
    Json const* meta = params != nullptr ? core::find_object(*params, "_meta") : nullptr;
    return meta != nullptr && meta->contains(kVersionKey);
}

std::vector<Json> one_or_more(Json const& json) {
    return json.is_array() ? json.get<std::vector<Json>>() : std::vector<Json>{json};
}

} // namespace

Exchange::Exchange(EndpointFixture& fixture,
                   std::string method,
                   HeaderList headers,
                   std::string body,
                   core::Principal caller)
    : fixture_(fixture), headers_(std::move(headers)), request_(Json::parse(body, nullptr, false)),
      caller_(std::move(caller)), ctx_(call_context()),
      admitted_(fixture.endpoint->admit(method, to_headers(headers_), std::move(body), caller_)),
      running_(fixture.world->loop.spawn(fixture.endpoint->run(*admitted_, caller_, ctx_, channel))) {
    fixture.world->loop.poll();
}

Exchange::~Exchange() {
    if (!done()) {
        running_.cancel();
        fixture_.world->loop.wait(running_);
    }
    fixture_.check(*this);
}

protocol::McpHttpReply Exchange::reply() {
    if (!reply_) {
        fixture_.world->loop.wait(running_);
        reply_.emplace(running_.take());
        if (reply_->rpc_method == "initialize" && !reply_->failed) {
            auto const revision =
                protocol::parse_revision(result_of(*reply_).value("protocolVersion", std::string()));
            std::string const id(reply_->headers.get(kSessionHeader).value_or(""));
            EXPECT_TRUE(revision && !id.empty()) << reply_->body;
            fixture_.revisions_.emplace(id, revision.value_or(protocol::kModernRevision));
        }
    }
    return *reply_;
}

void Exchange::hang_up() {
    channel.break_off();
    if (admitted_->cancel_on_disconnect()) {
        running_.cancel();
    }
    fixture_.poll();
}

bool Exchange::threw_cancelled() {
    try {
        reply();
    } catch (boost::system::system_error const& e) {
        return e.code() == boost::asio::error::operation_aborted;
    }
    return false;
}

std::vector<Json> Exchange::messages() const {
    std::vector<Json> out;
    for (SseEvent const& event : channel.events()) {
        if (!event.data.empty()) {
            EXPECT_EQ(event.type, "message");
            out.push_back(Json::parse(event.data));
        }
    }
    return out;
}

Json Exchange::answer() {
    protocol::McpHttpReply const got = reply();
    if (!channel.opened()) {
        return json_of(got);
    }
    auto const all = messages();
    return all.empty() ? Json() : all.back();
}

EndpointFixture::EndpointFixture(Setup const& setup) : EndpointFixture(std::make_shared<World>(), setup) {}

EndpointFixture::EndpointFixture(std::shared_ptr<World> world_, Setup const& setup)
    : world(std::move(world_)), echo(echo_tool(), answer_echo), fail("fail"), crash("crash"), route("route") {
    fail.behave(answer_fail);
    crash.behave(answer_crash);
    route.behave(answer_route);
    route.about.input_schema = Json::parse(R"({"type":"object","additionalProperties":false,"properties":{
        "region":{"type":"string","x-mcp-header":"Region"},
        "shard":{"type":"integer","x-mcp-header":"Shard"},
        "dry":{"type":"boolean","x-mcp-header":"Dry"},
        "free":{"type":"string"}}})");
    protocol::ServerFeatures features;
    features.identity.version = "9.8.7";
    features.identity.instructions = "Search before you read.";
    features.tools = {&echo, &fail, &crash, &route};
    if (setup) {
        setup(features, limits);
    }
    server = protocol::make_mcp_server(
        std::move(features),
        protocol::ServerParts(
            world->loop.executor(), world->clock, world->sealer, hub, *world->records, limits));
    endpoint = protocol::make_mcp_http_endpoint(*server);
}

EndpointFixture::~EndpointFixture() {
    if (tending_) {
        tending_->cancel();
        world->loop.wait(*tending_);
    }
    world->loop.run(server->stop(core::Deadline::at(world->clock.now())));
    poll();
    EXPECT_EQ(endpoint->open_streams(), 0U);
}

std::unique_ptr<Exchange> EndpointFixture::start(HeaderList headers,
                                                 std::string body,
                                                 std::string const& method,
                                                 core::Principal const& who) {
    Json const request = Json::parse(body, nullptr, false);
    headers = with_session(std::move(headers), request, method);
    note_request(headers, request);
    return std::make_unique<Exchange>(*this, method, std::move(headers), std::move(body), who);
}

std::unique_ptr<Exchange> EndpointFixture::start(HeaderList headers, Json const& body) {
    return start(std::move(headers), body.dump());
}

protocol::McpHttpReply
EndpointFixture::exchange(HeaderList const& headers, std::string body, std::string const& method) {
    return start(headers, std::move(body), method)->reply();
}

protocol::McpHttpReply EndpointFixture::exchange(HeaderList const& headers, Json const& body) {
    return exchange(headers, body.dump(), "POST");
}

std::unique_ptr<Exchange> EndpointFixture::start_modern(Json const& request, core::Principal const& who) {
    std::string const method = request["method"].get<std::string>();
    std::string_view const member = method == "resources/read"     ? "uri"
                                    : method.starts_with("tasks/") ? "taskId"
                                                                   : "name";
    std::string const name(core::find_string(request["params"], member).value_or(""));
    return start(modern_headers(method, name), request.dump(), "POST", who);
}

protocol::McpHttpReply EndpointFixture::ask_modern(Json const& request) {
    return start_modern(request)->reply();
}

protocol::McpHttpReply
EndpointFixture::call_modern(std::string const& tool, Json arguments, HeaderList extra) {
    HeaderList headers = modern_headers("tools/call", tool);
    headers.insert(headers.end(), extra.begin(), extra.end());
    return exchange(headers, modern_call(tool, std::move(arguments)));
}

std::string EndpointFixture::open_session(Revision revision, Json declared, core::Principal const& who) {
    Json params = Json::parse(R"({"clientInfo":{"name":"test","version":"1"}})");
    params["protocolVersion"] = std::string(protocol::to_string(revision));
    params["capabilities"] = std::move(declared);
    auto const opened =
        start(legacy_headers(std::nullopt), legacy_request("initialize", params).dump(), "POST", who);
    return std::string(opened->reply().headers.get(kSessionHeader).value_or(""));
}

HeaderList EndpointFixture::in_session(std::string const& session) const {
    auto const revision = revisions_.find(session);
    bool const named = revision != revisions_.end() && revision->second >= Revision::v2025_06_18;
    return with(
        legacy_headers(named ? std::optional(revision->second) : std::nullopt), kSessionHeader, session);
}

std::unique_ptr<Exchange> EndpointFixture::get(std::string const& session, std::string const& last_event_id) {
    HeaderList headers = with(in_session(session), "Accept", "text/event-stream");
    if (!last_event_id.empty()) {
        headers = with(std::move(headers), "Last-Event-ID", last_event_id);
    }
    return start(without(std::move(headers), "Content-Type"), std::string(), "GET");
}

void EndpointFixture::advance(std::chrono::milliseconds span) {
    if (!tending_) {
        tending_.emplace(world->loop.spawn(server->tend()));
    }
    poll();
    world->clock.advance(span);
    poll();
}

HeaderList EndpointFixture::with_session(HeaderList headers, Json const& request, std::string const& method) {
    core::HttpHeaders const fields = to_headers(headers);
    std::string_view const version = fields.get("MCP-Protocol-Version").value_or("");
    bool const opens = request.is_object() && request.value("method", Json()) == "initialize";
    if (!open_sessions || fields.count(kSessionHeader) != 0 || opens || claims_modern(request) ||
        protocol::names_modern_revision(version) || method == "PUT") {
        return headers;
    }
    Revision const revision =
        protocol::parse_revision(core::trim_ows(version)).value_or(protocol::kRevisionWithoutHeader);
    std::string& session = own_sessions_[revision];
    if (session.empty()) {
        session = open_session(revision, capabilities);
    }
    return with(std::move(headers), kSessionHeader, session);
}

void EndpointFixture::note_request(HeaderList const& headers, Json const& request) {
    std::map<std::string, std::string> methods;
    for (Json const& one : one_or_more(request)) {
        if (one.is_object() && one.contains("id") && one.value("method", Json()).is_string()) {
            std::string const method = one["method"].get<std::string>();
            auto const [at, fresh] = methods.emplace(session_of(headers) + one["id"].dump(), method);
            at->second = fresh ? method : ""; // nobody can tell which of them is answered
        }
    }
    for (auto& [key, method] : methods) {
        methods_[key] = std::move(method);
    }
}

Revision EndpointFixture::revision_of(HeaderList const& headers, Json const& request) const {
    core::HttpHeaders const fields = to_headers(headers);
    if (claims_modern(request)) {
        return protocol::kModernRevision;
    }
    auto const session = revisions_.find(session_of(headers));
    if (session != revisions_.end()) {
        return session->second;
    }
    auto const header = fields.get("MCP-Protocol-Version");
    return header ? protocol::parse_revision(*header).value_or(protocol::kLatestLegacyRevision)
                  : protocol::kRevisionWithoutHeader;
}

void EndpointFixture::check(Exchange const& exchange) {
    for (Json const& message : exchange.messages()) {
        check_message(exchange.headers_, exchange.request_, message);
    }
    if (exchange.reply_ && !exchange.reply_->body.empty()) {
        EXPECT_FALSE(exchange.channel.opened()) << "an answer in two places";
        std::string const& body = exchange.reply_->body;
        if (body.starts_with("event:")) {
            for (SseEvent const& event : SseReader(body).events) {
                check_message(exchange.headers_, exchange.request_, Json::parse(event.data));
            }
        } else {
            for (Json const& message : one_or_more(Json::parse(body))) {
                check_message(exchange.headers_, exchange.request_, message);
            }
        }
    }
}

void EndpointFixture::check_message(HeaderList const& headers, Json const& request, Json const& message) {
    auto const asked = methods_.find(session_of(headers) + message.value("id", Json()).dump());
    std::string const method = asked == methods_.end() ? std::string() : asked->second;
    Revision revision = revision_of(headers, request);
    if (method == "initialize" && message.contains("result") && !protocol::is_modern(revision)) {
        revision = protocol::parse_revision(message["result"].value("protocolVersion", std::string()))
                       .value_or(protocol::kModernRevision);
    }
    for (auto const& violation : official_violations(revision, method, message)) {
        ADD_FAILURE() << "official schema of " << protocol::to_string(revision) << ": " << violation
                      << "\nmessage: " << message;
    }
}

} // namespace test
