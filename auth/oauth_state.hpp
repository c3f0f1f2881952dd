#pragma once

#include "core/clock.hpp"
#include "core/crypto/sealer.hpp"
#include "core/secret.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace auth {

/// Proof Key for Code Exchange (RFC 7636): who redeems the code shows to be who asked for it.
class PkcePair {
public:
    /// A fresh verifier of 43 characters.
    static PkcePair make();
    explicit PkcePair(core::Secret verifier_);

    core::Secret verifier;
    std::string challenge; ///< S256 of the verifier
};

/// What the end of a browser sign-in has to know of its beginning. It travels through the browser as the
/// `state` parameter, sealed, and not in the daemon's memory: a restart in between, or a callback that lands
/// on another replica with the same key, changes nothing.
class OAuthState {
public:
    OAuthState(std::string flow_id_, std::string organization_, core::Secret verifier_)
        : flow_id(std::move(flow_id_)), organization(std::move(organization_)),
          verifier(std::move(verifier_)) {}

    std::string flow_id;
    std::string organization; ///< its name
    std::string tenant;       ///< where the person is sent, and the code redeemed
    std::string client_id;
    std::string redirect_uri; ///< the token endpoint wants the same one again
    std::string principal;    ///< who started it
    std::string nonce;        ///< the id token has to carry it
    std::string claims; ///< what the authority asked for when the last sign-in no longer did; often empty
    core::Secret verifier;
    core::SystemTime started_at{}; ///< to the millisecond, as all times here
    core::SystemTime expires_at{};
};

std::string seal_state(core::Sealer const& sealer, OAuthState const& state);
/// nullopt when it is not one of ours, or was changed. An expired one opens: whoever asks has to look.
std::optional<OAuthState> open_state(core::Sealer const& sealer, std::string_view sealed);

/// What a flow id says of itself, so that it means something after a restart too.
class FlowTicket {
public:
    explicit FlowTicket(std::string organization_) : organization(std::move(organization_)) {}
    std::string organization;
    core::SystemTime started_at{};
    core::SystemTime expires_at{};
};

/// Different every time.
std::string make_flow_id(core::Sealer const& sealer, FlowTicket const& ticket);
std::optional<FlowTicket> open_flow_id(core::Sealer const& sealer, std::string_view flow_id);

} // namespace auth
