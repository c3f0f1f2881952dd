#pragma once

#include "auth/managed_identity_client.hpp"

#include <cstddef>
#include <string>

/// What managed identity endpoints answer, in all their shapes.
namespace auth {

inline constexpr std::size_t kManagedIdentityAnswerBytes = 64U * 1024;

/// `status` 0: there was no answer.
FetchFailure
managed_identity_failure(FailureClass failure_class, std::string message, std::string fix, int status);

/// A status after which the same request may work, by the platform's own retry rules.
bool is_worth_repeating(ManagedIdentitySourceKind kind, int status) noexcept;

/// An answer other than 200.
FetchFailure managed_identity_refusal(ManagedIdentitySourceKind kind,
                                      core::HttpResponse const& response,
                                      ManagedIdentityConfig const& config);

/// An answer with a token, whose body is wiped. `now` is the time of the answer: an `expires_on` in the past
/// is a broken answer.
ManagedIdentityResult read_managed_identity_token(ManagedIdentitySourceKind kind,
                                                  core::HttpResponse& response,
                                                  core::SystemTime requested_at,
                                                  core::SystemTime now);

} // namespace auth
