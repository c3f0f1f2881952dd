#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

/// What the client's methods take beside names and ids.
namespace ado {

class WriteOptions {
public:
    WriteOptions() = default;
    explicit WriteOptions(bool validate_only_) : validate_only(validate_only_) {}
    bool validate_only = false;
};

class WiqlQuery {
public:
    WiqlQuery() = default;
    explicit WiqlQuery(std::string query_) : query(std::move(query_)) {}
    std::string query;
    std::string project; ///< empty = the whole organization; needed for @project
    std::size_t top = 200;
    bool time_precision = false; ///< dates in the query carry a time of day
};

/// `'` doubled, as WIQL quotes a string literal.
std::string quote_wiql(std::string_view text);

} // namespace ado
