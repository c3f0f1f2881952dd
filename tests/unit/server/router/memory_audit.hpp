#pragma once

#include "server/store/audit.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace test {

/// An audit log that keeps what it is told, and fails when the test says so.
class MemoryAudit final : public server::AuditLog {
public:
    core::Task<core::Result<std::int64_t>> append(server::AuditEvent event) override {
        if (failure) {
            co_return core::fail(*failure);
        }
        events.push_back(std::move(event));
        co_return static_cast<std::int64_t>(events.size());
    }
    void note(server::AuditEvent event) override { events.push_back(std::move(event)); }
    std::string fingerprint(core::Secret const&) const override { return "fingerprint"; }
    core::Task<core::Result<server::AuditPage>> list(server::AuditQuery) override {
        co_return core::fail(core::ErrorKind::internal, "not asked for");
    }
    core::Task<core::Result<server::AuditReport>> verify() override { co_return server::AuditReport(); }
    core::Task<core::Result<std::size_t>> prune(core::SystemTime) override {
        co_return core::Result<std::size_t>(0);
    }

    /// `tool.write attempted`
    std::vector<std::string> told() const {
        std::vector<std::string> out;
        for (server::AuditEvent const& event : events) {
            out.push_back(event.event + " " + std::string(server::to_string(event.outcome)));
        }
        return out;
    }

    std::vector<server::AuditEvent> events;
    std::optional<core::Error> failure;
};

} // namespace test
