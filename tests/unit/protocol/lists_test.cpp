#include "protocol/list_pages.hpp"

#include "support/endpoint_fixture.hpp"
#include "support/fake_sources.hpp"

#include <gtest/gtest.h>

#include <deque>
#include <string>
#include <vector>

// Lists in pages.
namespace {

using protocol::Revision;
using test::Json;

constexpr std::size_t kPage = 7;

struct List {
    std::string method;
    std::string member;
};
std::vector<List> const kLists{{"tools/list", "tools"},
                               {"prompts/list", "prompts"},
                               {"resources/list", "resources"},
                               {"resources/templates/list", "resourceTemplates"}};

/// A server with thirty of everything.
class Plenty {
public:
    explicit Plenty(std::size_t page, std::shared_ptr<test::World> world = std::make_shared<test::World>())
        : server(std::move(world),
                 [this, page](protocol::ServerFeatures& features, protocol::McpLimits& limits) {
                     for (int i = 0; i < 30; ++i) {
                         tools.emplace_back("tool_" + std::to_string(i));
                         prompts.emplace_back("prompt_" + std::to_string(i));
                         source.texts["x://" + std::to_string(i)] = "text";
                     }
                     source.template_count = 30;
                     features.tools.clear();
                     for (int i = 0; i < 30; ++i) {
                         features.tools.push_back(&tools[static_cast<std::size_t>(i)]);
                         features.prompts.push_back(&prompts[static_cast<std::size_t>(i)]);
                     }
                     features.resources = {&source};
                     limits.list_page = page;
                 }) {}

    protocol::McpHttpReply ask(Revision revision, std::string const& method, Json params = Json::object()) {
        return protocol::is_modern(revision)
                   ? server.exchange(test::modern_headers(method),
                                     test::modern_request(method, std::move(params)))
                   : server.exchange(test::legacy_headers(revision),
                                     test::legacy_request(method, std::move(params)));
    }
    protocol::McpHttpReply page(std::string const& method, Json cursor) {
        Json params = Json::object();
        params["cursor"] = std::move(cursor);
        return ask(protocol::kModernRevision, method, std::move(params));
    }

    std::deque<test::FakeTool> tools;
    std::deque<test::FakePrompt> prompts;
    test::FakeSource source;
    test::EndpointFixture server;
};

TEST(Lists, PagesTogetherAreTheWholeList) {
    Plenty paged(kPage);
    Plenty whole(1000);
    for (Revision const revision : protocol::kRevisions) {
        for (List const& list : kLists) {
            SCOPED_TRACE(std::string(protocol::to_string(revision)) + " " + list.method);
            Json const all = test::result_of(whole.ask(revision, list.method));
            EXPECT_FALSE(all.contains("nextCursor"));
            Json together = Json::array();
            Json params = Json::object();
            int pages = 0;
            for (bool more = true; more && pages < 10; ++pages) {
                Json const page = test::result_of(paged.ask(revision, list.method, params));
                EXPECT_LE(page[list.member].size(), kPage);
                together.insert(together.end(), page[list.member].begin(), page[list.member].end());
                more = page.contains("nextCursor");
                params["cursor"] = page.value("nextCursor", Json());
                EXPECT_EQ(page.value("cacheScope", ""), all.value("cacheScope", ""));
                EXPECT_EQ(page.value("ttlMs", Json()), all.value("ttlMs", Json()));
                EXPECT_EQ(page.contains("ttlMs"), protocol::is_modern(revision));
                EXPECT_EQ(page.contains("resultType"), protocol::is_modern(revision));
            }
            EXPECT_EQ(pages, 5);
            EXPECT_EQ(together, all[list.member]);
        }
    }
}

TEST(Lists, APageThatFitsExactlyIsTheLast) {
    Plenty whole(1000);
    for (List const& list : kLists) {
        std::size_t const total =
            test::result_of(whole.ask(protocol::kModernRevision, list.method))[list.member].size();
        EXPECT_GE(total, 30U);
        Plenty exact(total);
        Json const page = test::result_of(exact.ask(protocol::kModernRevision, list.method));
        EXPECT_EQ(page[list.member].size(), total);
        EXPECT_FALSE(page.contains("nextCursor"));
    }
}

TEST(Lists, CursorsOfOthersAreRefused) {
    Plenty paged(kPage);
    Plenty stranger(kPage);
    std::string const cursor =
        test::result_of(paged.ask(protocol::kModernRevision, "tools/list"))["nextCursor"];
    EXPECT_EQ(test::code_of(paged.page("tools/list", cursor)), 0);
    std::string changed = cursor;
    changed.back() = changed.back() == 'A' ? 'B' : 'A';
    changed.front() = changed.front() == 'A' ? 'B' : 'A';
    for (Json const& bad :
         {Json(""), Json("x"), Json(changed), Json(cursor + "A"), Json(7), Json::object(), Json(true)}) {
        for (List const& list : kLists) {
            EXPECT_EQ(test::code_of(paged.page(list.method, bad)), -32602) << bad;
        }
    }
    EXPECT_EQ(test::code_of(paged.page("prompts/list", cursor)), -32602) << "it belongs to another list";
    EXPECT_EQ(test::code_of(stranger.page("tools/list", cursor)), -32602) << "another key";
    EXPECT_EQ(test::code_of(paged.page("tools/list", Json())), 0) << "null is none";
}

TEST(Lists, AnyReplicaServesTheNextPage) {
    Plenty first(kPage);
    Plenty second(kPage, first.server.world);
    Json const page = test::result_of(first.ask(protocol::kModernRevision, "resources/list"));
    // The cursors themselves are sealed anew each time.
    Json const there = test::result_of(second.page("resources/list", page["nextCursor"]));
    Json const here = test::result_of(first.page("resources/list", page["nextCursor"]));
    EXPECT_FALSE(there["resources"].empty());
    EXPECT_EQ(there["resources"], here["resources"]);
}

TEST(Lists, AnEntryThatWentMovesTheNextPageAsLittleAsItCan) {
    Plenty paged(kPage);
    std::string const cursor =
        test::result_of(paged.ask(protocol::kModernRevision, "tools/list"))["nextCursor"];
    std::vector<protocol::ToolHandler*> fewer;
    for (std::size_t i = 0; i < paged.tools.size(); ++i) {
        if (i != 7) {
            fewer.push_back(&paged.tools[i]);
        }
    }
    paged.server.server->set_tools(fewer);
    EXPECT_EQ(test::result_of(paged.page("tools/list", cursor))["tools"][0]["name"], "tool_8");
    fewer.erase(fewer.begin(), fewer.begin() + 3);
    fewer.insert(fewer.begin(), &paged.tools[7]);
    paged.server.server->set_tools(fewer);
    EXPECT_EQ(test::result_of(paged.page("tools/list", cursor))["tools"][0]["name"], "tool_7")
        << "the key finds it where it is now";
    paged.server.server->set_tools({&paged.tools[0]});
    Json const end = test::result_of(paged.page("tools/list", cursor));
    EXPECT_TRUE(end["tools"].empty());
    EXPECT_FALSE(end.contains("nextCursor"));
}

TEST(Lists, UnlistedToolsAndPromptsCanBeCalled) {
    test::FakeTool hidden("hidden");
    hidden.about.listed = false;
    test::FakePrompt secret("secret");
    secret.about.listed = false;
    test::FakePrompt shown("shown");
    test::EndpointFixture fixture([&](protocol::ServerFeatures& features, protocol::McpLimits&) {
        features.tools.push_back(&hidden);
        features.prompts = {&secret, &shown};
    });
    Json const tools = test::result_of(fixture.ask_modern(test::modern_request("tools/list")))["tools"];
    EXPECT_EQ(tools.size(), 4U);
    EXPECT_EQ(test::text_of(fixture.ask_modern(test::modern_call("hidden"))), "done");
    Json const prompts = test::result_of(fixture.ask_modern(test::modern_request("prompts/list")))["prompts"];
    ASSERT_EQ(prompts.size(), 1U);
    EXPECT_EQ(prompts[0]["name"], "shown");
    EXPECT_EQ(
        test::code_of(fixture.ask_modern(test::modern_request("prompts/get", Json{{"name", "secret"}}))), 0);
}

TEST(Lists, WhatIsNotOfferedHasNoList) {
    test::EndpointFixture fixture(
        [](protocol::ServerFeatures& features, protocol::McpLimits&) { features.tools.clear(); });
    for (List const& list : kLists) {
        EXPECT_EQ(fixture.ask_modern(test::modern_request(list.method)).status, 404);
        EXPECT_EQ(test::code_of(fixture.exchange(test::legacy_headers(Revision::v2025_11_25),
                                                 test::legacy_request(list.method))),
                  -32601);
    }
}

TEST(ListPage, CursorsSayThemselvesWhereTheyGoOn) {
    core::Sealer const sealer = core::Sealer::ephemeral();
    std::vector<protocol::ListItem> items;
    for (int i = 0; i < 5; ++i) {
        items.emplace_back("k" + std::to_string(i), std::to_string(i));
    }
    auto const first = protocol::page_of("things", items, std::nullopt, 2, sealer);
    ASSERT_TRUE(first);
    auto const second = protocol::page_of("things", items, first->next_cursor, 2, sealer);
    ASSERT_TRUE(second);
    EXPECT_EQ(second->begin, 2U);
    std::string out;
    protocol::append_page(out, "things", items, *second);
    EXPECT_EQ(Json::parse("{" + out + "}")["things"], Json::parse("[2,3]"));
    auto const last = protocol::page_of("things", items, second->next_cursor, 2, sealer);
    ASSERT_TRUE(last);
    EXPECT_TRUE(last->next_cursor.empty());
    EXPECT_FALSE(protocol::page_of("others", items, first->next_cursor, 2, sealer));
    for (char const* odd : {"", ":", "x:k1", "99999999999999999999:k1", "2"}) {
        EXPECT_FALSE(protocol::page_of("things", items, sealer.seal("mcp-cursor", "things", odd), 2, sealer))
            << odd;
    }
    EXPECT_TRUE(protocol::page_of("things", {}, std::nullopt, 2, sealer)->next_cursor.empty());
}

} // namespace
