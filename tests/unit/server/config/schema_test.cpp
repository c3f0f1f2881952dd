#include "core/json.hpp"
#include "protocol/schema.hpp"
#include "server/config/limits_table.hpp"
#include "server/config/load_config.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <set>
#include <string>

namespace {

using core::Json;

void expect_described(Json const& schema, std::string const& place) {
    EXPECT_FALSE(core::find_string(schema, "description").value_or("").empty()) << place;
    if (Json const* properties = core::find_object(schema, "properties")) {
        EXPECT_EQ(core::find_bool(schema, "additionalProperties"), false) << place;
        for (auto const& [key, property] : properties->items()) {
            expect_described(property, place + "/" + key);
        }
    }
    if (Json const* items = core::find_object(schema, "items")) {
        expect_described(*items, place + "[]");
    }
}

TEST(ConfigSchema, DescribesEveryKeyAndClosesEveryObject) {
    expect_described(server::config_schema(), "");
}

TEST(ConfigSchema, UsesOnlyWhatTheValidatorChecks) {
    Json schema = server::config_schema();
    schema.erase("$schema");
    EXPECT_EQ(protocol::check_schema_supported(schema), std::vector<std::string>());
}

TEST(ConfigSchema, HasEveryKeyOfTheContract) {
    for (char const* pointer : {"/listen",
                                "/health_listen",
                                "/public_url",
                                "/tls/properties/certificate_file",
                                "/tls/properties/key_file",
                                "/allowed_hosts",
                                "/allowed_origins",
                                "/log/properties/level",
                                "/log/properties/format",
                                "/store/properties/url",
                                "/store/properties/key_file",
                                "/inbound/properties/mode",
                                "/inbound/properties/anonymous_role",
                                "/inbound/properties/entra/properties/tenant",
                                "/inbound/properties/entra/properties/audience",
                                "/inbound/properties/entra/properties/roles",
                                "/inbound/properties/entra/properties/issuer",
                                "/inbound/properties/entra/properties/scopes",
                                "/azure_devops/properties/base_url",
                                "/azure_devops/properties/search_url",
                                "/azure_devops/properties/identity_url",
                                "/azure_devops/properties/api_version",
                                "/entra/properties/authority",
                                "/entra/properties/client_id",
                                "/entra/properties/client_secret_file",
                                "/managed_identity/properties/source",
                                "/managed_identity/properties/imds_url",
                                "/outbound/properties/ca_file",
                                "/outbound/properties/proxy",
                                "/connectors/items/properties/name",
                                "/connectors/items/properties/organization",
                                "/connectors/items/properties/auth/items/properties/method",
                                "/connectors/items/properties/auth/items/properties/client_id",
                                "/connectors/items/properties/auth/items/properties/object_id",
                                "/connectors/items/properties/auth/items/properties/resource_id",
                                "/connectors/items/properties/auth/items/properties/federated_client_id",
                                "/connectors/items/properties/auth/items/properties/federated_tenant_id",
                                "/connectors/items/properties/auth/items/properties/tenant",
                                "/connectors/items/properties/auth/items/properties/pat_file",
                                "/connectors/items/properties/auth/items/properties/expires",
                                "/connectors/items/properties/projects",
                                "/connectors/items/properties/repositories",
                                "/connectors/items/properties/wikis",
                                "/connectors/items/properties/read_only",
                                "/connectors/items/properties/fallback",
                                "/connectors/items/properties/default_project",
                                "/connectors/items/properties/confirm_writes",
                                "/connectors/items/properties/sign_in_role",
                                "/knowledge_sources/items/properties/name",
                                "/knowledge_sources/items/properties/url",
                                "/knowledge_sources/items/properties/auth",
                                "/knowledge/properties/embeddings/properties/url",
                                "/knowledge/properties/embeddings/properties/model",
                                "/knowledge/properties/embeddings/properties/api_key_file",
                                "/tools/properties/enable",
                                "/tools/properties/disable",
                                "/tools/properties/read_only",
                                "/tools/properties/mark_writes",
                                "/core_dumps",
                                "/limits"}) {
        EXPECT_TRUE(server::config_schema().at("properties").contains(Json::json_pointer(pointer)))
            << pointer;
    }
}

TEST(LimitsTable, AgreesWithTheSchemaAndTheDefaults) {
    Json const& properties = server::config_schema().at("properties").at("limits").at("properties");
    EXPECT_EQ(properties.size(), server::limit_entries().size());
    server::Limits const defaults;
    for (server::LimitEntry const& entry : server::limit_entries()) {
        SCOPED_TRACE(entry.name);
        Json const* property = core::find_object(properties, entry.name);
        ASSERT_NE(property, nullptr);
        EXPECT_EQ(core::find_int(*property, "minimum"), entry.minimum);
        EXPECT_EQ(core::find_int(*property, "maximum"), entry.maximum);
        EXPECT_EQ(core::find_int(*property, "default"), server::get_limit(defaults, entry));
        EXPECT_GE(server::get_limit(defaults, entry), entry.minimum);
        EXPECT_LE(server::get_limit(defaults, entry), entry.maximum);
    }
}

TEST(LimitsTable, EachEntryIsAMemberOfItsOwn) {
    server::Limits limits;
    std::int64_t value = 1000;
    for (server::LimitEntry const& entry : server::limit_entries()) {
        server::set_limit(limits, entry, value++);
    }
    value = 1000;
    std::set<std::string_view> names;
    for (server::LimitEntry const& entry : server::limit_entries()) {
        EXPECT_EQ(server::get_limit(limits, entry), value++) << entry.name;
        names.insert(entry.name);
    }
    EXPECT_EQ(names.size(), server::limit_entries().size());
}

} // namespace
