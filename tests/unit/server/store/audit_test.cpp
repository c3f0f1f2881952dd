#include "store_test_support.hpp"

#include <SQLiteCpp/SQLiteCpp.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <thread>
#include <vector>

namespace {

using server::AuditActor;
using server::AuditEvent;
using server::AuditOutcome;
using server::AuditQuery;
using server::AuditRecord;
using server::AuditReport;

class AuditTest : public test::StoreFixture {
protected:
    static AuditEvent event(std::string const& name, std::string const& organization = "contoso") {
        AuditEvent out(name, AuditOutcome::done, AuditActor("0123456789ab", "ci", "request-1"));
        out.organization = organization;
        out.method = "pat";
        out.identity = "ada@contoso.example";
        out.subject = "create_work_item 42";
        return out;
    }
    void append(server::StateStore& store, int count) {
        for (int i = 0; i < count; ++i) {
            get(store.audit().append(event("tool.write")));
        }
    }
    std::vector<AuditRecord> all(server::StateStore& store) {
        AuditQuery query;
        query.limit = 1000;
        return get(store.audit().list(query)).records;
    }
    AuditReport verify(server::StateStore& store) { return get(store.audit().verify()); }
};

TEST_F(AuditTest, RecordComesBackAsItWasAndIsChained) {
    auto const store = open();
    EXPECT_EQ(get(store->audit().append(event("tool.write"))), 1);
    EXPECT_EQ(get(store->audit().append(event("sign_in.started", "fabrikam"))), 2);
    auto const records = all(*store);
    ASSERT_EQ(records.size(), 2U);
    AuditRecord const& record = records[1];
    EXPECT_EQ(record.sequence, 1);
    EXPECT_EQ(record.at, clock_.system_now());
    EXPECT_EQ(record.event.event, "tool.write");
    EXPECT_EQ(record.event.outcome, AuditOutcome::done);
    EXPECT_EQ(record.event.actor.id, "0123456789ab");
    EXPECT_EQ(record.event.actor.name, "ci");
    EXPECT_EQ(record.event.actor.correlation_id, "request-1");
    EXPECT_EQ(record.event.organization, "contoso");
    EXPECT_EQ(record.event.identity, "ada@contoso.example");
    EXPECT_EQ(record.event.subject, "create_work_item 42");
    EXPECT_EQ(record.hash.size(), 32U);
    EXPECT_EQ(records[0].event.organization, "fabrikam");
    EXPECT_NE(records[0].hash, record.hash);
    AuditReport const report = verify(*store);
    EXPECT_TRUE(report.intact()) << report.problem;
    EXPECT_EQ(report.records, 2U);
    EXPECT_EQ(report.last, 2);
}

TEST_F(AuditTest, EveryChangeOfACredentialIsRecordedWithWhoMadeIt) {
    auto const store = open();
    auto const ada = store->acting_as(AuditActor("ada-id", "Ada", "r1"));
    auto one = pat("one");
    one.identity = "ada@contoso.example";
    get(ada->save_pat("contoso", one));
    auto two = pat("two");
    get(ada->save_pat("contoso", two));
    auth::OAuthGrant grant("tenant", "client", core::Secret("refresh 1"));
    grant.obtained_at = clock_.system_now();
    get(ada->save_grant("contoso", grant));
    grant.refresh_token = core::Secret("refresh 2");
    EXPECT_TRUE(get(store->rotate_grant("contoso", grant.generation, grant))); // the daemon renews
    EXPECT_FALSE(get(store->rotate_grant("contoso", 1, grant)));
    grant.obtained_at += std::chrono::hours(1);
    get(ada->save_grant("contoso", grant)); // somebody signs in again
    EXPECT_TRUE(get(ada->remove_pat("contoso")));
    EXPECT_FALSE(get(ada->remove_pat("contoso")));
    EXPECT_TRUE(get(ada->remove_grant("contoso")));
    auth::AgentTokenRecord token;
    token.id = "0123456789ab";
    token.name = "ci";
    token.secret_sha256 = std::string(32, 'x');
    get(ada->insert_agent_token(token));
    token.id = "ba9876543210";
    get(ada->rotate_agent_token(token, clock_.system_now() + std::chrono::hours(1)));
    EXPECT_TRUE(get(ada->revoke_agent_token("0123456789ab")));
    EXPECT_FALSE(get(ada->revoke_agent_token("other")));

    auto const records = all(*store);
    std::vector<std::string> told;
    for (auto it = records.rbegin(); it != records.rend(); ++it) {
        told.push_back(it->event.event + " " + it->event.method + " by " + it->event.actor.id);
    }
    EXPECT_EQ(told,
              (std::vector<std::string>{"credential.stored pat by ada-id",
                                        "credential.replaced pat by ada-id",
                                        "credential.stored oauth by ada-id",
                                        "credential.refreshed oauth by daemon",
                                        "credential.replaced oauth by ada-id",
                                        "credential.removed pat by ada-id",
                                        "credential.removed oauth by ada-id",
                                        "token.created  by ada-id",
                                        "token.rotated  by ada-id",
                                        "token.revoked  by ada-id"}));
    EXPECT_EQ(records.back().event.identity, "ada@contoso.example");
    EXPECT_EQ(records.front().event.subject, "0123456789ab ci");
    EXPECT_TRUE(verify(*store).intact());
}

TEST_F(AuditTest, ChangesOfConnectorsAndSourcesAreToldByTheNamesOfTheirMembers) {
    auto const store = open();
    server::ConnectorStore& connectors = store->connectors();
    AuditActor const ada("ada-id", "Ada", "request-1");
    auto const any = server::Precondition::any();
    auto const put = [&](std::string text) {
        get(connectors.save_connector(
            server::StoredDocument("contoso-prod", "contoso", std::move(text)), any, 10, ada));
    };
    put(R"({"organization":"contoso","projects":["canary-one"],"read_only":false})");
    put(R"({"organization":"contoso","projects":["canary-two"],"auth":[{"method":"pat"}]})");
    put(R"({"organization":"contoso","projects":["canary-two"],"auth":[{"method":"pat"}]})");
    // Refused: nothing is changed, and nothing is told.
    EXPECT_EQ(error_of(connectors.save_connector(server::StoredDocument("contoso-prod", "contoso", "{}"),
                                                 server::Precondition::absent(),
                                                 10,
                                                 ada))
                  .code(),
              "precondition_failed");
    for (char const* const text : {R"({"url":"canary-three"})", R"({"url":"canary-four"})"}) {
        get(connectors.save_source(server::StoredDocument("docs", "contoso", text), any, 10, ada));
    }
    ASSERT_TRUE(get(connectors.remove_source("docs", any, ada)));
    ASSERT_FALSE(get(connectors.remove_source("docs", any, ada)));
    server::StoredIdentity identity("contoso");
    identity.object_id = "principal-1";
    get(connectors.save_identity(identity, "agent@contoso.example", ada));
    get(connectors.save_identity(identity, "agent@contoso.example", ada));
    ASSERT_TRUE(get(connectors.remove_identity("contoso", ada)));
    ASSERT_TRUE(get(connectors.remove_connector("contoso-prod", any, ada)));

    std::vector<std::string> told;
    for (AuditRecord const& record : all(*store)) {
        EXPECT_EQ(record.event.organization, "contoso");
        EXPECT_EQ(record.event.actor.id, "ada-id");
        EXPECT_EQ(record.event.actor.correlation_id, "request-1");
        told.insert(told.begin(), record.event.event + " " + record.event.subject);
    }
    EXPECT_EQ(told,
              (std::vector<std::string>{"connector.created contoso-prod",
                                        "connector.changed contoso-prod: auth, projects, read_only",
                                        "connector.changed contoso-prod",
                                        "source.created docs",
                                        "source.changed docs: url",
                                        "source.removed docs",
                                        "credential.stored principal-1",
                                        "credential.replaced principal-1",
                                        "credential.removed ",
                                        "connector.removed contoso-prod"}));
    EXPECT_TRUE(verify(*store).intact());
}

TEST_F(AuditTest, CredentialsThatGoWithTheirConnectorAreTold) {
    auto const store = open();
    server::StoredDocument const document("contoso-prod", "contoso", "{}");
    get(store->connectors().save_connector(document, server::Precondition::any(), 10, AuditActor()));
    auto record = pat("one");
    get(store->save_pat("contoso", record));
    ASSERT_TRUE(get(store->connectors().remove_connector(
        "contoso-prod", server::Precondition::any(), AuditActor("ada-id", "Ada"))));
    AuditRecord const newest = all(*store).front();
    EXPECT_EQ(newest.event.event, "credential.removed");
    EXPECT_EQ(newest.event.organization, "contoso");
    EXPECT_EQ(newest.event.method, "pat");
    EXPECT_EQ(newest.event.subject, "with connector contoso-prod");
    EXPECT_EQ(newest.event.actor.id, "ada-id");
    EXPECT_TRUE(verify(*store).intact());
}

TEST_F(AuditTest, ChangeAndRecordAreThereTogetherOrNotAtAll) {
    auto const store = open();
    run_sql("CREATE TRIGGER full BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'no room'); END");
    auto record = pat("one");
    EXPECT_EQ(error_of(store->save_pat("contoso", record)).code(), "store_failed");
    EXPECT_FALSE(get(store->load_pat("contoso")));
    run_sql("DROP TRIGGER full");
    get(store->save_pat("contoso", record));
    run_sql("CREATE TRIGGER full BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'no room'); END");
    error_of(store->remove_pat("contoso"));
    EXPECT_TRUE(get(store->load_pat("contoso")));
}

TEST_F(AuditTest, NameOfAnAgentTokenIsFilledIn) {
    auto const store = open();
    auth::AgentTokenRecord token;
    token.id = "0123456789ab";
    token.name = "nightly build";
    token.secret_sha256 = std::string(32, 'x');
    get(store->insert_agent_token(token));
    AuditEvent started = event("sign_in.started");
    started.actor = AuditActor("0123456789ab", "");
    get(store->audit().append(started));
    EXPECT_EQ(all(*store).front().event.actor.name, "nightly build");
}

TEST_F(AuditTest, SecretsAreKeptOutWhereverACallerPutsThem) {
    std::string const canary = std::string(75, 'Q') + "AZDOabcde";
    auto const store = open();
    AuditEvent careless = event("tool.write");
    careless.identity = "token " + canary;
    careless.subject = canary;
    careless.actor.name = canary;
    careless.error_code = std::string(1000, 'e');
    get(store->audit().append(careless));
    auto record = pat(canary);
    get(store->save_pat("contoso", record));
    auto const records = all(*store);
    EXPECT_EQ(records[1].event.subject.find("QQQQ"), std::string::npos) << records[1].event.subject;
    EXPECT_EQ(records[1].event.error_code.size(), 256U);
    EXPECT_EQ(records[0].event.fingerprint.size(), 16U);
    EXPECT_TRUE(verify(*store).intact());
}

TEST_F(AuditTest, FingerprintTellsSecretsApartAndNothingElse) {
    auto const store = open();
    std::string const one = store->audit().fingerprint(core::Secret("one"));
    EXPECT_EQ(one, store->audit().fingerprint(core::Secret("one")));
    EXPECT_NE(one, store->audit().fingerprint(core::Secret("two")));
    auto record = pat("one");
    get(store->save_pat("contoso", record));
    EXPECT_EQ(all(*store).front().event.fingerprint, one);
    EXPECT_EQ(open()->audit().fingerprint(core::Secret("one")), one); // also after a restart
}

TEST_F(AuditTest, ListsPageByPageAndByWhatIsAskedFor) {
    auto const store = open();
    for (int i = 0; i < 5; ++i) {
        get(store->audit().append(event(i % 2 == 0 ? "credential.stored" : "credential.removed", "contoso")));
        clock_.advance(std::chrono::hours(1));
    }
    get(store->audit().append(event("credentials", "fabrikam")));
    AuditQuery query;
    query.limit = 4;
    auto const first = get(store->audit().list(query));
    ASSERT_EQ(first.records.size(), 4U);
    EXPECT_EQ(first.records.front().sequence, 6);
    ASSERT_TRUE(first.before);
    query.before = first.before;
    auto const second = get(store->audit().list(query));
    ASSERT_EQ(second.records.size(), 2U);
    EXPECT_EQ(second.records.back().sequence, 1);
    EXPECT_FALSE(second.before);

    AuditQuery of_one;
    of_one.organization = "fabrikam";
    EXPECT_EQ(get(store->audit().list(of_one)).records.size(), 1U);
    AuditQuery of_event;
    of_event.event = "credential.removed";
    EXPECT_EQ(get(store->audit().list(of_event)).records.size(), 2U);
    of_event.event = "credential"; // all of that noun, and no other that begins so
    EXPECT_EQ(get(store->audit().list(of_event)).records.size(), 5U);
    AuditQuery since;
    since.since = clock_.system_now() - std::chrono::hours(2);
    EXPECT_EQ(get(store->audit().list(since)).records.size(), 3U);
}

TEST_F(AuditTest, VerifyNamesTheFirstRecordThatWasTouched) {
    struct Row {
        char const* name;
        char const* sql;
        int broken_at; ///< 0 = it is the head
    };
    for (Row const& row : std::vector<Row>{
             {"a field changed", "UPDATE audit SET identity = 'eve' WHERE sequence = 3", 3},
             {"the outcome changed", "UPDATE audit SET outcome = 'failed' WHERE sequence = 4", 4},
             {"an outcome that is none", "UPDATE audit SET outcome = 'fine' WHERE sequence = 2", 2},
             {"a time changed", "UPDATE audit SET at = at - 1 WHERE sequence = 1", 1},
             {"one removed from the middle", "DELETE FROM audit WHERE sequence = 3", 4},
             {"the oldest removed", "DELETE FROM audit WHERE sequence = 1", 2},
             {"the end cut off", "DELETE FROM audit WHERE sequence > 4", 5},
             {"the end cut off and the head brought along",
              "DELETE FROM audit WHERE sequence > 4; UPDATE audit_head SET last = 4, last_hash = (SELECT "
              "hash FROM "
              "audit WHERE sequence = 4)",
              0},
             {"two in each other's place",
              "UPDATE audit SET sequence = 99 WHERE sequence = 2; UPDATE audit SET sequence = 2 WHERE "
              "sequence = 3; "
              "UPDATE audit SET sequence = 3 WHERE sequence = 99",
              2},
             {"one added",
              "INSERT INTO audit SELECT 7, at, event, outcome, principal_id, principal_name, correlation_id, "
              "organization, method, identity, error_code, subject, fingerprint, key_id, hash FROM audit "
              "WHERE "
              "sequence = 6",
              7},
             {"the head removed", "DELETE FROM audit_head", 0},
             {"the beginning cut off and the head brought along",
              "UPDATE audit_head SET first = 3, first_previous = (SELECT hash FROM audit WHERE sequence = "
              "2); DELETE "
              "FROM audit WHERE sequence < 3",
              0},
             {"all removed", "DELETE FROM audit; DELETE FROM audit_head", 0},
         }) {
        SCOPED_TRACE(row.name);
        std::filesystem::remove_all(folder_.path("state"));
        auto const store = open();
        append(*store, 6);
        ASSERT_TRUE(verify(*store).intact());
        run_sql(row.sql);
        AuditReport const report = verify(*store);
        EXPECT_FALSE(report.intact());
        EXPECT_EQ(report.broken_at.value_or(0), row.broken_at) << report.problem;
        // Neither a restart nor what is recorded from now on makes it whole again.
        auto const again = open();
        get(again->audit().append(event("tool.write")));
        EXPECT_FALSE(verify(*again).intact());
        get(again->audit().append(event("tool.write")));
        EXPECT_FALSE(verify(*again).intact());
    }
}

TEST_F(AuditTest, DamageIsRecordedOnceAndTheServiceGoesOn) {
    auto const store = open();
    append(*store, 4);
    run_sql("DELETE FROM audit WHERE sequence = 4");
    auto record = pat("one");
    get(store->save_pat("contoso", record));
    get(store->save_pat("contoso", record));
    auto const records = all(*store);
    ASSERT_EQ(records.size(), 6U);
    EXPECT_EQ(records[2].event.event, "audit.damaged");
    EXPECT_EQ(records[2].sequence, 5); // the gap stays to be seen
    EXPECT_EQ(records[1].event.event, "credential.stored");
    EXPECT_EQ(verify(*store).broken_at, 5);
}

TEST_F(AuditTest, PruningKeepsTheRestVerifiable) {
    auto const store = open();
    append(*store, 210);
    clock_.advance(std::chrono::hours(48));
    append(*store, 3);
    EXPECT_EQ(get(store->audit().prune(clock_.system_now() - std::chrono::hours(24))), 210U);
    AuditReport const report = verify(*store);
    EXPECT_TRUE(report.intact()) << report.problem;
    EXPECT_EQ(report.first, 211);
    auto const records = all(*store);
    EXPECT_EQ(records.back().sequence, 211);
    EXPECT_EQ(records.front().event.event, "audit.pruned");
    EXPECT_EQ(get(store->audit().prune(clock_.system_now() - std::chrono::hours(24))), 0U);
    run_sql("DELETE FROM audit WHERE sequence = 211");
    EXPECT_FALSE(verify(*store).intact());
    // The end holds; what is before it does not, and stays as it is until it is old enough to go.
    EXPECT_EQ(verify(*store).broken_at, 212);
}

TEST_F(AuditTest, NothingIsPrunedFromALogWhoseEndDoesNotHold) {
    auto const store = open();
    append(*store, 5);
    run_sql("DELETE FROM audit WHERE sequence = 5");
    clock_.advance(std::chrono::hours(48));
    EXPECT_EQ(error_of(store->audit().prune(clock_.system_now())).code(), "audit_damaged");
    EXPECT_EQ(ask_sql("SELECT count(*) FROM audit"), 4);
}

TEST_F(AuditTest, StoresAppendSideBySideToOneChain) {
    constexpr int kStores = 4;
    constexpr int kEach = 25;
    open().reset();
    std::vector<std::thread> threads;
    std::vector<std::string> errors(kStores);
    for (int i = 0; i < kStores; ++i) {
        threads.emplace_back([this, i, &errors] {
            test::Loop loop;
            auto store = server::open_state_store(loop.executor(), clock_, options());
            for (int n = 0; store && n < kEach; ++n) {
                auto const appended = loop.run((*store)->audit().append(event("tool.write")));
                if (!appended) {
                    errors[static_cast<std::size_t>(i)] = core::describe(appended.error());
                }
            }
        });
    }
    for (std::thread& thread : threads) {
        thread.join();
    }
    EXPECT_EQ(errors, std::vector<std::string>(kStores));
    auto const store = open();
    AuditReport const report = verify(*store);
    EXPECT_TRUE(report.intact()) << report.problem;
    EXPECT_EQ(report.records, static_cast<std::size_t>(kStores * kEach));
}

TEST_F(AuditTest, NotesAreWrittenBeforeTheStoreCloses) {
    {
        auto const store = open();
        for (int i = 0; i < 10; ++i) {
            store->audit().note(event("sign_in.started"));
        }
    }
    EXPECT_EQ(all(*open()).size(), 10U);
}

TEST_F(AuditTest, WithoutItsKeyTheLogIsGoneOnWithAndSaysSo) {
    {
        auto const store = open();
        append(*store, 2);
    }
    folder_.write("store.key", "YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWE=\n");
    auto const store = open();
    get(store->audit().append(event("tool.write")));
    AuditReport const report = verify(*store);
    EXPECT_EQ(report.broken_at, 1);
    EXPECT_NE(report.problem.find("is not available"), std::string::npos) << report.problem;
}

} // namespace
