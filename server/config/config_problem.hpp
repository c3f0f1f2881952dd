#pragma once

#include "core/result.hpp"

#include <cstddef>
#include <map>
#include <string>
#include <vector>

namespace server {

/// Where a value of the configuration stands in its file; lines and columns count from 1, 0 = the file as a
/// whole.
class SourceMark {
public:
    std::size_t line = 0;
    std::size_t column = 0;
    std::size_t key_line = 0; ///< of the key in front of the value; the value's own in a sequence
    std::size_t key_column = 0;
    std::string text;      ///< scalars: the text after expansion
    bool expanded = false; ///< scalars: `${NAME}` stood in it
};

/// One thing that is wrong with a configuration.
class ConfigProblem {
public:
    std::size_t line = 0;
    std::size_t column = 0;
    std::string key;      ///< `connectors[0].organization`; empty = the file as a whole
    std::string found;    ///< what stands there
    std::string expected; ///< what may stand there, or what to do

    /// `FILE:LINE:COLUMN: KEY: found …; expected …`
    std::string to_line(std::string const& source) const;
};

/// All problems of one file. The first one reported for a key path wins: what follows from it is not
/// repeated.
class ConfigProblems {
public:
    explicit ConfigProblems(std::string source) : source_(std::move(source)) {}

    /// `pointer` is a JSON pointer; its mark is looked up, else that of the closest ancestor that has one.
    void add(std::string const& pointer, std::string found, std::string expected);
    /// The same, but at the key instead of its value.
    void add_at_key(std::string const& pointer, std::string found, std::string expected);
    void
    add_at(std::size_t line, std::size_t column, std::string key, std::string found, std::string expected);

    /// The reader of the file fills these in.
    std::map<std::string, SourceMark>& marks() noexcept { return marks_; }
    SourceMark const* mark(std::string const& pointer) const;
    bool has(std::string const& pointer) const;
    bool empty() const noexcept { return problems_.empty(); }
    std::string const& source() const noexcept { return source_; }
    /// In the order of the file.
    std::vector<ConfigProblem> sorted() const;
    /// code `config_invalid`; the message has one line a problem.
    core::Error to_error() const;

private:
    SourceMark const* closest_mark(std::string pointer) const;

    std::string source_;
    std::map<std::string, SourceMark> marks_;
    std::vector<ConfigProblem> problems_;
};

/// `/connectors/0/auth/1/pat_file` as `connectors[0].auth[1].pat_file`.
std::string key_path(std::string const& pointer);
/// One more step of a JSON pointer, escaped.
std::string pointer_child(std::string const& pointer, std::string_view key);
std::string pointer_child(std::string const& pointer, std::size_t index);

} // namespace server
