#include "simulator/corpus.hpp"

#include "simulator/text.hpp"

#include <array>

namespace simulator {
namespace {

class Module {
public:
    std::string_view folder;
    std::string_view name;   ///< snake_case
    std::string_view type;   ///< PascalCase
    std::string_view item;   ///< what it handles
    std::string_view detail; ///< one sentence
};

constexpr std::array kModules = {
    Module{
        "net", "http_parser", "HttpParser", "header", "Reads request heads byte by byte and keeps the rest."},
    Module{"net", "tls_session", "TlsSession", "record", "Wraps a socket; renegotiation is refused."},
    Module{"net", "dns_resolver", "DnsResolver", "address", "Caches answers for as long as their TTL says."},
    Module{"net",
           "connection_pool",
           "ConnectionPool",
           "connection",
           "Keeps idle connections warm, oldest first out."},
    Module{"net", "websocket", "WebSocketChannel", "frame", "Masks client frames and answers pings."},
    Module{"render", "mesh_loader", "MeshLoader", "vertex", "Loads meshes and builds their index buffers."},
    Module{"render",
           "shader_cache",
           "ShaderCache",
           "shader",
           "Compiles once, keyed by source hash and defines."},
    Module{"render", "texture_atlas", "TextureAtlas", "tile", "Packs small textures by the skyline rule."},
    Module{"render", "frame_graph", "FrameGraph", "pass", "Orders passes by what they read and write."},
    Module{"audio", "mixer", "AudioMixer", "voice", "Mixes voices at a fixed block size."},
    Module{"audio", "vorbis_stream", "VorbisStream", "packet", "Decodes ahead of the play head."},
    Module{"physics", "broad_phase", "BroadPhase", "pair", "Sweeps and prunes along the longest axis."},
    Module{"physics", "rigid_body", "RigidBody", "impulse", "Integrates with semi-implicit Euler."},
    Module{
        "physics", "constraint_solver", "ConstraintSolver", "contact", "Iterates until the error is small."},
    Module{"core", "job_queue", "JobQueue", "job", "Work stealing among as many threads as cores."},
    Module{"core", "arena_allocator", "ArenaAllocator", "block", "Bump allocation, freed all at once."},
    Module{"core", "config_reader", "ConfigReader", "setting", "Reads settings; later files win."},
    Module{"core", "event_bus", "EventBus", "event", "Delivers in order of subscription."},
    Module{"core", "file_watcher", "FileWatcher", "change", "Coalesces bursts of changes."},
    Module{"core", "string_pool", "StringPool", "string", "Interns strings for the life of the process."},
    Module{
        "script", "bytecode_vm", "BytecodeVm", "instruction", "A register machine with 32-bit instructions."},
    Module{"script", "garbage_collector", "GarbageCollector", "object", "Mark and sweep, one slice a frame."},
};

constexpr std::string_view kHeader = R"(#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace engine::{{folder}} {

/// {{detail}}
class {{type}} {
public:
    explicit {{type}}(std::size_t max_{{item}}_count);

    /// Returns false when the {{item}} was refused; last_error() then says why.
    bool parse_{{item}}(std::string_view input);
    void clear_{{item}}_list() noexcept;

    std::size_t {{item}}_count() const noexcept { return {{item}}_list_.size(); }
    std::string const& last_error() const noexcept { return last_error_; }

private:
    std::size_t max_{{item}}_count_;
    std::vector<std::string> {{item}}_list_;
    std::string last_error_;
};

} // namespace engine::{{folder}}
)";

constexpr std::string_view kSource = R"(#include "{{folder}}/{{name}}.hpp"

#include "core/log.hpp"

#include <algorithm>

namespace engine::{{folder}} {
namespace {

constexpr std::size_t kDefaultLimit = {{limit}};

// An empty {{item}} ends the list; anything longer than the limit is an attack or a bug on the other side.
bool acceptable(std::string_view input) {
    return !input.empty() && input.size() <= kDefaultLimit;
}

} // namespace

{{type}}::{{type}}(std::size_t max_{{item}}_count) : max_{{item}}_count_(max_{{item}}_count) {
    {{item}}_list_.reserve(std::min(max_{{item}}_count, kDefaultLimit));
}

bool {{type}}::parse_{{item}}(std::string_view input) {
    if (!acceptable(input)) {
        last_error_ = "invalid {{item}}";
        ENGINE_LOG_WARN("{{folder}}.{{name}}: invalid {{item}} of {} bytes", input.size());
        return false;
    }
    if ({{item}}_list_.size() >= max_{{item}}_count_) {
        last_error_ = "too many {{item}} entries";
        return false;
    }
    {{item}}_list_.emplace_back(input);
    return true;
}

void {{type}}::clear_{{item}}_list() noexcept {
    {{item}}_list_.clear();
    last_error_.clear();
}

} // namespace engine::{{folder}}
)";

constexpr std::string_view kTest = R"(#include "{{folder}}/{{name}}.hpp"

#include <gtest/gtest.h>

using engine::{{folder}}::{{type}};

TEST({{type}}, AcceptsOne) {
    {{type}} subject(4);
    EXPECT_TRUE(subject.parse_{{item}}("first {{item}}"));
    EXPECT_EQ(subject.{{item}}_count(), 1U);
}

TEST({{type}}, RefusesEmptyInput) {
    {{type}} subject(4);
    EXPECT_FALSE(subject.parse_{{item}}(""));
    EXPECT_EQ(subject.last_error(), "invalid {{item}}");
}

TEST({{type}}, KeepsItsLimit) {
    {{type}} subject(1);
    EXPECT_TRUE(subject.parse_{{item}}("a"));
    EXPECT_FALSE(subject.parse_{{item}}("b"));
}
)";

// reconnect_backoff stands in exactly five files of the main branch; checks and benchmarks count on it.
constexpr std::string_view kBackoffHeader = R"(#pragma once

#include <chrono>

namespace engine::net {

/// Delay before the given attempt: doubles from 100 ms, capped at 30 s, with full jitter.
std::chrono::milliseconds reconnect_backoff(unsigned attempt, unsigned random);

} // namespace engine::net
)";

constexpr std::string_view kBackoffSource = R"(#include "net/backoff.hpp"

#include <algorithm>

namespace engine::net {

std::chrono::milliseconds reconnect_backoff(unsigned attempt, unsigned random) {
    using namespace std::chrono_literals;
    auto const ceiling = std::min<std::chrono::milliseconds>(100ms * (1U << std::min(attempt, 10U)), 30s);
    return std::chrono::milliseconds(random % static_cast<unsigned>(ceiling.count() + 1));
}

} // namespace engine::net
)";

constexpr std::string_view kBackoffTest = R"(#include "net/backoff.hpp"

#include <gtest/gtest.h>

TEST(Backoff, NeverExceedsItsCap) {
    for (unsigned attempt = 0; attempt < 64; ++attempt) {
        EXPECT_LE(engine::net::reconnect_backoff(attempt, 4'000'000'000U).count(), 30'000);
    }
}
)";

constexpr std::string_view kClient = R"(#include "net/backoff.hpp"
#include "net/connection_pool.hpp"

#include <thread>

namespace engine::net {

// Used by the lobby and by the patcher. Gives up after eight attempts: by then the player has noticed.
bool connect_with_retry(ConnectionPool& pool, std::string_view host) {
    for (unsigned attempt = 0; attempt < 8; ++attempt) {
        if (pool.parse_connection(host)) {
            return true;
        }
        std::this_thread::sleep_for(reconnect_backoff(attempt, static_cast<unsigned>(std::rand())));
    }
    return false;
}

} // namespace engine::net
)";

constexpr std::string_view kBackoffDoc = R"(# Reconnecting

A client that lost its connection waits `reconnect_backoff(attempt)` before it tries again.

| attempt | at most |
|---|---|
| 0 | 100 ms |
| 1 | 200 ms |
| 9 and later | 30 s |

Full jitter: the wait is anything between zero and the maximum, so that clients do not come back in step.
)";

} // namespace

std::string fill(std::string text, Replacements const& values) {
    for (auto const& [key, value] : values) {
        text = replace_all(std::move(text), "{{" + key + "}}", value);
    }
    return text;
}

FileChanges engine_files() {
    FileChanges files;
    std::string build = "add_library(engine STATIC\n";
    unsigned limit = 512;
    for (auto const& module : kModules) {
        std::string const folder(module.folder);
        std::string const name(module.name);
        Replacements const values = {{"folder", folder},
                                     {"name", name},
                                     {"type", std::string(module.type)},
                                     {"item", std::string(module.item)},
                                     {"detail", std::string(module.detail)},
                                     {"limit", std::to_string(limit)}};
        std::string const stem = folder + "/" + name;
        files["/src/" + stem + ".hpp"] = fill(std::string(kHeader), values);
        files["/src/" + stem + ".cpp"] = fill(std::string(kSource), values);
        files["/tests/" + stem + "_test.cpp"] = fill(std::string(kTest), values);
        build += "  " + stem + ".cpp\n";
        limit += 128;
    }
    files["/src/net/backoff.hpp"] = std::string(kBackoffHeader);
    files["/src/net/backoff.cpp"] = std::string(kBackoffSource);
    files["/tests/net/backoff_test.cpp"] = std::string(kBackoffTest);
    files["/src/net/client.cpp"] = std::string(kClient);
    files["/docs/reconnecting.md"] = std::string(kBackoffDoc);
    files["/src/CMakeLists.txt"] = build + ")\ntarget_include_directories(engine PUBLIC .)\n";
    files["/src/core/log.hpp"] =
        "#pragma once\n\n#define ENGINE_LOG_WARN(...) ::engine::core::log_line(\"warn\", __VA_ARGS__)\n"
        "#define ENGINE_LOG_ERROR(...) ::engine::core::log_line(\"error\", __VA_ARGS__)\n";
    files["/README.md"] = "# Engine\n\nA small game engine. Build with CMake, run `ctest`.\n\n- "
                          "[Reconnecting](docs/reconnecting.md)\n";
    files["/.gitignore"] = "build/\n*.o\n";
    return files;
}

} // namespace simulator
