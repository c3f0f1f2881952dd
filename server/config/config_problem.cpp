#include "server/config/config_problem.hpp"

#include "core/log.hpp"

#include <algorithm>
#include <cctype>
#include <string_view>
#include <utility>

namespace server {
namespace {

std::string unescape(std::string_view step) {
    std::string out;
    for (std::size_t i = 0; i < step.size(); ++i) {
        if (step[i] == '~' && i + 1 < step.size()) {
            out += step[++i] == '1' ? '/' : '~';
        } else {
            out += step[i];
        }
    }
    return out;
}

bool is_index(std::string_view step) noexcept {
    return !step.empty() &&
           std::all_of(step.begin(), step.end(), [](unsigned char c) { return std::isdigit(c) != 0; });
}

} // namespace

std::string key_path(std::string const& pointer) {
    std::string path;
    std::string_view rest = pointer;
    while (!rest.empty()) {
        rest.remove_prefix(1);
        std::string_view const step = rest.substr(0, rest.find('/'));
        rest.remove_prefix(step.size());
        if (is_index(step)) {
            path.append("[").append(step).append("]");
        } else {
            path.append(path.empty() ? "" : ".").append(unescape(step));
        }
    }
    return path;
}

std::string pointer_child(std::string const& pointer, std::string_view key) {
    std::string out = pointer + "/";
    for (char const c : key) {
        if (c == '~') {
            out += "~0";
        } else if (c == '/') {
            out += "~1";
        } else {
            out += c;
        }
    }
    return out;
}

std::string pointer_child(std::string const& pointer, std::size_t index) {
    return pointer + "/" + std::to_string(index);
}

std::string ConfigProblem::to_line(std::string const& source) const {
    std::string out = source;
    if (line != 0) {
        out += ":" + std::to_string(line) + ":" + std::to_string(column);
    }
    out += ": ";
    if (!key.empty()) {
        out += key + ": ";
    }
    out += "found " + found + "; expected " + expected;
    return out;
}

SourceMark const* ConfigProblems::closest_mark(std::string pointer) const {
    for (;;) {
        if (auto const it = marks_.find(pointer); it != marks_.end()) {
            return &it->second;
        }
        auto const cut = pointer.rfind('/');
        if (cut == std::string::npos) {
            return nullptr;
        }
        pointer.resize(cut);
    }
}

void ConfigProblems::add(std::string const& pointer, std::string found, std::string expected) {
    SourceMark const* mark = closest_mark(pointer);
    add_at(mark != nullptr ? mark->line : 0,
           mark != nullptr ? mark->column : 0,
           key_path(pointer),
           std::move(found),
           std::move(expected));
}

void ConfigProblems::add_at_key(std::string const& pointer, std::string found, std::string expected) {
    SourceMark const* mark = closest_mark(pointer);
    add_at(mark != nullptr ? mark->key_line : 0,
           mark != nullptr ? mark->key_column : 0,
           key_path(pointer),
           std::move(found),
           std::move(expected));
}

void ConfigProblems::add_at(
    std::size_t line, std::size_t column, std::string key, std::string found, std::string expected) {
    if (std::any_of(
            problems_.begin(), problems_.end(), [&key](ConfigProblem const& p) { return p.key == key; })) {
        return;
    }
    ConfigProblem problem;
    problem.line = line;
    problem.column = column;
    problem.key = std::move(key);
    problem.found = core::log::mask_secrets(found); // a secret pasted where its file was asked for
    problem.expected = std::move(expected);
    problems_.push_back(std::move(problem));
}

SourceMark const* ConfigProblems::mark(std::string const& pointer) const {
    auto const it = marks_.find(pointer);
    return it != marks_.end() ? &it->second : nullptr;
}

bool ConfigProblems::has(std::string const& pointer) const {
    std::string const key = key_path(pointer);
    return std::any_of(
        problems_.begin(), problems_.end(), [&key](ConfigProblem const& p) { return p.key == key; });
}

std::vector<ConfigProblem> ConfigProblems::sorted() const {
    std::vector<ConfigProblem> out = problems_;
    std::stable_sort(out.begin(), out.end(), [](ConfigProblem const& a, ConfigProblem const& b) {
        return std::pair(a.line, a.column) < std::pair(b.line, b.column);
    });
    return out;
}

core::Error ConfigProblems::to_error() const {
    std::string text;
    for (ConfigProblem const& problem : sorted()) {
        text.append(text.empty() ? "" : "\n").append(problem.to_line(source_));
    }
    return core::Error(core::ErrorKind::invalid_argument, std::move(text))
        .with_code("config_invalid")
        .with_fix("mend the configuration; `ado-mcpd check` validates it");
}

} // namespace server
