#pragma once

#include "core/clock.hpp"
#include "core/result.hpp"
#include "core/secret.hpp"
#include "server/front/http_exchange.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace server {

/// What a caller asked to attach, whichever of the accepted shapes it used.
class PatRequest {
public:
    PatRequest(std::string organization_, core::Secret pat_)
        : organization(std::move(organization_)), pat(std::move(pat_)) {}
    std::string organization; ///< as written: a name or a URL
    core::Secret pat;
    std::optional<core::SystemTime> expires;
    std::string_view warning; ///< about the PAT's form, to be shown; empty = none
};

/// Reads the form `organization=&pat=&expires=`, JSON `{"organization","pat","expires"}`, and JSON
/// `{"accessToken"}` with
/// `?organization=`; the two names of the token and the two places of the organization go with each other.
/// The body and all copies of the token are wiped, also on failure. Fails with invalid_argument; status() is
/// 415 for another type.
core::Result<PatRequest> read_pat_request(InboundRequest& request, core::SystemTime now);

} // namespace server
