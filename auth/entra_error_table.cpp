#include "auth/entra_error_table.hpp"

#include <algorithm>
#include <array>
#include <span>

namespace auth {
namespace {

using enum FailureClass;
using State = ProviderState;

// Words shared by families of codes.
constexpr std::string_view kSignIn = "Sign in again: ado-mcpd login --organization {org}.";
constexpr std::string_view kTransient = "Microsoft Entra is temporarily unavailable";
constexpr std::string_view kTransientFix = "Nothing to do: it is tried again.";
constexpr std::string_view kMfa = "Tenant {tenant} requires a multi-factor sign-in, or a registration for it";
constexpr std::string_view kDevice =
    "A Conditional Access policy of tenant {tenant} asks for a managed device or another "
    "external control";
constexpr std::string_view kDeviceFix =
    "Sign in again from a device that meets the policy, or ask an administrator of the tenant.";
constexpr std::string_view kPolicy =
    "Blocked by a Conditional Access or assignment policy in tenant {tenant}";
constexpr std::string_view kPolicyFix = "Ask an administrator of the tenant to let this sign-in through; "
                                        "signing in again will not help by itself.";
constexpr std::string_view kRevoked = "The sign-in was revoked by a password change or an administrator";
constexpr std::string_view kUnused = "The sign-in expired after a long time without use";
constexpr std::string_view kFrequency =
    "A sign-in frequency policy of tenant {tenant} asks for a fresh sign-in";
constexpr std::string_view kFrequencyFix =
    "Sign in again, and expect this to recur; for unattended use give the organization a managed identity.";
constexpr std::string_view kBadGrant = "The stored refresh token is not valid";
constexpr std::string_view kPassword = "The password of the account has to be changed";
constexpr std::string_view kPasswordFix = "Change it, then sign in again.";
constexpr std::string_view kAccount = "The account is disabled, locked or does not exist in tenant {tenant}";
constexpr std::string_view kAccountFix = "Ask an administrator of the tenant about the account.";
constexpr std::string_view kAdminConsent =
    "An administrator of tenant {tenant} has to consent to application {app} using Azure DevOps";
constexpr std::string_view kAdminConsentFix = "Have an administrator open {consent}";
constexpr std::string_view kPermission =
    "Application {app} does not ask for Azure DevOps / user_impersonation, or the "
    "service is not enabled in tenant {tenant}";
constexpr std::string_view kPermissionFix =
    "Add the permission Azure DevOps / user_impersonation to the app registration and consent to it.";
constexpr std::string_view kWrongTenant =
    "The account that signed in is not in tenant {tenant}, to which organization {org} belongs";
constexpr std::string_view kWrongTenantFix = "Choose another account, or have this one invited as a guest.";
constexpr std::string_view kCrossTenant =
    "A cross-tenant access policy or tenant restriction blocks access to tenant "
    "{tenant}";
constexpr std::string_view kCrossTenantFix =
    "Ask the administrators of both tenants about their cross-tenant access "
    "settings.";
constexpr std::string_view kNoResource = "The Azure DevOps service principal is not in tenant {tenant}";
constexpr std::string_view kNoResourceFix =
    "Check the tenant id: it must be the one organization {org} is connected to.";
constexpr std::string_view kNoApp = "Application {app} is not in tenant {tenant}, or is disabled there";
constexpr std::string_view kNoAppFix =
    "Check the client id, and have an administrator of the tenant open {consent}";
constexpr std::string_view kNoTenant = "Tenant {tenant} does not exist in this cloud";
constexpr std::string_view kNoTenantFix = "Check the tenant id and entra.authority.";
constexpr std::string_view kNeedTenant = "Application {app} cannot sign in at `{tenant}`";
constexpr std::string_view kNeedTenantFix = "Use the tenant's own id instead of common or organizations.";
constexpr std::string_view kRedirect =
    "The redirect URI of this sign-in is not registered for application {app}";
constexpr std::string_view kRedirectFix = "Register the redirect URI exactly as it was sent.";
constexpr std::string_view kSecret = "The client secret of application {app} is wrong or has expired";
constexpr std::string_view kSecretFix = "Put a current secret into entra.client_secret_file.";
constexpr std::string_view kSignature = "The signature of the client assertion was refused";
constexpr std::string_view kSignatureFix =
    "Check that the assertion comes from the issuer named in the federated credential.";
constexpr std::string_view kStale = "The managed identity's assertion is outside its time range";
constexpr std::string_view kStaleFix = "Check this machine's clock (NTP).";
constexpr std::string_view kNoMatch =
    "No federated credential of application {app} matches the managed identity";
constexpr std::string_view kNoMatchFix = "A credential made a moment ago takes some minutes to work; "
                                         "otherwise it must say issuer {iss}, subject {sub}, "
                                         "audience api://AzureADTokenExchange (of this cloud), exactly.";
constexpr std::string_view kIssuerForm =
    "Application {app} may not be reached with this Entra-issued assertion";
constexpr std::string_view kIssuerFormFix = "The identity must be in the tenant of the app registration and "
                                            "in the same cloud; the credential's issuer must be "
                                            "https://login.microsoftonline.com/<home tenant>/v2.0.";
constexpr std::string_view kFederationPolicy =
    "Federated credentials are disabled or restricted by a tenant policy";
constexpr std::string_view kFederationPolicyFix =
    "Ask an administrator of the app's tenant to allow federation with managed identities.";
constexpr std::string_view kRestart = "This sign-in attempt cannot be completed";
constexpr std::string_view kRestartFix = "Start the sign-in again.";
constexpr std::string_view kScope = "The requested scope was refused";
constexpr std::string_view kScopeFix = "Check which Azure DevOps permissions the app registration has.";
constexpr std::string_view kMissing = "The request lacked a parameter Entra wants";
constexpr std::string_view kMissingFix = "Check entra.client_id and the tenant.";
constexpr std::string_view kCloud = "Signing in across clouds is not supported for this application";
constexpr std::string_view kDeviceExpired = "The device code has expired";
constexpr std::string_view kDeviceDeclined = "The sign-in was declined";

constexpr auto kCodes = std::to_array<EntraCodeMeaning>({
    {16000, user, State::sign_in_required, kWrongTenant, kWrongTenantFix},
    {16003, user, State::sign_in_required, kWrongTenant, kWrongTenantFix},
    {28000, configuration, State::misconfigured, kScope, kScopeFix},
    {28002, configuration, State::misconfigured, kScope, kScopeFix},
    {28003, configuration, State::misconfigured, kScope, kScopeFix},
    {40010, transient, State::failing, kTransient, kTransientFix},
    {50001, admin, State::admin_action_required, kNoResource, kNoResourceFix},
    {50002, admin, State::admin_action_required, kCrossTenant, kCrossTenantFix},
    {50005, user, State::sign_in_required, kDevice, kDeviceFix},
    {50011, configuration, State::misconfigured, kRedirect, kRedirectFix},
    {50012, configuration, State::misconfigured, kSignature, kSignatureFix},
    {50014, user, State::sign_in_required, kWrongTenant, kWrongTenantFix},
    {50020, user, State::sign_in_required, kWrongTenant, kWrongTenantFix},
    {50033, transient, State::failing, kTransient, kTransientFix},
    {50034, admin, State::admin_action_required, kAccount, kAccountFix},
    {50053, admin, State::admin_action_required, kAccount, kAccountFix},
    {50055, user, State::sign_in_required, kPassword, kPasswordFix},
    {50057, admin, State::admin_action_required, kAccount, kAccountFix},
    {50072, user, State::sign_in_required, kMfa, kSignIn},
    {50074, user, State::sign_in_required, kMfa, kSignIn},
    {50076, user, State::sign_in_required, kMfa, kSignIn},
    {50078, user, State::sign_in_required, kMfa, kSignIn},
    {50079, user, State::sign_in_required, kMfa, kSignIn},
    {50087, transient, State::failing, kTransient, kTransientFix},
    {50089, user, State::sign_in_required, kUnused, kSignIn, true},
    {50097, user, State::sign_in_required, kDevice, kDeviceFix},
    {50105, admin, State::admin_action_required, kPolicy, kPolicyFix},
    {50125, user, State::sign_in_required, kPassword, kPasswordFix},
    {50131, admin, State::admin_action_required, kPolicy, kPolicyFix},
    {50132, user, State::sign_in_required, kRevoked, kSignIn, true},
    {50133, user, State::sign_in_required, kRevoked, kSignIn, true},
    {50134, permanent, State::sign_in_required, kRestart, kRestartFix},
    {50135, user, State::sign_in_required, kPassword, kPasswordFix},
    {50144, user, State::sign_in_required, kPassword, kPasswordFix},
    {50147, permanent, State::sign_in_required, kRestart, kRestartFix},
    {50155, user, State::sign_in_required, kDevice, kDeviceFix},
    {50158, user, State::sign_in_required, kDevice, kDeviceFix},
    {50166, transient, State::failing, kTransient, kTransientFix},
    {50173, user, State::sign_in_required, kRevoked, kSignIn, true},
    {50187, user, State::sign_in_required, kDevice, kDeviceFix},
    {50192, configuration, State::misconfigured, kCloud, kNoTenantFix},
    {50194, configuration, State::misconfigured, kNeedTenant, kNeedTenantFix},
    {50196, transient, State::throttled, "Microsoft Entra saw the same request too often", kTransientFix},
    {51004, user, State::sign_in_required, kWrongTenant, kWrongTenantFix},
    {53000, user, State::sign_in_required, kDevice, kDeviceFix},
    {53001, user, State::sign_in_required, kDevice, kDeviceFix},
    {53002, admin, State::admin_action_required, kPolicy, kPolicyFix},
    {53003, admin, State::admin_action_required, kPolicy, kPolicyFix},
    {53004, admin, State::admin_action_required, kPolicy, kPolicyFix},
    {53011, admin, State::admin_action_required, kPolicy, kPolicyFix},
    {54005, permanent, State::sign_in_required, kRestart, kRestartFix, true},
    {65001,
     user,
     State::consent_required,
     "Consent for Azure DevOps is missing in tenant {tenant}",
     "Sign in to consent, or have an administrator open {consent}"},
    {65002,
     configuration,
     State::misconfigured,
     "Application {app} is one of Microsoft's own and may not ask for Azure DevOps here",
     "Register an application of your own and name it in entra.client_id."},
    {65004, user, State::consent_required, "Consent was refused", kSignIn},
    {65005, configuration, State::misconfigured, kPermission, kPermissionFix},
    {70000, user, State::sign_in_required, kBadGrant, kSignIn, true},
    {70001, configuration, State::misconfigured, kNoApp, kNoAppFix},
    {70002, configuration, State::misconfigured, kSecret, kSecretFix},
    {70004, configuration, State::misconfigured, kRedirect, kRedirectFix},
    {70008, user, State::sign_in_required, kUnused, kSignIn, true},
    {70011, configuration, State::misconfigured, kScope, kScopeFix},
    {70012, transient, State::failing, kTransient, kTransientFix},
    {70018, permanent, State::sign_in_required, kRestart, kRestartFix},
    {70019, user, State::sign_in_required, kDeviceExpired, kRestartFix},
    {70020, user, State::sign_in_required, kDeviceDeclined, kRestartFix},
    {70021, configuration, State::misconfigured, kNoMatch, kNoMatchFix},
    {70025,
     configuration,
     State::misconfigured,
     "Application {app} has no federated credential at all",
     "Add one to the app registration: issuer {iss}, subject {sub}, audience api://AzureADTokenExchange."},
    {70043, user, State::sign_in_required, kFrequency, kFrequencyFix, true},
    {70044, user, State::sign_in_required, kFrequency, kFrequencyFix, true},
    {90002, configuration, State::misconfigured, kNoTenant, kNoTenantFix},
    {90006, transient, State::failing, kTransient, kTransientFix},
    {90012, transient, State::failing, kTransient, kTransientFix},
    {90014, configuration, State::misconfigured, kMissing, kMissingFix},
    {90024, transient, State::failing, kTransient, kTransientFix},
    {90033, transient, State::failing, kTransient, kTransientFix},
    {90038, configuration, State::misconfigured, kNoTenant, kNoTenantFix},
    {90051, configuration, State::misconfigured, kCloud, kNoTenantFix},
    {90055, transient, State::throttled, "Microsoft Entra throttles tenant {tenant}", kTransientFix},
    {90072, user, State::sign_in_required, kWrongTenant, kWrongTenantFix},
    {90090, transient, State::failing, kTransient, kTransientFix},
    {90094, admin, State::consent_required, kAdminConsent, kAdminConsentFix},
    {90095, admin, State::consent_required, kAdminConsent, kAdminConsentFix},
    {90100, configuration, State::misconfigured, kMissing, kMissingFix},
    {90119, permanent, State::sign_in_required, kRestart, kRestartFix},
    {90120, permanent, State::sign_in_required, kRestart, kRestartFix},
    {90124, configuration, State::misconfigured, kNeedTenant, kNeedTenantFix},
    {90130, configuration, State::misconfigured, kNeedTenant, kNeedTenantFix},
    {500011, admin, State::admin_action_required, kNoResource, kNoResourceFix},
    {500021, admin, State::admin_action_required, kCrossTenant, kCrossTenantFix},
    {500112, configuration, State::misconfigured, kRedirect, kRedirectFix},
    {500133, transient, State::failing, kStale, kStaleFix},
    {500212, admin, State::admin_action_required, kCrossTenant, kCrossTenantFix},
    {500213, admin, State::admin_action_required, kCrossTenant, kCrossTenantFix},
    {501481, permanent, State::sign_in_required, kRestart, kRestartFix},
    {501491, permanent, State::sign_in_required, kRestart, kRestartFix},
    {530032, admin, State::admin_action_required, kPolicy, kPolicyFix},
    {530035, admin, State::admin_action_required, kPolicy, kPolicyFix},
    {650052, admin, State::admin_action_required, kPermission, kPermissionFix},
    {650056, configuration, State::misconfigured, kPermission, kPermissionFix},
    {650057, configuration, State::misconfigured, kPermission, kPermissionFix},
    {700005, permanent, State::sign_in_required, kRestart, kRestartFix},
    {700011, configuration, State::misconfigured, kNoApp, kNoAppFix},
    {700016, configuration, State::misconfigured, kNoApp, kNoAppFix},
    {700022, configuration, State::misconfigured, kScope, kScopeFix},
    {700024, transient, State::failing, kStale, kStaleFix},
    {700025,
     configuration,
     State::misconfigured,
     "Application {app} is a public client: it must not send a secret",
     "Remove entra.client_secret_file, or register the application as confidential."},
    {700027, configuration, State::misconfigured, kSignature, kSignatureFix},
    {700082, user, State::sign_in_required, kUnused, kSignIn, true},
    {700084,
     user,
     State::sign_in_required,
     "The sign-in was made with a single-page-application registration and lasts 24 hours only",
     "Register the redirect URI as web or native, then sign in again.",
     true},
    {700211,
     configuration,
     State::misconfigured,
     "No federated credential of application {app} names the assertion's issuer",
     kNoMatchFix},
    {700212,
     configuration,
     State::misconfigured,
     "No federated credential of application {app} names the assertion's audience",
     kNoMatchFix},
    {700213,
     configuration,
     State::misconfigured,
     "No federated credential of application {app} names the assertion's subject",
     kNoMatchFix},
    {700214,
     configuration,
     State::misconfigured,
     "The federated credential's audience is the id instead of the URI",
     "Set it to api://AzureADTokenExchange."},
    {700222, configuration, State::misconfigured, kIssuerForm, kIssuerFormFix},
    {700223, admin, State::admin_action_required, kFederationPolicy, kFederationPolicyFix},
    {700226, configuration, State::misconfigured, kIssuerForm, kIssuerFormFix},
    {700227, configuration, State::misconfigured, kIssuerForm, kIssuerFormFix},
    {700229, configuration, State::misconfigured, kIssuerForm, kIssuerFormFix},
    {700236, configuration, State::misconfigured, kIssuerForm, kIssuerFormFix},
    {700238, admin, State::admin_action_required, kFederationPolicy, kFederationPolicyFix},
    {900144, configuration, State::misconfigured, kMissing, kMissingFix},
    {900382, configuration, State::misconfigured, kCloud, kNoTenantFix},
    {900432, configuration, State::misconfigured, kCloud, kNoTenantFix},
    {900971, configuration, State::misconfigured, kRedirect, kRedirectFix},
    {1002012, configuration, State::misconfigured, kScope, kScopeFix},
    {7000112, admin, State::admin_action_required, kNoApp, kNoAppFix},
    {7000215, configuration, State::misconfigured, kSecret, kSecretFix},
    {7000218,
     configuration,
     State::misconfigured,
     "Application {app} is confidential: it needs a secret",
     "Allow public client flows in the app registration, or set entra.client_secret_file."},
    {7000222, configuration, State::misconfigured, kSecret, kSecretFix},
    {7002121, configuration, State::misconfigured, kNoMatch, kNoMatchFix},
    {7002131, configuration, State::misconfigured, kNoMatch, kNoMatchFix},
    {7002206, configuration, State::misconfigured, kIssuerForm, kIssuerFormFix},
    {7002381, admin, State::admin_action_required, kFederationPolicy, kFederationPolicyFix},
    {9001023, configuration, State::misconfigured, kNeedTenant, kNeedTenantFix},
    {9002313, user, State::sign_in_required, kBadGrant, kSignIn, true},
});

static_assert(std::ranges::is_sorted(kCodes, {}, &EntraCodeMeaning::code),
              "find_entra_code searches by halves");

// Every 7002220x is one more way of saying 700222.
constexpr std::int64_t kIssuerFamily = 700222;

} // namespace

EntraCodeMeaning const* find_entra_code(std::int64_t code) noexcept {
    if (code / 100 == kIssuerFamily) {
        code = kIssuerFamily;
    }
    auto const it = std::ranges::lower_bound(kCodes, code, {}, &EntraCodeMeaning::code);
    return it != kCodes.end() && it->code == code ? &*it : nullptr;
}

} // namespace auth
