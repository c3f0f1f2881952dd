#pragma once

#include "core/http/http_message.hpp"
#include "server/front/host_policy.hpp"
#include "server/front/http_exchange.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace server {

/// Whether an OPTIONS is a browser's preflight.
bool is_preflight(core::HttpHeaders const& request) noexcept;

/// Answers OPTIONS: the methods of the path, and for a preflight of an origin in allowed_origins, or of any
/// when the path is for every page, what it may send.
HttpReply options_reply(HostPolicy const& hosts,
                        core::HttpHeaders const& request,
                        std::vector<std::string> const& methods,
                        bool for_every_page);

/// Lets a page of an allowed origin read `reply`, refusals included: it must see a 401's challenge. With
/// `for_every_page` any page.
void add_cors(HostPolicy const& hosts,
              core::HttpHeaders const& request,
              bool for_every_page,
              HttpReply& reply);

} // namespace server
