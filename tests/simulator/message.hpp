#pragma once

#include "simulator/text.hpp"

#include <nlohmann/json.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace simulator {

/// Members stay in the order they are written in, as the service's do.
using Json = nlohmann::ordered_json;

std::string dump(Json const& value);
/// nullopt when it is not JSON. A leading byte order mark is skipped.
std::optional<Json> parse_json(std::string_view text);
std::string string_member(Json const& object, std::string_view name, std::string_view fallback = "");
long long int_member(Json const& object, std::string_view name, long long fallback);

class Request {
public:
    std::string method;
    std::string target;                ///< as sent
    std::string host;                  ///< Host header, lower case, with the port
    std::vector<std::string> segments; ///< of the path, decoded, empty ones left out
    NameValues query;                  ///< decoded; names in lower case
    NameValues headers;                ///< names in lower case
    std::string body;

    /// Fills segments and query; names of query parameters become lower case.
    void set_target(std::string_view raw);
    std::string_view header(std::string_view lower_name) const noexcept;
    std::string_view param(std::string_view lower_name) const noexcept;
    bool has_param(std::string_view lower_name) const noexcept;
    bool flag(std::string_view lower_name) const noexcept;
    long long int_param(std::string_view lower_name, long long fallback) const noexcept;
    /// Host without port.
    std::string_view host_name() const noexcept;
};

/// What to do with the connection around the answer: the faults a peer can meet.
enum class Delivery {
    normal,
    reset,        ///< RST instead of an answer
    drop,         ///< close without an answer
    partial_body, ///< announced length, half the body, close
    slow,         ///< the body in small pieces
    stall,        ///< half the body, then silence
    hang          ///< no answer until the peer gives up
};

class Reply {
public:
    Reply() = default;
    Reply(int status_, std::string content_type_, std::string body_)
        : status(status_), content_type(std::move(content_type_)), body(std::move(body_)) {}

    int status = 200;
    std::string content_type; ///< empty = no Content-Type
    std::string body;
    NameValues headers;
    Delivery delivery = Delivery::normal;
    std::chrono::milliseconds delay{0};
    std::chrono::milliseconds piece_pause{60}; ///< of a slow body
    bool service_headers = true;               ///< the header block Azure DevOps puts on everything

    Reply& with(std::string name, std::string value) {
        headers.emplace_back(std::move(name), std::move(value));
        return *this;
    }
    bool has_header(std::string_view name) const noexcept;
};

Reply json_reply(Json const& value, int status = 200);
Reply empty_reply(int status);
/// `{"count":…,"value":[…]}`; `value_first` gives the other order, as git and wiki answer.
Reply list_reply(Json const& values, bool value_first = false);

} // namespace simulator
