#pragma once

#include <string>
#include <utility>

namespace auth {

/// What a provider tells of the credential it uses.
class CredentialNews {
public:
    CredentialNews(std::string organization_, std::string method_)
        : organization(std::move(organization_)), method(std::move(method_)) {}
    std::string organization; ///< canonical name
    std::string method;       ///< pat, oauth, managed_identity
    std::string identity;     ///< as far as it is known
    std::string error_code;   ///< of a refusal
    std::string activity_id;  ///< the upstream's, of a refusal
};

/// Hears what becomes of credentials in use, for the record. Called on the providers' thread; does not block.
/// Outlives the providers.
class CredentialObserver {
public:
    virtual ~CredentialObserver() = default;
    /// A token came of it.
    virtual void on_credential_used(CredentialNews const& news) = 0;
    /// Refused for good. Once, until it works again or is refused for another reason.
    virtual void on_credential_refused(CredentialNews const& news) = 0;
};

} // namespace auth
