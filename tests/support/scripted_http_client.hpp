#pragma once

#include "core/async.hpp"
#include "core/http/http_client.hpp"

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace test {

/// A copy of a request as it reached the client, with the credential and the secret body in the open.
class RecordedRequest {
public:
    explicit RecordedRequest(core::HttpRequest const& req, core::CallContext const& ctx)
        : method(req.method), url(req.url.to_string()), headers(req.headers),
          body(req.secret_body.empty() ? req.body : std::string(req.secret_body.expose())),
          credential(req.credential.expose()), auth_scheme(req.auth_scheme), idempotent(req.idempotent),
          max_response_bytes(req.max_response_bytes), deadline(ctx.deadline) {}

    std::string method;
    std::string url;
    core::HttpHeaders headers;
    std::string body;
    std::string credential;
    core::AuthScheme auth_scheme;
    bool idempotent;
    std::size_t max_response_bytes;
    core::Deadline deadline;
};

inline core::HttpResponse make_response(
    int status, std::string body = {}, std::vector<std::pair<std::string, std::string>> const& headers = {}) {
    core::HttpResponse response;
    response.status = status;
    response.body = std::move(body);
    for (auto const& [name, value] : headers) {
        response.headers.add(name, value);
    }
    return response;
}

/// An HttpClient without sockets. Answers come from the queue (`respond`, `fail`), first in first out, and
/// when that is empty from the handler (`handle`); with neither, the request fails with ErrorKind::internal
/// and the test sees why.
///
///     test::ScriptedHttpClient http;
///     http.respond(200, R"({"value":[]})", {{"Content-Type", "application/json"}});
///     ... code under test ...
///     EXPECT_EQ(http.requests().at(0).url, "https://dev.azure.com/contoso/_apis/projects");
///
/// For tests about concurrency: after `hold()` requests are recorded and wait; `release()` lets all waiting
/// and later ones go on, `release(n)` only the n that came first. Their answer is chosen when they are
/// released.
class ScriptedHttpClient final : public core::HttpClient {
public:
    using Handler = std::function<core::Result<core::HttpResponse>(RecordedRequest const&)>;

    void respond(core::HttpResponse response) { answers_.emplace_back(std::move(response)); }
    void respond(int status,
                 std::string body = {},
                 std::vector<std::pair<std::string, std::string>> const& headers = {}) {
        respond(make_response(status, std::move(body), headers));
    }
    void fail(core::Error error) { answers_.emplace_back(core::fail(std::move(error))); }
    void handle(Handler handler) { handler_ = std::move(handler); }

    void hold() { holding_ = true; }
    void release() {
        holding_ = false;
        release(held_.size());
    }
    void release(std::size_t count) {
        for (; count != 0 && !held_.empty(); --count) {
            std::shared_ptr<core::Event> const gate = held_.front();
            held_.pop_front();
            gate->set();
        }
    }

    /// Every request so far, in order of arrival. A reference into it dies with the next request.
    std::vector<RecordedRequest> const& requests() const noexcept { return requests_; }
    /// Requests that wait for release().
    std::size_t held() const noexcept { return held_.size(); }
    /// Queued answers nobody fetched yet.
    std::size_t unused_answers() const noexcept { return answers_.size(); }

    core::Task<core::Result<core::HttpResponse>> send(core::HttpRequest const& req,
                                                      core::CallContext const& ctx) override {
        RecordedRequest const recorded(req, ctx);
        requests_.push_back(recorded);
        if (holding_) {
            auto const gate = std::make_shared<core::Event>();
            held_.push_back(gate);
            bool const released = co_await gate->wait(ctx.deadline);
            std::erase(held_, gate);
            if (!released) {
                co_return core::fail(core::ErrorKind::cancelled, "the held request was cancelled");
            }
        }
        ctx.trace->upstream_requests += 1;
        if (!answers_.empty()) {
            core::Result<core::HttpResponse> answer = std::move(answers_.front());
            answers_.pop_front();
            co_return answer;
        }
        if (handler_) {
            co_return handler_(recorded);
        }
        co_return core::fail(core::ErrorKind::internal,
                             "no answer scripted for " + recorded.method + " " + recorded.url);
    }

private:
    std::vector<RecordedRequest> requests_;
    std::deque<core::Result<core::HttpResponse>> answers_;
    std::deque<std::shared_ptr<core::Event>> held_;
    Handler handler_;
    bool holding_ = false;
};

} // namespace test
