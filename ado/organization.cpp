#include "ado/organization.hpp"

#include "core/text/percent_encoding.hpp"

#include <algorithm>
#include <optional>
#include <utility>

namespace ado {
namespace {

constexpr std::string_view kCloudHost = "dev.azure.com";
constexpr std::string_view kLegacySuffix = ".visualstudio.com";
constexpr std::size_t kMaxNameLength = 50;

bool is_alphanumeric(char c) noexcept {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

std::string_view without_query(std::string_view target) noexcept {
    return target.substr(0, target.find_first_of("?#"));
}

std::string_view without_trailing_slashes(std::string_view path) noexcept {
    while (!path.empty() && path.back() == '/') {
        path.remove_suffix(1);
    }
    return path;
}

/// `/a/b` -> `a`; empty when there is none.
std::string_view first_segment(std::string_view path) noexcept {
    while (!path.empty() && path.front() == '/') {
        path.remove_prefix(1);
    }
    return path.substr(0, path.find('/'));
}

std::string_view last_segment(std::string_view path) noexcept {
    path = without_trailing_slashes(path);
    return path.substr(path.rfind('/') + 1);
}

bool is_loopback_host(std::string_view host) noexcept {
    return host == "localhost" || host.ends_with(".localhost") || host.starts_with("127.") || host == "::1";
}

/// A configured base URL without query and without a slash at the end (unless it is the root).
core::Result<core::Url> parse_base(std::string_view text, std::string_view what) {
    std::optional<core::Url> url = core::Url::parse(text);
    if (!url) {
        return core::fail(core::ErrorKind::invalid_argument,
                          std::string(what) + " is not an http or https URL: " + std::string(text));
    }
    std::string path(without_trailing_slashes(without_query(url->target)));
    url->target = path.empty() ? "/" : std::move(path);
    return std::move(*url);
}

core::Url append(core::Url const& base, std::string_view name) {
    std::string target(without_trailing_slashes(base.target));
    target += '/';
    target += name;
    return {base.origin, std::move(target)};
}

/// The base URL of an Azure DevOps Server is that of one collection, unless it is the server's root (`/tfs`
/// is its usual virtual directory) or a test host on loopback, which keep organizations one level down.
bool is_collection_root(core::Url const& base) noexcept {
    return base.target != "/" && !is_loopback_host(base.origin.host) && base.origin.host != kCloudHost &&
           !core::iequals(last_segment(base.target), "tfs");
}

/// URLs copied from an address bar may show spaces and letters beyond ASCII as they are.
std::string encode_unprintable(std::string_view url) {
    std::string out;
    for (char const c : url) {
        bool const plain = c > ' ' && c < '\x7f';
        out += plain ? std::string(1, c) : core::percent_encode(std::string_view(&c, 1));
    }
    return out;
}

/// The name in a URL that lies under `base`; nullopt when it does not.
std::optional<std::string_view> name_under_base(core::Url const& url, core::Url const& base) {
    if (url.origin != base.origin) {
        return std::nullopt;
    }
    std::string_view path = without_query(url.target);
    std::string_view const root = without_trailing_slashes(base.target);
    if (!core::iequals(path.substr(0, root.size()), root) ||
        (path.size() > root.size() && path[root.size()] != '/')) {
        return std::nullopt;
    }
    std::string_view const next = first_segment(path.substr(root.size()));
    bool const names_the_base = next.empty() || next.starts_with('_') || is_collection_root(base);
    return names_the_base ? last_segment(root) : next;
}

core::Result<std::string> name_from_url(std::string_view text, core::Url const& base) {
    std::string full(text);
    if (text.find("://") == std::string_view::npos) {
        full.insert(0, "https://");
    }
    // Clone URLs carry a user name: https://contoso@dev.azure.com/contoso/...
    std::size_t const authority = full.find("://") + 3;
    std::size_t const path = full.find('/', authority);
    std::size_t const user_end = full.rfind('@', path == std::string::npos ? std::string::npos : path);
    if (user_end != std::string::npos && user_end > authority) {
        full.erase(authority, user_end + 1 - authority);
    }
    std::optional<core::Url> const url = core::Url::parse(encode_unprintable(full));
    if (!url) {
        return core::fail(core::ErrorKind::invalid_argument,
                          "not an organization name or URL: " + std::string(text));
    }
    std::string_view const host = url->origin.host;
    std::string_view name;
    if (std::optional<std::string_view> const under = name_under_base(*url, base); under && !under->empty()) {
        name = *under;
    } else if (host == kCloudHost) {
        name = first_segment(without_query(url->target));
    } else if (host.ends_with(kLegacySuffix)) {
        name = host.substr(0, host.size() - kLegacySuffix.size());
    } else if (!under) {
        return core::fail(core::Error(core::ErrorKind::invalid_argument,
                                      "the organization URL is on " + url->origin.authority() +
                                          ", which is not the configured Azure DevOps")
                              .with_fix("Use the organization's name, https://dev.azure.com/NAME or "
                                        "https://NAME.visualstudio.com; for an Azure DevOps Server set "
                                        "azure_devops.base_url."));
    }
    std::optional<std::string> decoded = core::percent_decode(name);
    return decoded ? std::move(*decoded) : std::string(name);
}

} // namespace

Organization::Organization(std::string name,
                           core::Url core_base,
                           core::Url search_base,
                           core::Url identity_base)
    : name_(std::move(name)), key_(core::to_lower_ascii(name_)), core_base_(std::move(core_base)),
      search_base_(std::move(search_base)), identity_base_(std::move(identity_base)),
      core_url_(without_trailing_slashes(core_base_.to_string())) {}

std::string Organization::search_url() const {
    return std::string(without_trailing_slashes(search_base_.to_string()));
}

std::string Organization::identity_url() const {
    return std::string(without_trailing_slashes(identity_base_.to_string()));
}

bool is_organization_name(std::string_view name) noexcept {
    return !name.empty() && name.size() <= kMaxNameLength && is_alphanumeric(name.front()) &&
           name.back() != '-' &&
           std::all_of(name.begin(), name.end(), [](char c) { return is_alphanumeric(c) || c == '-'; });
}

core::Result<Organization> parse_organization(std::string_view text, OrganizationUrls const& urls) {
    OrganizationUrls const cloud;
    ADOMCPD_TRY(core::Url base, parse_base(urls.base_url, "azure_devops.base_url"));
    ADOMCPD_TRY(core::Url search, parse_base(urls.search_url, "azure_devops.search_url"));
    ADOMCPD_TRY(core::Url identity, parse_base(urls.identity_url, "azure_devops.identity_url"));

    std::size_t const first = text.find_first_not_of(" \t\r\n");
    text = first == std::string_view::npos ? std::string_view() : text.substr(first);
    text = text.substr(0, text.find_last_not_of(" \t\r\n") + 1);

    std::string name(text);
    if (text.find_first_of("./:") != std::string_view::npos) {
        ADOMCPD_TRY(name, name_from_url(text, base));
    }
    if (!is_organization_name(name)) {
        return core::fail(
            core::Error(core::ErrorKind::invalid_argument,
                        "not an organization name or URL: " + std::string(text))
                .with_fix("A name has 1 to 50 letters, digits and hyphens, begins with a letter or digit "
                          "and does not end with a hyphen; or give https://dev.azure.com/NAME."));
    }
    bool const on_cloud = base.origin.host == kCloudHost;
    bool const is_base_itself =
        !on_cloud && base.target != "/" && core::iequals(last_segment(base.target), name);
    core::Url core_base = is_base_itself ? base : append(base, name);
    // An Azure DevOps Server answers search and identities on its own address: there the cloud's defaults do
    // not apply.
    core::Url search_base =
        (!on_cloud && urls.search_url == cloud.search_url) || search.to_string() == base.to_string()
            ? core_base
            : append(search, name);
    core::Url identity_base =
        (!on_cloud && urls.identity_url == cloud.identity_url) || identity.to_string() == base.to_string()
            ? core_base
            : append(identity, name);
    return Organization(
        std::move(name), std::move(core_base), std::move(search_base), std::move(identity_base));
}

} // namespace ado
