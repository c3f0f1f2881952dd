#include "protocol/content.hpp"
#include "support/endpoint_fixture.hpp"
#include "support/fake_sources.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

// resources/*, prompts/*, completion/complete.
namespace {

using protocol::Revision;
using test::Json;

Json const kForm = Json::parse(R"({"elicitation":{"form":{}}})");

class Content : public testing::Test {
protected:
    Content()
        : fixture([this](protocol::ServerFeatures& features, protocol::McpLimits&) {
              features.resources = {&source};
              features.prompts = {&plain, &asking};
              features.completer = &completer;
          }) {}
    protocol::McpHttpReply modern(std::string const& method, Json params) {
        return fixture.ask_modern(test::modern_request(method, std::move(params), "m"));
    }
    protocol::McpHttpReply
    legacy(std::string const& method, Json params, Revision revision = Revision::v2025_11_25) {
        return fixture.exchange(test::legacy_headers(revision),
                                test::legacy_request(method, std::move(params), "l"));
    }

    test::FakeSource source;
    test::FakePrompt plain{"plain"};
    test::FakePrompt asking{"asking",
                            {protocol::PromptArgument("topic", "What about.", true),
                             protocol::PromptArgument("tone", "How.", false)}};
    test::FakeCompleter completer;
    test::EndpointFixture fixture;
};

TEST_F(Content, AResourceIsReadWithItsCacheHintsWhereTheyAreKnown) {
    Json const read = test::result_of(modern("resources/read", Json{{"uri", "x://a"}}));
    EXPECT_EQ(read["contents"], Json::parse(R"([{"uri":"x://a","mimeType":"text/plain","text":"alpha"}])"));
    EXPECT_EQ(read["ttlMs"], 1500);
    EXPECT_EQ(read["cacheScope"], "private") << "what may be read depends on the caller";
    Json const old = test::result_of(legacy("resources/read", Json{{"uri", "x://a"}}));
    EXPECT_EQ(old["contents"], read["contents"]);
    EXPECT_EQ(old.size(), 1U);
}

TEST_F(Content, BinaryContentsAreBlobs) {
    source.behaviour = [](protocol::ResourceRead const& call) {
        std::vector<protocol::ResourceContents> contents;
        contents.push_back(
            protocol::ResourceContents::binary(std::string(call.uri), "application/octet-stream", "AAEC"));
        contents.back().meta = Json{{"k", 1}};
        return protocol::ResourceResult(std::move(contents));
    };
    Json const read = test::result_of(modern("resources/read", Json{{"uri", "x://bin"}}));
    EXPECT_EQ(read["contents"][0]["blob"], "AAEC");
    EXPECT_FALSE(read["contents"][0].contains("text"));
    EXPECT_EQ(read["contents"][0]["_meta"]["k"], 1);
}

TEST_F(Content, AResourceThatIsNotThereIsNamedInTheError) {
    for (char const* uri : {"x://gone", "y://nobody", "", "no uri at all"}) {
        SCOPED_TRACE(uri);
        auto const now = modern("resources/read", Json{{"uri", uri}});
        EXPECT_EQ(now.status, std::string_view(uri).empty() ? 400 : 200)
            << "an empty name cannot be mirrored in a header";
        if (now.status == 200) {
            EXPECT_EQ(test::code_of(now), -32602);
            EXPECT_EQ(test::json_of(now)["error"]["data"]["uri"], uri);
            EXPECT_EQ(test::json_of(now)["id"], "m");
        }
        auto const before = legacy("resources/read", Json{{"uri", uri}});
        EXPECT_EQ(before.status, 200);
        EXPECT_EQ(test::code_of(before), -32002);
        EXPECT_EQ(test::json_of(before)["error"]["data"]["uri"], uri);
    }
}

TEST_F(Content, AUriOfAnotherTypeIsRefused) {
    for (Json const& uri : {Json(), Json(7), Json::array({"x://a"})}) {
        EXPECT_EQ(test::code_of(modern("resources/read", Json{{"uri", uri}})), -32602);
        EXPECT_EQ(test::code_of(legacy("resources/read", Json{{"uri", uri}})), -32602);
    }
}

TEST_F(Content, ResourcesAndTemplatesShowWhatTheRevisionKnows) {
    for (Revision const revision : {Revision::v2025_03_26, Revision::v2025_11_25}) {
        bool const titled = revision >= Revision::v2025_06_18;
        Json const one = test::result_of(legacy("resources/list", Json::object(), revision))["resources"][0];
        EXPECT_EQ(one["uri"], "x://a");
        EXPECT_EQ(one["size"], 5);
        EXPECT_EQ(one["mimeType"], "text/plain");
        EXPECT_EQ(one.contains("title"), titled);
        Json const shape = test::result_of(
            legacy("resources/templates/list", Json::object(), revision))["resourceTemplates"][0];
        EXPECT_EQ(shape["uriTemplate"], "x://t0/{name}");
        EXPECT_EQ(shape.contains("title"), titled);
    }
    source.texts["x://b"] = "beta";
    Json const fresh = test::result_of(modern("resources/list", Json::object()));
    EXPECT_EQ(fresh["resources"].size(), 2U) << "listed as it is now";
    EXPECT_EQ(fresh["ttlMs"], 0);
}

TEST_F(Content, AResourceMayAskFirst) {
    source.behaviour = [](protocol::ResourceRead const& call) {
        auto const answer = protocol::ElicitAnswer::of(call.inputs, "k");
        if (answer) {
            std::vector<protocol::ResourceContents> contents;
            contents.emplace_back(std::string(call.uri), "text/plain", answer->text("v"));
            return protocol::ResourceResult(std::move(contents));
        }
        std::vector<protocol::InputRequest> requests;
        requests.push_back(protocol::ask_form(
            "k", "?", Json::parse(R"({"type":"object","properties":{"v":{"type":"string"}}})")));
        return protocol::ResourceResult::ask(protocol::InputNeeded(std::move(requests), Json{{"n", 1}}));
    };
    Json request = test::declaring(test::modern_request("resources/read", Json{{"uri", "x://a"}}), kForm);
    Json const asked = test::result_of(fixture.ask_modern(request));
    EXPECT_EQ(asked["resultType"], "input_required");
    EXPECT_FALSE(asked.contains("ttlMs"));
    request["params"]["inputResponses"] = Json::parse(R"({"k":{"action":"accept","content":{"v":"told"}}})");
    request["params"]["requestState"] = asked["requestState"];
    EXPECT_EQ(test::result_of(fixture.ask_modern(request))["contents"][0]["text"], "told");
    Json other = request;
    other["params"]["uri"] = "x://b";
    EXPECT_EQ(test::code_of(fixture.ask_modern(other)), -32602) << "the state is of another resource";
    EXPECT_EQ(test::code_of(fixture.ask_modern(test::declaring(
                  test::modern_request("resources/read", Json{{"uri", "x://a"}}), Json::object()))),
              -32021);
}

TEST_F(Content, PromptsAreListedWithTheirArguments) {
    Json const prompts = test::result_of(modern("prompts/list", Json::object()))["prompts"];
    ASSERT_EQ(prompts.size(), 2U);
    EXPECT_FALSE(prompts[0].contains("arguments"));
    EXPECT_EQ(prompts[1]["arguments"],
              Json::parse(R"([{"name":"topic","description":"What about.","required":true},
                              {"name":"tone","description":"How.","required":false}])"));
}

TEST_F(Content, APromptIsGotten) {
    Json const params = Json::parse(R"({"name":"asking","arguments":{"topic":"cats","extra":"kept"}})");
    Json const got = test::result_of(modern("prompts/get", params));
    EXPECT_EQ(got["description"], "What it is for.");
    ASSERT_EQ(got["messages"].size(), 1U);
    EXPECT_EQ(got["messages"][0]["role"], "user");
    EXPECT_EQ(got["messages"][0]["content"]["text"], R"({"extra":"kept","topic":"cats"})");
    EXPECT_FALSE(got.contains("ttlMs"));
    EXPECT_EQ(test::result_of(legacy("prompts/get", params))["messages"], got["messages"]);
}

TEST_F(Content, PromptArgumentsAreStringsAndTheRequiredOnesAreThere) {
    for (char const* params : {R"({"name":"nobody"})",
                               R"({"name":7})",
                               "{}",
                               R"({"name":"asking"})",
                               R"({"name":"asking","arguments":{"tone":"x"}})",
                               R"({"name":"asking","arguments":{"topic":7}})",
                               R"({"name":"asking","arguments":{"topic":"a","tone":null}})",
                               R"({"name":"asking","arguments":["topic"]})",
                               R"({"name":"plain","arguments":"x"})"}) {
        EXPECT_EQ(test::code_of(modern("prompts/get", Json::parse(params))), -32602) << params;
        EXPECT_EQ(test::code_of(legacy("prompts/get", Json::parse(params))), -32602) << params;
    }
    EXPECT_NE(modern("prompts/get", Json{{"name", "asking"}}).body.find("topic: What about."),
              std::string::npos)
        << "the error says which one is missing";
    EXPECT_EQ(test::code_of(legacy("prompts/get", Json::parse(R"({"name":"plain","arguments":null})"))), 0);
}

TEST_F(Content, APromptMayAskFirstInBothEras) {
    plain.behaviour = [](protocol::PromptCall const& call) {
        auto const answer = protocol::ElicitAnswer::of(call.inputs, "k");
        if (!answer) {
            std::vector<protocol::InputRequest> requests;
            requests.push_back(protocol::ask_form(
                "k", "?", Json::parse(R"({"type":"object","properties":{"v":{"type":"string"}}})")));
            return protocol::PromptResult::ask(protocol::InputNeeded(std::move(requests), Json()));
        }
        std::vector<protocol::PromptMessage> messages;
        messages.emplace_back("user", protocol::content::text(answer->text("v")));
        return protocol::PromptResult("", std::move(messages));
    };
    Json const answer = Json::parse(R"({"action":"accept","content":{"v":"told"}})");
    Json request = test::declaring(test::modern_request("prompts/get", Json{{"name", "plain"}}), kForm);
    EXPECT_EQ(test::result_of(fixture.ask_modern(request))["resultType"], "input_required");
    request["params"]["inputResponses"]["k"] = answer;
    EXPECT_EQ(test::result_of(fixture.ask_modern(request))["messages"][0]["content"]["text"], "told");

    std::string const session = fixture.open_session(Revision::v2025_11_25, kForm);
    auto const exchange = fixture.start(fixture.in_session(session),
                                        test::legacy_request("prompts/get", Json{{"name", "plain"}}));
    Json response = Json{{"jsonrpc", "2.0"}, {"result", answer}};
    response["id"] = exchange->messages().at(0)["id"];
    fixture.exchange(fixture.in_session(session), response);
    EXPECT_EQ(exchange->answer()["result"]["messages"][0]["content"]["text"], "told");

    std::string const mute = fixture.open_session(Revision::v2025_11_25);
    EXPECT_EQ(test::code_of(fixture.exchange(fixture.in_session(mute),
                                             test::legacy_request("prompts/get", Json{{"name", "plain"}}))),
              -32602)
        << "a prompt has no other way to say that it cannot ask";
}

TEST_F(Content, BlocksARevisionDoesNotKnowBecomeText) {
    plain.behaviour = [](protocol::PromptCall const&) {
        std::vector<protocol::PromptMessage> messages;
        messages.emplace_back("user", protocol::content::audio("AAEC", "audio/wav"));
        messages.emplace_back("assistant", protocol::content::resource_link("x://a", "a", "", "text/plain"));
        return protocol::PromptResult("", std::move(messages));
    };
    for (Revision const revision : {Revision::v2024_11_05, Revision::v2025_03_26, Revision::v2025_06_18}) {
        Json const messages =
            test::result_of(legacy("prompts/get", Json{{"name", "plain"}}, revision))["messages"];
        EXPECT_EQ(messages[0]["content"]["type"], revision >= Revision::v2025_03_26 ? "audio" : "text");
        EXPECT_EQ(messages[1]["content"]["type"],
                  revision >= Revision::v2025_06_18 ? "resource_link" : "text");
    }
    plain.behaviour = nullptr;
}

class Complete : public Content {
protected:
    static Json params(char const* ref, char const* rest = R"("argument":{"name":"a","value":"v"})") {
        return Json::parse(std::string(R"({"ref":)") + ref + "," + rest + "}");
    }
};

TEST_F(Complete, AsksForPromptsAndTemplatesWithWhatIsSettled) {
    completer.completions.values = {"one", "two"};
    Json const done = test::result_of(
        modern("completion/complete",
               params(R"({"type":"ref/prompt","name":"plain"})",
                      R"("argument":{"name":"a","value":"v"},"context":{"arguments":{"first":"1"}})")));
    EXPECT_EQ(completer.asked, "plain||a|v|1");
    EXPECT_EQ(done["completion"], Json::parse(R"({"values":["one","two"],"total":2,"hasMore":false})"));
    EXPECT_EQ(done["resultType"], "complete");
    Json const old = test::result_of(
        legacy("completion/complete", params(R"({"type":"ref/resource","uri":"x://t0/{name}"})")));
    EXPECT_EQ(completer.asked, "|x://t0/{name}|a|v|");
    EXPECT_EQ(old.size(), 1U);
}

TEST_F(Complete, AnswersWithAtMostAHundredValues) {
    for (int i = 0; i < 150; ++i) {
        completer.completions.values.push_back(std::to_string(i));
    }
    Json const ref = params(R"({"type":"ref/prompt","name":"plain"})");
    Json const cut = test::result_of(modern("completion/complete", ref))["completion"];
    EXPECT_EQ(cut["values"].size(), 100U);
    EXPECT_EQ(cut["values"][99], "99");
    EXPECT_EQ(cut["total"], 150);
    EXPECT_EQ(cut["hasMore"], true);
    completer.completions.values.resize(3);
    completer.completions.total = 9;
    Json const known = test::result_of(modern("completion/complete", ref))["completion"];
    EXPECT_EQ(known["total"], 9);
    EXPECT_EQ(known["hasMore"], true);
    completer.completions = {};
    Json const none = test::result_of(modern("completion/complete", ref))["completion"];
    EXPECT_EQ(none, Json::parse(R"({"values":[],"total":0,"hasMore":false})"));
}

TEST_F(Complete, RefusesWhatIsMalformedOrUnknown) {
    for (Json const& bad :
         {Json::object(),
          params(R"({"type":"ref/prompt","name":"nobody"})"),
          params(R"({"type":"ref/prompt","uri":"plain"})"),
          params(R"({"type":"ref/tool","name":"echo"})"),
          params(R"({"type":"ref/resource","name":"x"})"),
          params(R"("plain")"),
          params(R"({"type":"ref/prompt","name":"plain"})", R"("argument":{"name":"a"})"),
          params(R"({"type":"ref/prompt","name":"plain"})", R"("argument":[])"),
          params(R"({"type":"ref/prompt","name":"plain"})", R"("argument":{"name":"a","value":7})")}) {
        EXPECT_EQ(test::code_of(modern("completion/complete", bad)), -32602) << bad;
        EXPECT_EQ(test::code_of(legacy("completion/complete", bad)), -32602) << bad;
    }
    EXPECT_EQ(completer.asked, "");
}

TEST_F(Complete, IsNoMethodWhereNothingCompletes) {
    test::EndpointFixture bare;
    Json const ref = params(R"({"type":"ref/prompt","name":"plain"})");
    EXPECT_EQ(bare.ask_modern(test::modern_request("completion/complete", ref)).status, 404);
    EXPECT_EQ(test::code_of(bare.exchange(test::legacy_headers(Revision::v2025_11_25),
                                          test::legacy_request("completion/complete", ref))),
              -32601);
}

} // namespace
