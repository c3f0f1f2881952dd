#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace ado {

class RuleViolation {
public:
    std::string field; ///< reference name
    std::string flags; ///< as sent: comma and space separated words
    std::string message;
};

/// What a failed answer's body says, whichever of the service's shapes it has.
class ErrorBody {
public:
    std::string message;  ///< cleaned and bounded; empty when the body explains nothing
    std::string type_key; ///< exception name without namespace
    std::string code;     ///< TF401320, VS403351 at the start of the message
    std::vector<RuleViolation> violations;
    bool is_html = false;
    bool is_empty = false;
};

/// Never throws. `service_error`: value of X-TFS-ServiceError, used when the body says nothing.
ErrorBody read_error_body(std::string_view body, std::string_view service_error);

/// True when the body, after a BOM and white space, begins like markup.
bool looks_like_markup(std::string_view body) noexcept;

} // namespace ado
