#include "server/router/ado_completion.hpp"

#include "server/router/ado_uri.hpp"
#include "server/tools/answer.hpp"
#include "server/tools/text_fold.hpp"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <utility>

namespace server {
namespace {

/// Somebody waits for it while typing.
constexpr std::chrono::seconds kPatience{3};

using Kind = NameLists::Kind;

class Ranked {
public:
    Ranked(std::string name_, std::string folded_, bool inside_)
        : name(std::move(name_)), folded(std::move(folded_)), inside(inside_) {}
    std::string name;
    std::string folded;
    bool inside; ///< holds what was typed, but not at its beginning
};

} // namespace

protocol::Completions rank_completions(std::vector<std::string> names, std::string_view typed) {
    std::string const wanted = fold_case(typed);
    std::vector<Ranked> found;
    for (std::string& name : names) {
        std::string folded = fold_case(name);
        std::size_t const at = folded.find(wanted);
        if (at != std::string::npos) {
            found.emplace_back(std::move(name), std::move(folded), at != 0);
        }
    }
    std::sort(found.begin(), found.end(), [](Ranked const& a, Ranked const& b) {
        return a.inside != b.inside ? b.inside : a.folded < b.folded;
    });
    auto const same = [](Ranked const& a, Ranked const& b) { return a.folded == b.folded; };
    found.erase(std::unique(found.begin(), found.end(), same), found.end());
    protocol::Completions completions;
    completions.total = found.size();
    for (Ranked& entry : found) {
        if (completions.values.size() == protocol::kMaxCompletions) {
            break;
        }
        completions.values.push_back(std::move(entry.name));
    }
    return completions;
}

AdoCompletion::AdoCompletion(OrganizationDirectory& directory,
                             core::Clock& clock,
                             std::vector<protocol::PromptHandler*> prompts)
    : directory_(directory), clock_(clock), prompts_(std::move(prompts)), lists_(clock) {}

bool AdoCompletion::is_known(protocol::CompletionRequest const& request) const {
    if (request.prompt.empty()) {
        return request.uri_template == kAdoFileTemplate;
    }
    return std::any_of(prompts_.begin(), prompts_.end(), [&request](protocol::PromptHandler* prompt) {
        auto const& arguments = prompt->descriptor().arguments;
        return prompt->descriptor().name == request.prompt &&
               std::any_of(arguments.begin(), arguments.end(), [&request](auto const& argument) {
                   return argument.name == request.argument;
               });
    });
}

core::Task<protocol::Completions> AdoCompletion::complete(protocol::CompletionRequest const& request) {
    if (!is_known(request)) {
        co_return protocol::Completions();
    }
    if (request.argument == "organization") {
        std::vector<std::string> names;
        for (std::shared_ptr<Connector> const& connector : directory_.all()) {
            names.push_back(connector->organization().name());
        }
        co_return rank_completions(std::move(names), request.value);
    }
    std::string const organization = request.other("organization");
    std::optional<std::string_view> wanted;
    if (!organization.empty()) {
        wanted = organization;
    }
    auto const connector = directory_.find(wanted);
    if (!connector) {
        co_return protocol::Completions();
    }
    std::vector<std::string> names = co_await candidates(request, *connector);
    co_return rank_completions(std::move(names), request.value);
}

core::Task<std::vector<std::string>> AdoCompletion::candidates(protocol::CompletionRequest const& request,
                                                               std::shared_ptr<Connector> connector) {
    ConnectorPolicy const& policy = connector->settings().policy;
    core::CallContext const ctx = request.ctx.shortened(core::Deadline::in(clock_, kPatience));
    std::vector<std::string> texts;
    if (request.argument == "project") {
        if (!policy.projects.empty()) {
            co_return policy.projects;
        }
        NameLists::Names const names = co_await lists_.get(connector, Kind::projects, std::string(), ctx);
        for (NameLists::Name const& name : *names) {
            texts.push_back(name.text);
        }
        co_return texts;
    }
    core::Json named = core::Json::object();
    named["project"] = request.other("project");
    std::string const project = chosen_project(named, policy);
    if (!project.empty() && (!is_usable_name(project) || !policy.allows_project(project))) {
        co_return texts;
    }
    Kind kind = Kind::repositories;
    if (request.argument == "type") {
        kind = Kind::work_item_types;
    } else if (request.argument == "area_path") {
        kind = Kind::area_paths;
    } else if (request.argument != "repository") {
        co_return texts;
    }
    // Types and areas belong to a project; a repository can be looked for in all of them.
    if (project.empty() && kind != Kind::repositories) {
        co_return texts;
    }
    NameLists::Names const names = co_await lists_.get(connector, kind, project, ctx);
    for (NameLists::Name const& name : *names) {
        bool const allowed =
            kind != Kind::repositories ||
            (policy.allows_project(name.project) && policy.allows_repository(name.project, name.text));
        if (allowed) {
            texts.push_back(name.text);
        }
    }
    co_return texts;
}

} // namespace server
