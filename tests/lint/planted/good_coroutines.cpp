// Never compiled into anything: the shapes the coroutine lint must leave alone.
#include "core/task.hpp"

#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace {

class Pair {
public:
    Pair(std::string first_, std::string second_) : first(std::move(first_)), second(std::move(second_)) {}
    std::string first;
    std::string second;
};

core::Task<int> take_pair(Pair);
core::Task<int> take_callback(std::function<int()>);
core::Task<int> take_list(std::vector<int>);
core::Task<int> take_text(std::string);

} // namespace

core::Task<int> named_first(std::string text) {
    std::vector<int> list{1, 2, 3};
    auto callback = [text] { return static_cast<int>(text.size()); };
    int const a = co_await take_list(std::move(list));
    int const b = co_await take_callback(std::move(callback));
    co_return a + b + co_await take_pair(Pair("a", "b"));
}

core::Task<int> without_captures() {
    auto const later = [](std::string text) -> core::Task<int> { co_return co_await take_text(std::move(text)); };
    co_return co_await later("a");
}

core::Task<int> in_conditions(bool flag) {
    if (flag && co_await take_text("a") == 1) {
        co_return 1;
    }
    auto [x, y] = std::pair<int, int>(1, 2);
    co_return x + y;
}
