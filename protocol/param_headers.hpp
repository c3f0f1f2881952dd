#pragma once

#include "core/http/http_message.hpp"
#include "core/json.hpp"
#include "protocol/jsonrpc.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace protocol {

/// A tool argument that the client repeats in a header, for proxies: `"x-mcp-header": "Region"` on a property
/// asks for `Mcp-Param-Region`.
class ParamHeader {
public:
    ParamHeader(std::string header_, std::vector<std::string> path_)
        : header(std::move(header_)), path(std::move(path_)) {}

    std::string header;            ///< with the `Mcp-Param-` prefix
    std::vector<std::string> path; ///< property names from the root of the arguments
};

class ParamHeaders {
public:
    /// Reads the annotations of an input schema. Findings name each that a client would drop the whole tool
    /// for.
    static ParamHeaders of_schema(Json const& input_schema);

    std::vector<ParamHeader> headers;
    std::vector<std::string> findings;
};

/// -32020 when a header that repeats a value of `arguments` is absent, malformed or says something else.
std::optional<RpcError> check_param_headers(std::vector<ParamHeader> const& expected,
                                            Json const& arguments,
                                            core::HttpHeaders const& received);

/// A header value that repeats a value of the body. The form `=?base64?…?=` holds any UTF-8 text; everything
/// else stands for itself. nullopt when that form is broken.
std::optional<std::string> decode_mirrored_value(std::string_view value);

/// A header that may come once: nullopt when absent; `repeated` tells one field from several.
class SingleHeader {
public:
    SingleHeader(core::HttpHeaders const& headers, std::string_view name)
        : value(headers.get(name)), repeated(headers.count(name) > 1) {}

    std::optional<std::string_view> value;
    bool repeated;
};

} // namespace protocol
