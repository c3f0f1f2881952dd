#include "support/endpoint_fixture.hpp"

#include <gtest/gtest.h>

#include <string>

// Calls of a session: cancelled by the client, and asking it; both also through another replica.
namespace {

using protocol::Revision;
using std::chrono::milliseconds;
using std::chrono::seconds;
using test::Json;

protocol::ToolResult ask_for_a_name(protocol::ToolCall const& call) {
    auto const answer = protocol::ElicitAnswer::of(call.inputs, "name");
    if (!answer) {
        std::vector<protocol::InputRequest> requests;
        requests.push_back(protocol::ask_form(
            "name",
            "Who are you?",
            Json::parse(
                R"({"type":"object","properties":{"first":{"type":"string"}},"required":["first"]})")));
        return protocol::ToolResult::ask(protocol::InputNeeded(std::move(requests), Json()));
    }
    bool const accepted = answer->action == protocol::ElicitAnswer::Action::accept;
    return protocol::ToolResult(accepted ? "hello " + answer->text("first") : "as you like", Json());
}

/// A server with the tool `ask`.
class Asking {
public:
    explicit Asking(std::shared_ptr<test::World> world = std::make_shared<test::World>(),
                    milliseconds patience = seconds(300))
        : server(std::move(world),
                 [this, patience](protocol::ServerFeatures& features, protocol::McpLimits& limits) {
                     features.tools.push_back(&ask);
                     limits.client_answer = patience;
                 }) {
        ask.behave(ask_for_a_name);
        server.route.hold = true;
    }
    std::unique_ptr<test::Exchange> call(std::string const& session, Json id = 1) {
        return server.start(server.in_session(session),
                            test::legacy_call("ask", Json::object(), std::move(id)));
    }
    int tell(std::string const& session, Json const& message) {
        return server.exchange(server.in_session(session), message).status;
    }
    int answer(std::string const& session, Json const& question, Json result) {
        Json message = Json::object();
        message["jsonrpc"] = "2.0";
        message["id"] = question["id"];
        message["result"] = std::move(result);
        return tell(session, message);
    }
    int cancel(std::string const& session, Json id) {
        Json params = Json::object();
        params["requestId"] = std::move(id);
        return tell(session, test::notification("notifications/cancelled", std::move(params)));
    }

    test::FakeTool ask{"ask"};
    test::EndpointFixture server;
};

Json const kElicits = Json::parse(R"({"elicitation":{}})");
Json const kAda = Json::parse(R"({"action":"accept","content":{"first":"Ada"}})");

class SessionCall : public testing::Test {
protected:
    std::string open(Revision revision = Revision::v2025_11_25, Json capabilities = kElicits) {
        return a.server.open_session(revision, std::move(capabilities));
    }
    static std::string text(test::Exchange& exchange) {
        return exchange.answer()["result"]["content"][0]["text"].get<std::string>();
    }

    Asking a;
};

TEST_F(SessionCall, IsCancelledByTheClientsWordAndAnsweredWithNothing) {
    std::string const session = open();
    auto const call =
        a.server.start(a.server.in_session(session), test::legacy_call("route", Json::object(), "c1"));
    EXPECT_EQ(a.cancel(session, "c1"), 202);
    EXPECT_TRUE(call->done());
    EXPECT_EQ(call->reply().status, 202);
    EXPECT_EQ(call->reply().body, "");
    EXPECT_EQ(call->reply().tool, "route");
    EXPECT_EQ(a.server.route.cancelled, 1);
}

TEST_F(SessionCall, CancelledOnAnOpenStreamEndsItWithoutAnAnswer) {
    std::string const session = open();
    auto const call = a.server.start(a.server.in_session(session),
                                     test::with_meta(test::legacy_call("route"), "progressToken", 1));
    a.server.route.current->client.progress(1, std::nullopt, "");
    EXPECT_EQ(a.cancel(session, 1), 202);
    EXPECT_TRUE(call->done());
    EXPECT_TRUE(call->channel.finished());
    EXPECT_EQ(call->messages().size(), 1U);
}

TEST_F(SessionCall, CancellationNamesTheCallWithItsTypeInItsSession) {
    std::string const session = open();
    auto const call =
        a.server.start(a.server.in_session(session), test::legacy_call("route", Json::object(), 7));
    for (Json const& id : {Json("7"), Json(8), Json(7.5), Json(), Json::object()}) {
        EXPECT_EQ(a.cancel(session, id), 202) << id;
    }
    EXPECT_EQ(a.tell(session, test::notification("notifications/cancelled")), 202);
    EXPECT_EQ(a.cancel(open(), 7), 202) << "another session's 7";
    EXPECT_FALSE(call->done());
    a.server.route.release();
    EXPECT_EQ(text(*call), "routed");
    EXPECT_EQ(a.cancel(session, 7), 202) << "too late is no error";
}

TEST_F(SessionCall, CancelledWhileItAsksIsAnsweredWithNothingEither) {
    std::string const session = open();
    auto const call = a.call(session, 3);
    ASSERT_EQ(call->messages().size(), 1U);
    EXPECT_EQ(a.cancel(session, 3), 202);
    EXPECT_TRUE(call->done());
    EXPECT_EQ(call->messages().size(), 1U) << "the question alone";
    EXPECT_TRUE(call->channel.finished());
}

TEST_F(SessionCall, CancelledInABatchLeavesTheOthersAnswers) {
    std::string const session = open(Revision::v2025_03_26);
    Json batch = Json::array();
    batch.push_back(test::legacy_call("route", Json::object(), 1));
    auto const alone = a.server.start(a.server.in_session(session), batch);
    EXPECT_EQ(a.cancel(session, 1), 202);
    EXPECT_EQ(alone->reply().status, 202);
    EXPECT_EQ(alone->reply().body, "");

    batch.push_back(test::legacy_request("ping", Json::object(), 2));
    for (char const* accept : {"application/json, text/event-stream", "text/event-stream"}) {
        auto const call = a.server.start(test::with(a.server.in_session(session), "Accept", accept), batch);
        EXPECT_EQ(a.cancel(session, 1), 202);
        EXPECT_EQ(call->reply().status, 200);
        Json const answer = test::json_of(call->reply());
        EXPECT_EQ(answer.is_array() ? answer.size() : 1U, 1U);
        EXPECT_EQ((answer.is_array() ? answer[0] : answer)["id"], 2);
    }
}

TEST_F(SessionCall, AsksOnItsOwnStreamAndIsAnsweredByAPostedResponse) {
    std::string const session = open();
    auto const call = a.call(session);
    ASSERT_EQ(call->messages().size(), 1U);
    Json const question = call->messages()[0];
    EXPECT_EQ(question["method"], "elicitation/create");
    EXPECT_TRUE(question["id"].is_string());
    EXPECT_EQ(question["params"]["message"], "Who are you?");
    EXPECT_FALSE(call->done());
    EXPECT_EQ(a.answer(session, question, kAda), 202);
    EXPECT_EQ(text(*call), "hello Ada");
    EXPECT_EQ(call->answer()["id"], 1);
    EXPECT_EQ(a.answer(session, question, kAda), 202) << "a second answer is for nobody";
}

TEST_F(SessionCall, IsACallAndWhatAnswersOrEndsItIsNone) {
    std::string const session = open();
    auto const call = a.call(session, 1);
    EXPECT_TRUE(call->is_call());
    Json answer = Json::parse(R"({"jsonrpc":"2.0","result":{"action":"decline"}})");
    answer["id"] = call->messages()[0]["id"];
    EXPECT_FALSE(a.server.start(a.server.in_session(session), answer)->is_call());
    Json const cancelled = test::notification("notifications/cancelled", Json::parse(R"({"requestId":1})"));
    EXPECT_FALSE(a.server.start(a.server.in_session(session), cancelled)->is_call());
    EXPECT_FALSE(a.server.start(a.server.in_session(session), std::string(), "DELETE")->is_call());
    EXPECT_FALSE(a.server.start(a.server.in_session("unknown"), test::legacy_call("ask"))->is_call());
}

TEST_F(SessionCall, DecliningIsAnAnswer) {
    for (char const* action : {"decline", "cancel"}) {
        std::string const session = open();
        auto const call = a.call(session);
        Json result = Json::object();
        result["action"] = action;
        a.answer(session, call->messages()[0], result);
        EXPECT_EQ(text(*call), "as you like");
    }
}

TEST_F(SessionCall, AnAnswerWithoutSenseIsAskedForAgain) {
    std::string const session = open();
    auto const call = a.call(session);
    a.answer(session, call->messages()[0], Json::parse(R"({"action":"perhaps"})"));
    ASSERT_EQ(call->messages().size(), 2U);
    EXPECT_NE(call->messages()[0]["id"], call->messages()[1]["id"]);
    a.answer(session, call->messages()[1], kAda);
    EXPECT_EQ(text(*call), "hello Ada");
}

TEST_F(SessionCall, ThatAsksForEverIsEndedAfterTenQuestions) {
    std::string const session = open();
    auto const call = a.call(session);
    for (std::size_t i = 0; i < 20 && !call->done(); ++i) {
        ASSERT_EQ(call->messages().size(), i + 1);
        a.answer(session, call->messages().back(), Json::parse(R"({"action":"perhaps"})"));
    }
    EXPECT_EQ(call->messages().size(), 11U);
    EXPECT_EQ(call->answer()["result"]["isError"], true);
}

TEST_F(SessionCall, ARefusalIsAResultThatSaysSo) {
    std::string const session = open();
    auto const call = a.call(session);
    Json refusal = Json::parse(R"({"jsonrpc":"2.0","error":{"code":-1,"message":"not today"}})");
    refusal["id"] = call->messages()[0]["id"];
    EXPECT_EQ(a.tell(session, refusal), 202);
    EXPECT_EQ(call->answer()["result"]["isError"], true);
    EXPECT_NE(text(*call).find("not today"), std::string::npos);
}

TEST_F(SessionCall, SilenceEndsItInTime) {
    Asking impatient(std::make_shared<test::World>(), milliseconds(5));
    std::string const session = impatient.server.open_session(Revision::v2025_11_25, kElicits);
    auto const call = impatient.call(session);
    EXPECT_EQ(call->answer()["result"]["isError"], true);
    EXPECT_NE(text(*call).find("in time"), std::string::npos);
}

TEST_F(SessionCall, AnswersOfAnotherSessionAreNotHeard) {
    std::string const session = open();
    auto const call = a.call(session);
    Json const question = call->messages()[0];
    EXPECT_EQ(a.answer(open(), question, kAda), 202);
    a.server.advance(seconds(1));
    EXPECT_FALSE(call->done());
    a.answer(session, question, kAda);
    EXPECT_EQ(text(*call), "hello Ada");
}

TEST_F(SessionCall, DoesNotAskWhatTheClientDidNotDeclareOrCannotHear) {
    auto const silent = a.call(open(Revision::v2025_11_25, Json::object()));
    EXPECT_EQ(silent->answer()["result"]["isError"], true);
    EXPECT_NE(text(*silent).find("elicitation/create"), std::string::npos);
    EXPECT_FALSE(silent->channel.opened());

    auto const url_only = a.call(open(Revision::v2025_11_25, Json::parse(R"({"elicitation":{"url":{}}})")));
    EXPECT_EQ(url_only->answer()["result"]["isError"], true);

    std::string const session = open();
    auto const deaf = a.server.start(test::with(a.server.in_session(session), "Accept", "application/json"),
                                     test::legacy_call("ask"));
    EXPECT_EQ(deaf->answer()["result"]["isError"], true);
    EXPECT_NE(text(*deaf).find("event stream"), std::string::npos);
}

TEST_F(SessionCall, FormQuestionsNameTheirModeOnlyWhereItIsKnown) {
    EXPECT_EQ(a.call(open(Revision::v2025_11_25))->messages()[0]["params"].value("mode", ""), "form");
    EXPECT_FALSE(a.call(open(Revision::v2025_06_18))->messages()[0]["params"].contains("mode"));
}

TEST_F(SessionCall, UrlQuestionsHaveAnIdAndTellWhenTheyAreDone) {
    a.ask.behave([](protocol::ToolCall const& call) {
        if (protocol::ElicitAnswer::of(call.inputs, "go")) {
            return protocol::ToolResult("went", Json());
        }
        std::vector<protocol::InputRequest> requests;
        requests.push_back(protocol::ask_url("go", "Go there.", "https://example.test/x"));
        return protocol::ToolResult::ask(protocol::InputNeeded(std::move(requests), Json()));
    });
    std::string const session = open(Revision::v2025_11_25, Json::parse(R"({"elicitation":{"url":{}}})"));
    auto const call = a.call(session);
    Json const question = call->messages()[0];
    EXPECT_EQ(question["params"]["mode"], "url");
    std::string const id = question["params"].value("elicitationId", "");
    EXPECT_FALSE(id.empty());
    a.answer(session, question, Json::parse(R"({"action":"accept"})"));
    auto const messages = call->messages();
    ASSERT_EQ(messages.size(), 3U);
    EXPECT_EQ(messages[1]["method"], "notifications/elicitation/complete");
    EXPECT_EQ(messages[1]["params"]["elicitationId"], id);
    EXPECT_EQ(messages[2]["result"]["content"][0]["text"], "went");
}

class TwoReplicas : public SessionCall {
protected:
    TwoReplicas() { b.server.route.hold = true; }
    /// A session of both.
    std::string open_on_both() {
        std::string session = open();
        b.server.know(session, Revision::v2025_11_25);
        return session;
    }

    Asking b{a.server.world};
};

TEST_F(TwoReplicas, AnAnswerThatReachedTheOtherOneIsPassedOn) {
    std::string const session = open_on_both();
    auto const call = a.call(session);
    EXPECT_EQ(b.answer(session, call->messages()[0], kAda), 202);
    EXPECT_FALSE(call->done());
    a.server.advance(seconds(1));
    ASSERT_TRUE(call->done());
    EXPECT_EQ(text(*call), "hello Ada");
}

TEST_F(TwoReplicas, WhatIsForTheOtherOneIsLeftForIt) {
    std::string const session = open_on_both();
    auto const here = a.call(session, 1);
    auto const there = b.call(session, 2);
    EXPECT_EQ(b.answer(session, here->messages()[0], kAda), 202);
    for (int i = 0; i < 3; ++i) {
        b.server.advance(seconds(1)); // it has a call of this session, and looks first
    }
    EXPECT_FALSE(there->done());
    a.server.advance(seconds(1));
    ASSERT_TRUE(here->done());
    EXPECT_EQ(text(*here), "hello Ada");
}

TEST_F(TwoReplicas, ACancellationThatReachedTheOtherOneIsPassedOn) {
    std::string const session = open_on_both();
    auto const call =
        a.server.start(a.server.in_session(session), test::legacy_call("route", Json::object(), "x"));
    EXPECT_EQ(b.cancel(session, "x"), 202);
    EXPECT_FALSE(call->done());
    a.server.advance(seconds(1));
    ASSERT_TRUE(call->done());
    EXPECT_EQ(call->reply().status, 202);
    EXPECT_EQ(a.server.route.cancelled, 1);
}

TEST_F(TwoReplicas, LettersAreFetchedAgainAndAgain) {
    std::string const session = open_on_both();
    auto const call = a.call(session);
    for (int i = 0; i < 3; ++i) {
        a.server.advance(seconds(1));
    }
    b.answer(session, call->messages()[0], Json::parse(R"({"action":"perhaps"})"));
    a.server.advance(seconds(1));
    ASSERT_EQ(call->messages().size(), 2U);
    b.answer(session, call->messages()[1], kAda);
    a.server.advance(seconds(1));
    EXPECT_TRUE(call->done());
}

TEST_F(TwoReplicas, LettersForNobodyAreBoundedAndForgotten) {
    std::string const session = open_on_both();
    for (int i = 0; i < 100; ++i) {
        EXPECT_EQ(b.cancel(session, i), 202) << "the client's notification is taken all the same";
    }
    auto const kept = a.server.world->loop.run(
        a.server.world->records->leave(protocol::SessionLetter("x", "cancel:1", "")));
    EXPECT_TRUE(kept) << "one session cannot use up the room of others";
}

} // namespace
