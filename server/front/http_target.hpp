#pragma once

#include "core/http/http_codec.hpp"

#include <cstddef>
#include <optional>
#include <string>

namespace server {

/// What a request asks for.
class RequestTarget {
public:
    std::string path;  ///< `*` included
    std::string query; ///< without `?`
};

/// origin-form, `*`, or absolute-form whose authority must agree with Host (RFC 9112 §3.2). nullopt
/// otherwise.
std::optional<RequestTarget> split_target(core::HttpRequestHead const& head);

/// The declared body: nullopt when its size is not known beforehand.
std::optional<std::size_t> declared_length(core::HttpHeaders const& headers);

} // namespace server
