#include "server/tools/work_item_metadata.hpp"

#include "core/http/http_message.hpp"
#include "server/tools/parallel.hpp"
#include "server/tools/text_fold.hpp"

#include <algorithm>
#include <utility>

namespace server {

namespace {

using core::Result;
using core::Task;

std::string key_of(CallScope const& scope, std::string_view project, std::string_view name) {
    return scope.organization + "\n" + fold_case(project) + "\n" + fold_case(name);
}

/// Both answers facts are made of, fetched side by side.
class Lookup {
public:
    Lookup(std::string const& project_, std::string const& type_, CallScope const& scope_)
        : project(project_), type(type_), scope(scope_) {}
    std::string const& project;
    std::string const& type;
    CallScope const& scope;
    std::optional<Result<std::vector<ado::FieldRule>>> rules;
    std::optional<Result<ado::ClassificationPaths>> paths;
};

Task<void> look_up(Lookup& lookup, std::size_t number) {
    if (number == 0) {
        auto rules =
            co_await lookup.scope.client.list_field_rules(lookup.project, lookup.type, lookup.scope.ctx);
        lookup.rules.emplace(std::move(rules));
        co_return;
    }
    auto paths = co_await lookup.scope.client.list_classification(lookup.project, lookup.scope.ctx);
    lookup.paths.emplace(std::move(paths));
}

Task<Result<KnownFacts>>
fetch(CallScope const& scope, std::string const& project, std::string const& type, core::SteadyTime now) {
    constexpr std::size_t kRequests = 2;
    Lookup lookup(project, type, scope);
    NumberedJob const job = [&lookup](std::size_t number) { return look_up(lookup, number); };
    co_await run_parallel(kRequests, kRequests, job);
    if (!*lookup.rules) {
        co_return core::fail(lookup.rules->error());
    }
    auto facts = std::make_shared<TypeFacts>();
    facts->rules = std::move(**lookup.rules);
    if (*lookup.paths) {
        facts->paths = std::move(**lookup.paths);
    }
    facts->fetched_at = now;
    co_return KnownFacts(std::move(facts));
}

} // namespace

ado::FieldRule const* TypeFacts::find(std::string_view field) const {
    auto const named = [field](std::string ado::FieldRule::*member) {
        return [field, member](ado::FieldRule const& rule) { return core::iequals(rule.*member, field); };
    };
    auto found = std::find_if(rules.begin(), rules.end(), named(&ado::FieldRule::reference_name));
    if (found == rules.end()) {
        found = std::find_if(rules.begin(), rules.end(), named(&ado::FieldRule::name));
    }
    return found == rules.end() ? nullptr : &*found;
}

core::SteadyTime WorkItemMetadata::now() const {
    return clock_ == nullptr ? std::chrono::steady_clock::now() : clock_->now();
}

bool WorkItemMetadata::is_fresh(core::SteadyTime fetched_at, Limits const& limits) const {
    return now() - fetched_at < limits.work_item_rules_ms;
}

KnownFacts
WorkItemMetadata::known(CallScope const& scope, std::string const& project, std::string const& type) const {
    auto const found = facts_.find(key_of(scope, project, type));
    bool const fresh = found != facts_.end() && is_fresh(found->second->fetched_at, scope.limits);
    return fresh ? found->second : KnownFacts();
}

void WorkItemMetadata::keep(std::string const& key, KnownFacts facts, std::size_t most) {
    facts_[key] = std::move(facts);
    while (facts_.size() > most) {
        facts_.erase(std::min_element(facts_.begin(), facts_.end(), [](auto const& a, auto const& b) {
            return a.second->fetched_at < b.second->fetched_at;
        }));
    }
}

Task<Result<KnownFacts>> WorkItemMetadata::facts(CallScope const& scope,
                                                 std::string const& project,
                                                 std::string const& type,
                                                 core::SteadyTime not_before) {
    KnownFacts here = known(scope, project, type);
    if (here && here->fetched_at >= not_before) {
        co_return here;
    }
    std::string const key = key_of(scope, project, type);
    if (auto const under_way = flights_.find(key); under_way != flights_.end()) {
        std::shared_ptr<Flight> const flight = under_way->second;
        bool const done = co_await flight->done.wait(scope.ctx.deadline);
        if (done && flight->result) {
            co_return *flight->result;
        }
    }
    auto const flight = std::make_shared<Flight>();
    flights_[key] = flight;
    Result<KnownFacts> fetched = co_await fetch(scope, project, type, now());
    if (fetched) {
        keep(key, *fetched, scope.limits.work_item_rules);
    }
    flight->result.emplace(fetched);
    if (auto const mine = flights_.find(key); mine != flights_.end() && mine->second == flight) {
        flights_.erase(mine);
    }
    flight->done.set();
    co_return fetched;
}

Task<Result<ado::Repository>>
WorkItemMetadata::repository(CallScope const& scope, std::string const& project, std::string const& name) {
    std::string const key = key_of(scope, project, name);
    if (auto const found = repositories_.find(key);
        found != repositories_.end() && is_fresh(found->second.fetched_at, scope.limits)) {
        co_return found->second.repository;
    }
    CO_TRY(ado::Repository repository, co_await scope.client.get_repository(project, name, scope.ctx));
    if (repositories_.size() >= scope.limits.work_item_rules) {
        repositories_.clear();
    }
    KnownRepository& kept = repositories_[key];
    kept.repository = repository;
    kept.fetched_at = now();
    co_return repository;
}

} // namespace server
