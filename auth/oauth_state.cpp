#include "auth/oauth_state.hpp"

#include "auth/entra_token_client.hpp"
#include "core/crypto/digest.hpp"
#include "core/crypto/random.hpp"
#include "core/json.hpp"
#include "core/text/base64.hpp"

#include <nlohmann/json.hpp>

#include <chrono>
#include <cstdint>

namespace auth {
namespace {

constexpr std::string_view kStatePurpose = "oauth-state";
constexpr std::string_view kFlowPurpose = "sign-in-flow";
constexpr std::size_t kVerifierBytes = 32;

std::int64_t to_millis(core::SystemTime time) {
    return std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count();
}

std::optional<core::SystemTime> time_member(core::Json const& object, std::string_view name) {
    std::optional<std::int64_t> const millis = core::find_int(object, name);
    return millis ? std::optional(core::SystemTime(std::chrono::milliseconds(*millis))) : std::nullopt;
}

std::string text_member(core::Json const& object, std::string_view name) {
    return std::string(core::find_string(object, name).value_or(std::string_view()));
}

void wipe(std::string& text) noexcept {
    core::wipe(text.data(), text.size());
}

} // namespace

PkcePair::PkcePair(core::Secret verifier_)
    : verifier(std::move(verifier_)), challenge(core::base64url_encode(core::sha256(verifier.expose()))) {}

PkcePair PkcePair::make() {
    std::string bytes = core::random_bytes(kVerifierBytes);
    std::string text = core::base64url_encode(bytes);
    core::Secret verifier(text);
    wipe(bytes);
    wipe(text);
    return PkcePair(std::move(verifier));
}

std::string seal_state(core::Sealer const& sealer, OAuthState const& state) {
    // The names are short because all of it becomes part of a URL.
    core::Json object = {{"f", state.flow_id},
                         {"o", state.organization},
                         {"t", state.tenant},
                         {"c", state.client_id},
                         {"r", state.redirect_uri},
                         {"p", state.principal},
                         {"n", state.nonce},
                         {"v", state.verifier.expose()},
                         {"s", to_millis(state.started_at)},
                         {"e", to_millis(state.expires_at)}};
    if (!state.claims.empty()) {
        object["a"] = state.claims;
    }
    std::string plain = core::dump_json(object);
    std::string sealed = sealer.seal(kStatePurpose, {}, plain);
    wipe(plain);
    take_secret(object, "v");
    return sealed;
}

std::optional<OAuthState> open_state(core::Sealer const& sealer, std::string_view sealed) {
    std::optional<std::string> plain = sealer.open(kStatePurpose, {}, sealed);
    if (!plain) {
        return std::nullopt;
    }
    core::Result<core::Json> object = core::parse_json(*plain, core::JsonLimits());
    wipe(*plain);
    if (!object) {
        return std::nullopt;
    }
    OAuthState state(text_member(*object, "f"), text_member(*object, "o"), take_secret(*object, "v"));
    state.tenant = text_member(*object, "t");
    state.client_id = text_member(*object, "c");
    state.redirect_uri = text_member(*object, "r");
    state.principal = text_member(*object, "p");
    state.nonce = text_member(*object, "n");
    state.claims = text_member(*object, "a");
    std::optional<core::SystemTime> const started = time_member(*object, "s");
    std::optional<core::SystemTime> const expires = time_member(*object, "e");
    if (!started || !expires) {
        return std::nullopt;
    }
    state.started_at = *started;
    state.expires_at = *expires;
    return state;
}

std::string make_flow_id(core::Sealer const& sealer, FlowTicket const& ticket) {
    // The seal's own nonce makes two ids of the same moment differ.
    core::Json const object = {
        {"o", ticket.organization}, {"s", to_millis(ticket.started_at)}, {"e", to_millis(ticket.expires_at)}};
    return sealer.seal(kFlowPurpose, {}, core::dump_json(object));
}

std::optional<FlowTicket> open_flow_id(core::Sealer const& sealer, std::string_view flow_id) {
    std::optional<std::string> const plain = sealer.open(kFlowPurpose, {}, flow_id);
    if (!plain) {
        return std::nullopt;
    }
    core::Result<core::Json> const object = core::parse_json(*plain, core::JsonLimits());
    if (!object) {
        return std::nullopt;
    }
    std::optional<core::SystemTime> const started = time_member(*object, "s");
    std::optional<core::SystemTime> const expires = time_member(*object, "e");
    if (!started || !expires) {
        return std::nullopt;
    }
    FlowTicket ticket(text_member(*object, "o"));
    ticket.started_at = *started;
    ticket.expires_at = *expires;
    return ticket;
}

} // namespace auth
