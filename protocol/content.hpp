#pragma once

#include "core/json.hpp"

#include <string>

/// Content blocks of tool results and prompts, as JSON.
namespace protocol::content {

core::Json text(std::string text);
core::Json image(std::string base64, std::string mime_type);
core::Json audio(std::string base64, std::string mime_type); ///< since 2025-03-26
core::Json resource(core::Json contents);                    ///< one element of a resources/read answer
/// Since 2025-06-18; older clients see the address as text. Empty strings are left out.
core::Json resource_link(std::string uri, std::string name, std::string description, std::string mime_type);

} // namespace protocol::content
