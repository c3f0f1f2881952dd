#pragma once

#include "simulator/message.hpp"

#include <optional>
#include <string>
#include <vector>

namespace simulator {

/// What a request is, for matching faults and for counting.
class RouteKey {
public:
    std::string route; ///< name, e.g. items; see README.md
    std::string method;
    std::string organization; ///< empty outside one
    std::string service;      ///< core | search | vssps | entra | managed_identity
};

class Fault {
public:
    int id = 0;
    std::string route;
    std::string method;
    std::string organization;
    std::string service;
    std::string action;
    Json parameters = Json::object();
    long long times = 1; ///< 0 = until removed
    long long after = 0; ///< matching requests to let pass first
    long long hits = 0;
};

/// Faults that were switched on, in order; the first that matches takes the request.
class FaultList {
public:
    /// nullopt when the action is unknown or missing.
    std::optional<int> add(Json const& description);
    bool remove(long long id);
    void clear() { faults_.clear(); }
    Json list() const;
    /// Counts the match; the copy is what was in force for this request.
    std::optional<Fault> take(RouteKey const& key);
    static std::vector<std::string> const& actions();

private:
    std::vector<Fault> faults_;
    int next_id_ = 1;
};

/// A fault that answers instead of the service. nullopt when the service answers (and apply_after changes
/// that).
std::optional<Reply> answer_of_fault(Fault const& fault, RouteKey const& key);
/// Changes the real answer: delay, slow, stall, partial_body, huge_body, bom, commit_then_drop, headers and
/// the like.
void apply_after(Fault const& fault, Reply& reply);

} // namespace simulator
