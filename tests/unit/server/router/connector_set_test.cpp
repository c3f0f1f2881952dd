#include "server/router/connector_set.hpp"

#include "server/router/connector_document.hpp"
#include "support/manual_clock.hpp"
#include "support/run_coro.hpp"
#include "support/scripted_http_client.hpp"

#include <gtest/gtest.h>

#include <functional>

namespace {

using server::StoredDocument;
using server::StoredIdentity;

class NoGrants final : public auth::LocalGrantStore {
public:
    core::Task<core::Result<std::optional<auth::OAuthGrant>>> load_grant(std::string) override {
        co_return std::optional<auth::OAuthGrant>();
    }
    core::Task<core::Result<void>> save_grant(std::string, auth::OAuthGrant&) override {
        co_return core::Result<void>();
    }
    core::Task<core::Result<bool>> remove_grant(std::string) override { co_return false; }
    core::Task<core::Result<std::vector<ListedGrant>>> list_grants() override {
        co_return std::vector<ListedGrant>();
    }
};

class NoPats final : public auth::PatStore {
public:
    core::Task<core::Result<std::optional<auth::StoredPat>>> load_pat(std::string) override {
        co_return std::optional<auth::StoredPat>();
    }
    core::Task<core::Result<void>> save_pat(std::string, auth::StoredPat&) override {
        co_return core::Result<void>();
    }
    core::Task<core::Result<bool>> remove_pat(std::string) override { co_return false; }
    core::Task<core::Result<std::vector<ListedPat>>> list_pats() override {
        co_return std::vector<ListedPat>();
    }
};

/// Lists what the test says; `meanwhile` runs between the list of connectors and that of identities, as a
/// change of this process's own does when the store is busy.
class ListedStore final : public server::ConnectorStore {
public:
    core::Task<core::Result<std::vector<StoredDocument>>> list_connectors() override { co_return connectors; }
    core::Task<core::Result<std::vector<StoredIdentity>>> list_identities() override {
        if (meanwhile) {
            meanwhile();
        }
        co_return identities;
    }
    core::Task<core::Result<StoredDocument>>
    save_connector(StoredDocument record, server::Precondition, std::size_t, server::AuditActor) override {
        co_return record;
    }
    core::Task<core::Result<bool>>
    remove_connector(std::string, server::Precondition, server::AuditActor) override {
        co_return false;
    }
    core::Task<core::Result<std::vector<StoredDocument>>> list_sources() override {
        co_return std::vector<StoredDocument>();
    }
    core::Task<core::Result<StoredDocument>>
    save_source(StoredDocument record, server::Precondition, std::size_t, server::AuditActor) override {
        co_return record;
    }
    core::Task<core::Result<bool>>
    remove_source(std::string, server::Precondition, server::AuditActor) override {
        co_return false;
    }
    core::Task<core::Result<StoredIdentity>>
    save_identity(StoredIdentity record, std::string, server::AuditActor) override {
        co_return record;
    }
    core::Task<core::Result<bool>> remove_identity(std::string, server::AuditActor) override {
        co_return false;
    }
    core::Task<core::Result<void>> save_reach(server::PatReach) override { co_return core::Result<void>(); }
    core::Task<core::Result<std::vector<server::PatReach>>> list_reaches() override {
        co_return std::vector<server::PatReach>();
    }

    std::vector<StoredDocument> connectors;
    std::vector<StoredIdentity> identities;
    std::function<void()> meanwhile;
};

StoredDocument record(char const* text, std::int64_t generation) {
    StoredDocument document("contoso-prod", "contoso", text);
    document.generation = generation;
    return document;
}

class ConnectorSet : public testing::Test {
protected:
    void put(char const* text, std::int64_t generation) {
        auto read = server::read_connector_document("contoso-prod", core::Json::parse(text));
        ASSERT_TRUE(read) << read.error().message();
        set.put_stored(record(text, generation), std::move(*read));
    }
    void follow() {
        core::Result<void> const followed = loop.run(set.follow_store(store));
        EXPECT_TRUE(followed);
    }

    test::Loop loop;
    test::ManualClock clock;
    test::ScriptedHttpClient http;
    core::BlockingPool pool{1};
    server::Config config;
    NoGrants grants;
    NoPats pats;
    server::ConnectorParts parts{
        config, auth::ProviderEnvironment(loop.executor(), http, clock), http, pool, grants, pats};
    server::OrganizationDirectory directory{ado::OrganizationUrls(), {}};
    server::ConnectorSet set{parts, directory};
    ListedStore store;
};

constexpr char kDisabled[] = R"({"organization":"contoso","enabled":false})";
constexpr char kEnabled[] = R"({"organization":"contoso","enabled":true})";

TEST_F(ConnectorSet, AChangeOfItsOwnIsNotUndoneByAListThatWasReadBeforeIt) {
    put(kDisabled, 3);
    store.connectors = {record(kDisabled, 3)};
    store.meanwhile = [this] { put(kEnabled, 4); };
    follow();
    EXPECT_EQ(set.stored_for("contoso")->record.generation, 4);
    EXPECT_TRUE(directory.find_key("contoso")->settings().enabled);
}

TEST_F(ConnectorSet, AConnectorThatWasMadeMeanwhileStays) {
    store.meanwhile = [this] { put(kEnabled, 4); };
    follow();
    EXPECT_TRUE(set.stored_for("contoso"));
}

TEST_F(ConnectorSet, WhatOthersWroteIsTakenUp) {
    store.connectors = {record(kEnabled, 1)};
    store.identities.emplace_back("contoso");
    store.identities.back().generation = 2;
    follow();
    EXPECT_TRUE(directory.find_key("contoso")->settings().enabled);
    ASSERT_NE(set.identity_of("contoso"), nullptr);
    store.connectors = {record(kDisabled, 5)};
    store.identities.clear();
    follow();
    EXPECT_FALSE(directory.find_key("contoso")->settings().enabled);
    EXPECT_EQ(set.identity_of("contoso"), nullptr);
    store.connectors.clear();
    follow();
    EXPECT_FALSE(set.stored_for("contoso"));
}

} // namespace
