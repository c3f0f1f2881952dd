#pragma once

#include "core/clock.hpp"
#include "protocol/outlet.hpp"
#include "protocol/request_client.hpp"
#include "protocol/version.hpp"

#include <chrono>
#include <list>
#include <optional>
#include <string>

namespace protocol {

/// What a request brought along besides its params.
class RequestScope {
public:
    RequestScope(Revision revision_,
                 core::Principal const& caller_,
                 core::CallContext const& ctx_,
                 ClientFeatures features_,
                 Outlet& outlet_)
        : revision(revision_), caller(caller_), ctx(ctx_), features(features_), outlet(outlet_) {}

    Revision revision;
    core::Principal const& caller;
    core::CallContext const& ctx;
    ClientFeatures features;
    Outlet& outlet;
    std::optional<LogLevel> log_level; ///< from here on messages are sent
};

/// The client of one request under way: turns what its handler says into notifications, and speaks up by
/// itself when the handler is silent for long (clients give up after a minute without a sign of life).
class RequestRun final : public RequestClient {
public:
    RequestRun(RequestScope const& scope, core::Json const& params, core::Clock& clock);

    ClientFeatures const& features() const noexcept override { return scope_.features; }
    void progress(double progress, std::optional<double> total, std::string_view message) override;
    void log(LogLevel level, std::string_view logger, core::Json const& data) override;
    void release_connection() override { scope_.outlet.release(); }

    /// Called now and then while it runs.
    void tick(std::chrono::milliseconds heartbeat, std::chrono::milliseconds stream_after);
    /// No more progress: the answer is on its way.
    void finish() noexcept { finished_ = true; }

private:
    void send_progress(double progress, std::optional<double> total, std::string_view message);

    RequestScope const& scope_;
    core::Clock& clock_;
    std::string progress_token_; ///< as JSON; empty = none wanted
    core::SteadyTime started_;
    core::SteadyTime last_sign_;
    double last_progress_ = -1;
    bool stretched_ = false;
    bool finished_ = false;
};

/// The requests under way. One thread.
class RunningRequests {
public:
    /// Membership for the time of a call.
    class Entry {
    public:
        Entry(RunningRequests& owner, RequestRun& run)
            : owner_(owner), place_(owner.runs_.insert(owner.runs_.end(), &run)) {}
        ~Entry() { owner_.runs_.erase(place_); }
        Entry(Entry const&) = delete;
        Entry& operator=(Entry const&) = delete;

    private:
        RunningRequests& owner_;
        std::list<RequestRun*>::iterator place_;
    };

    void tick(std::chrono::milliseconds heartbeat, std::chrono::milliseconds stream_after) {
        for (RequestRun* run : runs_) {
            run->tick(heartbeat, stream_after);
        }
    }
    bool empty() const noexcept { return runs_.empty(); }

private:
    std::list<RequestRun*> runs_;
};

} // namespace protocol
