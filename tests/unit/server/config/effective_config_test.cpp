#include "config_test_support.hpp"

#include "core/json.hpp"
#include "server/config/effective_config.hpp"
#include "server/config/limits_table.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace {

std::string const kCanaries[] = {"canary-pat", "canary-secret", "canary-password"};

server::Config config_with_secrets(test::TemporaryFolder const& folder) {
    folder.write("pat", kCanaries[0]);
    folder.write("secret", kCanaries[1]);
    return test::parse_valid("entra: {client_secret_file: secret}\n"
                             "outbound: {proxy: 'http://user:canary-password@proxy:3128'}\n"
                             "connectors:\n"
                             "  - name: one\n"
                             "    organization: contoso\n"
                             "    auth: [{method: pat, pat_file: pat, expires: 2027-03-01}]\n",
                             {},
                             folder.path());
}

TEST(EffectiveConfig, ShowsNoSecret) {
    test::TemporaryFolder const folder;
    server::Config const config = config_with_secrets(folder);
    std::string const text = server::effective_config_text(config);
    std::string const json = core::dump_json(server::effective_config_json(config));
    for (std::string const& canary : kCanaries) {
        EXPECT_EQ(text.find(canary), std::string::npos);
        EXPECT_EQ(json.find(canary), std::string::npos);
    }
    EXPECT_NE(text.find("pat_file: \"***\""), std::string::npos) << text;
    EXPECT_NE(text.find("client_secret_file: \"***\""), std::string::npos) << text;
    EXPECT_NE(text.find("proxy: http://proxy:3128"), std::string::npos) << text;
}

TEST(EffectiveConfig, IsAConfigurationThatMeansTheSame) {
    server::Config const odd =
        test::parse_valid("listen: '[::1]:1'\n"
                          "connectors:\n"
                          "  - name: one\n"
                          "    organization: '2024'\n"
                          "    projects: ['Null', 'true', '1.5', '- x', 'a: b', \"quo'te\", 'x #y', "
                          "'$${A}', \"line\\nbreak\"]\n"
                          "limits: {calls: 9}\n"
                          "log: {level: debug}\n");
    std::string const text = server::effective_config_text(odd);
    // A literal ${ has to be escaped again before the text is read as a configuration.
    std::string escaped = text;
    escaped.replace(escaped.find("${A}"), 4, "$${A}");
    server::Config const again = test::parse_valid(escaped);
    EXPECT_EQ(server::effective_config_text(again), text);
    EXPECT_EQ(again.connectors.at(0).projects, odd.connectors.at(0).projects);
    EXPECT_EQ(again.limits.calls, 9U);
}

TEST(EffectiveConfig, ShowsWhatAConnectorAsksPeopleFor) {
    std::string const usual = server::effective_config_text(
        test::parse_valid("connectors: [{name: one, organization: contoso}]\n"));
    EXPECT_NE(usual.find("confirm_writes: false"), std::string::npos) << usual;
    EXPECT_NE(usual.find("sign_in_role: administrator"), std::string::npos) << usual;
    std::string const asking = server::effective_config_text(
        test::parse_valid("connectors: [{name: one, organization: contoso, auth: [{method: oauth}], "
                          "confirm_writes: true, sign_in_role: user}]\n"));
    EXPECT_NE(asking.find("confirm_writes: true"), std::string::npos) << asking;
    EXPECT_NE(asking.find("sign_in_role: user"), std::string::npos) << asking;
}

TEST(EffectiveConfig, ListsEveryLimit) {
    core::Json const out = server::effective_config_json(server::Config());
    EXPECT_EQ(out.at("limits").size(), server::limit_entries().size());
    EXPECT_EQ(out.at("limits").at("call_ms"), 55'000);
}

} // namespace
