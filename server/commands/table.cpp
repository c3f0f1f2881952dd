#include "server/commands/table.hpp"

#include "core/check.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cctype>
#include <cstdio>

namespace server {
namespace {

std::string shown(core::Json const& cell) {
    if (cell.is_null()) {
        return "-";
    }
    return cell.is_string() ? cell.get<std::string>() : core::dump_json(cell);
}

std::string heading(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) {
        return c == '_' ? ' ' : static_cast<char>(std::toupper(c));
    });
    return text;
}

} // namespace

void Table::add(std::vector<core::Json> cells) {
    ADOMCPD_CHECK(cells.size() == columns_.size());
    rows_.push_back(std::move(cells));
}

std::string Table::to_text() const {
    std::vector<std::vector<std::string>> lines(1);
    for (std::string const& column : columns_) {
        lines.front().push_back(heading(column));
    }
    for (auto const& row : rows_) {
        std::transform(row.begin(), row.end(), std::back_inserter(lines.emplace_back()), shown);
    }
    std::string out;
    for (auto const& line : lines) {
        for (std::size_t column = 0; column < line.size(); ++column) {
            std::size_t width = 0;
            for (auto const& other : lines) {
                width = std::max(width, other[column].size());
            }
            bool const last = column + 1 == line.size();
            out += line[column] + (last ? "\n" : std::string(width + 2 - line[column].size(), ' '));
        }
    }
    return out;
}

std::string Table::to_json() const {
    core::Json list = core::Json::array();
    for (auto const& row : rows_) {
        core::Json& item = list.emplace_back(core::Json::object());
        for (std::size_t column = 0; column < row.size(); ++column) {
            if (!row[column].is_null()) {
                item[columns_[column]] = row[column];
            }
        }
    }
    core::Json out = core::Json::object();
    out[name_] = std::move(list);
    return core::dump_json_pretty(out) + "\n";
}

void Table::print(bool json) const {
    std::fputs((json ? to_json() : to_text()).c_str(), stdout);
}

} // namespace server
