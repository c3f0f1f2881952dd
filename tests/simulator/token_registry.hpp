#pragma once

#include "simulator/time_format.hpp"

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

/// Everything the authority has handed out. Identities are kept by tenant and object id, so that grants
/// outlive a world that is built again.
namespace simulator {

class IssuedToken {
public:
    std::string tenant_id;
    std::string object_id;
    std::string client_id;
    std::string audience; ///< Azure DevOps, or the exchange audience, or any other resource
    TimePoint expires;
    bool delegated = false;
};

class Grant {
public:
    std::string family;
    std::string client_id;
    std::string person; ///< the person's key: redeemable in every tenant the person is in
    std::string tenant_id;
    std::string scope;
    TimePoint expires;
    bool superseded = false; ///< a newer token of the family has been issued
};

class AuthorizationCode {
public:
    std::string client_id;
    std::string redirect_uri;
    std::string challenge;
    std::string person;
    std::string tenant_id;
    std::string scope;
    std::string nonce;
    TimePoint expires;
    bool used = false;
    std::string family; ///< of what it was redeemed for, to revoke on a replay
};

enum class DeviceState { pending, approved, declined, redeemed };

class DeviceFlow {
public:
    std::string user_code;
    std::string client_id;
    std::string tenant;
    std::string scope;
    std::string person;
    TimePoint expires;
    TimePoint last_poll;
    long long polls = 0;
    DeviceState state = DeviceState::pending;
};

class TokenRegistry {
public:
    std::unordered_map<std::string, IssuedToken> access_tokens;
    std::map<std::string, Grant> grants; ///< by refresh token
    std::map<std::string, AuthorizationCode> codes;
    std::map<std::string, DeviceFlow> device_flows;            ///< by device code
    std::map<std::string, std::string> managed_identity_cache; ///< client id and resource -> token
    int revoked_with = 50173;

    IssuedToken const* find_access_token(std::string_view token) const {
        auto const found = access_tokens.find(std::string(token));
        return found == access_tokens.end() ? nullptr : &found->second;
    }
    void remember(std::string const& token, IssuedToken issued, TimePoint now);
    void revoke_family(std::string const& family);
    void expire_access_tokens(TimePoint now);
    void clear();

    /// Why a refresh token that is no longer in `grants` is refused, by AADSTS number.
    std::map<std::string, int> refused_grants;
};

} // namespace simulator
