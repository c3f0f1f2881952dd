#pragma once

#include "simulator/message.hpp"

#include <string>

namespace simulator {

std::string_view reason_phrase(int status);
/// Status line and headers, with Content-Length and Date. `head_only` answers have a length and no body.
std::string response_head(Reply const& reply, bool keep_alive);

} // namespace simulator
