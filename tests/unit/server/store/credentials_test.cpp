#include "store_test_support.hpp"

#include <SQLiteCpp/SQLiteCpp.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>
#include <vector>

#include <sys/stat.h>

namespace {

class CredentialStoreTest : public test::StoreFixture {
protected:
    void run_sql(std::string const& sql) {
        SQLite::Database database(options().path, SQLite::OPEN_READWRITE, 5000);
        database.exec(sql);
    }
    static auth::OAuthGrant grant(std::string const& refresh_token) {
        auth::OAuthGrant out("tenant-id", "client-id", core::Secret(refresh_token));
        return out;
    }
};

TEST_F(CredentialStoreTest, PatComesBackAsItWas) {
    auto saved = pat("canary-pat");
    saved.identity = "Ann <ann@contoso.example>";
    saved.expires_at = clock_.system_now() + std::chrono::hours(24);
    saved.stored_at = clock_.system_now() + std::chrono::nanoseconds(123'456'789);
    get(open()->save_pat("contoso", saved));
    EXPECT_GT(saved.generation, 0);

    auto const store = open();
    auto const loaded = get(store->load_pat("contoso"));
    ASSERT_TRUE(loaded);
    EXPECT_TRUE(loaded->pat.equals("canary-pat"));
    EXPECT_EQ(loaded->identity, saved.identity);
    EXPECT_EQ(loaded->expires_at, saved.expires_at);
    EXPECT_EQ(loaded->stored_at, saved.stored_at);
    EXPECT_EQ(loaded->generation, saved.generation);
    EXPECT_FALSE(get(store->load_pat("fabrikam")));
}

TEST_F(CredentialStoreTest, GrantComesBackAsItWas) {
    auto saved = grant("canary-refresh");
    saved.previous_refresh_token = core::Secret("canary-before");
    saved.identity = "ann@contoso.example";
    saved.account_id = "tid/oid";
    saved.obtained_at = clock_.system_now();
    saved.refreshed_at = clock_.system_now() + std::chrono::hours(1);
    get(open()->save_grant("contoso", saved));

    auto const loaded = get(open()->load_grant("contoso"));
    ASSERT_TRUE(loaded);
    EXPECT_EQ(loaded->tenant, "tenant-id");
    EXPECT_EQ(loaded->client_id, "client-id");
    EXPECT_TRUE(loaded->refresh_token.equals("canary-refresh"));
    EXPECT_TRUE(loaded->previous_refresh_token.equals("canary-before"));
    EXPECT_EQ(loaded->identity, saved.identity);
    EXPECT_EQ(loaded->account_id, saved.account_id);
    EXPECT_EQ(loaded->obtained_at, saved.obtained_at);
    EXPECT_EQ(loaded->refreshed_at, saved.refreshed_at);
    EXPECT_EQ(loaded->generation, saved.generation);
}

TEST_F(CredentialStoreTest, GenerationRisesWithEveryWriteAlsoAcrossRemoval) {
    auto const store = open();
    auto first = pat("one");
    get(store->save_pat("contoso", first));
    auto second = pat("two");
    get(store->save_pat("contoso", second));
    EXPECT_GT(second.generation, first.generation);
    EXPECT_TRUE(get(store->remove_pat("contoso")));
    EXPECT_FALSE(get(store->remove_pat("contoso")));
    EXPECT_FALSE(get(store->load_pat("contoso")));
    auto third = pat("three");
    get(store->save_pat("contoso", third));
    EXPECT_GT(third.generation, second.generation);
}

TEST_F(CredentialStoreTest, ListsWithoutSecrets) {
    auto const store = open();
    auto b = pat("canary");
    b.identity = "Bob";
    get(store->save_pat("b", b));
    auto a = pat("canary");
    get(store->save_pat("a", a));
    auto g = grant("canary");
    g.identity = "Ann";
    get(store->save_grant("a", g));
    auto const pats = get(store->list_pats());
    ASSERT_EQ(pats.size(), 2U);
    EXPECT_EQ(pats[0].organization, "a");
    EXPECT_EQ(pats[1].identity, "Bob");
    EXPECT_EQ(pats[1].generation, b.generation);
    auto const grants = get(store->list_grants());
    ASSERT_EQ(grants.size(), 1U);
    EXPECT_EQ(grants[0].tenant, "tenant-id");
    EXPECT_EQ(grants[0].identity, "Ann");
    EXPECT_TRUE(get(store->remove_grant("a")));
    EXPECT_TRUE(get(store->list_grants()).empty());
}

TEST_F(CredentialStoreTest, FilesHoldNoSecret) {
    auto const store = open();
    auto saved = pat("canary-pat-value");
    get(store->save_pat("contoso", saved));
    auto g = grant("canary-refresh-value");
    get(store->save_grant("contoso", g));
    for (char const* suffix : {"", "-wal", "-shm"}) {
        std::ifstream file(options().path + suffix, std::ios::binary);
        std::string const bytes((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
        EXPECT_EQ(bytes.find("canary"), std::string::npos) << suffix;
    }
}

TEST_F(CredentialStoreTest, EnvelopeMovedToAnotherOrganizationDoesNotOpen) {
    auto const store = open();
    auto one = pat("one");
    get(store->save_pat("contoso", one));
    auto two = pat("two");
    get(store->save_pat("fabrikam", two));
    run_sql(
        "UPDATE pat SET envelope = (SELECT envelope FROM pat WHERE organization = 'contoso'), generation = "
        "(SELECT generation FROM pat WHERE organization = 'contoso') WHERE organization = 'fabrikam'");
    core::Error const error = error_of(store->load_pat("fabrikam"));
    EXPECT_EQ(error.code(), "envelope_tampered");
    EXPECT_NE(error.message().find("the pat of fabrikam"), std::string::npos);
    EXPECT_TRUE(get(store->load_pat("contoso")));
}

TEST_F(CredentialStoreTest, EnvelopeMovedToAnotherTableDoesNotOpen) {
    auto const store = open();
    auto one = pat("one");
    get(store->save_pat("contoso", one));
    auto g = grant("refresh");
    get(store->save_grant("contoso", g));
    run_sql(
        "CREATE TABLE aside AS SELECT envelope, generation FROM pat; UPDATE pat SET (envelope, generation) = "
        "(SELECT envelope, generation FROM oauth_grant); UPDATE oauth_grant SET (envelope, generation) = "
        "(SELECT "
        "envelope, generation FROM aside)");
    EXPECT_EQ(error_of(store->load_pat("contoso")).code(), "envelope_tampered");
    EXPECT_EQ(error_of(store->load_grant("contoso")).code(), "envelope_tampered");
}

TEST_F(CredentialStoreTest, WithTheStoreAloneNothingCanBeRead) {
    {
        auto const store = open();
        auto one = pat("canary-pat-value");
        get(store->save_pat("contoso", one));
        auto two = pat("canary-pat-other");
        get(store->save_pat("contoso", two)); // what was replaced is not left in the file either
        get(store->save_pat("gone", two));
        get(store->remove_pat("gone"));
        auto g = grant("canary-refresh-value");
        get(store->save_grant("contoso", g));
        for (auto const& file : std::filesystem::directory_iterator(folder_.path("state"))) {
            std::ifstream in(file.path(), std::ios::binary);
            std::string const bytes((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
            EXPECT_EQ(bytes.find("canary"), std::string::npos) << file.path();
        }
        std::filesystem::copy(folder_.path("state"), folder_.path("stolen"));
    }
    server::StateStoreOptions stolen = options();
    stolen.path = folder_.path("stolen/state.db");
    stolen.key_file = folder_.write("other.key", "YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWE=\n");
    ::chmod(folder_.path("stolen").c_str(), 0700);
    auto const store = server::open_state_store(loop_.executor(), clock_, stolen);
    ASSERT_TRUE(store) << core::describe(store.error());
    EXPECT_EQ(error_of((*store)->load_pat("contoso")).code(), "envelope_unknown_key");
    EXPECT_EQ(error_of((*store)->load_grant("contoso")).code(), "envelope_unknown_key");
}

TEST_F(CredentialStoreTest, GrantCannotBeSentToAnotherTenant) {
    auto const store = open();
    auto g = grant("refresh");
    get(store->save_grant("contoso", g));
    run_sql("UPDATE oauth_grant SET tenant = 'attacker'");
    EXPECT_EQ(error_of(store->load_grant("contoso")).code(), "envelope_tampered");
}

TEST_F(CredentialStoreTest, EarlierEnvelopeDoesNotComeBack) {
    auto const store = open();
    auto one = pat("one");
    get(store->save_pat("contoso", one));
    run_sql("CREATE TABLE aside AS SELECT envelope FROM pat");
    auto two = pat("two");
    get(store->save_pat("contoso", two));
    run_sql("UPDATE pat SET envelope = (SELECT envelope FROM aside)");
    EXPECT_EQ(error_of(store->load_pat("contoso")).code(), "envelope_tampered");
}

TEST_F(CredentialStoreTest, AgentTokensAreKeptFoundAndRevoked) {
    auto const store = open();
    auth::AgentTokenRecord record;
    record.id = "0123456789ab";
    record.name = "ci";
    record.role = core::Role::user;
    record.secret_sha256 = std::string("\0\x01\xff", 3) + std::string(29, 'x');
    record.created_at = clock_.system_now();
    record.expires_at = clock_.system_now() + std::chrono::hours(1);
    get(store->insert_agent_token(record));
    auto const found = get(store->find_agent_token("0123456789ab"));
    ASSERT_TRUE(found);
    EXPECT_EQ(found->name, "ci");
    EXPECT_EQ(found->role, core::Role::user);
    EXPECT_EQ(found->secret_sha256, record.secret_sha256);
    EXPECT_EQ(found->created_at, record.created_at);
    EXPECT_EQ(found->expires_at, record.expires_at);
    EXPECT_FALSE(found->revoked);
    EXPECT_FALSE(get(store->find_agent_token("other")));
    EXPECT_TRUE(get(store->revoke_agent_token("0123456789ab")));
    EXPECT_TRUE(get(store->find_agent_token("0123456789ab"))->revoked);
    EXPECT_FALSE(get(store->revoke_agent_token("other")));
    EXPECT_EQ(get(store->list_agent_tokens()).size(), 1U);
    EXPECT_EQ(error_of(store->insert_agent_token(record)).code(), "store_failed"); // ids are unique
}

TEST_F(CredentialStoreTest, RotationLetsTheOldTokenEndAndNeverLastLonger) {
    auto const store = open();
    core::SystemTime const now = clock_.system_now();
    auto const insert =
        [&](std::string const& id, std::string const& name, std::optional<core::SystemTime> end) {
            auth::AgentTokenRecord record;
            record.id = id;
            record.name = name;
            record.secret_sha256 = std::string(32, 'x');
            record.created_at = now;
            record.expires_at = end;
            get(store->insert_agent_token(record));
        };
    using std::chrono::hours;
    insert("endless", "ci", std::nullopt);
    insert("soon", "ci", now + hours(1));
    insert("over", "ci", now - hours(1));
    insert("gone", "ci", std::nullopt);
    insert("other", "cd", std::nullopt);
    get(store->revoke_agent_token("gone"));
    auth::AgentTokenRecord successor;
    successor.id = "successor";
    successor.name = "ci";
    successor.secret_sha256 = std::string(32, 'y');
    get(store->rotate_agent_token(successor, now + hours(24)));
    auto const end_of = [&](char const* id) { return get(store->find_agent_token(id))->expires_at; };
    EXPECT_EQ(end_of("endless"), now + hours(24));
    EXPECT_EQ(end_of("soon"), now + hours(1));
    EXPECT_EQ(end_of("over"), now - hours(1));
    EXPECT_EQ(end_of("gone"), std::nullopt);
    EXPECT_EQ(end_of("other"), std::nullopt);
    EXPECT_EQ(end_of("successor"), std::nullopt);
    // All or nothing: with an id that is taken nothing ends.
    successor.name = "cd";
    EXPECT_EQ(error_of(store->rotate_agent_token(successor, now)).code(), "store_failed");
    EXPECT_EQ(end_of("other"), std::nullopt);
}

TEST_F(CredentialStoreTest, NotesTheLatestUseOfAToken) {
    auto const store = open();
    auth::AgentTokenRecord record;
    record.id = "0123456789ab";
    record.name = "ci";
    record.secret_sha256 = std::string(32, 'x');
    get(store->insert_agent_token(record));
    EXPECT_EQ(get(store->find_agent_token(record.id))->last_used_at, std::nullopt);
    core::SystemTime const now = clock_.system_now();
    get(store->note_agent_token_use(record.id, now));
    get(store->note_agent_token_use(record.id, now - std::chrono::hours(1)));
    get(store->note_agent_token_use("nobody", now));
    EXPECT_EQ(get(store->find_agent_token(record.id))->last_used_at, now);
}

TEST_F(CredentialStoreTest, ChangesByAnotherStoreShowInDataVersion) {
    auto const mine = open();
    auto const other = open();
    std::int64_t const before = get(mine->data_version());
    auto one = pat("one");
    get(mine->save_pat("contoso", one));
    EXPECT_EQ(get(mine->data_version()), before); // one's own writes do not count
    auto two = pat("two");
    get(other->save_pat("contoso", two));
    EXPECT_GT(get(mine->data_version()), before);
    EXPECT_TRUE(get(mine->load_pat("contoso"))->pat.equals("two"));
}

TEST_F(CredentialStoreTest, StoresThatOpenAtTheSameMomentAgreeOnOneKey) {
    constexpr int kStores = 6;
    std::vector<std::thread> threads;
    std::vector<std::string> errors(kStores);
    for (int i = 0; i < kStores; ++i) {
        threads.emplace_back([this, i, &errors] {
            test::Loop loop;
            auto store = server::open_state_store(loop.executor(), clock_, options());
            if (!store) {
                errors[static_cast<std::size_t>(i)] = core::describe(store.error());
                return;
            }
            auto record = pat("pat " + std::to_string(i));
            auto const saved = loop.run((*store)->save_pat("org" + std::to_string(i), record));
            if (!saved) {
                errors[static_cast<std::size_t>(i)] = core::describe(saved.error());
            }
        });
    }
    for (std::thread& thread : threads) {
        thread.join();
    }
    EXPECT_EQ(errors, std::vector<std::string>(kStores));
    auto const store = open();
    for (int i = 0; i < kStores; ++i) {
        auto const loaded = get(store->load_pat("org" + std::to_string(i)));
        ASSERT_TRUE(loaded) << i;
        EXPECT_TRUE(loaded->pat.equals("pat " + std::to_string(i)));
    }
}

TEST_F(CredentialStoreTest, WritesFinishWhenTheCallerIsCancelled) {
    auto const store = open();
    auto record = pat("canary");
    auto saving = loop_.spawn(store->save_pat("contoso", record));
    loop_.poll();
    saving.cancel();
    loop_.wait(saving);
    EXPECT_TRUE(get(store->load_pat("contoso")));
}

} // namespace
