#pragma once

#include "core/json.hpp"
#include "protocol/version.hpp"

#include <cstdint>

namespace protocol {

/// What the client of a request said it can do: in every request of 2026-07-28, once in `initialize` before.
class ClientFeatures {
public:
    /// `capabilities` as declared. `elicitation: {}` means form only; URL mode came with 2025-11-25, the
    /// tasks extension with 2026-07-28.
    static ClientFeatures of(core::Json const& capabilities, Revision revision);

    /// For a place where a byte has to do (session ids).
    std::uint8_t bits() const noexcept;
    static ClientFeatures from_bits(std::uint8_t bits) noexcept;
    friend bool operator==(ClientFeatures const&, ClientFeatures const&) = default;

    bool form_elicitation = false;
    bool url_elicitation = false;
    bool sampling = false;
    bool roots = false;
    bool tasks = false;
};

} // namespace protocol
