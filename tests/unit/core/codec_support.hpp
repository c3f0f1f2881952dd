#pragma once

#include "core/http/http_codec.hpp"
#include "support/run_coro.hpp"
#include "support/scripted_stream.hpp"

#include <string>
#include <utility>
#include <vector>

namespace test {

/// Every chunk size up to the text's own length: a parser must not care where the network cuts.
inline std::vector<std::size_t> chunk_sizes(std::string const& text) {
    std::vector<std::size_t> sizes;
    for (std::size_t size = 1; size <= text.size(); ++size) {
        sizes.push_back(size);
    }
    return sizes;
}

} // namespace test
