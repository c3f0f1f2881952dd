#include "fixtures.hpp"

#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>

#include <chrono>

/// Tools for the extension io.modelcontextprotocol/tasks.
namespace conformance {
namespace {

using protocol::ElicitAnswer;
using protocol::InputNeeded;
using protocol::InputRequest;
using protocol::TaskUse;
using protocol::ToolCall;
using protocol::ToolResult;

std::string text_argument(ToolCall const& call, std::string_view name) {
    return std::string(core::find_string(call.arguments, name).value_or(""));
}

/// The clock wakes early when the call is cancelled.
core::Task<void> work_for(std::chrono::milliseconds span, core::Clock& clock) {
    core::SteadyTime const end = clock.now() + span;
    co_await clock.sleep_until(end);
    if (clock.now() < end) {
        throw boost::system::system_error(boost::asio::error::operation_aborted);
    }
}

ToolResult greet(ToolCall const& call) {
    return ToolResult("Hello, " + text_argument(call, "name") + "!", Json());
}

core::Task<ToolResult> slow_compute(ToolCall const& call, core::Clock& clock) {
    Json const& seconds = call.arguments.at("seconds");
    std::chrono::duration<double> const span(seconds.get<double>());
    co_await work_for(std::chrono::duration_cast<std::chrono::milliseconds>(span), clock);
    std::string text = "Computed for " + core::dump_json(seconds) + " s";
    std::string const label = text_argument(call, "label");
    co_return ToolResult(label.empty() ? text : text + ": " + label, Json());
}

core::Task<ToolResult> failing_job(ToolCall const& /*call*/, core::Clock& clock) {
    co_await work_for(std::chrono::seconds(1), clock);
    co_return ToolResult::error("The job failed, as it always does.");
}

core::Task<ToolResult> protocol_error_job(ToolCall const& /*call*/, core::Clock& clock) {
    co_await work_for(std::chrono::milliseconds(200), clock);
    protocol::RpcError error(protocol::rpc_code::internal_error, "The job broke down.");
    co_return ToolResult::refuse(std::move(error));
}

ToolResult confirm_delete(ToolCall const& call) {
    std::string const file = text_argument(call, "filename");
    auto const answer = ElicitAnswer::of(call.inputs, "confirm");
    if (!answer) {
        return ask(ask_yes_no("confirm", "Delete " + file + "?", "confirm"));
    }
    bool const agreed = answer->action == ElicitAnswer::Action::accept && answer->flag("confirm");
    return ToolResult((agreed ? "Deleted " : "Kept ") + file, Json());
}

ToolResult multi_input(ToolCall const& call) {
    auto const first = ElicitAnswer::of(call.inputs, "first");
    auto const second = ElicitAnswer::of(call.inputs, "second");
    std::vector<InputRequest> missing;
    if (!first) {
        missing.push_back(ask_text("first", "The first name?", "name"));
    }
    if (!second) {
        missing.push_back(ask_text("second", "The second name?", "name"));
    }
    if (!missing.empty()) {
        return ToolResult::ask(InputNeeded(std::move(missing), Json()));
    }
    return ToolResult(first->text("name") + " and " + second->text("name"), Json());
}

/// Asks in plain rounds, then goes on as a task.
core::Task<ToolResult> tool_with_task(ToolCall const& call, core::Clock& clock) {
    auto const answer = ElicitAnswer::of(call.inputs, "user_name");
    if (!answer) {
        co_return ask(ask_text("user_name", "What is your name?", "name"));
    }
    co_await work_for(std::chrono::milliseconds(100), clock);
    co_return ToolResult("Hello, " + answer->text("name") + "!", Json());
}

Json slow_compute_schema() {
    return Json::parse(R"({
        "type": "object",
        "properties": {
            "seconds": {"type": "number", "minimum": 0, "maximum": 3600},
            "label": {"type": "string"}
        },
        "required": ["seconds"]
    })");
}

Json text_schema(char const* name) {
    Json properties;
    properties[name]["type"] = "string";
    return object_of(std::move(properties), {name});
}

protocol::ToolDescriptor describe_task(char const* name, char const* description, Json schema, TaskUse use) {
    protocol::ToolDescriptor descriptor = describe(name, description, std::move(schema));
    descriptor.task_use = use;
    descriptor.hints.read_only = true; // cancelling stops the work: a write would go on to its end
    return descriptor;
}

} // namespace

void add_task_tools(Tools& tools, core::Clock& clock) {
    tools.push_back(make_tool(describe("greet", "Greets at once", text_schema("name")), &greet));
    protocol::ToolDescriptor slow =
        describe_task("slow_compute", "Takes its time", slow_compute_schema(), TaskUse::at_once);
    slow.hints.read_only = true; // what writes is not cut off in its middle
    tools.push_back(make_tool(std::move(slow), &slow_compute, clock));
    tools.push_back(
        make_tool(describe_task("failing_job", "Fails after a while", no_arguments(), TaskUse::required),
                  &failing_job,
                  clock));
    tools.push_back(
        make_tool(describe_task("protocol_error_job", "Breaks down", no_arguments(), TaskUse::at_once),
                  &protocol_error_job,
                  clock));
    tools.push_back(
        make_tool(describe_task("confirm_delete", "Asks first", text_schema("filename"), TaskUse::at_once),
                  &confirm_delete));
    tools.push_back(
        make_tool(describe_task("multi_input", "Asks two things at once", no_arguments(), TaskUse::at_once),
                  &multi_input));
    protocol::ToolDescriptor asking =
        describe_task("test_tool_with_task", "Asks, then works as a task", no_arguments(), TaskUse::required);
    asking.asks_first = true;
    tools.push_back(make_tool(std::move(asking), &tool_with_task, clock));
}

} // namespace conformance
