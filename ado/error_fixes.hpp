#pragma once

#include "ado/error_body.hpp"
#include "ado/scope.hpp"
#include "core/error.hpp"

#include <string>
#include <string_view>

namespace ado {

class FixContext {
public:
    FixContext(
        int status_, core::ErrorKind kind_, Scope scope_, std::string_view organization_, bool code_search_)
        : status(status_), kind(kind_), scope(scope_), organization(organization_),
          code_search(code_search_) {}
    int status;
    core::ErrorKind kind;
    Scope scope;
    std::string_view organization;
    bool code_search;
};

/// What the reader can do about the failure; empty when nothing useful is known.
std::string fix_for(ErrorBody const& body, FixContext const& context);

/// Broken field rules in words, each with the field's reference name: `TF401320:
/// Microsoft.VSTS.Common.Severity is required`.
std::string describe_violations(ErrorBody const& body);

} // namespace ado
