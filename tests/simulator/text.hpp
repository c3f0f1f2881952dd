#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// Small text tools of the simulator: ASCII case, splitting, percent and base64 coding.
namespace simulator {

std::string lower(std::string_view text);
bool iequals(std::string_view a, std::string_view b) noexcept;
bool istarts_with(std::string_view text, std::string_view prefix) noexcept;
bool icontains(std::string_view text, std::string_view needle);
std::string_view trim(std::string_view text) noexcept;
std::vector<std::string> split(std::string_view text, char separator);
std::string join(std::vector<std::string> const& parts, std::string_view separator);
std::string replace_all(std::string text, std::string_view from, std::string_view to);
bool to_int(std::string_view text, long long& value) noexcept;

std::string percent_decode(std::string_view text, bool plus_is_space);
/// Encodes everything but unreserved characters and those in `keep`.
std::string percent_encode(std::string_view text, std::string_view keep = "");
using NameValues = std::vector<std::pair<std::string, std::string>>;
/// `a=1&b=2` with both sides decoded; a name without `=` has an empty value.
NameValues parse_form(std::string_view text);

std::string base64_encode(std::string_view bytes);
std::string base64url_encode(std::string_view bytes);
/// Accepts both alphabets, padding optional.
std::optional<std::string> base64_decode(std::string_view text);

std::string html_escape(std::string_view text);

} // namespace simulator
