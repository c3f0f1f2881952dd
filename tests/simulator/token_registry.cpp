#include "simulator/token_registry.hpp"

namespace simulator {

void TokenRegistry::remember(std::string const& token, IssuedToken issued, TimePoint now) {
    if (access_tokens.size() > 20'000) {
        std::erase_if(access_tokens, [&](auto const& entry) { return entry.second.expires <= now; });
    }
    access_tokens[token] = std::move(issued);
}

void TokenRegistry::revoke_family(std::string const& family) {
    for (auto it = grants.begin(); it != grants.end();) {
        if (it->second.family == family) {
            refused_grants[it->first] = revoked_with;
            it = grants.erase(it);
        } else {
            ++it;
        }
    }
}

void TokenRegistry::expire_access_tokens(TimePoint now) {
    for (auto& [token, issued] : access_tokens) {
        issued.expires = now - std::chrono::seconds(1);
    }
    managed_identity_cache.clear();
}

void TokenRegistry::clear() {
    access_tokens.clear();
    grants.clear();
    codes.clear();
    device_flows.clear();
    managed_identity_cache.clear();
    refused_grants.clear();
}

} // namespace simulator
