#pragma once

#include "simulator/message.hpp"

namespace simulator {

/// Entra's error body for an AADSTS number; `error`, `suberror` and HTTP status follow from the number.
/// `detail` replaces the sentence known for it.
Reply entra_error(int code, std::string_view detail = "");
/// RFC 8628 errors of the device flow, which carry their own names.
Reply device_flow_error(std::string_view error, int code, std::string_view sentence);

} // namespace simulator
