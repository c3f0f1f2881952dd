#include "server/knowledge/index_search.hpp"

#include "server/knowledge/match_query.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace server {
namespace {

/// Sections that are ranked among each other; a search is not paged further.
constexpr std::size_t kCandidates = 200;
/// Sections that are scored for one search: a word that is everywhere must not cost more than a rare one.
constexpr std::size_t kMostRanked = 4000;
/// Sections with all words are enough when there are so many; else those with some of them count, too.
constexpr std::size_t kEnough = 10;
/// What a neighbour's match adds to a section.
constexpr double kNeighbour = 0.3;

class Candidate {
public:
    std::int64_t section = 0;
    std::int64_t file = 0;
    std::int64_t place = 0; ///< among the file's sections
    double score = 0;
};

class Sources {
public:
    Sources(SQLite::Database& database, std::vector<std::string> const& wanted) {
        std::set<std::string> const keys(wanted.begin(), wanted.end());
        SQLite::Statement rows(database, "SELECT id, key FROM source");
        while (rows.executeStep()) {
            std::string key = rows.getColumn(1).getString();
            std::int64_t const id = rows.getColumn(0).getInt64();
            if (!keys.contains(key)) {
                all_ = false;
                continue;
            }
            match_ += (match_.empty() ? "source" : " OR source") + std::to_string(id);
            keys_.emplace(id, std::move(key));
        }
    }

    bool none() const noexcept { return keys_.empty(); }
    std::string const& key(std::int64_t id) const { return keys_.at(id); }
    bool has(std::int64_t id) const { return keys_.contains(id); }
    /// The words narrowed down to these sources (nothing to narrow when they are all there is), and perhaps
    /// to titles and headings.
    std::string narrowed(std::string const& words, bool titles = false) const {
        std::string const match = (titles ? "{title heading} : (" : "{title heading body} : (") + words + ")";
        return all_ ? match : match + " AND source : (" + match_ + ")";
    }

private:
    std::map<std::int64_t, std::string> keys_;
    std::string match_;
    bool all_ = true;
};

std::size_t count_matches(SQLite::Database& database, std::string const& match) {
    SQLite::Statement row(database, "SELECT count(*) FROM section_text WHERE section_text MATCH ?");
    row.bind(1, match);
    return row.executeStep() ? static_cast<std::size_t>(row.getColumn(0).getInt64()) : 0;
}

std::vector<Candidate> rank_matches(SQLite::Database& database, std::string const& match) {
    std::vector<Candidate> found;
    SQLite::Statement rows(database,
                           "SELECT rowid, rank FROM section_text WHERE section_text MATCH ? LIMIT ?");
    rows.bind(1, match);
    rows.bind(2, static_cast<std::int64_t>(kMostRanked));
    while (rows.executeStep()) {
        Candidate candidate;
        candidate.section = rows.getColumn(0).getInt64();
        candidate.score = -rows.getColumn(1).getDouble(); // FTS5's is better the lower it is
        found.push_back(candidate);
    }
    std::size_t const kept = std::min(found.size(), kCandidates);
    std::partial_sort(found.begin(),
                      found.begin() + static_cast<std::ptrdiff_t>(kept),
                      found.end(),
                      [](Candidate const& a, Candidate const& b) {
                          return a.score != b.score ? a.score > b.score : a.section < b.section;
                      });
    found.resize(kept);
    SQLite::Statement place(database, "SELECT file, place FROM section WHERE id = ?");
    for (Candidate& candidate : found) {
        place.reset();
        place.bind(1, candidate.section);
        if (place.executeStep()) {
            candidate.file = place.getColumn(0).getInt64();
            candidate.place = place.getColumn(1).getInt64();
        }
    }
    return found;
}

/// Some of the words, the rarest first: as many as can be ranked in good time. Words that are nearly
/// everywhere add nothing to a ranking.
std::string rarest_terms(SQLite::Database& database, MatchQuery const& words, Sources const& sources) {
    std::vector<std::pair<std::size_t, std::string>> counted;
    for (std::string const& term : words.quoted()) {
        std::size_t const count = count_matches(database, sources.narrowed(term));
        if (count > 0) {
            counted.emplace_back(count, term);
        }
    }
    std::sort(counted.begin(), counted.end());
    std::string match;
    std::size_t sum = 0;
    for (auto const& [count, term] : counted) {
        if (!match.empty() && sum + count > kMostRanked) {
            break;
        }
        match += (match.empty() ? "" : " OR ") + term;
        sum += count;
    }
    return match;
}

class Matching {
public:
    std::vector<Candidate> candidates;
    bool more = false; ///< there are others
};

/// All words where enough sections have them, else some of them. Where more sections match than can be
/// ranked in good time, those count whose titles and headings do.
Matching find_candidates(SQLite::Database& database, MatchQuery const& words, Sources const& sources) {
    std::string match = words.all();
    std::size_t count = count_matches(database, sources.narrowed(match));
    if (count < kEnough && words.terms().size() > 1) {
        std::string some = rarest_terms(database, words, sources);
        if (!some.empty()) {
            match = std::move(some);
            count = count_matches(database, sources.narrowed(match));
        }
    }
    Matching matching;
    std::string const titles = sources.narrowed(match, true);
    bool const too_many = count > kMostRanked;
    if (too_many && count_matches(database, titles) >= kEnough) {
        matching.candidates = rank_matches(database, titles);
    } else {
        matching.candidates = rank_matches(database, sources.narrowed(match));
    }
    matching.more = count > matching.candidates.size();
    return matching;
}

/// The best section of each file, best file first.
std::vector<Candidate> rank_files(std::vector<Candidate> const& candidates) {
    std::map<std::pair<std::int64_t, std::int64_t>, double> own;
    for (Candidate const& candidate : candidates) {
        own.emplace(std::pair(candidate.file, candidate.place), candidate.score);
    }
    std::map<std::int64_t, Candidate> best;
    for (Candidate candidate : candidates) {
        for (std::int64_t const neighbour : {candidate.place - 1, candidate.place + 1}) {
            auto const beside = own.find(std::pair(candidate.file, neighbour));
            candidate.score += beside == own.end() ? 0.0 : kNeighbour * beside->second;
        }
        auto const [it, is_new] = best.try_emplace(candidate.file, candidate);
        if (!is_new && candidate.score > it->second.score) {
            it->second = candidate;
        }
    }
    std::vector<Candidate> files;
    for (auto const& [file, candidate] : best) {
        files.push_back(candidate);
    }
    std::sort(files.begin(), files.end(), [](Candidate const& a, Candidate const& b) {
        return a.score != b.score ? a.score > b.score : a.section < b.section;
    });
    return files;
}

} // namespace

core::Result<IndexAnswer> search_index(SQLite::Database& database, IndexQuery const& query) {
    IndexAnswer answer;
    MatchQuery const words(query.text);
    // One transaction: what was found is still there when it is read.
    SQLite::Transaction transaction(database);
    Sources const sources(database, query.sources);
    if (words.empty() || sources.none()) {
        return answer;
    }
    Matching const matching = find_candidates(database, words, sources);
    std::vector<Candidate> const files = rank_files(matching.candidates);
    answer.total = files.size();
    answer.more = matching.more;
    SQLite::Statement row(
        database,
        "SELECT file.source, file.path, file.title, f.heading, s.anchor, s.first_line, s.last_line, "
        "f.body FROM section s JOIN file ON file.id = s.file JOIN section_text f ON f.rowid = s.id "
        "WHERE s.id = ?");
    for (Candidate const& candidate : files) {
        if (answer.hits.size() >= query.top) {
            break;
        }
        row.reset();
        row.bind(1, candidate.section);
        if (!row.executeStep() || !sources.has(row.getColumn(0).getInt64())) {
            continue;
        }
        IndexHit hit;
        hit.source = sources.key(row.getColumn(0).getInt64());
        hit.path = row.getColumn(1).getString();
        hit.title = row.getColumn(2).getString();
        hit.section.heading = row.getColumn(3).getString();
        hit.section.anchor = row.getColumn(4).getString();
        hit.section.first_line = static_cast<std::size_t>(row.getColumn(5).getInt64());
        hit.section.last_line = static_cast<std::size_t>(row.getColumn(6).getInt64());
        hit.section.text = row.getColumn(7).getString();
        hit.score = candidate.score;
        answer.hits.push_back(std::move(hit));
    }
    return answer;
}

} // namespace server
