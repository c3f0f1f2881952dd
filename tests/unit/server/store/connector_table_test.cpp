#include "store_test_support.hpp"

namespace {

using server::Precondition;
using server::StoredDocument;

constexpr std::size_t kMost = 3;
server::AuditActor const kAda("ada-id", "Ada", "request-1");

class ConnectorStore : public test::StoreFixture {
protected:
    StoredDocument save(std::string name,
                        std::string organization,
                        Precondition expected = Precondition::any(),
                        std::string document = "{}") {
        StoredDocument record(std::move(name), std::move(organization), std::move(document));
        return get(store_->connectors().save_connector(std::move(record), expected, kMost, kAda));
    }
    core::Error
    refused(std::string name, std::string organization, Precondition expected = Precondition::any()) {
        StoredDocument record(std::move(name), std::move(organization), "{}");
        return error_of(store_->connectors().save_connector(std::move(record), expected, kMost, kAda));
    }

    std::unique_ptr<server::StateStore> store_ = open();
};

TEST_F(ConnectorStore, KeepsAConnectorWithItsTimesAndRaisesItsGeneration) {
    StoredDocument const made = save("contoso-prod", "contoso", Precondition::absent(), R"({"a":"ü"})");
    EXPECT_GT(made.generation, 0);
    EXPECT_EQ(made.created_at, clock_.system_now());
    clock_.advance(std::chrono::minutes(1));
    StoredDocument const changed =
        save("Contoso-Prod", "contoso", Precondition::generation(made.generation), R"({"a":2})");
    EXPECT_GT(changed.generation, made.generation);
    EXPECT_EQ(changed.created_at, made.created_at);
    EXPECT_EQ(changed.updated_at, clock_.system_now());
    store_.reset();
    store_ = open();
    std::vector<StoredDocument> const listed = get(store_->connectors().list_connectors());
    ASSERT_EQ(listed.size(), 1U);
    EXPECT_EQ(listed[0].name, "Contoso-Prod");
    EXPECT_EQ(listed[0].organization, "contoso");
    EXPECT_EQ(listed[0].document, R"({"a":2})");
    EXPECT_EQ(listed[0].generation, changed.generation);
}

TEST_F(ConnectorStore, AWriteThatExpectsSomethingElseChangesNothing) {
    StoredDocument const made = save("contoso-prod", "contoso");
    EXPECT_EQ(refused("contoso-prod", "contoso", Precondition::absent()).code(), "precondition_failed");
    EXPECT_EQ(refused("contoso-prod", "contoso", Precondition::generation(made.generation + 1)).code(),
              "precondition_failed");
    EXPECT_EQ(refused("another", "fabrikam", Precondition::generation(7)).code(), "precondition_failed");
    EXPECT_EQ(error_of(store_->connectors().remove_connector(
                           "contoso-prod", Precondition::generation(1000), server::AuditActor()))
                  .code(),
              "precondition_failed");
    EXPECT_EQ(get(store_->connectors().list_connectors()).at(0).generation, made.generation);
}

TEST_F(ConnectorStore, AnOrganizationHasOneConnector) {
    save("contoso-prod", "contoso");
    core::Error const error = refused("second", "contoso");
    EXPECT_EQ(error.code(), "connector_organization_taken");
    EXPECT_EQ(error.message(), "A connector for this organization already exists");
    EXPECT_EQ(error.kind(), core::ErrorKind::conflict);
}

TEST_F(ConnectorStore, NoMoreAreKeptThanTheLimitSays) {
    for (char const* const name : {"one", "two", "three"}) {
        save(name, name);
    }
    EXPECT_EQ(refused("four", "four").code(), "store_limit_reached");
    save("three", "three"); // one that exists may change
}

TEST_F(ConnectorStore, RemovingAConnectorTakesItsCredentialsAlong) {
    save("contoso-prod", "contoso");
    auth::StoredPat contoso = pat("canary-one");
    auth::StoredPat fabrikam = pat("canary-two");
    get(store_->save_pat("contoso", contoso));
    get(store_->save_pat("fabrikam", fabrikam));
    auth::OAuthGrant grant("tenant", "client", core::Secret("canary-three"));
    get(store_->save_grant("contoso", grant));
    server::StoredIdentity identity("contoso");
    identity.client_id = "client";
    get(store_->connectors().save_identity(identity, "agent", kAda));
    get(store_->connectors().save_reach(server::PatReach("contoso", contoso.generation)));

    EXPECT_TRUE(get(
        store_->connectors().remove_connector("CONTOSO-prod", Precondition::any(), server::AuditActor())));
    EXPECT_FALSE(get(
        store_->connectors().remove_connector("contoso-prod", Precondition::any(), server::AuditActor())));
    EXPECT_TRUE(get(store_->connectors().list_connectors()).empty());
    EXPECT_TRUE(get(store_->connectors().list_identities()).empty());
    EXPECT_TRUE(get(store_->connectors().list_reaches()).empty());
    EXPECT_TRUE(get(store_->list_grants()).empty());
    ASSERT_EQ(get(store_->list_pats()).size(), 1U);
    EXPECT_EQ(get(store_->list_pats()).at(0).organization, "fabrikam");
}

TEST_F(ConnectorStore, KeepsSourcesAndIdentities) {
    StoredDocument record("docs", "contoso", R"({"url":"x"})");
    StoredDocument const made =
        get(store_->connectors().save_source(std::move(record), Precondition::absent(), kMost, kAda));
    StoredDocument other("more", "contoso", "{}"); // several in one organization
    get(store_->connectors().save_source(std::move(other), Precondition::absent(), kMost, kAda));
    EXPECT_EQ(get(store_->connectors().list_sources()).size(), 2U);
    EXPECT_TRUE(
        get(store_->connectors().remove_source("docs", Precondition::generation(made.generation), kAda)));
    EXPECT_FALSE(get(store_->connectors().remove_source("docs", Precondition::any(), kAda)));

    server::StoredIdentity identity("contoso");
    identity.client_id = "a";
    identity.object_id = "o";
    identity.resource_id = "r";
    identity.federated_client_id = "b";
    identity.federated_tenant_id = "c";
    server::StoredIdentity const first = get(store_->connectors().save_identity(identity, "agent", kAda));
    server::StoredIdentity const second = get(store_->connectors().save_identity(identity, "agent", kAda));
    EXPECT_GT(second.generation, first.generation);
    auto const listed = get(store_->connectors().list_identities());
    ASSERT_EQ(listed.size(), 1U);
    EXPECT_EQ(listed[0].federated_tenant_id, "c");
    EXPECT_EQ(listed[0].object_id, "o");
    EXPECT_EQ(listed[0].resource_id, "r");
    EXPECT_EQ(listed[0].generation, second.generation);
    EXPECT_TRUE(get(store_->connectors().remove_identity("contoso", kAda)));
    EXPECT_FALSE(get(store_->connectors().remove_identity("contoso", kAda)));
}

TEST_F(ConnectorStore, AnotherProcessSeesWhatOneWrote) {
    auto const other = open();
    std::int64_t const before = get(other->data_version());
    save("contoso-prod", "contoso");
    EXPECT_NE(get(other->data_version()), before);
    EXPECT_EQ(get(other->connectors().list_connectors()).size(), 1U);
}

} // namespace
