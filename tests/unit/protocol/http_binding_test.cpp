#include "protocol/http_binding.hpp"

#include "support/endpoint_fixture.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace {

using protocol::ReplyForm;
using protocol::Revision;

struct AcceptRow {
    std::string accept;
    int status; ///< 200 = taken
    ReplyForm form = ReplyForm::json;
};

TEST(HttpBinding, ChoosesTheFormOfTheAnswerByAccept) {
    std::vector<AcceptRow> const rows{
        {"application/json, text/event-stream", 200, ReplyForm::json},
        {"text/event-stream, application/json", 200, ReplyForm::json},
        {"text/event-stream", 200, ReplyForm::event_stream},
        {"TEXT/EVENT-STREAM;q=0.5", 200, ReplyForm::event_stream},
        {"text/*", 200, ReplyForm::event_stream},
        {"application/json", 200, ReplyForm::json},
        {"application/json;profile=x;q=0.2", 200, ReplyForm::json},
        {"*/*", 200, ReplyForm::json},
        {"application/json;q=0, */*", 200, ReplyForm::event_stream},
        {"*/*, application/json;q=0", 200, ReplyForm::event_stream},
        {"*/*;q=0, application/json", 200, ReplyForm::json},
        {"application/*;q=0, text/event-stream", 200, ReplyForm::event_stream},
        {"text/html", 406},
        {"", 406},
        {",,;", 406},
        {"application/jsonp", 406},
        {"*/*;q=0.000", 406},
    };
    for (AcceptRow const& row : rows) {
        SCOPED_TRACE(row.accept);
        core::HttpHeaders headers;
        headers.add("content-type", "application/json");
        headers.add("accept", row.accept);
        auto const form = protocol::bind_head("POST", headers);
        EXPECT_EQ(form ? 200 : form.error().status, row.status);
        if (form) {
            EXPECT_EQ(*form, row.form);
        }
    }
}

TEST(HttpBinding, WithoutAVersionHeaderTheRevisionBeforeThatHeaderIsAssumed) {
    auto message = protocol::read_message(test::legacy_request("tools/list"));
    ASSERT_TRUE(message);
    auto const revision = protocol::legacy_revision(core::HttpHeaders(), *message);
    ASSERT_TRUE(revision);
    EXPECT_EQ(*revision, Revision::v2025_03_26);
}

TEST(HttpBinding, BatchesBelongToOneRevision) {
    auto const batch = [](std::string const& version) {
        core::HttpHeaders headers;
        if (!version.empty()) {
            headers.add("MCP-Protocol-Version", version);
        }
        auto const revision = protocol::batch_revision(headers);
        return revision ? 0 : revision.error().fault.error.code;
    };
    EXPECT_EQ(batch(""), 0);
    EXPECT_EQ(batch("2025-03-26"), 0);
    EXPECT_EQ(batch("2024-11-05"), -32600);
    EXPECT_EQ(batch("2025-06-18"), -32600);
    EXPECT_EQ(batch("2025-11-25"), -32600);
    EXPECT_EQ(batch("2026-07-28"), -32600);
    EXPECT_EQ(batch("2030-01-01"), -32600);
    EXPECT_EQ(batch("1999-01-01"), -32000);
}

TEST(HttpBinding, OnlyTheModernEraGivesUnknownMethodsAStatus) {
    EXPECT_EQ(protocol::status_of_error(-32601, Revision::v2026_07_28), 404);
    EXPECT_EQ(protocol::status_of_error(-32602, Revision::v2026_07_28), 200);
    EXPECT_EQ(protocol::status_of_error(-32603, Revision::v2026_07_28), 200);
    EXPECT_EQ(protocol::status_of_error(-32601, Revision::v2025_11_25), 200);
}

} // namespace
