#pragma once

#include "ado/client.hpp"
#include "ado/throttle.hpp"
#include "core/json.hpp"
#include "core/secret.hpp"
#include "core/token_source.hpp"
#include "protocol/schema.hpp"
#include "server/tools/call_scope.hpp"
#include "server/tools/tools.hpp"
#include "support/manual_clock.hpp"
#include "support/run_coro.hpp"
#include "support/scripted_http_client.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tools_test {

using core::Json;

class OneToken final : public core::TokenSource {
public:
    core::Task<core::Result<core::AccessToken>> get(std::chrono::seconds, core::CallContext const&) override {
        co_return core::AccessToken(core::Secret("token"),
                                    core::AuthScheme::bearer,
                                    core::SystemTime::max(),
                                    core::SystemTime::max(),
                                    "oauth");
    }
    void invalidate(core::AccessToken const&) override {}
};

/// Sends at once and remembers what it was asked to guard.
class PassingGuard final : public server::WriteGuard {
public:
    core::Task<core::Result<server::WriteOutcome>> run(server::GuardedWrite const& write,
                                                       Send const& send,
                                                       LookUp const& look_up,
                                                       core::Principal const&,
                                                       core::CallContext const&) override {
        writes.push_back(write);
        if (lose_answer) {
            auto found = co_await look_up(since, known);
            if (!found) {
                co_return core::fail(std::move(found).error());
            }
            if (!*found) {
                co_return core::fail(core::ErrorKind::timeout, "not found");
            }
            co_return std::move(**found);
        }
        auto outcome = co_await send();
        if (outcome) {
            outcome->created = created;
        }
        co_return outcome;
    }

    std::vector<server::GuardedWrite> writes;
    bool lose_answer = false;
    bool created = true;
    core::SystemTime since = core::SystemTime(std::chrono::seconds(1'795'392'000)); // 2026-11-23
    std::vector<std::string> known;
};

/// A tool over a real client of the organization contoso, whose HTTP answers are scripted.
class ToolTest {
public:
    explicit ToolTest(std::unique_ptr<server::OrganizationTool> tool_)
        : tool(std::move(tool_)), throttle(clock, ado::ThrottleLimits()),
          client(*ado::parse_organization("contoso", ado::OrganizationUrls()),
                 http,
                 tokens,
                 throttle,
                 clock,
                 ado::ClientLimits()),
          caller("agent-1", "agent", core::Role::user),
          ctx("request-1", core::Deadline::in(clock, std::chrono::seconds(60))) {}

    /// `args` outlives the task.
    core::Task<core::Result<protocol::ToolResult>> start(Json const& args) {
        EXPECT_TRUE(protocol::validate(tool->descriptor().input_schema, args).empty()) << args.dump();
        call_.emplace(args, caller, ctx, mcp_client);
        scope_.emplace(organization, client, policy, guard(), limits, *call_);
        scope_->blobs = blobs;
        return tool->run(args, *scope_);
    }

    core::Result<protocol::ToolResult> call(Json const& args) {
        auto result = loop.run(start(args));
        if (result) {
            auto const problems = protocol::validate(tool->descriptor().output_schema, result->structured);
            EXPECT_TRUE(problems.empty()) << (problems.empty() ? "" : protocol::to_string(problems.front()));
        }
        return result;
    }

    /// The call must succeed; its structured answer.
    Json structured(Json const& args) {
        auto result = call(args);
        if (!result) {
            ADD_FAILURE() << core::describe(result.error());
            return Json::object();
        }
        text = result->text;
        return result->structured;
    }

    /// The call must fail.
    core::Error error(Json const& args) {
        auto result = call(args);
        if (result) {
            ADD_FAILURE() << "answered " << result->text;
            return core::Error(core::ErrorKind::internal, "answered");
        }
        return result.error();
    }

    void respond(Json const& body) {
        http.respond(
            200, body.dump(), {{"Content-Type", "application/json; charset=utf-8; api-version=7.1"}});
    }

    Json request_body(std::size_t number) const { return Json::parse(http.requests().at(number).body); }

    server::WriteGuard& guard() { return other_guard != nullptr ? *other_guard : passing; }

    test::Loop loop;
    test::ManualClock clock;
    test::ScriptedHttpClient http;
    OneToken tokens;
    PassingGuard passing;
    server::WriteGuard* other_guard = nullptr;
    std::unique_ptr<server::OrganizationTool> tool;
    ado::Throttle throttle;
    ado::Client client;
    std::string organization = "contoso";
    server::ConnectorPolicy policy;
    server::Limits limits;
    server::BlobCache* blobs = nullptr;
    core::Principal caller;
    core::CallContext ctx;
    protocol::SilentClient mcp_client{protocol::ClientFeatures()};
    std::string text; ///< of the last structured()

private:
    std::optional<protocol::ToolCall> call_;
    std::optional<server::CallScope> scope_;
};

inline std::string const kCommit = "0123456789abcdef0123456789abcdef01234567";

inline Json file_answer(std::string const& path, std::string const& content) {
    return Json{
        {"objectId", "89abcdef0123456789abcdef0123456789abcdef"},
        {"gitObjectType", "blob"},
        {"commitId", kCommit},
        {"path", path},
        {"content", content},
        {"contentMetadata", {{"encoding", 65001}, {"isBinary", false}, {"contentType", "text/plain"}}}};
}

inline std::vector<std::string> notes_of(Json const& structured) {
    return structured.value("notes", std::vector<std::string>());
}

inline bool mentions(std::vector<std::string> const& notes, std::string_view words) {
    for (std::string const& note : notes) {
        if (note.find(words) != std::string::npos) {
            return true;
        }
    }
    return false;
}

} // namespace tools_test
