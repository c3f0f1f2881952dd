#include "server/store/envelope.hpp"

#include <gtest/gtest.h>

#include <array>
#include <set>
#include <string>

namespace {

using server::KeyRing;
using server::RecordName;

KeyRing ring_of(std::string const& text) {
    auto ring = KeyRing::parse(core::Secret(text), "store.key");
    if (!ring) {
        throw std::runtime_error(ring.error().message());
    }
    return std::move(*ring);
}

std::string text_of(core::Secret const& secret) {
    return std::string(secret.expose());
}

std::string seal(KeyRing const& keys,
                 RecordName const& record,
                 std::string const& first,
                 std::string const& second = "") {
    core::Secret const a(first);
    core::Secret const b(second);
    std::array<core::Secret const*, 2> const secrets{&a, &b};
    return server::seal_envelope(keys, record, secrets).value();
}

class EnvelopeTest : public testing::Test {
protected:
    KeyRing keys_ = ring_of(text_of(KeyRing::generate()));
    RecordName record_{"pat", "contoso", 7};
};

TEST_F(EnvelopeTest, GivesBackWhatWasSealed) {
    for (std::string const& secret :
         {std::string("canary"), std::string(), std::string("\0\xff\n", 3), std::string(100'000, 'x')}) {
        auto const opened = server::open_envelope(keys_, record_, seal(keys_, record_, secret, "other"));
        ASSERT_TRUE(opened) << opened.error().message();
        ASSERT_EQ(opened->size(), 2U);
        EXPECT_TRUE((*opened)[0].equals(secret));
        EXPECT_TRUE((*opened)[1].equals("other"));
    }
}

TEST_F(EnvelopeTest, HoldsNothingReadable) {
    std::string const envelope = seal(keys_, record_, "canary-secret");
    EXPECT_EQ(envelope.find("canary"), std::string::npos);
    EXPECT_EQ(envelope.find("contoso"), std::string::npos);
}

TEST_F(EnvelopeTest, NeverLooksTheSameTwice) {
    std::set<std::string> seen;
    for (int i = 0; i < 50; ++i) {
        seen.insert(seal(keys_, record_, "canary").substr(9));
    }
    EXPECT_EQ(seen.size(), 50U);
}

TEST_F(EnvelopeTest, AnyFlippedBitIsRefusedAndTheRecordNamed) {
    std::string const envelope = seal(keys_, record_, "canary");
    for (std::size_t at = 0; at < envelope.size(); ++at) {
        for (unsigned bit = 0; bit < 8; ++bit) {
            std::string changed = envelope;
            changed[at] = static_cast<char>(static_cast<unsigned char>(changed[at]) ^ (1U << bit));
            auto const opened = server::open_envelope(keys_, record_, changed);
            ASSERT_FALSE(opened) << "byte " << at << " bit " << bit;
            char const* const code = at == 0  ? "envelope_version"
                                     : at < 9 ? "envelope_unknown_key"
                                              : "envelope_tampered";
            EXPECT_EQ(opened.error().code(), code) << at;
            EXPECT_NE(opened.error().message().find("the pat of contoso"), std::string::npos);
        }
    }
}

TEST_F(EnvelopeTest, AnyShorterOrLongerOneIsRefused) {
    std::string const envelope = seal(keys_, record_, "canary");
    for (std::size_t size = 0; size < envelope.size(); ++size) {
        EXPECT_FALSE(server::open_envelope(keys_, record_, envelope.substr(0, size))) << size;
    }
    EXPECT_FALSE(server::open_envelope(keys_, record_, envelope + "x"));
}

TEST_F(EnvelopeTest, OpensForItsOwnRecordOnly) {
    record_.bound = {"tenant", "client"};
    std::string const envelope = seal(keys_, record_, "canary");
    RecordName other_organization = record_;
    other_organization.organization = "fabrikam";
    RecordName other_kind = record_;
    other_kind.kind = "grant";
    RecordName other_generation = record_;
    other_generation.generation = 8;
    RecordName other_tenant = record_;
    other_tenant.bound = {"elsewhere", "client"};
    RecordName shifted = record_; // the same bytes, cut in another place
    shifted.bound = {"tenantc", "lient"};
    for (RecordName const& name : {other_organization, other_kind, other_generation, other_tenant, shifted}) {
        auto const opened = server::open_envelope(keys_, name, envelope);
        ASSERT_FALSE(opened);
        EXPECT_EQ(opened.error().code(), "envelope_tampered");
    }
    EXPECT_TRUE(server::open_envelope(keys_, record_, envelope));
}

TEST_F(EnvelopeTest, SealedPartsOfTwoEnvelopesDoNotMix) {
    std::string const one = seal(keys_, record_, "one");
    std::string const two = seal(keys_, record_, "two");
    constexpr std::size_t kKeyEnd = 1 + 8 + 12 + 32 + 16;
    auto const mixed = server::open_envelope(keys_, record_, one.substr(0, kKeyEnd) + two.substr(kKeyEnd));
    ASSERT_FALSE(mixed);
    EXPECT_EQ(mixed.error().code(), "envelope_tampered");
}

TEST_F(EnvelopeTest, SealsWithTheFirstKeyAndOpensWithAll) {
    std::string const old_key = text_of(KeyRing::generate());
    std::string const new_key = text_of(KeyRing::generate());
    KeyRing const before = ring_of(old_key);
    KeyRing const rolled = ring_of(new_key + old_key);
    std::string const by_old = seal(before, record_, "canary");
    EXPECT_TRUE(server::open_envelope(rolled, record_, by_old));
    std::string const by_new = seal(rolled, record_, "canary");
    EXPECT_EQ(server::envelope_key_id(by_new), rolled.first().id);
    auto const unknown = server::open_envelope(before, record_, by_new);
    ASSERT_FALSE(unknown);
    EXPECT_EQ(unknown.error().code(), "envelope_unknown_key");
}

} // namespace
