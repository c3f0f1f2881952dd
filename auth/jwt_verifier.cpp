#include "auth/jwt_verifier.hpp"

#include "auth/tenant_lookup.hpp"
#include "auth/token_refusal.hpp"
#include "core/crypto/digest.hpp"
#include "core/http/http_message.hpp"
#include "core/task_group.hpp"
#include "core/text/percent_encoding.hpp"

#include <nlohmann/json.hpp>

#include <optional>
#include <unordered_map>
#include <utility>

namespace auth {
namespace {

using core::Principal;
using core::Result;
using core::Task;

using Keys = std::shared_ptr<IssuerKeys const>;

constexpr std::string_view kMetadata = "/.well-known/openid-configuration";
constexpr std::string_view kTenantPlace = "{tenantid}";

/// The tenant id in `https://host/{tid}{tail}`; nullopt when it has another form.
std::optional<std::string> tenant_of_issuer(std::string_view issuer, std::string_view tail) {
    std::optional<core::Url> const url = core::Url::parse(issuer);
    if (!url || !url->target.ends_with(tail)) {
        return std::nullopt;
    }
    std::string tenant = url->target.substr(1, url->target.size() - tail.size() - 1);
    return is_tenant_id(tenant) ? std::optional(std::move(tenant)) : std::nullopt;
}

JwksPlace entra_issuer(std::string metadata_url, std::string_view tenant, std::string_view tail) {
    auto is_issuer = [wanted = std::string(tenant), tail](std::string_view issuer) {
        std::optional<std::string> const found = tenant_of_issuer(issuer, tail);
        return found && (!is_tenant_id(wanted) || core::iequals(*found, wanted));
    };
    return JwksPlace(std::move(metadata_url), std::move(is_issuer));
}

/// Tokens whose signature was good, by the digest of their text.
class RememberedTokens {
public:
    explicit RememberedTokens(std::size_t limit) : limit_(limit) {}

    /// As long as the token lasts and the keys it was verified with are still those of its issuer.
    std::optional<Principal> find(std::string const& digest, core::SystemTime now) {
        auto const it = tokens_.find(digest);
        if (it == tokens_.end()) {
            return std::nullopt;
        }
        Entry const& entry = it->second;
        if (now >= entry.end || entry.issuer->known() != entry.keys) {
            tokens_.erase(it);
            return std::nullopt;
        }
        return entry.principal;
    }

    void add(std::string digest,
             Principal principal,
             JwksSource const& issuer,
             Keys keys,
             core::SystemTime end,
             core::SystemTime now) {
        if (tokens_.size() >= limit_) {
            std::erase_if(tokens_, [now](auto const& entry) { return now >= entry.second.end; });
        }
        if (tokens_.size() >= limit_) {
            // Verifying again costs little: no order is kept for the sake of a better choice.
            tokens_.clear();
        }
        tokens_.insert_or_assign(std::move(digest),
                                 Entry(std::move(principal), issuer, std::move(keys), end));
    }

private:
    class Entry {
    public:
        Entry(Principal principal_, JwksSource const& issuer_, Keys keys_, core::SystemTime end_)
            : principal(std::move(principal_)), issuer(&issuer_), keys(std::move(keys_)), end(end_) {}
        Principal principal;
        JwksSource const* issuer;
        Keys keys;
        core::SystemTime end;
    };

    std::size_t limit_;
    std::unordered_map<std::string, Entry> tokens_;
};

class IssuerJwtVerifier final : public JwtVerifier {
public:
    IssuerJwtVerifier(core::asio::any_io_executor executor,
                      core::HttpClient& http,
                      core::Clock& clock,
                      JwtVerifierSettings settings)
        : executor_(executor), clock_(clock), rules_(std::move(settings.rules)),
          token_bytes_(settings.token_bytes), remembered_(settings.remembered) {
        for (JwksPlace& place : settings.issuers) {
            issuers_.emplace_back(place, make_jwks_source(executor, http, clock, place, settings.limits));
        }
    }

    Task<Result<Principal>> verify(std::string_view bearer, core::CallContext const& ctx) override {
        std::string digest = core::sha256(bearer);
        if (std::optional<Principal> known = remembered_.find(digest, clock_.system_now())) {
            co_return std::move(*known);
        }
        CO_TRY(JwtToken const token, parse_jwt(bearer, token_bytes_));
        CO_TRY_VOID(check_claims(token.claims, rules_, clock_.system_now()));
        std::string const issuer(core::find_string(token.claims, "iss").value_or(""));
        CO_TRY(JwksSource* const source, co_await source_of(issuer, ctx));
        CO_TRY(Keys keys, co_await keys_with(*source, token, ctx));
        VerificationKey const* key = keys->set.find(token);
        if (key == nullptr) {
            co_return core::fail(unverifiable("no key of the issuer has the token's kid"));
        }
        CO_TRY_VOID(check_key(*key, token, issuer));
        if (!key->has_signed(bearer)) {
            co_return core::fail(unverifiable("the signature does not fit"));
        }
        CO_TRY(Principal principal, principal_of_claims(token.claims, issuer, rules_));
        remembered_.add(std::move(digest),
                        principal,
                        *source,
                        std::move(keys),
                        end_of_claims(token.claims, rules_),
                        clock_.system_now());
        co_return principal;
    }

    Task<void> tend() override {
        core::TaskGroup tending(executor_);
        for (Issuer const& issuer : issuers_) {
            tending.spawn("inbound.keys", issuer.source->tend());
        }
        co_await core::asio::this_coro::throw_if_cancelled(false);
        co_await tending.wait();
        // Cancelled: the children use what is ours, so their end is waited for.
        co_await core::asio::this_coro::reset_cancellation_state(core::asio::disable_cancellation());
        tending.cancel_all();
        co_await tending.wait();
    }

private:
    class Issuer {
    public:
        Issuer(JwksPlace place_, std::unique_ptr<JwksSource> source_)
            : place(std::move(place_)), source(std::move(source_)) {}
        JwksPlace place;
        std::unique_ptr<JwksSource> source;
    };

    static core::Error unverifiable(std::string detail) {
        return refused_token("has a signature that cannot be verified", std::move(detail));
    }

    /// The issuer's own metadata has the last word on its name. An invented name never causes a fetch when it
    /// has not even the form of one.
    Task<Result<JwksSource*>> source_of(std::string const& name, core::CallContext const& ctx) {
        for (Issuer const& issuer : issuers_) {
            if (!issuer.place.is_issuer(name)) {
                continue;
            }
            CO_TRY(Keys const keys, co_await issuer.source->keys(ctx));
            if (keys->issuer == name) {
                co_return issuer.source.get();
            }
        }
        co_return core::fail(
            refused_token("was not issued by an issuer this server trusts", "iss is " + name));
    }

    Task<Result<Keys>> keys_with(JwksSource& source, JwtToken const& token, core::CallContext const& ctx) {
        CO_TRY(Keys keys, co_await source.keys(ctx));
        if (keys->set.find(token) != nullptr) {
            co_return keys;
        }
        co_return co_await source.newer_keys(token, ctx);
    }

    /// Entra's key sets hold keys of other issuers too: each says for whom it signs.
    Result<void>
    check_key(VerificationKey const& key, JwtToken const& token, std::string const& issuer) const {
        if (!key.allows(token.algorithm)) {
            return core::fail(unverifiable("alg is not one the key was made for"));
        }
        if (key.issuer.empty()) {
            return {};
        }
        std::string owner = key.issuer;
        if (std::size_t const place = owner.find(kTenantPlace); place != std::string::npos) {
            owner.replace(place,
                          kTenantPlace.size(),
                          core::find_string(token.claims, "tid").value_or(std::string_view()));
        }
        // Keys of the v1.0 set name the v2.0 issuer of the same tenant.
        for (Issuer const& known : issuers_) {
            Keys const keys = known.source->known();
            if (owner == issuer || (keys && owner == keys->issuer)) {
                return {};
            }
        }
        return core::fail(unverifiable("the key is another issuer's"));
    }

    core::asio::any_io_executor executor_;
    core::Clock& clock_;
    JwtRules rules_;
    std::size_t token_bytes_;
    RememberedTokens remembered_;
    std::vector<Issuer> issuers_;
};

} // namespace

std::vector<JwksPlace> entra_issuers(std::string_view authority, std::string_view tenant) {
    std::string const base = std::string(authority) + "/" + core::percent_encode(tenant);
    std::vector<JwksPlace> issuers;
    issuers.push_back(entra_issuer(base + "/v2.0" + std::string(kMetadata), tenant, "/v2.0"));
    issuers.push_back(entra_issuer(base + std::string(kMetadata), tenant, "/"));
    return issuers;
}

JwksPlace openid_issuer(std::string issuer) {
    std::string base = issuer;
    while (base.ends_with('/')) {
        base.pop_back();
    }
    auto is_issuer = [issuer = std::move(issuer)](std::string_view found) { return found == issuer; };
    return JwksPlace(base + std::string(kMetadata), std::move(is_issuer));
}

std::unique_ptr<JwtVerifier> make_jwt_verifier(core::asio::any_io_executor executor,
                                               core::HttpClient& http,
                                               core::Clock& clock,
                                               JwtVerifierSettings settings) {
    return std::make_unique<IssuerJwtVerifier>(std::move(executor), http, clock, std::move(settings));
}

} // namespace auth
