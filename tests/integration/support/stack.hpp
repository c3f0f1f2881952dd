#pragma once

#include "integration/support/daemon.hpp"
#include "integration/support/mcp_client.hpp"
#include "integration/support/simulator.hpp"
#include "support/temp_dir.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace test {

/// Simulator and running daemon in a directory of their own. `change` edits the configuration before the
/// start.
class Stack {
public:
    using Change = std::function<void(Json& config, Simulator const& simulator)>;

    explicit Stack(Change const& change = {}, std::vector<std::string> const& simulator_options = {})
        : simulator(directory.path(), simulator_options), config(changed(simulator, change)),
          daemon(directory.path(), config) {
        daemon.start();
    }
    /// A daemon that still runs has to end well, and none of its runs may have met a sanitizer.
    ~Stack() {
        if (daemon.running()) {
            EXPECT_EQ(daemon.stop(), 0);
        }
        for (char const* const text : {"Sanitizer", "runtime error:"}) {
            std::size_t const found = daemon.log().find(text);
            EXPECT_EQ(found, std::string::npos) << daemon.log().substr(found, 4000);
        }
    }
    Stack(Stack const&) = delete;
    Stack& operator=(Stack const&) = delete;

    TempDir directory;
    Simulator simulator;
    Json config;
    Daemon daemon;

private:
    static Json changed(Simulator const& simulator, Change const& change) {
        Json config = daemon_config(simulator);
        if (change) {
            change(config, simulator);
        }
        return config;
    }
};

/// Room for a thousand calls at once.
inline void lift_limits(Json& config) {
    for (char const* const name :
         {"connections", "calls", "calls_queue", "upstream_queue", "organization_queue"}) {
        config["limits"][name] = 4000;
    }
}

/// Looks again and again until `condition` holds; throws after kPatience.
inline void wait_until(std::string const& what, std::function<bool()> const& condition) {
    auto const end = std::chrono::steady_clock::now() + kPatience;
    while (!condition()) {
        if (std::chrono::steady_clock::now() > end) {
            throw std::runtime_error("waited in vain until " + what);
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
}

} // namespace test
