#include "support/endpoint_fixture.hpp"
#include "support/fake_sources.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

// subscriptions/listen of 2026-07-28, and what the GET stream of a session hears of the same changes.
namespace {

using protocol::ChangeEvent;
using protocol::Revision;
using test::Json;

constexpr char const* kId = "io.modelcontextprotocol/subscriptionId";
Json const kTasks = Json::parse(R"({"extensions":{"io.modelcontextprotocol/tasks":{}}})");

class Listen : public testing::Test {
protected:
    Listen()
        : fixture([this](protocol::ServerFeatures& features, protocol::McpLimits& limits) {
              features.tools.push_back(&task_tool);
              features.resources = {&source};
              features.tools_change = features.resources_change = features.subscriptions = true;
              features.tasks = tasks.get();
              limits.streams_per_principal = 3;
          }) {
        task_tool.about.task_use = protocol::TaskUse::at_once;
        task_tool.hold = true;
    }
    static Json request(Json notifications, Json id = "listen:0") {
        Json params = Json::object();
        params["notifications"] = std::move(notifications);
        return test::modern_request("subscriptions/listen", std::move(params), std::move(id));
    }
    std::unique_ptr<test::Exchange> listen(char const* notifications, Json id = "listen:0") {
        return fixture.start_modern(request(Json::parse(notifications), std::move(id)));
    }
    void publish(ChangeEvent::Kind kind, std::string key = {}) {
        fixture.hub.publish(ChangeEvent(kind, std::move(key)));
        fixture.poll();
    }
    static std::vector<std::string> methods(test::Exchange const& exchange) {
        std::vector<std::string> out;
        for (Json const& message : exchange.messages()) {
            out.push_back(message.value("method", "response"));
        }
        return out;
    }

    std::unique_ptr<protocol::TaskStore> tasks = protocol::make_memory_task_store();
    test::FakeSource source;
    test::FakeTool task_tool{"job"};
    test::EndpointFixture fixture;
};

TEST_F(Listen, AcknowledgesFirstWithTheSubsetItHonours) {
    auto const stream = listen(R"({"toolsListChanged":true,"promptsListChanged":true,
        "resourcesListChanged":false,"resourceSubscriptions":["x://a","x://b","y://c"],"other":1})");
    publish(ChangeEvent::Kind::tools);
    auto const messages = stream->messages();
    ASSERT_EQ(messages.size(), 2U);
    EXPECT_EQ(messages[0]["method"], "notifications/subscriptions/acknowledged");
    EXPECT_EQ(messages[0]["params"]["notifications"],
              Json::parse(R"({"toolsListChanged":true,"resourceSubscriptions":["x://a"]})"))
        << "prompts do not change here, and nobody watches x://b";
    EXPECT_FALSE(stream->done());
    EXPECT_FALSE(stream->is_call());
    EXPECT_TRUE(stream->cancels_on_disconnect());
    EXPECT_TRUE(stream->channel.events()[0].id.empty()) << "nothing is replayed in 2026-07-28";
}

TEST_F(Listen, TheSubscriptionIdKeepsTheTypeOfTheRequestsId) {
    for (char const* id : {"5", "\"5\"", "\"listen:0\"", "0", "9007199254740993"}) {
        SCOPED_TRACE(id);
        auto const stream = listen(R"({"toolsListChanged":true})", Json::parse(id));
        publish(ChangeEvent::Kind::tools);
        fixture.endpoint->end_streams();
        fixture.poll();
        auto const messages = stream->messages();
        ASSERT_EQ(messages.size(), 3U);
        EXPECT_EQ(messages[0]["params"]["_meta"][kId].dump(), id);
        EXPECT_EQ(messages[1]["params"]["_meta"][kId].dump(), id);
        EXPECT_EQ(messages[2]["result"]["_meta"][kId].dump(), id);
        EXPECT_EQ(messages[2]["id"].dump(), id);
    }
}

TEST_F(Listen, TellsOnlyWhatWasAskedFor) {
    auto const stream = listen(R"({"resourcesListChanged":true,"resourceSubscriptions":["x://a"]})");
    publish(ChangeEvent::Kind::tools);
    publish(ChangeEvent::Kind::prompts);
    publish(ChangeEvent::Kind::resource, "x://b");
    publish(ChangeEvent::Kind::task, "t");
    EXPECT_EQ(methods(*stream).size(), 1U);
    publish(ChangeEvent::Kind::resource, "x://a");
    publish(ChangeEvent::Kind::resources);
    auto const messages = stream->messages();
    ASSERT_EQ(messages.size(), 3U);
    EXPECT_EQ(messages[1]["method"], "notifications/resources/updated");
    EXPECT_EQ(messages[1]["params"]["uri"], "x://a");
    EXPECT_EQ(messages[1]["params"]["_meta"][kId], "listen:0");
    EXPECT_EQ(messages[2]["method"], "notifications/resources/list_changed");
}

TEST_F(Listen, SeveralHaveEachTheirOwnCopy) {
    auto const first = listen(R"({"toolsListChanged":true})", 1);
    auto const second = listen(R"({"toolsListChanged":true})", 2);
    EXPECT_EQ(fixture.endpoint->open_streams(), 2U);
    publish(ChangeEvent::Kind::tools);
    EXPECT_EQ(first->messages()[1]["params"]["_meta"][kId], 1);
    EXPECT_EQ(second->messages()[1]["params"]["_meta"][kId], 2);
    first->hang_up();
    EXPECT_TRUE(first->done());
    EXPECT_EQ(fixture.endpoint->open_streams(), 1U);
    publish(ChangeEvent::Kind::tools);
    EXPECT_EQ(second->messages().size(), 3U);
    second->hang_up();
    EXPECT_EQ(fixture.hub.size(), 0U);
}

TEST_F(Listen, WithNothingToTellItClosesAtOnce) {
    for (char const* filter : {"{}",
                               R"({"toolsListChanged":false})",
                               R"({"promptsListChanged":true})",
                               R"({"resourceSubscriptions":["y://z"]})"}) {
        auto const stream = listen(filter);
        ASSERT_TRUE(stream->done()) << filter;
        EXPECT_EQ(methods(*stream),
                  (std::vector<std::string>{"notifications/subscriptions/acknowledged", "response"}));
        EXPECT_EQ(stream->messages()[0]["params"]["notifications"], Json::object());
        Json const result = stream->messages()[1]["result"];
        EXPECT_EQ(result["resultType"], "complete");
        EXPECT_EQ(result["_meta"][kId], "listen:0");
        EXPECT_EQ(stream->reply().rpc_method, "subscriptions/listen");
    }
}

TEST_F(Listen, ADrainEndsItWithItsResult) {
    auto const stream = listen(R"({"toolsListChanged":true})");
    fixture.endpoint->end_streams();
    fixture.poll();
    ASSERT_TRUE(stream->done());
    EXPECT_EQ(stream->answer()["result"]["resultType"], "complete");
    EXPECT_EQ(stream->answer()["id"], "listen:0");
    EXPECT_EQ(fixture.endpoint->open_streams(), 0U);
}

TEST_F(Listen, StreamsOfACallerAreCounted) {
    std::vector<std::unique_ptr<test::Exchange>> open;
    for (int i = 0; i < 3; ++i) {
        open.push_back(listen(R"({"toolsListChanged":true})", i));
    }
    auto const full = listen(R"({"toolsListChanged":true})", "x");
    EXPECT_EQ(full->reply().status, 429);
    EXPECT_EQ(test::code_of(full->reply()), protocol::rpc_code::overloaded);
    EXPECT_EQ(full->answer()["id"], "x");
    auto const other = fixture.start_modern(request(Json{{"toolsListChanged", true}}), test::other_caller());
    EXPECT_FALSE(other->done());
    open.front()->hang_up();
    EXPECT_FALSE(listen(R"({"toolsListChanged":true})", "y")->done()) << "a place is free again";
}

TEST_F(Listen, MalformedFiltersAreRefused) {
    Json too_many = Json::array();
    for (int i = 0; i < 1001; ++i) {
        too_many.push_back("x://" + std::to_string(i));
    }
    for (Json const& filter : {Json(),
                               Json(7),
                               Json::array(),
                               Json{{"toolsListChanged", 1}},
                               Json{{"promptsListChanged", "yes"}},
                               Json{{"resourcesListChanged", nullptr}},
                               Json{{"resourceSubscriptions", "x://a"}},
                               Json{{"resourceSubscriptions", {1}}},
                               Json{{"resourceSubscriptions", too_many}},
                               Json{{"taskIds", {{{"id", 1}}}}}}) {
        auto const stream = fixture.start_modern(request(filter));
        ASSERT_TRUE(stream->done()) << filter;
        EXPECT_EQ(test::code_of(stream->reply()), -32602) << filter;
        EXPECT_FALSE(stream->channel.opened());
    }
    auto const without = fixture.start_modern(test::modern_request("subscriptions/listen", Json::object()));
    EXPECT_EQ(test::code_of(without->reply()), -32602);
}

TEST_F(Listen, NeedsAClientThatTakesEvents) {
    auto const reply = fixture.exchange(
        test::with(test::modern_headers("subscriptions/listen"), "Accept", "application/json"),
        request(Json{{"toolsListChanged", true}}));
    EXPECT_EQ(reply.status, 406);
}

TEST_F(Listen, IsNoMethodOfAServerThatAnnouncesNothing) {
    test::EndpointFixture plain;
    auto const reply = plain.ask_modern(request(Json{{"toolsListChanged", true}}));
    EXPECT_EQ(reply.status, 404);
    EXPECT_EQ(test::code_of(reply), -32601);
}

TEST_F(Listen, TasksNeedTheExtensionAndAreTheCallersOwn) {
    auto const created = fixture.ask_modern(test::declaring(test::modern_call("job"), kTasks));
    std::string const id = test::result_of(created)["taskId"];
    Json const filter = Json{{"taskIds", {id, "made-up"}}};
    auto const undeclared = fixture.ask_modern(request(filter));
    EXPECT_EQ(undeclared.status, 400);
    EXPECT_EQ(test::json_of(undeclared)["error"]["data"]["requiredCapabilities"], kTasks);

    auto const foreign = fixture.start_modern(test::declaring(request(filter), kTasks), test::other_caller());
    EXPECT_TRUE(foreign->done()) << "there is nothing of theirs to tell";
    EXPECT_EQ(foreign->messages()[0]["params"]["notifications"], Json::object());

    auto const stream = fixture.start_modern(test::declaring(request(filter), kTasks));
    EXPECT_EQ(stream->messages()[0]["params"]["notifications"], (Json{{"taskIds", {id}}}));
    task_tool.release();
    fixture.poll();
    auto const messages = stream->messages();
    ASSERT_EQ(messages.size(), 2U);
    EXPECT_EQ(messages[1]["method"], "notifications/tasks");
    EXPECT_EQ(messages[1]["params"]["taskId"], id);
    EXPECT_EQ(messages[1]["params"]["status"], "completed");
    EXPECT_EQ(messages[1]["params"]["result"]["content"][0]["text"], "done");
    EXPECT_EQ(messages[1]["params"]["_meta"][kId], "listen:0");
}

TEST_F(Listen, NewToolsAreToldAndListed) {
    auto const stream = listen(R"({"toolsListChanged":true})");
    std::string const session = fixture.open_session(Revision::v2025_11_25);
    auto const legacy = fixture.get(session);
    test::FakeTool fresh("fresh");
    fixture.server->set_tools({&fresh});
    fixture.poll();
    EXPECT_EQ(methods(*stream).back(), "notifications/tools/list_changed");
    EXPECT_EQ(methods(*legacy), std::vector<std::string>{"notifications/tools/list_changed"});
    EXPECT_FALSE(legacy->messages()[0].contains("params")) << "there is no subscription to name";
    Json const tools = test::result_of(fixture.ask_modern(test::modern_request("tools/list")))["tools"];
    ASSERT_EQ(tools.size(), 1U);
    EXPECT_EQ(tools[0]["name"], "fresh");
    fixture.server->set_tools({&task_tool});
}

class Subscribe : public Listen {
protected:
    Subscribe() { session = fixture.open_session(Revision::v2025_11_25); }
    protocol::McpHttpReply ask(char const* method, Json uri) {
        Json params = Json::object();
        params["uri"] = std::move(uri);
        return fixture.exchange(fixture.in_session(session), test::legacy_request(method, params));
    }
    std::string session;
};

TEST_F(Subscribe, TheGetStreamTellsOfSubscribedResources) {
    auto const stream = fixture.get(session);
    publish(ChangeEvent::Kind::resource, "x://a");
    EXPECT_TRUE(stream->messages().empty());
    EXPECT_EQ(test::result_of(ask("resources/subscribe", "x://a")), Json::object());
    publish(ChangeEvent::Kind::resource, "x://a");
    publish(ChangeEvent::Kind::resource, "x://b");
    auto const messages = stream->messages();
    ASSERT_EQ(messages.size(), 1U);
    EXPECT_EQ(messages[0]["method"], "notifications/resources/updated");
    EXPECT_EQ(messages[0]["params"], (Json{{"uri", "x://a"}}));
    EXPECT_EQ(test::result_of(ask("resources/unsubscribe", "x://a")), Json::object());
    publish(ChangeEvent::Kind::resource, "x://a");
    EXPECT_EQ(stream->messages().size(), 1U);
}

TEST_F(Subscribe, WhatDoesNotChangeIsRefused) {
    auto const reply = ask("resources/subscribe", "x://b");
    EXPECT_EQ(reply.status, 200);
    EXPECT_EQ(test::code_of(reply), -32002);
    EXPECT_EQ(test::code_of(ask("resources/subscribe", 7)), -32602);
    EXPECT_EQ(test::code_of(ask("resources/unsubscribe", Json())), -32602);
    EXPECT_EQ(test::code_of(ask("resources/unsubscribe", "x://b")), 0) << "there is nothing to end";
}

TEST_F(Subscribe, SubscriptionsOutliveTheProcess) {
    ask("resources/subscribe", "x://a");
    test::FakeSource other_source;
    test::EndpointFixture other(fixture.world, [&](protocol::ServerFeatures& features, protocol::McpLimits&) {
        features.resources = {&other_source};
        features.subscriptions = true;
    });
    other.know(session, Revision::v2025_11_25);
    auto const stream = other.get(session);
    other.hub.publish(ChangeEvent(ChangeEvent::Kind::resource, "x://a"));
    EXPECT_EQ(stream->messages().size(), 1U);
}

TEST_F(Subscribe, IsNoMethodWhereNothingCanBeSubscribedTo) {
    test::EndpointFixture plain;
    auto const headers = test::legacy_headers(Revision::v2025_11_25);
    for (char const* method : {"resources/subscribe", "resources/unsubscribe"}) {
        EXPECT_EQ(
            test::code_of(plain.exchange(headers, test::legacy_request(method, Json{{"uri", "x://a"}}))),
            -32601);
    }
}

TEST_F(Subscribe, SubscriptionsMadeAtAnotherReplicaAreHeardHere) {
    test::FakeSource other_source;
    test::EndpointFixture other(fixture.world, [&](protocol::ServerFeatures& features, protocol::McpLimits&) {
        features.resources = {&other_source};
        features.subscriptions = true;
    });
    other.know(session, Revision::v2025_11_25);
    auto const there = [&](char const* method) {
        return other.exchange(other.in_session(session),
                              test::legacy_request(method, Json{{"uri", "x://a"}}));
    };
    auto const stream = fixture.get(session);
    EXPECT_EQ(test::code_of(there("resources/subscribe")), 0);
    for (int i = 0; i < 2; ++i) {
        fixture.advance(std::chrono::seconds(1));
    }
    publish(ChangeEvent::Kind::resource, "x://a");
    EXPECT_EQ(stream->messages().size(), 1U);
    EXPECT_EQ(test::code_of(there("resources/unsubscribe")), 0);
    for (int i = 0; i < 2; ++i) {
        fixture.advance(std::chrono::seconds(1));
    }
    publish(ChangeEvent::Kind::resource, "x://a");
    EXPECT_EQ(stream->messages().size(), 1U);
}

TEST_F(Subscribe, WhatOneReplicaAddsDoesNotUndoWhatTheOtherDid) {
    test::FakeSource other_source;
    test::EndpointFixture other(fixture.world, [&](protocol::ServerFeatures& features, protocol::McpLimits&) {
        features.resources = {&other_source};
        features.subscriptions = features.logging = true;
    });
    other.know(session, Revision::v2025_11_25);
    auto const stream = fixture.get(session); // its state is known here from now on
    other.exchange(other.in_session(session),
                   test::legacy_request("logging/setLevel", Json{{"level", "error"}}));
    ask("resources/subscribe", "x://a");
    auto const kept = fixture.world->loop.run(fixture.world->records->saved_since(0));
    ASSERT_TRUE(kept);
    EXPECT_EQ(Json::parse(kept->states.back().state),
              Json::parse(R"({"logLevel":"error","subscriptions":["x://a"]})"));
}

TEST_F(Subscribe, WhatChangedWhileNobodyReadIsReplayed) {
    ask("resources/subscribe", "x://a");
    auto const stream = fixture.get(session);
    publish(ChangeEvent::Kind::tools);
    std::string const id = stream->channel.events().back().id;
    stream->hang_up();
    publish(ChangeEvent::Kind::resource, "x://a");
    publish(ChangeEvent::Kind::resource, "x://b");
    publish(ChangeEvent::Kind::resources);
    auto const again = fixture.get(session, id);
    EXPECT_EQ(methods(*again),
              (std::vector<std::string>{"notifications/resources/updated",
                                        "notifications/resources/list_changed"}));
    publish(ChangeEvent::Kind::tools);
    EXPECT_EQ(again->messages().size(), 3U) << "and it hears each change once";
}

TEST_F(Subscribe, WhoComesBackForAStreamTakesItOver) {
    auto const dead = fixture.get(session); // its peer vanished without a word
    std::string const id = dead->channel.events().front().id;
    auto const again = fixture.get(session, id);
    EXPECT_TRUE(dead->done());
    EXPECT_TRUE(dead->channel.finished());
    EXPECT_FALSE(again->done());
    EXPECT_EQ(fixture.endpoint->open_streams(), 1U);
    publish(ChangeEvent::Kind::tools);
    EXPECT_TRUE(dead->messages().empty());
    EXPECT_EQ(again->messages().size(), 1U);
    EXPECT_EQ(fixture.get(session)->reply().status, 409) << "a new one has to wait for it";
    again->hang_up();
    EXPECT_EQ(fixture.endpoint->open_streams(), 0U);
}

TEST_F(Subscribe, AResumedStandingStreamHearsAgain) {
    auto const stream = fixture.get(session);
    std::string const id = stream->channel.events().front().id;
    stream->hang_up();
    auto const again = fixture.get(session, id);
    publish(ChangeEvent::Kind::tools);
    EXPECT_EQ(again->messages().size(), 1U);
    fixture.endpoint->end_streams();
    fixture.poll();
    EXPECT_TRUE(again->done());
}

} // namespace
