#pragma once

#include "simulator/route.hpp"

namespace simulator {

/// The sign-in ladder: fills `call.caller`, or says what a refused caller gets.
std::optional<Reply> authenticate(Call& call, Route const& route);
/// What a credential without the needed scope gets: 401 with nothing in it.
Reply missing_scope();
/// Who owns the organization, for a caller without credentials.
void add_tenant_headers(Organization const& organization, Reply& reply);

} // namespace simulator
