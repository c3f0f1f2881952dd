#include "server/router/sign_in_redirect.hpp"

namespace server {

core::Result<std::string> redirect_uri_of(EntraConfig const& entra, SignInReturn const& where) {
    bool const loopback_only = entra.client_id == kDeveloperClientId;
    if (!where.public_url.empty() && !loopback_only) {
        std::string url = where.public_url;
        while (url.ends_with('/')) {
            url.pop_back();
        }
        return url + std::string(kSignInCallback);
    }
    if (!where.port) {
        return core::fail(
            core::Error(core::ErrorKind::invalid_argument,
                        "A browser could not come back from the sign-in: this server answers no plain HTTP "
                        "on loopback.")
                .with_code("redirect_unavailable")
                .with_fix(
                    loopback_only
                        ? "Sign in by device code or with `ado-mcpd login`, or name an app registration of "
                          "your own in entra.client_id and set public_url."
                        : "Set public_url to the address clients use, or sign in by device code or with "
                          "`ado-mcpd login`."));
    }
    std::string const base = "http://localhost:" + std::to_string(*where.port);
    return entra.client_secret.empty() ? base + "/" : base + std::string(kSignInCallback);
}

} // namespace server
