#include "support/endpoint_fixture.hpp"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <utility>
#include <vector>

namespace {

using protocol::Revision;
using test::HeaderList;
using test::Json;

/// A valid exchange to begin from.
struct Seed {
    HeaderList headers;
    std::string body;
};

std::vector<Seed> seeds() {
    Json call = Json::parse(R"({"name":"echo","arguments":{"query":"x","top":3,"paths":["a","b"]}})");
    Json route = Json::parse(R"({"name":"route","arguments":{"region":"eu"}})");
    Json batch = Json::array();
    batch.push_back(test::legacy_request("ping"));
    batch.push_back(test::legacy_call("echo", call["arguments"], 2));
    return {
        {test::modern_headers("server/discover"), test::modern_request("server/discover").dump()},
        {test::modern_headers("tools/list"), test::modern_request("tools/list").dump()},
        {test::modern_headers("tools/call", "echo"), test::modern_request("tools/call", call).dump()},
        {test::with(test::modern_headers("tools/call", "route"), "Mcp-Param-Region", "eu"),
         test::modern_request("tools/call", route).dump()},
        {test::legacy_headers(std::nullopt),
         test::legacy_request("initialize", Json::parse(R"({"protocolVersion":"2025-06-18"})")).dump()},
        {test::legacy_headers(Revision::v2025_06_18), test::legacy_request("tools/call", call).dump()},
        {test::legacy_headers(Revision::v2025_03_26), batch.dump()},
        {test::legacy_headers(Revision::v2025_11_25),
         R"({"jsonrpc":"2.0","method":"notifications/initialized"})"},
        {test::legacy_headers(Revision::v2025_11_25),
         R"({"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}})"},
        {test::legacy_headers(Revision::v2025_11_25),
         R"({"jsonrpc":"2.0","id":"ado-mcpd:1","result":{"action":"accept"}})"},
    };
}

class Mutator {
public:
    explicit Mutator(unsigned seed) : random_(seed) {}

    unsigned below(std::size_t limit) { return static_cast<unsigned>(random_() % limit); }

    void mutate_text(std::string& text) {
        for (unsigned n = below(4); n != 0 && !text.empty(); --n) {
            std::size_t const at = below(text.size());
            switch (below(4)) {
            case 0:
                text[at] = static_cast<char>(below(256));
                break;
            case 1:
                text.erase(at, below(8));
                break;
            case 2:
                text.insert(at, text.substr(below(text.size()), below(12)));
                break;
            default:
                text.insert(at, kFragments[below(kFragments.size())]);
                break;
            }
        }
    }

    /// Replaces, removes or adds members somewhere inside, so that the text stays JSON and gets further in.
    void mutate_json(Json& json) {
        if (!json.is_structured() || json.empty() || below(3) == 0) {
            json = Json::parse(kValues[below(kValues.size())]);
            return;
        }
        auto it = json.begin();
        std::advance(it, below(json.size()));
        if (below(5) == 0) {
            json.erase(it);
        } else if (json.is_object() && below(6) == 0) {
            json[it.key() + "x"] = *it;
        } else {
            mutate_json(*it);
        }
    }

    void mutate_headers(HeaderList& headers) {
        if (headers.empty()) {
            return;
        }
        std::size_t const at = below(headers.size());
        switch (below(4)) {
        case 0:
            headers.erase(headers.begin() + static_cast<std::ptrdiff_t>(at));
            break;
        case 1:
            headers.push_back(headers[at]);
            break;
        case 2:
            mutate_text(headers[at].second);
            break;
        default:
            headers[at].second = kHeaderValues[below(kHeaderValues.size())];
            break;
        }
    }

private:
    std::vector<std::string> const kFragments{"\"",
                                              "{",
                                              "}",
                                              "[",
                                              "]",
                                              ",",
                                              ":",
                                              "\\u0000",
                                              "\\ud800",
                                              "null",
                                              "1e999",
                                              "-",
                                              "\xC3",
                                              "\n",
                                              "\"_meta\":1,"};
    std::vector<std::string> const kValues{"null",
                                           "true",
                                           "0",
                                           "-1",
                                           "1.5",
                                           "\"\"",
                                           "\"echo\"",
                                           "{}",
                                           "[]",
                                           "[[]]",
                                           "18446744073709551615",
                                           "\"2026-07-28\"",
                                           "\"2025-11-25\"",
                                           "{\"a\":{}}"};
    std::vector<std::string> const kHeaderValues{"",
                                                 "echo",
                                                 "2026-07-28",
                                                 "2025-03-26",
                                                 "text/event-stream",
                                                 "=?base64?"
                                                 "?=",
                                                 "=?base64?w7w=?=",
                                                 "*/*;q=0",
                                                 "\xFF"};
    std::mt19937 random_;
};

bool is_id(Json const& id) {
    return id.is_string() || id.is_number_integer() || id.is_null();
}

void expect_well_formed(Json const& response) {
    ASSERT_TRUE(response.is_object());
    EXPECT_EQ(response["jsonrpc"], "2.0");
    EXPECT_TRUE(response.contains("id") && is_id(response["id"]));
    EXPECT_NE(response.contains("result"), response.contains("error"));
    if (response.contains("error")) {
        EXPECT_TRUE(response["error"]["code"].is_number_integer());
        EXPECT_FALSE(response["error"]["message"].get<std::string>().empty());
    } else {
        EXPECT_TRUE(response["result"].is_object());
    }
}

TEST(Mutations, AlwaysGetAWellFormedAnswer) {
    test::EndpointFixture fixture;
    auto const begin = seeds();
    int answered = 0;
    int refused = 0;
    for (unsigned round = 0; round < 4000; ++round) {
        Mutator mutator(round);
        Seed seed = begin[mutator.below(begin.size())];
        if (mutator.below(2) == 0) {
            Json json = Json::parse(seed.body);
            mutator.mutate_json(json);
            seed.body = json.dump();
        } else {
            mutator.mutate_text(seed.body);
        }
        if (mutator.below(3) == 0) {
            mutator.mutate_headers(seed.headers);
        }
        SCOPED_TRACE("round " + std::to_string(round) + ": " + seed.body);
        auto const reply = fixture.exchange(seed.headers, seed.body);
        if (reply.body.empty()) {
            EXPECT_EQ(reply.status, 202);
            continue;
        }
        EXPECT_TRUE(reply.status == 200 || reply.status == 400 || reply.status == 404 ||
                    reply.status == 406 || reply.status == 415)
            << reply.status;
        Json const answer = test::json_of(reply);
        if (answer.is_array()) {
            for (Json const& response : answer) {
                expect_well_formed(response);
            }
        } else {
            expect_well_formed(answer);
            EXPECT_TRUE(answer.contains("error") || reply.status == 200);
        }
        (reply.status == 200 ? answered : refused) += 1;
    }
    EXPECT_GT(answered, 300) << "most mutations never get past the first rule";
    EXPECT_GT(refused, 300);
}

} // namespace
