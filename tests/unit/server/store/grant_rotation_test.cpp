#include "server/store/envelope.hpp"
#include "server/store/envelope_key_ring.hpp"
#include "server/store/refresh_lease.hpp"
#include "store_test_support.hpp"

#include <gtest/gtest.h>

#include <csignal>
#include <string>

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

class GrantRotationTest : public test::StoreFixture {
protected:
    static auth::OAuthGrant grant(std::string const& refresh_token) {
        return {"tenant-id", "client-id", core::Secret(refresh_token)};
    }
    std::string lease_file() const { return options().path + "-lease"; }
};

TEST_F(GrantRotationTest, ReplacesTheGrantItWasMadeFrom) {
    auto const store = open();
    auth::OAuthGrant first = grant("R1");
    get(store->save_grant("contoso", first));
    auth::OAuthGrant second = grant("R2");
    ASSERT_TRUE(get(store->rotate_grant("contoso", first.generation, second)));
    EXPECT_GT(second.generation, first.generation);
    auto const loaded = get(store->load_grant("contoso"));
    ASSERT_TRUE(loaded);
    EXPECT_TRUE(loaded->refresh_token.equals("R2"));
    EXPECT_EQ(loaded->generation, second.generation);
}

TEST_F(GrantRotationTest, LeavesAnyOtherGrantAlone) {
    auto const store = open();
    auth::OAuthGrant rotated = grant("R2");
    EXPECT_FALSE(get(store->rotate_grant("contoso", 0, rotated))) << "there is none";
    auth::OAuthGrant first = grant("R1");
    get(store->save_grant("contoso", first));
    auth::OAuthGrant sign_in = grant("fresh sign-in");
    get(store->save_grant("contoso", sign_in));
    EXPECT_FALSE(get(store->rotate_grant("contoso", first.generation, rotated)));
    EXPECT_TRUE(get(store->load_grant("contoso"))->refresh_token.equals("fresh sign-in"));
    EXPECT_TRUE(get(store->remove_grant("contoso")));
    EXPECT_FALSE(get(store->rotate_grant("contoso", sign_in.generation, rotated)));
    EXPECT_FALSE(get(store->load_grant("contoso")));
}

TEST_F(GrantRotationTest, KeepsTheAccessTokenAndTheClaimsSealedWithTheGrant) {
    auth::OAuthGrant saved = grant("R1");
    saved.access_token = core::Secret("canary-access-token");
    saved.access_expires_at = clock_.system_now() + std::chrono::hours(1);
    saved.access_refresh_at = clock_.system_now() + std::chrono::minutes(55);
    saved.sign_in_claims = R"({"access_token":{"acrs":{"value":"canary-claim"}}})";
    get(open()->save_grant("contoso", saved));
    auto const loaded = get(open()->load_grant("contoso"));
    ASSERT_TRUE(loaded);
    EXPECT_TRUE(loaded->access_token.equals("canary-access-token"));
    EXPECT_EQ(loaded->access_expires_at, saved.access_expires_at);
    EXPECT_EQ(loaded->access_refresh_at, saved.access_refresh_at);
    EXPECT_EQ(loaded->sign_in_claims, saved.sign_in_claims);
    EXPECT_EQ(ask_sql("SELECT count(*) FROM oauth_grant WHERE instr(envelope, 'canary') > 0"), 0);
}

TEST_F(GrantRotationTest, ReadsTheGrantOfAnEarlierVersionWhichHadNoAccessToken) {
    auth::OAuthGrant saved = grant("R1");
    get(open()->save_grant("contoso", saved));
    {
        auto const keys = server::load_key_ring(options().key_file, false);
        ASSERT_TRUE(keys) << core::describe(keys.error());
        server::RecordName name("grant", "contoso", saved.generation);
        name.bound = {"tenant-id", "client-id"};
        core::Secret const refresh("R-old");
        core::Secret const previous("R-older");
        std::array<core::Secret const*, 2> const secrets{&refresh, &previous};
        auto const envelope = server::seal_envelope(*keys, name, secrets);
        ASSERT_TRUE(envelope);
        SQLite::Database database(options().path, SQLite::OPEN_READWRITE);
        SQLite::Statement statement(database, "UPDATE oauth_grant SET envelope = ?");
        statement.bind(1, envelope->data(), static_cast<int>(envelope->size()));
        EXPECT_EQ(statement.exec(), 1);
    }
    auto const loaded = get(open()->load_grant("contoso"));
    ASSERT_TRUE(loaded);
    EXPECT_TRUE(loaded->refresh_token.equals("R-old"));
    EXPECT_TRUE(loaded->previous_refresh_token.equals("R-older"));
    EXPECT_TRUE(loaded->access_token.empty());
}

TEST_F(GrantRotationTest, OneLeaseAnOrganizationWhoeverAsks) {
    auto const store = open();
    auto const other = open(); // as another process has it
    auto lease = get(store->try_lease("contoso"));
    ASSERT_NE(lease, nullptr);
    EXPECT_EQ(get(store->try_lease("contoso")), nullptr);
    EXPECT_EQ(get(other->try_lease("contoso")), nullptr);
    EXPECT_NE(get(other->try_lease("fabrikam")), nullptr) << "organizations do not wait for each other";
    lease.reset();
    EXPECT_NE(get(other->try_lease("contoso")), nullptr);
    struct stat info {};
    ASSERT_EQ(::stat(lease_file().c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777U, 0600U);
}

TEST_F(GrantRotationTest, ALeaseEndsWithTheProcessThatHeldIt) {
    auto const store = open();
    int pipe_ends[2];
    ASSERT_EQ(::pipe(pipe_ends), 0);
    pid_t const child = ::fork();
    if (child == 0) {
        auto const lease = server::try_refresh_lease(lease_file(), "contoso");
        char const byte = lease && *lease ? 'y' : 'n';
        if (::write(pipe_ends[1], &byte, 1) != 1) {
            ::_exit(1);
        }
        ::pause();
        ::_exit(0);
    }
    char byte = 0;
    ASSERT_EQ(::read(pipe_ends[0], &byte, 1), 1);
    ASSERT_EQ(byte, 'y');
    EXPECT_EQ(get(store->try_lease("contoso")), nullptr);
    ::kill(child, SIGKILL);
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_NE(get(store->try_lease("contoso")), nullptr);
    ::close(pipe_ends[0]);
    ::close(pipe_ends[1]);
}

TEST_F(GrantRotationTest, ALeaseThatCannotBeHadSaysWhy) {
    auto const failed = server::try_refresh_lease(folder_.path("no/such/folder/lease"), "contoso");
    ASSERT_FALSE(failed);
    EXPECT_NE(failed.error().message().find("no/such/folder"), std::string::npos);
    EXPECT_FALSE(failed.error().fix().empty());
}

} // namespace
