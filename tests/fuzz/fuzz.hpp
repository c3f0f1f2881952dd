#pragma once

#include "core/error.hpp"
#include "core/http/http_message.hpp"
#include "core/task.hpp"
#include "core/text/utf8.hpp"
#include "protocol/jsonrpc.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

/// What the fuzz targets share. Each is a file with LLVMFuzzerTestOneInput; a broken promise ends the process
/// and the fuzzer keeps the input.
namespace fuzz {

inline void require(bool holds, char const* promise) {
    if (!holds) {
        std::fprintf(stderr, "broken promise: %s\n", promise);
        std::abort();
    }
}

/// An input, taken apart from the front. What is missing counts as zero or empty.
class Input {
public:
    Input(std::uint8_t const* data, std::size_t size)
        : Input(std::string_view(reinterpret_cast<char const*>(data), size)) {}
    explicit Input(std::string_view bytes) : rest_(bytes) {}

    std::uint8_t byte() {
        std::uint8_t const value = rest_.empty() ? std::uint8_t{0} : static_cast<std::uint8_t>(rest_.front());
        rest_.remove_prefix(std::min<std::size_t>(1, rest_.size()));
        return value;
    }
    /// Up to `end`, which is dropped; everything when it does not come.
    std::string_view until(std::string_view end) {
        std::size_t const at = std::min(rest_.find(end), rest_.size());
        std::string_view const piece = rest_.substr(0, at);
        rest_.remove_prefix(std::min(at + end.size(), rest_.size()));
        return piece;
    }
    std::string_view rest() const noexcept { return rest_; }

private:
    std::string_view rest_;
};

/// The result of a task that waits for nothing outside itself. Rethrows what it throws.
template <class T>
T run_now(core::Task<T> task) {
    static boost::asio::io_context io(1);
    std::optional<T> value;
    std::exception_ptr thrown;
    boost::asio::co_spawn(io, std::move(task), [&](std::exception_ptr e, T result) {
        thrown = std::move(e);
        value.emplace(std::move(result));
    });
    io.restart();
    io.poll();
    if (thrown) {
        std::rethrow_exception(thrown);
    }
    require(value.has_value(), "a task that waits for nothing ends");
    return std::move(*value);
}

/// `POST` and header lines, an empty line, a body: what the front hands on of a request.
class Request {
public:
    explicit Request(Input input) : method(input.until("\n")) {
        for (std::string_view line = input.until("\n"); !line.empty(); line = input.until("\n")) {
            std::size_t const colon = std::min(line.find(':'), line.size());
            std::string_view const value = line.substr(std::min(colon + 1, line.size()));
            headers.add(std::string(line.substr(0, colon)), std::string(core::trim_ows(value)));
        }
        body = input.rest();
    }

    std::string method;
    core::HttpHeaders headers;
    std::string body;
};

/// What every error we send must be: JSON that says what is wrong.
inline void require_good_error(protocol::RequestId const& id, protocol::RpcError const& error) {
    require(error.code < 0 && !error.message.empty(), "an error has a code and a message");
    auto const text = protocol::error_response(id, error);
    require(core::is_valid_utf8(text), "an error is UTF-8");
    require(text.find('\n') == std::string::npos, "an error fits on one line");
    auto const json = core::parse_json(text, core::JsonLimits());
    require(json && json->at("error").at("code") == error.code && json->contains("id"),
            "an error is JSON-RPC");
}

} // namespace fuzz
