#pragma once

#include "auth/grant_rotation.hpp"
#include "core/result.hpp"

#include <memory>
#include <string>

namespace server {

/// A lease that lasts as long as the process at most: a lock the kernel holds on one byte of `path` (made
/// with 0600 when absent) for each organization, and lets go of when its file is closed, by kill -9 too. null
/// when another holds it. Blocks on the disk, never on the lock.
core::Result<std::unique_ptr<auth::RefreshLease>> try_refresh_lease(std::string const& path,
                                                                    std::string const& organization);

} // namespace server
