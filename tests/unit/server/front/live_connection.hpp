#pragma once

#include "front_fixture.hpp"

#include <memory>

namespace front_test {

/// A connection as the listener runs it: the registry can cancel its coroutine. It stays open until the test
/// closes its stream; it must be done() before it goes.
class LiveConnection {
public:
    LiveConnection(Front& front_, test::Loop& loop, core::TaskGroup& connections, core::TaskGroup& writers)
        : stream({}, std::string::npos, test::ScriptedStream::AtEnd::wait), front(front_.make(writers)),
          task(std::make_shared<core::TaskGroup::Handle>()), session(front_.registry, task) {
        *task = connections.spawn("connection", serve(this));
        loop.poll();
    }
    LiveConnection(LiveConnection const&) = delete;
    LiveConnection& operator=(LiveConnection const&) = delete;

    bool done() const noexcept { return done_; }

    test::ScriptedStream stream;
    server::HttpFront front;
    std::shared_ptr<core::TaskGroup::Handle> task; ///< shared with the session, as in the listener
    server::SessionRegistry::Session session;

private:
    class SetAtEnd {
    public:
        explicit SetAtEnd(bool& flag) : flag_(flag) {}
        SetAtEnd(SetAtEnd const&) = delete;
        SetAtEnd& operator=(SetAtEnd const&) = delete;
        ~SetAtEnd() { flag_ = true; }

    private:
        bool& flag_;
    };

    static core::Task<void> serve(LiveConnection* self) {
        SetAtEnd const end(self->done_);
        co_await server::serve_http(self->front, Front::borrow(self->stream), self->session);
    }

    bool done_ = false;
};

} // namespace front_test
