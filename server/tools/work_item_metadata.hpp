#pragma once

#include "ado/classification.hpp"
#include "ado/git.hpp"
#include "ado/type_rules.hpp"
#include "core/async.hpp"
#include "core/clock.hpp"
#include "core/result.hpp"
#include "core/task.hpp"
#include "server/tools/call_scope.hpp"

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace server {

/// What one work item type takes in one project.
class TypeFacts {
public:
    /// By reference name or by the name people see; case does not count.
    ado::FieldRule const* find(std::string_view field) const;

    std::vector<ado::FieldRule> rules;
    ado::ClassificationPaths paths; ///< empty where they may not be read
    core::SteadyTime fetched_at{};
};

using KnownFacts = std::shared_ptr<TypeFacts const>;

/// What the writing tools remember of projects, so that a wrong value is refused without asking and a right
/// one costs a single request: each type's fields, areas and iterations for limits.work_item_rules_ms, the
/// ids of repositories links point to. Nothing is fetched before it is needed. One thread.
class WorkItemMetadata {
public:
    /// `clock` outlives it; nullptr = the system's.
    explicit WorkItemMetadata(core::Clock const* clock = nullptr) : clock_(clock) {}

    core::SteadyTime now() const;
    /// Without asking: nullptr when nothing (recent enough) is known.
    KnownFacts known(CallScope const& scope, std::string const& project, std::string const& type) const;
    /// What is known unless it is from before `not_before`; else asked for, once for all who come meanwhile.
    /// References outlive the task.
    core::Task<core::Result<KnownFacts>> facts(CallScope const& scope,
                                               std::string const& project,
                                               std::string const& type,
                                               core::SteadyTime not_before);
    /// A repository with its ids, by its name and its project's.
    core::Task<core::Result<ado::Repository>>
    repository(CallScope const& scope, std::string const& project, std::string const& name);

    /// A server that refused a Markdown field: it knows only HTML.
    bool knows_only_html(std::string const& organization) const { return html_only_.contains(organization); }
    void note_only_html(std::string const& organization) { html_only_.insert(organization); }

private:
    class Flight {
    public:
        core::Event done;
        std::optional<core::Result<KnownFacts>> result;
    };
    class KnownRepository {
    public:
        ado::Repository repository;
        core::SteadyTime fetched_at{};
    };

    bool is_fresh(core::SteadyTime fetched_at, Limits const& limits) const;
    void keep(std::string const& key, KnownFacts facts, std::size_t most);

    core::Clock const* clock_;
    std::map<std::string, KnownFacts> facts_;
    std::map<std::string, std::shared_ptr<Flight>> flights_;
    std::map<std::string, KnownRepository> repositories_;
    std::set<std::string> html_only_;
};

} // namespace server
