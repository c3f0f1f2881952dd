#include "fixtures.hpp"

/// Tools that need more than one round (2026-07-28: input_required).
namespace conformance {
namespace {

using protocol::ElicitAnswer;
using protocol::InputNeeded;
using protocol::InputRequest;
using protocol::ToolCall;
using protocol::ToolResult;

ToolResult elicitation(ToolCall const& call) {
    auto const answer = ElicitAnswer::of(call.inputs, "user_name");
    if (!answer) {
        return ask(ask_text("user_name", "What is your name?", "name"));
    }
    return ToolResult(answer->action == ElicitAnswer::Action::accept ? "Hello, " + answer->text("name") + "!"
                                                                     : "Hello, whoever you are!",
                      Json());
}

ToolResult sampling(ToolCall const& call) {
    auto const text = model_text(call.inputs, "capital_question");
    if (!text) {
        return ask(ask_model("capital_question", "What is the capital of France?", 100));
    }
    return ToolResult("The model says: " + *text, Json());
}

ToolResult list_roots(ToolCall const& call) {
    auto const uris = root_uris(call.inputs, "client_roots");
    if (!uris) {
        return ask(ask_roots("client_roots"));
    }
    return ToolResult("Roots: " + *uris, Json());
}

ToolResult request_state(ToolCall const& call) {
    Json const expected{{"waiting_for", "confirm"}};
    auto const answer = ElicitAnswer::of(call.inputs, "confirm");
    if (!answer || call.state != expected) {
        return ask(ask_yes_no("confirm", "Please confirm", "ok"), expected);
    }
    return ToolResult("state-ok", Json());
}

/// Answers of earlier rounds are kept in the state, so that only what is missing is asked for again.
ToolResult multiple_inputs(ToolCall const& call) {
    Json answers = call.state.is_object() ? call.state : Json::object();
    answers.update(call.inputs);
    auto const name = ElicitAnswer::of(answers, "user_name");
    auto const greeting = model_text(answers, "greeting");
    auto const roots = root_uris(answers, "client_roots");
    std::vector<InputRequest> missing;
    if (!name) {
        missing.push_back(ask_text("user_name", "What is your name?", "name"));
    }
    if (!greeting) {
        missing.push_back(ask_model("greeting", "Generate a greeting", 50));
    }
    if (!roots) {
        missing.push_back(ask_roots("client_roots"));
    }
    if (!missing.empty()) {
        return ToolResult::ask(InputNeeded(std::move(missing), std::move(answers)));
    }
    return ToolResult(*greeting + " " + name->text("name") + " (" + *roots + ")", Json());
}

ToolResult multi_round(ToolCall const& call) {
    auto const name = core::find_string(call.state, "name");
    if (!name) {
        auto const answer = ElicitAnswer::of(call.inputs, "step1");
        if (!answer) {
            return ask(ask_text("step1", "Step 1: What is your name?", "name"), Json{{"step", 1}});
        }
        Json state{{"step", 2}};
        state["name"] = answer->text("name");
        return ask(ask_text("step2", "Step 2: What is your favorite color?", "color"), std::move(state));
    }
    auto const answer = ElicitAnswer::of(call.inputs, "step2");
    if (!answer) {
        return ask(ask_text("step2", "Step 2: What is your favorite color?", "color"), call.state);
    }
    return ToolResult(std::string(*name) + " likes " + answer->text("color") + ".", Json());
}

ToolResult tampered_state(ToolCall const& call) {
    auto const answer = ElicitAnswer::of(call.inputs, "confirm");
    if (!answer || call.state.is_null()) {
        return ask(ask_yes_no("confirm", "Please confirm", "ok"), Json{{"amount", 10}});
    }
    return ToolResult("The state came back as it was.", Json());
}

/// Asks for nothing the client did not say it can answer.
ToolResult capabilities(ToolCall const& call) {
    std::vector<InputRequest> requests;
    requests.push_back(ask_text("user_name", "What is your name?", "name"));
    requests.push_back(ask_model("greeting", "Generate a greeting", 50));
    requests.push_back(ask_roots("client_roots"));
    std::vector<InputRequest> wanted;
    for (InputRequest& request : requests) {
        bool const answered = core::find_object(call.inputs, request.key) != nullptr;
        if (!answered && protocol::can_answer(call.client.features(), request)) {
            wanted.push_back(std::move(request));
        }
    }
    if (!wanted.empty()) {
        return ToolResult::ask(InputNeeded(std::move(wanted), Json()));
    }
    return ToolResult("Nothing is left to ask.", Json());
}

} // namespace

void add_round_trip_tools(Tools& tools) {
    auto const add = [&tools](std::string const& name, char const* description, ToolAnswer answer) {
        tools.push_back(
            make_tool(describe("test_input_required_result_" + name, description, no_arguments()), answer));
    };
    add("elicitation", "Asks for a name", &elicitation);
    add("sampling", "Asks the model", &sampling);
    add("list_roots", "Asks for the roots", &list_roots);
    add("request_state", "Asks, and looks at what it left for itself", &request_state);
    add("multiple_inputs", "Asks three things at once", &multiple_inputs);
    add("multi_round", "Asks one thing after another", &multi_round);
    add("tampered_state", "Asks, and leaves something that must not be changed", &tampered_state);
    add("capabilities", "Asks what the client can answer", &capabilities);
}

} // namespace conformance
