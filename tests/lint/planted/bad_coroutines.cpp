// Never compiled into anything: one example of each thing the coroutine lint must find. `expect:` names the finding.
#include "core/task.hpp"

#include <functional>
#include <string>
#include <vector>

namespace {

struct Pair {
    std::string first;
    std::string second;
};

core::Task<int> take_pair(Pair);
core::Task<int> take_callback(std::function<int()>);
core::Task<int> take_list(std::vector<int>);
core::Task<int> take_text(std::string);

} // namespace

core::Task<int> aggregate() {
    co_return co_await take_pair(Pair{"a", "b"}); // expect: aggregate_in_await
}

core::Task<int> capture(std::string text) {
    co_return co_await take_callback([text] { return static_cast<int>(text.size()); }); // expect: capture_in_await
}

core::Task<int> initializer_list() {
    co_return co_await take_list({1, 2, 3}); // expect: initializer_list_in_await
}

core::Task<int> conditional(bool flag) {
    co_return flag ? co_await take_text("a") : 0; // expect: await_in_conditional
}

core::Task<int> braces() {
    int const values[] = {1, co_await take_text("a")}; // expect: await_in_braces
    co_return values[1];
}

core::Task<int> lambda_coroutine(std::string text) {
    auto const later = [text]() -> core::Task<int> {
        co_return co_await take_text(text); // expect: capturing_lambda_coroutine
    };
    co_return co_await later();
}
