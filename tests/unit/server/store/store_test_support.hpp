#pragma once

#include "server/store/state_store.hpp"
#include "support/manual_clock.hpp"
#include "support/run_coro.hpp"
#include "support/temporary_folder.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>

namespace test {

/// Stores over one file in a folder of the test's own.
class StoreFixture : public testing::Test {
protected:
    server::StateStoreOptions options() const {
        server::StateStoreOptions out;
        out.path = folder_.path("state/state.db");
        out.key_file = folder_.path("store.key");
        return out;
    }
    core::Result<std::unique_ptr<server::StateStore>> try_open() {
        return server::open_state_store(loop_.executor(), clock_, options());
    }
    std::unique_ptr<server::StateStore> open() {
        auto store = try_open();
        if (!store) {
            throw std::runtime_error(core::describe(store.error()));
        }
        return std::move(*store);
    }
    /// The value of a store's task; what it fails with ends the test.
    template <class T>
    T get(core::Task<core::Result<T>> task) {
        core::Result<T> result = loop_.run(std::move(task));
        if (!result) {
            throw std::runtime_error(core::describe(result.error()));
        }
        if constexpr (!std::is_void_v<T>) {
            return std::move(*result);
        }
    }
    template <class T>
    core::Error error_of(core::Task<core::Result<T>> task) {
        core::Result<T> result = loop_.run(std::move(task));
        if (result) {
            throw std::runtime_error("an error was expected");
        }
        return result.error();
    }

    static auth::StoredPat pat(std::string const& value) { return auth::StoredPat(core::Secret(value)); }

    TemporaryFolder folder_;
    ManualClock clock_;
    Loop loop_;
};

} // namespace test
