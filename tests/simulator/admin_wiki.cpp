#include "simulator/admin_wiki.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <random>

namespace simulator {
namespace {

constexpr long long kMostPages = 50'000;
constexpr int kPagesOfArea = 100;
constexpr std::array<std::string_view, 16> kTopics{"latency",
                                                   "failover",
                                                   "certificate",
                                                   "rollback",
                                                   "backup",
                                                   "queue",
                                                   "quota",
                                                   "deployment",
                                                   "replication",
                                                   "login",
                                                   "billing",
                                                   "cache",
                                                   "network",
                                                   "disk",
                                                   "alert",
                                                   "migration"};
constexpr std::array<std::string_view, 6> kHeadings{
    "Symptoms", "Check first", "Mitigation", "Root cause", "Escalation", "After the incident"};

Reply reply(Json const& value, int status) {
    Reply made = json_reply(value, status);
    made.service_headers = false;
    return made;
}

std::string digits(long long number) {
    std::array<char, 24> text{};
    std::snprintf(text.data(), text.size(), "%05lld", number);
    return text.data();
}

/// Text as people's languages have it: few words often, many words rarely.
class Prose {
public:
    explicit Prose(std::uint64_t seed) : random_(seed) {
        std::uniform_int_distribution<int> letters(2, 5);
        constexpr std::string_view kConsonants = "bcdfghklmnprstvw";
        constexpr std::string_view kVowels = "aeiou";
        for (int i = 0; i < 4000; ++i) {
            std::string word;
            for (int n = letters(random_) / 2 + 1; n > 0; --n) {
                word += kConsonants[random_() % kConsonants.size()];
                word += kVowels[random_() % kVowels.size()];
            }
            words_.push_back(word + (i % 3 == 0 ? "n" : "r"));
        }
    }

    std::string sentence() {
        std::uniform_real_distribution<double> unit(0.0, 1.0);
        std::string text;
        for (std::size_t n = 8 + random_() % 10; n > 0; --n) {
            double const place = unit(random_);
            auto const index =
                static_cast<std::size_t>(place * place * place * static_cast<double>(words_.size()));
            text += (text.empty() ? "" : " ") + words_[std::min(index, words_.size() - 1)];
        }
        text.front() = static_cast<char>(text.front() - 'a' + 'A');
        return text + ". ";
    }

    std::string page(long long number, std::string const& title) {
        std::string text = "# " + title + "\n\n" + sentence() + "Marker needle" + digits(number) + ".\n";
        std::size_t const sections = 2 + random_() % 4;
        for (std::size_t i = 0; i < sections; ++i) {
            text += "\n## " +
                    std::string(kHeadings[(i + static_cast<std::size_t>(number)) % kHeadings.size()]) +
                    "\n\n";
            for (std::size_t n = 2 + random_() % 5; n > 0; --n) {
                text += sentence() + (n % 2 == 0 ? "\n" : "");
            }
            text += "Then look at " + std::string(kTopics[random_() % kTopics.size()]) + ".\n";
        }
        return text;
    }

private:
    std::mt19937_64 random_;
    std::vector<std::string> words_;
};

} // namespace

Reply fill_wiki(State& state, Json const& args) {
    auto* organization = state.world->find_organization(string_member(args, "organization", "contoso"));
    std::string const project_name = string_member(args, "project", "Game Engine");
    auto* project = organization == nullptr ? nullptr : organization->find_project(project_name);
    auto* wiki = organization == nullptr
                     ? nullptr
                     : organization->find_wiki(string_member(args, "wiki", project_name + ".wiki"), project);
    if (wiki == nullptr) {
        return reply({{"error", "wiki needs organization, project and wiki"}}, 400);
    }
    long long const pages = std::clamp(int_member(args, "pages", 100), 1LL, kMostPages);
    Prose prose(static_cast<std::uint64_t>(int_member(args, "seed", 7)));
    FileChanges changes;
    std::string const root = wiki->mapped_path == "/" ? "" : wiki->mapped_path;
    changes[root + "/Runbooks.md"] = "# Runbooks\n\nOne folder for each area.\n";
    for (long long number = 0; number < pages; ++number) {
        std::string const area = digits(number / kPagesOfArea).substr(2);
        std::string const folder = root + "/Runbooks/Area-" + area;
        if (number % kPagesOfArea == 0) {
            changes[folder + ".md"] = "# Area " + area + "\n";
        }
        std::string topic(kTopics[static_cast<std::size_t>(number) % kTopics.size()]);
        std::string const file = folder + "/Service-" + digits(number) + "-" + topic + ".md";
        changes[file] = prose.page(number, "Service " + digits(number) + " " + topic);
    }
    auto const commit = wiki->repository->git.commit(
        wiki->version, changes, {"Ada Palmer", "ada.palmer@contoso.example"}, "Write runbooks", state.now());
    state.search->forget_answers();
    return reply({{"commit", commit->id}, {"files", changes.size()}}, 200);
}

} // namespace simulator
