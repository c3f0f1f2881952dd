#include "server/config/inbound_config.hpp"

#include "auth/jwt_token.hpp"
#include "auth/tenant_lookup.hpp"
#include "core/http/http_message.hpp"
#include "server/config/config.hpp"
#include "server/config/config_section.hpp"
#include "server/config/listen_address.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace server {
namespace {

/// Whoever has any account gets tokens from these; they name no tenant.
constexpr std::array<std::string_view, 3> kNoTenants{"common", "organizations", "consumers"};

bool is_tenant_name(std::string_view text) {
    bool const plain = std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
               c == '.';
    });
    bool const domain = plain && text.find('.') != std::string_view::npos && text.front() != '.';
    return auth::is_tenant_id(text) || domain;
}

/// https, or http to loopback where that was asked for.
bool may_be_asked(std::string_view text, bool loopback_http) {
    std::optional<core::Url> const url = core::Url::parse(text);
    if (!url) {
        return false;
    }
    ListenAddress address;
    address.host = url->origin.host == "localhost" ? "127.0.0.1" : url->origin.host;
    bool const is_address = parse_listen_address(address.to_string()).has_value();
    return url->origin.is_tls() || (loopback_http && is_address && address.is_loopback());
}

void read_roles(ConfigSection const& in, std::string_view key, InboundEntraConfig::Roles& into) {
    if (!in.has(key)) {
        return;
    }
    into.clear();
    for (auto const& [name, role] : in.text_members(key)) {
        if (auto const known = core::parse_role(role)) {
            into.emplace(name, *known);
        }
    }
}

void read_audiences(ConfigSection const& in, std::vector<std::string>& into) {
    if (auto one = in.text("audience")) {
        into = {std::move(*one)};
    } else if (auto several = in.texts("audience"); !several.empty()) {
        into = std::move(several);
    }
}

void check_issuer(ConfigSection const& in,
                  std::string const& authority,
                  bool in_use,
                  InboundEntraConfig const& config) {
    std::string const https = config.loopback_http ? "an https URL, or an http one on loopback"
                                                   : "an https URL (http only on loopback, and only with "
                                                     "inbound.entra.loopback_http)";
    if (!config.issuer.empty()) {
        if (!config.tenant.empty()) {
            in.problem("tenant", quoted_text(config.tenant) + " beside issuer", "one of the two");
        }
        if (!is_plain_url(config.issuer) || !may_be_asked(config.issuer, config.loopback_http)) {
            in.problem("issuer", quoted_text(config.issuer), https);
        }
    } else if (config.tenant.empty()) {
        if (in_use) {
            in.problem("tenant", "nothing, with inbound.mode entra", "the tenant whose tokens are taken");
        }
    } else if (std::find(kNoTenants.begin(), kNoTenants.end(), core::to_lower_ascii(config.tenant)) !=
                   kNoTenants.end() ||
               !is_tenant_name(config.tenant)) {
        in.problem("tenant", quoted_text(config.tenant), "the id of one tenant, or one of its domains");
    } else if (in_use && !may_be_asked(authority, config.loopback_http)) {
        in.problem("tenant", "a tenant at entra.authority " + quoted_text(authority), https + " there");
    }
}

} // namespace

std::string_view to_string(InboundMode mode) noexcept {
    switch (mode) {
    case InboundMode::token:
        return "token";
    case InboundMode::entra:
        return "entra";
    case InboundMode::none:
        break;
    }
    return "none";
}

void read_inbound_entra(ConfigSection const& in,
                        std::string const& authority,
                        bool in_use,
                        InboundEntraConfig& config) {
    in.read("tenant", config.tenant);
    in.read("issuer", config.issuer);
    in.read("loopback_http", config.loopback_http);
    read_audiences(in, config.audiences);
    read_roles(in, "roles", config.roles);
    read_roles(in, "scopes", config.scopes);
    config.default_role = core::parse_role(in.text("default_role").value_or(""));
    config.clients = in.texts("clients");
    if (auto algorithms = in.texts("algorithms"); !algorithms.empty()) {
        config.algorithms = std::move(algorithms);
    }
    check_issuer(in, authority, in_use, config);
}

} // namespace server
