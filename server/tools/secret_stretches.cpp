#include "server/tools/secret_stretches.hpp"

#include "core/text/byte_scan.hpp"
#include "server/tools/secret_characters.hpp"

#include <algorithm>
#include <utility>

namespace server::secrets {
namespace {

/// What tokens and keys are made of, with what joins their parts.
constexpr Set kTokenLike = make_set("_+/=%~.-");
constexpr std::size_t kShortestToken = 20;
/// `aws_secret_access_key = "` before a value.
constexpr std::size_t kNameBefore = 40;

/// Runs of kShortestToken and more: one look at every kShortestToken-th character finds them.
void add_runs(std::string_view text, std::vector<Stretch>& stretches) {
    auto const like = [text](std::size_t at) { return kTokenLike[static_cast<unsigned char>(text[at])]; };
    std::size_t from = 0;
    for (std::size_t probe = kShortestToken - 1; probe < text.size(); probe = from + kShortestToken - 1) {
        if (!like(probe)) {
            from = probe + 1;
            continue;
        }
        std::size_t begin = probe;
        while (begin > from && like(begin - 1)) {
            --begin;
        }
        std::size_t end = probe + 1;
        while (end < text.size() && like(end)) {
            ++end;
        }
        from = end;
        if (end - begin >= kShortestToken) {
            std::size_t first = begin > kNameBefore ? begin - kNameBefore : 0;
            while (first > 0 && first < begin && kWord[static_cast<unsigned char>(text[first - 1])]) {
                ++first;
            }
            stretches.emplace_back(first, end);
        }
    }
}

void add_words(std::string_view text, std::vector<Stretch>& stretches) {
    // Of each the letter is looked for that is rare in most texts.
    constexpr std::string_view kDashes = "-----";
    for (std::size_t at = text.find("BEGIN "); at != std::string_view::npos;
         at = text.find("BEGIN ", at + 1)) {
        if (at >= kDashes.size() && text.substr(at - kDashes.size(), kDashes.size()) == kDashes) {
            stretches.emplace_back(at - kDashes.size(), at);
        }
    }
    if (text.find('@') != std::string_view::npos) {
        for (std::size_t at = text.find("://"); at != std::string_view::npos; at = text.find("://", at + 1)) {
            stretches.emplace_back(at, at + 1);
        }
    }
    auto const is_w = [](auto c) {
        return (c == static_cast<unsigned char>('w')) | (c == static_cast<unsigned char>('W'));
    };
    // The one letter that `password=` and `pwd=` share and that is rare.
    for (std::size_t at = 0; (at = core::find_byte(text, at, is_w)) < text.size(); ++at) {
        for (auto const& [name, place] : {std::pair(std::string_view("password"), std::size_t(4)),
                                          std::pair(std::string_view("pwd"), std::size_t(1))}) {
            if (at < place || !same(text.substr(at - place, name.size()), name)) {
                continue;
            }
            std::size_t equals = at - place + name.size();
            equals += equals < text.size() && text[equals] == ' ' ? 1U : 0U;
            if (equals < text.size() && text[equals] == '=') {
                stretches.emplace_back(equals, equals + 1);
            }
        }
    }
}

} // namespace

std::vector<Stretch> find_stretches(std::string_view text) {
    std::vector<Stretch> stretches;
    add_runs(text, stretches);
    add_words(text, stretches);
    std::sort(stretches.begin(), stretches.end(), [](Stretch const& a, Stretch const& b) {
        return a.begin < b.begin;
    });
    return stretches;
}

} // namespace server::secrets
