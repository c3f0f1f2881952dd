#include "core/crypto/sealer.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <utility>
#include <vector>

namespace {

using core::Sealer;

Sealer::Key key(char fill, std::string id) {
    return Sealer::Key(std::move(id), core::Secret(std::string(32, fill)));
}

Sealer ring(std::vector<std::pair<char, std::string>> const& keys) {
    std::vector<Sealer::Key> made;
    for (auto const& [fill, id] : keys) {
        made.push_back(key(fill, id));
    }
    return Sealer(std::move(made));
}

TEST(Sealer, OpensWhatItSealedAndHidesIt) {
    Sealer const sealer = Sealer::ephemeral();
    std::string const token = sealer.seal("session", "alice", "canary-text");
    EXPECT_EQ(token.find("canary"), std::string::npos);
    EXPECT_EQ(token.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"),
              std::string::npos);
    EXPECT_EQ(sealer.open("session", "alice", token), "canary-text");
    EXPECT_EQ(sealer.open("session", "", sealer.seal("session", "", "")), "");
}

TEST(Sealer, NeverSealsTheSameTextToTheSameToken) {
    Sealer const sealer = Sealer::ephemeral();
    std::set<std::string> seen;
    for (int i = 0; i < 100; ++i) {
        EXPECT_TRUE(seen.insert(sealer.seal("p", "b", "text")).second);
    }
}

TEST(Sealer, RefusesAnotherPurposeAnotherBoundAndOtherKeys) {
    Sealer const sealer = ring({{'a', "aaaaaaaa"}});
    std::string const token = sealer.seal("session", "alice", "text");
    EXPECT_FALSE(sealer.open("cursor", "alice", token));
    EXPECT_FALSE(sealer.open("session", "bob", token));
    // The two must not run together: "session" + "alice" is not "sessional" + "ice".
    EXPECT_FALSE(sealer.open("sessional", "ice", token));
    EXPECT_FALSE(ring({{'b', "bbbbbbbb"}}).open("session", "alice", token));
    EXPECT_FALSE(ring({{'b', "aaaaaaaa"}}).open("session", "alice", token));
}

TEST(Sealer, RefusesEveryChangedOrCutToken) {
    Sealer const sealer = Sealer::ephemeral();
    std::string const token = sealer.seal("p", "b", "some text");
    for (std::size_t i = 0; i < token.size(); ++i) {
        std::string changed = token;
        changed[i] = changed[i] == 'A' ? 'B' : 'A';
        EXPECT_FALSE(sealer.open("p", "b", changed)) << i;
        EXPECT_FALSE(sealer.open("p", "b", token.substr(0, i))) << i;
    }
    EXPECT_FALSE(sealer.open("p", "b", token + "-TAMPERED"));
    EXPECT_FALSE(sealer.open("p", "b", "no base64 !"));
}

TEST(Sealer, AnOlderKeyStillOpensAfterANewOneWasPutInFront) {
    Sealer const before = ring({{'a', "aaaaaaaa"}});
    Sealer const after = ring({{'n', "nnnnnnnn"}, {'a', "aaaaaaaa"}});
    std::string const old_token = before.seal("p", "", "old");
    EXPECT_EQ(after.open("p", "", old_token), "old");
    EXPECT_FALSE(before.open("p", "", after.seal("p", "", "new")));
}

TEST(Sealer, ReplacedKeysSealFromThenOnAndThoseThatAreGoneOpenNothing) {
    Sealer sealer = ring({{'a', "aaaaaaaa"}});
    std::string const old_token = sealer.seal("p", "", "old");
    std::vector<Sealer::Key> both;
    both.emplace_back("nnnnnnnn", core::Secret(std::string(32, 'n')));
    both.emplace_back("aaaaaaaa", core::Secret(std::string(32, 'a')));
    sealer.replace_keys(std::move(both));
    EXPECT_EQ(sealer.open("p", "", old_token), "old");
    std::string const new_token = sealer.seal("p", "", "new");
    EXPECT_EQ(ring({{'n', "nnnnnnnn"}}).open("p", "", new_token), "new");
    std::vector<Sealer::Key> one;
    one.emplace_back("nnnnnnnn", core::Secret(std::string(32, 'n')));
    sealer.replace_keys(std::move(one));
    EXPECT_FALSE(sealer.open("p", "", old_token));
    EXPECT_EQ(sealer.open("p", "", new_token), "new");
}

} // namespace
