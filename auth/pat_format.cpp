#include "auth/pat_format.hpp"

#include "core/http/http_message.hpp"
#include "core/text/base64.hpp"

#include <algorithm>
#include <optional>

namespace auth {
namespace {

constexpr std::size_t kLongestPat = 4096;
constexpr std::size_t kOldLength = 52;
constexpr std::size_t kNewLength = 84;

bool is_alphanumeric(char c) noexcept {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool is_known_format(std::string_view pat) noexcept {
    if (pat.size() == kOldLength) {
        return std::ranges::all_of(pat,
                                   [](char c) { return (c >= 'a' && c <= 'z') || (c >= '2' && c <= '7'); });
    }
    if (pat.size() == kNewLength && std::ranges::all_of(pat, is_alphanumeric)) {
        // Documentation and real tokens disagree by one about where the signature stands.
        return pat.substr(75, 4) == "AZDO" || pat.substr(76, 4) == "AZDO";
    }
    return false;
}

bool is_printable(std::string_view text) noexcept {
    return std::ranges::all_of(text, [](char c) { return c > ' ' && c < '\x7f'; });
}

std::string_view after_colon(std::string_view text) noexcept {
    std::size_t const colon = text.find(':');
    return colon == std::string_view::npos ? text : text.substr(colon + 1);
}

core::Result<NormalizedPat> accept(std::string_view pat) {
    if (pat.empty()) {
        return core::fail(core::ErrorKind::invalid_argument, "the personal access token is empty");
    }
    return NormalizedPat(core::Secret(pat), is_known_format(pat));
}

} // namespace

std::string_view NormalizedPat::warning() const noexcept {
    return known_format
               ? std::string_view()
               : "this does not look like an Azure DevOps personal access token (52 or 84 characters); "
                 "it is used as it is";
}

core::Result<NormalizedPat> normalize_pat(std::string_view text) {
    while (!text.empty() && std::string_view(" \t\r\n").find(text.front()) != std::string_view::npos) {
        text.remove_prefix(1);
    }
    while (!text.empty() && std::string_view(" \t\r\n").find(text.back()) != std::string_view::npos) {
        text.remove_suffix(1);
    }
    if (text.size() > kLongestPat) {
        return core::fail(core::ErrorKind::invalid_argument,
                          "the personal access token is longer than 4096 bytes");
    }
    if (text.find("${") != std::string_view::npos) {
        return core::fail(core::Error(core::ErrorKind::invalid_argument,
                                      "the personal access token holds an unexpanded ${...}")
                              .with_fix("Give the token itself, not the name of a variable."));
    }
    if (!is_printable(text)) {
        return core::fail(core::ErrorKind::invalid_argument,
                          "the personal access token holds white space, control or non-ASCII characters");
    }
    if (is_known_format(text)) {
        return accept(text);
    }
    if (text.find(':') != std::string_view::npos) {
        return accept(after_colon(text));
    }
    // Both token formats are valid base64 themselves: only what decodes to `user:token` is taken for an
    // encoded pair.
    if (std::optional<std::string> decoded = core::base64_decode(text)) {
        bool const is_pair = decoded->find(':') != std::string::npos && is_printable(*decoded);
        if (is_pair) {
            core::Result<NormalizedPat> accepted = accept(after_colon(*decoded));
            core::wipe(decoded->data(), decoded->size());
            return accepted;
        }
        core::wipe(decoded->data(), decoded->size());
    }
    return accept(text);
}

core::Result<NormalizedPat> normalize_pat(core::Secret const& text) {
    return normalize_pat(text.expose());
}

} // namespace auth
