#pragma once

#include "core/result.hpp"
#include "core/secret.hpp"
#include "server/store/envelope_key_ring.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace server {

/// What an envelope belongs to. All of it is authenticated with the content: an envelope moved to another
/// record, or a record whose `bound` columns were changed, does not open.
class RecordName {
public:
    RecordName(std::string kind_, std::string organization_, std::int64_t generation_)
        : kind(std::move(kind_)), organization(std::move(organization_)), generation(generation_) {}

    /// `the pat of contoso`
    std::string describe() const { return "the " + kind + " of " + organization; }

    std::string kind;
    std::string organization;
    std::int64_t generation;
    std::vector<std::string> bound; ///< other columns that decide where the secret is sent
};

/// Seals secrets for one record: AES-256-GCM under a random key of their own, which is itself sealed under
/// the first key of the ring. Layout: version (1 byte) | key id (8) | nonce (12) | sealed data key (32 + 16)
/// | nonce (12) | sealed secrets (n + 16).
core::Result<std::string>
seal_envelope(KeyRing const& keys, RecordName const& record, std::span<core::Secret const* const> secrets);

/// The secrets in the order they were sealed. Errors name the record; their codes: `envelope_malformed`,
/// `envelope_version`, `envelope_unknown_key`, `envelope_tampered`.
core::Result<std::vector<core::Secret>>
open_envelope(KeyRing const& keys, RecordName const& record, std::string_view envelope);

/// The id of the key an envelope needs; empty when it is no envelope.
std::string_view envelope_key_id(std::string_view envelope) noexcept;

} // namespace server
