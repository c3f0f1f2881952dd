#include "auth/credential_stores.hpp"

namespace auth {

OAuthGrant OAuthGrant::clone() const {
    OAuthGrant copy(tenant, client_id, refresh_token.clone());
    copy.previous_refresh_token = previous_refresh_token.clone();
    copy.identity = identity;
    copy.account_id = account_id;
    copy.obtained_at = obtained_at;
    copy.refreshed_at = refreshed_at;
    copy.generation = generation;
    return copy;
}

StoredPat StoredPat::clone() const {
    StoredPat copy(pat.clone());
    copy.expires_at = expires_at;
    copy.identity = identity;
    copy.stored_at = stored_at;
    copy.generation = generation;
    return copy;
}

} // namespace auth
