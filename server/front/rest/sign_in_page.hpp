#pragma once

#include "core/error.hpp"
#include "server/front/http_exchange.hpp"
#include "server/router/sign_in.hpp"

#include <string>
#include <string_view>

namespace server {

/// What the browser shows at the end of a sign-in: one page without scripts and without a reference to
/// anything else.
HttpReply connected_page(SignInStatus const& status);
HttpReply failed_page(core::Error const& error);

/// For text and for attributes in double quotes.
std::string escape_html(std::string_view text);

} // namespace server
