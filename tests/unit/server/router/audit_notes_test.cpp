#include "server/router/audit_notes.hpp"

#include "memory_audit.hpp"
#include "support/run_coro.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <string>
#include <vector>

namespace {

using core::Error;
using core::ErrorKind;
using core::Json;
using protocol::ToolResult;

class WriteAuditTest : public testing::Test {
protected:
    void run(core::Result<ToolResult> const& result) {
        server::WriteAudit audit(
            &log_, "contoso", "create_work_item", server::AuditActor("agent-1", "ci", "request-1"));
        auto const attempted = loop_.run(audit.attempted("pat", "ada@contoso.example"));
        EXPECT_TRUE(attempted);
        loop_.run(audit.ended(result, trace_));
    }

    test::Loop loop_;
    test::MemoryAudit log_;
    core::CallTrace trace_;
};

TEST_F(WriteAuditTest, SaysBeforeAndAfterWhoWroteWhatAsWhom) {
    trace_.method = "oauth";
    trace_.identity = "ada@contoso.example";
    run(ToolResult("made", Json{{"id", 42}}));
    ASSERT_EQ(log_.told(), (std::vector<std::string>{"tool.write attempted", "tool.write done"}));
    for (server::AuditEvent const& event : log_.events) {
        EXPECT_EQ(event.organization, "contoso");
        EXPECT_EQ(event.identity, "ada@contoso.example");
        EXPECT_EQ(event.actor.id, "agent-1");
        EXPECT_EQ(event.actor.correlation_id, "request-1");
    }
    EXPECT_EQ(log_.events[0].subject, "create_work_item");
    EXPECT_EQ(log_.events[1].subject, "create_work_item 42");
    EXPECT_EQ(log_.events[1].method, "oauth");
}

TEST_F(WriteAuditTest, OutcomeIsThatOfTheWrite) {
    struct Row {
        core::Result<ToolResult> result;
        server::AuditOutcome outcome;
        std::string code;
    };
    for (Row const& row : std::vector<Row>{
             {core::fail(Error(ErrorKind::timeout, "x").with_code("outcome_unknown")),
              server::AuditOutcome::unknown,
              "outcome_unknown"},
             {core::fail(Error(ErrorKind::forbidden, "x").with_code("TF400813")),
              server::AuditOutcome::refused,
              "TF400813"},
             {core::fail(Error(ErrorKind::upstream, "x")), server::AuditOutcome::failed, "upstream"},
             {ToolResult::error("no"), server::AuditOutcome::failed, ""},
         }) {
        log_.events.clear();
        run(row.result);
        ASSERT_EQ(log_.events.size(), 2U);
        EXPECT_EQ(log_.events[1].outcome, row.outcome);
        EXPECT_EQ(log_.events[1].error_code, row.code);
    }
}

TEST_F(WriteAuditTest, FailsWhenItCannotBeRecordedBefore) {
    log_.failure = Error(ErrorKind::internal, "disk full").with_code("store_full");
    server::WriteAudit audit(&log_, "contoso", "create_work_item", server::AuditActor());
    auto const attempted = loop_.run(audit.attempted("pat", ""));
    ASSERT_FALSE(attempted);
    EXPECT_EQ(attempted.error().code(), "store_full");
}

TEST(CredentialAudit, RecordsRefusalsAndTokensOfManagedIdentities) {
    test::MemoryAudit log;
    auto const observer = server::make_credential_audit(log);
    auth::CredentialNews news("contoso", "oauth");
    news.error_code = "AADSTS700082";
    news.activity_id = "activity-1";
    observer->on_credential_refused(news);
    observer->on_credential_used(news); // recorded by the store, with what was stored
    news.method = "managed_identity";
    observer->on_credential_used(news);
    EXPECT_EQ(log.told(),
              (std::vector<std::string>{"credential.refused refused", "credential.refreshed done"}));
    EXPECT_EQ(log.events[0].error_code, "AADSTS700082");
    EXPECT_EQ(log.events[0].actor.correlation_id, "activity-1");
    EXPECT_EQ(log.events[0].actor.id, "daemon");
}

} // namespace
