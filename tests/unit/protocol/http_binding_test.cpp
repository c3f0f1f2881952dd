#include "protocol/http_binding.hpp"

#include <gtest/gtest.h>

#include <string>
#include <utility>
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

core::HttpHeaders one(std::string name, std::string value) {
    core::HttpHeaders headers;
    headers.add(std::move(name), std::move(value));
    return headers;
}

TEST(HttpBinding, TheVersionHeaderOfASessionIsACrossCheckOnly) {
    auto const status = [](core::HttpHeaders const& headers) {
        auto const refusal = protocol::check_legacy_version(headers, protocol::RequestId());
        return refusal ? refusal->status : 0;
    };
    EXPECT_EQ(status(core::HttpHeaders()), 0);
    for (char const* good : {"2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"}) {
        EXPECT_EQ(status(one("mcp-protocol-version", good)), 0) << good;
    }
    for (char const* bad : {"", "2025-11-26", "2026-07-28", "2030-01-01", "latest"}) {
        EXPECT_EQ(status(one("MCP-Protocol-Version", bad)), 400) << bad;
    }
    core::HttpHeaders twice = one("MCP-Protocol-Version", "2025-11-25");
    twice.add("MCP-Protocol-Version", "2025-11-25");
    EXPECT_EQ(status(twice), 400);
}

TEST(HttpBinding, OnlyTheInitializeEraKnowsGetAndDelete) {
    auto const status = [](char const* method, core::HttpHeaders const& headers) {
        auto const refusal = protocol::check_bodyless(method, headers);
        return refusal ? refusal->status : 0;
    };
    EXPECT_EQ(status("GET", core::HttpHeaders()), 0);
    EXPECT_EQ(status("GET", one("Accept", "text/event-stream")), 0);
    EXPECT_EQ(status("GET", one("Accept", "application/json")), 406);
    EXPECT_EQ(status("DELETE", one("Accept", "application/json")), 0);
    EXPECT_EQ(status("GET", one("MCP-Protocol-Version", "2026-07-28")), 405);
    EXPECT_EQ(status("DELETE", one("MCP-Protocol-Version", "2027-01-01")), 405);
    EXPECT_EQ(status("GET", one("MCP-Protocol-Version", "1999-01-01")), 400);
}

TEST(HttpBinding, OnlyTheModernEraGivesErrorsOfMethodsAStatus) {
    EXPECT_EQ(protocol::status_of_error(-32601, Revision::v2026_07_28), 404);
    EXPECT_EQ(protocol::status_of_error(-32021, Revision::v2026_07_28), 400);
    EXPECT_EQ(protocol::status_of_error(protocol::rpc_code::overloaded, Revision::v2026_07_28), 429);
    EXPECT_EQ(protocol::status_of_error(-32602, Revision::v2026_07_28), 200);
    EXPECT_EQ(protocol::status_of_error(-32603, Revision::v2026_07_28), 200);
    for (int const code : {-32601, -32021, protocol::rpc_code::overloaded}) {
        EXPECT_EQ(protocol::status_of_error(code, Revision::v2025_11_25), 200);
    }
}

} // namespace
