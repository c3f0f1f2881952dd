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
    copy.access_token = access_token.clone();
    copy.access_expires_at = access_expires_at;
    copy.access_refresh_at = access_refresh_at;
    copy.sign_in_claims = sign_in_claims;
    return copy;
}

core::Task<core::Result<bool>>
LocalGrantStore::rotate_grant(std::string organization, std::int64_t expected, OAuthGrant& grant) {
    CO_TRY(std::optional<OAuthGrant> const stored, co_await load_grant(organization));
    if (!stored || stored->generation != expected) {
        co_return false;
    }
    CO_TRY_VOID(co_await save_grant(std::move(organization), grant));
    co_return true;
}

core::Task<core::Result<std::unique_ptr<RefreshLease>>>
LocalGrantStore::try_lease(std::string /*organization*/) {
    co_return std::make_unique<RefreshLease>();
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
