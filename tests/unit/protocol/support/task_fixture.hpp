#pragma once

#include "support/endpoint_fixture.hpp"

#include <string>
#include <utility>

namespace test {

/// A server with tasks: `job` becomes one at once, `slow` when it takes long, `must` is nothing without the
/// extension. `job` and `slow` only read. All of them are held. Fixtures of one world share its task store.
class TaskServer {
public:
    explicit TaskServer(std::shared_ptr<World> world = std::make_shared<World>(),
                        EndpointFixture::Setup const& more = {})
        : server(std::move(world),
                 [this, more](protocol::ServerFeatures& features, protocol::McpLimits& limits) {
                     features.tools = {&job, &slow, &must};
                     features.tasks = server.world->tasks.get();
                     if (more) {
                         more(features, limits);
                     }
                 }) {}

    static Json capabilities() {
        return Json::parse(R"({"extensions":{"io.modelcontextprotocol/tasks":{}},"elicitation":{}})");
    }
    static Json call(std::string const& tool) { return declaring(modern_call(tool), capabilities()); }
    static Json about(std::string const& method, std::string const& id) {
        Json params = Json::object();
        params["taskId"] = id;
        return declaring(modern_request(method, std::move(params), "t"), capabilities());
    }
    static Json answering(std::string const& id, Json responses) {
        Json request = about("tasks/update", id);
        request["params"]["inputResponses"] = std::move(responses);
        return request;
    }
    /// Calls the tool, which becomes a task, and gives its id.
    std::string begin(std::string const& tool = "job") {
        Json const result = result_of(server.ask_modern(call(tool)));
        EXPECT_EQ(result.value("resultType", ""), "task") << result;
        return result.value("taskId", "");
    }
    Json get(std::string const& id) { return result_of(server.ask_modern(about("tasks/get", id))); }
    std::string status(std::string const& id) { return get(id).value("status", ""); }
    /// The acknowledgement of tasks/update or tasks/cancel; checks that it is an empty one.
    void tell(Json const& request) {
        Json const result = result_of(server.ask_modern(request));
        EXPECT_EQ(result.value("resultType", ""), "complete") << request;
        EXPECT_EQ(result.size(), 2U) << "nothing but resultType and _meta";
    }
    void cancel(std::string const& id) { tell(about("tasks/cancel", id)); }

    FakeTool job = held("job", protocol::TaskUse::at_once);
    FakeTool slow = held("slow", protocol::TaskUse::when_slow);
    FakeTool must = held("must", protocol::TaskUse::required);
    EndpointFixture server;

private:
    static FakeTool held(std::string name, protocol::TaskUse use) {
        FakeTool tool(std::move(name));
        tool.about.task_use = use;
        tool.about.hints.read_only = use != protocol::TaskUse::required;
        tool.hold = true;
        return tool;
    }
};

} // namespace test
