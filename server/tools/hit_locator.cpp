#include "server/tools/hit_locator.hpp"

#include "server/tools/text_fold.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <utility>

namespace server {

namespace {

constexpr std::int64_t kLongestHit = 1024;

bool is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/// How the index may have counted: the file as it is, or with CR LF as one, each also off by one for a byte
/// order mark.
struct Reading {
    bool line_ends_as_one;
    std::int64_t shift;
};
constexpr std::array<Reading, 6> kReadings{
    Reading{false, 0}, {true, 0}, {false, -1}, {true, -1}, {false, 1}, {true, 1}};

/// Byte offsets of UTF-16 offsets, walking the text once. An offset past the end has no place.
class OffsetMap {
public:
    OffsetMap(std::string_view text, std::span<IndexedHit const> hits, bool line_ends_as_one) {
        for (IndexedHit const& hit : hits) {
            for (std::int64_t const shift : {-1, 0, 1}) {
                if (hit.offset + shift >= 0) {
                    places_.push_back({hit.offset + shift, text.size() + 1});
                }
            }
        }
        std::sort(
            places_.begin(), places_.end(), [](Place const& a, Place const& b) { return a.units < b.units; });
        std::int64_t units = 0;
        auto place = places_.begin();
        for (std::size_t at = 0; at <= text.size() && place != places_.end(); ++at) {
            auto const byte = at < text.size() ? static_cast<unsigned char>(text[at]) : 0U;
            bool const continues = (byte & 0xC0U) == 0x80U;
            if (continues ||
                (line_ends_as_one && byte == '\r' && at + 1 < text.size() && text[at + 1] == '\n')) {
                continue;
            }
            for (; place != places_.end() && place->units <= units; ++place) {
                place->bytes = at;
            }
            units += byte >= 0xF0U ? 2 : 1;
        }
    }

    std::optional<std::size_t> find(std::int64_t units, std::size_t text_size) const {
        auto const place =
            std::lower_bound(places_.begin(), places_.end(), units, [](Place const& p, std::int64_t u) {
                return p.units < u;
            });
        if (place == places_.end() || place->units != units || place->bytes > text_size) {
            return std::nullopt;
        }
        return place->bytes;
    }

private:
    struct Place {
        std::int64_t units;
        std::size_t bytes;
    };
    std::vector<Place> places_;
};

/// `length` UTF-16 units from `at`, in bytes, stopping at the end of the text.
std::size_t bytes_of_units(std::string_view text, std::size_t at, std::int64_t length) {
    std::size_t end = at;
    while (end < text.size() && length > 0) {
        length -= static_cast<unsigned char>(text[end]) >= 0xF0U ? 2 : 1;
        do {
            ++end;
        } while (end < text.size() && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U);
    }
    return end - at;
}

/// Bytes of `folded` from `at` that are the term; 0 when they are not. A blank in the term stands for any run
/// of them.
std::size_t match_at(std::string_view folded, std::size_t at, std::string_view term) {
    std::size_t end = at;
    for (char const c : term) {
        if (end >= folded.size()) {
            return 0;
        }
        if (c == ' ') {
            if (!is_blank(folded[end])) {
                return 0;
            }
            while (end < folded.size() && is_blank(folded[end])) {
                ++end;
            }
        } else if (folded[end] == c) {
            ++end;
        } else {
            return 0;
        }
    }
    return end - at;
}

std::size_t word_end(std::string_view text, std::size_t at) {
    while (at < text.size() && is_word_byte(text[at])) {
        ++at;
    }
    return at;
}

bool begins_word(std::string_view text, std::size_t at) {
    return at == 0 || !is_word_byte(text[at]) || !is_word_byte(text[at - 1]);
}

bool ends_word(std::string_view text, std::size_t end) {
    return end == text.size() || !is_word_byte(text[end]) || !is_word_byte(text[end - 1]);
}

class Locator {
public:
    Locator(std::string_view text, std::span<IndexedHit const> hits, std::span<QueryTerm const> terms)
        : text_(text), terms_(terms), plain_(text, hits, false),
          has_cr_(text.find('\r') != std::string_view::npos) {
        if (has_cr_) {
            joined_.emplace(text, hits, true);
        }
        // The service reports a phrase word by word, or whole.
        for (QueryTerm const& term : terms) {
            needles_.push_back(term);
            if (term.text.find(' ') != std::string::npos) {
                add_words(term.text);
            }
        }
    }

    std::vector<LocatedHit> locate(std::span<IndexedHit const> hits) {
        std::vector<IndexedHit const*> strays;
        Reading const usual = most_fitting(hits);
        std::vector<LocatedHit> located;
        for (IndexedHit const& hit : hits) {
            std::optional<LocatedHit> place = fit(hit, usual);
            for (auto reading = kReadings.begin(); !place && reading != kReadings.end(); ++reading) {
                place = fit(hit, *reading);
            }
            if (place) {
                located.push_back(*place);
            } else {
                strays.push_back(&hit);
            }
        }
        find_strays(strays, located);
        std::sort(located.begin(), located.end(), [](LocatedHit const& a, LocatedHit const& b) {
            return std::pair(a.begin, a.end) < std::pair(b.begin, b.end);
        });
        auto const same = [](LocatedHit const& a, LocatedHit const& b) {
            return a.begin == b.begin && a.end == b.end;
        };
        located.erase(std::unique(located.begin(), located.end(), same), located.end());
        return located;
    }

private:
    void add_words(std::string_view phrase) {
        while (!phrase.empty()) {
            std::size_t const end = std::min(phrase.find(' '), phrase.size());
            needles_.push_back(QueryTerm{std::string(phrase.substr(0, end)), false});
            phrase.remove_prefix(std::min(end + 1, phrase.size()));
        }
    }

    std::optional<std::size_t> place_of(IndexedHit const& hit, Reading const& reading) const {
        if (reading.line_ends_as_one && !joined_) {
            return std::nullopt;
        }
        OffsetMap const& map = reading.line_ends_as_one ? *joined_ : plain_;
        return map.find(hit.offset + reading.shift, text_.size());
    }

    std::optional<LocatedHit> fit(IndexedHit const& hit, Reading const& reading) const {
        std::optional<std::size_t> const at = place_of(hit, reading);
        if (!at || *at >= text_.size()) {
            return std::nullopt;
        }
        std::size_t const said = bytes_of_units(text_, *at, hit.length);
        std::optional<LocatedHit> loose;
        for (QueryTerm const& needle : needles_) {
            std::size_t const reach = std::max(said, needle.text.size() + 64);
            std::string const folded = fold_case(text_.substr(*at, reach));
            std::size_t const size = match_at(folded, 0, needle.text);
            if (size == 0) {
                continue;
            }
            std::size_t const end = needle.prefix ? word_end(text_, *at + size) : *at + size;
            // Where the index agrees with us on the length, it cut words its own way; otherwise we insist on
            // whole ones.
            if (*at + said == end) {
                return LocatedHit{*at, end, false};
            }
            if (!loose && begins_word(text_, *at) && ends_word(text_, end)) {
                loose = LocatedHit{*at, end, false};
            }
        }
        return loose;
    }

    Reading most_fitting(std::span<IndexedHit const> hits) const {
        Reading best = kReadings.front();
        std::size_t best_count = 0;
        for (Reading const& reading : kReadings) {
            auto const fits = [&](IndexedHit const& hit) { return fit(hit, reading).has_value(); };
            auto const count = static_cast<std::size_t>(std::count_if(hits.begin(), hits.end(), fits));
            if (count == hits.size()) {
                return reading;
            }
            if (count > best_count) {
                best = reading;
                best_count = count;
            }
        }
        return best;
    }

    /// Every place in the file that reads like one of the terms; whole words, or when there are none, parts
    /// of words.
    std::vector<LocatedHit> occurrences() const {
        std::string const folded = fold_case(text_);
        std::vector<LocatedHit> whole;
        std::vector<LocatedHit> partial;
        for (QueryTerm const& term : terms_) {
            std::string_view const first = std::string_view(term.text).substr(0, term.text.find(' '));
            for (std::size_t at = folded.find(first); at != std::string::npos;
                 at = folded.find(first, at + 1)) {
                std::size_t const size = match_at(folded, at, term.text);
                if (size == 0) {
                    continue;
                }
                std::size_t const end = term.prefix ? word_end(text_, at + size) : at + size;
                bool const is_whole = begins_word(text_, at) && ends_word(text_, end);
                (is_whole ? whole : partial).push_back(LocatedHit{at, end, true});
            }
        }
        return whole.empty() ? partial : whole;
    }

    void find_strays(std::vector<IndexedHit const*> const& strays, std::vector<LocatedHit>& located) const {
        if (strays.empty()) {
            return;
        }
        std::vector<LocatedHit> found = occurrences();
        if (found.empty()) {
            trust(strays, located);
            return;
        }
        std::sort(found.begin(), found.end(), [](auto const& a, auto const& b) { return a.begin < b.begin; });
        std::vector<bool> taken(found.size());
        for (std::size_t i = 0; i < found.size(); ++i) {
            taken[i] = std::any_of(located.begin(), located.end(), [&](LocatedHit const& hit) {
                return hit.begin < found[i].end && found[i].begin < hit.end;
            });
        }
        for (IndexedHit const* stray : strays) {
            std::size_t const wanted = place_of(*stray, kReadings.front()).value_or(text_.size());
            std::optional<std::size_t> const index = nearest(found, taken, wanted);
            if (!index) {
                return; // more hits than the file has places: it changed since it was indexed
            }
            taken[*index] = true;
            located.push_back(found[*index]);
        }
    }

    static std::optional<std::size_t>
    nearest(std::vector<LocatedHit> const& found, std::vector<bool> const& taken, std::size_t wanted) {
        auto const right =
            std::lower_bound(found.begin(), found.end(), wanted, [](LocatedHit const& hit, std::size_t at) {
                return hit.begin < at;
            });
        auto after = static_cast<std::size_t>(right - found.begin());
        std::size_t before = after;
        while (after < found.size() && taken[after]) {
            ++after;
        }
        while (before > 0 && taken[before - 1]) {
            --before;
        }
        if (before == 0) {
            return after < found.size() ? std::optional(after) : std::nullopt;
        }
        if (after == found.size() || wanted - found[before - 1].begin < found[after].begin - wanted) {
            return before - 1;
        }
        return after;
    }

    /// No term to check against (the query has only wildcards or filters, or the index matched in a way of
    /// its own): the offset counts if it names a whole word.
    void trust(std::vector<IndexedHit const*> const& strays, std::vector<LocatedHit>& located) const {
        for (IndexedHit const* stray : strays) {
            std::optional<std::size_t> const at = place_of(*stray, kReadings.front());
            if (!at || *at >= text_.size()) {
                continue;
            }
            std::size_t const end = *at + bytes_of_units(text_, *at, stray->length);
            if (end > *at && !is_blank(text_[*at]) && begins_word(text_, *at) && ends_word(text_, end)) {
                located.push_back(LocatedHit{*at, end, false});
            }
        }
    }

    std::string_view text_;
    std::span<QueryTerm const> terms_;
    std::vector<QueryTerm> needles_; ///< the terms, then the words of phrases
    OffsetMap plain_;
    std::optional<OffsetMap> joined_;
    bool has_cr_;
};

} // namespace

std::vector<LocatedHit>
find_terms(std::string_view text, std::span<QueryTerm const> terms, std::vector<bool>& found) {
    std::string const folded = fold_case(text);
    std::vector<LocatedHit> hits;
    found.assign(terms.size(), false);
    for (std::size_t i = 0; i < terms.size(); ++i) {
        std::string_view const first = std::string_view(terms[i].text).substr(0, terms[i].text.find(' '));
        for (std::size_t at = folded.find(first); at != std::string::npos; at = folded.find(first, at + 1)) {
            std::size_t const size = match_at(folded, at, terms[i].text);
            if (size == 0 || !begins_word(text, at)) {
                continue;
            }
            std::size_t const end = terms[i].prefix ? word_end(text, at + size) : at + size;
            if (ends_word(text, end)) {
                hits.push_back(LocatedHit{at, end, true});
                found[i] = true;
            }
        }
    }
    std::sort(hits.begin(), hits.end(), [](LocatedHit const& a, LocatedHit const& b) {
        return std::pair(a.begin, a.end) < std::pair(b.begin, b.end);
    });
    return hits;
}

std::vector<LocatedHit>
locate_hits(std::string_view text, std::span<IndexedHit const> hits, std::span<QueryTerm const> terms) {
    std::vector<IndexedHit> content;
    for (IndexedHit const& hit : hits) {
        if (hit.length >= 0 && hit.offset >= 0) {
            // A phrase may be long, but a length that is no length must not make us walk the file.
            content.push_back(IndexedHit{hit.offset, std::min(hit.length, kLongestHit)});
        }
    }
    if (content.empty()) {
        return {};
    }
    return Locator(text, content, terms).locate(content);
}

} // namespace server
