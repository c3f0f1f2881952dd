#pragma once

#include "core/error.hpp"
#include "core/http/http_message.hpp"
#include "server/front/http_exchange.hpp"

#include <chrono>
#include <string>
#include <utility>

namespace server {

/// A refusal or failure as the HTTP side tells it: RFC 9457 with a stable `code` and, where there is one,
/// `fix`.
class Problem {
public:
    Problem(int status_, std::string code_, std::string detail_)
        : status(status_), code(std::move(code_)), detail(std::move(detail_)) {}
    Problem&& with_title(std::string text) &&;
    Problem&& with_fix(std::string text) &&;
    Problem&& with_header(std::string name, std::string value) &&;

    int status;
    std::string code; ///< snake_case of ours, or the upstream's (TF400813, AADSTS700082)
    std::string detail;
    std::string title; ///< empty = the reason phrase of the status
    std::string fix;
    std::string activity_id; ///< the upstream's correlation id
    core::HttpHeaders headers;
};

/// HTTP status of an error that came back from the rooms behind the front. A credential that the *upstream*
/// refused is 400 "Authentication Failed", not 401: the caller of this API is signed in, it is what they sent
/// that does not work, and a 401 would make clients throw their own token away.
Problem problem_of(core::Error const& error);

/// application/problem+json
HttpReply problem_reply(Problem const& problem);
/// For /mcp: the same as a JSON-RPC error without a usable id, the problem as its `data`.
HttpReply rpc_problem_reply(Problem const& problem);

} // namespace server
