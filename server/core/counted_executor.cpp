#include "core/counted_executor.hpp"

#include <boost/asio/prefer.hpp>
#include <boost/asio/query.hpp>
#include <boost/asio/require.hpp>

namespace core {

namespace execution = asio::execution;

class WorkCount::Counted {
public:
    using Count = std::shared_ptr<std::atomic<std::size_t>>;

    Counted(asio::any_io_executor inner, Count count, bool tracked) noexcept
        : inner_(std::move(inner)), count_(std::move(count)), tracked_(tracked) {
        add();
    }
    Counted(Counted const& other) noexcept
        : inner_(other.inner_), count_(other.count_), tracked_(other.tracked_) {
        add();
    }
    Counted& operator=(Counted const&) = delete;
    ~Counted() {
        if (tracked_) {
            count_->fetch_sub(1, std::memory_order_acq_rel);
        }
    }

    asio::execution_context& query(execution::context_t) const {
        return asio::query(inner_, execution::context);
    }
    Counted require(execution::blocking_t::never_t) const {
        return Counted(asio::require(inner_, execution::blocking.never), count_, tracked_);
    }
    Counted require(execution::outstanding_work_t::tracked_t) const {
        return Counted(asio::prefer(inner_, execution::outstanding_work.tracked), count_, true);
    }
    Counted require(execution::outstanding_work_t::untracked_t) const {
        return Counted(asio::prefer(inner_, execution::outstanding_work.untracked), count_, false);
    }

    template <class Function>
    void execute(Function&& function) const {
        inner_.execute(std::forward<Function>(function));
    }

    friend bool operator==(Counted const& a, Counted const& b) noexcept {
        return a.count_ == b.count_ && a.tracked_ == b.tracked_ && a.inner_ == b.inner_;
    }
    friend bool operator!=(Counted const& a, Counted const& b) noexcept { return !(a == b); }

private:
    void add() const noexcept {
        if (tracked_) {
            count_->fetch_add(1, std::memory_order_acq_rel);
        }
    }

    asio::any_io_executor inner_;
    Count count_;
    bool tracked_;
};

asio::any_io_executor WorkCount::executor(asio::any_io_executor inner) const {
    return Counted(std::move(inner), count_, false);
}

} // namespace core
