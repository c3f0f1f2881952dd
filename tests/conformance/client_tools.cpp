#include "fixtures.hpp"

#include <chrono>

/// Tools that talk with their client while they run.
namespace conformance {
namespace {

using protocol::ElicitAnswer;
using protocol::LogLevel;
using protocol::ToolCall;
using protocol::ToolResult;

constexpr std::chrono::milliseconds kBetween{50};

core::Task<ToolResult> with_progress(ToolCall const& call, core::Clock& clock) {
    call.client.progress(0, 100, "");
    co_await clock.sleep_for(kBetween);
    call.client.progress(50, 100, "");
    co_await clock.sleep_for(kBetween);
    call.client.progress(100, 100, "");
    co_return ToolResult("Reported progress three times.", Json());
}

core::Task<ToolResult> with_logging(ToolCall const& call, core::Clock& clock) {
    call.client.log(LogLevel::info, "conformance", "Tool execution started");
    co_await clock.sleep_for(kBetween);
    call.client.log(LogLevel::info, "conformance", "Tool processing data");
    co_await clock.sleep_for(kBetween);
    call.client.log(LogLevel::info, "conformance", "Tool execution completed");
    co_return ToolResult("Logged three times.", Json());
}

core::Task<ToolResult> reconnection(ToolCall const& call, core::Clock& clock) {
    call.client.release_connection();
    co_await clock.sleep_for(2 * kBetween);
    co_return ToolResult("The answer came after the connection was gone.", Json());
}

/// Everything a stream of 2026-07-28 may hold: notifications, then the question as a result.
core::Task<ToolResult> streaming_elicitation(ToolCall const& call, core::Clock& clock) {
    call.client.progress(0, 1, "Looking");
    call.client.log(LogLevel::info, "conformance", "Looking");
    co_await clock.sleep_for(kBetween);
    auto const answer = ElicitAnswer::of(call.inputs, "go_on");
    if (!answer) {
        co_return ask(ask_yes_no("go_on", "Shall it go on?", "yes"));
    }
    call.client.progress(1, 1, "Done");
    co_return ToolResult(answer->flag("yes") ? "It went on." : "It stopped.", Json());
}

ToolResult missing_capability(ToolCall const& /*call*/) {
    return ToolResult("The client can sample.", Json());
}

ToolResult sampling(ToolCall const& call) {
    auto const text = model_text(call.inputs, "answer");
    if (!text) {
        return ask(
            ask_model("answer", std::string(core::find_string(call.arguments, "prompt").value_or("")), 100));
    }
    return ToolResult("LLM response: " + *text, Json());
}

std::string_view name_of(ElicitAnswer::Action action) {
    switch (action) {
    case ElicitAnswer::Action::accept:
        return "accept";
    case ElicitAnswer::Action::decline:
        return "decline";
    case ElicitAnswer::Action::cancel:
        break;
    }
    return "cancel";
}

ToolResult elicit(ToolCall const& call, std::string message, Json schema) {
    auto const answer = ElicitAnswer::of(call.inputs, "form");
    if (!answer) {
        return ask(protocol::ask_form("form", std::move(message), std::move(schema)));
    }
    std::string text = "Elicitation completed: action=";
    text += name_of(answer->action);
    text += ", content=" + core::dump_json(answer->content);
    return ToolResult(std::move(text), Json());
}

ToolResult elicitation(ToolCall const& call) {
    return elicit(
        call, std::string(core::find_string(call.arguments, "message").value_or("")), Json::parse(R"({
                      "type": "object",
                      "properties": {
                          "username": {"type": "string", "description": "User's response"},
                          "email": {"type": "string", "description": "User's email address"}
                      },
                      "required": ["username", "email"]
                  })"));
}

ToolResult elicitation_defaults(ToolCall const& call) {
    return elicit(call, "Please review the values", Json::parse(R"({
        "type": "object",
        "properties": {
            "name": {"type": "string", "default": "John Doe"},
            "age": {"type": "integer", "default": 30},
            "score": {"type": "number", "default": 95.5},
            "status": {"type": "string", "enum": ["active", "inactive", "pending"], "default": "active"},
            "verified": {"type": "boolean", "default": true}
        }
    })"));
}

ToolResult elicitation_enums(ToolCall const& call) {
    return elicit(call, "Please choose", Json::parse(R"({
        "type": "object",
        "properties": {
            "untitledSingle": {"type": "string", "enum": ["option1", "option2", "option3"]},
            "titledSingle": {"type": "string", "oneOf": [
                {"const": "value1", "title": "First Option"},
                {"const": "value2", "title": "Second Option"},
                {"const": "value3", "title": "Third Option"}
            ]},
            "legacyEnum": {"type": "string", "enum": ["opt1", "opt2", "opt3"],
                           "enumNames": ["Option One", "Option Two", "Option Three"]},
            "untitledMulti": {"type": "array", "items": {"type": "string",
                              "enum": ["option1", "option2", "option3"]}},
            "titledMulti": {"type": "array", "items": {"anyOf": [
                {"const": "value1", "title": "First Choice"},
                {"const": "value2", "title": "Second Choice"},
                {"const": "value3", "title": "Third Choice"}
            ]}}
        }
    })"));
}

Json one_text(char const* name) {
    Json properties;
    properties[name]["type"] = "string";
    return object_of(std::move(properties), {name});
}

} // namespace

void add_client_tools(Tools& tools, core::Clock& clock) {
    auto const add_working = [&](char const* name, char const* description, ToolCoroutine run) {
        tools.push_back(make_tool(describe(name, description, no_arguments()), run, clock));
    };
    add_working("test_tool_with_progress", "Reports progress", &with_progress);
    add_working("test_tool_with_logging", "Logs while it runs", &with_logging);
    add_working("test_logging_tool", "Logs while it runs, for those who asked for it", &with_logging);
    add_working("test_reconnection", "Ends the connection before it answers", &reconnection);
    add_working("test_streaming_elicitation", "Notifies, then asks", &streaming_elicitation);

    auto missing = describe("test_missing_capability", "Needs a client that can sample", no_arguments());
    missing.required_capabilities = Json{{"sampling", Json::object()}};
    tools.push_back(make_tool(std::move(missing), &missing_capability));
    tools.push_back(
        make_tool(describe("test_sampling", "Asks the client's model", one_text("prompt")), &sampling));
    tools.push_back(make_tool(describe("test_elicitation", "Asks the client's person", one_text("message")),
                              &elicitation));
    tools.push_back(
        make_tool(describe("test_elicitation_sep1034_defaults", "A form with default values", no_arguments()),
                  &elicitation_defaults));
    tools.push_back(make_tool(
        describe("test_elicitation_sep1330_enums", "A form with every kind of choice", no_arguments()),
        &elicitation_enums));
}

} // namespace conformance
