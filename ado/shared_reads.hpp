#pragma once

#include "ado/throttle.hpp"
#include "core/async.hpp"
#include "core/call_context.hpp"
#include "core/http/http_message.hpp"
#include "core/result.hpp"

#include <boost/asio/cancellation_signal.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>

namespace ado {

/// A read under way and those who wait for it.
class SharedRead {
public:
    SharedRead(core::HttpRequest request_, Lane lane, core::CallContext ctx_)
        : request(std::move(request_)), service(lane.service), identity(lane.identity), ctx(std::move(ctx_)) {
    }
    SharedRead(SharedRead const&) = delete;
    SharedRead& operator=(SharedRead const&) = delete;

    Lane lane() const noexcept { return {service, request.url.origin.host, identity}; }

    core::HttpRequest request;
    Service service;
    std::string identity;
    core::CallContext ctx; ///< of the caller who began it
    core::Event done;
    std::optional<core::Result<core::HttpResponse>> result;
    core::asio::cancellation_signal cancel;
    std::size_t waiting = 0;
};

/// The reads under way, by what they ask. One thread.
class SharedReads {
public:
    /// The hash of what `request` asks: computed once a request.
    static std::size_t key_of(core::HttpRequest const& request) noexcept;
    /// nullptr: nobody asks the same right now. Same are address, wanted form, identity and credential.
    std::shared_ptr<SharedRead>
    find(std::size_t key, core::HttpRequest const& request, Lane lane) const noexcept;
    /// A flight that is there under the same key, and asks something else, is joined no more.
    void add(std::size_t key, std::shared_ptr<SharedRead> flight) { flights_[key] = std::move(flight); }
    void remove(std::size_t key, SharedRead const& flight) noexcept;
    /// Nobody joins those under way any more.
    void part() noexcept { flights_.clear(); }

private:
    std::unordered_map<std::size_t, std::shared_ptr<SharedRead>> flights_;
};

} // namespace ado
