#include "server/front/problem.hpp"

#include "core/http/http_codec.hpp"
#include "core/json.hpp"

#include <nlohmann/json.hpp>

#include <string_view>

namespace server {
namespace {

constexpr int kInvalidRequest = -32600;
constexpr int kInternalError = -32603;

int status_of(core::ErrorKind kind) noexcept {
    switch (kind) {
    case core::ErrorKind::invalid_argument:
    case core::ErrorKind::unauthorized:
        return 400;
    case core::ErrorKind::forbidden:
        return 403;
    case core::ErrorKind::not_found:
        return 404;
    case core::ErrorKind::conflict:
        return 409;
    case core::ErrorKind::rate_limited:
        return 429;
    case core::ErrorKind::network:
    case core::ErrorKind::tls:
    case core::ErrorKind::protocol:
    case core::ErrorKind::upstream:
        return 502;
    case core::ErrorKind::cancelled:
    case core::ErrorKind::overloaded:
        return 503;
    case core::ErrorKind::timeout:
        return 504;
    case core::ErrorKind::internal:
        break;
    }
    return 500;
}

core::Json members_of(Problem const& problem) {
    core::Json body = {
        {"type", "urn:ado-mcpd:problem:" + problem.code},
        {"title", problem.title.empty() ? std::string(core::reason_phrase(problem.status)) : problem.title},
        {"status", problem.status},
        {"detail", problem.detail},
        {"code", problem.code}};
    if (!problem.fix.empty()) {
        body["fix"] = problem.fix;
    }
    if (!problem.activity_id.empty()) {
        body["activity_id"] = problem.activity_id;
    }
    return body;
}

void copy_headers(Problem const& problem, HttpReply& reply) {
    for (auto const& [name, value] : problem.headers.fields()) {
        reply.headers.add(name, value);
    }
}

} // namespace

Problem&& Problem::with_title(std::string text) && {
    title = std::move(text);
    return std::move(*this);
}

Problem&& Problem::with_fix(std::string text) && {
    fix = std::move(text);
    return std::move(*this);
}

Problem&& Problem::with_header(std::string name, std::string value) && {
    headers.add(std::move(name), std::move(value));
    return std::move(*this);
}

Problem problem_of(core::Error const& error) {
    int const status = status_of(error.kind());
    Problem problem(status,
                    error.code().empty() ? std::string(core::to_string(error.kind())) : error.code(),
                    error.message());
    problem.fix = error.fix();
    problem.activity_id = error.activity_id();
    if (error.kind() == core::ErrorKind::unauthorized) {
        problem.title = "Authentication Failed";
    }
    if (error.retry_after()) {
        problem.headers.add("Retry-After", std::to_string(error.retry_after()->count()));
    } else if (status == 503) {
        problem.headers.add("Retry-After", "1");
    }
    return problem;
}

HttpReply problem_reply(Problem const& problem) {
    HttpReply reply(problem.status, "application/problem+json", core::dump_json(members_of(problem)));
    copy_headers(problem, reply);
    reply.failed = true;
    return reply;
}

HttpReply rpc_problem_reply(Problem const& problem) {
    core::Json error = {{"code", problem.status >= 500 ? kInternalError : kInvalidRequest},
                        {"message", problem.detail},
                        {"data", members_of(problem)}};
    if (!problem.fix.empty()) {
        // Hosts show the message and drop the data.
        error["message"] = problem.detail + " " + problem.fix;
    }
    core::Json const body = {{"jsonrpc", "2.0"}, {"id", nullptr}, {"error", std::move(error)}};
    HttpReply reply = json_reply(problem.status, body);
    copy_headers(problem, reply);
    reply.failed = true;
    return reply;
}

} // namespace server
