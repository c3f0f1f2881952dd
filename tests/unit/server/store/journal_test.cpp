#include "store_test_support.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace {

using server::JournalEntry;
using std::chrono::hours;

constexpr hours kLifetime{24};

class JournalTest : public test::StoreFixture {
protected:
    static JournalEntry entry(std::optional<std::string> key) {
        JournalEntry out;
        out.caller = "agent-1";
        out.organization = "contoso";
        out.tool = "create_work_item";
        out.idempotency_key = std::move(key);
        out.arguments_sha256 = "abc";
        out.probe = R"({"title":"T"})";
        return out;
    }
    server::Journal::Begun begin(JournalEntry written) {
        return get(store_->begin(std::move(written), kLifetime));
    }

    std::unique_ptr<server::StateStore> store_ = open();
};

TEST_F(JournalTest, FreshEntryIsPendingAndOpen) {
    auto const begun = begin(entry("k"));
    EXPECT_TRUE(begun.fresh);
    EXPECT_GT(begun.entry.id, 0);
    EXPECT_EQ(begun.entry.state, JournalEntry::State::pending);
    EXPECT_EQ(begun.entry.created_at, clock_.system_now());
    auto const open_ones = get(store_->list_open());
    ASSERT_EQ(open_ones.size(), 1U);
    EXPECT_EQ(open_ones[0].id, begun.entry.id);
    EXPECT_EQ(open_ones[0].probe, R"({"title":"T"})");
    EXPECT_EQ(open_ones[0].idempotency_key, "k");
    EXPECT_EQ(open_ones[0].created_at, begun.entry.created_at);
}

TEST_F(JournalTest, SameKeyFindsTheFirstEntryWithItsResult) {
    auto const first = begin(entry("k"));
    get(store_->complete(first.entry.id, "42", R"({"id":42})"));
    JournalEntry repeated = entry("k");
    repeated.arguments_sha256 = "different";
    auto const second = begin(repeated);
    EXPECT_FALSE(second.fresh);
    EXPECT_EQ(second.entry.id, first.entry.id);
    EXPECT_EQ(second.entry.state, JournalEntry::State::done);
    EXPECT_EQ(second.entry.resource_id, "42");
    EXPECT_EQ(second.entry.result, R"({"id":42})");
    EXPECT_EQ(second.entry.arguments_sha256, "abc"); // the caller compares
    EXPECT_TRUE(get(store_->list_open()).empty());
}

TEST_F(JournalTest, EntriesWithoutAKeyAreAlwaysFresh) {
    EXPECT_TRUE(begin(entry(std::nullopt)).fresh);
    EXPECT_TRUE(begin(entry(std::nullopt)).fresh);
    EXPECT_FALSE(get(store_->list_open())[0].idempotency_key);
}

TEST_F(JournalTest, KeysAreScopedToCallerOrganizationAndTool) {
    begin(entry("k"));
    JournalEntry other_caller = entry("k");
    other_caller.caller = "agent-2";
    JournalEntry other_organization = entry("k");
    other_organization.organization = "fabrikam";
    JournalEntry other_tool = entry("k");
    other_tool.tool = "add_work_item_comment";
    EXPECT_TRUE(begin(other_caller).fresh);
    EXPECT_TRUE(begin(other_organization).fresh);
    EXPECT_TRUE(begin(other_tool).fresh);
    EXPECT_TRUE(begin(entry("K")).fresh);
    EXPECT_FALSE(begin(entry("k")).fresh);
}

TEST_F(JournalTest, PendingAndUnresolvedEntriesHoldTheirKey) {
    auto const first = begin(entry("k"));
    EXPECT_FALSE(begin(entry("k")).fresh);
    get(store_->set_state(first.entry.id, JournalEntry::State::unresolved));
    auto const again = begin(entry("k"));
    EXPECT_FALSE(again.fresh);
    EXPECT_EQ(again.entry.state, JournalEntry::State::unresolved);
    EXPECT_EQ(get(store_->list_open()).size(), 1U);
}

TEST_F(JournalTest, AbandonedEntryGivesItsKeyBack) {
    auto const first = begin(entry("k"));
    get(store_->set_state(first.entry.id, JournalEntry::State::abandoned));
    EXPECT_TRUE(get(store_->list_open()).empty());
    auto const second = begin(entry("k"));
    EXPECT_TRUE(second.fresh);
    EXPECT_NE(second.entry.id, first.entry.id);
}

TEST_F(JournalTest, KeyIsForgottenAfterItsLifetime) {
    begin(entry("k"));
    clock_.advance(kLifetime - std::chrono::seconds(1));
    EXPECT_FALSE(begin(entry("k")).fresh);
    clock_.advance(std::chrono::seconds(1));
    EXPECT_TRUE(begin(entry("k")).fresh);
}

TEST_F(JournalTest, SurvivesARestart) {
    auto const first = begin(entry("k"));
    store_.reset();
    store_ = open();
    EXPECT_EQ(get(store_->list_open()).size(), 1U);
    EXPECT_FALSE(begin(entry("k")).fresh);
    EXPECT_EQ(get(store_->list_open())[0].id, first.entry.id);
}

TEST_F(JournalTest, TwoStoresNeverBothBegin) {
    auto const other = open();
    EXPECT_TRUE(begin(entry("k")).fresh);
    EXPECT_FALSE(get(other->begin(entry("k"), kLifetime)).fresh);
}

TEST_F(JournalTest, KnowsTheResourcesOfAnOrganizationAndToolSinceAMoment) {
    auto const early = begin(entry(std::nullopt));
    get(store_->complete(early.entry.id, "1", "{}"));
    clock_.advance(std::chrono::minutes(1));
    core::SystemTime const since = clock_.system_now();
    auto const late = begin(entry(std::nullopt));
    get(store_->complete(late.entry.id, "2", "{}"));
    JournalEntry elsewhere = entry(std::nullopt);
    elsewhere.organization = "fabrikam";
    auto const other = begin(elsewhere);
    get(store_->complete(other.entry.id, "3", "{}"));
    begin(entry(std::nullopt)); // open: no resource yet
    EXPECT_EQ(get(store_->known_resources("contoso", "create_work_item", since)),
              std::vector<std::string>{"2"});
    EXPECT_EQ(get(store_->known_resources("contoso", "create_work_item", {})),
              (std::vector<std::string>{"1", "2"}));
    EXPECT_TRUE(get(store_->known_resources("contoso", "other", {})).empty());
}

TEST_F(JournalTest, ForgetsWhatIsOldAndSettled) {
    auto const done = begin(entry("done"));
    get(store_->complete(done.entry.id, "1", "{}"));
    auto const abandoned = begin(entry("abandoned"));
    get(store_->set_state(abandoned.entry.id, JournalEntry::State::abandoned));
    begin(entry("pending"));
    clock_.advance(hours(48));
    auto const young = begin(entry("young"));
    get(store_->complete(young.entry.id, "2", "{}"));
    EXPECT_EQ(get(store_->forget_before(clock_.system_now() - hours(24))), 2U);
    EXPECT_EQ(get(store_->list_open()).size(), 1U);
    EXPECT_EQ(get(store_->known_resources("contoso", "create_work_item", {})), std::vector<std::string>{"2"});
}

TEST_F(JournalTest, SettlingAnEntryThatIsNotThereFails) {
    EXPECT_EQ(error_of(store_->complete(999, "1", "{}")).kind(), core::ErrorKind::not_found);
    EXPECT_EQ(error_of(store_->set_state(999, JournalEntry::State::done)).kind(), core::ErrorKind::not_found);
}

TEST_F(JournalTest, AResourceIsClaimedByOneEntryOfAllProcesses) {
    auto const other = open();
    JournalEntry twin = entry(std::nullopt);
    twin.lane = "lane";
    auto const first = begin(twin);
    auto const second = get(other->begin(twin, kLifetime));
    using Claim = server::Journal::Claim;
    EXPECT_EQ(get(store_->claim(first.entry.id, "42", "{}")), Claim::claimed);
    EXPECT_EQ(get(other->claim(second.entry.id, "42", "{}")), Claim::taken);
    EXPECT_EQ(get(other->claim(second.entry.id, "43", "{}")), Claim::claimed);
    EXPECT_EQ(get(store_->load(first.entry.id)).resource_id, "42");
    EXPECT_EQ(get(store_->load(first.entry.id)).state, JournalEntry::State::done);
}

TEST_F(JournalTest, NothingIsClaimedWhileATwinIsBeingSent) {
    JournalEntry twin = entry(std::nullopt);
    twin.lane = "lane";
    twin.busy_until = clock_.system_now() + std::chrono::seconds(60);
    auto const sending = begin(twin);
    auto const lost = begin(twin);
    get(store_->set_state(lost.entry.id, JournalEntry::State::unresolved));
    using Claim = server::Journal::Claim;
    EXPECT_EQ(get(store_->claim(lost.entry.id, "42", "{}")), Claim::contested);
    JournalEntry other_content = entry(std::nullopt);
    other_content.lane = "another";
    auto const apart = begin(other_content);
    EXPECT_EQ(get(store_->claim(apart.entry.id, "41", "{}")), Claim::claimed);
    get(store_->complete(sending.entry.id, "42", "{}"));
    EXPECT_EQ(get(store_->claim(lost.entry.id, "42", "{}")), Claim::taken);
    EXPECT_EQ(get(store_->claim(lost.entry.id, "43", "{}")), Claim::claimed);
}

TEST_F(JournalTest, ATwinThatWasKilledHoldsOthersUpOnlyForItsTime) {
    JournalEntry twin = entry(std::nullopt);
    twin.lane = "lane";
    twin.busy_until = clock_.system_now() + std::chrono::seconds(60);
    begin(twin);
    auto const lost = begin(twin);
    get(store_->set_state(lost.entry.id, JournalEntry::State::unresolved));
    clock_.advance(std::chrono::seconds(61));
    EXPECT_EQ(get(store_->claim(lost.entry.id, "42", "{}")), server::Journal::Claim::claimed);
}

TEST_F(JournalTest, AnOpenEntryIsTakenUpAgainByOneProcess) {
    auto const other = open();
    JournalEntry written = entry("k");
    written.busy_until = clock_.system_now() + std::chrono::seconds(10);
    JournalEntry const seen = begin(written).entry;
    auto const later = [this] { return clock_.system_now() + std::chrono::seconds(10); };
    EXPECT_FALSE(get(store_->reopen(seen, later()))) << "it is being sent";
    EXPECT_FALSE(get(store_->abandon(seen)));
    clock_.advance(std::chrono::seconds(11));
    EXPECT_TRUE(get(store_->reopen(seen, later())));
    EXPECT_FALSE(get(other->reopen(seen, later()))) << "the other process has it";
    EXPECT_FALSE(get(other->abandon(seen)));
    JournalEntry const again = get(store_->load(seen.id));
    EXPECT_EQ(again.sent_at, clock_.system_now());
    EXPECT_EQ(again.created_at, seen.created_at);
    clock_.advance(std::chrono::seconds(11));
    EXPECT_TRUE(get(other->abandon(again)));
    EXPECT_EQ(get(store_->load(seen.id)).state, JournalEntry::State::abandoned);
    EXPECT_EQ(get(store_->claim(seen.id, "42", "{}")), server::Journal::Claim::contested);
}

} // namespace
