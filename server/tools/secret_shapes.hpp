#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

namespace server {

class SecretSpan {
public:
    SecretSpan(std::size_t begin_, std::size_t end_, std::string_view kind_, bool continues_ = false)
        : begin(begin_), end(end_), kind(kind_), continues(continues_) {}
    std::size_t begin;
    std::size_t end;
    std::string_view kind;
    bool continues; ///< a further piece of the secret before
};

/// Where secrets stand in `text`, in order and without overlaps. Reads each byte a bounded number of times.
std::vector<SecretSpan> find_secrets(std::string_view text);

} // namespace server
