#pragma once

#include "core/deadline.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

namespace core {

/// What one call learned on its way: filled by the layers below, read by the front for `_meta`, logs and
/// metrics. Owned by the call; used from one thread.
class CallTrace {
public:
    std::string method;   ///< credential method that served the call: pat, oauth, managed_identity
    std::string identity; ///< who the upstream says we are (X-VSS-UserData), as `name`, else the guid
    std::string activity_id;
    std::uint32_t upstream_requests = 0;
    std::chrono::steady_clock::duration upstream_time{};
};

/// Passed by const reference through every layer of one call. The referent outlives the call's coroutines.
class CallContext {
public:
    CallContext(std::string request_id_, Deadline deadline_)
        : request_id(std::move(request_id_)), deadline(deadline_), trace(std::make_shared<CallTrace>()) {}

    /// The same call with a deadline that is at most `other`.
    CallContext shortened(Deadline other) const {
        CallContext copy = *this;
        copy.deadline = deadline.earlier(other);
        return copy;
    }

    std::string request_id;
    std::string traceparent; ///< W3C trace context as received; may be empty
    Deadline deadline;
    std::shared_ptr<CallTrace> trace; ///< shared with copies made by shortened()
};

} // namespace core
