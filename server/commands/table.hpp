#pragma once

#include "core/json.hpp"

#include <nlohmann/json.hpp>

#include <string>
#include <utility>
#include <vector>

namespace server {

/// Rows for people (aligned columns) or for programs (`--json`: an array of objects under one name).
class Table {
public:
    /// `columns`: JSON member names, shown in upper case. `name`: the member that holds the rows.
    Table(std::string name, std::vector<std::string> columns)
        : name_(std::move(name)), columns_(std::move(columns)) {}

    /// One cell a column; null is shown as `-`.
    void add(std::vector<core::Json> cells);
    std::string to_text() const;
    std::string to_json() const;
    /// On stdout.
    void print(bool json) const;

private:
    std::string name_;
    std::vector<std::string> columns_;
    std::vector<std::vector<core::Json>> rows_;
};

} // namespace server
