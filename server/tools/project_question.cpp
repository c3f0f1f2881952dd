#include "server/tools/project_question.hpp"

#include "ado/projects.hpp"
#include "core/log.hpp"
#include "server/tools/answer.hpp"
#include "server/tools/clean_text.hpp"

#include <utility>
#include <vector>

namespace server {

namespace {

using core::Json;
using protocol::ElicitAnswer;

constexpr char kKey[] = "project";
/// More than this no person reads through: then the name is typed.
constexpr std::size_t kMaxChoices = 100;

core::Error not_chosen(ElicitAnswer::Action action) {
    return wrong_argument(action == ElicitAnswer::Action::decline
                              ? "The person asked for a project declined to choose one; nothing was written."
                              : "The question for a project was closed unanswered; nothing was written.",
                          "Pass `project`, or ask the person in your own words.");
}

/// Nothing that could not be sent back as it is.
void keep_plain(std::vector<std::string>& names) {
    std::erase_if(names,
                  [](std::string const& name) { return !is_usable_name(name) || clean_line(name) != name; });
}

protocol::InputNeeded question_over(std::vector<std::string> const& names, std::string question) {
    Json field = Json::object();
    field["type"] = "string";
    field["title"] = "Project";
    if (names.size() <= kMaxChoices) {
        field["enum"] = names;
    } else {
        field["description"] = "Name of one of " + std::to_string(names.size()) + " projects";
        field["minLength"] = 1;
    }
    Json schema = Json::object();
    schema["type"] = "object";
    schema["properties"] = Json::object();
    schema["properties"][kKey] = std::move(field);
    schema["required"] = Json::array();
    schema["required"].push_back(kKey);

    std::vector<protocol::InputRequest> requests;
    requests.push_back(protocol::ask_form(kKey, std::move(question), std::move(schema)));
    Json state = Json::object();
    state["step"] = kKey;
    return protocol::InputNeeded(std::move(requests), std::move(state));
}

} // namespace

core::Error project_missing() {
    return wrong_argument("`project` is missing.",
                          "Pass `project`, or have a default_project set for the connector.");
}

core::Task<core::Result<SettledProject>> settle_project(std::string question, CallScope const& scope) {
    SettledProject settled;
    protocol::ToolCall const& call = scope.call;
    if (auto const before = core::find_string(call.state, kKey)) {
        settled.project = std::string(*before);
        co_return settled;
    }
    if (!call.client.features().form_elicitation) {
        co_return core::fail(project_missing());
    }
    // An answer counts only where the question was asked.
    if (core::find_string(call.state, "step") == kKey) {
        auto const answer = ElicitAnswer::of(call.inputs, kKey);
        if (answer && answer->action != ElicitAnswer::Action::accept) {
            co_return core::fail(not_chosen(answer->action));
        }
        std::string chosen = answer ? answer->text(kKey) : std::string();
        if (is_usable_name(chosen) && scope.policy.allows_project(chosen)) {
            settled.project = std::move(chosen);
            co_return settled;
        }
    }
    std::vector<std::string> names = scope.policy.projects;
    if (names.empty()) {
        auto const listed = co_await scope.client.list_projects(scope.ctx);
        if (!listed && listed.error().kind() == core::ErrorKind::unauthorized) {
            co_return core::fail(listed.error());
        }
        if (!listed) {
            core::log::info("project_question.no_list", {{"reason", core::describe(listed.error())}});
            co_return core::fail(project_missing());
        }
        for (ado::Project const& project : *listed) {
            names.push_back(project.name);
        }
    }
    keep_plain(names);
    if (names.empty()) {
        co_return core::fail(project_missing());
    }
    settled.needed.emplace(question_over(names, std::move(question)));
    co_return settled;
}

} // namespace server
