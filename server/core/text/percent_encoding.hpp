#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace core {

/// RFC 3986: everything but unreserved characters becomes %XX. For one path segment or one query value.
std::string percent_encode(std::string_view text);
/// The same at the end of `out`. With `keep_slashes` for a path.
void append_percent_encoded(std::string& out, std::string_view text, bool keep_slashes = false);
/// nullopt on a broken escape. `plus_is_space` for form bodies and queries.
std::optional<std::string> percent_decode(std::string_view text, bool plus_is_space = false);

using QueryPairs = std::vector<std::pair<std::string, std::string>>;
/// `a=1&b=2` of a query or a form body; nullopt on a broken escape.
std::optional<QueryPairs> parse_query(std::string_view text);
std::optional<std::string_view> find_value(QueryPairs const& pairs, std::string_view name) noexcept;
/// Encoded `name=value` joined by `&`.
std::string build_query(QueryPairs const& pairs);

} // namespace core
