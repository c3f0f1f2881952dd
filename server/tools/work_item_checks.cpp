#include "server/tools/work_item_checks.hpp"

#include "core/http/http_message.hpp"
#include "protocol/schema.hpp"
#include "server/tools/answer.hpp"
#include "server/tools/clean_text.hpp"
#include "server/tools/list_answer.hpp"
#include "server/tools/name_hints.hpp"
#include "server/tools/work_item_arguments.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace server {

namespace {

using core::Json;

constexpr std::string_view kFields = "/fields/";
/// Values of these are never mere suggestions.
constexpr std::array<std::string_view, 3> kLimited = {kPriority, kSeverity, "System.State"};

/// The value the patch gives a field; nullptr when it gives none.
Json const* value_of(ado::WorkItemPatch const& patch, std::string_view field) {
    for (Json const& operation : patch.document()) {
        std::string_view const path = core::find_string(operation, "path").value_or(std::string_view());
        if (path.starts_with(kFields) && core::iequals(path.substr(kFields.size()), field)) {
            return core::find(operation, "value");
        }
    }
    return nullptr;
}

std::string text_of(Json const& value) {
    return value.is_string() ? value.get<std::string>() : core::dump_json(value);
}

std::string shown(std::string_view text) {
    constexpr std::size_t kBytes = 120;
    return shorten_text(clean_line(text), kBytes);
}

std::string label(ado::FieldRule const& rule) {
    return rule.name.empty() || rule.name == rule.reference_name
               ? shown(rule.reference_name)
               : shown(rule.reference_name) + " (" + shown(rule.name) + ")";
}

bool is_allowed(ado::FieldRule const& rule, std::string_view value) {
    return std::any_of(rule.allowed_values.begin(), rule.allowed_values.end(), [value](auto const& allowed) {
        return core::iequals(allowed, value);
    });
}

std::string allowed_text(ado::FieldRule const& rule, std::string_view value) {
    return describe_names(value, rule.allowed_values, "Allowed");
}

void check_path(std::vector<std::string>& problems,
                std::vector<std::string> const& paths,
                ado::WorkItemPatch const& patch,
                std::string_view field,
                std::string_view argument) {
    Json const* const value = value_of(patch, field);
    if (value == nullptr || !value->is_string() || paths.empty()) {
        return;
    }
    auto const& path = value->get_ref<std::string const&>();
    bool const there = std::any_of(
        paths.begin(), paths.end(), [&path](std::string const& known) { return core::iequals(known, path); });
    if (there) {
        return;
    }
    // A path is often right but for its beginning.
    std::string meant = path;
    for (std::string const& known : paths) {
        if (known.size() > path.size() && known[known.size() - path.size() - 1] == '\\' &&
            core::iequals(std::string_view(known).substr(known.size() - path.size()), path)) {
            meant = known;
            break;
        }
    }
    std::string hint =
        meant != path ? "Did you mean '" + shown(meant) + "'?" : describe_names(path, paths, "There are");
    problems.push_back("`" + std::string(argument) + "` '" + shown(path) + "' does not exist. " + hint);
}

void check_missing(std::vector<std::string>& problems,
                   TypeFacts const& facts,
                   ado::WorkItemPatch const& patch) {
    for (ado::FieldRule const& rule : facts.rules) {
        if (!rule.required || value_of(patch, rule.reference_name) != nullptr) {
            continue;
        }
        std::string problem = label(rule) + " is required: give it in `fields`.";
        if (!rule.allowed_values.empty()) {
            problem += " " + describe_names("", rule.allowed_values, "Allowed");
        }
        problems.push_back(std::move(problem));
    }
}

std::string joined(std::vector<std::string> const& sentences) {
    std::string text;
    for (std::string const& sentence : sentences) {
        text += (text.empty() ? "" : " ") + sentence;
    }
    return text;
}

/// `Custom.X` of `TF51535: Cannot find field Custom.X.`
std::string_view unknown_field(std::string_view message) {
    constexpr std::string_view kWords = "Cannot find field ";
    std::size_t const at = message.find(kWords);
    if (at == std::string_view::npos) {
        return {};
    }
    std::string_view name = message.substr(at + kWords.size());
    name = name.substr(0, name.find(' '));
    while (name.ends_with('.')) {
        name.remove_suffix(1);
    }
    return name;
}

/// The fields a refusal names, with the values they take.
std::vector<std::string>
named_fields(core::Error const& error, TypeFacts const& facts, ado::WorkItemPatch const& patch) {
    std::vector<std::string> sentences;
    for (ado::FieldRule const& rule : facts.rules) {
        bool const named = error.message().find(rule.reference_name) != std::string::npos ||
                           error.message().find("field " + rule.name + ".") != std::string::npos;
        if (!named || rule.allowed_values.empty()) {
            continue;
        }
        Json const* const value = value_of(patch, rule.reference_name);
        std::string const text = value == nullptr ? std::string() : text_of(*value);
        if (!is_allowed(rule, text)) {
            sentences.push_back(label(rule) + ": " + allowed_text(rule, text));
        }
    }
    return sentences;
}

} // namespace

std::vector<std::string> problems_of(TypeFacts const& facts, ado::WorkItemPatch const& patch, bool created) {
    std::vector<std::string> problems;
    check_path(problems, facts.paths.areas, patch, "System.AreaPath", "area_path");
    check_path(problems, facts.paths.iterations, patch, "System.IterationPath", "iteration_path");
    for (std::string_view const field : kLimited) {
        ado::FieldRule const* const rule = facts.find(field);
        Json const* const value = rule == nullptr ? nullptr : value_of(patch, field);
        if (value == nullptr || value->is_null() || rule->allowed_values.empty()) {
            continue;
        }
        std::string const text = text_of(*value);
        if (!text.empty() && !is_allowed(*rule, text)) {
            problems.push_back(label(*rule) + " does not take '" + shown(text) + "'. " +
                               allowed_text(*rule, text));
        }
    }
    if (created) {
        check_missing(problems, facts, patch);
    }
    return problems;
}

std::optional<core::Error>
check_patch(TypeFacts const& facts, ado::WorkItemPatch const& patch, bool created) {
    std::vector<std::string> const problems = problems_of(facts, patch, created);
    if (problems.empty()) {
        return std::nullopt;
    }
    return core::Error(core::ErrorKind::invalid_argument, joined(problems) + " Nothing was sent.")
        .with_code("field_rules")
        .with_fix("describe_work_item_type shows what each field takes.")
        .with_not_sent();
}

std::string nearest_fields(TypeFacts const& facts, std::string_view name) {
    // People mean either name; what they need is the one that is sent.
    std::vector<std::string> names;
    for (ado::FieldRule const& rule : facts.rules) {
        names.push_back(rule.reference_name);
    }
    std::vector<std::string_view> shown_names;
    for (ado::FieldRule const& rule : facts.rules) {
        shown_names.push_back(rule.name);
    }
    std::string_view const last =
        name.substr(name.rfind('.') == std::string_view::npos ? 0 : name.rfind('.') + 1);
    for (std::string_view const wanted : {name, last}) {
        std::string_view const nearest = protocol::nearest_name(wanted, shown_names);
        for (ado::FieldRule const& rule : facts.rules) {
            if (!nearest.empty() && rule.name == nearest) {
                return "Did you mean '" + shown(rule.reference_name) + "' (" + shown(rule.name) + ")?";
            }
        }
    }
    return describe_names(name, std::move(names), "Fields there");
}

bool is_about_rules(core::Error const& error) {
    return error.code() == "TF401320" || error.code() == "TF401347" || error.code() == "TF51535" ||
           error.code() == "RuleValidationException";
}

core::Error
explain_refusal(core::Error error, TypeFacts const& facts, ado::WorkItemPatch const& patch, bool created) {
    std::string more;
    if (error.code() == "TF51535") {
        more = nearest_fields(facts, unknown_field(error.message()));
    } else {
        std::vector<std::string> sentences = problems_of(facts, patch, created);
        for (std::string& sentence : named_fields(error, facts, patch)) {
            bool const said = std::any_of(sentences.begin(), sentences.end(), [&sentence](auto const& other) {
                return other.starts_with(sentence.substr(0, sentence.find(':')));
            });
            if (!said) {
                sentences.push_back(std::move(sentence));
            }
        }
        more = joined(sentences);
    }
    if (more.empty()) {
        return error;
    }
    std::string fix = more + (error.fix().empty() ? "" : " " + error.fix());
    return std::move(error).with_fix(std::move(fix));
}

} // namespace server
