#pragma once

#include "ado/transport.hpp"
#include "core/json.hpp"

#include <nlohmann/json.hpp>

#include <string>
#include <string_view>
#include <utility>

/// Definitions of Transport's templates; only for the .cpp files that use them.
namespace ado {

core::Error unreadable_answer(std::string_view what);

template <class T>
core::Result<T>
parse_and_read(std::string_view body, std::size_t max_bytes, core::Result<T> (*read)(core::Json&)) {
    core::JsonLimits limits;
    limits.max_bytes = max_bytes;
    limits.max_depth = core::kUpstreamJsonDepth;
    core::Result<core::Json> json = core::parse_json(body, limits);
    if (!json) {
        return core::fail(unreadable_answer(json.error().message()));
    }
    return read(*json);
}

template <class T>
core::Task<core::Result<T>> Transport::fetch(ApiRequest const& request,
                                             core::Result<T> (*read)(core::Json&),
                                             core::CallContext const& ctx) const {
    CO_TRY(core::HttpResponse response, co_await send(request, ctx));
    std::size_t const max_bytes = limits_.response_bytes;
    if (pool_ == nullptr || response.body.size() <= limits_.inline_parse_bytes) {
        co_return parse_and_read(response.body, max_bytes, read);
    }
    // Freeing a large document takes as long as parsing it: both happen in the job.
    auto job = [body = std::move(response.body), max_bytes, read] {
        return parse_and_read(body, max_bytes, read);
    };
    core::Result<T> result = co_await core::run_blocking(*pool_, std::move(job));
    co_return result;
}

template <class T>
core::Task<core::Result<T>> Transport::fetch_text(ApiRequest const& request,
                                                  core::Result<T> (*read)(std::string_view),
                                                  core::CallContext const& ctx) const {
    CO_TRY(core::HttpResponse response, co_await send(request, ctx));
    if (pool_ == nullptr || response.body.size() <= limits_.inline_parse_bytes) {
        co_return read(response.body);
    }
    auto job = [body = std::move(response.body), read] { return read(body); };
    core::Result<T> result = co_await core::run_blocking(*pool_, std::move(job));
    co_return result;
}

} // namespace ado
