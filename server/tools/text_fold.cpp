#include "server/tools/text_fold.hpp"

#include <cstdint>

namespace server {

namespace {

/// `code` is from a two-byte sequence (U+0080 to U+07FF) and so is the answer.
std::uint32_t fold_two_byte(std::uint32_t code) noexcept {
    bool const latin1_upper = code >= 0xC0 && code <= 0xDE && code != 0xD7;
    bool const greek_upper = code >= 0x391 && code <= 0x3A9 && code != 0x3A2;
    bool const cyrillic_upper = code >= 0x410 && code <= 0x42F;
    if (latin1_upper || greek_upper || cyrillic_upper) {
        return code + 0x20;
    }
    if (code >= 0x400 && code <= 0x40F) {
        return code + 0x50;
    }
    // Latin Extended-A alternates upper and lower; U+0130 and U+0178 have their lower case elsewhere.
    bool const even_upper =
        (code >= 0x100 && code <= 0x137 && code != 0x130) || (code >= 0x14A && code <= 0x177);
    bool const odd_upper = (code >= 0x139 && code <= 0x148) || (code >= 0x179 && code <= 0x17E);
    if ((even_upper && code % 2 == 0) || (odd_upper && code % 2 == 1)) {
        return code + 1;
    }
    return code;
}

} // namespace

std::string fold_case(std::string_view text) {
    std::string folded(text);
    for (std::size_t i = 0; i < folded.size(); ++i) {
        auto const byte = static_cast<unsigned char>(folded[i]);
        if (byte >= 'A' && byte <= 'Z') {
            folded[i] = static_cast<char>(byte + ('a' - 'A'));
        } else if (byte >= 0xC2 && byte <= 0xDF && i + 1 < folded.size()) {
            auto const next = static_cast<unsigned char>(folded[i + 1]);
            if ((next & 0xC0U) == 0x80U) {
                std::uint32_t const code = fold_two_byte((byte & 0x1FU) << 6 | (next & 0x3FU));
                folded[i] = static_cast<char>(0xC0U | (code >> 6));
                folded[i + 1] = static_cast<char>(0x80U | (code & 0x3FU));
                ++i;
            }
        }
    }
    return folded;
}

} // namespace server
