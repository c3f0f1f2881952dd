#pragma once

#include <optional>
#include <string>

namespace server {

class TokenOptions {
public:
    std::optional<std::string> config;
    std::string name;
    std::string role;            ///< reader | user | administrator
    std::string expires;         ///< a date or a span such as 90d; empty = never
    std::string id;              ///< of the token to revoke
    std::string overlap = "24h"; ///< rotate: how long the old token goes on working, a span
    bool json = false;
};

/// Makes an agent token; stdout gets the token and nothing else (with `json` an object), once.
int run_token_create(TokenOptions const& options);
/// Makes a successor of the token `name`, shown like a new one; the old one works until the overlap ends.
int run_token_rotate(TokenOptions const& options);
int run_token_list(TokenOptions const& options);
/// `id`: the token's id, or its name when only one unrevoked token has it.
int run_token_revoke(TokenOptions const& options);

} // namespace server
