#include "integration/support/http.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>

#include <chrono>
#include <stdexcept>
#include <utility>

namespace test {
namespace {

/// Longer than the daemon's own limit of a call.
constexpr std::chrono::seconds kRequestTime{90};

} // namespace

Http::Http(std::optional<std::string> const& ca_file, std::size_t connections) {
    auto tls = core::make_tls_client(ca_file);
    if (!tls) {
        throw std::runtime_error(core::describe(tls.error()));
    }
    tls_ = std::move(*tls);
    resolver_ = core::make_resolver(io_.get_executor(), pool_, clock_);
    core::HttpPoolLimits limits;
    limits.connections_per_origin = connections;
    limits.queue_per_origin = 100'000;
    limits.connect = kRequestTime;
    limits.request = kRequestTime;
    client_ = core::make_pooled_client(io_.get_executor(), *tls_, *resolver_, clock_, limits, std::nullopt);
}

Http::~Http() {
    client_->shutdown();
    io_.restart();
    io_.run_for(std::chrono::seconds(1));
}

core::Task<void> Http::exchange(Http* self, core::HttpRequest const* request, Answer* answer) {
    core::CallContext const ctx("test", core::Deadline::in(self->clock_, kRequestTime));
    auto response = co_await self->client_->send(*request, ctx);
    answer->emplace(std::move(response));
}

core::Result<core::HttpResponse> Http::send(core::HttpRequest request) {
    std::vector<core::HttpRequest> requests;
    requests.push_back(std::move(request));
    return std::move(send_all(requests).front());
}

std::vector<core::Result<core::HttpResponse>> Http::send_all(std::vector<core::HttpRequest> const& requests) {
    std::vector<Answer> answers(requests.size());
    std::size_t left = requests.size();
    for (std::size_t i = 0; i < requests.size(); ++i) {
        core::asio::co_spawn(
            io_, exchange(this, &requests[i], &answers[i]), [&left](std::exception_ptr thrown) {
                --left;
                if (thrown) {
                    std::rethrow_exception(thrown);
                }
            });
    }
    io_.restart();
    while (left != 0) {
        io_.run_one();
    }
    std::vector<core::Result<core::HttpResponse>> result;
    for (Answer& answer : answers) {
        result.push_back(std::move(*answer));
    }
    return result;
}

void Http::send_and_leave(core::HttpRequest request, std::function<bool()> const& reached) {
    Answer answer;
    core::asio::cancellation_signal leave;
    bool done = false;
    core::asio::co_spawn(
        io_,
        exchange(this, &request, &answer),
        core::asio::bind_cancellation_slot(leave.slot(), [&done](std::exception_ptr) { done = true; }));
    io_.restart();
    while (!done && !reached()) {
        io_.run_for(std::chrono::milliseconds(5));
    }
    if (done) {
        throw std::runtime_error("answered before it could be left");
    }
    auto emit = [&leave] { leave.emit(core::asio::cancellation_type::terminal); };
    core::asio::post(io_, std::move(emit));
    while (!done) {
        io_.run_one();
    }
}

core::HttpRequest make_request(std::string const& url, std::string body, std::string content_type) {
    auto parsed = core::Url::parse(url);
    if (!parsed) {
        throw std::runtime_error("not a URL: " + url);
    }
    core::HttpRequest request(body.empty() ? "GET" : "POST", std::move(*parsed));
    if (!content_type.empty()) {
        request.headers.add("Content-Type", std::move(content_type));
    }
    request.body = std::move(body);
    return request;
}

} // namespace test
