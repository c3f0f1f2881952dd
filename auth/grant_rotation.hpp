#pragma once

#include "core/result.hpp"
#include "core/task.hpp"

#include <cstdint>
#include <memory>
#include <string>

namespace auth {

class OAuthGrant; // auth/credential_stores.hpp

/// Held by whoever redeems the refresh token of an organization. It ends with the object, and with the
/// process, however that ends.
class RefreshLease {
public:
    virtual ~RefreshLease() = default;
};

/// How several processes rotate one refresh token without losing it: an authority that revokes the whole
/// grant when a token comes twice (RFC 9700 §4.14.2) must not see it twice.
class GrantRotation {
public:
    virtual ~GrantRotation() = default;

    /// Stores `grant` in place of the one whose generation is `expected`, in one step and durably. False when
    /// that one has been replaced or removed: nothing is written then. Sets `grant.generation` to the new one
    /// on success. `grant` outlives the task.
    virtual core::Task<core::Result<bool>>
    rotate_grant(std::string organization, std::int64_t expected, OAuthGrant& grant) = 0;

    /// null while somebody else holds it, in this process or another. Never waits for it.
    virtual core::Task<core::Result<std::unique_ptr<RefreshLease>>> try_lease(std::string organization) = 0;
};

} // namespace auth
