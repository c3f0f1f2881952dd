#include "protocol/skill.hpp"
#include "support/fake_sources.hpp"
#include "support/task_fixture.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

// More mistakes that servers are known to make, on a server that offers everything.
namespace {

using protocol::Revision;
using test::declaring;
using test::Json;
using test::legacy_headers;
using test::modern_call;
using test::modern_request;
using test::TaskServer;

std::vector<protocol::Skill> one_skill() {
    std::vector<protocol::SkillFile> files;
    files.emplace_back("SKILL.md", "text/markdown", "---\nname: file-bug\ndescription: d\n---\n");
    std::vector<protocol::Skill> skills;
    skills.emplace_back(Json{{"name", "file-bug"}, {"description", "d"}}, std::move(files));
    return skills;
}

class StreamTraps : public testing::Test {
protected:
    StreamTraps()
        : tasks(std::make_shared<test::World>(),
                [this](protocol::ServerFeatures& features, protocol::McpLimits& limits) {
                    features.tools.push_back(&ask);
                    features.prompts = {&prompt, &prompt_two};
                    features.resources = {&source, &skills};
                    features.skills = &skills;
                    features.completer = &completer;
                    features.logging = features.tools_change = features.subscriptions = true;
                    limits.list_page = 1;
                }),
          server(tasks.server) {
        ask.behave([](protocol::ToolCall const& call) {
            if (protocol::ElicitAnswer::of(call.inputs, "k")) {
                return protocol::ToolResult("thanks", Json());
            }
            std::vector<protocol::InputRequest> requests;
            requests.push_back(protocol::ask_form(
                "k", "?", Json::parse(R"({"type":"object","properties":{"v":{"type":"string"}}})")));
            return protocol::ToolResult::ask(protocol::InputNeeded(std::move(requests), Json{{"n", 1}}));
        });
        source.texts["x://b"] = "beta";
        source.template_count = 2;
    }
    Json params(char const* text) { return Json::parse(text); }
    void release(test::FakeTool& tool) {
        tool.release();
        server.poll();
    }

    test::FakeTool ask{"ask"};
    test::FakePrompt prompt{"plain"};
    test::FakePrompt prompt_two{"two"};
    test::FakeSource source;
    protocol::SkillLibrary skills{one_skill()};
    test::FakeCompleter completer;
    TaskServer tasks;
    test::EndpointFixture& server;
};

TEST_F(StreamTraps, ResultTypeIsOnEveryModernResultAcknowledgementsAndClosingResultsIncluded) {
    std::string const id = tasks.begin();
    std::vector<Json> const requests{
        modern_request("server/discover"),
        modern_request("tools/list"),
        modern_request("prompts/list"),
        modern_request("resources/list"),
        modern_request("resources/templates/list"),
        modern_request("skills/list"),
        modern_request("skills/get", params(R"({"uri":"skill://file-bug/SKILL.md"})")),
        modern_request("resources/directory/read", params(R"({"uri":"skill://file-bug"})")),
        modern_request("resources/read", params(R"({"uri":"x://a"})")),
        modern_request("prompts/get", params(R"({"name":"plain"})")),
        modern_request(
            "completion/complete",
            params(R"({"ref":{"type":"ref/prompt","name":"plain"},"argument":{"name":"a","value":""}})")),
        declaring(modern_call("ask"), TaskServer::capabilities()),
        TaskServer::about("tasks/get", id),
        TaskServer::answering(id, Json::object()),
        TaskServer::about("tasks/cancel", id),
        TaskServer::about("tasks/cancel", id),
        modern_request("subscriptions/listen", params(R"({"notifications":{}})")),
    };
    for (Json const& request : requests) {
        auto const exchange = server.start_modern(request);
        Json const answer = exchange->answer();
        ASSERT_TRUE(answer.contains("result")) << request << answer;
        EXPECT_TRUE(answer["result"]["resultType"].is_string()) << request;
        EXPECT_EQ(answer["result"]["_meta"]["io.modelcontextprotocol/serverInfo"]["version"], "9.8.7")
            << request;
    }
}

TEST_F(StreamTraps, ResultTypeAndItsLikeAreOnNoResultOfTheInitializeEra) {
    for (Revision const revision : {Revision::v2024_11_05, Revision::v2025_11_25}) {
        for (Json const& request :
             {test::legacy_request("ping"),
              test::legacy_request("tools/list"),
              test::legacy_request("prompts/list"),
              test::legacy_request("resources/list"),
              test::legacy_request("resources/templates/list"),
              test::legacy_request("resources/read", params(R"({"uri":"x://a"})")),
              test::legacy_request("prompts/get", params(R"({"name":"plain"})")),
              test::legacy_request("logging/setLevel", params(R"({"level":"error"})")),
              test::legacy_request("resources/subscribe", params(R"({"uri":"x://a"})"))}) {
            Json const result = test::result_of(server.exchange(legacy_headers(revision), request));
            ASSERT_TRUE(result.is_object()) << request;
            for (char const* member : {"resultType", "ttlMs", "cacheScope", "_meta"}) {
                EXPECT_FALSE(result.contains(member)) << request << member;
            }
        }
    }
}

TEST_F(StreamTraps, RequiredCapabilitiesIsAnObject) {
    for (Json const& request :
         {modern_call("ask"),
          modern_call("must"),
          modern_request("tasks/get", params(R"({"taskId":"x"})")),
          modern_request("subscriptions/listen", params(R"({"notifications":{"taskIds":["x"]}})"))}) {
        auto const reply = server.ask_modern(request);
        EXPECT_EQ(reply.status, 400);
        EXPECT_EQ(test::code_of(reply), -32021) << request;
        EXPECT_TRUE(test::json_of(reply)["error"]["data"]["requiredCapabilities"].is_object());
    }
}

TEST_F(StreamTraps, TheAcknowledgementComesBeforeAnyNotificationOfAListenAndFiltersAreHonoured) {
    auto const stream = server.start_modern(
        modern_request("subscriptions/listen", params(R"({"notifications":{"toolsListChanged":true}})")));
    server.hub.publish(protocol::ChangeEvent(protocol::ChangeEvent::Kind::resource, "x://a"));
    server.hub.publish(protocol::ChangeEvent(protocol::ChangeEvent::Kind::tools));
    ASSERT_EQ(stream->messages().size(), 2U);
    EXPECT_EQ(stream->messages()[0]["method"], "notifications/subscriptions/acknowledged");
    EXPECT_EQ(stream->messages()[1]["method"], "notifications/tools/list_changed");
}

TEST_F(StreamTraps, NoLogMessageIsSentWithoutALogLevel) {
    auto const call = server.start_modern(modern_call("job"));
    tasks.job.current->client.log(protocol::LogLevel::emergency, "", "x");
    EXPECT_FALSE(call->channel.opened());
    release(tasks.job);
}

TEST_F(StreamTraps, CacheHintsAreOnAllSixMethodsAndTheScopeIsEqualOnAllPages) {
    struct Row {
        Json request;
        char const* scope;
    };
    for (Row const& row : {Row{modern_request("server/discover"), "public"},
                           Row{modern_request("tools/list"), "public"},
                           Row{modern_request("prompts/list"), "public"},
                           Row{modern_request("resources/list"), "private"},
                           Row{modern_request("resources/templates/list"), "public"},
                           Row{modern_request("resources/read", params(R"({"uri":"x://a"})")), "private"}}) {
        Json request = row.request;
        int pages = 0;
        for (bool more = true; more && pages < 20; ++pages) {
            Json const result = test::result_of(server.ask_modern(request));
            EXPECT_EQ(result["cacheScope"], row.scope) << request;
            EXPECT_TRUE(result["ttlMs"].is_number_unsigned()) << request;
            more = result.contains("nextCursor");
            request["params"]["cursor"] = result.value("nextCursor", Json());
        }
        bool const list = row.request["method"].get<std::string>().ends_with("/list");
        EXPECT_EQ(pages > 1, list) << row.request;
    }
}

TEST_F(StreamTraps, ALegacyDisconnectDoesNotCancelAndAModernOneDoes) {
    auto const legacy = server.start(legacy_headers(Revision::v2025_11_25), test::legacy_call("must"));
    auto const modern = server.start_modern(modern_call("job"));
    legacy->hang_up();
    modern->hang_up();
    EXPECT_FALSE(legacy->done());
    EXPECT_TRUE(modern->done());
    EXPECT_EQ(tasks.must.cancelled, 0);
    EXPECT_EQ(tasks.job.cancelled, 1);
    release(tasks.must);
    EXPECT_TRUE(legacy->done());
}

TEST_F(StreamTraps, PrimingEventsAreForClientsOf20251125AndLater) {
    for (Revision const revision : {Revision::v2025_03_26, Revision::v2025_06_18, Revision::v2025_11_25}) {
        auto const stream = server.get(server.open_session(revision));
        EXPECT_EQ(stream->channel.text().find("\ndata: \n") != std::string::npos,
                  revision >= Revision::v2025_11_25);
    }
    auto const modern = server.start_modern(
        modern_request("subscriptions/listen", params(R"({"notifications":{"toolsListChanged":true}})")));
    EXPECT_EQ(modern->channel.text().find("id:"), std::string::npos);
    EXPECT_EQ(modern->channel.text().find("retry:"), std::string::npos);
}

TEST_F(StreamTraps, DeadSessionsAre404AlsoOnGet) {
    std::string const session = server.open_session(Revision::v2025_11_25);
    EXPECT_EQ(server.exchange(server.in_session(session), std::string(), "DELETE").status, 204);
    EXPECT_EQ(server.exchange(server.in_session(session), test::legacy_request("ping")).status, 404);
    EXPECT_EQ(server.get(session)->reply().status, 404);
    EXPECT_EQ(server.exchange(server.in_session(session), std::string(), "DELETE").status, 404);
}

TEST_F(StreamTraps, ATaskCanBeGottenImmediatelyAfterItsCreation) {
    EXPECT_EQ(tasks.status(tasks.begin()), "working");
    release(tasks.job);
}

TEST_F(StreamTraps, ASubscriptionIdOfAnIntegerStaysAnInteger) {
    for (Json const& id : {Json(1), Json("1")}) {
        auto const stream = server.start_modern(modern_request(
            "subscriptions/listen", params(R"({"notifications":{"toolsListChanged":true}})"), id));
        Json const tag = stream->messages()[0]["params"]["_meta"]["io.modelcontextprotocol/subscriptionId"];
        EXPECT_EQ(tag.dump(), id.dump());
    }
}

TEST_F(StreamTraps, MessagesOnAStreamAreOneDataLineEach) {
    auto const call = server.start(legacy_headers(Revision::v2025_11_25),
                                   test::with_meta(test::legacy_call("must"), "progressToken", "a\nb\r\nc"));
    tasks.must.current->client.progress(1, std::nullopt, "first\nsecond\r\n\r\ndata: {}");
    EXPECT_EQ(call->messages().at(0)["params"]["message"], "first\nsecond\r\n\r\ndata: {}");
    release(tasks.must);
}

} // namespace
