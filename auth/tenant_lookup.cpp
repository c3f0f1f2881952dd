#include "auth/tenant_lookup.hpp"

#include "auth/auth_challenge.hpp"
#include "core/text/percent_encoding.hpp"

#include <algorithm>

namespace auth {
namespace {

constexpr std::string_view kNoTenant = "00000000-0000-0000-0000-000000000000";

/// The first path segment of `https://login.example/{tenant}`.
std::optional<std::string> tenant_of_uri(std::string_view uri) {
    std::optional<core::Url> const url = core::Url::parse(uri);
    if (!url) {
        return std::nullopt;
    }
    std::string_view const path = std::string_view(url->target).substr(1);
    std::string_view const tenant = path.substr(0, path.find_first_of("/?"));
    return is_tenant_id(tenant) ? std::optional<std::string>(core::to_lower_ascii(tenant)) : std::nullopt;
}

} // namespace

bool is_tenant_id(std::string_view text) noexcept {
    if (text.size() != kNoTenant.size()) {
        return false;
    }
    for (std::size_t i = 0; i < text.size(); ++i) {
        char const c = text[i];
        bool const is_hex = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
        if (kNoTenant[i] == '-' ? c != '-' : !is_hex) {
            return false;
        }
    }
    return true;
}

std::optional<std::string> tenant_of_response(core::HttpResponse const& response) {
    std::vector<std::string> found;
    for (auto const& [name, value] : response.headers.fields()) {
        if (!core::iequals(name, "WWW-Authenticate")) {
            continue;
        }
        for (AuthChallenge const& challenge : parse_challenges(value)) {
            std::optional<std::string_view> const uri = challenge.parameter("authorization_uri");
            if (uri && core::iequals(challenge.scheme, "Bearer")) {
                if (std::optional<std::string> tenant = tenant_of_uri(*uri)) {
                    found.push_back(std::move(*tenant));
                }
            }
        }
    }
    for (auto const& [name, value] : response.headers.fields()) {
        if (core::iequals(name, "X-VSS-ResourceTenant")) {
            std::string_view const tenant = core::trim_ows(value);
            if (is_tenant_id(tenant)) {
                found.push_back(core::to_lower_ascii(tenant));
            }
        }
    }
    auto const real =
        std::ranges::find_if(found, [](std::string const& tenant) { return tenant != kNoTenant; });
    if (real != found.end()) {
        return *real;
    }
    return found.empty() ? std::nullopt : std::optional<std::string>(kOrganizationsTenant);
}

core::Task<core::Result<std::string>> lookup_tenant(core::HttpClient& http,
                                                    std::string identity_url,
                                                    std::string organization,
                                                    core::CallContext const& ctx) {
    while (identity_url.ends_with('/')) {
        identity_url.pop_back();
    }
    std::optional<core::Url> url = core::Url::parse(identity_url + "/" + core::percent_encode(organization));
    if (!url) {
        co_return core::fail(core::ErrorKind::invalid_argument, "azure_devops.identity_url is not a URL");
    }
    core::HttpRequest request("HEAD", std::move(*url));
    request.idempotent = true;
    core::Result<core::HttpResponse> const response = co_await http.send(request, ctx);
    if (!response) {
        co_return core::fail(response.error());
    }
    std::optional<std::string> tenant = tenant_of_response(*response);
    if (!tenant) {
        co_return core::fail(
            core::Error(core::ErrorKind::not_found,
                        "Azure DevOps does not say which tenant organization " + organization +
                            " belongs to.")
                .with_status(response->status)
                .with_fix("Check the organization's name, or name the tenant in the connector."));
    }
    co_return std::move(*tenant);
}

} // namespace auth
