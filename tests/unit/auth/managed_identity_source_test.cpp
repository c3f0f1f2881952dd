#include "auth/managed_identity_source.hpp"

#include <gtest/gtest.h>

#include <map>

namespace auth {
namespace {

using Kind = ManagedIdentitySourceKind;
using Variables = std::map<std::string, std::string>;

EnvironmentReader reader(Variables variables) {
    return [variables = std::move(variables)](char const* name) -> std::optional<std::string> {
        auto const it = variables.find(name);
        return it == variables.end() ? std::nullopt : std::optional<std::string>(it->second);
    };
}

ManagedIdentityConfig config(Kind kind = Kind::automatic, std::string client_id = {}) {
    ManagedIdentityConfig config;
    config.source = kind;
    config.imds_url = "http://169.254.169.254";
    config.client_id = std::move(client_id);
    return config;
}

struct Row {
    char const* name;
    Variables variables;
    Kind kind;
    char const* url;
};

class ManagedIdentityDetection : public testing::TestWithParam<Row> {};

TEST_P(ManagedIdentityDetection, ReadsTheEnvironment) {
    Row const& row = GetParam();
    auto const found = find_managed_identity(config(), reader(row.variables));
    ASSERT_TRUE(found) << found.error().error.message();
    EXPECT_EQ(to_string(found->kind), to_string(row.kind));
    EXPECT_EQ(found->url, row.url);
}

INSTANTIATE_TEST_SUITE_P(
    Hosts,
    ManagedIdentityDetection,
    testing::Values(Row{"Nothing", {}, Kind::imds, "http://169.254.169.254/metadata/identity/oauth2/token"},
                    Row{"AppService",
                        {{"IDENTITY_ENDPOINT", "http://127.0.0.1:41/msi"}, {"IDENTITY_HEADER", "h"}},
                        Kind::app_service,
                        "http://127.0.0.1:41/msi"},
                    Row{"ServiceFabric",
                        {{"IDENTITY_ENDPOINT", "https://sf/msi"},
                         {"IDENTITY_HEADER", "h"},
                         {"IDENTITY_SERVER_THUMBPRINT", "t"}},
                        Kind::service_fabric,
                        "https://sf/msi"},
                    Row{"AppServiceOf2017",
                        {{"MSI_ENDPOINT", "http://127.0.0.1:41/MSI/token/"}, {"MSI_SECRET", "s"}},
                        Kind::app_service_2017,
                        "http://127.0.0.1:41/MSI/token/"},
                    Row{"AppServiceOffersBothAndTheNewerCounts",
                        {{"MSI_ENDPOINT", "http://127.0.0.1:41/old"},
                         {"MSI_SECRET", "s"},
                         {"IDENTITY_ENDPOINT", "http://127.0.0.1:41/new"},
                         {"IDENTITY_HEADER", "h"}},
                        Kind::app_service,
                        "http://127.0.0.1:41/new"},
                    Row{"AzureMl",
                        {{"MSI_ENDPOINT", "http://127.0.0.1:46808/MSI/auth"},
                         {"MSI_SECRET", "s"},
                         {"DEFAULT_IDENTITY_CLIENT_ID", "c"}},
                        Kind::azure_ml,
                        "http://127.0.0.1:46808/MSI/auth"},
                    Row{"CloudShell",
                        {{"MSI_ENDPOINT", "http://localhost:50342"}},
                        Kind::cloud_shell,
                        "http://localhost:50342"},
                    Row{"Arc",
                        {{"IDENTITY_ENDPOINT", "http://localhost:40342/t"},
                         {"IMDS_ENDPOINT", "http://localhost:40342"}},
                        Kind::arc,
                        "http://localhost:40342/t"},
                    Row{"WorkloadIdentityFirst",
                        {{"AZURE_CLIENT_ID", "c"},
                         {"AZURE_TENANT_ID", "t"},
                         {"AZURE_FEDERATED_TOKEN_FILE", "/f"},
                         {"AZURE_AUTHORITY_HOST", "https://login.example/"},
                         {"IDENTITY_ENDPOINT", "http://127.0.0.1:41/msi"},
                         {"IDENTITY_HEADER", "h"}},
                        Kind::workload_identity,
                        "https://login.example/"},
                    Row{"IncompleteWorkloadIdentity",
                        {{"AZURE_CLIENT_ID", "c"}, {"AZURE_TENANT_ID", "t"}},
                        Kind::imds,
                        "http://169.254.169.254/metadata/identity/oauth2/token"}),
    [](testing::TestParamInfo<Row> const& row) { return row.param.name; });

TEST(ManagedIdentitySource, AConfiguredSourceNamesTheVariablesItMisses) {
    struct Missing {
        Kind kind;
        char const* variable;
    };
    for (Missing const row : {Missing{Kind::app_service, "IDENTITY_ENDPOINT"},
                              Missing{Kind::service_fabric, "IDENTITY_SERVER_THUMBPRINT"},
                              Missing{Kind::app_service_2017, "MSI_SECRET"},
                              Missing{Kind::azure_ml, "DEFAULT_IDENTITY_CLIENT_ID"},
                              Missing{Kind::cloud_shell, "MSI_ENDPOINT"},
                              Missing{Kind::workload_identity, "AZURE_FEDERATED_TOKEN_FILE"}}) {
        auto const found = find_managed_identity(config(row.kind), reader({}));
        ASSERT_FALSE(found);
        EXPECT_EQ(found.error().failure_class, FailureClass::configuration);
        EXPECT_NE(found.error().error.message().find(row.variable), std::string::npos);
    }
}

TEST(ManagedIdentitySource, RefusesAClientIdWhereNoneCanBeChosen) {
    for (Kind const kind : {Kind::arc, Kind::cloud_shell, Kind::service_fabric}) {
        EXPECT_FALSE(
            find_managed_identity(config(kind, "client"), reader({{"MSI_ENDPOINT", "http://localhost"}})));
    }
}

TEST(ManagedIdentitySource, ImdsInTheClearOnlyOnThisMachine) {
    struct Url {
        char const* url;
        bool accepted;
    };
    for (Url const row : {Url{"http://169.254.169.254", true},
                          Url{"http://127.0.0.1:8080/", true},
                          Url{"http://localhost:8080", true},
                          Url{"https://imds.example", true},
                          Url{"http://imds.example", false},
                          Url{"http://169.254.169.254.evil.example", false},
                          Url{"nonsense", false},
                          Url{"", false}}) {
        ManagedIdentityConfig imds = config(Kind::imds);
        imds.imds_url = row.url;
        EXPECT_EQ(find_managed_identity(imds, reader({})).has_value(), row.accepted) << row.url;
    }
}

} // namespace
} // namespace auth
