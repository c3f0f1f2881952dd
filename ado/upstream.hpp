#pragma once

#include "ado/shared_reads.hpp"
#include "ado/throttle.hpp"
#include "core/call_context.hpp"
#include "core/clock.hpp"
#include "core/http/http_client.hpp"
#include "core/http/retry.hpp"
#include "core/result.hpp"
#include "core/task.hpp"

#include <memory>
#include <string>

namespace ado {

/// Sends the requests of one organization as a good citizen does: each attempt passes the gate, the circuit
/// breaker and the queue, each answer is heard by them, what a repetition can help is repeated, and reads
/// that are the same are sent once. One thread.
class Upstream : public std::enable_shared_from_this<Upstream> {
public:
    /// What is passed by reference outlives it. A throttle that is shared is kept alive.
    Upstream(std::string organization,
             core::HttpClient& http,
             Throttle& throttle,
             core::Clock& clock,
             core::RetryRule retry);

    /// Any HTTP status is a success. `request`, `lane` and `ctx` outlive the task.
    core::Task<core::Result<core::HttpResponse>>
    send(core::HttpRequest const& request, Lane lane, core::CallContext const& ctx);

    /// The same for a request without effects and body. Callers who ask the same at the same time share one
    /// request: a caller who leaves does not end it while others wait, the last one who leaves does. Errors
    /// are shared, too; nothing is kept.
    core::Task<core::Result<core::HttpResponse>>
    read(core::HttpRequest request, Lane lane, core::CallContext const& ctx);

    /// A write has ended: reads that began before do not answer those that begin now.
    void wrote() noexcept { reads_.part(); }

private:
    core::Task<core::Result<core::HttpResponse>> send_once(core::HttpRequest const& request,
                                                           Lane lane,
                                                           core::CallContext const& ctx,
                                                           Throttle::Admission& admission);
    void
    settle(Throttle::Admission& admission, core::Result<core::HttpResponse> const& result, Lane lane) const;
    static core::Task<void> fly(std::shared_ptr<Upstream> self, std::shared_ptr<SharedRead> flight);

    std::string organization_;
    core::HttpClient& http_;
    Throttle& throttle_;
    std::shared_ptr<Throttle> kept_; ///< shared reads may outlast the connector by a moment
    core::Clock& clock_;
    core::RetryRule retry_;
    SharedReads reads_;
};

} // namespace ado
