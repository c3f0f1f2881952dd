#include "server/front/inbound_gate.hpp"

#include "core/log.hpp"
#include "server/front/host_policy.hpp"

#include <algorithm>

namespace server {
namespace {

constexpr std::size_t kLongestToken = 16 * 1024;

class TokenAuthenticator final : public Authenticator {
public:
    TokenAuthenticator(auth::TokenVerifier& verifier, std::string how)
        : verifier_(verifier), how_(std::move(how)) {}

    core::Task<core::Result<core::Principal>> authenticate(std::optional<std::string_view> bearer,
                                                           std::string_view /*peer*/,
                                                           core::CallContext const& ctx) override {
        if (!bearer) {
            co_return core::fail(
                core::Error(core::ErrorKind::unauthorized, "This request needs an access token.")
                    .with_code("token_required")
                    .with_fix("Send it as 'Authorization: Bearer <token>'. " + how_));
        }
        core::Result<core::Principal> principal = co_await verifier_.verify(*bearer, ctx);
        if (!principal && principal.error().kind() == core::ErrorKind::unauthorized &&
            principal.error().fix().empty()) {
            core::Error error = std::move(principal).error();
            error = std::move(error).with_fix(how_);
            co_return core::fail(std::move(error));
        }
        co_return principal;
    }

private:
    auth::TokenVerifier& verifier_;
    std::string how_;
};

class AnonymousAuthenticator final : public Authenticator {
public:
    explicit AnonymousAuthenticator(core::Role role) : role_(role) {}

    core::Task<core::Result<core::Principal>> authenticate(std::optional<std::string_view> /*bearer*/,
                                                           std::string_view peer,
                                                           core::CallContext const& /*ctx*/) override {
        std::optional<Authority> const address = Authority::parse(peer);
        if (!address || !address->is_loopback()) {
            co_return core::fail(
                core::Error(core::ErrorKind::unauthorized,
                            "Callers without a token are only let in from this machine.")
                    .with_code("token_required")
                    .with_fix("Set inbound.mode to token in the configuration and send an access token."));
        }
        co_return core::Principal("anonymous", "anonymous", role_);
    }

private:
    core::Role role_;
};

class BearerField {
public:
    bool malformed = false;
    std::optional<std::string_view> token;
};

/// RFC 6750 §2.1. Another scheme counts as no token: the challenge tells what is wanted.
BearerField read_bearer(core::HttpHeaders const& headers) {
    BearerField field;
    std::size_t const count = headers.count("Authorization");
    if (count == 0) {
        return field;
    }
    std::string_view const value = *headers.get("Authorization");
    std::size_t const space = value.find(' ');
    if (count > 1) {
        field.malformed = true;
        return field;
    }
    if (!core::iequals(value.substr(0, space), "Bearer")) {
        return field;
    }
    std::string_view const token =
        space == std::string_view::npos ? std::string_view() : core::trim_ows(value.substr(space + 1));
    bool const plain = std::all_of(token.begin(), token.end(), [](char c) { return c > ' ' && c < 0x7f; });
    field.malformed = token.empty() || token.size() > kLongestToken || !plain;
    if (!field.malformed) {
        field.token = token;
    }
    return field;
}

} // namespace

std::unique_ptr<Authenticator> make_token_authenticator(auth::TokenVerifier& verifier, std::string how) {
    return std::make_unique<TokenAuthenticator>(verifier, std::move(how));
}

std::unique_ptr<Authenticator> make_anonymous_authenticator(core::Role role) {
    return std::make_unique<AnonymousAuthenticator>(role);
}

auth::BearerHint InboundGate::hint(core::HttpHeaders const& headers, core::Role needed) const {
    return metadata_ == nullptr ? auth::BearerHint()
                                : auth::BearerHint(metadata_->url(headers), metadata_->scope_for(needed));
}

Problem InboundGate::refuse(core::Error const& error,
                            bool had_token,
                            auth::BearerHint const& hint,
                            core::CallContext const& ctx) const {
    Problem refusal = problem_of(error);
    bool const unknown = error.kind() == core::ErrorKind::unauthorized;
    if (!unknown && error.kind() != core::ErrorKind::forbidden) {
        core::log::error("inbound.authentication",
                         {{"request_id", ctx.request_id}, {"error", core::describe(error)}});
        return refusal;
    }
    if (!error.detail().empty()) {
        core::log::info("inbound.refused",
                        {{"request_id", ctx.request_id}, {"error", core::describe(error)}});
    }
    if (unknown) {
        refusal.status = 401;
        refusal.title = "Unauthorized";
        refusal.headers.add("WWW-Authenticate",
                            had_token ? auth::refusal_challenge("invalid_token", error.message(), hint)
                                      : auth::bearer_challenge(hint));
    } else {
        refusal.headers.add("WWW-Authenticate",
                            auth::refusal_challenge("insufficient_scope", error.message(), hint));
    }
    return refusal;
}

core::Task<GateDecision> InboundGate::check(core::HttpHeaders const& headers,
                                            core::Role needed,
                                            std::string_view peer,
                                            core::CallContext const& ctx) const {
    BearerField const bearer = read_bearer(headers);
    if (bearer.malformed) {
        Problem refusal(
            400, "invalid_request", "The Authorization header is not of the form 'Bearer <token>'.");
        refusal.headers.add("WWW-Authenticate", R"(Bearer realm="ado-mcpd", error="invalid_request")");
        co_return GateDecision(std::move(refusal));
    }
    core::Result<core::Principal> caller = co_await authenticator_.authenticate(bearer.token, peer, ctx);
    if (!caller) {
        co_return GateDecision(refuse(caller.error(), bearer.token.has_value(), hint(headers, needed), ctx));
    }
    if (!caller->may(needed)) {
        core::Error const too_little =
            core::Error(core::ErrorKind::forbidden,
                        "This needs the role " + std::string(core::to_string(needed)) + "; the token has " +
                            std::string(core::to_string(caller->role)) + ".")
                .with_code("insufficient_role");
        co_return GateDecision(refuse(too_little, true, hint(headers, needed), ctx));
    }
    co_return GateDecision(std::move(*caller));
}

} // namespace server
