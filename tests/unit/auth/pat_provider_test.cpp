#include "auth/providers.hpp"

#include "auth/credential_observer.hpp"
#include "auth_fixtures.hpp"
#include "fake_stores.hpp"
#include "support/log_capture.hpp"
#include "support/manual_clock.hpp"
#include "support/run_coro.hpp"
#include "support/scripted_http_client.hpp"

#include <gtest/gtest.h>

namespace auth {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

std::string const kPat = "canary" + std::string(46, 'a');
std::string const kOtherPat = "second" + std::string(46, 'b');

class PatProvider : public testing::Test {
protected:
    void make(std::string const& configured = {}, std::optional<core::SystemTime> expiry = std::nullopt) {
        PatProviderConfig config;
        config.organization = "contoso";
        config.configured_pat = core::Secret(configured);
        config.configured_expiry = expiry;
        provider_ = make_pat_provider(environment_, std::move(config), store_);
    }
    void put(std::string const& pat, std::optional<core::SystemTime> expires_at = std::nullopt) {
        StoredPat stored((core::Secret(pat)));
        stored.expires_at = expires_at;
        stored.identity = "ada@fabrikam.example";
        store_.put(std::move(stored));
    }
    test::Token get() { return loop_.run(provider_->get(seconds(60), context_)); }

    test::Loop loop_;
    test::ManualClock clock_;
    test::ScriptedHttpClient http_;
    test::FakePatStore store_;
    core::CallContext context_ = test::any_context();
    ProviderEnvironment environment_{loop_.executor(), http_, clock_};
    std::unique_ptr<CredentialProvider> provider_;
};

TEST_F(PatProvider, ServesTheStoredPatAsBasicWithoutAskingAnybody) {
    make();
    put(kPat);
    EXPECT_EQ(provider_->status().state, ProviderState::unknown);
    test::Token const token = get();
    ASSERT_TRUE(token);
    EXPECT_EQ(token->value.expose(), kPat);
    EXPECT_EQ(token->scheme, core::AuthScheme::basic);
    EXPECT_EQ(token->method, "pat");
    EXPECT_EQ(provider_->method(), "pat");
    ASSERT_TRUE(get());
    EXPECT_EQ(store_.loads(), 1) << "kept, not read for every call";
    EXPECT_TRUE(http_.requests().empty());
    ProviderStatus const status = provider_->status();
    EXPECT_EQ(status.state, ProviderState::connected);
    EXPECT_EQ(status.identity, "ada@fabrikam.example");
    EXPECT_TRUE(status.reason.empty());
}

TEST_F(PatProvider, ServesTheConfiguredPatWithoutTheStore) {
    make(":" + kPat, clock_.system_now() + hours(24));
    test::Token const token = get();
    ASSERT_TRUE(token);
    EXPECT_EQ(token->value.expose(), kPat) << "normalised";
    EXPECT_EQ(token->expires_at, clock_.system_now() + hours(24));
    EXPECT_EQ(store_.loads(), 0);
    EXPECT_EQ(provider_->status().expires_at, clock_.system_now() + hours(24));
}

TEST_F(PatProvider, SaysNotConfiguredInTheContractsWords) {
    make();
    test::Token const token = get();
    ASSERT_FALSE(token);
    EXPECT_EQ(token.error().message(), "Azure DevOps access token not configured. Please authenticate.");
    EXPECT_EQ(token.error().kind(), core::ErrorKind::unauthorized);
    EXPECT_EQ(token.error().code(), "not_configured");
    EXPECT_NE(token.error().fix().find("pat set --organization contoso"), std::string::npos);
    EXPECT_EQ(provider_->status().state, ProviderState::not_configured);
    EXPECT_TRUE(provider_->permanently_refused());
    put(kPat);
    provider_->credential_changed();
    EXPECT_FALSE(provider_->permanently_refused());
    EXPECT_TRUE(get());
}

TEST_F(PatProvider, IsExpiredFromTheEnteredDateOn) {
    make();
    put(kPat, clock_.system_now() + hours(1));
    ASSERT_TRUE(get());
    clock_.advance(hours(1));
    test::Token const token = get();
    ASSERT_FALSE(token);
    EXPECT_EQ(token.error().code(), "pat_expired");
    EXPECT_NE(token.error().message().find("2026-11-23T01:00:00Z"), std::string::npos)
        << token.error().message();
    EXPECT_EQ(provider_->status().state, ProviderState::expired);
    EXPECT_TRUE(provider_->permanently_refused());
    clock_.advance(hours(24));
    EXPECT_TRUE(provider_->permanently_refused());
    put(kOtherPat);
    provider_->credential_changed();
    ASSERT_TRUE(get());
    EXPECT_EQ(provider_->status().state, ProviderState::connected);
}

TEST_F(PatProvider, ReadsTheStoreOnceMoreAfterARefusalAndTakesAReplacement) {
    make();
    put(kPat);
    test::Token const first = get();
    ASSERT_TRUE(first);
    put(kOtherPat);
    provider_->invalidate(*first);
    test::Token const second = get();
    ASSERT_TRUE(second);
    EXPECT_EQ(second->value.expose(), kOtherPat);
    EXPECT_EQ(store_.loads(), 2);
}

TEST_F(PatProvider, ReportsTheSamePatAsRefusedUntilTheCredentialChanges) {
    make();
    put(kPat);
    test::Token const first = get();
    ASSERT_TRUE(first);
    provider_->invalidate(*first);
    test::Token const second = get();
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code(), "pat_refused");
    EXPECT_TRUE(provider_->permanently_refused());
    clock_.advance(hours(100));
    ASSERT_FALSE(get());
    EXPECT_TRUE(provider_->permanently_refused());
    provider_->credential_changed();
    ASSERT_TRUE(get()) << "storing the same PAT again gives it another chance";
}

TEST_F(PatProvider, TakesWhatAnotherProcessStoredWithTheNextCall) {
    make();
    ASSERT_FALSE(get());
    put(kPat);
    test::Token const first = get();
    ASSERT_TRUE(first) << "nothing was stored a moment ago";
    provider_->invalidate(*first);
    ASSERT_FALSE(get());
    put(kOtherPat);
    ASSERT_TRUE(get()) << "what was stored had been refused a moment ago";
}

TEST_F(PatProvider, SaysWhatIsWrongWithAnUnusableConfiguredPat) {
    make("${ADO_PAT}");
    test::Token const token = get();
    ASSERT_FALSE(token);
    EXPECT_EQ(token.error().code(), "pat_unusable");
    EXPECT_EQ(provider_->status().state, ProviderState::misconfigured);
    EXPECT_TRUE(provider_->permanently_refused());
}

TEST_F(PatProvider, NotesWhoTheUpstreamSaysItIs) {
    make(kPat);
    provider_->note_accepted("grace@fabrikam.example");
    EXPECT_EQ(provider_->status().identity, "grace@fabrikam.example");
    EXPECT_EQ(provider_->status().state, ProviderState::connected);
}

class Listener final : public CredentialObserver {
public:
    void on_credential_used(CredentialNews const&) override { ++used; }
    void on_credential_refused(CredentialNews const& news) override {
        refused.push_back(news.organization + " " + news.method + " " + news.identity + " " +
                          news.error_code);
    }
    int used = 0;
    std::vector<std::string> refused;
};

TEST_F(PatProvider, TellsItsObserverOfARefusalOnceAndNeverThatNothingIsStored) {
    Listener listener;
    environment_.observer = &listener;
    make();
    EXPECT_FALSE(get());
    EXPECT_TRUE(listener.refused.empty());
    put(kPat);
    provider_->credential_changed();
    test::Token const token = get();
    ASSERT_TRUE(token);
    EXPECT_EQ(listener.used, 1);
    provider_->invalidate(*token);
    EXPECT_FALSE(get());
    EXPECT_FALSE(get());
    EXPECT_EQ(listener.refused, std::vector<std::string>{"contoso pat ada@fabrikam.example pat_refused"});
    put(kOtherPat);
    ASSERT_TRUE(get());
    EXPECT_EQ(listener.used, 2);
    environment_.observer = nullptr;
}

TEST_F(PatProvider, LeavesNoSecretInErrorsStatusOrLogs) {
    test::LogCapture const log;
    make();
    put(kPat);
    test::Token const first = get();
    ASSERT_TRUE(first);
    provider_->invalidate(*first);
    test::Token const second = get();
    ASSERT_FALSE(second);
    ProviderStatus const status = provider_->status();
    std::string const text =
        log.text() + test::all_text(second.error()) + status.reason + status.fix + status.code;
    EXPECT_NE(log.text().find("token.fetch_failed"), std::string::npos);
    EXPECT_EQ(text.find("canary"), std::string::npos) << text;
}

/// A configured PAT whose file the test writes.
class PatFromFile : public PatProvider {
protected:
    void make_with_file() {
        PatProviderConfig config;
        config.organization = "contoso";
        config.configured_pat = core::Secret(kPat);
        config.configured_expiry = clock_.system_now() + hours(24);
        config.read_again = [this] { return read(); };
        provider_ = make_pat_provider(environment_, std::move(config), store_);
    }
    core::Task<core::Result<core::Secret>> read() {
        ++reads_;
        if (content_.empty()) {
            co_return core::fail(core::Error(core::ErrorKind::not_found, "/secrets/pat: no such file"));
        }
        co_return core::Secret(content_);
    }

    std::string content_ = kPat;
    int reads_ = 0;
};

TEST_F(PatFromFile, IsReadOnceUntilItIsSaidToHaveChanged) {
    make_with_file();
    ASSERT_TRUE(get());
    ASSERT_TRUE(get());
    EXPECT_EQ(reads_, 1);
    EXPECT_EQ(provider_->status().expires_at, clock_.system_now() + hours(24));
    content_ = kOtherPat;
    provider_->credential_changed();
    test::Token const token = get();
    ASSERT_TRUE(token);
    EXPECT_EQ(token->value.expose(), kOtherPat);
    EXPECT_EQ(provider_->status().expires_at, std::nullopt) << "the date was that of the token before";
}

TEST_F(PatFromFile, ARefusedOneIsLookedForAgainWithEachCall) {
    make_with_file();
    test::Token const token = get();
    ASSERT_TRUE(token);
    provider_->invalidate(*token);
    EXPECT_EQ(get().error().code(), "pat_refused");
    EXPECT_TRUE(provider_->permanently_refused());
    content_ = kOtherPat; // nobody told
    test::Token const replaced = get();
    ASSERT_TRUE(replaced);
    EXPECT_EQ(replaced->value.expose(), kOtherPat);
}

TEST_F(PatFromFile, OneThatIsGoneIsNotServedOn) {
    make_with_file();
    ASSERT_TRUE(get());
    content_.clear();
    provider_->credential_changed();
    test::Token const gone = get();
    ASSERT_FALSE(gone);
    EXPECT_EQ(gone.error().code(), "pat_file_unusable");
    EXPECT_NE(gone.error().message().find("/secrets/pat"), std::string::npos);
    EXPECT_EQ(provider_->status().state, ProviderState::misconfigured);
    content_ = kOtherPat;
    EXPECT_TRUE(get());
}

} // namespace
} // namespace auth
