#pragma once

#include "core/json.hpp"
#include "protocol/tool.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace server {

/// What was masked in one text.
class MaskedSecrets {
public:
    class Place {
    public:
        std::size_t line = 0;  ///< from 1
        std::string_view kind; ///< `azure-devops-pat`
    };
    std::vector<Place> places; ///< in order; a secret over several lines is one, at its first

    bool empty() const noexcept { return places.empty(); }
};

/// How a masked secret begins where there is room for it; the rest of it becomes stars.
inline constexpr std::string_view kMaskBegin = "[masked";

/// Overwrites secrets: tokens of Azure DevOps, GitHub, AWS, Slack, Google and Entra, storage and shared
/// access keys, signatures of SAS links, JWTs, private keys, passwords in connection strings and URLs. Each
/// character becomes one character and line ends stay, so that lines and columns are those of the original.
/// What is already masked, and what only looks random (hashes, ids, encoded data), stays. `text` is valid
/// UTF-8. Linear in its size. The first `context` bytes are only looked at, for what begins there, and taken
/// away.
MaskedSecrets mask_secrets(std::string& text, std::size_t context = 0);

/// The same for every string in `json`; the lines are those within each string. Keys stay.
MaskedSecrets mask_secrets(core::Json& json);

/// Masks what an answer holds, text and structured content, and notes it in both where `budget` bytes have
/// room for that. Masks are no longer than what they stand for.
void mask_answer(protocol::ToolResult& answer, std::size_t budget);

/// `2 secrets are masked in /a (azure-devops-pat in line 3, jwt in line 17): never write the masks back.` A
/// line of 0 is not told; empty when there are none.
std::string mask_note(std::string_view where, std::vector<MaskedSecrets::Place> const& places);

} // namespace server
