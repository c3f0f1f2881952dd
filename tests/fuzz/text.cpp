// Encodings: what was encoded is decoded, what is decoded had one spelling.
#include "fuzz.hpp"

#include "core/text/base64.hpp"
#include "core/text/percent_encoding.hpp"

using fuzz::require;

namespace {

void check_base64(std::string_view bytes) {
    require(core::base64_decode(core::base64_encode(bytes)) == bytes, "base64 comes back");
    require(core::base64url_decode(core::base64url_encode(bytes)) == bytes, "base64url comes back");
    if (auto const decoded = core::base64_decode(bytes)) {
        require(core::base64_encode(*decoded) == bytes, "base64 has one spelling");
    }
    if (auto const decoded = core::base64url_decode(bytes)) {
        require(core::base64url_encode(*decoded) == bytes, "base64url has one spelling");
    }
}

void check_percent(std::string_view bytes) {
    std::string const encoded = core::percent_encode(bytes);
    require(core::percent_decode(encoded) == bytes && core::percent_decode(encoded, true) == bytes,
            "percent encoding comes back");
    if (auto const decoded = core::percent_decode(bytes)) {
        require(decoded->size() <= bytes.size(), "decoding does not make it longer");
    }
    if (auto const pairs = core::parse_query(bytes)) {
        auto const again = core::parse_query(core::build_query(*pairs));
        require(again == pairs, "a query comes back");
        require(pairs->empty() || core::find_value(*pairs, pairs->front().first) == pairs->front().second,
                "the first value is found");
    }
}

void check_utf8(std::string_view bytes, std::size_t limit) {
    bool const valid = core::is_valid_utf8(bytes);
    std::string const text = core::to_valid_utf8(bytes);
    require(core::is_valid_utf8(text), "it is UTF-8 afterwards");
    require(!valid || text == bytes, "and unchanged when it was before");
    require(core::to_valid_utf8(text) == text, "once is enough");

    std::string_view const prefix = core::utf8_prefix(text, limit);
    require(prefix.size() <= limit && text.starts_with(prefix), "a prefix keeps to its bytes");
    require(core::is_valid_utf8(prefix), "no character is cut");
    require(prefix.size() == text.size() || prefix.size() + 4 > limit, "a prefix is as long as it may be");

    std::size_t const units = core::utf16_length(text);
    require(core::utf8_offset_of_utf16(text, units) == text.size(), "the end is the end");
    std::size_t before = 0;
    for (std::size_t unit = 0; unit <= std::min<std::size_t>(units, 64); ++unit) {
        std::size_t const offset = core::utf8_offset_of_utf16(text, unit);
        require(offset >= before && offset <= text.size(), "offsets grow");
        before = offset;
    }
    require(core::is_valid_utf8(core::utf8_from_utf16(bytes, limit % 2 == 0)), "UTF-16 becomes UTF-8");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    fuzz::Input input(data, size);
    std::size_t const limit = input.byte();
    check_base64(input.rest());
    check_percent(input.rest());
    check_utf8(input.rest(), limit);
    return 0;
}
