#include "ado/url_segments.hpp"

#include "core/text/percent_encoding.hpp"

#include <utility>

namespace ado {

std::optional<std::vector<std::string>> path_segments(std::string_view path) {
    std::vector<std::string> segments;
    while (!path.empty()) {
        std::size_t const slash = path.find('/');
        std::optional<std::string> segment = core::percent_decode(path.substr(0, slash));
        if (!segment) {
            return std::nullopt;
        }
        if (!segment->empty()) {
            segments.push_back(std::move(*segment));
        }
        path = slash == std::string_view::npos ? std::string_view() : path.substr(slash + 1);
    }
    return segments;
}

} // namespace ado
