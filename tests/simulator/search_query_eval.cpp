#include "simulator/search_query.hpp"
#include "simulator/text.hpp"

#include <algorithm>

namespace simulator {
namespace {

/// How far apart the two sides of NEAR may stand, in words.
constexpr std::uint32_t kNearDistance = 5;
/// What a wildcard is expanded to at most.
constexpr std::size_t kWildcardTerms = 100;

std::u16string folded_name(std::string_view path) {
    return folded(utf8_to_utf16(path.substr(path.rfind('/') + 1)));
}

class Evaluation {
public:
    Evaluation(SearchDocument const& document, std::uint32_t elements)
        : document_(document), elements_(elements) {}

    DocumentHits run(QueryNode const& node) {
        DocumentHits hits;
        hits.matched = visit(node, true, hits);
        auto& list = hits.content;
        std::sort(list.begin(), list.end(), [](auto const& a, auto const& b) { return a.offset < b.offset; });
        auto const same = [](auto const& a, auto const& b) {
            return a.offset == b.offset && a.length == b.length;
        };
        list.erase(std::unique(list.begin(), list.end(), same), list.end());
        return hits;
    }

private:
    /// `collect` is off below NOT: what must not be there is no hit.
    bool visit(QueryNode const& node, bool collect, DocumentHits& hits) {
        switch (node.kind) {
        case QueryKind::all_of: {
            bool all = true;
            for (auto const& child : node.children) {
                all = visit(*child, collect, hits) && all;
            }
            return all;
        }
        case QueryKind::any_of: {
            bool any = false;
            for (auto const& child : node.children) {
                any = visit(*child, collect, hits) || any;
            }
            return any;
        }
        case QueryKind::none_of:
            return !visit(*node.children.front(), false, hits);
        case QueryKind::filter:
            return filter(node, collect, hits);
        case QueryKind::near:
            return near(node, collect, hits);
        case QueryKind::term:
        case QueryKind::phrase:
        case QueryKind::wildcard:
            break;
        }
        auto const found = occurrences(node);
        if (collect) {
            for (auto const& occurrence : found) {
                hits.content.push_back({occurrence.offset, occurrence.length, occurrence.elements});
            }
        }
        bool const named = node.elements == 0 && elements_ == 0 && name_matches(node);
        hits.file_name = hits.file_name || (named && collect);
        return !found.empty() || named;
    }

    std::vector<Occurrence> occurrences(QueryNode const& node) const {
        std::vector<Occurrence> out;
        std::uint32_t const wanted = node.elements != 0 ? node.elements : elements_;
        auto const take = [&](std::vector<Occurrence> const& list) {
            for (auto const& occurrence : list) {
                if (wanted == 0 || (occurrence.elements & wanted) != 0) {
                    out.push_back(occurrence);
                }
            }
        };
        if (node.kind == QueryKind::term) {
            if (auto const* list = document_.text.find(node.text)) {
                take(*list);
            }
        } else if (node.kind == QueryKind::wildcard) {
            std::size_t terms = 0;
            for (auto const& [word, list] : document_.text.words()) {
                if (terms < kWildcardTerms && wildcard_match(node.text, word)) {
                    take(list);
                    ++terms;
                }
            }
        } else {
            phrase(node.text, out);
        }
        return out;
    }

    void phrase(std::u16string const& text, std::vector<Occurrence>& out) const {
        auto const& whole = document_.text.folded_text();
        for (auto at = whole.find(text); at != std::u16string::npos; at = whole.find(text, at + 1)) {
            std::size_t const end = at + text.size();
            bool const open_start = at == 0 || !is_word(text.front()) || !is_word(whole[at - 1]);
            bool const open_end = end == whole.size() || !is_word(text.back()) || !is_word(whole[end]);
            if (open_start && open_end) {
                out.push_back(
                    {static_cast<std::uint32_t>(at), static_cast<std::uint32_t>(text.size()), 0, 0});
            }
        }
    }

    bool name_matches(QueryNode const& node) const {
        auto const name = folded_name(document_.path);
        std::u16string word;
        for (std::size_t i = 0; i <= name.size(); ++i) {
            if (i < name.size() && is_word(name[i])) {
                word += name[i];
                continue;
            }
            bool const hit =
                node.kind == QueryKind::wildcard ? wildcard_match(node.text, word) : word == node.text;
            if (!word.empty() && hit) {
                return true;
            }
            word.clear();
        }
        return name == node.text;
    }

    bool filter(QueryNode const& node, bool collect, DocumentHits& hits) const {
        auto const value = folded(utf8_to_utf16(node.filter_value));
        auto const matches = [&](std::string_view text) {
            return wildcard_match(value, folded(utf8_to_utf16(text)));
        };
        if (node.filter == "proj") {
            return matches(document_.project);
        }
        if (node.filter == "repo") {
            return matches(document_.repository);
        }
        if (node.filter == "ext") {
            auto const dot = document_.path.rfind('.');
            return dot != std::string_view::npos && matches(document_.path.substr(dot + 1));
        }
        if (node.filter == "file") {
            auto const name = document_.path.substr(document_.path.rfind('/') + 1);
            bool const hit = matches(name) || wildcard_match(value + u".*", folded(utf8_to_utf16(name)));
            hits.file_name = hits.file_name || (hit && collect);
            return hit;
        }
        std::string wanted = node.filter_value;
        if (!wanted.starts_with('/')) {
            wanted = '/' + wanted;
        }
        if (wanted.find_first_of("*?") != std::string::npos) {
            return wildcard_match(folded(utf8_to_utf16(wanted)), folded(utf8_to_utf16(document_.path)));
        }
        return istarts_with(document_.path, wanted.ends_with('/') ? wanted : wanted + "/") ||
               iequals(document_.path, wanted);
    }

    bool near(QueryNode const& node, bool collect, DocumentHits& hits) const {
        if (node.children.size() != 2) {
            return false;
        }
        auto const left = occurrences(*node.children[0]);
        auto const right = occurrences(*node.children[1]);
        bool any = false;
        for (auto const& a : left) {
            for (auto const& b : right) {
                bool const before = a.ordinal < b.ordinal && b.ordinal - a.ordinal <= kNearDistance;
                bool const after = b.ordinal < a.ordinal && a.ordinal - b.ordinal <= kNearDistance;
                bool const hit = node.near_operator == "BEFORE"  ? before
                                 : node.near_operator == "AFTER" ? after
                                                                 : before || after;
                if (hit && collect) {
                    hits.content.push_back({a.offset, a.length, a.elements});
                    hits.content.push_back({b.offset, b.length, b.elements});
                }
                any = any || hit;
            }
        }
        return any;
    }

    SearchDocument const& document_;
    std::uint32_t elements_;
};

} // namespace

bool wildcard_match(std::u16string_view pattern, std::u16string_view text) {
    std::size_t p = 0;
    std::size_t t = 0;
    std::size_t star = std::u16string_view::npos;
    std::size_t resume = 0;
    while (t < text.size()) {
        if (p < pattern.size() && (pattern[p] == u'?' || pattern[p] == text[t])) {
            ++p;
            ++t;
        } else if (p < pattern.size() && pattern[p] == u'*') {
            star = p++;
            resume = t;
        } else if (star != std::u16string_view::npos) {
            p = star + 1;
            t = ++resume;
        } else {
            return false;
        }
    }
    while (p < pattern.size() && pattern[p] == u'*') {
        ++p;
    }
    return p == pattern.size();
}

DocumentHits evaluate(ParsedQuery const& query, SearchDocument const& document, std::uint32_t elements) {
    if (query.root == nullptr) {
        return {};
    }
    return Evaluation(document, elements).run(*query.root);
}

} // namespace simulator
