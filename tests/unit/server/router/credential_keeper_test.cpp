#include "server/router/credential_keeper.hpp"

#include "connected.hpp"

namespace {

using std::chrono::hours;
using std::chrono::seconds;

class CredentialKeeperTest : public testing::Test {
protected:
    server::CredentialKeeper keeper(double random) {
        return {at_.directory, at_.clock, seconds(60), hours(1), [random] { return random; }};
    }

    test::Connected at_;
};

TEST_F(CredentialKeeperTest, FetchesEachTokenBetweenHalfAndAllOfTheWarmUpThenEveryInterval) {
    auto& contoso = at_.connect("contoso");
    auto& fabrikam = at_.connect("fabrikam");
    server::CredentialKeeper keeper = this->keeper(0.5);
    auto running = at_.loop.spawn(keeper.run());
    at_.loop.poll();
    at_.clock.advance(seconds(44));
    at_.loop.poll();
    EXPECT_EQ(contoso.fetches, 0);
    at_.clock.advance(seconds(1));
    at_.loop.poll();
    EXPECT_EQ(contoso.fetches, 1);
    EXPECT_EQ(fabrikam.fetches, 1);
    for (int round = 2; round < 5; ++round) {
        at_.clock.advance(hours(1));
        at_.loop.poll();
        EXPECT_EQ(contoso.fetches, round);
    }
    running.cancel();
    at_.loop.wait(running);
}

TEST_F(CredentialKeeperTest, SpreadsManyDaemons) {
    auto& contoso = at_.connect("contoso");
    server::CredentialKeeper early = keeper(0.0);
    auto running = at_.loop.spawn(early.run());
    at_.loop.poll();
    at_.clock.advance(seconds(30));
    at_.loop.poll();
    EXPECT_EQ(contoso.fetches, 1);
    running.cancel();
    at_.loop.wait(running);
}

TEST_F(CredentialKeeperTest, AFailureOfOneLeavesTheOthersAndTheNextRound) {
    auto& contoso = at_.connect("contoso");
    auto& fabrikam = at_.connect("fabrikam");
    contoso.refuse(auth::ProviderState::sign_in_required, "ran out");
    server::CredentialKeeper keeper = this->keeper(0.5);
    at_.loop.run(keeper.touch());
    EXPECT_EQ(contoso.fetches, 1);
    EXPECT_EQ(fabrikam.fetches, 1);
    at_.loop.run(keeper.touch());
    EXPECT_EQ(fabrikam.fetches, 2);
}

TEST_F(CredentialKeeperTest, LeavesConnectorsWithoutACredentialAlone) {
    auto& contoso = at_.connect("contoso");
    contoso.current.state = auth::ProviderState::not_configured;
    server::CredentialKeeper keeper = this->keeper(0.5);
    at_.loop.run(keeper.touch());
    EXPECT_EQ(contoso.fetches, 0);
}

} // namespace
