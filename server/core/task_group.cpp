#include "core/task_group.hpp"

#include "core/async.hpp"
#include "core/log.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/system/system_error.hpp>

#include <exception>
#include <list>
#include <string>
#include <utility>
#include <vector>

namespace core {
namespace {

bool is_cancellation(std::exception_ptr const& thrown) {
    try {
        std::rethrow_exception(thrown);
    } catch (boost::system::system_error const& e) {
        return e.code() == asio::error::operation_aborted;
    } catch (...) {
        return false;
    }
}

std::string text_of(std::exception_ptr const& thrown) {
    try {
        std::rethrow_exception(thrown);
    } catch (std::exception const& e) {
        return e.what();
    } catch (...) {
        return "not a std::exception";
    }
}

} // namespace

struct TaskGroup::Child {
    asio::cancellation_signal signal;
};

struct TaskGroup::State {
    explicit State(asio::any_io_executor executor_) : executor(std::move(executor_)) {}

    asio::any_io_executor executor;
    // Shared with cancel_all(), which a child's end may re-enter.
    std::list<std::shared_ptr<Child>> children;
    std::shared_ptr<Event> empty = std::make_shared<Event>();
};

TaskGroup::TaskGroup(asio::any_io_executor executor) : state_(std::make_shared<State>(std::move(executor))) {}

TaskGroup::~TaskGroup() {
    cancel_all();
}

void TaskGroup::Handle::cancel() const {
    std::shared_ptr<Child> child = child_.lock();
    if (child) {
        // The signal is held until the emission is over; see cancel_all.
        asio::dispatch(executor_,
                       [child = std::move(child)] { child->signal.emit(asio::cancellation_type::terminal); });
    }
}

TaskGroup::Handle TaskGroup::spawn(std::string_view name, Task<void> child) {
    if (state_->children.empty() && state_->empty->is_set()) {
        state_->empty = std::make_shared<Event>();
    }
    auto const place = state_->children.insert(state_->children.end(), std::make_shared<Child>());
    auto done = [state = state_, place, name](std::exception_ptr thrown) {
        // Kept until the end of this handler: the slot this handler is bound to belongs to the signal.
        std::shared_ptr<Child> const self = *place;
        state->children.erase(place);
        // A cancelled coroutine that goes on to await something is ended by Asio with this exception: no bug.
        if (thrown && !is_cancellation(thrown)) {
            std::string const what = text_of(thrown);
            log::error("task.exception", {{"task", name}, {"what", what}});
        }
        if (state->children.empty()) {
            std::shared_ptr<Event> const empty = state->empty;
            empty->set();
        }
    };
    Handle handle(*place, state_->executor); // the child may have ended when co_spawn returns
    asio::co_spawn(state_->executor,
                   std::move(child),
                   asio::bind_cancellation_slot((*place)->signal.slot(), std::move(done)));
    return handle;
}

namespace {

/// Set when the frame it lives in goes, however that comes about.
class SetAtEnd {
public:
    SetAtEnd(std::shared_ptr<Event> event, std::shared_ptr<bool> completed)
        : event_(std::move(event)), completed_(std::move(completed)) {}
    SetAtEnd(SetAtEnd const&) = delete;
    SetAtEnd& operator=(SetAtEnd const&) = delete;
    ~SetAtEnd() { event_->set(); }
    void complete() noexcept { *completed_ = true; }

private:
    std::shared_ptr<Event> event_;
    std::shared_ptr<bool> completed_;
};

Task<void> run_and_tell(Task<void> work, std::shared_ptr<Event> ended, std::shared_ptr<bool> completed) {
    SetAtEnd at_end(std::move(ended), std::move(completed));
    {
        Task<void> inner = std::move(work);
        co_await std::move(inner); // its frame is gone before the waiter hears of the end
    }
    at_end.complete();
}

} // namespace

Task<bool>
TaskGroup::run_inside(std::string_view name, Task<void> work, std::function<void(Handle)> started) {
    auto ended = std::make_shared<Event>();
    auto completed = std::make_shared<bool>(false);
    Task<void> child = run_and_tell(std::move(work), ended, completed);
    Handle const handle = spawn(name, std::move(child));
    started(handle);
    co_await asio::this_coro::throw_if_cancelled(false);
    bool const waited = co_await ended->wait(Deadline::never());
    if (!waited) {
        co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
        handle.cancel();
        co_await ended->wait(Deadline::never());
        throw boost::system::system_error(asio::error::operation_aborted, "cancelled");
    }
    co_await asio::this_coro::throw_if_cancelled(true);
    co_return *completed;
}

void TaskGroup::cancel_all() {
    // On the loop: emitted from outside, Asio's co_spawn would post a bare pointer into the signal, which may
    // be gone when that runs. In here the emission happens at once, and the signals are held meanwhile.
    auto emit = [children =
                     std::vector<std::shared_ptr<Child>>(state_->children.begin(), state_->children.end())] {
        for (std::shared_ptr<Child> const& child : children) {
            child->signal.emit(asio::cancellation_type::terminal);
        }
    };
    if (!state_->children.empty()) {
        asio::dispatch(state_->executor, std::move(emit));
    }
}

Task<void> TaskGroup::wait() {
    std::shared_ptr<State> const state = state_;
    while (!state->children.empty()) {
        std::shared_ptr<Event> const empty = state->empty;
        bool const done = co_await empty->wait(Deadline::never());
        if (!done) {
            co_return; // the waiter itself was cancelled
        }
    }
}

std::size_t TaskGroup::size() const noexcept {
    return state_->children.size();
}

} // namespace core
