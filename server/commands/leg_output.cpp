#include "server/commands/leg_output.hpp"

#include "core/error.hpp"
#include "server/commands/exit_codes.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace server {
namespace {

using core::ErrorKind;
using core::Json;

std::string text_of(Json const& object, char const* name) {
    return std::string(core::find_string(object, name).value_or(""));
}

std::string padded(std::string text, std::size_t width) {
    text.resize(std::max(width, text.size()), ' ');
    return text;
}

ErrorKind kind_of(std::string_view word) {
    constexpr std::array kKinds{ErrorKind::cancelled,
                                ErrorKind::timeout,
                                ErrorKind::network,
                                ErrorKind::tls,
                                ErrorKind::protocol,
                                ErrorKind::unauthorized,
                                ErrorKind::forbidden,
                                ErrorKind::not_found,
                                ErrorKind::conflict,
                                ErrorKind::rate_limited,
                                ErrorKind::invalid_argument,
                                ErrorKind::overloaded,
                                ErrorKind::upstream};
    auto const it = std::find_if(
        kKinds.begin(), kKinds.end(), [word](ErrorKind kind) { return core::to_string(kind) == word; });
    return it == kKinds.end() ? ErrorKind::internal : *it;
}

} // namespace

std::string outcome_word(std::string_view outcome) {
    if (outcome == "passed") {
        return "ok  ";
    }
    if (outcome == "warned") {
        return "warn";
    }
    return outcome == "failed" ? "FAIL" : "-   ";
}

std::string leg_text(Json const& report) {
    std::string text = text_of(report, "organization");
    std::string const connector = text_of(report, "connector");
    text += connector.empty() ? " (no connector)" : " (connector " + connector + ")";
    text += ": " + text_of(report, "message") + "\n";
    Json const* const legs = core::find_array(report, "legs");
    if (legs == nullptr) {
        return text;
    }
    std::size_t width = 0;
    for (Json const& leg : *legs) {
        width = std::max(width, text_of(leg, "title").size());
    }
    for (Json const& leg : *legs) {
        std::string const took = std::to_string(core::find_int(leg, "took_ms").value_or(0)) + " ms";
        text += "  " + outcome_word(text_of(leg, "outcome")) + "  " + padded(text_of(leg, "title"), width) +
                "  " + std::string(took.size() < 9 ? 9 - took.size() : 0, ' ') + took + "  " +
                text_of(leg, "detail");
        std::string const code = text_of(leg, "code");
        text += code.empty() ? "\n" : " (" + code + ")\n";
        if (std::string const activity = text_of(leg, "activity_id"); !activity.empty()) {
            text += "        correlation id: " + activity + "\n";
        }
        if (std::string const fix = text_of(leg, "fix"); !fix.empty()) {
            text += "        fix: " + fix + "\n";
        }
    }
    return text;
}

int leg_exit_code(Json const& report) {
    if (core::find_bool(report, "works").value_or(false)) {
        return kExitDone;
    }
    std::string const broken = text_of(report, "broken_leg");
    Json const* const legs = core::find_array(report, "legs");
    for (Json const& leg : legs != nullptr ? *legs : Json::array()) {
        if (text_of(leg, "name") == broken) {
            return exit_code_of(core::Error(kind_of(text_of(leg, "kind")), text_of(leg, "detail")));
        }
    }
    return kExitFailed;
}

} // namespace server
