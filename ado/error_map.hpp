#pragma once

#include "ado/scope.hpp"
#include "core/clock.hpp"
#include "core/error.hpp"
#include "core/http/http_message.hpp"

#include <string>
#include <string_view>

namespace ado {

/// Azure DevOps refused the credential itself: 401 of any shape, 203, a redirect to a sign-in page, HTML
/// where JSON was due. TF400813 for a named user and its relatives are no refusal of the credential but of
/// the identity, and false.
bool is_credential_refusal(core::HttpResponse const& response);

/// True for a 2xx answer that may be read as JSON.
bool is_success(core::HttpResponse const& response);

class ErrorContext {
public:
    ErrorContext(Scope scope_, std::string_view organization_) : scope(scope_), organization(organization_) {}
    Scope scope;                   ///< what the request needs, named when a token lacks it
    std::string_view organization; ///< named in messages
    core::SystemTime now{};        ///< for Retry-After dates
    bool code_search = false;      ///< 400 and 404 then may mean that the Code Search extension is missing
};

/// Any answer that is not a success as one Error: kind, message, fix, the upstream's code and activity id,
/// status, whether it certainly had no effect. Total: never throws, whatever the body is.
core::Error map_error(core::HttpResponse const& response, ErrorContext const& context);

/// A token that works but may not do this: `Token lacks `Code.Read` permission`.
core::Error missing_scope(Scope scope, core::HttpResponse const& response);

} // namespace ado
