#include "server/front/host_policy.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace {

using server::HostPolicy;
using server::Problem;

HostPolicy policy() {
    return {{"mcp.internal", "exact.internal:8443", "2001:db8::5"},
            {"https://inspector.example", "http://tools.example:8080/"},
            "https://mcp.example.net/base",
            "10.1.2.3"};
}

core::HttpHeaders with(std::string const& name, std::string const& value) {
    core::HttpHeaders headers;
    headers.add(name, value);
    return headers;
}

int status_of(std::optional<Problem> const& problem) {
    return problem ? problem->status : 200;
}

struct Row {
    char const* value;
    int status;
};

TEST(HostPolicy, LetsInLoopbackListedAndPublicNamesOnly) {
    std::vector<Row> const rows{
        {"localhost", 200},
        {"localhost:8931", 200},
        {"LocalHost:1", 200},
        {"127.0.0.1:65535", 200},
        {"127.8.8.8", 200},
        {"[::1]", 200},
        {"[::1]:8931", 200},
        {"[0:0:0:0:0:0:0:1]:8931", 200},
        {"10.1.2.3:8931", 200},
        {"mcp.internal", 200},
        {"mcp.internal:4711", 200},
        {"MCP.Internal", 200},
        {"exact.internal:8443", 200},
        {"[2001:db8::5]:8931", 200},
        {"mcp.example.net", 200},
        {"mcp.example.net:8443", 200},
        {"exact.internal", 403},
        {"exact.internal:8444", 403},
        {"evil.example", 403},
        {"evil.example:8931", 403},
        {"localhost.evil.example", 403},
        {"localhost.", 403},
        {"evil-localhost", 403},
        {"127.0.0.1.evil.example", 403},
        {"10.1.2.4", 403},
        {"[::2]", 403},
        {"0x7f000001", 403},
        {"2130706433", 403},
        {"", 400},
        {"localhost:", 400},
        {"localhost:port", 400},
        {"localhost:65536", 400},
        {"localhost:-1", 400},
        {"localhost:80:80", 400},
        {"localhost/", 400},
        {"user@localhost", 400},
        {"localhost, evil.example", 400},
        {"[::1", 400},
        {"::1", 400},
        {"[::1]x", 400},
        {"[localhost]", 400},
        {"local host", 400},
    };
    HostPolicy const hosts = policy();
    for (Row const& row : rows) {
        SCOPED_TRACE(row.value);
        EXPECT_EQ(status_of(hosts.check_host(with("Host", row.value), false, false)), row.status);
    }
}

TEST(HostPolicy, NamesTheConfigurationKeyWhenItRefuses) {
    std::optional<Problem> const host = policy().check_host(with("Host", "evil.example"), false, false);
    ASSERT_TRUE(host);
    EXPECT_EQ(host->code, "host_not_allowed");
    EXPECT_NE(host->fix.find("allowed_hosts"), std::string::npos);
    std::optional<Problem> const origin = policy().check_origin(with("Origin", "https://evil.example"));
    ASSERT_TRUE(origin);
    EXPECT_EQ(origin->code, "origin_not_allowed");
    EXPECT_NE(origin->fix.find("allowed_origins"), std::string::npos);
}

TEST(HostPolicy, RefusesAMissingOrRepeatedHost) {
    core::HttpHeaders none;
    EXPECT_EQ(status_of(policy().check_host(none, false, false)), 400);
    core::HttpHeaders twice = with("Host", "localhost");
    twice.add("host", "localhost");
    EXPECT_EQ(status_of(policy().check_host(twice, false, false)), 400);
    EXPECT_EQ(status_of(policy().check_host(twice, true, true)), 400);
}

TEST(HostPolicy, LetsProbesAddressThePodByItsIpButNotByAName) {
    EXPECT_EQ(status_of(policy().check_host(with("Host", "10.244.0.17:9464"), true, false)), 200);
    EXPECT_EQ(status_of(policy().check_host(with("Host", "[fd00::7]:9464"), true, false)), 200);
    EXPECT_EQ(status_of(policy().check_host(with("Host", "evil.example"), true, false)), 403);
    EXPECT_EQ(status_of(policy().check_host(core::HttpHeaders(), true, true)), 200);
    EXPECT_EQ(status_of(policy().check_host(core::HttpHeaders(), true, false)), 400);
}

TEST(HostPolicy, DoesNotTakeEveryAddressForAName) {
    for (char const* const any : {"0.0.0.0", "::"}) {
        HostPolicy const hosts({}, {}, "", any);
        EXPECT_EQ(status_of(hosts.check_host(with("Host", "0.0.0.0:8931"), false, false)), 403);
        EXPECT_EQ(status_of(hosts.check_host(with("Host", "[::]:8931"), false, false)), 403);
        EXPECT_EQ(status_of(hosts.check_host(with("Host", "10.0.0.1"), false, false)), 403);
        EXPECT_EQ(status_of(hosts.check_host(with("Host", "localhost"), false, false)), 200);
    }
}

TEST(HostPolicy, JudgesOrigins) {
    std::vector<Row> const rows{
        {"http://localhost:6274", 200},
        {"http://127.0.0.1", 200},
        {"https://[::1]:1", 200},
        {"https://mcp.example.net", 200},
        {"https://mcp.example.net:443", 200},
        {"https://inspector.example", 200},
        {"HTTPS://Inspector.Example", 200},
        {"https://inspector.example:443", 200},
        {"http://tools.example:8080", 200},
        {"https://mcp.internal", 200},
        {"http://mcp.example.net", 403},
        {"https://mcp.example.net:8443", 403},
        {"http://inspector.example", 403},
        {"https://inspector.example:444", 403},
        {"https://tools.example:8080", 403},
        {"https://evil.example", 403},
        {"https://localhost.evil.example", 403},
        {"https://evil.example#localhost", 403},
        {"https://localhost@evil.example", 403},
        {"https://evil.example/localhost", 403},
        {"null", 403},
        {"", 403},
        {"localhost", 403},
        {"file://", 403},
        {"chrome-extension://abcdef", 403},
        {"https://localhost https://evil.example", 403},
    };
    HostPolicy const hosts = policy();
    for (Row const& row : rows) {
        SCOPED_TRACE(row.value);
        EXPECT_EQ(status_of(hosts.check_origin(with("Origin", row.value))), row.status);
    }
    EXPECT_EQ(status_of(hosts.check_origin(core::HttpHeaders())), 200);
    core::HttpHeaders twice = with("Origin", "http://localhost");
    twice.add("Origin", "http://localhost");
    EXPECT_EQ(status_of(hosts.check_origin(twice)), 400);
}

TEST(HostPolicy, AnswersCorsToListedOriginsOnly) {
    HostPolicy const hosts = policy();
    EXPECT_TRUE(hosts.answers_cors("https://inspector.example"));
    EXPECT_TRUE(hosts.answers_cors("http://tools.example:8080"));
    EXPECT_FALSE(hosts.answers_cors("http://localhost:6274"));
    EXPECT_FALSE(hosts.answers_cors("https://mcp.example.net"));
    EXPECT_FALSE(HostPolicy({}, {"null"}, "", "127.0.0.1").answers_cors("null"));
}

} // namespace
