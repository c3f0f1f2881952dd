#pragma once

namespace core {

enum class AuthScheme {
    bearer, ///< `Authorization: Bearer <value>` (Entra)
    basic,  ///< `Authorization: Basic base64(":" + value)` (PAT)
};

} // namespace core
