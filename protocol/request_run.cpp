#include "protocol/request_run.hpp"

#include "protocol/json_writer.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace protocol {
namespace {

std::string progress_token_of(core::Json const& params) {
    core::Json const* meta = core::find_object(params, "_meta");
    core::Json const* token = meta != nullptr ? core::find(*meta, "progressToken") : nullptr;
    std::string text;
    if (token != nullptr && (token->is_string() || token->is_number_integer())) {
        append_json(text, *token);
    }
    return text;
}

void append_number(std::string& out, double value) {
    append_json(out,
                std::trunc(value) == value && std::abs(value) < 1e15
                    ? core::Json(static_cast<std::int64_t>(value))
                    : core::Json(value));
}

} // namespace

RequestRun::RequestRun(RequestScope const& scope, core::Json const& params, core::Clock& clock)
    : scope_(scope), clock_(clock), progress_token_(progress_token_of(params)), started_(clock.now()),
      last_sign_(started_) {}

void RequestRun::progress(double progress, std::optional<double> total, std::string_view message) {
    if (progress_token_.empty() || finished_ || !(progress > last_progress_)) {
        return;
    }
    send_progress(progress, total, message);
}

void RequestRun::send_progress(double progress, std::optional<double> total, std::string_view message) {
    last_progress_ = progress;
    last_sign_ = clock_.now();
    std::string text = R"({"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":)";
    text += progress_token_;
    text += R"(,"progress":)";
    append_number(text, progress);
    if (total) {
        text += R"(,"total":)";
        append_number(text, *total);
    }
    if (!message.empty() && scope_.revision >= Revision::v2025_03_26) {
        text += R"(,"message":)";
        append_json_string(text, message);
    }
    text += "}}";
    scope_.outlet.notify(std::move(text));
}

void RequestRun::log(LogLevel level, std::string_view logger, core::Json const& data) {
    if (!scope_.log_level || level < *scope_.log_level || finished_) {
        return;
    }
    std::string text = R"({"jsonrpc":"2.0","method":"notifications/message","params":{"level":)";
    append_json_string(text, to_string(level));
    if (!logger.empty()) {
        text += R"(,"logger":)";
        append_json_string(text, logger);
    }
    text += R"(,"data":)";
    append_json(text, data);
    text += "}}";
    scope_.outlet.notify(std::move(text));
}

void RequestRun::tick(std::chrono::milliseconds heartbeat, std::chrono::milliseconds stream_after) {
    if (finished_) {
        return;
    }
    core::SteadyTime const now = clock_.now();
    if (!stretched_ && now - started_ >= stream_after) {
        stretched_ = true;
        scope_.outlet.stretch();
    }
    if (!progress_token_.empty() && now - last_sign_ >= heartbeat) {
        // Nothing is known of how far it is: a little more than before.
        double const next = std::max(last_progress_ + 0.001,
                                     std::nextafter(last_progress_, std::numeric_limits<double>::infinity()));
        send_progress(last_progress_ < 0 ? 0.0 : next, std::nullopt, "still working");
    }
}

} // namespace protocol
