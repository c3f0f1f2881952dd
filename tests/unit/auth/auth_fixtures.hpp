#pragma once

#include "core/call_context.hpp"
#include "core/error.hpp"
#include "core/text/base64.hpp"
#include "core/text/percent_encoding.hpp"
#include "core/token_source.hpp"
#include "support/run_coro.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace test {

using Token = core::Result<core::AccessToken>;

inline constexpr std::string_view kHomeTenant = "11111111-1111-1111-1111-111111111111";
inline constexpr std::string_view kTargetTenant = "22222222-2222-2222-2222-222222222222";
inline constexpr std::string_view kAppId = "33333333-3333-3333-3333-333333333333";

inline core::CallContext any_context() {
    return {"test", core::Deadline::never()};
}

/// An unsigned JWT with these claims.
inline std::string make_jwt(std::string_view claims) {
    return core::base64url_encode(R"({"alg":"RS256","typ":"JWT"})") + "." + core::base64url_encode(claims) +
           ".c2lnbmF0dXJl";
}

/// The error body Entra sends.
inline std::string entra_error(std::string_view error, long long code, std::string_view suberror = {}) {
    std::string const number = std::to_string(code);
    std::string body =
        R"({"error":")" + std::string(error) + R"(","error_description":"AADSTS)" + number +
        R"(: Something is wrong. Trace ID: 7c4f Correlation ID: c0ffee Timestamp: 2026-11-23 04:12:00Z",)" +
        R"("error_codes":[)" + number + R"(],"trace_id":"7c4f","correlation_id":"c0ffee")";
    if (!suberror.empty()) {
        body += R"(,"suberror":")" + std::string(suberror) + "\"";
    }
    return body + "}";
}

inline std::string token_answer(std::string_view access_token,
                                long long expires_in = 3600,
                                std::string_view refresh_token = {}) {
    std::string body = R"({"token_type":"Bearer","expires_in":)" + std::to_string(expires_in) +
                       R"(,"access_token":")" + std::string(access_token) + "\"";
    if (!refresh_token.empty()) {
        body += R"(,"refresh_token":")" + std::string(refresh_token) + "\"";
    }
    return body + "}";
}

/// One field of a recorded form body, decoded; empty when absent.
inline std::string form_field(std::string const& body, std::string_view name) {
    std::optional<core::QueryPairs> const pairs = core::parse_query(body);
    return pairs ? std::string(core::find_value(*pairs, name).value_or("")) : std::string("(not a form)");
}

/// Everything of an error that may be shown or logged, in one string, for the canary checks.
inline std::string all_text(core::Error const& error) {
    return error.message() + "|" + error.fix() + "|" + error.code() + "|" + error.activity_id() + "|" +
           error.detail();
}

} // namespace test
