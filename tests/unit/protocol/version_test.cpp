#include "protocol/version.hpp"

#include <gtest/gtest.h>

namespace {

using protocol::Revision;

TEST(Version, NamesAreReadBackAsTheSameRevision) {
    for (Revision const revision : protocol::kRevisions) {
        EXPECT_EQ(protocol::parse_revision(protocol::to_string(revision)), revision);
    }
    EXPECT_EQ(protocol::parse_revision("2024-10-07"), std::nullopt);
    EXPECT_EQ(protocol::parse_revision(""), std::nullopt);
    EXPECT_EQ(protocol::parse_revision(" 2025-11-25"), std::nullopt);
}

TEST(Version, OnlyTheNewestIsModern) {
    EXPECT_FALSE(protocol::is_modern(Revision::v2024_11_05));
    EXPECT_FALSE(protocol::is_modern(Revision::v2025_11_25));
    EXPECT_TRUE(protocol::is_modern(Revision::v2026_07_28));
}

TEST(Version, DatesFromTheModernRevisionOnNameTheModernEra) {
    EXPECT_TRUE(protocol::names_modern_revision("2026-07-28"));
    EXPECT_TRUE(protocol::names_modern_revision("2026-07-29"));
    EXPECT_TRUE(protocol::names_modern_revision("9999-12-31"));
    EXPECT_FALSE(protocol::names_modern_revision("2026-07-27"));
    EXPECT_FALSE(protocol::names_modern_revision("2025-11-25"));
    EXPECT_FALSE(protocol::names_modern_revision("zzzz-zz-zz"));
    EXPECT_FALSE(protocol::names_modern_revision("2026-07-28 "));
    EXPECT_FALSE(protocol::names_modern_revision("DRAFT-2026"));
    EXPECT_FALSE(protocol::names_modern_revision(""));
}

TEST(Version, InitializeEchoesASupportedVersionAndElseOffersTheLatestOfItsEra) {
    EXPECT_EQ(protocol::negotiate_legacy("2024-11-05"), Revision::v2024_11_05);
    EXPECT_EQ(protocol::negotiate_legacy("2025-03-26"), Revision::v2025_03_26);
    EXPECT_EQ(protocol::negotiate_legacy("2025-06-18"), Revision::v2025_06_18);
    EXPECT_EQ(protocol::negotiate_legacy("2025-11-25"), Revision::v2025_11_25);
    EXPECT_EQ(protocol::negotiate_legacy("2026-07-28"), Revision::v2025_11_25);
    EXPECT_EQ(protocol::negotiate_legacy("1999-01-01"), Revision::v2025_11_25);
    EXPECT_EQ(protocol::negotiate_legacy(""), Revision::v2025_11_25);
}

} // namespace
