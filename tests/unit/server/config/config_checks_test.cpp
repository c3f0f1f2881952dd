#include "config_test_support.hpp"

#include "server/config/expiry.hpp"
#include "server/config/listen_address.hpp"

#include <gtest/gtest.h>

namespace {

using test::problems_of;

std::string connectors(std::string const& first, std::string const& second = "") {
    return "connectors:\n  - {" + first + "}\n" + (second.empty() ? "" : "  - {" + second + "}\n");
}

TEST(ConfigChecks, ListeningOffLoopbackWithoutTokensIsRefused) {
    EXPECT_EQ(problems_of("listen: 0.0.0.0:8931\ninbound: {mode: none}\n"),
              "config.yaml:2:17: inbound.mode: found none while listen is 0.0.0.0:8931, which others can "
              "reach; expected "
              "token, or a listen address on loopback");
    EXPECT_EQ(problems_of("listen: 0.0.0.0:8931\n"), "valid");
    EXPECT_EQ(problems_of("listen: 127.0.0.5:8931\ninbound: {mode: none}\n"), "valid");
    EXPECT_EQ(problems_of("listen: '[::1]:8931'\ninbound: {mode: none}\n"), "valid");
}

TEST(ConfigChecks, NamesOfConnectorsAreUniqueWhateverTheirCase) {
    EXPECT_EQ(
        problems_of(connectors("name: one, organization: a", "name: ONE, organization: b")),
        "config.yaml:3:12: connectors[1].name: found A connector with this name already exists (the first is "
        "connectors[0].name); expected a name of its own");
}

TEST(ConfigChecks, OrganizationsAreUniqueHoweverTheyAreWritten) {
    EXPECT_EQ(problems_of(connectors("name: one, organization: Contoso",
                                     "name: two, organization: 'https://contoso.visualstudio.com/'")),
              "config.yaml:3:31: connectors[1].organization: found A connector for this organization already "
              "exists (the "
              "first is connectors[0].organization); expected one connector for each organization");
}

TEST(ConfigChecks, NamesOfConnectorsAreWellFormed) {
    std::string const longest = "a" + std::string(63, 'b');
    for (std::string const& good : {std::string("abc"), std::string("A-1"), longest}) {
        EXPECT_EQ(problems_of(connectors("name: " + good + ", organization: contoso")), "valid") << good;
    }
    for (std::string const& bad :
         {std::string("ab"), std::string("1ab"), std::string("a_b"), std::string("a b"), longest + "c"}) {
        EXPECT_NE(
            problems_of(connectors("name: " + bad + ", organization: contoso")).find("connectors[0].name"),
            std::string::npos)
            << bad;
    }
}

TEST(ConfigChecks, OrganizationsAreWellFormed) {
    for (std::string const bad : {"-contoso", "contoso-", "con toso", "https://evil.example/contoso"}) {
        EXPECT_NE(problems_of(connectors("name: one, organization: '" + bad + "'"))
                      .find("connectors[0].organization"),
                  std::string::npos)
            << bad;
    }
}

TEST(ConfigChecks, AManagedIdentityIsNamedOnce) {
    for (char const* const name : {"client_id: a", "object_id: b", "resource_id: /subscriptions/c"}) {
        EXPECT_EQ(
            problems_of(connectors("name: one, organization: contoso, auth: [{method: managed_identity, " +
                                   std::string(name) + "}]")),
            "valid");
    }
    for (char const* const names :
         {"client_id: a, object_id: b", "client_id: a, resource_id: c", "object_id: b, resource_id: c"}) {
        std::string const problems =
            problems_of(connectors("name: one, organization: contoso, auth: [{method: managed_identity, " +
                                   std::string(names) + "}]"));
        EXPECT_NE(problems.find("one of client_id, object_id and resource_id"), std::string::npos)
            << problems;
    }
}

TEST(ConfigChecks, EachMethodOnce) {
    EXPECT_EQ(
        problems_of(connectors("name: one, organization: contoso, auth: [{method: pat}, {method: pat}]")),
        "config.yaml:2:71: connectors[0].auth[1].method: found method pat a second time (the first is "
        "connectors[0].auth[0].method); expected each method once");
}

TEST(ConfigChecks, DefaultProjectIsInTheAllowList) {
    EXPECT_EQ(problems_of(connectors("name: one, organization: contoso, projects: [A], default_project: B")),
              "config.yaml:2:72: connectors[0].default_project: found \"B\", which is not in projects; "
              "expected one of "
              "projects");
}

TEST(ConfigChecks, AUsersSignInIsOAuth) {
    EXPECT_NE(problems_of(connectors("name: one, organization: contoso, sign_in_role: user"))
                  .find("connectors[0].sign_in_role: found user without method oauth"),
              std::string::npos);
    EXPECT_EQ(problems_of(connectors("name: one, organization: contoso, sign_in_role: administrator")),
              "valid");
    EXPECT_EQ(problems_of(connectors(
                  "name: one, organization: contoso, auth: [{method: oauth}], sign_in_role: user")),
              "valid");
}

TEST(ConfigChecks, ToolIsNotBothEnabledAndDisabled) {
    EXPECT_NE(problems_of("tools: {enable: [read_file], disable: [read_file]}\n").find("tools.disable[0]"),
              std::string::npos);
}

std::string sources(std::string const& members) {
    return "knowledge_sources:\n  - {" + members + "}\n";
}

TEST(ConfigChecks, KnowledgeSourcesAreRepositoriesAndWikis) {
    std::string const repository = "url: 'https://dev.azure.com/contoso/Web/_git/site'";
    EXPECT_EQ(problems_of(sources("name: site, " + repository + ", description: The site")), "valid");
    EXPECT_EQ(problems_of(sources(
                  "name: docs, url: 'https://contoso.visualstudio.com/Web/_wiki/wikis/Web.wiki/7/Home'")),
              "valid");
    EXPECT_NE(problems_of(sources("name: site, url: 'https://github.com/contoso/site'"))
                  .find("knowledge_sources[0].url"),
              std::string::npos);
    EXPECT_NE(
        problems_of(sources("name: site, url: 'https://dev.azure.com/contoso/Web'")).find("no _git or _wiki"),
        std::string::npos);
    EXPECT_NE(problems_of(sources("name: 1site, " + repository)).find("knowledge_sources[0].name"),
              std::string::npos);
}

TEST(ConfigChecks, ASourceBringsItsCredentialsOnlyWhereThereIsNoConnector) {
    std::string const source =
        sources("name: site, url: 'https://dev.azure.com/Contoso/Web/_git/site', auth: [{method: pat}]");
    EXPECT_EQ(problems_of(source), "valid");
    EXPECT_NE(
        problems_of(connectors("name: one, organization: contoso") + source)
            .find("knowledge_sources[0].auth: found methods beside those of the organization's connector"),
        std::string::npos);
}

TEST(ConfigChecks, OriginsAndHostsAreWhatTheirHeadersHold) {
    EXPECT_EQ(
        problems_of(
            "allowed_origins: ['http://localhost:6274', 'vscode-webview://x']\nallowed_hosts: [a, 'b:1']\n"),
        "valid");
    EXPECT_NE(problems_of("allowed_origins: ['http://localhost:6274/']\n").find("allowed_origins[0]"),
              std::string::npos);
    EXPECT_NE(problems_of("allowed_origins: ['*']\n").find("allowed_origins[0]"), std::string::npos);
    EXPECT_NE(problems_of("allowed_hosts: ['https://a']\n").find("allowed_hosts[0]"), std::string::npos);
}

TEST(ConfigChecks, ProxyIsHttpAndItsPasswordIsNeverShown) {
    EXPECT_EQ(problems_of("outbound: {proxy: 'http://proxy.example:3128'}\n"), "valid");
    for (std::string const bad :
         {"socks5://u:canary@p:1", "https://u:canary@p:1", "http://u:canary@p:1/path", "canary"}) {
        std::string const problems = problems_of("outbound: {proxy: '" + bad + "'}\n");
        EXPECT_NE(problems.find("outbound.proxy"), std::string::npos) << bad;
        EXPECT_EQ(problems.find("canary"), std::string::npos) << problems;
    }
}

TEST(ConfigChecks, ExpiryNeedsThePatItBelongsTo) {
    EXPECT_NE(problems_of(
                  connectors("name: one, organization: contoso, auth: [{method: pat, expires: 2027-03-01}]"))
                  .find("connectors[0].auth[0].expires: found a date without pat_file"),
              std::string::npos);
}

TEST(ListenAddress, ParsesAddressesAndNothingElse) {
    for (char const* good : {"127.0.0.1:0", "0.0.0.0:65535", "[::]:1", "localhost:80"}) {
        EXPECT_TRUE(server::parse_listen_address(good)) << good;
    }
    for (char const* bad : {"",
                            ":80",
                            "127.0.0.1",
                            "127.0.0.1:",
                            "127.0.0.1:65536",
                            "127.0.0.1:-1",
                            "::1:80",
                            "[127.0.0.1]:80",
                            "example:80",
                            "127.0.0.1:80x"}) {
        EXPECT_FALSE(server::parse_listen_address(bad)) << bad;
    }
}

TEST(Expiry, ReadsDatesAndInstants) {
    EXPECT_EQ(core::format_utc(server::parse_expiry("2027-03-01").value()), "2027-03-01T23:59:59Z");
    EXPECT_EQ(core::format_utc(server::parse_expiry("2028-02-29T01:02:03Z").value()), "2028-02-29T01:02:03Z");
    for (char const* bad : {"",
                            "2027",
                            "2027-02-29",
                            "2027-3-1",
                            "01.03.2027",
                            "2027-03-01T",
                            "2027-03-01T25:00:00Z",
                            "2027-03-01T12:00:00",
                            "2027-03-01T12:00:00+01:00",
                            "9999-01-01",
                            "-027-03-01",
                            "2027-03-0x"}) {
        EXPECT_FALSE(server::parse_expiry(bad)) << bad;
    }
}

TEST(Since, ReadsBeginningsOfDaysInstantsAndSpansBack) {
    core::SystemTime const now = server::parse_expiry("2027-03-01T12:00:00Z").value();
    EXPECT_EQ(core::format_utc(server::parse_since("2027-02-28", now).value()), "2027-02-28T00:00:00Z");
    EXPECT_EQ(core::format_utc(server::parse_since("2027-02-28T01:02:03Z", now).value()),
              "2027-02-28T01:02:03Z");
    EXPECT_EQ(core::format_utc(server::parse_since("7d", now).value()), "2027-02-22T12:00:00Z");
    for (char const* bad : {"", "yesterday", "-7d", "2027-02-30", "2027-02-28T"}) {
        EXPECT_FALSE(server::parse_since(bad, now)) << bad;
    }
}

TEST(Lifetime, ReadsSpansWithAUnit) {
    using std::chrono::seconds;
    EXPECT_EQ(server::parse_lifetime("90d"), seconds(90 * 86'400));
    EXPECT_EQ(server::parse_lifetime("12h"), seconds(43'200));
    EXPECT_EQ(server::parse_lifetime("5m"), seconds(300));
    EXPECT_EQ(server::parse_lifetime("1s"), seconds(1));
    for (char const* bad :
         {"", "d", "90", "0d", "-1d", "3651d", "99999999999999999999d", "1w", "1 d", "1.5h"}) {
        EXPECT_FALSE(server::parse_lifetime(bad)) << bad;
    }
}

} // namespace
