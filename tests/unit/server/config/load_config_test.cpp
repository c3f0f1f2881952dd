#include "config_test_support.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace {

using test::parse_valid;
using test::problems_of;

struct BadInput {
    char const* name;
    char const* text;
    char const* line; ///< the whole line of the message
};

// Positions are those of the value, for unknown keys those of the key.
BadInput const kBadInputs[] = {
    {"UnknownTopLevelKey",
     "listen: 127.0.0.1:1\nlistn: 127.0.0.1:2\n",
     "config.yaml:2:1: listn: found an unknown key; expected a key of this section; did you mean `listen`?"},
    {"UnknownNestedKey",
     "log:\n  levle: info\n",
     "config.yaml:2:3: log.levle: found an unknown key; expected a key of this section; did you mean "
     "`level`?"},
    {"WrongTypeOfAFlag",
     "tools:\n  read_only: \"yes\"\n",
     "config.yaml:2:14: tools.read_only: found the string \"yes\"; expected true or false"},
    {"WordThatIsNoBoolean",
     "tools:\n  read_only: yes\n",
     "config.yaml:2:14: tools.read_only: found the string \"yes\"; expected true or false"},
    {"MapInsteadOfText",
     "listen:\n  host: 127.0.0.1\n",
     "config.yaml:1:1: listen: found an object; expected a string of at least 1 characters"},
    {"WordOutsideItsList",
     "log: {level: loud}\n",
     "config.yaml:1:14: log.level: found the string \"loud\"; expected one of \"debug\", \"info\", \"warn\", "
     "\"error\", "
     "\"off\""},
    {"LimitOutOfRange",
     "limits:\n  calls: 0\n",
     "config.yaml:2:10: limits.calls: found 0; expected an integer from 1 to 100000"},
    {"LimitWithAUnit",
     "limits:\n  call_ms: 30s\n",
     "config.yaml:2:12: limits.call_ms: found the string \"30s\"; expected an integer from 100 to 3600000"},
    {"ListenWithoutAPort",
     "listen: 127.0.0.1\n",
     "config.yaml:1:9: listen: found \"127.0.0.1\"; expected an IP address and a port, as 127.0.0.1:8931 or "
     "[::1]:8931"},
    {"PostgresqlStore",
     "store:\n  url: postgresql://u@h/db\n",
     "config.yaml:2:8: store.url: found a postgresql: URL, but this build has no PostgreSQL backend; "
     "expected "
     "sqlite:PATH, as sqlite:/var/lib/ado-mcpd/state.db"},
    {"InboundEntra",
     "inbound: {mode: entra}\n",
     "config.yaml:1:1: inbound.entra.tenant: found nothing, with inbound.mode entra; expected the tenant "
     "whose "
     "tokens are taken"},
    {"ConnectorWithoutOrganization",
     "connectors:\n  - name: contoso-prod\n",
     "config.yaml:2:5: connectors[0].organization: found nothing; expected a string of at least 1 characters "
     "(required); "
     "A name, https://dev.azure.com/NAME, https://NAME.visualstudio.com or a Server collection URL; unique"},
    {"SecondDocument",
     "listen: 127.0.0.1:1\n---\nlog: {}\n",
     "config.yaml:3:1: found a second document; expected one document in the file"},
    {"DuplicateKey",
     "log: {level: info}\nlog: {level: warn}\n",
     "config.yaml:2:1: log: found the key a second time; expected each key once"},
    {"EmptyListItem",
     "allowed_hosts: [a.example, ~]\n",
     "config.yaml:1:28: allowed_hosts[1]: found an empty item; expected a value"},
    {"TagOnAValue",
     "listen: !!int 5\n",
     "config.yaml:1:9: listen: found the tag tag:yaml.org,2002:int; expected a value without a tag"},
    {"ListInsteadOfAConfiguration", "- 1\n", "config.yaml:1:1: found an array of 1; expected an object"},
    {"UnsetVariable",
     "public_url: ${MISSING}\n",
     "config.yaml:1:13: public_url: found ${MISSING}, but the environment variable MISSING is not set; "
     "expected a variable "
     "that is set, or ${NAME:-default}; $${ stands for a literal ${"},
    {"ExpiryThatIsNoDate",
     "connectors:\n  - name: one\n    organization: contoso\n    auth:\n      - {method: pat, expires: "
     "2027-13-01}\n",
     "config.yaml:5:32: connectors[0].auth[0].expires: found \"2027-13-01\"; expected a date, as 2027-03-01 "
     "or "
     "2027-03-01T12:00:00Z"},
    {"KeyOfAnotherMethod",
     "connectors:\n  - name: one\n    organization: contoso\n    auth:\n      - method: oauth\n        "
     "client_id: x\n",
     "config.yaml:6:20: connectors[0].auth[0].client_id: found a key of method managed_identity; expected "
     "only keys of "
     "method oauth"},
    {"HalfOfAFederation",
     "connectors:\n  - name: one\n    organization: contoso\n    auth:\n      - method: managed_identity\n   "
     "     "
     "federated_client_id: x\n",
     "config.yaml:5:9: connectors[0].auth[0].federated_tenant_id: found nothing, beside federated_client_id; "
     "expected "
     "federated_client_id and federated_tenant_id, both or neither"},
    {"MissingCertificate",
     "tls:\n  certificate_file: none.pem\n  key_file: none.key\n",
     "config.yaml:2:21: tls.certificate_file: found \"/nonexistent/none.pem\" (No such file or directory); "
     "expected a file "
     "this program can read"},
    {"UrlWithAQuery",
     "azure_devops: {base_url: \"https://ado.example/?x=1\"}\n",
     "config.yaml:1:26: azure_devops.base_url: found \"https://ado.example/?x=1\"; expected an absolute "
     "http:// or https:// "
     "URL without user, query or fragment"},
};

class ConfigProblemTest : public testing::TestWithParam<BadInput> {};

TEST_P(ConfigProblemTest, NamesLineKeyWhatWasFoundAndWhatIsExpected) {
    std::string const problems = problems_of(GetParam().text);
    EXPECT_EQ(problems.substr(0, problems.find('\n')), GetParam().line);
}

INSTANTIATE_TEST_SUITE_P(BadInputs, ConfigProblemTest, testing::ValuesIn(kBadInputs), [](auto const& row) {
    return row.param.name;
});

TEST(LoadConfig, ReportsAllProblemsAtOnceInTheOrderOfTheFile) {
    std::string const problems = problems_of("listen: nowhere\n"
                                             "nonsense: 1\n"
                                             "log: {level: loud, format: 3}\n"
                                             "limits: {calls: -1}\n"
                                             "connectors:\n"
                                             "  - {name: 9x, organization: contoso}\n");
    std::vector<std::string> keys;
    for (std::size_t at = 0; at < problems.size();) {
        std::size_t const end = std::min(problems.find('\n', at), problems.size());
        std::string const line = problems.substr(at, end - at);
        std::size_t const key = line.find(": ") + 2;
        keys.push_back(line.substr(key, line.find(": ", key) - key));
        at = end + 1;
    }
    std::vector<std::string> const expected{
        "listen", "nonsense", "log.level", "log.format", "limits.calls", "connectors[0].name"};
    EXPECT_EQ(keys, expected);
}

TEST(LoadConfig, ErrorCarriesTheCodeThatMeansExit78) {
    auto const config = test::parse("nonsense: 1\n");
    ASSERT_FALSE(config);
    EXPECT_EQ(config.error().to_error().code(), "config_invalid");
    EXPECT_EQ(config.error().to_error().kind(), core::ErrorKind::invalid_argument);
}

TEST(LoadConfig, BrokenYamlNamesItsPlace) {
    std::string const problems = problems_of("log:\n  level: [info\n");
    EXPECT_TRUE(problems.starts_with("config.yaml:3:1: found text that is not YAML")) << problems;
}

TEST(LoadConfig, AliasBombIsRefused) {
    std::string text = "a: &a [x, x, x, x, x, x, x, x, x, x]\n";
    for (char name = 'b'; name <= 'i'; ++name) {
        char const before = static_cast<char>(name - 1);
        text += std::string(1, name) + ": &" + name + " [";
        for (int i = 0; i < 10; ++i) {
            text += std::string(i == 0 ? "*" : ", *") + before;
        }
        text += "]\n";
    }
    EXPECT_NE(problems_of(text).find("nested too deep or too large"), std::string::npos);
}

TEST(LoadConfig, EmptyFileMeansDefaults) {
    for (char const* text : {"", "# nothing\n", "---\n", "log:\nstore: ~\n"}) {
        SCOPED_TRACE(text);
        server::Config const config = parse_valid(text);
        EXPECT_EQ(config.listen.to_string(), "127.0.0.1:8931");
        EXPECT_FALSE(config.health_listen);
        EXPECT_EQ(config.inbound.mode, server::InboundMode::token);
        EXPECT_EQ(config.store.path, "/var/lib/ado-mcpd/state.db");
        EXPECT_EQ(config.managed_identity.imds_url, "http://169.254.169.254");
        EXPECT_EQ(config.limits.calls, server::Limits().calls);
        EXPECT_TRUE(config.connectors.empty());
    }
}

TEST(LoadConfig, ReadsEverySection) {
    test::TemporaryFolder const folder;
    folder.write("pat", "canary-pat\n");
    folder.write("secret", "canary-secret\r\n");
    folder.write("ca.pem", "x");
    server::Config const config =
        parse_valid("listen: '[::1]:9000'\n"
                    "health_listen: localhost:0\n"
                    "public_url: https://mcp.example.net/\n"
                    "tls: {certificate_file: ca.pem, key_file: ca.pem}\n"
                    "allowed_hosts: [mcp.example.net, other:81]\n"
                    "allowed_origins: ['http://localhost:6274']\n"
                    "log: {level: warn, format: text}\n"
                    "store: {url: 'sqlite:state/db', key_file: ../store.key}\n"
                    "inbound: {mode: none, anonymous_role: reader}\n"
                    "azure_devops: {base_url: https://ado.example/tfs/Main/}\n"
                    "entra: {client_id: developer, client_secret_file: secret}\n"
                    "managed_identity: {source: arc}\n"
                    "outbound: {ca_file: ca.pem, proxy: 'http://u:p@proxy:3128'}\n"
                    "connectors:\n"
                    "  - name: one\n"
                    "    organization: https://ado.example/tfs/Main\n"
                    "    auth:\n"
                    "      - {method: managed_identity, client_id: a, federated_client_id: b, "
                    "federated_tenant_id: c}\n"
                    "      - {method: oauth, tenant: t}\n"
                    "      - {method: pat, pat_file: pat, expires: 2027-03-01}\n"
                    "    projects: [Alpha, Beta]\n"
                    "    repositories: [Alpha/engine, tools]\n"
                    "    wikis: [Alpha.wiki]\n"
                    "    read_only: true\n"
                    "    fallback: false\n"
                    "    default_project: alpha\n"
                    "    confirm_writes: true\n"
                    "    sign_in_role: user\n"
                    "knowledge_sources: [{name: docs, url: "
                    "https://ado.example/tfs/Main/Alpha/_wiki/wikis/Alpha.wiki/7}]\n"
                    "tools: {enable: [search_code], read_only: true}\n"
                    "limits: {calls: 7, call_ms: 1500}\n",
                    {},
                    folder.path());
    EXPECT_EQ(config.listen.to_string(), "[::1]:9000");
    EXPECT_TRUE(config.listen.is_loopback());
    ASSERT_TRUE(config.health_listen);
    EXPECT_EQ(config.health_listen->to_string(), "127.0.0.1:0");
    EXPECT_EQ(config.public_url, "https://mcp.example.net");
    ASSERT_TRUE(config.tls);
    EXPECT_EQ(config.tls->certificate_file, folder.path("ca.pem"));
    EXPECT_EQ(config.allowed_hosts.size(), 2U);
    EXPECT_EQ(config.log.level, core::log::Level::warn);
    EXPECT_EQ(config.log.format, core::log::Format::text);
    EXPECT_EQ(config.store.path, folder.path("state/db"));
    EXPECT_EQ(config.inbound.anonymous_role, core::Role::reader);
    EXPECT_EQ(config.azure_devops.base_url, "https://ado.example/tfs/Main");
    EXPECT_EQ(config.entra.client_id, "04b07795-8ddb-461a-bbee-02f9e1bf7b46");
    EXPECT_TRUE(config.entra.client_secret.equals("canary-secret"));
    EXPECT_EQ(config.managed_identity.source, auth::ManagedIdentitySourceKind::arc);
    EXPECT_TRUE(config.outbound.proxy_url.equals("http://u:p@proxy:3128"));
    EXPECT_EQ(config.outbound.proxy_shown, "http://proxy:3128");
    ASSERT_EQ(config.connectors.size(), 1U);
    server::ConnectorConfig const& connector = config.connectors[0];
    ASSERT_EQ(connector.auth.size(), 3U);
    EXPECT_EQ(connector.auth[0].federated_tenant_id, "c");
    EXPECT_EQ(connector.auth[1].tenant, "t");
    EXPECT_TRUE(connector.auth[2].pat.equals("canary-pat"));
    ASSERT_TRUE(connector.auth[2].expires);
    EXPECT_EQ(core::format_utc(*connector.auth[2].expires), "2027-03-01T23:59:59Z");
    EXPECT_TRUE(connector.read_only);
    EXPECT_FALSE(connector.fallback);
    EXPECT_EQ(connector.repositories, (std::vector<std::string>{"Alpha/engine", "tools"}));
    EXPECT_EQ(connector.wikis, std::vector<std::string>{"Alpha.wiki"});
    EXPECT_EQ(connector.default_project, "alpha");
    EXPECT_TRUE(connector.confirm_writes);
    EXPECT_EQ(connector.sign_in_role, core::Role::user);
    EXPECT_EQ(config.knowledge_sources.at(0).name, "docs");
    EXPECT_TRUE(config.tools.read_only);
    EXPECT_EQ(config.limits.calls, 7U);
    EXPECT_EQ(config.limits.call_ms.count(), 1500);
}

TEST(LoadConfig, AbsolutePathsOfTheStoreStayAsTheyAre) {
    EXPECT_EQ(parse_valid("store: {url: 'sqlite:/x/state.db'}").store.path, "/x/state.db");
    EXPECT_EQ(parse_valid("store: {url: 'sqlite:///x/state.db'}").store.path, "/x/state.db");
}

TEST(LoadConfig, TextFromTheEnvironmentTakesTheTypeOfItsKey) {
    std::map<std::string, std::string> const values{{"ORG", "2024"}, {"CALLS", "12"}, {"RO", "true"}};
    server::Config const config = parse_valid(
        "connectors: [{name: one, organization: '${ORG}', read_only: '${RO}'}]\n"
        "limits:\n  calls: ${CALLS}\n  calls_queue: ${NONE:-3}\n"
        "knowledge_sources:\n  - name: docs-${ORG}\n    url: https://dev.azure.com/${ORG}/Web/_git/site\n",
        values);
    EXPECT_EQ(config.connectors.at(0).organization, "2024");
    EXPECT_TRUE(config.connectors.at(0).read_only);
    EXPECT_EQ(config.limits.calls, 12U);
    EXPECT_EQ(config.limits.calls_queue, 3U);
    EXPECT_EQ(config.knowledge_sources.at(0).url, "https://dev.azure.com/2024/Web/_git/site");
}

TEST(LoadConfig, EmptyDefaultMeansAbsent) {
    EXPECT_EQ(parse_valid("entra:\n  client_id: ${CLIENT_ID:-}\n").entra.client_id, "");
    EXPECT_EQ(parse_valid("entra: {client_id: '${CLIENT_ID:-}'}\n").entra.client_id, "");
}

TEST(LoadConfig, InlineSecretsAreRefusedWithoutShowingThem) {
    std::string const problems =
        problems_of("entra:\n  client_secret: canary-inline\n"
                    "connectors:\n  - name: one\n    organization: contoso\n    auth:\n"
                    "      - {method: pat, pat: canary-inline}\n");
    EXPECT_NE(
        problems.find(
            "config.yaml:2:3: entra.client_secret: found a secret in the configuration itself; expected "
            "client_secret_file"),
        std::string::npos)
        << problems;
    EXPECT_NE(problems.find(
                  "connectors[0].auth[0].pat: found a secret in the configuration itself; expected pat_file"),
              std::string::npos)
        << problems;
    EXPECT_EQ(problems.find("canary-inline"), std::string::npos);
}

TEST(LoadConfig, PatPastedWhereItsFileIsWantedIsMasked) {
    std::string const pat(52, 'q');
    std::string const problems =
        problems_of("connectors:\n  - name: one\n    organization: contoso\n    auth:\n"
                    "      - {method: pat, pat_file: " +
                    pat + "}\n");
    EXPECT_NE(problems.find("pat_file"), std::string::npos);
    EXPECT_EQ(problems.find(pat), std::string::npos) << problems;
}

TEST(LoadConfig, SecretFilesOthersCanReadAreRefusedWithTheFix) {
    test::TemporaryFolder const folder;
    std::string const file = folder.write("pat", "canary", 0644);
    std::string const problems =
        problems_of("connectors:\n  - name: one\n    organization: contoso\n    auth:\n"
                    "      - {method: pat, pat_file: pat}\n",
                    {},
                    folder.path());
    EXPECT_NE(problems.find("config.yaml:5:33: connectors[0].auth[0].pat_file"), std::string::npos)
        << problems;
    EXPECT_NE(problems.find("has mode 0644"), std::string::npos) << problems;
    EXPECT_NE(problems.find("chmod 0600 " + file), std::string::npos) << problems;
    EXPECT_EQ(problems.find("canary"), std::string::npos) << problems;
}

TEST(LoadConfig, SearchesArgumentThenVariableThenDefaults) {
    test::TemporaryFolder const folder;
    std::string const by_argument = folder.write("a.yaml", "listen: 127.0.0.1:1\n");
    std::string const by_variable = folder.write("b.yaml", "listen: 127.0.0.1:2\n");
    auto const environment = test::environment({{"ADO_MCPD_CONFIG", by_variable}});
    auto const first = server::load_config_from(by_argument, environment);
    ASSERT_TRUE(first);
    EXPECT_EQ(first->listen.port, 1);
    EXPECT_EQ(first->source, by_argument);
    auto const second = server::load_config_from(std::nullopt, environment);
    ASSERT_TRUE(second);
    EXPECT_EQ(second->listen.port, 2);
}

TEST(LoadConfig, NamedFileThatIsNotThereIsAnError) {
    auto const config = server::load_config_from("/nonexistent/x.yaml", test::environment());
    ASSERT_FALSE(config);
    EXPECT_EQ(config.error().to_error().message(),
              "/nonexistent/x.yaml: found no such file; expected a configuration file this program can read");
}

TEST(LoadConfig, ExampleConfigurationLoads) {
    auto const config = server::load_config_from(ADO_MCPD_EXAMPLE_CONFIG, test::environment());
    ASSERT_TRUE(config) << config.error().to_error().message();
    EXPECT_EQ(config->connectors.size(), 1U);
    EXPECT_EQ(config->entra.client_id, "04b07795-8ddb-461a-bbee-02f9e1bf7b46");
}

} // namespace
