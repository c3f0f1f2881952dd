#pragma once

#include "simulator/ado_errors.hpp"
#include "simulator/message.hpp"
#include "simulator/state.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace simulator {

/// Who is asking, once the credential has been accepted.
class Caller {
public:
    Identity const* identity = nullptr;
    Membership const* membership = nullptr;
    PersonalAccessToken const* pat = nullptr;
    bool anonymous() const { return identity == nullptr; }
    bool stakeholder() const { return membership != nullptr && membership->access_level == "stakeholder"; }
    bool has_scope(std::string_view scope) const;
};

/// One request on its way to a handler.
class Call {
public:
    Call(State& state_, Request const& request_) : state(state_), request(request_) {}

    State& state;
    Request const& request;
    Organization* organization = nullptr;
    Project* project = nullptr; ///< of the path; null when it has none
    Caller caller;
    std::string base_url;    ///< https://dev.azure.com/contoso, as the caller reaches it
    std::string api_version; ///< as used
    std::vector<std::pair<std::string_view, std::string>>
        params; ///< names of the template, values of the path

    std::string const& param(std::string_view name) const;
    /// Projects the caller may see.
    bool may_see(Project const& project_) const;
    std::string project_url() const; ///< base URL with the project's id, when there is a project
};

using Handler = Reply (*)(Call&);

enum class Service { core, search, identity };

class Route {
public:
    Route(Service service_,
          std::string_view method_,
          std::string_view pattern_,
          std::string_view name_,
          std::string_view scope_,
          Handler handler_)
        : service(service_), method(method_), pattern(pattern_), name(name_), scope(scope_),
          handler(handler_) {}
    Route& preview() {
        preview_only = true;
        return *this;
    }
    Route& open() {
        anonymous_allowed = true;
        return *this;
    }
    Route& with_project() {
        project_required = true;
        return *this;
    }

    Service service;
    std::string_view method;
    std::string_view
        pattern; ///< after _apis/: `git/repositories/{repository}/items/{*path}`, `wit/workitems/${type}`
    std::string_view name;
    std::string_view scope; ///< empty = any credential
    Handler handler;
    bool preview_only = false;
    bool anonymous_allowed = false;
    bool project_required = false;
};

class PathMatch {
public:
    std::vector<std::pair<std::string_view, std::string>> params;
};
/// Compares segment by segment, case-insensitively. `{x}` takes one segment, a last `{*x}` all that are left
/// (or none),
/// `${x}` a segment that starts with a dollar sign.
std::optional<PathMatch>
match_path(std::string_view pattern, std::vector<std::string> const& segments, std::size_t from);

/// Each room's table.
std::vector<Route> git_routes();
std::vector<Route> git_history_routes();
std::vector<Route> search_routes();
std::vector<Route> work_item_routes();
std::vector<Route> work_item_type_routes();
std::vector<Route> wiki_routes();
std::vector<Route> organization_routes();

} // namespace simulator
