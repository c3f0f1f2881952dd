#include "oauth_fixture.hpp"

#include <deque>
#include <utility>

namespace auth {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

/// One store of several processes, of which this one is first and `other_` second.
class SharedStore final : public LocalGrantStore {
public:
    explicit SharedStore(test::FakeGrantStore& store) : store_(store) {}

    core::Task<core::Result<std::optional<OAuthGrant>>> load_grant(std::string organization) override {
        return store_.load_grant(std::move(organization));
    }
    core::Task<core::Result<void>> save_grant(std::string organization, OAuthGrant& grant) override {
        return store_.save_grant(std::move(organization), grant);
    }
    core::Task<core::Result<bool>> remove_grant(std::string organization) override {
        return store_.remove_grant(std::move(organization));
    }
    core::Task<core::Result<std::vector<ListedGrant>>> list_grants() override { return store_.list_grants(); }
    core::Task<core::Result<std::unique_ptr<RefreshLease>>> try_lease(std::string) override {
        ++asked;
        if (held_) {
            co_return std::unique_ptr<RefreshLease>();
        }
        held_ = true;
        co_return std::make_unique<Lease>(held_);
    }
    /// Somebody else has it.
    void take() { held_ = true; }
    void give_back() { held_ = false; }
    bool held() const noexcept { return held_; }
    int asked = 0;

private:
    class Lease final : public RefreshLease {
    public:
        explicit Lease(bool& held) : held_(held) {}
        ~Lease() override { held_ = false; }
        Lease(Lease const&) = delete;
        Lease& operator=(Lease const&) = delete;

    private:
        bool& held_;
    };

    test::FakeGrantStore& store_;
    bool held_ = false;
};

class OAuthSharing : public OAuthFixture {
protected:
    void SetUp() override {
        environment_.authority = "https://login.example";
        provider_ = make();
        other_ = make();
    }
    std::unique_ptr<CredentialProvider> make() {
        OAuthProviderConfig config;
        config.organization = "contoso";
        return make_oauth_provider(environment_, std::move(config), shared_);
    }
    test::Token get_of(CredentialProvider& provider) {
        auto call = loop_.spawn(provider.get(seconds(60), context_));
        loop_.poll();
        for (int i = 0; i < 200 && !call.done() && clock_.sleeping() != 0; ++i) {
            clock_.advance(milliseconds(50));
            loop_.poll();
        }
        loop_.wait(call);
        return call.take();
    }

    SharedStore shared_{store_};
    std::unique_ptr<CredentialProvider> other_;
};

TEST_F(OAuthSharing, OneProcessRefreshesForAll) {
    put("R1");
    http_.respond(200, test::token_answer("A1", 3600, "R2"));
    EXPECT_EQ(get_of(*provider_)->value.expose(), "A1");
    test::Token const taken = get_of(*other_);
    ASSERT_TRUE(taken);
    EXPECT_EQ(taken->value.expose(), "A1");
    EXPECT_EQ(taken->expires_at, clock_.system_now() + seconds(3600));
    EXPECT_EQ(http_.requests().size(), 1U);
}

TEST_F(OAuthSharing, TwoAtTheSameMomentMakeOneRequest) {
    put("R1");
    http_.respond(200, test::token_answer("A1", 3600, "R2"));
    http_.hold();
    auto first = loop_.spawn(provider_->get(seconds(60), context_));
    auto second = loop_.spawn(other_->get(seconds(60), context_));
    loop_.poll();
    EXPECT_EQ(http_.held(), 1U);
    clock_.advance(milliseconds(50));
    loop_.poll();
    EXPECT_FALSE(second.done());
    http_.release();
    loop_.poll();
    ASSERT_TRUE(first.done());
    clock_.advance(milliseconds(50));
    loop_.poll();
    ASSERT_TRUE(second.done());
    EXPECT_EQ(first.take()->value.expose(), "A1");
    EXPECT_EQ(second.take()->value.expose(), "A1");
    EXPECT_EQ(http_.requests().size(), 1U);
    EXPECT_FALSE(shared_.held());
}

TEST_F(OAuthSharing, TakesOverWhenTheOneBeforeEndedWithoutARotation) {
    put("R1");
    shared_.take();
    auto call = loop_.spawn(provider_->get(seconds(60), context_));
    loop_.poll();
    EXPECT_TRUE(http_.requests().empty());
    shared_.give_back(); // it was killed
    http_.respond(200, test::token_answer("A1", 3600, "R2"));
    clock_.advance(milliseconds(50));
    loop_.poll();
    ASSERT_TRUE(call.done());
    EXPECT_EQ(call.take()->value.expose(), "A1");
    EXPECT_EQ(sent_refresh_token(0), "R1");
}

TEST_F(OAuthSharing, DoesNotWaitForTheOtherForEver) {
    put("R1");
    shared_.take();
    test::Token const token = [&] {
        auto call = loop_.spawn(provider_->get(seconds(60), context_));
        loop_.poll();
        for (int i = 0; i < 1000 && !call.done(); ++i) {
            clock_.advance(milliseconds(50));
            loop_.poll();
        }
        return call.take();
    }();
    ASSERT_FALSE(token);
    EXPECT_NE(token.error().message().find("another process"), std::string::npos);
    EXPECT_FALSE(provider_->permanently_refused()) << "it is a fault of the moment";
    EXPECT_TRUE(http_.requests().empty());
}

TEST_F(OAuthSharing, ServesTheStoredAccessTokenAfterARestart) {
    put("R1");
    http_.respond(200, test::token_answer("A1", 3600, "R2"));
    ASSERT_TRUE(get_of(*provider_));
    clock_.advance(minutes(30));
    provider_ = make();
    EXPECT_EQ(get_of(*provider_)->value.expose(), "A1");
    EXPECT_EQ(http_.requests().size(), 1U);
}

TEST_F(OAuthSharing, TakesNoStoredAccessTokenThatIsDueForRenewal) {
    put("R1");
    http_.respond(200, test::token_answer("A1", 3600, "R2"));
    ASSERT_TRUE(get_of(*provider_));
    clock_.advance(minutes(56));
    http_.respond(200, test::token_answer("A2", 3600, "R3"));
    EXPECT_EQ(get_of(*other_)->value.expose(), "A2");
    EXPECT_EQ(sent_refresh_token(1), "R2");
}

TEST_F(OAuthSharing, TakesNoStoredAccessTokenThatWasRefused) {
    put("R1");
    http_.respond(200, test::token_answer("A1", 3600, "R2"));
    test::Token const mine = get_of(*provider_);
    ASSERT_TRUE(get_of(*other_));
    provider_->invalidate(*mine);
    other_->invalidate(*mine);
    http_.respond(200, test::token_answer("A2", 3600, "R3"));
    EXPECT_EQ(get_of(*provider_)->value.expose(), "A2");
    EXPECT_EQ(get_of(*other_)->value.expose(), "A2") << "of the other's refresh";
    EXPECT_EQ(http_.requests().size(), 2U);
}

TEST_F(OAuthSharing, AuthorityDownForTenMinutesWithAValidTokenFailsNoCall) {
    put("R1");
    http_.respond(200, test::token_answer("A1", 3600, "R2"));
    ASSERT_TRUE(get_of(*provider_));
    clock_.advance(minutes(48));
    http_.handle([](test::RecordedRequest const&) {
        return core::Result<core::HttpResponse>(test::make_response(503, "", {{"Retry-After", "5"}}));
    });
    // A call a second: none waits, none fails, and the authority is left in peace between its Retry-Afters.
    std::size_t failed = 0;
    for (int second = 0; second < 600; ++second) {
        auto call = loop_.spawn(provider_->get(seconds(60), context_));
        loop_.poll();
        failed += call.done() && call.take() ? 0U : 1U;
        clock_.advance(seconds(1));
        loop_.poll();
    }
    EXPECT_EQ(failed, 0U);
    EXPECT_LE(http_.requests().size(), 1U + 600U / 5U);
    EXPECT_GE(http_.requests().size(), 3U);
    EXPECT_EQ(provider_->status().state, ProviderState::degraded);
}

} // namespace
} // namespace auth
