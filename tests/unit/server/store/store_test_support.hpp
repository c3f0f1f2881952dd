#pragma once

#include "server/store/state_store.hpp"
#include "support/manual_clock.hpp"
#include "support/run_coro.hpp"
#include "support/temporary_folder.hpp"

#include <SQLiteCpp/SQLiteCpp.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

namespace test {

/// The implementations of an interface that both suites of behaviour run against.
enum class Kind { memory, sqlite };
inline std::string name_of(testing::TestParamInfo<Kind> const& info) {
    return info.param == Kind::memory ? "memory" : "sqlite";
}

/// A task with something in every field.
inline protocol::TaskRecord sample_task(std::string id, core::SystemTime now) {
    protocol::TaskRecord record;
    record.id = std::move(id);
    record.owner = "agent-1";
    record.owner_name = "Agent One";
    record.owner_role = core::Role::user;
    record.tool = "search_code";
    record.arguments = R"({"query":"ü"})";
    record.client_features = 0xA5;
    record.status_message = "reading";
    record.state = R"({"page":2})";
    record.inputs = R"({"a":1})";
    record.created_at = now;
    record.updated_at = now;
    record.ttl = std::chrono::hours(1);
    record.runner = "runner-1";
    record.lease_until = now + std::chrono::seconds(15);
    return record;
}

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

    /// Another process's view of the file, from below the store.
    void run_sql(std::string const& sql) {
        SQLite::Database database(options().path, SQLite::OPEN_READWRITE);
        database.exec(sql);
    }
    std::int64_t ask_sql(std::string const& sql) {
        SQLite::Database database(options().path, SQLite::OPEN_READONLY);
        return database.execAndGet(sql).getInt64();
    }

    static auth::StoredPat pat(std::string const& value) { return auth::StoredPat(core::Secret(value)); }

    TemporaryFolder folder_;
    ManualClock clock_;
    Loop loop_;
};

} // namespace test
