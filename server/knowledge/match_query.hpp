#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace server {

/// Words and "phrases" of a search, as people write it.
class MatchQuery {
public:
    /// Everything that is no word or phrase is left out; so are words that say nothing, unless there are no
    /// others. At most `kMostTerms`.
    explicit MatchQuery(std::string_view text);

    std::vector<std::string> const& terms() const noexcept { return terms_; }
    bool empty() const noexcept { return terms_.empty(); }
    /// For FTS5's MATCH, each term quoted, whatever was typed; and all of them together.
    std::vector<std::string> quoted() const;
    std::string all() const;

    static constexpr std::size_t kMostTerms = 16;

private:
    std::vector<std::string> terms_; ///< without quotes; a `*` at the end finds all words that begin so
};

} // namespace server
